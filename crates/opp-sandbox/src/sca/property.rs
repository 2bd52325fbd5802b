//! The machine against a small model of it, over random acts of the client, the person and time.
//!
//! Consents and payments alike. The model shares nothing with the machine: its sequences are written out here, from platform-facts 8.2, and it
//! keeps a plain number of seconds for its clock.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::bankid::Answer;
use super::{Authorisation, Progress, Stage, Target, machine};
use crate::config::Config;
use crate::model::banks::Directory;
use crate::model::entities::{Consent, ConsentStatus, Context, Holder, Origin, Payment};
use crate::model::ledger::Ledgers;
use crate::model::state::State;
use crate::model::world::{Addresses, World};
use crate::pages::Pages;

/// What a status of the model waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Person,
    Bank,
}
use Waits::{Bank, Person};

/// One bank as the facts tell it: the statuses of a consent or a payment, and the approach that the test asks for.
struct Case {
    bic: &'static str,
    payment: bool,
    redirect: bool,
    /// A code is exchanged after the bank's page.
    exchange: bool,
    sign_ins: u32,
    steps: &'static [(&'static str, Waits)],
}

const CASES: [Case; 10] = [
    Case {
        bic: "ESSESESS",
        payment: false,
        redirect: false,
        exchange: false,
        sign_ins: 1,
        steps: &[("started", Person)],
    },
    Case { bic: "HANDSESS", payment: false, redirect: false, exchange: false, sign_ins: 1, steps: &[] },
    Case {
        bic: "NDEASESS",
        payment: false,
        redirect: false,
        exchange: false,
        sign_ins: 1,
        steps: &[("started", Person), ("psuIdentified", Bank), ("psuAuthenticated", Bank)],
    },
    Case {
        bic: "SWEDSESS",
        payment: false,
        redirect: false,
        exchange: false,
        sign_ins: 1,
        steps: &[("authenticationStarted", Person), ("started", Person)],
    },
    Case { bic: "SWEDSESS", payment: false, redirect: true, exchange: false, sign_ins: 2, steps: &[] },
    Case {
        bic: "ESSESESS",
        payment: true,
        redirect: false,
        exchange: false,
        sign_ins: 1,
        steps: &[("authenticationStarted", Person), ("psuAuthenticated", Bank), ("started", Person)],
    },
    Case {
        bic: "NDEASESS",
        payment: true,
        redirect: false,
        exchange: false,
        sign_ins: 1,
        steps: &[("authenticationStarted", Person), ("psuAuthenticated", Bank), ("started", Person)],
    },
    Case {
        bic: "SWEDSESS",
        payment: true,
        redirect: false,
        exchange: false,
        sign_ins: 1,
        // Nobody has paid this creditor before.
        steps: &[("authenticationStarted", Person), ("authoriseCreditorAccountStarted", Person), ("started", Person)],
    },
    Case { bic: "SWEDSESS", payment: true, redirect: true, exchange: false, sign_ins: 1, steps: &[] },
    Case { bic: "OKOYFIHH", payment: false, redirect: true, exchange: true, sign_ins: 1, steps: &[] },
];

const BANK_AFTER: i64 = 1;
const START_WITHIN: i64 = 30;
const ANSWER_WITHIN: i64 = 180;
const AT_BANK: i64 = 600;

#[derive(Clone, Copy, Debug)]
enum Act {
    Choose,
    Wait(i64),
    Scan,
    Approve,
    Reject,
    SignIn,
    ApproveAtBank,
    DenyAtBank,
    Exchange,
    /// A program opens the bank's page.
    Open,
}

/// What the person is like who is asked.
#[derive(Clone, Copy, Debug)]
struct Manner {
    id: &'static str,
    fails: Option<&'static str>,
    declines: bool,
    exempted: bool,
    second_signer: bool,
}

const ANYBODY: Manner =
    Manner { id: "198301014882", fails: None, declines: false, exempted: false, second_signer: false };
const MANNERS: [Manner; 6] = [
    ANYBODY,
    Manner { id: "99990101002", second_signer: true, ..ANYBODY },
    Manner { id: "99990101004", fails: Some("AUTHENTICATION_SESSION_EXPIRED"), ..ANYBODY },
    Manner { id: "99990101005", fails: Some("BANKID_NOT_ACTIVATED"), ..ANYBODY },
    Manner { id: "99990109001", declines: true, ..ANYBODY },
    Manner { id: "99990109002", exempted: true, ..ANYBODY },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Received,
    Step { at: usize, since: i64, scanned: Option<i64> },
    AtBank { since: i64, signed_in: bool, approved: bool, sign_ins: u32, opened: Option<i64> },
    Finalised,
    Exempted,
    Failed(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    HalfSigned,
    Signed,
    Rejected,
}

struct Model<'a> {
    case: &'a Case,
    manner: Manner,
    person_after: Option<i64>,
    now: i64,
    place: Place,
}

impl Model<'_> {
    fn status(&self) -> &'static str {
        match self.place {
            Place::Received => "received",
            Place::Step { at, .. } => self.case.steps[at].0,
            Place::AtBank { approved: true, .. } => "psuAuthenticated",
            Place::AtBank { signed_in: true, .. } => "psuIdentified",
            Place::AtBank { .. } => "started",
            Place::Finalised => "finalised",
            Place::Exempted => "exempted",
            Place::Failed(_) => "failed",
        }
    }

    /// What has become of the consent or the payment.
    fn fate(&self) -> Fate {
        match self.place {
            Place::Finalised | Place::Exempted if self.manner.second_signer => Fate::HalfSigned,
            Place::Finalised | Place::Exempted => Fate::Signed,
            Place::Failed("USER_CANCEL") => Fate::Rejected,
            _ => Fate::Open,
        }
    }

    fn enter(&mut self, at: usize, since: i64) {
        self.place =
            if at < self.case.steps.len() { Place::Step { at, since, scanned: None } } else { Place::Finalised };
    }

    fn act(&mut self, act: Act) {
        match (act, self.place) {
            (Act::Choose, Place::Received) if self.manner.exempted => self.place = Place::Exempted,
            (Act::Choose, Place::Received) if self.case.redirect => {
                let since = self.now;
                self.place = Place::AtBank { since, signed_in: false, approved: false, sign_ins: 0, opened: None };
            }
            (Act::Choose, Place::Received) => self.choose(),
            (Act::Wait(seconds), _) => self.wait(seconds),
            (Act::Scan, Place::Step { at, since, scanned: None }) if self.case.steps[at].1 == Person => {
                self.place = Place::Step { at, since, scanned: Some(self.now) };
            }
            (Act::Approve, Place::Step { at, .. }) if self.case.steps[at].1 == Person => self.enter(at + 1, self.now),
            (Act::Reject, Place::Step { at, .. }) if self.case.steps[at].1 == Person => {
                self.place = Place::Failed("USER_CANCEL");
            }
            (Act::SignIn, Place::AtBank { since, approved: false, sign_ins, opened, .. }) => {
                self.place = Place::AtBank { since, signed_in: true, approved: false, sign_ins, opened };
            }
            (Act::Open, Place::AtBank { since, signed_in, approved: false, sign_ins, opened })
                if self.person_after.is_some() =>
            {
                let opened = opened.or(Some(self.now));
                self.place = Place::AtBank { since, signed_in, approved: false, sign_ins, opened };
                self.wait(0);
            }
            (Act::ApproveAtBank, Place::AtBank { approved: false, .. }) => self.approve_at_bank(),
            (Act::DenyAtBank, Place::AtBank { .. }) => self.place = Place::Failed("USER_CANCEL"),
            (Act::Exchange, Place::AtBank { approved: true, .. }) => self.place = Place::Finalised,
            _ => {}
        }
    }

    fn choose(&mut self) {
        let late = self.case.bic == "HANDSESS" && self.now > START_WITHIN;
        self.enter(0, self.now);
        if late {
            self.place = Place::Failed("AUTHENTICATION_SESSION_EXPIRED");
        } else if self.case.steps.is_empty() && self.manner.declines {
            self.place = Place::Failed("USER_CANCEL");
        } else if let Some(code) = self.manner.fails.filter(|_| self.case.steps.is_empty()) {
            self.place = Place::Failed(code);
        }
    }

    fn approve_at_bank(&mut self) {
        let Place::AtBank { since, sign_ins, opened, .. } = self.place else { return };
        let sign_ins = sign_ins + 1;
        self.place = match self.manner.fails {
            Some(code) => Place::Failed(code),
            None if sign_ins < self.case.sign_ins => {
                Place::AtBank { since, signed_in: false, approved: false, sign_ins, opened }
            }
            None if self.case.exchange => Place::AtBank { since, signed_in: true, approved: true, sign_ins, opened },
            None => Place::Finalised,
        };
    }

    /// Second by second: whatever is due at a second happens in it.
    fn wait(&mut self, seconds: i64) {
        let end = self.now + seconds;
        loop {
            while self.happens() {}
            if self.now == end {
                return;
            }
            self.now += 1;
        }
    }

    fn happens(&mut self) -> bool {
        let now = self.now;
        match self.place {
            Place::Step { at, since, .. } if self.case.steps[at].1 == Bank => {
                let due = now >= since + BANK_AFTER;
                if due {
                    self.enter(at + 1, now);
                }
                due
            }
            Place::Step { at, since, scanned } => self.round(at, since, scanned),
            Place::AtBank { since, approved, opened, .. } => {
                let decides = opened.zip(self.person_after).map(|(opened, after)| opened + after);
                if decides.is_some_and(|at| !approved && now >= at && at <= since + AT_BANK) {
                    if self.manner.declines {
                        self.place = Place::Failed("USER_CANCEL");
                    } else {
                        for _ in 0..self.case.sign_ins {
                            self.act(Act::ApproveAtBank);
                        }
                    }
                    return true;
                }
                self.fails_at(since + AT_BANK)
            }
            _ => false,
        }
    }

    fn round(&mut self, at: usize, since: i64, scanned: Option<i64>) -> bool {
        let deadline = scanned.map_or(since + START_WITHIN, |scanned| scanned + ANSWER_WITHIN);
        if self.manner.fails == Some("BANKID_NOT_ACTIVATED") && self.now >= since + BANK_AFTER {
            self.place = Place::Failed("BANKID_NOT_ACTIVATED");
            return true;
        }
        if self.manner.fails.is_none()
            && let Some(after) = self.person_after
        {
            if scanned.is_none() && after > START_WITHIN {
                let opens = since + START_WITHIN / 2;
                if self.now >= opens {
                    self.place = Place::Step { at, since, scanned: Some(self.now) };
                }
                return self.now >= opens;
            }
            if self.now >= since + after && since + after <= deadline {
                if self.manner.declines {
                    self.place = Place::Failed("USER_CANCEL");
                } else {
                    self.enter(at + 1, self.now);
                }
                return true;
            }
        }
        self.fails_at(deadline)
    }

    fn fails_at(&mut self, deadline: i64) -> bool {
        let due = self.now >= deadline;
        if due {
            self.place = Place::Failed("AUTHENTICATION_SESSION_EXPIRED");
        }
        due
    }
}

/// The real machine in a world without sockets.
struct Real {
    world: World,
    id: String,
}

fn consent(origin: Origin, now: DateTime<Utc>) -> Consent {
    Consent {
        id: "resource".to_owned(),
        origin,
        affiliated: None,
        access: serde_json::json!({}),
        recurring: false,
        valid_until: now.date_naive() + TimeDelta::days(30),
        frequency_per_day: 1,
        status: ConsentStatus::Received,
        last_action: now.date_naive(),
        authorisations: Vec::new(),
        signers: Vec::new(),
        used: std::collections::BTreeMap::new(),
        used_on: now.date_naive(),
    }
}

fn payment(origin: Origin, now: DateTime<Utc>) -> Payment {
    Payment {
        id: "resource".to_owned(),
        origin,
        service: "payments".to_owned(),
        product: "domestic".to_owned(),
        order: serde_json::json!({ "creditorAccount": { "iban": "SE2550000000054400047903" } }),
        raw: None,
        status: "RCVD".to_owned(),
        since: now,
        signed: None,
        milestones: 0,
        authorisations: Vec::new(),
        cancellations: Vec::new(),
        signers: Vec::new(),
    }
}

fn start_time() -> DateTime<Utc> {
    "2026-03-16T09:30:00Z".parse().unwrap()
}

impl Real {
    fn new(case: &Case, manner: Manner, person_after: Option<i64>) -> Self {
        let config = Config {
            start_time: Some(start_time()),
            person_after: person_after.map(|after| std::time::Duration::from_secs(after.unsigned_abs())),
            ..Config::default()
        };
        let now = start_time();
        let today = now.date_naive();
        let state = State::new(1, today, Vec::new(), &config.limits);
        let ledgers = Ledgers::new(1, today, 1).unwrap();
        let addresses = Addresses { auth: String::new(), api: String::new() };
        let directory = Directory::load().unwrap();
        let mut world = World::new(&config, directory, state, ledgers, addresses, Pages::load().unwrap());
        world.clock.stop();
        world.clock.set(now);
        let origin = Origin {
            client_id: "client".to_owned(),
            bic: case.bic.to_owned(),
            holder: Holder { context: Context::Private, psu: manner.id.to_owned(), company: None },
            redirect_preferred: Some(case.redirect),
        };
        let target = if case.payment {
            world.state.payments.insert("resource".to_owned(), payment(origin.clone(), now));
            Target::Payment("resource".to_owned())
        } else {
            world.state.consents.insert("resource".to_owned(), consent(origin.clone(), now));
            Target::Consent("resource".to_owned())
        };
        let id = machine::start(&mut world, target, origin, manner.id.to_owned(), now);
        Self { world, id }
    }

    fn fate(&self) -> Fate {
        if let Some(consent) = self.world.state.consents.get("resource") {
            return match consent.status {
                ConsentStatus::PartiallyAuthorised => Fate::HalfSigned,
                ConsentStatus::Valid => Fate::Signed,
                ConsentStatus::Rejected => Fate::Rejected,
                _ => Fate::Open,
            };
        }
        let payment = self.world.state.payments.get("resource").unwrap();
        match payment.status.as_str() {
            "RCVD" => Fate::Open,
            "PATC" => Fate::HalfSigned,
            "RJCT" => Fate::Rejected,
            _ => Fate::Signed,
        }
    }

    fn authorisation(&self) -> &Authorisation {
        self.world.state.authorisations.get(&self.id).unwrap()
    }

    fn round(&self) -> String {
        let last = self.world.state.rounds.iter().last();
        last.map(|(id, _)| id.to_owned()).unwrap_or_default()
    }

    fn act(&mut self, act: Act, case: &Case, manner: Manner) {
        let now = self.world.catch_up();
        let (id, round) = (self.id.clone(), self.round());
        let world = &mut self.world;
        match act {
            Act::Choose => {
                let approach = world.bank(case.bic).unwrap().approach(Some(case.redirect));
                machine::select(world, &id, "mbid", approach, now).ok();
            }
            Act::Wait(seconds) => world.clock.advance(TimeDelta::seconds(seconds)),
            Act::Scan => {
                super::scan_round(world, &round, now);
            }
            Act::Approve => {
                super::approve_round(world, &round, now);
            }
            Act::Reject => {
                super::reject_round(world, &round, now);
            }
            Act::SignIn => {
                super::sign_in(world, &id, manner.id);
            }
            Act::ApproveAtBank => {
                super::approve_at_bank(world, &id, now);
            }
            Act::DenyAtBank => super::deny_at_bank(world, &id, now),
            Act::Exchange => {
                super::exchanged(world, &id, now);
            }
            Act::Open => {
                super::leave_alone(world, &id, now);
            }
        }
        self.world.catch_up();
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => Just(Act::Choose),
        4 => (0_i64..40).prop_map(Act::Wait),
        1 => (0_i64..700).prop_map(Act::Wait),
        2 => Just(Act::Scan),
        3 => Just(Act::Approve),
        1 => Just(Act::Reject),
        2 => Just(Act::SignIn),
        3 => Just(Act::ApproveAtBank),
        1 => Just(Act::DenyAtBank),
        2 => Just(Act::Exchange),
        2 => Just(Act::Open),
    ];
    proptest::collection::vec(act, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_machine_is_where_the_facts_say(
        case in 0..CASES.len(),
        manner in 0..MANNERS.len(),
        person_after in prop_oneof![1 => Just(None), 2 => (0_i64..32).prop_map(Some), 2 => (25_i64..240).prop_map(Some)],
        acts in acts(),
    ) {
        let (case, manner) = (&CASES[case], MANNERS[manner]);
        let mut model = Model { case, manner, person_after, now: 0, place: Place::Received };
        let mut real = Real::new(case, manner, person_after);
        for (index, act) in acts.iter().enumerate() {
            model.act(*act);
            model.wait(0);
            real.act(*act, case, manner);
            let authorisation = real.authorisation();
            let told = super::calls::sca_status(&real.world, authorisation);
            let place = &authorisation.stage;
            prop_assert_eq!(&told, model.status(), "{} {:?} after {:?}: {:?}", case.bic, manner, &acts[..=index], place);
            prop_assert_eq!(real.fate(), model.fate());
            if let (Stage::Failed { code, .. }, Place::Failed(expected)) = (place, model.place) {
                prop_assert_eq!(code, expected);
            }
            if let Stage::AtBank { progress, .. } = place {
                let approved = matches!(model.place, Place::AtBank { approved: true, .. });
                prop_assert_eq!(*progress == Progress::Approved, approved);
            }
            // A phone shows what waits, and nothing that is over.
            let waiting = real.world.state.rounds.iter().filter(|(_, round)| round.answer == Answer::Waiting).count();
            let asked = matches!(model.place, Place::Step { at, .. } if case.steps[at].1 == Person);
            prop_assert_eq!(waiting, usize::from(asked));
            if let Place::Step { scanned, .. } = model.place {
                let opened = real.world.state.rounds.get(&real.round()).and_then(|round| round.scanned);
                prop_assert_eq!(asked.then_some(opened).flatten().is_some(), scanned.is_some());
            }
        }
    }
}

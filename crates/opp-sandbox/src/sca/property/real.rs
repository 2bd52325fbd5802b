//! The real machine in a world without sockets.

use chrono::{DateTime, TimeDelta, Utc};

use super::model::{Case, Manner};
use super::{Act, Fate};
use crate::config::Config;
use crate::model::accounts;
use crate::model::directory::Directory;
use crate::model::entities::{Consent, ConsentStatus, Context, Holder, Origin, Payment};
use crate::model::ledger::Ledgers;
use crate::model::state::State;
use crate::model::world::{Addresses, World};
use crate::pages::Pages;
use crate::sca::{self, Authorisation, Target, machine};

/// The real machine in a world without sockets.
pub(super) struct Real {
    pub(super) world: World,
    pub(super) id: String,
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
        exhausted_on: None,
        authorised: None,
        read: std::collections::BTreeMap::new(),
    }
}

/// From the first account of whoever sends it.
fn payment(world: &World, origin: Origin, now: DateTime<Utc>) -> Payment {
    let bank = world.bank(&origin.bic).unwrap();
    let order = serde_json::json!({
        "instructedAmount": { "currency": "SEK", "amount": "1.00" },
        "debtorAccount": accounts::of(1, bank, &origin.holder)[0].reference(bank),
        "creditorAccount": { "iban": "SE2550000000054400047903" },
    });
    Payment::new("resource".to_owned(), origin, ("payments", "domestic"), order, "RCVD".to_owned(), now)
}

fn start_time() -> DateTime<Utc> {
    "2026-03-16T09:30:00Z".parse().unwrap()
}

impl Real {
    pub(super) fn new(case: &Case, manner: Manner, person_after: Option<i64>) -> Self {
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
            nok_redirect_uri: None,
        };
        let target = if case.payment {
            let payment = payment(&world, origin.clone(), now);
            world.state.payments.insert("resource".to_owned(), payment);
            Target::Payment("resource".to_owned())
        } else {
            world.state.consents.insert("resource".to_owned(), consent(origin.clone(), now));
            Target::Consent("resource".to_owned())
        };
        let id = machine::start(&mut world, target, origin, manner.id.to_owned(), now);
        Self { world, id }
    }

    pub(super) fn fate(&self) -> Fate {
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

    pub(super) fn authorisation(&self) -> &Authorisation {
        self.world.state.authorisations.get(&self.id).unwrap()
    }

    pub(super) fn round(&self) -> String {
        let last = self.world.state.rounds.iter().last();
        last.map(|(id, _)| id.to_owned()).unwrap_or_default()
    }

    pub(super) fn act(&mut self, act: Act, case: &Case, manner: Manner) {
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
                sca::scan_round(world, &round, now);
            }
            Act::Approve => {
                sca::approve_round(world, &round, now);
            }
            Act::Reject => {
                sca::reject_round(world, &round, now);
            }
            Act::SignIn => {
                sca::sign_in(world, &id, manner.id);
            }
            Act::ApproveAtBank => {
                sca::approve_at_bank(world, &id, now);
            }
            Act::DenyAtBank => sca::deny_at_bank(world, &id, now),
            Act::Exchange => {
                sca::exchanged(world, &id, now);
            }
            Act::Open => {
                sca::leave_alone(world, &id, now);
            }
        }
        self.world.catch_up();
    }
}

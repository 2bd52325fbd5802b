//! The model: the facts written out once more, and a machine of a page and a half.

use Waits::{Bank, Person};

use super::{Act, Fate};

/// What a status of the model waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Person,
    Bank,
}
/// One bank as the facts tell it: the statuses of a consent or a payment, and the approach that the test asks for.
pub(super) struct Case {
    pub(super) bic: &'static str,
    pub(super) payment: bool,
    pub(super) redirect: bool,
    /// A code is exchanged after the bank's page.
    pub(super) exchange: bool,
    pub(super) sign_ins: u32,
    pub(super) steps: &'static [(&'static str, Waits)],
}

pub(super) const CASES: [Case; 10] = [
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

pub(super) const BANK_AFTER: i64 = 1;
pub(super) const START_WITHIN: i64 = 30;
pub(super) const ANSWER_WITHIN: i64 = 180;
pub(super) const AT_BANK: i64 = 600;
pub(super) const EXCHANGE_WITHIN: i64 = 300;

/// What the person is like who is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) id: &'static str,
    pub(super) fails: Option<&'static str>,
    pub(super) declines: bool,
    pub(super) exempted: bool,
    pub(super) second_signer: bool,
}

pub(super) const ANYBODY: Manner =
    Manner { id: "198301014882", fails: None, declines: false, exempted: false, second_signer: false };
pub(super) const MANNERS: [Manner; 6] = [
    ANYBODY,
    Manner { id: "99990101002", second_signer: true, ..ANYBODY },
    Manner { id: "99990101004", fails: Some("AUTHENTICATION_SESSION_EXPIRED"), ..ANYBODY },
    Manner { id: "99990101005", fails: Some("BANKID_NOT_ACTIVATED"), ..ANYBODY },
    Manner { id: "99990109001", declines: true, ..ANYBODY },
    Manner { id: "99990109002", exempted: true, ..ANYBODY },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Received,
    Step { at: usize, since: i64, scanned: Option<i64> },
    AtBank { since: i64, signed_in: bool, approved: bool, sign_ins: u32, opened: Option<i64> },
    Finalised,
    Exempted,
    Failed(&'static str),
}

pub(super) struct Model<'a> {
    pub(super) case: &'a Case,
    pub(super) manner: Manner,
    pub(super) person_after: Option<i64>,
    pub(super) now: i64,
    pub(super) place: Place,
}

impl Model<'_> {
    pub(super) fn status(&self) -> &'static str {
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
    pub(super) fn fate(&self) -> Fate {
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

    pub(super) fn act(&mut self, act: Act) {
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
            (Act::Approve, Place::Step { at, .. }) if self.case.steps[at].1 == Person => match self.manner.fails {
                Some(code) => self.place = Place::Failed(code),
                None => self.enter(at + 1, self.now),
            },
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
            (Act::DenyAtBank, Place::AtBank { approved: false, .. }) => self.place = Place::Failed("USER_CANCEL"),
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
    pub(super) fn wait(&mut self, seconds: i64) {
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
                self.fails_at(since + AT_BANK + if approved { EXCHANGE_WITHIN } else { 0 })
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

//! The world: state, clock, directory and settings together, and the one way in which time passes.

use chrono::{DateTime, TimeDelta, Utc};

use super::agenda::Due;
use super::banks::Bank;
use super::clock::Clock;
use super::directory::Directory;
use super::ledger::Ledgers;
use super::state::State;
use crate::config::{Config, Limits};
use crate::control::{Journal, Rules};
use crate::pages::Pages;
use crate::{sca, services};

/// How the people and the banks of this world behave.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// When an unattended person approves; `None` waits for a hand.
    pub(crate) person_after: Option<TimeDelta>,
    pub(crate) bank_after: TimeDelta,
    pub(crate) strict: bool,
    pub(crate) latency: std::time::Duration,
    pub(crate) limits: Limits,
}

/// The base addresses of the two hosts, without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) auth: String,
    pub(crate) api: String,
}

pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) clock: Clock,
    pub(crate) directory: Directory,
    pub(crate) settings: Settings,
    pub(crate) addresses: Addresses,
    pub(crate) ledgers: Ledgers,
    pub(crate) journal: Journal,
    pub(crate) pages: Pages,
    pub(crate) rules: Rules,
    /// How often time has passed since the state was tidied.
    passes: u32,
}

/// After how many passes of time the state is tidied; it takes as long as the state is large.
const PASSES: u32 = 4_096;

/// Longer than any clock here runs, and short enough for dates to bear it.
const FOR_EVER: TimeDelta = TimeDelta::days(366 * 1_000);

impl World {
    pub(crate) fn new(
        config: &Config,
        directory: Directory,
        state: State,
        ledgers: Ledgers,
        addresses: Addresses,
        pages: Pages,
    ) -> Self {
        let delta = |duration| TimeDelta::from_std(duration).map_or(FOR_EVER, |time| time.min(FOR_EVER));
        Self {
            state,
            clock: Clock::starting_at(config.start_time.unwrap_or_else(Utc::now)),
            directory,
            settings: Settings {
                person_after: config.person_after.map(delta),
                bank_after: delta(config.bank_after),
                strict: config.strict,
                latency: config.latency,
                limits: config.limits.clone(),
            },
            addresses,
            ledgers,
            journal: Journal::new(config.limits.journal),
            pages,
            rules: Rules::default(),
            passes: 0,
        }
    }

    pub(crate) fn bank(&self, bic: &str) -> Option<&Bank> {
        self.directory.bank(bic)
    }

    /// Back to the beginning, perhaps of another world; the applications and the time stay.
    pub(crate) fn reset(&mut self, seed: u64) {
        let (epoch, applications) = (self.state.epoch, self.state.applications.clone());
        self.state = State::new(seed, epoch, applications, &self.settings.limits);
        self.ledgers.restart(seed, epoch);
        self.journal.clear();
        self.rules.clear();
    }

    /// Takes over a state that was dumped, with the time at which it was.
    pub(crate) fn restore(&mut self, mut state: State, now: DateTime<Utc>) {
        state.keep_to(&self.settings.limits);
        self.ledgers.restart(state.ids.seed(), state.epoch);
        self.state = state;
        self.clock.set(now);
    }

    /// Lets everything happen that is due, in the order in which it is due, and gives the time.
    pub(crate) fn catch_up(&mut self) -> DateTime<Utc> {
        let now = self.clock.now();
        while let Some((at, entries)) = self.state.agenda.take(now) {
            for entry in entries {
                match entry {
                    Due::Authorisation(id) => sca::wake(self, &id, at),
                    Due::Consent(id) => services::consents::wake(self, &id, at),
                    Due::Payment(id) => services::payments::wake(self, &id, at),
                }
            }
        }
        self.passes += 1;
        if self.passes >= PASSES {
            self.passes = 0;
            self.state.tidy();
        }
        now
    }
}

//! The control handle of the library: what a test does to the world besides calling it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::Seen;
use super::rules::Rule;
use super::scenarios;
use crate::model::state::State;
use crate::model::world::World;
use crate::server::Shared;

/// The years in which a state can live; arithmetic with dates is safe in them.
const YEARS: std::ops::Range<i32> = 1970..2200;
/// How long a ledger can have run, in days.
const LONGEST_HISTORY: i64 = 366 * 30;

/// A state and its time, outside a sandbox.
#[derive(Serialize, Deserialize)]
pub(super) struct Dump {
    now: DateTime<Utc>,
    state: State,
}

impl Dump {
    pub(super) fn of(world: &World) -> Self {
        Self { now: world.clock.now(), state: world.state.clone() }
    }

    /// Puts the state to work, unless its dates are beyond what a ledger can bear.
    pub(super) fn into_world(self, world: &mut World) -> Result<(), String> {
        let (now, epoch) = (self.now.date_naive(), self.state.epoch);
        if ![now, epoch].iter().all(|day| YEARS.contains(&day.year())) {
            return Err(format!("a state lives in the years {} to {}", YEARS.start, YEARS.end));
        }
        if !(0..=LONGEST_HISTORY).contains(&(now - epoch).num_days()) {
            return Err(format!("ledgers begin at most {LONGEST_HISTORY} days before the present, and not after it"));
        }
        world.restore(self.state, self.now);
        Ok(())
    }
}

/// There is no scenario of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario {0}")]
pub struct UnknownScenario(String);

/// Moves the clock of a running sandbox, orders caprices, looks into its state. Clones lead to the same one.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

impl Control {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The virtual time.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.world().clock.now()
    }

    /// Moves the virtual clock forward and lets everything happen that becomes due.
    pub fn advance(&self, by: Duration) {
        let mut world = self.shared.world();
        world.clock.advance(TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX));
        world.catch_up();
    }

    /// Stops the virtual clock: from here on only [`Control::advance`] moves it.
    pub fn stop_clock(&self) {
        self.shared.world().clock.stop();
    }

    /// Forgets all tokens, consents, payments, requests and caprices; applications, seed and time stay.
    pub fn reset(&self) {
        let mut world = self.shared.world();
        let seed = world.state.ids.seed();
        world.reset(seed);
    }

    /// A reset after which all data are those of another seed.
    pub fn reseed(&self, seed: u64) {
        self.shared.world().reset(seed);
    }

    /// The whole state and the time, for [`Control::restore`].
    pub fn dump(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(Dump::of(&self.shared.world()))
    }

    /// Takes over a state from [`Control::dump`], of this or of another sandbox, with its time and its applications.
    /// A sandbox of another seed goes on answering [`crate::Sandbox::application`] with its own, which the state may
    /// not know.
    pub fn restore(&self, dump: Value) -> Result<(), serde_json::Error> {
        let dump: Dump = serde_json::from_value(dump)?;
        dump.into_world(&mut self.shared.world()).map_err(serde::de::Error::custom)
    }

    /// Adds a rule for caprices; gives its id.
    pub fn add_caprice(&self, rule: Rule) -> u64 {
        self.shared.world().rules.add(rule)
    }

    /// Ends a rule; false if it was gone.
    pub fn remove_caprice(&self, id: u64) -> bool {
        self.shared.world().rules.remove(id)
    }

    /// Ends all rules.
    pub fn clear_caprices(&self) {
        self.shared.world().rules.clear();
    }

    /// Starts a named scenario for all calls; gives the ids of its rules.
    pub fn start_scenario(&self, name: &str) -> Result<Vec<u64>, UnknownScenario> {
        let scenarios = scenarios::load().unwrap_or_default();
        let scenario = scenarios.iter().find(|scenario| scenario.name == name);
        let scenario = scenario.ok_or_else(|| UnknownScenario(name.to_owned()))?;
        let mut world = self.shared.world();
        Ok(scenario.rules.iter().map(|rule| world.rules.add(rule.clone())).collect())
    }

    /// The named scenarios.
    pub fn scenarios(&self) -> Vec<String> {
        scenarios::load().unwrap_or_default().into_iter().map(|scenario| scenario.name).collect()
    }

    /// The requests seen, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.world().journal.iter().cloned().collect()
    }

    /// Lets the virtual clock run again.
    pub fn resume_clock(&self) {
        self.shared.world().clock.resume();
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Control").finish_non_exhaustive()
    }
}

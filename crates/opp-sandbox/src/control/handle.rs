//! The control handle of the library: what a test does to the world besides calling it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::state::State;
use crate::server::Shared;

#[derive(Serialize, Deserialize)]
struct Dump {
    now: DateTime<Utc>,
    state: State,
}

/// Moves the clock and plays the people of a running sandbox. Clones lead to the same one.
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

    /// Forgets all tokens, consents, payments and requests; applications, seed and time stay.
    pub fn reset(&self) {
        let mut world = self.shared.world();
        let seed = world.state.ids.seed();
        world.reset(seed);
    }

    /// The whole state and the time, for [`Control::restore`].
    pub fn dump(&self) -> Result<Value, serde_json::Error> {
        let world = self.shared.world();
        serde_json::to_value(Dump { now: world.clock.now(), state: world.state.clone() })
    }

    /// Takes over a state from [`Control::dump`], of this or of another sandbox.
    pub fn restore(&self, dump: Value) -> Result<(), serde_json::Error> {
        let dump: Dump = serde_json::from_value(dump)?;
        self.shared.world().restore(dump.state, dump.now);
        Ok(())
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

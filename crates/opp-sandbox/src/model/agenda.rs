//! What will happen by itself, and when: the reason why nothing needs a background task.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

/// Something that wants to be looked at when its time has come. Looking too early or once too often does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Due {
    Authorisation(String),
    Consent(String),
    Payment(String),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Agenda {
    entries: BTreeMap<DateTime<Utc>, IndexSet<Due>>,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: DateTime<Utc>, due: Due) {
        self.entries.entry(at).or_default().insert(due);
    }

    /// Takes the earliest entries that are due by now.
    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, IndexSet<Due>)> {
        let entry = self.entries.first_entry()?;
        (*entry.key() <= now).then(|| entry.remove_entry())
    }

    /// Forgets what is due for something that is gone.
    pub(crate) fn retain(&mut self, mut alive: impl FnMut(&Due) -> bool) {
        self.entries.retain(|_, list| {
            list.retain(&mut alive);
            !list.is_empty()
        });
    }
}

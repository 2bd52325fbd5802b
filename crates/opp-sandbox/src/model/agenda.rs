//! What will happen by itself, and when: the reason why nothing needs a background task.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Something that wants to be looked at when its time has come. Looking too early or once too often does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Due {
    Authorisation(String),
    Consent(String),
    Payment(String),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Agenda {
    entries: BTreeMap<DateTime<Utc>, Vec<Due>>,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: DateTime<Utc>, due: Due) {
        let list = self.entries.entry(at).or_default();
        if !list.contains(&due) {
            list.push(due);
        }
    }

    /// Takes the earliest entries that are due by now.
    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Vec<Due>)> {
        let entry = self.entries.first_entry()?;
        (*entry.key() <= now).then(|| entry.remove_entry())
    }
}

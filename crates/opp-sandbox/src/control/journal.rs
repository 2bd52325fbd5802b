//! The requests that were seen, with their verdict; the oldest go when there are too many.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// One request. It holds no header and no body, so no secret either.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seen {
    pub(crate) time: DateTime<Utc>,
    pub(crate) host: &'static str,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) request_id: String,
    pub(crate) status: u16,
    /// The first `tppMessages` or OAuth error with its text; `ok` if there is none.
    pub(crate) verdict: String,
}

#[derive(Debug)]
pub(crate) struct Journal {
    entries: VecDeque<Seen>,
    capacity: usize,
}

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: VecDeque::new(), capacity }
    }

    pub(crate) fn add(&mut self, seen: Seen) {
        self.entries.push_back(seen);
        while self.entries.len() > self.capacity {
            self.entries.pop_front();
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Seen> {
        self.entries.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

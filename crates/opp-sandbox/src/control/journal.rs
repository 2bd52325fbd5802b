//! The requests that were seen, with their verdict; the oldest go when there are too many.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::caprice::Caprice;

/// One request, without its headers and its body; what was wrong with one of them may be quoted in the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Seen {
    /// When it was answered, by the virtual clock.
    pub time: DateTime<Utc>,
    /// `auth` or `api`.
    pub host: &'static str,
    /// The method.
    pub method: String,
    /// The path without the query, as it came.
    pub path: String,
    /// The id that was echoed.
    pub request_id: String,
    /// The status of the answer.
    pub status: u16,
    /// The first `tppMessages` or OAuth error with its text; `ok` if there is none.
    pub verdict: String,
    /// The caprices that struck it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caprices: Vec<Caprice>,
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

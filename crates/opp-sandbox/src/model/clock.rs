//! The virtual clock: runs with the machine's, until somebody moves or stops it.

use std::time::Instant;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// A day as the document writes one: `yyyy-MM-dd`, and none of the signs, blanks and short forms that a kind parser
/// would take besides.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    let digits = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    let well_formed = text.len() == 10 && text.bytes().enumerate().all(digits);
    text.parse().ok().filter(|_| well_formed)
}

/// Time as the sandbox sees it. Monotonic time drives it, so a change of the machine's clock changes nothing.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    base: DateTime<Utc>,
    /// When `base` was true; `None` while the clock is stopped.
    running_since: Option<Instant>,
    /// No step leads beyond it: ledgers live through every day, and dates end somewhere.
    horizon: DateTime<Utc>,
}

/// How far a clock can be moved from where it started.
const REACH: TimeDelta = TimeDelta::days(366 * 20);

impl Clock {
    pub(crate) fn starting_at(base: DateTime<Utc>) -> Self {
        let horizon = base.checked_add_signed(REACH).unwrap_or(base);
        Self { base, running_since: Some(Instant::now()), horizon }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let elapsed = self
            .running_since
            .map_or(TimeDelta::zero(), |since| TimeDelta::from_std(since.elapsed()).unwrap_or(TimeDelta::MAX));
        self.base.checked_add_signed(elapsed).unwrap_or(self.base)
    }

    /// Moves the clock forward, at most to its horizon.
    pub(crate) fn advance(&mut self, by: TimeDelta) {
        let now = self.now();
        let target = now.checked_add_signed(by).unwrap_or(self.horizon);
        self.base = target.min(self.horizon).max(now);
        self.running_since = self.running_since.map(|_| Instant::now());
    }

    /// Takes over another time, and a horizon that belongs to it.
    pub(crate) fn set(&mut self, to: DateTime<Utc>) {
        self.base = to;
        self.horizon = to.checked_add_signed(REACH).unwrap_or(to);
        self.running_since = self.running_since.map(|_| Instant::now());
    }

    pub(crate) fn stop(&mut self) {
        self.base = self.now();
        self.running_since = None;
    }

    pub(crate) fn resume(&mut self) {
        self.running_since.get_or_insert_with(Instant::now);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.running_since.is_none()
    }
}

//! When to send again: only reads, after a pause with chance in it, within a budget that bounds the extra load.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::DateTime;
use opp_raw::reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How reads are repeated. Writes never are: the platform has no idempotency key (platform-facts 9.4). Over all calls
/// of a client there are no more repetitions than one for ten calls, and ten in reserve.
///
/// ```
/// use opp_ergonomic::{Client, RetryPolicy};
///
/// let mut often = RetryPolicy::default();
/// often.attempts = 5;
/// let builder = Client::builder().retry(often);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a read is sent at most, the first time included; 3 unless set.
    pub attempts: u32,
    /// The longest pause before the second attempt; it doubles for each further one. 200 ms unless set.
    pub first_pause: Duration,
    /// The longest pause of all, but for what the platform asks in `Retry-After`; 5 s unless set.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, first_pause: Duration::from_millis(200), longest_pause: Duration::from_secs(5) }
    }
}

impl RetryPolicy {
    /// Never sends anything twice, but for a read whose token was refused.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The pause after an attempt, the first of which is 1: any time between the half and the whole of a bound that
    /// doubles, so that callers who failed together do not come back together.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        let bound = self.first_pause.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(self.longest_pause);
        // The beginning of a random id is as random as the rest of it.
        let chance = f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
        bound.mul_f64(0.5 + 0.5 * chance)
    }
}

/// What the platform asks for: seconds, or a date, which is held against the platform's own clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| DateTime::parse_from_rfc2822(text).ok();
    let now = date(headers.get(DATE)?.to_str().ok()?)?;
    (date(text)? - now).to_std().ok()
}

/// What a retry costs, and what a call pays in: a tenth. With the reserve, the extra load stays below a fifth over any
/// hundred calls that all fail.
const RETRY: u32 = 10;
const CALL: u32 = 1;
const RESERVE: u32 = 100;

/// What retries have cost, and calls have not paid for yet.
#[derive(Debug, Default)]
pub(crate) struct Budget(AtomicU32);

impl Budget {
    /// A call pays in.
    pub(crate) fn pay_in(&self) {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |owed| Some(owed.saturating_sub(CALL))).ok();
    }

    /// Whether a retry may be made.
    pub(crate) fn take(&self) -> bool {
        let more = |owed: u32| Some(owed + RETRY).filter(|owed| *owed <= RESERVE);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_load_stays_below_a_fifth() {
        let budget = Budget::default();
        let mut retries = 0;
        for call in 1..=1_000 {
            budget.pay_in();
            for _ in 0..2 {
                retries += u32::from(budget.take());
            }
            assert!(call < 100 || retries * 5 <= call, "{retries} retries for {call} calls");
        }
        assert!(retries > 50, "{retries}");
    }

    #[test]
    fn a_pause_grows_and_has_an_end() {
        let policy = RetryPolicy::default();
        for attempt in 1..40 {
            let pause = policy.pause(attempt);
            assert!(pause >= Duration::from_millis(100) && pause <= policy.longest_pause, "{attempt}: {pause:?}");
        }
        assert!(policy.pause(4) > policy.first_pause);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let read = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            retry_after(&pairs.collect())
        };
        assert_eq!(read(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(read(&[date, ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")]), Some(Duration::from_secs(30)));
        assert_eq!(read(&[date, ("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT")]), None);
        assert_eq!(read(&[("retry-after", "soon")]), None);
        assert_eq!(read(&[]), None);
    }
}

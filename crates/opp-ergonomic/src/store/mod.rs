//! What several replicas of a service share, and what outlives a restart. One small trait with atomic verbs; in memory
//! unless you give the client another: `FileStore` (feature `files`), or one of your own.
//!
//! | what | what of it is there |
//! |---|---|
//! | signatures that are kept | ids of what is signed, bank, method, status, codes of what the bank has remarked, your label: in clear. While the user chooses a method, the bank's names of them too. Ticket and `state` as hashes. Neither codes of callbacks nor challenges nor messages of the bank, which may name anybody, nor anything of the user |
//! | tokens | encrypted with a key that is made of the client secret (AES-256-GCM) |
//! | calls of the day | times, under a hash of consent and account |

mod budget;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
#[cfg(feature = "files")]
mod file;
mod memory;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub(crate) use budget::{Allowance, Exhausted, Toll, digest, hash};
pub use budget::{Budget, Endpoint};
#[cfg(feature = "files")]
pub use file::FileStore;
pub use memory::MemoryStore;

/// What a store answers with, when it gets round to it.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A place for small values, each of which is gone after a while. Every verb is atomic: of two replicas that do the
/// same at the same time, one is first.
///
/// Keys and values are bytes of no meaning to the store. Hold an implementation of your own against the suite in
/// `store::conformance` (feature `conformance`).
pub trait Store: fmt::Debug + Send + Sync {
    /// Reads a value, if it is there and its time is not over.
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>>;

    /// Writes a value, to be kept for so long, if what is there now is what was expected, and says whether it did. Its
    /// time starts anew.
    fn put_if<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: &'a [u8],
        keep: Duration,
    ) -> StoreFuture<'a, bool>;

    /// Reads a value and removes it. Of several that take the same one, one gets it.
    fn take<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>>;

    /// Spends one of a limited number, in such a way that no window of this length ever holds more than the limit.
    fn spend<'a>(&'a self, key: &'a str, limit: u32, window: Duration) -> StoreFuture<'a, Spent>;
}

/// What [`Store::put_if`] expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected<'a> {
    /// Whatever there is.
    Anything,
    /// Nothing.
    Nothing,
    /// This very value.
    Value(&'a [u8]),
}

/// Whether [`Store::spend`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It did; so many are left.
    Granted {
        /// How many are left now.
        left: u32,
    },
    /// It did not, since all are spent.
    Refused {
        /// How long until one is free again.
        free_in: Duration,
    },
}

/// Spends one of a limited number, given the moments at which one was spent, oldest first: for stores that keep these.
pub(crate) fn spend(moments: &mut Vec<Duration>, now: Duration, limit: u32, window: Duration) -> Spent {
    moments.retain(|moment| moment.saturating_add(window) > now);
    let used = u32::try_from(moments.len()).unwrap_or(u32::MAX);
    if used < limit {
        moments.push(now);
        return Spent::Granted { left: limit - used - 1 };
    }
    // With a limit of nought nothing was ever spent, and nothing will be free.
    let over = usize::try_from(used - limit).unwrap_or_default();
    let free = moments.get(over).map_or(window, |moment| moment.saturating_add(window).saturating_sub(now));
    Spent::Refused { free_in: free }
}

/// Why a store could not do what it was asked for.
#[derive(Debug)]
pub struct StoreError(Box<dyn StdError + Send + Sync>);

impl StoreError {
    /// Takes what the store's own library says.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store does not work: see the source of this error")
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
mod tests_clock {
    //! A clock that stands still until it is moved.

    use std::sync::Mutex;
    use std::time::Duration;

    use chrono::{DateTime, Utc};

    use crate::clock::Clock;

    #[derive(Debug, Default)]
    pub(crate) struct HandClock(Mutex<Duration>);

    impl HandClock {
        pub(crate) fn pass(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    impl Clock for HandClock {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH + *self.0.lock().unwrap()
        }

        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }
}

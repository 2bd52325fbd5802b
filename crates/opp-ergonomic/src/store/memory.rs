//! The store of a single process.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Expected, Spent, Store, StoreFuture, spend};
use crate::clock::{Clock, SystemClock};
use crate::secret::print_only;

/// How many entries there are before the dead ones are looked for; doubled by those that live.
const SWEEP: usize = 64;

/// A store in memory: good for one process, and for tests.
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    values: HashMap<String, (Vec<u8>, Duration)>,
    /// The moments at which one was spent, oldest first, and when the last of them stops to count.
    spent: HashMap<String, (Vec<Duration>, Duration)>,
    sweep_at: usize,
}

print_only!(Shelf { sweep_at });

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

impl MemoryStore {
    /// An empty store that goes by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, shelf: Mutex::default() }
    }

    fn open(&self) -> (MutexGuard<'_, Shelf>, Duration) {
        let now = self.clock.monotonic();
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.sweep(now);
        (shelf, now)
    }
}

impl Shelf {
    /// Clears away what is over, once in a while.
    fn sweep(&mut self, now: Duration) {
        if self.values.len() + self.spent.len() >= self.sweep_at.max(SWEEP) {
            self.values.retain(|_, (_, until)| *until > now);
            self.spent.retain(|_, (_, until)| *until > now);
            self.sweep_at = 2 * (self.values.len() + self.spent.len());
        }
    }

    fn live(&self, key: &str, now: Duration) -> Option<&Vec<u8>> {
        self.values.get(key).filter(|(_, until)| *until > now).map(|(value, _)| value)
    }
}

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        let (shelf, now) = self.open();
        Box::pin(ready(Ok(shelf.live(key, now).cloned())))
    }

    fn put_if<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: &'a [u8],
        keep: Duration,
    ) -> StoreFuture<'a, bool> {
        let (mut shelf, now) = self.open();
        let found = shelf.live(key, now);
        let met = match expected {
            Expected::Anything => true,
            Expected::Nothing => found.is_none(),
            Expected::Value(wanted) => found.is_some_and(|found| found == wanted),
        };
        if met {
            shelf.values.insert(key.to_owned(), (value.to_vec(), now.saturating_add(keep)));
        }
        Box::pin(ready(Ok(met)))
    }

    fn take<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        let (mut shelf, now) = self.open();
        let taken = shelf.values.remove(key).filter(|(_, until)| *until > now);
        Box::pin(ready(Ok(taken.map(|(value, _)| value))))
    }

    fn spend<'a>(&'a self, key: &'a str, limit: u32, window: Duration) -> StoreFuture<'a, Spent> {
        let (mut shelf, now) = self.open();
        let (moments, until) = shelf.spent.entry(key.to_owned()).or_default();
        let spent = spend(moments, now, limit, window);
        if matches!(spent, Spent::Granted { .. }) {
            *until = now.saturating_add(window);
        }
        Box::pin(ready(Ok(spent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;
    use crate::store::tests_clock::HandClock;

    #[tokio::test]
    async fn the_store_in_memory_conforms() {
        let clock = Arc::new(HandClock::default());
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock) as _));
        conformance::run(store, async |time| clock.pass(time)).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_over_is_cleared_away() {
        let clock = Arc::new(HandClock::default());
        let store = MemoryStore::new(Arc::clone(&clock) as _);
        for at in 0..10_000 {
            store.put_if(&at.to_string(), Expected::Anything, b"x", Duration::from_secs(1)).await.unwrap();
            store.spend(&at.to_string(), 1, Duration::from_secs(1)).await.unwrap();
            clock.pass(Duration::from_millis(100));
        }
        let shelf = store.shelf.lock().unwrap();
        assert!(shelf.values.len() + shelf.spent.len() <= 2 * SWEEP, "{shelf:?}");
    }
}

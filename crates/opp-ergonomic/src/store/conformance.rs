//! The suite that any store can be held against, yours included:
//!
//! ```
//! use std::sync::Arc;
//! use opp_ergonomic::store::{MemoryStore, conformance};
//!
//! # async fn check() -> Result<(), String> {
//! let store = Arc::new(MemoryStore::default());
//! conformance::run(store, async |time| tokio::time::sleep(time).await).await
//! # }
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use uuid::Uuid;

use super::{Expected, Spent, Store};

/// For how long values are kept here that are to be gone soon.
const SOON: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_mins(10);
/// How many do the same at the same time.
const CROWD: u32 = 32;

/// Runs all of it, and says in a sentence what the store got wrong. `pass` lets time pass: it sleeps, or it moves the
/// clock that the store goes by. Keys are new each time, so that a store can be used that others use too.
pub async fn run<S: Store + 'static>(store: Arc<S>, pass: impl AsyncFn(Duration)) -> Result<(), String> {
    let store: &dyn Store = &*store;
    values(store).await?;
    time(store, &pass).await?;
    race(store).await?;
    spending(store, &pass).await
}

fn key(what: &str) -> String {
    format!("opp/conformance/{what}/{}", Uuid::new_v4())
}

fn check(holds: bool, sentence: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(sentence.to_owned()) }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn say(error: super::StoreError) -> String {
    use std::error::Error as _;
    format!("the store failed: {}", error.source().map(ToString::to_string).unwrap_or_default())
}

async fn values(store: &dyn Store) -> Result<(), String> {
    let (key, other) = (key("values"), key("values"));
    let put = async |expected, value: &'static [u8]| store.put_if(&key, expected, value, LONG).await.map_err(say);
    check(store.get(&key).await.map_err(say)?.is_none(), "there is a value that nobody has put there")?;
    check(!put(Expected::Value(b"one"), b"two").await?, "put_if replaced a value where there was none")?;
    check(put(Expected::Nothing, b"one").await?, "put_if(Nothing) refused though there was nothing")?;
    check(!put(Expected::Nothing, b"two").await?, "put_if(Nothing) wrote over a value")?;
    check(store.get(&key).await.map_err(say)?.as_deref() == Some(b"one"), "a refused put_if has changed the value")?;
    check(!put(Expected::Value(b"two"), b"three").await?, "put_if(Value) wrote over another value")?;
    check(put(Expected::Value(b"one"), b"\0\xff").await?, "put_if(Value) refused though the value was there")?;
    check(store.get(&key).await.map_err(say)?.as_deref() == Some(b"\0\xff"), "a value came back changed")?;
    check(put(Expected::Anything, b"").await?, "put_if(Anything) refused")?;
    check(store.get(&key).await.map_err(say)?.as_deref() == Some(b""), "an empty value is not kept as one")?;
    check(store.get(&other).await.map_err(say)?.is_none(), "two keys share a value")?;
    check(store.take(&key).await.map_err(say)?.is_some(), "take found nothing, though there was a value")?;
    check(store.take(&key).await.map_err(say)?.is_none(), "take gave the same value twice")?;
    check(store.get(&key).await.map_err(say)?.is_none(), "take left the value there")?;
    check(put(Expected::Nothing, b"new").await?, "a key cannot be used again after take")
}

async fn time(store: &dyn Store, pass: &impl AsyncFn(Duration)) -> Result<(), String> {
    let (short, taken, renewed) = (key("time"), key("time"), key("time"));
    for key in [&short, &taken, &renewed] {
        store.put_if(key, Expected::Nothing, b"x", SOON).await.map_err(say)?;
    }
    store.put_if(&renewed, Expected::Value(b"x"), b"y", LONG).await.map_err(say)?;
    pass(2 * SOON).await;
    check(store.get(&short).await.map_err(say)?.is_none(), "a value outlived its time")?;
    check(store.take(&taken).await.map_err(say)?.is_none(), "take gave a value whose time was over")?;
    let written = store.put_if(&short, Expected::Nothing, b"z", LONG).await.map_err(say)?;
    check(written, "put_if(Nothing) took a value whose time was over for one that is there")?;
    check(store.get(&renewed).await.map_err(say)?.is_some(), "put_if did not start the value's time anew")
}

async fn race(store: &dyn Store) -> Result<(), String> {
    let (key, spent) = (key("race"), key("race"));
    let puts = join_all((0..CROWD).map(|_| store.put_if(&key, Expected::Nothing, b"x", LONG))).await;
    let won = puts.into_iter().filter(|put| matches!(put, Ok(true))).count();
    check(won == 1, "of many that put_if(Nothing) at once, not exactly one did")?;
    let takes = join_all((0..CROWD).map(|_| store.take(&key))).await;
    let won = takes.into_iter().filter(|take| matches!(take, Ok(Some(_)))).count();
    check(won == 1, "of many that take at once, not exactly one got the value")?;
    let spends = join_all((0..CROWD).map(|_| store.spend(&spent, CROWD / 2, LONG))).await;
    let won = spends.into_iter().filter(|spend| matches!(spend, Ok(Spent::Granted { .. }))).count();
    check(u32::try_from(won) == Ok(CROWD / 2), "of many that spend at once, not exactly the limit were granted")
}

async fn spending(store: &dyn Store, pass: &impl AsyncFn(Duration)) -> Result<(), String> {
    let (key, none) = (key("spend"), key("spend"));
    let spend = async || store.spend(&key, 2, 4 * SOON).await.map_err(say);
    check(spend().await? == Spent::Granted { left: 1 }, "the first of two was not granted with one left")?;
    pass(2 * SOON).await;
    check(spend().await? == Spent::Granted { left: 0 }, "the second of two was not granted as the last")?;
    let Spent::Refused { free_in } = spend().await? else {
        return Err("a third of two was granted".to_owned());
    };
    check(free_in <= 2 * SOON && !free_in.is_zero(), "the time until one is free is not that of the oldest")?;
    pass(free_in + SOON / 2).await;
    check(spend().await? == Spent::Granted { left: 0 }, "what fell out of the window was not free again")?;
    check(matches!(spend().await?, Spent::Refused { .. }), "a window held more than the limit: it has to slide")?;
    let nothing = store.spend(&none, 0, SOON).await.map_err(say)?;
    check(matches!(nothing, Spent::Refused { .. }), "one of none was granted")
}

#[cfg(test)]
mod tests {
    use super::super::{MemoryStore, StoreFuture};
    use super::*;
    use crate::store::tests_clock::HandClock;

    /// A store in which one verb is wrong.
    #[derive(Debug)]
    struct Broken(MemoryStore, &'static str);

    impl Store for Broken {
        fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
            self.0.get(key)
        }

        fn put_if<'a>(
            &'a self,
            key: &'a str,
            expected: Expected<'a>,
            value: &'a [u8],
            keep: Duration,
        ) -> StoreFuture<'a, bool> {
            let expected = if self.1 == "put_if" { Expected::Anything } else { expected };
            self.0.put_if(key, expected, value, if self.1 == "keep" { LONG } else { keep })
        }

        fn take<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
            if self.1 == "take" { self.0.get(key) } else { self.0.take(key) }
        }

        fn spend<'a>(&'a self, key: &'a str, limit: u32, window: Duration) -> StoreFuture<'a, Spent> {
            match self.1 {
                "limit" => self.0.spend(key, limit + 1, window),
                "window" => self.0.spend(key, limit, window / 8),
                _ => self.0.spend(key, limit, window),
            }
        }
    }

    #[tokio::test]
    async fn each_broken_verb_is_found() {
        for verb in ["put_if", "keep", "take", "limit", "window"] {
            let clock = Arc::new(HandClock::default());
            let store = Broken(MemoryStore::new(Arc::clone(&clock) as _), verb);
            let verdict = run(Arc::new(store), async |time| clock.pass(time)).await;
            assert!(verdict.is_err(), "{verb} is broken, and nothing was said");
        }
    }
}

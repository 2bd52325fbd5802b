//! Tokens that replicas share through their store: counted at an auth host.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Host, TestClock, answer, builder, token};
use opp_ergonomic::store::{Expected, MemoryStore, Spent, Store, StoreError, StoreFuture};
use opp_ergonomic::{AccessToken, Client, PsuContext};

fn replica(auth: &Host, store: &Arc<dyn Store>, clock: &Arc<TestClock>) -> Client {
    let client = builder(&auth.url, "http://127.0.0.1:9").clock(Arc::clone(clock) as _).store(Arc::clone(store));
    client.build().unwrap()
}

fn memory(clock: &Arc<TestClock>) -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::clone(clock) as _))
}

async fn ask(client: &Client) -> AccessToken {
    client.tokens().token(client.scope(PsuContext::Private)).await.unwrap()
}

#[tokio::test]
async fn replicas_share_one_token_for_each_context_and_renew_it_once() {
    let (auth, clock) = (Host::tokens().await, TestClock::new());
    let store = memory(&clock);
    let replicas: Vec<_> = (0..5).map(|_| replica(&auth, &store, &clock)).collect();
    for hour in 1..=3 {
        for replica in &replicas {
            assert_eq!(ask(replica).await.expose(), format!("token-{}", 2 * hour - 1));
        }
        for replica in &replicas {
            let corporate = replica.tokens().token(replica.scope(PsuContext::Corporate)).await.unwrap();
            assert_eq!(corporate.expose(), format!("token-{}", 2 * hour));
        }
        // The last five minutes of the hour, in which whoever comes first asks for a new one.
        clock.pass(3301);
    }
    assert_eq!(auth.count(), 6);
}

#[tokio::test]
async fn a_token_that_was_refused_is_not_taken_from_the_store_again() {
    let (auth, clock) = (Host::tokens().await, TestClock::new());
    let store = memory(&clock);
    let [one, two] = [replica(&auth, &store, &clock), replica(&auth, &store, &clock)];
    let (refused, _) = (ask(&one).await, ask(&two).await);
    one.tokens().invalidate(one.scope(PsuContext::Private), &refused);
    assert_eq!(ask(&one).await.expose(), "token-2");
    let again = ask(&two).await;
    two.tokens().invalidate(two.scope(PsuContext::Private), &again);
    assert_eq!(ask(&two).await.expose(), "token-2", "what the other has had is good enough");
    assert_eq!(auth.count(), 2);
}

#[tokio::test]
async fn a_replica_that_starts_in_an_outage_lives_on_what_the_others_have() {
    let up = Arc::new(AtomicBool::new(true));
    let is_up = Arc::clone(&up);
    let auth = Host::start(move |number, _| if is_up.load(Ordering::SeqCst) { token(number) } else { answer(503, "") });
    let (auth, clock) = (auth.await, TestClock::new());
    let store = memory(&clock);
    ask(&replica(&auth, &store, &clock)).await;
    up.store(false, Ordering::SeqCst);
    clock.pass(3400);
    assert_eq!(ask(&replica(&auth, &store, &clock)).await.expose(), "token-1");
    clock.pass(201);
    let late = replica(&auth, &store, &clock);
    late.tokens().token(late.scope(PsuContext::Private)).await.unwrap_err();
}

#[tokio::test]
async fn a_clock_that_jumps_by_an_hour_serves_no_token_that_is_over() {
    let (auth, clock) = (Host::tokens().await, TestClock::new());
    let store = memory(&clock);
    ask(&replica(&auth, &store, &clock)).await;
    clock.sleep_machine(3600);
    assert_eq!(ask(&replica(&auth, &store, &clock)).await.expose(), "token-2");
    clock.set_back(3600);
    let behind = replica(&auth, &store, &clock);
    ask(&behind).await;
    clock.pass(3600);
    let asked = auth.count();
    ask(&behind).await;
    assert_eq!(auth.count(), asked + 1, "the store lets go of it by its own clock");
}

/// A store that remembers what was put into it, works or not.
#[derive(Debug)]
struct Witness(MemoryStore, Mutex<Vec<u8>>, bool);

impl Witness {
    fn new(works: bool) -> Arc<Self> {
        Arc::new(Self(MemoryStore::default(), Mutex::default(), works))
    }

    fn answer<'a, T: 'a>(&self, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        if self.2 { answer } else { Box::pin(async { Err(StoreError::new("no store today")) }) }
    }
}

impl Store for Witness {
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.answer(self.0.get(key))
    }

    fn put_if<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: &'a [u8],
        keep: Duration,
    ) -> StoreFuture<'a, bool> {
        self.1.lock().unwrap().extend([key.as_bytes(), value].concat());
        self.answer(self.0.put_if(key, expected, value, keep))
    }

    fn take<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.answer(self.0.take(key))
    }

    fn spend<'a>(&'a self, key: &'a str, limit: u32, window: Duration) -> StoreFuture<'a, Spent> {
        self.answer(self.0.spend(key, limit, window))
    }
}

#[tokio::test]
async fn a_token_lies_sealed_and_opens_only_with_the_same_secret() {
    let (auth, store) = (Host::tokens().await, Witness::new(true));
    let shared = Arc::clone(&store) as Arc<dyn Store>;
    ask(&replica(&auth, &shared, &TestClock::new())).await;
    let seen = String::from_utf8_lossy(&store.1.lock().unwrap()).into_owned();
    assert!(seen.contains("opp/token/"), "something was stored");
    for secret in ["token-1", "s3cret", "shop"] {
        assert!(!seen.contains(secret), "{secret}");
    }
    let stranger = builder(&auth.url, "http://127.0.0.1:9").credentials("shop", "another").store(shared);
    assert_eq!(ask(&stranger.build().unwrap()).await.expose(), "token-2");
}

#[tokio::test]
async fn a_store_that_does_not_work_costs_requests_and_no_call() {
    let (auth, clock) = (Host::tokens().await, TestClock::new());
    let store = Witness::new(false) as Arc<dyn Store>;
    for number in 1..=2 {
        assert_eq!(ask(&replica(&auth, &store, &clock)).await.expose(), format!("token-{number}"));
    }
}

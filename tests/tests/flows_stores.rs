//! Signatures that are kept in a store which fails now and then: none is lost, and nothing is sent twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opp_ergonomic::sca::{Callback, Ending, Signing, Standing};
use opp_ergonomic::store::{Expected, MemoryStore, Spent, Store, StoreError, StoreFuture};
use opp_ergonomic::{Error, Session};
use opp_tests::platform::{PERSON, Platform, flow, psu, quick, until_code, until_redirect, visit};

const SIGNED: Ending = Ending::Finalised(Standing::Valid);

/// A store that works while it is up.
#[derive(Debug, Default)]
struct Flaky {
    store: MemoryStore,
    down: AtomicBool,
}

impl Flaky {
    fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    fn answer<'a, T: 'a>(&'a self, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        if self.down.load(Ordering::SeqCst) { Box::pin(async { Err(StoreError::new("it is down")) }) } else { answer }
    }
}

impl Store for Flaky {
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.answer(self.store.get(key))
    }

    fn put_if<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: &'a [u8],
        keep: Duration,
    ) -> StoreFuture<'a, bool> {
        // Nothing is written while it is down.
        let write = async move { self.store.put_if(key, expected, value, keep).await };
        self.answer(Box::pin(write))
    }

    fn take<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.answer(self.store.take(key))
    }

    fn spend<'a>(&'a self, key: &'a str, limit: u32, window: Duration) -> StoreFuture<'a, Spent> {
        self.answer(self.store.spend(key, limit, window))
    }
}

fn stage() -> (Arc<Flaky>, Platform) {
    let store = Arc::new(Flaky::default());
    let attended = opp_sandbox::Config { person_after: None, ..quick() };
    let platform = Platform::with(attended, |client| client.store(Arc::clone(&store) as _));
    (store, platform)
}

async fn kept(platform: &Platform, session: &Session) -> Signing {
    let mut signing = session.sign(flow(session, platform.consent(session).await)).unwrap();
    signing.keep().await.unwrap();
    signing
}

/// How often a signature was started, and a method selected.
fn writes(platform: &Platform) -> (usize, usize) {
    let seen = platform.sandbox.control().requests();
    (platform.calls("POST", "/authorisations"), seen.iter().filter(|seen| seen.method == "PUT").count())
}

#[tokio::test]
async fn nothing_is_sent_that_could_not_be_noted_before() {
    let (store, platform) = stage();
    let session = platform.session("ESSESESS", false);
    let mut signing = kept(&platform, &session).await;
    store.set_down(true);
    let error: Error = signing.look().await.unwrap_err();
    assert!(error.to_string().contains("store"), "{error}");
    assert_eq!(writes(&platform), (0, 0));
    store.set_down(false);
    platform.phone().approve(&until_code(&mut signing).await).await;
    assert_eq!(signing.finish(|_| {}).await.unwrap(), SIGNED);
    assert_eq!(writes(&platform), (1, 1));
}

#[tokio::test]
async fn an_answer_that_could_not_be_kept_still_counts_here() {
    let (store, platform) = stage();
    let session = platform.session("ESSESESS", false);
    let mut signing = kept(&platform, &session).await;
    let code = until_code(&mut signing).await;
    store.set_down(true);
    signing.advance().await.unwrap_err();
    store.set_down(false);
    platform.phone().approve(&code).await;
    assert_eq!(signing.finish(|_| {}).await.unwrap(), SIGNED);
    assert_eq!(writes(&platform), (1, 1));
}

#[tokio::test]
async fn a_callback_that_meets_a_broken_store_can_come_again() {
    let (store, platform) = stage();
    let session = platform.session("ESSESESS", true);
    let mut signing = kept(&platform, &session).await;
    let callback = Callback::parse(&visit(&until_redirect(&mut signing).await, "approve").await);
    drop(signing);
    store.set_down(true);
    assert!(!platform.client.returned(&callback).await.unwrap_err().is_not_found(), "nobody knows that");
    store.set_down(false);
    let returned = platform.client.returned(&callback).await.unwrap();
    assert_eq!(returned.sign(psu(PERSON)).unwrap().finish(|_| {}).await.unwrap(), SIGNED);
}

/// The mark of a process that died while it was writing.
#[tokio::test]
async fn a_write_of_a_process_that_died_is_looked_up_and_not_made_again() {
    let (_store, platform) = stage();
    platform.disturb("updateConsentsPsuData", opp_sandbox::Caprice::Latency(Duration::from_secs(1)), 1);
    let session = platform.session("ESSESESS", false).with_deadline(Duration::from_secs(2));
    let mut signing = session.sign(flow(&session, platform.consent(&session).await)).unwrap();
    let ticket = signing.keep().await.unwrap();
    tokio::time::timeout(Duration::from_millis(500), signing.finish(|_| {})).await.unwrap_err();
    drop(signing);
    let mut other = platform.client.resume(&ticket).await.unwrap().sign(psu(PERSON)).unwrap();
    platform.phone().approve(&until_code(&mut other).await).await;
    assert_eq!(other.finish(|_| {}).await.unwrap(), SIGNED);
    assert_eq!(writes(&platform), (1, 1));
}

//! Several processes that go on with the same signature, and a signature whose time is up: nothing is written twice, and
//! nothing after the end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use common::{Act, Host, Request, TestClock, answer, builder, token};
use futures_util::FutureExt as _;
use opp_ergonomic::sca::{Ask, Callback, Device, Ending, Signing, Standing, Step, Subject, Ticket};
use opp_ergonomic::store::{Expected, MemoryStore, Spent, Store, StoreError, StoreFuture};
use opp_ergonomic::{Bank, Client, Psu, RetryPolicy};

/// What a host is asked for in the course of a signature, with how often it was before, from 0.
type Answers = fn(&str, usize) -> Act;

async fn bank(answers: Answers) -> Host {
    let seen = std::sync::Mutex::new(Vec::new());
    Host::start(move |number, request: &Request| {
        let call = match (request.method.as_str(), request.target.rsplit('/').next().unwrap()) {
            (_, "token") if request.body.contains("authorization_code") => "exchange",
            (_, "token") => return token(number),
            ("POST", "authorisations") => "start",
            ("GET", "authorisations") => "find",
            ("PUT", _) => "select",
            (_, "status") => "confirm",
            _ => "poll",
        };
        let mut seen = seen.lock().unwrap();
        seen.push(call);
        answers(call, seen.iter().filter(|known| **known == call).count() - 1)
    })
    .await
}

fn count(host: &Host, method: &str) -> usize {
    let calls = host.requests().into_iter().filter(|request| !request.target.ends_with("/token"));
    calls.filter(|request| request.method == method).count()
}

fn exchanges(host: &Host) -> usize {
    host.requests().into_iter().filter(|request| request.body.contains("authorization_code")).count()
}

fn started(_: usize) -> Act {
    answer(201, r#"{"authorisationId":"a-1","scaMethods":[{"authenticationMethodId":"mbid"}]}"#)
}

/// A bank that sends its users to a page, and has not heard of a signature yet.
fn with_a_page(call: &str, times: usize) -> Act {
    match call {
        "start" => started(times),
        "select" => answer(200, r#"{"_links":{"scaOAuth":{"href":"https://bank.example/?state=[TPP_STATE]"}}}"#),
        "exchange" => token(times),
        _ => answer(200, r#"{"scaStatus":"started"}"#),
    }
}

/// Sends the user to that page: with what they will come back.
async fn send_away(signing: &mut Signing) -> Callback {
    let Step::Redirect { url, .. } = signing.look().await.unwrap() else { panic!("{signing:?}") };
    Callback::parse(&format!("?code=c&state={}", url.expose().split_once("state=").unwrap().1))
}

fn client(host: &Host, store: &Arc<dyn Store>, clock: &Arc<TestClock>) -> Client {
    let client = builder(&host.url, &host.url).retry(RetryPolicy::never());
    client.store(Arc::clone(store)).clock(Arc::clone(clock) as _).build().unwrap()
}

fn psu() -> Psu {
    Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Mozilla/5.0")
}

async fn begin(client: &Client) -> (Signing, Ticket) {
    let session = client.at(Bank::new("ESSESESS").unwrap(), psu()).unwrap();
    let flow = session.flow(Subject::Consent("c-1".into()), Device::Desktop).redirect("https://shop.example/back");
    let mut signing = session.sign(flow).unwrap();
    let ticket = signing.keep().await.unwrap();
    (signing, ticket)
}

async fn resume(client: &Client, ticket: &Ticket) -> Signing {
    client.resume(ticket).await.unwrap().sign(psu()).unwrap()
}

fn shared() -> (Arc<dyn Store>, Arc<TestClock>) {
    let clock = TestClock::new();
    (Arc::new(MemoryStore::new(Arc::clone(&clock) as _)), clock)
}

/// Two replicas have seen a start get lost. One looks it up, and has a write of this method on its way when the other
/// comes with what it has seen: how many such writes are there?
async fn two_that_look_up_a_lost_start(method: &str, answers: Answers) -> usize {
    let host = bank(answers).await;
    let (store, clock) = shared();
    let client = client(&host, &store, &clock);
    let (mut one, ticket) = begin(&client).await;
    one.advance().await.unwrap();
    let mut other = resume(&client, &ticket).await;
    let before = count(&host, method);
    while matches!(one.flow().ask().unwrap(), Ask::Find) {
        one.advance().await.unwrap();
    }
    {
        let mut writing = std::pin::pin!(one.advance());
        tokio::select! {
            ended = &mut writing => panic!("{ended:?}"),
            () = async { while count(&host, method) == before { tokio::task::yield_now().await } } => {}
        }
        for _ in 0..4 {
            other.look().await.ok();
        }
    }
    count(&host, method) - before
}

#[tokio::test]
async fn a_lost_start_is_made_up_for_by_one_of_two_replicas() {
    let nothing_found = |call: &str, times| match (call, times) {
        ("start", 0) => Act::Close,
        ("find", _) => answer(200, r#"{"authorisationIds":[]}"#),
        _ => Act::Hang,
    };
    assert_eq!(two_that_look_up_a_lost_start("POST", nothing_found).await, 1);
}

#[tokio::test]
async fn a_read_that_fails_at_one_replica_says_nothing_of_the_write_of_another() {
    let second_is_lost = |call: &str, times| match (call, times) {
        ("start", 0) | ("find", 2) => Act::Close,
        ("find", _) => answer(200, r#"{"authorisationIds":[]}"#),
        _ => Act::Hang,
    };
    assert_eq!(two_that_look_up_a_lost_start("POST", second_is_lost).await, 1);
}

#[tokio::test]
async fn a_method_is_selected_by_one_of_two_replicas() {
    let found = |call: &str, times| match (call, times) {
        ("start", 0) => Act::Close,
        ("find", _) => answer(200, r#"{"authorisationIds":["a-1"]}"#),
        _ => Act::Hang,
    };
    assert_eq!(two_that_look_up_a_lost_start("PUT", found).await, 1);
}

#[tokio::test]
async fn nothing_is_begun_after_the_deadline() {
    let host = bank(|call, times| match call {
        "start" => answer(201, r#"{"authorisationId":"a-1","scaMethods":[{"authenticationMethodId":"card"},{"authenticationMethodId":"sms"}]}"#),
        _ => started(times),
    })
    .await;
    let (store, clock) = shared();
    let client = client(&host, &store, &clock);

    let (_, ticket) = begin(&client).await;
    clock.pass(601);
    assert_eq!(resume(&client, &ticket).await.look().await.unwrap(), Step::Done(Ending::Expired));
    assert_eq!(host.count(), 0, "nothing was started");

    // Nor is a method selected by a user who has thought about it for too long.
    let (mut signing, ticket) = begin(&client).await;
    assert!(matches!(signing.look().await.unwrap(), Step::ChooseMethod { .. }));
    clock.pass(601);
    let mut late = resume(&client, &ticket).await;
    late.choose("sms").await.unwrap();
    assert_eq!(late.look().await.unwrap(), Step::Done(Ending::Expired));
    late.advance().await.unwrap();
    assert_eq!(count(&host, "PUT"), 0);
}

#[tokio::test]
async fn a_callback_that_two_replicas_take_has_its_code_exchanged_by_one() {
    let host = bank(with_a_page).await;
    let (store, clock) = shared();
    let client = client(&host, &store, &clock);
    let (mut one, ticket) = begin(&client).await;
    let callback = send_away(&mut one).await;
    let mut other = resume(&client, &ticket).await;
    one.callback(&callback).await.unwrap();
    assert!(other.callback(&callback).await.unwrap_err().is_not_found());
    other.look().await.unwrap();
    one.look().await.unwrap();
    assert_eq!(exchanges(&host), 1);
}

/// A store that fails at the next value, or never answers, if it is told so.
#[derive(Debug)]
struct Failing(Arc<dyn Store>, AtomicU8);

const FAIL: u8 = 1;
const HANG: u8 = 2;

impl Store for Failing {
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
        match self.1.swap(0, Ordering::SeqCst) {
            FAIL => Box::pin(async { Err(StoreError::new("no disk")) }),
            HANG => Box::pin(std::future::pending()),
            _ => self.0.put_if(key, expected, value, keep),
        }
    }

    fn take<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.0.take(key)
    }

    fn spend<'a>(&'a self, key: &'a str, limit: u32, window: Duration) -> StoreFuture<'a, Spent> {
        self.0.spend(key, limit, window)
    }
}

#[tokio::test]
async fn a_callback_that_could_not_be_stored_can_be_taken_again() {
    let host = bank(with_a_page).await;
    let (memory, clock) = shared();
    let failing = Arc::new(Failing(memory, 0.into()));
    let store: Arc<dyn Store> = Arc::clone(&failing) as _;
    let client = client(&host, &store, &clock);
    let (mut signing, _) = begin(&client).await;
    let callback = send_away(&mut signing).await;
    failing.1.store(FAIL, Ordering::SeqCst);
    signing.callback(&callback).await.unwrap_err();
    failing.1.store(HANG, Ordering::SeqCst);
    assert!(signing.callback(&callback).now_or_never().is_none(), "it was not waited for");
    signing.look().await.unwrap();
    assert_eq!(exchanges(&host), 0);
    signing.callback(&callback).await.unwrap();
    signing.look().await.unwrap();
    assert_eq!(exchanges(&host), 1);
}

#[tokio::test]
async fn a_signature_outlives_many_pages_that_look_at_it() {
    let host = bank(|call, times| match call {
        "start" => started(times),
        _ => answer(200, r#"{"scaStatus":"started","challengeData":{"data":["t"]}}"#),
    })
    .await;
    let (store, clock) = shared();
    let client = client(&host, &store, &clock);
    let (mut signing, _) = begin(&client).await;
    // Three pages, each of which looks once a second for nine minutes.
    for _ in 0..3 * 540 {
        assert!(matches!(signing.look().await.unwrap(), Step::ShowQr { .. }));
    }
    clock.pass(601);
    assert_eq!(signing.look().await.unwrap(), Step::Done(Ending::Expired));
}

#[tokio::test]
async fn whoever_comes_back_from_the_bank_late_has_signed_all_the_same() {
    for passed in [599, 660] {
        let host = bank(|call, times| match call {
            "confirm" => answer(200, r#"{"consentStatus":"valid"}"#),
            "poll" => answer(200, r#"{"scaStatus":"finalised"}"#),
            _ => with_a_page(call, times),
        })
        .await;
        let (store, clock) = shared();
        let client = client(&host, &store, &clock);
        let (mut signing, _) = begin(&client).await;
        let callback = send_away(&mut signing).await;
        clock.pass(passed);
        let mut back = client.returned(&callback).await.unwrap().sign(psu()).unwrap();
        clock.pass(2);
        back.look().await.unwrap();
        assert_eq!(back.look().await.unwrap(), Step::Done(Ending::Finalised(Standing::Valid)), "after {passed} s");
        assert_eq!(exchanges(&host), 1);
    }
}

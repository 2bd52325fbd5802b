//! How many tokens are asked for: counted at an auth host.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Act, Host, TestClock, answer, builder, token};
use opp_ergonomic::{Access, Bank, Client, ConsentRequest, Psu, PsuContext, TokenError, ValidConsent};
use tokio::task::JoinSet;

fn client(auth: &Host, clock: &Arc<TestClock>) -> Client {
    builder(&auth.url, "http://127.0.0.1:9").clock(Arc::clone(clock) as _).build().unwrap()
}

async fn ask(client: &Client) -> Result<String, TokenError> {
    let token = client.tokens().token(client.scope(PsuContext::Private)).await?;
    Ok(token.expose().to_owned())
}

async fn ask_often(client: &Client, callers: usize) -> Vec<Result<String, TokenError>> {
    let mut set = JoinSet::new();
    for _ in 0..callers {
        let client = client.clone();
        set.spawn(async move { ask(&client).await });
    }
    set.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_callers_at_expiry_make_one_request() {
    let (auth, clock) =
        (Host::start(|number, _| token(number).after(Duration::from_millis(50))).await, TestClock::new());
    let client = client(&auth, &clock);
    assert_eq!(ask(&client).await.unwrap(), "token-1");
    clock.pass(3600);
    let tokens = ask_often(&client, 1_000).await;
    assert!(tokens.iter().all(|token| token.as_deref().unwrap() == "token-2"));
    assert_eq!(auth.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_callers_without_an_auth_host_make_one_request_and_fail_alike() {
    let slow = Duration::from_millis(500);
    for down in [Act::Close, answer(503, "busy")] {
        let act = down.clone();
        let auth = Host::start(move |_, _| act.clone().after(slow)).await;
        let clock = TestClock::new();
        // How long one failure takes.
        let alone = client(&auth, &clock);
        let start = Instant::now();
        ask(&alone).await.unwrap_err();
        let one = start.elapsed();
        assert_eq!(auth.count(), 1);

        let client = client(&auth, &clock);
        let start = Instant::now();
        let failures = ask_often(&client, 1_000).await;
        let all = start.elapsed();
        assert_eq!(auth.count(), 2);
        let first = failures[0].as_ref().unwrap_err().to_string();
        assert!(failures.iter().all(|failure| failure.as_ref().unwrap_err().to_string() == first), "{first}");
        assert!(all <= one.mul_f64(1.2), "{all:?} against {one:?} for one");

        // Until the pause is over nobody asks; then one does.
        ask(&client).await.unwrap_err();
        assert_eq!(auth.count(), 2);
        clock.pass(1);
        ask(&client).await.unwrap_err();
        assert_eq!(auth.count(), 3);
    }
}

#[tokio::test]
async fn an_auth_host_that_was_too_slow_to_renew_a_token_early_is_waited_for_once_there_is_none() {
    let auth = Host::start(|number, _| if number == 2 { Act::Hang } else { token(number) }).await;
    let clock = TestClock::new();
    let client = client(&auth, &clock);
    ask(&client).await.unwrap();
    clock.pass(3400);
    assert_eq!(ask(&client).await.unwrap(), "token-1", "a good one, since no other comes soon");
    // The token's time is over while the auth host is left alone.
    clock.sleep_machine(300);
    assert_eq!(ask(&client).await.unwrap(), "token-3");
}

#[tokio::test]
async fn a_refusal_says_what_to_check() {
    let auth = Host::start(|_, _| answer(400, r#"{"error":"invalid_client"}"#)).await;
    let refusal = ask(&client(&auth, &TestClock::new())).await.unwrap_err();
    assert_eq!(refusal.code(), Some("invalid_client"));
    assert_eq!(refusal.status(), Some(400));
    assert!(refusal.is_refused());
    assert!(refusal.to_string().contains("check id and secret"), "{refusal}");
}

#[tokio::test]
async fn credentials_and_scope_go_into_the_form() {
    let auth = Host::tokens().await;
    ask(&client(&auth, &TestClock::new())).await.unwrap();
    let request = &auth.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/connect/token"));
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    assert!(!request.headers.contains_key("authorization"));
    for part in [
        "grant_type=client_credentials",
        "client_id=shop",
        "client_secret=s3cret%2F%2B%3D",
        "scope=aspspinformation+accountinformation+paymentinitiation+private",
    ] {
        assert!(request.body.split('&').any(|pair| pair == part), "{part} is not in {}", request.body);
    }
}

#[tokio::test]
async fn the_life_of_a_token_is_read_in_whatever_form_it_comes() {
    for (told, seconds) in
        [("600", 600), (r#""600""#, 600), ("600.0", 600), ("null", 300), (r#""soon""#, 300), ("-1", 300)]
    {
        let tell =
            move |number, _: &_| answer(200, format!(r#"{{"access_token":"token-{number}","expires_in":{told}}}"#));
        let (auth, clock) = (Host::start(tell).await, TestClock::new());
        let client = client(&auth, &clock);
        ask(&client).await.unwrap();
        clock.pass(seconds * 4 / 5 - 1);
        assert_eq!(ask(&client).await.unwrap(), "token-1", "{told}");
        clock.pass(2);
        assert_eq!(ask(&client).await.unwrap(), "token-2", "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_outage_before_the_end_of_a_token_is_not_seen() {
    let up = Arc::new(AtomicBool::new(true));
    for down in [Act::Close, answer(503, ""), Act::Hang] {
        up.store(true, Ordering::SeqCst);
        let is_up = Arc::clone(&up);
        let auth =
            Host::start(move |number, _| if is_up.load(Ordering::SeqCst) { token(number) } else { down.clone() });
        let (auth, clock) = (auth.await, TestClock::new());
        let client = client(&auth, &clock);
        ask(&client).await.unwrap();
        up.store(false, Ordering::SeqCst);
        // The last five minutes of the hour, in which a new token is wanted.
        clock.pass(3300);
        for _ in 0..9 {
            let start = Instant::now();
            let tokens = ask_often(&client, 20).await;
            assert!(tokens.iter().all(|token| token.as_deref().unwrap() == "token-1"));
            assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
            clock.pass(33);
        }
        assert!((3..=10).contains(&auth.count()), "{}", auth.count());
        // Back again: the next one is had before the old one ends.
        up.store(true, Ordering::SeqCst);
        assert_ne!(ask(&client).await.unwrap(), "token-1");
    }
}

#[tokio::test]
async fn an_outage_is_seen_when_the_token_has_ended() {
    let auth = Host::start(|number, _| if number == 1 { token(number) } else { answer(503, "") }).await;
    let clock = TestClock::new();
    let client = client(&auth, &clock);
    ask(&client).await.unwrap();
    clock.pass(3599);
    ask(&client).await.unwrap();
    clock.pass(1);
    let failure = ask(&client).await.unwrap_err();
    assert_eq!(failure.status(), Some(503));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_who_leaves_strands_nobody() {
    let auth = Host::start(|number, _| token(number).after(Duration::from_millis(300))).await;
    let client = client(&auth, &TestClock::new());
    let leader = tokio::spawn({
        let client = client.clone();
        async move { ask(&client).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let followers = tokio::spawn({
        let client = client.clone();
        async move { ask_often(&client, 50).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    leader.abort();
    let tokens = tokio::time::timeout(Duration::from_secs(5), followers).await.unwrap().unwrap();
    assert!(tokens.iter().all(|token| token.as_deref().unwrap() == "token-1"));
    assert_eq!(auth.count(), 1);
}

#[tokio::test]
async fn when_all_have_left_the_next_one_asks_anew() {
    let auth = Host::start(|number, _| if number == 1 { Act::Hang } else { token(number) }).await;
    let client = client(&auth, &TestClock::new());
    tokio::time::timeout(Duration::from_millis(100), ask(&client)).await.unwrap_err();
    assert_eq!(ask(&client).await.unwrap(), "token-2");
}

#[tokio::test]
async fn no_stale_token_is_served_whichever_clock_jumps() {
    let (auth, clock) = (Host::tokens().await, TestClock::new());
    let client = client(&auth, &clock);
    assert_eq!(ask(&client).await.unwrap(), "token-1");
    // The machine sleeps for an hour: the clock that never goes back has stood still.
    clock.sleep_machine(3600);
    assert_eq!(ask(&client).await.unwrap(), "token-2");
    // Somebody sets the time back by an hour, and an hour goes by.
    clock.set_back(3600);
    assert_eq!(ask(&client).await.unwrap(), "token-2");
    clock.pass(3600);
    assert_eq!(ask(&client).await.unwrap(), "token-3");
    // Somebody sets the time an hour ahead: the token may be good, but nobody can know.
    clock.set_back(-3600);
    assert_eq!(ask(&client).await.unwrap(), "token-4");
}

#[tokio::test]
async fn each_context_has_one_token() {
    let (auth, clock) = (Host::tokens().await, TestClock::new());
    let client = client(&auth, &clock);
    for context in [PsuContext::Private, PsuContext::Corporate, PsuContext::Private, PsuContext::Corporate] {
        client.tokens().token(client.scope(context)).await.unwrap();
    }
    assert_eq!(auth.count(), 2);
}

fn session(client: &Client) -> opp_ergonomic::Session {
    client.at(Bank::new("ESSESESS").unwrap(), Psu::private().id("199311219639")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_refused_reads_make_one_new_token_and_are_each_repeated_once() {
    let (auth, clock) = (Host::tokens().await, TestClock::new());
    let api = Host::start(|_, request| match request.headers["authorization"].as_str() {
        "Bearer token-1" => answer(401, r#"{"tppMessages":[{"category":"ERROR","code":"TOKEN_EXPIRED"}]}"#)
            .after(Duration::from_millis(100)),
        _ => answer(200, r#"{"accounts":[]}"#),
    })
    .await;
    let client = builder(&auth.url, &api.url).clock(Arc::clone(&clock) as _).build().unwrap();
    ask(&client).await.unwrap();
    let accounts = session(&client).accounts(&ValidConsent::stored("consent", None));
    let mut reads = JoinSet::new();
    for _ in 0..100 {
        let accounts = accounts.clone();
        reads.spawn(async move { accounts.list().await });
    }
    for read in reads.join_all().await {
        read.unwrap();
    }
    assert_eq!(auth.count(), 2);
    assert_eq!(api.count(), 200);
    // A repetition has an id of its own.
    let mut ids: Vec<_> = api.requests().iter().map(|request| request.headers["x-request-id"].clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 200);
}

#[tokio::test]
async fn a_read_that_is_refused_twice_is_not_repeated_again() {
    let auth = Host::tokens().await;
    let api = Host::start(|_, _| answer(401, r#"{"tppMessages":[{"category":"ERROR","code":"TOKEN_INVALID"}]}"#)).await;
    let client = builder(&auth.url, &api.url).build().unwrap();
    let accounts = session(&client).accounts(&ValidConsent::stored("consent", None));
    let error = accounts.list().await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_eq!((auth.count(), api.count()), (2, 2));
    // Nor does every further read cost a token.
    accounts.list().await.unwrap_err();
    assert_eq!((auth.count(), api.count()), (2, 3));
}

#[tokio::test]
async fn a_write_that_is_refused_is_never_repeated() {
    let auth = Host::tokens().await;
    let api = Host::start(|_, _| answer(401, r#"{"tppMessages":[{"category":"ERROR","code":"TOKEN_EXPIRED"}]}"#)).await;
    let client = builder(&auth.url, &api.url).build().unwrap();
    let day = chrono::Utc::now().date_naive() + chrono::Days::new(90);
    let error = session(&client).consents().create(&ConsentRequest::new(Access::all(), day)).await.unwrap_err();
    assert_eq!(error.outcome(), Some(opp_ergonomic::Outcome::Rejected));
    assert_eq!(api.count(), 1);
    // But the next call does not use the refused token again.
    ask(&client).await.unwrap();
    assert_eq!(auth.count(), 2);
}

#[tokio::test]
async fn a_consent_that_is_refused_costs_no_token() {
    let auth = Host::tokens().await;
    let api =
        Host::start(|_, _| answer(401, r#"{"tppMessages":[{"category":"ERROR","code":"CONSENT_EXPIRED"}]}"#)).await;
    let client = builder(&auth.url, &api.url).build().unwrap();
    let error = session(&client).accounts(&ValidConsent::stored("consent", None)).list().await.unwrap_err();
    assert!(error.needs_new_consent());
    assert_eq!((auth.count(), api.count()), (1, 1));
}

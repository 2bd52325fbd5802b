//! Signatures at a bank that is out of order, and over a store that is: nothing goes on without end, and what can go on
//! does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Act, Host, Request, answer, builder, token};
use opp_ergonomic::sca::{Callback, Device, Ending, Failure, Flow, Signing, Standing, Step, Subject};
use opp_ergonomic::store::{Expected, MemoryStore, Spent, Store, StoreError, StoreFuture};
use opp_ergonomic::{Bank, Client, ClientBuilder, Psu, RetryPolicy, Session};
use serde_json::json;

/// What a host is asked for in the course of a signature, with how often it was before, from 0.
type Answers = fn(&str, usize) -> Act;

async fn bank(answers: Answers) -> Host {
    let seen = Mutex::new(Vec::new());
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

/// A bank at which all goes well.
fn well(call: &str, times: usize) -> Act {
    match call {
        "start" => answer(201, r#"{"authorisationId":"a-1","scaMethods":[{"authenticationMethodId":"mbid"}]}"#),
        "exchange" => token(times),
        "confirm" => answer(200, r#"{"consentStatus":"valid"}"#),
        "poll" => answer(200, r#"{"scaStatus":"finalised"}"#),
        _ => answer(200, r#"{"scaStatus":"started","challengeData":{"data":["t"]}}"#),
    }
}

fn with_a_page(call: &str, times: usize) -> Act {
    match call {
        "select" => answer(200, r#"{"_links":{"scaOAuth":{"href":"https://bank.example/?state=[TPP_STATE]"}}}"#),
        "poll" => answer(200, r#"{"scaStatus":"started"}"#),
        _ => well(call, times),
    }
}

fn client(host: &Host) -> ClientBuilder {
    builder(&host.url, &host.url).retry(RetryPolicy::never())
}

fn session(client: &Client) -> Session {
    let psu = Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Mozilla/5.0");
    client.at(Bank::new("ESSESESS").unwrap(), psu).unwrap()
}

fn flow(session: &Session) -> Flow {
    let flow = session.flow(Subject::Consent("c-1".into()), Device::Desktop);
    flow.redirect("https://shop.example/back").poll_every(Duration::from_millis(10))
}

/// A signature that is to be over within a minute of real time.
async fn finish(mut signing: Signing) -> Ending {
    tokio::time::timeout(Duration::from_mins(1), signing.finish(|_| ())).await.unwrap().unwrap()
}

fn count(host: &Host, method: &str) -> usize {
    let calls = host.requests().into_iter().filter(|request| !request.target.ends_with("/token"));
    calls.filter(|request| request.method == method).count()
}

#[tokio::test]
async fn a_bank_that_takes_no_start_is_asked_a_few_times_and_not_thousands() {
    let host = bank(|call, _| match call {
        "start" => answer(503, ""),
        _ => answer(200, r#"{"authorisationIds":[]}"#),
    })
    .await;
    let client = client(&host).build().unwrap();
    let session = session(&client);
    let ending = finish(session.sign(flow(&session)).unwrap()).await;
    let Ending::Failed(Failure { code, .. }) = ending else { panic!("{ending:?}") };
    assert_eq!(code.as_deref(), Some("NOT_STARTED"));
    assert_eq!(count(&host, "POST"), 4);
}

#[tokio::test]
async fn a_bank_that_wants_to_be_left_alone_for_an_hour_is_looked_at_again_before_the_deadline() {
    let host = bank(|call, times| match (call, times) {
        ("poll", 0) => answer(503, "").with("Retry-After", "3600"),
        _ => well(call, times),
    })
    .await;
    let client = client(&host).build().unwrap();
    let session = session(&client);
    let flow = flow(&session).within(Duration::from_secs(8));
    assert_eq!(finish(session.sign(flow).unwrap()).await, Ending::Finalised(Standing::Valid));
}

#[tokio::test]
async fn nothing_in_a_challenge_does_not_keep_a_method_from_being_selected() {
    let host = bank(|call, times| match call {
        "start" => {
            let methods = json!([{"authenticationMethodId": ""}, {"authenticationMethodId": "mbid"}]);
            let links = json!({"scaOAuth": {"href": ""}, "scaRedirect": {"href": " "}});
            let body = json!({"authorisationId": "a-1", "scaMethods": methods, "challengeData": {"data": []}, "_links": links});
            answer(201, body.to_string())
        }
        _ => well(call, times),
    })
    .await;
    let client = client(&host).build().unwrap();
    let session = session(&client);
    let mut signing = session.sign(flow(&session)).unwrap();
    assert!(matches!(signing.look().await.unwrap(), Step::ShowQr { .. }), "{signing:?}");
    assert_eq!(count(&host, "PUT"), 1);
}

#[tokio::test]
async fn a_long_list_of_methods_is_gone_through_once() {
    let host = bank(|call, times| match call {
        "start" => {
            let methods: Vec<_> = (0..300_000).map(|at| json!({"authenticationMethodId": format!("m{at}")})).collect();
            answer(201, json!({"authorisationId": "a-1", "scaMethods": methods}).to_string())
        }
        _ => well(call, times),
    })
    .await;
    let client = client(&host).build().unwrap();
    let session = session(&client);
    let mut signing = session.sign(flow(&session)).unwrap();
    let Step::ChooseMethod { methods } = signing.look().await.unwrap() else { panic!("{signing:?}") };
    assert!(methods.len() < 100, "{} to choose from", methods.len());
}

/// Sends the user to the bank's page: with what they will come back.
async fn send_away(signing: &mut Signing, with: &str) -> Callback {
    let Step::Redirect { url, .. } = signing.look().await.unwrap() else { panic!("{signing:?}") };
    Callback::parse(&format!("?{with}&state={}", url.expose().split_once("state=").unwrap().1))
}

#[tokio::test]
async fn whoever_has_signed_and_comes_back_with_an_error_has_signed() {
    let signed = |call: &str, times| if call == "poll" { well(call, times) } else { with_a_page(call, times) };
    let failed = Ending::Failed(Failure::clone(&failure("server_error")));
    for (answers, expected) in [(signed as Answers, Ending::Finalised(Standing::Valid)), (with_a_page, failed)] {
        let host = bank(answers).await;
        let client = client(&host).build().unwrap();
        let session = session(&client);
        let mut signing = session.sign(flow(&session)).unwrap();
        let callback = send_away(&mut signing, "error=server_error").await;
        signing.callback(&callback).await.unwrap();
        assert_eq!(finish(signing).await, expected);
    }
}

fn failure(code: &str) -> Failure {
    serde_json::from_value(json!({"code": code})).unwrap()
}

/// A store that does it wrong once: the next value is written and nobody is told, or not written; or a store that gives
/// from now on what was there first.
#[derive(Debug)]
struct Odd(MemoryStore, AtomicU8, Mutex<Option<Vec<u8>>>);

const SILENT: u8 = 1;
const FAILING: u8 = 2;
const BEHIND: u8 = 3;

impl Odd {
    fn new() -> Arc<Self> {
        Arc::new(Self(MemoryStore::default(), 0.into(), Mutex::default()))
    }

    fn be(&self, how: u8) {
        self.1.store(how, Ordering::SeqCst);
    }

    fn is(&self, how: u8) -> bool {
        self.1.compare_exchange(how, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError::new("no answer"))
}

impl Store for Odd {
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        if self.1.load(Ordering::SeqCst) == BEHIND {
            let first = self.2.lock().unwrap().clone();
            return Box::pin(async { Ok(first) });
        }
        self.0.get(key)
    }

    fn put_if<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: &'a [u8],
        keep: Duration,
    ) -> StoreFuture<'a, bool> {
        if self.is(FAILING) {
            return Box::pin(async { broken() });
        }
        self.2.lock().unwrap().get_or_insert_with(|| value.to_vec());
        let put = self.0.put_if(key, expected, value, keep);
        let silent = self.is(SILENT);
        Box::pin(async move { if silent { put.await.and_then(|_| broken()) } else { put.await } })
    }

    fn take<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.0.take(key)
    }

    fn spend<'a>(&'a self, key: &'a str, limit: u32, window: Duration) -> StoreFuture<'a, Spent> {
        self.0.spend(key, limit, window)
    }
}

async fn over(store: &Arc<Odd>, answers: Answers) -> (Host, Client) {
    let host = bank(answers).await;
    let client = client(&host).store(Arc::clone(store) as _).build().unwrap();
    (host, client)
}

#[tokio::test]
async fn a_write_that_was_noted_without_an_answer_of_the_store_is_made_all_the_same() {
    let store = Odd::new();
    let (host, client) = over(&store, well).await;
    let session = session(&client);
    let mut signing = session.sign(flow(&session)).unwrap();
    let _ = signing.keep().await.unwrap();
    signing.advance().await.unwrap();
    store.be(SILENT);
    assert!(matches!(signing.look().await.unwrap(), Step::ShowQr { .. }));
    assert_eq!(count(&host, "PUT"), 1);
}

#[tokio::test]
async fn a_callback_that_was_stored_without_an_answer_of_the_store_has_its_code_exchanged() {
    let store = Odd::new();
    let (host, client) = over(&store, with_a_page).await;
    let session = session(&client);
    let mut signing = session.sign(flow(&session)).unwrap();
    let _ = signing.keep().await.unwrap();
    let callback = send_away(&mut signing, "code=c").await;
    store.be(SILENT);
    signing.callback(&callback).await.unwrap();
    signing.look().await.unwrap();
    let exchanges = host.requests().into_iter().filter(|request| request.body.contains("authorization_code")).count();
    assert_eq!(exchanges, 1);
}

#[tokio::test]
async fn what_somebody_decides_has_not_happened_if_it_could_not_be_stored() {
    let store = Odd::new();
    let choice = |call: &str, times| match call {
        "start" => {
            let methods = json!([{"authenticationMethodId": "card"}, {"authenticationMethodId": "sms"}]);
            answer(201, json!({"authorisationId": "a-1", "scaMethods": methods}).to_string())
        }
        _ => well(call, times),
    };
    let (_host, client) = over(&store, choice).await;
    let session = session(&client);
    let mut signing = session.sign(flow(&session)).unwrap();
    let _ = signing.keep().await.unwrap();
    signing.look().await.unwrap();
    store.be(FAILING);
    signing.cancel().await.unwrap_err();
    assert_eq!(signing.flow().ending(), None);
    store.be(FAILING);
    signing.choose("sms").await.unwrap_err();
    signing.choose("sms").await.unwrap();
}

/// In a thread of its own: what went on without end here would hold up everything else in it.
#[test]
fn a_store_that_gives_old_values_is_an_error_and_no_loop() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Odd::new();
            let (_host, client) = over(&store, well).await;
            let session = session(&client);
            let mut one = session.sign(flow(&session)).unwrap();
            let ticket = one.keep().await.unwrap();
            let psu = Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Mozilla/5.0");
            let mut other = client.resume(&ticket).await.unwrap().sign(psu).unwrap();
            one.advance().await.unwrap();
            store.be(BEHIND);
            let looked = other.look().await.is_err();
            let cancelled = other.cancel().await.is_err();
            done.send((looked, cancelled)).unwrap();
        });
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok((true, true)));
}

//! The calls of a signature against everything that can go wrong on the way: each ends in time, what fails has a typed
//! error or is looked up, and no write is sent twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::faults::{faults, stage};
use opp_ergonomic::sca::{Answer, Ask, Callback, Device, Flow, Step, Subject};
use opp_ergonomic::{Bank, PaymentKey, PaymentProduct, PaymentService, Psu, Session};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const CALLS: [&str; 6] = ["start", "find", "select", "poll", "confirm", "exchange"];

fn subjects() -> [Subject; 3] {
    let key = PaymentKey::new(&PaymentService::Payments, &PaymentProduct::Domestic, "p").unwrap();
    [Subject::Consent("c".into()), Subject::Payment(key.clone()), Subject::Cancellation(key)]
}

fn read<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

/// A flow that wants this call next.
fn before(call: &str, session: &Session, subject: Subject) -> Flow {
    let now = chrono::Utc::now();
    let flow = session.flow(subject, Device::Desktop).client_id("shop").redirect("https://shop.example/back");
    let mut flow = flow.poll_every(Duration::from_millis(1)).within(Duration::from_hours(3));
    if call == "find" {
        flow.answer(Answer::Lost, now);
    }
    if matches!(call, "start" | "find") {
        return flow;
    }
    flow.answer(Answer::Started(Box::new(read(json!({"authorisationId": "a"})))), now);
    match call {
        "poll" | "confirm" => _ = flow.answer(Answer::Lost, now),
        "exchange" => {
            let links = json!({"_links": {"scaOAuth": {"href": "https://bank.example/?state=[TPP_STATE]"}}});
            let Step::Redirect { url, .. } = flow.answer(Answer::Selected(Box::new(read(links)), None), now) else {
                panic!("there is a link")
            };
            let state = url.expose().split_once("state=").unwrap().1;
            flow.callback(&Callback::parse(&format!("?code=c&state={state}")), now).unwrap();
        }
        _ => {}
    }
    if call == "confirm" {
        flow.answer(Answer::Polled(Box::new(read(json!({"scaStatus": "finalised"})))), now);
    }
    let asked = flow.ask().unwrap();
    let right = match call {
        "select" => matches!(asked, Ask::Select(_)),
        "poll" => matches!(asked, Ask::Poll { .. }),
        "confirm" => matches!(asked, Ask::Confirm { .. }),
        _ => matches!(asked, Ask::Exchange(_)),
    };
    assert!(right, "{call}: {asked:?}");
    flow
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_goes_wrong_while_signing_ends_in_time_and_writes_nothing_twice() {
    let mut done = 0;
    for (fault, act, _) in faults() {
        let mut checks = tokio::task::JoinSet::new();
        for (call, subject) in CALLS.iter().flat_map(|call| subjects().map(|subject| (*call, subject))) {
            let act = act.clone();
            checks.spawn(async move {
                let place = format!("{call} of {subject:?} with {fault}");
                let (api, client) = stage(fault, act).await;
                let psu = Psu::private().id("1").ip([192, 0, 2, 7].into()).user_agent("x");
                let session = client.at(Bank::new("ESSESESS").unwrap(), psu).unwrap();
                let mut signing = session.sign(before(call, &session, subject)).unwrap();
                for _ in 0..3 {
                    let ended = tokio::time::timeout(Duration::from_secs(20), signing.advance()).await;
                    if let Err(error) = ended.unwrap_or_else(|_| panic!("{place} does not end")) {
                        let known = error.operation().is_some() || error.token().is_some();
                        assert!(known, "{place}: {error:?}");
                        assert!(!error.to_string().contains("hello"), "{place}: {error}");
                    }
                }
                let writes = api.requests().into_iter().filter(|request| {
                    let token = request.body.contains("client_credentials");
                    request.method != "GET" && !token
                });
                assert!(writes.count() <= 1, "{place} was written more than once");
                assert_ne!(api.count(), 0, "{place} was never asked");
            });
        }
        while let Some(check) = checks.join_next().await {
            check.unwrap();
            done += 1;
        }
    }
    assert_eq!(done, 3 * CALLS.len() * faults().len());
}

//! What banks remark while somebody signs: it is told, once, and none of their words lie in a store or in a log.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use common::{Act, Host, Request, answer, builder, token};
use futures_util::StreamExt as _;
use opp_ergonomic::sca::{Device, Ending, Flow, PromptKind, Signing, Standing, Step, Subject, Ticket};
use opp_ergonomic::store::FileStore;
use opp_ergonomic::{Bank, Client, Psu, Session};
use serde_json::{Value, json};

/// What a flow calls.
#[derive(Clone, Copy, PartialEq)]
enum Call {
    Start,
    Find,
    Select,
    Poll,
    Confirm,
}

/// A bank that answers each call as it is told; of polls it is told the number, from 0.
async fn bank(answers: impl Fn(Call, usize) -> Act + Send + Sync + 'static) -> Host {
    let polls = std::sync::atomic::AtomicUsize::new(0);
    Host::start(move |number, request: &Request| {
        let call = match (request.method.as_str(), request.target.rsplit('/').next().unwrap()) {
            (_, "token") => return token(number),
            ("POST", "authorisations") => Call::Start,
            ("GET", "authorisations") => Call::Find,
            ("PUT", _) => Call::Select,
            (_, "status") => Call::Confirm,
            _ => Call::Poll,
        };
        let poll = if call == Call::Poll { polls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) } else { 0 };
        answers(call, poll)
    })
    .await
}

/// An answer that goes well, with these remarks.
fn said(call: Call, status: &str, remarks: &[(&str, &str)]) -> Act {
    let mut body = match call {
        Call::Start => json!({"authorisationId": "a-1", "scaMethods": [{"authenticationMethodId": "mbid"}]}),
        Call::Find => json!({"authorisationIds": ["a-1"]}),
        Call::Select | Call::Poll => json!({"challengeData": {"data": ["t"]}}),
        Call::Confirm => json!({"consentStatus": "valid"}),
    };
    body["scaStatus"] = status.into();
    let note = |(code, text): &(&str, &str)| json!({"category": "WARNING", "code": code, "text": text});
    body["tppMessages"] = remarks.iter().map(note).collect::<Value>();
    answer(200, body.to_string())
}

fn client(host: &Host) -> Client {
    builder(&host.url, &host.url).build().unwrap()
}

fn psu() -> Psu {
    Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Mozilla/5.0")
}

fn session(client: &Client) -> Session {
    client.at(Bank::new("ESSESESS").unwrap(), psu()).unwrap()
}

fn begin(session: &Session) -> Signing {
    let flow = session.flow(Subject::Consent("c-1".into()), Device::Desktop);
    session.sign(flow.poll_every(Duration::from_millis(1))).unwrap()
}

fn remarks(flow: &Flow) -> Vec<(Option<&str>, Option<&str>)> {
    flow.warnings().iter().map(|warning| (warning.code.as_deref(), warning.text.as_deref())).collect()
}

#[tokio::test]
async fn what_a_bank_remarks_on_any_answer_is_told_once() {
    for lost in [false, true] {
        let host = bank(move |call, poll| match call {
            Call::Start if lost => Act::Close,
            Call::Start => said(call, "received", &[("START", "one")]),
            Call::Find => said(call, "", &[("FIND", "one")]),
            Call::Select => said(call, "started", &[("WARNING", "this"), ("WARNING", "that")]),
            Call::Poll => {
                said(call, if poll < 5 { "started" } else { "finalised" }, &[("POLL", "a"), ("WARNING", "that")])
            }
            Call::Confirm => said(call, "", &[("CREDITOR_ACCOUNT_FLAGGED", "look")]),
        })
        .await;
        let mut signing = begin(&session(&client(&host)));
        let ending = signing.finish(|_| {}).await.unwrap();
        assert_eq!(ending, Ending::Finalised(Standing::Valid));
        let first = if lost { "FIND" } else { "START" };
        let all = [
            (first, "one"),
            ("WARNING", "this"),
            ("WARNING", "that"),
            ("POLL", "a"),
            ("CREDITOR_ACCOUNT_FLAGGED", "look"),
        ];
        assert_eq!(remarks(signing.flow()), all.map(|(code, text)| (Some(code), Some(text))));
    }
}

#[tokio::test]
async fn whoever_takes_the_steps_as_a_stream_is_told_the_remarks_too_and_can_choose_on_the_way() {
    let host = bank(|call, _| match call {
        Call::Start => {
            let methods = json!([{"authenticationMethodId": "card"}, {"authenticationMethodId": "sms"}]);
            let remarks = json!([{"category": "WARNING", "code": "CREDITOR_ACCOUNT_FLAGGED", "text": "look"}]);
            let body = json!({"authorisationId": "a-1", "scaMethods": methods, "tppMessages": remarks});
            answer(200, body.to_string())
        }
        Call::Poll => said(call, "finalised", &[]),
        _ => said(call, "received", &[("LAST", "words")]),
    })
    .await;
    let mut signing = begin(&session(&client(&host)));
    let choice = signing.steps().filter_map(async |step| match step.unwrap() {
        Step::ChooseMethod { methods } => Some(methods[1].id.clone()),
        _ => None,
    });
    let choice = pin!(choice).next().await.unwrap();
    assert_eq!(remarks(signing.flow()), [(Some("CREDITOR_ACCOUNT_FLAGGED"), Some("look"))]);
    signing.choose(&choice).await.unwrap();
    let steps: Vec<_> = signing.steps().map(Result::unwrap).collect().await;
    assert_eq!(steps.last(), Some(&Step::Done(Ending::Finalised(Standing::Valid))));
    let all = [("CREDITOR_ACCOUNT_FLAGGED", "look"), ("LAST", "words")];
    assert_eq!(remarks(signing.flow()), all.map(|(code, text)| (Some(code), Some(text))));
}

#[tokio::test]
async fn of_a_bank_that_says_something_else_each_time_the_first_and_the_last_words_are_kept() {
    let host = bank(|call, poll| match call {
        Call::Poll if poll < 100 => said(call, "started", &[("WARNING", &format!("{poll} seconds"))]),
        Call::Poll => said(call, "finalised", &[]),
        Call::Confirm => said(call, "", &[("LAST", "")]),
        _ => said(call, "received", &[("FIRST", "")]),
    })
    .await;
    let mut signing = begin(&session(&client(&host)));
    signing.finish(|_| {}).await.unwrap();
    let warnings = signing.flow().warnings();
    assert_eq!(warnings.len(), 32);
    assert_eq!(warnings[0].code.as_deref(), Some("FIRST"));
    assert_eq!(warnings[31].code.as_deref(), Some("LAST"));
}

/// A client whose store lies in this directory.
fn storing(host: &Host, directory: &std::path::Path) -> Client {
    builder(&host.url, &host.url).store(Arc::new(FileStore::open(directory).unwrap())).build().unwrap()
}

/// All that is in a directory, as text.
fn contents(directory: &std::path::Path) -> String {
    let files = std::fs::read_dir(directory).unwrap();
    files.map(|file| String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned()).collect()
}

#[tokio::test]
async fn remarks_outlive_a_restart_by_their_codes_and_get_their_texts_back_with_the_next_answer() {
    let directory = tempfile::tempdir().unwrap();
    let host = bank(|call, _| match call {
        Call::Poll => said(call, "started", &[("WARNING", "this"), ("WARNING", "that")]),
        _ => said(call, "received", &[("START", "canary")]),
    })
    .await;
    let mut signing = begin(&session(&storing(&host, directory.path())));
    let ticket = signing.keep().await.unwrap().expose().to_owned();
    while signing.flow().warnings().len() < 3 {
        signing.look().await.unwrap();
    }
    drop(signing);

    let kept = storing(&host, directory.path()).resume(&Ticket::new(&ticket)).await.unwrap();
    let codes = [Some("START"), Some("WARNING"), Some("WARNING")];
    assert_eq!(remarks(kept.flow()), codes.map(|code| (code, None)));
    let mut signing = kept.sign(psu()).unwrap();
    signing.look().await.unwrap();
    let texts = [None, Some("this"), Some("that")];
    assert_eq!(remarks(signing.flow()), [0, 1, 2].map(|at| (codes[at], texts[at])));
}

#[tokio::test]
async fn what_two_replicas_hear_is_kept_of_both() {
    let directory = tempfile::tempdir().unwrap();
    let host = bank(|call, poll| match call {
        Call::Poll if poll == 0 => said(call, "started", &[("WARNING", "heard by one")]),
        Call::Poll => said(call, "started", &[("RAW", "heard by the other")]),
        _ => said(call, "received", &[]),
    })
    .await;
    let client = storing(&host, directory.path());
    let mut one = begin(&session(&client));
    let ticket = one.keep().await.unwrap();
    // Both begin where nothing was heard yet.
    one.advance().await.unwrap();
    one.advance().await.unwrap();
    let mut other = client.resume(&ticket).await.unwrap().sign(psu()).unwrap();
    one.look().await.unwrap();
    other.look().await.unwrap();
    assert_eq!(remarks(other.flow()), [(Some("WARNING"), None), (Some("RAW"), Some("heard by the other"))]);
    let kept = client.resume(&ticket).await.unwrap();
    assert_eq!(remarks(kept.flow()), [(Some("WARNING"), None), (Some("RAW"), None)]);
}

#[tokio::test]
async fn no_word_of_a_bank_lies_in_the_store_or_is_printed() {
    let directory = tempfile::tempdir().unwrap();
    let host = bank(|call, poll| {
        let mut body = match (call, poll) {
            (Call::Start, _) => json!({"authorisationId": "a-1", "scaMethods": [
                {"authenticationMethodId": "card", "name": "card canary-method"},
                {"authenticationMethodId": "sms", "name": "sms canary-method"},
            ]}),
            (Call::Poll, 0) => json!({"scaStatus": "started"}),
            (Call::Poll, _) => json!({"scaStatus": "failed"}),
            _ => json!({"scaStatus": "received"}),
        };
        body["psuMessage"] = "canary-message: Anna, 19931121-9639".into();
        body["tppMessages"] = json!([{"category": "ERROR", "code": "BANKID_NOT_ACTIVATED", "text": "canary-remark"}]);
        answer(200, body.to_string())
    })
    .await;
    let mut signing = begin(&session(&storing(&host, directory.path())));
    let ticket = signing.keep().await.unwrap();
    let mut shown = Vec::new();
    let mut stored = String::new();
    let ending = loop {
        let step = signing.next().await.unwrap().unwrap();
        shown.push(format!("{step:?} {step:#?} {signing:?} {:?} {:?}", signing.flow(), signing.flow().warnings()));
        match step {
            Step::ChooseMethod { methods } => {
                assert_eq!(methods[1].name.as_deref(), Some("sms canary-method"));
                let chooses = contents(directory.path());
                assert!(chooses.contains("canary-method"), "whoever goes on shows the names that there are");
                assert!(!chooses.contains("canary-message") && !chooses.contains("canary-remark"), "{chooses}");
                signing.choose("sms").await.unwrap();
            }
            Step::Wait { prompt } if prompt.kind == PromptKind::Prepare && prompt.message.is_none() => {}
            Step::Wait { prompt } => assert!(prompt.message.unwrap().starts_with("canary-message")),
            Step::Done(ending) => break ending,
            other => panic!("{other:?}"),
        }
        stored.push_str(&contents(directory.path()));
    };
    stored.push_str(&contents(directory.path()));
    let Ending::Failed(failure) = &ending else { panic!("{ending:?}") };
    assert!(failure.message.as_ref().unwrap().starts_with("canary-message"), "who asks first is told");
    assert_eq!(remarks(signing.flow()), [(Some("BANKID_NOT_ACTIVATED"), Some("canary-remark"))]);

    let kept = storing(&host, directory.path()).resume(&ticket).await.unwrap();
    let Some(Ending::Failed(later)) = kept.flow().ending() else { panic!("{kept:?}") };
    assert_eq!((later.code.as_deref(), later.message.as_deref()), (Some("BANKID_NOT_ACTIVATED"), None));
    assert!(!later.may_try_again());

    assert!(stored.contains("BANKID_NOT_ACTIVATED"), "the search would find what is there");
    assert!(!stored.contains("canary"), "{stored}");
    let canary = shown.iter().find(|text| text.contains("canary"));
    assert_eq!(canary, None);
}

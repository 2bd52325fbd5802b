//! The machine, told what banks say.

mod any;
mod away;
mod ends;
mod rounds;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::*;
use crate::bank::Bank;
use crate::services::{PaymentKey, PaymentProduct, PaymentService};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn flow(subject: Subject) -> Flow {
    let bank = Bank::new("ESSESESS").unwrap();
    Flow::new(subject, bank, Device::Desktop, at(0)).client_id("client").redirect("https://shop.example/back")
}

fn consent() -> Flow {
    flow(Subject::Consent("c-1".to_owned()))
}

fn key() -> PaymentKey {
    PaymentKey::new(&PaymentService::Payments, &PaymentProduct::Domestic, "p-1").unwrap()
}

fn payment() -> Flow {
    flow(Subject::Payment(key()))
}

fn start(body: Value) -> Answer {
    Answer::Started(serde_json::from_value(body).unwrap())
}

fn select(body: Value, approach: &str) -> Answer {
    Answer::Selected(serde_json::from_value(body).unwrap(), approach.parse().ok())
}

#[allow(clippy::needless_pass_by_value, reason = "what is given is written on the spot")]
fn poll(status: &str, data: Value) -> Answer {
    Answer::Polled(serde_json::from_value(json!({"scaStatus": status, "challengeData": {"data": data}})).unwrap())
}

fn methods(ids: &[&str]) -> Answer {
    let list: Vec<_> = ids.iter().map(|id| json!({"authenticationMethodId": id})).collect();
    start(json!({"authorisationId": "a-1", "scaStatus": "received", "scaMethods": list}))
}

/// A flow that polls, BankID by token.
fn polling(mut flow: Flow) -> Flow {
    flow.answer(methods(&["mbid"]), at(1));
    assert!(matches!(flow.ask().unwrap(), Ask::Select(id) if id == "mbid"));
    flow.answer(select(json!({"scaStatus": "received"}), "DECOUPLED"), at(2));
    assert!(matches!(flow.ask().unwrap(), Ask::Poll { .. }));
    flow
}

/// A flow whose user is at the bank, with the address.
fn away(link: &str, mut flow: Flow) -> (Flow, String) {
    flow.answer(methods(&[]), at(1));
    let href = "https://auth.example/connect/authorize?client_id=[CLIENT_ID]&redirect_uri=[TPP_REDIRECT_URI]&state=[TPP_STATE]";
    let body = json!({"scaStatus": "started", "_links": {link: {"href": href}}});
    let step = flow.answer(select(body, "REDIRECT"), at(2));
    let Step::Redirect { url, .. } = step else { panic!("{step:?}") };
    let url = url.expose().to_owned();
    (flow, url)
}

fn back(url: &str, more: &str) -> Callback {
    Callback::parse(&format!("https://shop.example/back?state={}{more}", url.split_once("&state=").unwrap().1))
}

fn qr(step: &Step) -> &str {
    match step {
        Step::ShowQr { payload, .. } => payload.expose(),
        other => panic!("{other:?}"),
    }
}

fn waits_for(step: &Step) -> PromptKind {
    match step {
        Step::Wait { prompt } => prompt.kind,
        other => panic!("{other:?}"),
    }
}

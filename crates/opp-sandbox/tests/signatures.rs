//! What was signed stays signed: nothing that comes later, from another authorisation, a stale page or a hand on the
//! phone, changes an answer that was given.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/journey.rs"]
mod journey;
#[path = "common/orders.rs"]
mod orders;
#[path = "common/reader.rs"]
mod reader;

use common::{Desk, config, json_of, refusal_of};
use journey::{CONSENTS, Journey, accounts, back};
use opp_sandbox::Config;
use orders::{PAYMENTS, changed, domestic, pounds};
use reader::Reader;
use reqwest::{Method, Response};
use serde_json::{Value, json};

const PERSON: &str = "198301014882";

/// From Swedbank's first documented account to its second.
fn order() -> Value {
    changed(
        domestic(),
        &[
            ("/debtorAccount/iban", json!("SE4880000123459876543219")),
            ("/creditorAccount/iban", json!("SE4880000123451234567890")),
        ],
    )
}

async fn decide(desk: &Desk, link: &str, decision: &str) -> Response {
    desk.client.post(link).form(&[("decision", decision)]).send().await.unwrap()
}

/// Two authorisations of one resource, both at the bank: the link of the first, and the journey of the second.
async fn twice(journey: Journey) -> (String, Journey) {
    (journey.link, Journey::to_the_page(journey.desk, PERSON, journey.resource).await)
}

#[tokio::test]
async fn who_declines_after_the_signature_changes_nothing() {
    let later = changed(order(), &[("/requestedExecutionDate", json!("2026-04-01"))]);
    let (first, second) = twice(Journey::payment("SWEDSESS", "domestic", &later).await).await;
    decide(&second.desk, &first, "approve").await;
    assert_eq!(second.status().await["transactionStatus"], "ACTC");
    second.post(&[("decision", "deny")]).await;
    assert_eq!(second.status().await["transactionStatus"], "ACTC");

    let (first, second) = twice(Journey::consent("SWEDSESS", PERSON, config()).await).await;
    for _ in 0..2 {
        decide(&second.desk, &first, "approve").await;
    }
    second.post(&[("decision", "deny")]).await;
    assert_eq!(second.status().await["consentStatus"], "valid");
}

#[tokio::test]
async fn a_second_signature_that_nobody_needs_does_not_delay_the_payment() {
    let (first, second) = twice(Journey::payment("SWEDSESS", "domestic", &order()).await).await;
    decide(&second.desk, &first, "approve").await;
    second.wait(1);
    second.post(&[("decision", "approve")]).await;
    second.wait(1);
    assert_eq!(second.status().await["transactionStatus"], "ACSC", "two seconds after the first");
}

#[tokio::test]
async fn no_method_is_chosen_for_what_is_signed_or_over() {
    let desk = Desk::at("ESSESESS").await;
    let path = format!("{PAYMENTS}/payments/domestic");
    let start = async |base: &str| {
        let answer = desk.post(base).header("Content-Type", "application/json").send().await.unwrap();
        format!("{base}/{}", json_of(answer, 201).await["authorisationId"].as_str().unwrap())
    };
    let choose =
        async |path: &str| desk.put(path).json(&json!({ "authenticationMethodId": "mbid" })).send().await.unwrap();
    for ended in ["signed", "cancelled"] {
        let created = json_of(desk.post(&path).json(&domestic()).send().await.unwrap(), 201).await;
        let payment = format!("{path}/{}", created["paymentId"].as_str().unwrap());
        let base = format!("{payment}/authorisations");
        let (one, other) = (start(&base).await, start(&base).await);
        if ended == "signed" {
            assert_eq!(choose(&one).await.status(), 200);
            desk.sandbox.control().advance(std::time::Duration::from_secs(5));
        } else {
            assert_eq!(desk.call(Method::DELETE, &payment).send().await.unwrap().status(), 204);
        }
        assert_eq!(refusal_of(choose(&other).await, 409).await.0, "STATUS_INVALID", "{ended}");
    }
    let base = format!("{CONSENTS}/{}", desk.create_consent().await);
    let one = start(&format!("{base}/authorisations")).await;
    assert_eq!(desk.call(Method::DELETE, &base).send().await.unwrap().status(), 204);
    assert_eq!(refusal_of(choose(&one).await, 409).await.0, "STATUS_INVALID");
}

#[tokio::test]
async fn an_approval_on_the_page_is_final() {
    let journey = Journey::payment("DABASESX", "domestic", &pounds()).await;
    journey.post(&[("decision", "sign-in"), ("user", "ada"), ("secret", "1")]).await;
    let accounts = accounts(&journey.page().await);
    back(&journey.post(&[("decision", "approve"), ("account", &accounts[0])]).await);
    let approved = journey.desk.read(&journey.resource).await["debtorAccount"].clone();
    back(&journey.post(&[("decision", "approve"), ("account", &accounts[1])]).await);
    assert_eq!(journey.desk.read(&journey.resource).await["debtorAccount"], approved);
    let again = back(&journey.post(&[("decision", "deny")]).await);
    assert!(again.contains_key("code"), "{again:?}");
    assert_eq!(journey.sca_status().await["scaStatus"], "psuAuthenticated");
}

#[tokio::test]
async fn what_somebody_else_signs_is_still_paid_from_the_account_in_the_order() {
    let reader = Reader::at("SWEDSESS").await;
    let before = reader.balance(1, "interimBooked").await;
    let desk = &reader.desk;
    let path = format!("{PAYMENTS}/payments/domestic");
    let send = async |order: &Value| {
        let call = desk.post(&path).header("PSU-ID", "195001011234").json(order);
        call.send().await.unwrap()
    };
    // The refusal of an account that is not theirs tells which are.
    let foreign = changed(order(), &[("/debtorAccount/iban", json!("SE4550000000058398257466"))]);
    let text = refusal_of(send(&foreign).await, 400).await.1;
    let own = text.split("theirs are ").nth(1).unwrap().split(',').next().unwrap();
    let own = changed(order(), &[("/debtorAccount/iban", json!(own))]);
    let payment = format!("{path}/{}", json_of(send(&own).await, 201).await["paymentId"].as_str().unwrap());

    let base = format!("{payment}/authorisations");
    let started = json_of(desk.post(&base).send().await.unwrap(), 201).await;
    let authorisation = format!("{base}/{}", started["authorisationId"].as_str().unwrap());
    let chosen = desk.put(&authorisation).json(&json!({ "authenticationMethodId": "mbid" })).send().await.unwrap();
    let link = json_of(chosen, 200).await["_links"]["scaRedirect"]["href"].as_str().unwrap().to_owned();
    let link = link.replace("[TPP_REDIRECT_URI]", "http%3A%2F%2Flocalhost%3A9999%2Fback").replace("[TPP_STATE]", "x");
    let sign_in = [("decision", "sign-in"), ("user", "196002022345")];
    assert_eq!(desk.client.post(&link).form(&sign_in).send().await.unwrap().status(), 303);
    assert_eq!(decide(desk, &link, "approve").await.status(), 303);
    reader.wait(10);
    assert_eq!(desk.read(&format!("{payment}/status")).await["transactionStatus"], "ACSC");
    assert_eq!(reader.balance(1, "interimBooked").await, before + 24_950, "settled means that it has arrived");
}

#[tokio::test]
async fn a_hand_on_the_phone_cannot_help_whom_the_facts_let_fail() {
    for (person, code) in [("99990101004", "AUTHENTICATION_SESSION_EXPIRED"), ("99990101005", "BANKID_NOT_ACTIVATED")] {
        let desk = Desk::with("ESSESESS", Config { person_after: None, ..config() }).await;
        desk.sandbox.control().stop_clock();
        let created = desk.post(CONSENTS).header("PSU-ID", person).json(&common::consent()).send().await.unwrap();
        let consent = format!("{CONSENTS}/{}", json_of(created, 201).await["consentId"].as_str().unwrap());
        let (path, chosen) = desk.authorise(&format!("{consent}/authorisations"), "mbid").await;
        let token = json_of(chosen, 200).await["challengeData"]["data"][0].as_str().unwrap().to_owned();
        let phone = format!("{}/bankid", desk.sandbox.auth_url());
        let form = [("code", token.as_str()), ("action", "approve")];
        assert_eq!(desk.client.post(phone).form(&form).send().await.unwrap().status(), 303);
        let body = desk.read(&path).await;
        assert_eq!((&body["scaStatus"], &body["tppMessages"][0]["code"]), (&json!("failed"), &json!(code)));
        assert_eq!(desk.read(&format!("{consent}/status")).await["consentStatus"], "received");
    }
}

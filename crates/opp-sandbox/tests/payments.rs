//! A payment's life: signed, settled, cancelled.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/orders.rs"]
mod orders;

use std::time::Duration;

use common::{Desk, json_of, refusal_of};
use orders::domestic as order;
use reqwest::Method;
use serde_json::{Value, json};

const DOMESTIC: &str = "/psd2/paymentinitiation/v1/payments/domestic";

async fn create(desk: &Desk, path: &str, order: &Value) -> String {
    let answer = json_of(desk.post(path).json(order).send().await.unwrap(), 201).await;
    format!("{path}/{}", answer["paymentId"].as_str().unwrap())
}

async fn status(desk: &Desk, payment: &str) -> Value {
    desk.read(&format!("{payment}/status")).await["transactionStatus"].clone()
}

#[tokio::test]
async fn seb_shows_a_token_in_the_first_round_only() {
    let desk = Desk::at("ESSESESS").await;
    desk.sandbox.control().stop_clock();
    let payment = create(&desk, DOMESTIC, &order()).await;
    let (path, chosen) = desk.authorise(&format!("{payment}/authorisations"), "mbid").await;
    let mut seen = vec![json_of(chosen, 200).await];
    for _ in 0..20 {
        desk.sandbox.control().advance(Duration::from_millis(500));
        let body = desk.read(&path).await;
        if seen.last().unwrap()["scaStatus"] != body["scaStatus"] {
            seen.push(body);
        }
    }
    let statuses: Vec<_> = seen.iter().map(|body| body["scaStatus"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["authenticationStarted", "psuAuthenticated", "started", "finalised"]);
    let tokens: Vec<_> = seen.iter().map(|body| body["challengeData"]["data"][0].is_string()).collect();
    assert_eq!(tokens, [true, false, false, false]);
}

#[tokio::test]
async fn a_signed_payment_settles_and_appears_on_the_account() {
    let desk = Desk::at("ESSESESS").await;
    let payment = create(&desk, DOMESTIC, &order()).await;
    assert_eq!(status(&desk, &payment).await, "RCVD");
    desk.authorise(&format!("{payment}/authorisations"), "mbid").await;
    desk.sandbox.control().advance(Duration::from_secs(5));
    assert_eq!(status(&desk, &payment).await, "ACSP");
    desk.sandbox.control().advance(Duration::from_secs(5));
    assert_eq!(status(&desk, &payment).await, "ACSC");
    let id = desk.valid_consent().await;
    let get = async |path: &str| json_of(desk.get(path).header("Consent-ID", &id).send().await.unwrap(), 200).await;
    let accounts = get("/psd2/accountinformation/v1/accounts").await;
    let list = accounts["accounts"][0]["_links"]["transactions"]["href"].as_str().unwrap();
    let page = get(&format!("{list}?bookingStatus=booked&dateFrom=2026-03-16")).await;
    let mine = page["transactions"]["booked"].as_array().unwrap().iter().find(|row| row["endToEndId"] == "NV-1");
    assert_eq!(mine.unwrap()["transactionAmount"]["amount"], "-249.50");
}

#[tokio::test]
async fn what_was_ordered_can_be_read_back() {
    let desk = Desk::at("ESSESESS").await;
    let payment = create(&desk, DOMESTIC, &order()).await;
    let body = desk.read(&payment).await;
    assert_eq!(body["instructedAmount"], order()["instructedAmount"]);
    assert_eq!(body["transactionStatus"], "RCVD");
}

#[tokio::test]
async fn a_payment_is_found_only_under_its_own_product() {
    let desk = Desk::at("ESSESESS").await;
    let payment = create(&desk, DOMESTIC, &order()).await;
    let other = payment.replace("/domestic/", "/sepa-credit-transfers/");
    let (code, _) = refusal_of(desk.get(&other).send().await.unwrap(), 404).await;
    assert_eq!(code, "RESOURCE_UNKNOWN");
}

#[tokio::test]
async fn a_giro_payment_needs_exactly_one_reference() {
    let desk = Desk::at("ESSESESS").await;
    let path = "/psd2/paymentinitiation/v1/payments/swedish-giro";
    let mut giro = json!({
        "instructedAmount": { "currency": "SEK", "amount": "845.00" },
        "debtorAccount": { "iban": "SE3750000000054400047881" },
        "creditorGiro": { "giroNumber": "5555-5551", "giroType": "BANKGIRO" },
        "creditorName": "Kustbandets Elnät AB",
        "ocrRef": "1234567897",
    });
    create(&desk, path, &giro).await;
    giro["invoiceRef"] = json!("Faktura 118");
    assert_eq!(refusal_of(desk.post(path).json(&giro).send().await.unwrap(), 400).await.0, "FORMAT_ERROR");
}

#[tokio::test]
async fn an_unsigned_payment_is_cancelled_at_once() {
    let desk = Desk::at("ESSESESS").await;
    let payment = create(&desk, DOMESTIC, &order()).await;
    assert_eq!(desk.call(Method::DELETE, &payment).send().await.unwrap().status(), 204);
    assert_eq!(status(&desk, &payment).await, "CANC");
}

#[tokio::test]
async fn a_signed_payment_is_cancelled_by_another_signature() {
    let desk = Desk::at("ESSESESS").await;
    let mut order = order();
    order["requestedExecutionDate"] = json!("2026-04-01");
    let payment = create(&desk, DOMESTIC, &order).await;
    desk.authorise(&format!("{payment}/authorisations"), "mbid").await;
    desk.sandbox.control().advance(Duration::from_secs(10));
    let answer = json_of(desk.call(Method::DELETE, &payment).send().await.unwrap(), 202).await;
    let base = answer["_links"]["startAuthorisation"]["href"].as_str().unwrap();
    let (path, _) = desk.authorise(base, "mbid").await;
    assert_eq!(desk.read(base).await["cancellationIds"][0], path.rsplit('/').next().unwrap());
    desk.sandbox.control().advance(Duration::from_secs(10));
    assert_eq!(status(&desk, &payment).await, "CANC");
}

#[tokio::test]
async fn a_settled_payment_cannot_be_cancelled() {
    let desk = Desk::at("ESSESESS").await;
    let payment = create(&desk, DOMESTIC, &order()).await;
    desk.authorise(&format!("{payment}/authorisations"), "mbid").await;
    desk.sandbox.control().advance(Duration::from_secs(30));
    let answer = desk.call(Method::DELETE, &payment).send().await.unwrap();
    assert_eq!(refusal_of(answer, 405).await.0, "CANCELLATION_INVALID");
}

#[tokio::test]
async fn a_product_that_the_bank_lacks_is_unknown() {
    let desk = Desk::at("HANDSESS").await;
    let path = "/psd2/paymentinitiation/v1/payments/sepa-credit-transfers";
    let answer = desk.post(path).json(&order()).send().await.unwrap();
    assert_eq!(refusal_of(answer, 404).await.0, "PRODUCT_UNKNOWN");
}

#[tokio::test]
async fn a_second_signer_completes_what_the_first_began() {
    let desk = Desk::at("ESSESESS").await;
    let answer = desk.post(DOMESTIC).header("PSU-ID", "99990101002").json(&order()).send().await.unwrap();
    let payment = format!("{DOMESTIC}/{}", json_of(answer, 201).await["paymentId"].as_str().unwrap());
    desk.authorise(&format!("{payment}/authorisations"), "mbid").await;
    desk.sandbox.control().advance(Duration::from_secs(10));
    let body = desk.read(&format!("{payment}/status")).await;
    assert_eq!(body["transactionStatus"], "PATC");
    assert_eq!(body["tppMessages"][0]["code"], "AUTHORISATION_PENDING_API");
    let second = desk.post(&format!("{payment}/authorisations")).header("PSU-ID", "198301014882").send().await.unwrap();
    let path = second.headers()["location"].to_str().unwrap().to_owned();
    desk.put(&path).json(&json!({ "authenticationMethodId": "mbid" })).send().await.unwrap();
    desk.sandbox.control().advance(Duration::from_secs(20));
    assert_eq!(status(&desk, &payment).await, "ACSC");
}

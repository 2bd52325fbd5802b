//! What is wrong with a request is said with status, code and place.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Desk, consent, json_of, refusal_of};
use reqwest::Method;
use serde_json::json;

const CONSENTS: &str = "/psd2/consent/v1/consents";

#[tokio::test]
async fn the_request_id_is_echoed_on_success_and_on_failure() {
    let desk = Desk::at("ESSESESS").await;
    for path in ["/psd2/aspspinformation/v1/aspsps", "/psd2/nothing/here", CONSENTS] {
        let answer = desk.get(path).send().await.unwrap();
        assert_eq!(answer.headers()["x-request-id"], "0f9d0c9e-58f4-4a0e-8d4f-6c1a58f0a111", "{path}");
    }
}

#[tokio::test]
async fn a_missing_request_id_is_named() {
    let desk = Desk::at("ESSESESS").await;
    let url = format!("{}/psd2/aspspinformation/v1/aspsps", desk.sandbox.api_url());
    let answer = desk.client.get(url).bearer_auth(&desk.token).send().await.unwrap();
    assert!(answer.headers().contains_key("x-request-id"));
    let body = json_of(answer, 400).await;
    assert_eq!(body["tppMessages"][0]["path"], "X-Request-ID");
}

#[tokio::test]
async fn a_body_that_breaks_the_schema_is_named_by_pointer() {
    let desk = Desk::at("ESSESESS").await;
    let mut body = consent();
    body["recurringIndicator"] = json!("yes");
    let answer = json_of(desk.post(CONSENTS).json(&body).send().await.unwrap(), 400).await;
    assert_eq!(answer["tppMessages"][0]["code"], "FORMAT_ERROR");
    assert_eq!(answer["tppMessages"][0]["path"], "/recurringIndicator");
}

#[tokio::test]
async fn malformed_json_is_a_format_error() {
    let desk = Desk::at("ESSESESS").await;
    let request = desk.post(CONSENTS).header("Content-Type", "application/json").body("{\"access\":");
    assert_eq!(refusal_of(request.send().await.unwrap(), 400).await.0, "FORMAT_ERROR");
}

#[tokio::test]
async fn another_content_type_is_415_and_another_accept_406() {
    let desk = Desk::at("ESSESESS").await;
    let request = desk.post(CONSENTS).header("Content-Type", "text/plain").body("access");
    assert_eq!(request.send().await.unwrap().status(), 415);
    let url = format!("{}/psd2/aspspinformation/v1/aspsps", desk.sandbox.api_url());
    let request = desk.client.get(url).bearer_auth(&desk.token).header("Accept", "image/png");
    let (code, _) = refusal_of(request.send().await.unwrap(), 406).await;
    assert_eq!(code, "REQUESTED_FORMATS_INVALID");
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let desk = Desk::at("ESSESESS").await;
    let answer = desk.call(Method::DELETE, CONSENTS).send().await.unwrap();
    assert_eq!(answer.headers()["allow"], "POST");
    assert_eq!(refusal_of(answer, 405).await.0, "SERVICE_INVALID");
}

#[tokio::test]
async fn a_step_up_in_an_id_reaches_nothing() {
    let desk = Desk::at("ESSESESS").await;
    let url = format!("{}{CONSENTS}/%2e%2e%2f%2e%2e%2fcountries", desk.sandbox.api_url());
    let answer = desk.get(&url).send().await.unwrap();
    assert_eq!(refusal_of(answer, 403).await.0, "CONSENT_UNKNOWN");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413() {
    let desk = Desk::at("ESSESESS").await;
    let request = desk.post(CONSENTS).header("Content-Type", "application/json").body(vec![b' '; 2 << 20]);
    // The connection may close before all of it is sent: that is a clear answer, too.
    if let Ok(answer) = request.send().await {
        assert_eq!(answer.status(), 413);
    }
}

#[tokio::test]
async fn a_bank_says_which_header_it_misses() {
    let desk = Desk::at("SWEDSESS").await;
    let answer = desk.post(CONSENTS).json(&consent()).send().await.unwrap();
    let (code, text) = refusal_of(answer, 400).await;
    assert_eq!(code, "FORMAT_ERROR");
    assert!(text.contains("PSU-ID"), "{text}");
}

#[tokio::test]
async fn a_date_has_four_two_and_two_digits() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    let read = async |path: &str| desk.get(path).header("Consent-ID", &id).send().await.unwrap();
    let accounts: serde_json::Value = read("/psd2/accountinformation/v1/accounts").await.json().await.unwrap();
    let list = accounts["accounts"][0]["_links"]["transactions"]["href"].as_str().unwrap().to_owned();
    for date in ["2026-3-1", "%2B2026-03-01", "%202026-03-01", "12026-03-01", "2026-02-29"] {
        let answer = read(&format!("{list}?bookingStatus=booked&dateFrom={date}")).await;
        assert_eq!(refusal_of(answer, 400).await.0, "FORMAT_ERROR", "{date}");
    }
}

//! Each caprice, as a client meets it: by header, by rule, by scenario.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::{Desk, EVERYTHING, config, json_of, refusal_of};
use opp_sandbox::{Caprice, Config, Rule};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

const BANKS: &str = "/psd2/aspspinformation/v1/aspsps";
const ACCOUNTS: &str = "/psd2/accountinformation/v1/accounts";
const CONSENTS: &str = "/psd2/consent/v1/consents";

fn struck(request: RequestBuilder, caprice: &str) -> RequestBuilder {
    request.header("X-Sandbox-Caprice", caprice)
}

async fn banks(desk: &Desk, caprice: &str) -> reqwest::Result<Response> {
    struck(desk.get(BANKS), caprice).send().await
}

fn rule(caprice: &str) -> Rule {
    Rule { caprices: vec![caprice.parse().unwrap()], ..Rule::default() }
}

/// A page of transactions of the first account.
async fn transactions(desk: &Desk, consent: &str, caprice: &str) -> Value {
    let accounts = desk.get(ACCOUNTS).header("Consent-ID", consent).send().await.unwrap();
    let accounts = json_of(accounts, 200).await;
    let path = accounts["accounts"][0]["_links"]["transactions"]["href"].as_str().unwrap();
    let request = desk.get(&format!("{path}?bookingStatus=booked&dateFrom=2026-01-01")).header("Consent-ID", consent);
    json_of(struck(request, caprice).send().await.unwrap(), 200).await
}

#[tokio::test]
async fn latency_makes_one_answer_late() {
    let desk = Desk::at("ESSESESS").await;
    let start = Instant::now();
    assert_eq!(banks(&desk, "latency=300").await.unwrap().status(), 200);
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_reset_loses_the_answer_but_not_the_work() {
    let desk = Desk::at("ESSESESS").await;
    let request = desk.post(CONSENTS).json(&common::consent());
    assert!(struck(request, "reset").send().await.is_err());
    assert_eq!(consents_held(&desk).await, 1);
}

#[tokio::test]
async fn a_reset_before_the_work_leaves_no_trace() {
    let desk = Desk::at("ESSESESS").await;
    let request = desk.post(CONSENTS).json(&common::consent());
    assert!(struck(request, "reset=before").send().await.is_err());
    assert_eq!(consents_held(&desk).await, 0);
}

async fn consents_held(desk: &Desk) -> u64 {
    desk.read("/_sandbox/info").await["state"]["consents"].as_u64().unwrap()
}

#[test]
fn a_reset_is_one_on_the_wire() {
    use std::io::{ErrorKind, Read as _, Write as _};
    let sandbox = opp_sandbox::Sandbox::start(Config::default()).unwrap();
    let mut stream = std::net::TcpStream::connect(sandbox.auth_address()).unwrap();
    let request =
        "GET /.well-known/openid-configuration HTTP/1.1\r\nHost: localhost\r\nX-Sandbox-Caprice: reset\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let error = stream.read(&mut [0; 64]).expect_err("a reset, no orderly end");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_truncated_body_has_status_and_headers_and_then_ends() {
    let desk = Desk::at("ESSESESS").await;
    for caprice in ["truncated-body", "truncated-body=10", "truncated-body=0"] {
        let answer = banks(&desk, caprice).await.unwrap();
        assert_eq!(answer.status(), 200, "{caprice}");
        assert!(answer.text().await.is_err(), "{caprice}");
    }
}

#[tokio::test]
async fn a_slow_drip_arrives_whole_in_the_end() {
    let desk = Desk::at("ESSESESS").await;
    let start = Instant::now();
    let mut answer = banks(&desk, "slow-drip=20").await.unwrap();
    let (mut pieces, mut bytes) = (0, Vec::new());
    while let Some(piece) = answer.chunk().await.unwrap() {
        pieces += 1;
        bytes.extend_from_slice(&piece);
    }
    assert!(start.elapsed() >= Duration::from_millis(19 * 20));
    assert!(pieces > 5, "{pieces}");
    assert!(serde_json::from_slice::<Value>(&bytes).unwrap()["aspsps"].is_array());
}

#[tokio::test]
async fn a_rate_limit_comes_with_and_without_retry_after() {
    let desk = Desk::at("ESSESESS").await;
    let answer = banks(&desk, "rate-limit=7").await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(refusal_of(answer, 429).await.0, "ACCESS_EXCEEDED");
    let answer = banks(&desk, "rate-limit").await.unwrap();
    assert_eq!(answer.status(), 429);
    assert!(!answer.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_gateway_speaks_html_and_does_nothing() {
    let desk = Desk::at("ESSESESS").await;
    for status in [500, 502, 503, 504] {
        let request = desk.post(CONSENTS).json(&common::consent());
        let answer = struck(request, &format!("html-error={status}")).send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(answer.text().await.unwrap().contains("<html>"));
    }
    assert_eq!(consents_held(&desk).await, 0);
}

#[tokio::test]
async fn a_token_expires_or_is_revoked_until_there_is_a_new_one() {
    let mut desk = Desk::at("ESSESESS").await;
    for (caprice, code) in [("token-expired", "TOKEN_EXPIRED"), ("token-revoked", "TOKEN_INVALID")] {
        assert_eq!(refusal_of(banks(&desk, caprice).await.unwrap(), 401).await.0, code);
        assert_eq!(desk.get(BANKS).send().await.unwrap().status(), 401, "it stays so");
        desk.token = desk.token_for(EVERYTHING).await;
        assert_eq!(desk.get(BANKS).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_consent_expires_for_good() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    let request = desk.get(ACCOUNTS).header("Consent-ID", &id);
    let answer = struck(request, "consent-expired").send().await.unwrap();
    assert_eq!(refusal_of(answer, 401).await.0, "CONSENT_EXPIRED");
    assert_eq!(desk.read(&format!("{CONSENTS}/{id}/status")).await["consentStatus"], "expired");
}

#[tokio::test]
async fn an_exhausted_frequency_leaves_a_consent_no_call_without_the_customer_until_midnight() {
    let mut desk = Desk::at("ESSESESS").await;
    let consents = [desk.valid_consent().await, desk.valid_consent_of("198301014882").await];
    let alone = |desk: &Desk, consent: usize| desk.unattended(ACCOUNTS).header("Consent-ID", &consents[consent]);
    let struck = struck(alone(&desk, 0), "frequency-exhausted").send().await.unwrap();
    assert_eq!(refusal_of(struck, 429).await.0, "ACCESS_EXCEEDED");
    let again = alone(&desk, 0).send().await.unwrap();
    assert_eq!(refusal_of(again, 429).await.0, "ACCESS_EXCEEDED", "it stays so");
    let attended = desk.get(ACCOUNTS).header("Consent-ID", &consents[0]).send().await.unwrap();
    assert_eq!(attended.status(), 200, "with the customer");
    assert_eq!(alone(&desk, 1).send().await.unwrap().status(), 200, "another consent");
    desk.sandbox.control().advance(Duration::from_hours(15));
    desk.token = desk.token_for(EVERYTHING).await;
    assert_eq!(alone(&desk, 0).send().await.unwrap().status(), 200, "the next day");
}

#[tokio::test]
async fn an_exhausted_frequency_is_found_where_it_always_is() {
    let desk = Desk::with("ESSESESS", Config { page_rows: Some(10), ..config() }).await;
    let id = desk.valid_consent().await;
    let alone = |path: &str| struck(desk.unattended(path).header("Consent-ID", &id), "frequency-exhausted");
    let unknown = alone(&format!("{ACCOUNTS}/nothing/balances")).send().await.unwrap();
    assert_eq!(refusal_of(unknown, 404).await.0, "RESOURCE_UNKNOWN", "what is not there counts for nothing");
    let wrong = alone(ACCOUNTS).header("PSU-Http-Method", "LOOK").send().await.unwrap();
    assert_eq!(refusal_of(wrong, 400).await.0, "FORMAT_ERROR", "what is wrong counts for nothing");
    let page = transactions(&desk, &id, "").await;
    let next = page["transactions"]["_links"]["next"]["href"].as_str().unwrap();
    assert_eq!(alone(next).send().await.unwrap().status(), 200, "a list that was begun goes on");
}

#[tokio::test]
async fn unknown_values_and_fields_turn_up_in_strict_mode_too() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.create_consent().await;
    let request = desk.get(&format!("{CONSENTS}/{id}/status"));
    let body = json_of(struck(request, "unknown-values, unknown-fields").send().await.unwrap(), 200).await;
    assert_eq!(body["consentStatus"], "suspendedBySandbox");
    assert!(body["sandboxAddition"].is_object());
    let body = json_of(banks(&desk, "unknown-fields").await.unwrap(), 200).await;
    assert!(body["aspsps"][0]["sandboxAddition"].is_object());
}

#[tokio::test]
async fn a_challenge_is_null_first_and_there_at_a_later_poll() {
    let desk = Desk::with("ESSESESS", Config { person_after: None, ..config() }).await;
    let id = desk.create_consent().await;
    desk.sandbox.control().add_caprice(rule("late-challenge=2"));
    let (path, chosen) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
    let chosen = json_of(chosen, 200).await;
    assert_eq!(chosen.get("challengeData"), Some(&Value::Null));
    assert_eq!(desk.read(&path).await.get("challengeData"), Some(&Value::Null));
    assert!(desk.read(&path).await["challengeData"]["data"].is_array());
}

#[tokio::test]
async fn links_are_texts_or_absolute_or_on_another_host() {
    let desk = Desk::at("ESSESESS").await;
    let create = async |caprice: &str| {
        let answer = struck(desk.post(CONSENTS).json(&common::consent()), caprice).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let link = json_of(answer, 201).await["_links"]["self"].clone();
        (link, location)
    };
    let (link, _) = create("string-links").await;
    assert!(link.as_str().unwrap().starts_with(CONSENTS));
    let (link, location) = create("absolute-links").await;
    assert_eq!(link["href"], location, "what Location says anyway");
    let (link, location) = create("foreign-links").await;
    assert!(link["href"].as_str().unwrap().starts_with("https://api.elsewhere.example/psd2/"));
    assert!(location.starts_with("https://api.elsewhere.example/psd2/"));
    let (link, _) = create("string-links, absolute-links").await;
    assert!(link.as_str().unwrap().starts_with(desk.sandbox.api_url()));
}

#[tokio::test]
async fn lists_come_bare() {
    let desk = Desk::at("ESSESESS").await;
    assert!(json_of(banks(&desk, "bare-lists").await.unwrap(), 200).await.is_array());
    let id = desk.valid_consent().await;
    let accounts = struck(desk.get(ACCOUNTS).header("Consent-ID", &id), "bare-lists").send().await.unwrap();
    assert!(json_of(accounts, 200).await[0]["resourceId"].is_string());
    let refusal = struck(desk.get("/psd2/nothing"), "bare-lists").send().await.unwrap();
    assert!(json_of(refusal, 404).await[0]["code"].is_string());
}

#[tokio::test]
async fn transactions_come_twice() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    let page = transactions(&desk, &id, "duplicate-transactions").await;
    let booked = page["transactions"]["booked"].as_array().unwrap();
    assert!(booked.len() > 2);
    assert_eq!(booked.first(), booked.last());
}

#[tokio::test]
async fn transactions_come_without_ids() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    assert!(transactions(&desk, &id, "").await["transactions"]["booked"][0]["transactionId"].is_string());
    let page = transactions(&desk, &id, "missing-ids").await;
    for entry in page["transactions"]["booked"].as_array().unwrap() {
        assert!(entry["transactionAmount"].is_object());
        for name in ["transactionId", "entryReference", "endToEndId"] {
            assert!(entry.get(name).is_none(), "{entry}");
        }
    }
}

#[tokio::test]
async fn a_success_has_one_more_remark_and_a_failure_none() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.create_consent().await;
    let request = desk.get(&format!("{CONSENTS}/{id}/status"));
    let body = json_of(struck(request, "remark=this, remark=that").send().await.unwrap(), 200).await;
    let texts: Vec<_> = body["tppMessages"].as_array().unwrap().iter().map(|remark| &remark["text"]).collect();
    assert_eq!(texts, ["this", "that"]);
    assert_eq!(body["tppMessages"][0]["category"], "WARNING");
    assert_eq!(body["consentStatus"], "received", "it is a success as ever");
    let refused = struck(desk.get(&format!("{CONSENTS}/nothing/status")), "remark=this").send().await.unwrap();
    let refusal: Value = refused.json().await.unwrap();
    assert_eq!(refusal["tppMessages"].as_array().unwrap().len(), 1, "{refusal}");
}

#[tokio::test]
async fn nobody_asks_for_more_than_32_caprices_at_once() {
    let desk = Desk::at("ESSESESS").await;
    let answer = banks(&desk, &["latency=1"; 33].join(",")).await.unwrap();
    assert_eq!(refusal_of(answer, 400).await.0, "FORMAT_ERROR");
}

#[tokio::test]
async fn a_caprice_that_does_not_exist_is_a_format_error_that_lists_those_that_do() {
    let desk = Desk::at("ESSESESS").await;
    let answer = banks(&desk, "bad-mood").await.unwrap();
    let (code, text) = refusal_of(answer, 400).await;
    assert_eq!(code, "FORMAT_ERROR");
    assert!(text.contains("bad-mood") && text.contains("slow-drip"), "{text}");
}

#[tokio::test]
async fn a_rule_strikes_the_calls_of_one_bank_so_many_times() {
    let desk = Desk::at("ESSESESS").await;
    let control = desk.sandbox.control();
    control.add_caprice(Rule { bank: Some("ESSESESS".to_owned()), times: Some(2), ..rule("rate-limit") });
    let mut statuses = Vec::new();
    for bank in ["HANDSESS", "ESSESESS", "ESSESESS", "ESSESESS"] {
        let request = desk.client.get(format!("{}{BANKS}", desk.sandbox.api_url())).bearer_auth(&desk.token);
        let request = request.header("X-BicFi", bank).header("X-Request-ID", "0f9d0c9e-58f4-4a0e-8d4f-6c1a58f0a111");
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 429, 429, 200]);
}

#[tokio::test]
async fn a_rule_strikes_one_application_and_its_token_endpoint() {
    let other = opp_sandbox::Application {
        name: "other".to_owned(),
        client_id: "other".to_owned(),
        client_secret: "secret".to_owned(),
        redirect_uris: Vec::new(),
        any_local_redirect: true,
    };
    let desk = Desk::with("ESSESESS", Config { applications: vec![other], ..config() }).await;
    let own = desk.sandbox.application().client_id.clone();
    desk.sandbox.control().add_caprice(Rule { application: Some(own), ..rule("html-error=503") });
    assert_eq!(desk.get(BANKS).send().await.unwrap().status(), 503);
    let fields = [("grant_type", "client_credentials"), ("scope", EVERYTHING)];
    assert_eq!(desk.ask_for_token(&fields).await.status(), 503);
    let form: Vec<_> = fields.into_iter().chain([("client_id", "other"), ("client_secret", "secret")]).collect();
    let url = format!("{}/connect/token", desk.sandbox.auth_url());
    assert_eq!(desk.client.post(url).form(&form).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_rule_strikes_one_operation() {
    let desk = Desk::at("ESSESESS").await;
    let control = desk.sandbox.control();
    let id = control.add_caprice(Rule { operation: Some("getCountriesList".to_owned()), ..rule("html-error=500") });
    let countries = "/psd2/aspspinformation/v1/countries";
    assert_eq!(desk.get(BANKS).send().await.unwrap().status(), 200);
    assert_eq!(desk.get(countries).send().await.unwrap().status(), 500);
    assert!(control.remove_caprice(id));
    assert_eq!(desk.get(countries).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_struck_request_is_seen_with_its_caprice() {
    let desk = Desk::at("ESSESESS").await;
    banks(&desk, "rate-limit=1").await.unwrap();
    let seen = desk.sandbox.control().requests().pop().unwrap();
    assert_eq!((seen.status, seen.host, seen.path.as_str()), (429, "api", BANKS));
    assert_eq!(seen.caprices, [Caprice::RateLimit { retry_after: Some(1) }]);
    assert!(seen.verdict.starts_with("ACCESS_EXCEEDED"), "{}", seen.verdict);
}

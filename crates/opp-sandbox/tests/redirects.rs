//! The bank's page of a redirect, as a program and as a form meets it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/journey.rs"]
mod journey;

use common::{Desk, config, consent, json_of, refusal_of};
use journey::{BROWSER, CONSENTS, Journey, back};
use opp_sandbox::Config;
use reqwest::{Method, Url};
use serde_json::{Value, json};

#[tokio::test]
async fn the_page_says_who_asks_for_what_at_every_redirect_bank() {
    for bank in ["NDEASESS", "SWEDSESS", "DABASESX", "NDEAFIHH", "OKOYFIHH"] {
        let journey = Journey::consent(bank, "198301014882", config()).await;
        assert!(journey.page().await.contains("<strong>Example application</strong> asks to read your accounts"));
        assert_eq!(journey.sca_status().await["scaStatus"], "started");
        let signed_in = journey.post(&[("decision", "sign-in"), ("user", "198301014882"), ("secret", "1")]).await;
        assert_eq!(signed_in.status(), 303, "{bank}");
        assert_eq!(journey.sca_status().await["scaStatus"], "psuIdentified");
        let page = journey.page().await;
        for part in ["all your accounts", "balances", "2026-06-01", "up to 4 times a day", "198301014882"] {
            assert!(page.contains(part), "{bank}: {part} in {page}");
        }
    }
}

#[tokio::test]
async fn a_customer_who_declines_is_sent_back_with_access_denied() {
    let journey = Journey::consent("OKOYFIHH", "x", config()).await;
    let query = back(&journey.post(&[("decision", "deny")]).await);
    assert_eq!((query["error"].as_str(), query["state"].as_str()), ("access_denied", "s-1"));
    let body = journey.sca_status().await;
    assert_eq!((&body["scaStatus"], &body["tppMessages"][0]["code"]), (&json!("failed"), &json!("USER_CANCEL")));
    assert_eq!(journey.status().await["consentStatus"], "rejected");
}

#[tokio::test]
async fn a_customer_who_declines_or_fails_goes_where_the_application_wants_such_customers() {
    let nok = "http://localhost:9999/failed";
    for (person, decision, expected) in
        [("x", "deny", nok), ("99990101005", "approve", nok), ("x", "approve", "http://localhost:9999/back")]
    {
        let desk = Desk::at("OKOYFIHH").await;
        let created = desk.post(CONSENTS).header("PSU-ID", person).header("TPP-Nok-Redirect-URI", nok);
        let created = json_of(created.json(&consent()).send().await.unwrap(), 201).await;
        let resource = format!("{CONSENTS}/{}", created["consentId"].as_str().unwrap());
        let journey = Journey::to_the_page(desk, person, resource).await;
        journey.post(&[("decision", decision)]).await;
        let back = journey.open("*/*").await;
        let back = Url::parse(back.headers()["location"].to_str().unwrap()).unwrap();
        assert!(back.as_str().starts_with(&format!("{expected}?")), "{person} {decision}: {back}");
        let query: std::collections::HashMap<_, _> = back.query_pairs().into_owned().collect();
        assert_eq!(query["state"], "s-1");
        assert_eq!(query.contains_key("error"), expected == nok);
    }
}

#[tokio::test]
async fn nobody_is_sent_to_a_failure_address_that_is_not_on_the_list() {
    let desk = Desk::at("OKOYFIHH").await;
    let elsewhere = |path: &str| desk.post(path).header("TPP-Nok-Redirect-URI", "https://elsewhere.example/failed");
    let refused = elsewhere(CONSENTS).json(&consent()).send().await.unwrap();
    assert_eq!(refusal_of(refused, 400).await.0, "PARAMETER_NOT_SUPPORTED");
    let id = desk.create_consent().await;
    let refused = elsewhere(&format!("{CONSENTS}/{id}/authorisations")).send().await.unwrap();
    assert_eq!(refusal_of(refused, 400).await.0, "PARAMETER_NOT_SUPPORTED");
}

#[tokio::test]
async fn a_session_at_the_bank_ends_after_ten_minutes() {
    let journey = Journey::consent("OKOYFIHH", "x", config()).await;
    journey.page().await;
    journey.wait(600);
    let page = journey.post(&[("decision", "approve")]).await.text().await.unwrap();
    assert!(page.contains("Your time is up") && page.contains("Back to Example application"), "{page}");
    assert!(
        page.contains("http://localhost:9999/back?error&#x3d;access_denied") || page.contains("error=access_denied")
    );
    assert_eq!(journey.sca_status().await["tppMessages"][0]["code"], "AUTHENTICATION_SESSION_EXPIRED");
}

#[tokio::test]
async fn documented_persons_have_their_outcomes_on_the_page_too() {
    for (person, heading, code) in [
        ("99990101004", "Your time is up", "AUTHENTICATION_SESSION_EXPIRED"),
        ("99990101005", "BankID is not activated", "BANKID_NOT_ACTIVATED"),
    ] {
        let journey = Journey::consent("NDEASESS", person, config()).await;
        let page = journey.post(&[("decision", "approve")]).await.text().await.unwrap();
        assert!(page.contains(heading), "{page}");
        assert_eq!(journey.sca_status().await["tppMessages"][0]["code"], code);
    }
    let journey = Journey::consent("SWEDSESS", "99990101002", config()).await;
    journey.post(&[("decision", "approve")]).await;
    journey.post(&[("decision", "approve")]).await;
    assert_eq!(journey.status().await["consentStatus"], "partiallyAuthorised");
}

#[tokio::test]
async fn an_exempted_customer_is_not_sent_to_the_bank() {
    let desk = Desk::at("NDEASESS").await;
    let created = desk.post(CONSENTS).header("PSU-ID", "99990109002").json(&consent()).send().await.unwrap();
    let id = json_of(created, 201).await["consentId"].as_str().unwrap().to_owned();
    let (_, chosen) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
    let body = json_of(chosen, 200).await;
    assert_eq!(body["scaStatus"], "exempted");
    assert_eq!(body["_links"]["scaOAuth"], Value::Null);
}

#[tokio::test]
async fn swedbank_wants_two_sign_ins_for_a_consent_without_an_account_list() {
    let journey = Journey::consent("SWEDSESS", "198301014882", config()).await;
    assert!(journey.page().await.contains("Sign-in 1 of 2"));
    let first = journey.post(&[("decision", "approve")]).await;
    assert!(first.headers()["location"].to_str().unwrap().starts_with("/connect/redirect"), "the page again");
    assert!(journey.page().await.contains("Sign-in 2 of 2"));
    assert_eq!(journey.status().await["consentStatus"], "received");
    let query = back(&journey.post(&[("decision", "approve")]).await);
    assert!(!query.contains_key("code"), "a plain redirect has no code");
    assert_eq!(journey.status().await["consentStatus"], "valid");
}

#[tokio::test]
async fn swedbank_wants_one_sign_in_where_the_accounts_are_listed() {
    let desk = Desk::at("SWEDSESS").await;
    let mut body = consent();
    body["access"] = json!({ "accounts": [{ "iban": "SE4880000123459876543219" }] });
    let journey = Journey::begin(desk, "199710122392", CONSENTS, "consentId", &body).await;
    journey.post(&[("decision", "sign-in"), ("user", "199710122392")]).await;
    assert!(journey.page().await.contains("SE48 8000 0123 4598 7654 3219"));
    back(&journey.post(&[("decision", "approve")]).await);
    assert_eq!(journey.status().await["consentStatus"], "valid");
}

#[tokio::test]
async fn whoever_signs_in_owns_the_consent() {
    let journey = Journey::consent("SWEDSESS", "198301014882", config()).await;
    for _ in 0..2 {
        journey.post(&[("decision", "sign-in"), ("user", "199710122392")]).await;
        journey.post(&[("decision", "approve")]).await;
    }
    let id = journey.resource.rsplit('/').next().unwrap();
    let list = journey.desk.get("/psd2/accountinformation/v1/accounts").header("Consent-ID", id).send().await.unwrap();
    assert_eq!(json_of(list, 200).await["accounts"][0]["iban"], "SE4880000123459876543219");
}

#[tokio::test]
async fn seb_lets_in_its_test_persons_only() {
    let desk = Desk::at("ESSESESS").await;
    let call = |method: Method, path: &str| desk.call(method, path).header("TPP-Redirect-Preferred", "true");
    let created = json_of(call(Method::POST, CONSENTS).json(&consent()).send().await.unwrap(), 201).await;
    let base = format!("{CONSENTS}/{}/authorisations", created["consentId"].as_str().unwrap());
    let started = json_of(call(Method::POST, &base).send().await.unwrap(), 201).await;
    let path = format!("{base}/{}", started["authorisationId"].as_str().unwrap());
    let method = json!({ "authenticationMethodId": "mbid" });
    let chosen = json_of(call(Method::PUT, &path).json(&method).send().await.unwrap(), 200).await;
    let link = chosen["_links"]["scaOAuth"]["href"].as_str().unwrap();
    let link = link
        .replace("[CLIENT_ID]", &desk.sandbox.application().client_id)
        .replace("[TPP_REDIRECT_URI]", "http%3A%2F%2Flocalhost%3A9999%2Fback")
        .replace("[TPP_STATE]", "s-1");
    let post = async |user: &str| {
        let form = [("decision", "sign-in"), ("user", user)];
        desk.client.post(&link).form(&form).send().await.unwrap().status().as_u16()
    };
    assert_eq!(post("198301014882").await, 422);
    let stranger = [("decision", "approve"), ("user", "198301014882")];
    assert_eq!(desk.client.post(&link).form(&stranger).send().await.unwrap().status(), 422, "nor by a shorter way");
    assert_eq!(post("8811212862").await, 303);
}

#[tokio::test]
async fn a_program_that_opens_the_page_gets_the_code_after_a_while() {
    let journey = Journey::consent("OKOYFIHH", "x", config()).await;
    journey.wait(60);
    let first = journey.open("*/*").await;
    assert_eq!(first.status(), 200, "the person is played from the first look on");
    assert_eq!(first.headers()["retry-after"], "2");
    journey.wait(2);
    assert_eq!(journey.sca_status().await["scaStatus"], "psuAuthenticated");
    let query = back(&journey.open("*/*").await);
    assert!(query.contains_key("code") && query["state"] == "s-1", "{query:?}");
}

#[tokio::test]
async fn at_a_plain_redirect_the_played_person_ends_it() {
    let journey = Journey::consent("SWEDSESS", "198301014882", config()).await;
    journey.open("*/*").await;
    journey.wait(2);
    assert_eq!(journey.sca_status().await["scaStatus"], "finalised");
    assert_eq!(journey.status().await["consentStatus"], "valid");
    assert!(!back(&journey.open("*/*").await).contains_key("error"));
}

#[tokio::test]
async fn a_played_person_fails_as_documented() {
    for (person, code) in [
        ("99990101004", "AUTHENTICATION_SESSION_EXPIRED"),
        ("99990101005", "BANKID_NOT_ACTIVATED"),
        ("99990109001", "USER_CANCEL"),
    ] {
        let journey = Journey::consent("NDEASESS", person, config()).await;
        journey.open("*/*").await;
        journey.wait(2);
        assert_eq!(back(&journey.open("*/*").await)["error"], "access_denied");
        assert_eq!(journey.sca_status().await["tppMessages"][0]["code"], code);
    }
}

#[tokio::test]
async fn with_a_browser_at_the_page_nobody_is_played() {
    let journey = Journey::consent("OKOYFIHH", "x", config()).await;
    journey.open("*/*").await;
    journey.page().await;
    journey.wait(60);
    assert_eq!(journey.sca_status().await["scaStatus"], "started");
}

#[tokio::test]
async fn nobody_is_played_when_people_are_left_to_themselves() {
    let journey = Journey::consent("OKOYFIHH", "x", Config { person_after: None, ..config() }).await;
    let answer = journey.open("*/*").await;
    assert!(answer.headers().get("retry-after").is_none());
    journey.wait(60);
    assert_eq!(journey.open("*/*").await.status(), 200);
}

#[tokio::test]
async fn the_plain_page_does_not_approve_what_needs_a_code() {
    let journey = Journey::consent("OKOYFIHH", "x", config()).await;
    let id = journey.path.rsplit('/').next().unwrap();
    let plain = format!(
        "{}/connect/redirect?authorisationId={id}&redirect_uri=http%3A%2F%2Flocalhost%2F",
        journey.desk.sandbox.auth_url()
    );
    let answer = journey.desk.client.post(plain).form(&[("decision", "approve")]).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(journey.sca_status().await["scaStatus"], "started");
}

#[tokio::test]
async fn no_script_may_run_on_a_page() {
    let journey = Journey::consent("OKOYFIHH", "x", config()).await;
    let answer = journey.open(BROWSER).await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
}

/// Opens the page with another value in the link, already encoded.
async fn with(journey: &Journey, old: &str, new: &str) -> reqwest::Response {
    assert!(journey.link.contains(old), "{old} in {}", journey.link);
    let link = journey.link.replace(old, new);
    journey.desk.client.get(link).header("Accept", BROWSER).send().await.unwrap()
}

#[tokio::test]
async fn a_local_address_is_known_by_its_host_and_nothing_before_it() {
    let journey = Journey::consent("NDEASESS", "198301014882", config()).await;
    let local = "http%3A%2F%2Flocalhost%3A9999%2Fback";
    for (address, status) in [
        ("http%3A%2F%2Flocalhost%3A80%40evil.example%2F", 400),
        ("http%3A%2F%2F127.0.0.1%3Ax%40evil.example%2F", 400),
        ("http%3A%2F%2Flocalhost%2Fback%23fragment", 400),
        ("http%3A%2F%2Flocalhost%3A9999%2Fback%3Fstep%3D1", 200),
        ("http%3A%2F%2F%5B%3A%3A1%5D%3A9999%2Fback", 200),
    ] {
        assert_eq!(with(&journey, local, address).await.status(), status, "{address}");
    }
}

#[tokio::test]
async fn only_the_placeholders_of_the_platform_are_missed() {
    let journey = Journey::consent("NDEASESS", "198301014882", config()).await;
    assert_eq!(with(&journey, "state=s-1", "state=%5B1%2C2%5D").await.status(), 200, "a state may look like anything");
    assert_eq!(with(&journey, "state=s-1", "state=[TPP_STATE]").await.status(), 400);
}

#[tokio::test]
async fn the_address_names_the_resource_of_the_authorisation() {
    let journey = Journey::consent("NDEASESS", "198301014882", config()).await;
    let id = journey.resource.rsplit('/').next().unwrap();
    assert_eq!(with(&journey, &format!("consentId:{id}"), "consentId:another").await.status(), 400);
}

#[tokio::test]
async fn no_page_of_another_site_answers_for_the_customer() {
    let journey = Journey::consent("NDEASESS", "198301014882", config()).await;
    let call = journey.desk.client.post(&journey.link).form(&[("decision", "approve")]);
    assert_eq!(call.header("Origin", "http://198.51.100.7").send().await.unwrap().status(), 403);
    assert_eq!(journey.sca_status().await["scaStatus"], "started");
}

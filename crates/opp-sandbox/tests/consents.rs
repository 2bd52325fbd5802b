//! A consent's life: decoupled, by redirect, and its end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{Desk, config, consent, json_of, refusal_of};
use opp_sandbox::Config;
use reqwest::{Method, Url};
use serde_json::{Value, json};

const CONSENTS: &str = "/psd2/consent/v1/consents";

async fn status(desk: &Desk, id: &str) -> Value {
    desk.read(&format!("{CONSENTS}/{id}/status")).await["consentStatus"].clone()
}

#[tokio::test]
async fn a_decoupled_consent_becomes_valid_once_the_customer_has_approved() {
    let desk = Desk::at("ESSESESS").await;
    desk.sandbox.control().stop_clock();
    let id = desk.create_consent().await;
    let (path, chosen) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
    assert_eq!(chosen.headers()["aspsp-sca-approach"], "DECOUPLED");
    let body = json_of(chosen, 200).await;
    assert_eq!(body["scaStatus"], "started");
    assert_eq!(body["challengeData"], desk.read(&path).await["challengeData"], "the token stays while unfinished");
    assert_eq!(status(&desk, &id).await, "received");
    desk.sandbox.control().advance(Duration::from_secs(3));
    assert_eq!(desk.read(&path).await["scaStatus"], "finalised");
    assert_eq!(status(&desk, &id).await, "valid");
}

#[tokio::test]
async fn the_guides_walk_reads_accounts_and_transactions() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    let get = async |path: &str| json_of(desk.get(path).header("Consent-ID", &id).send().await.unwrap(), 200).await;
    let accounts = get("/psd2/accountinformation/v1/accounts?withBalance=true").await;
    let account = &accounts["accounts"][0];
    assert_eq!(account["iban"], "SE3750000000054400047881");
    assert!(account["balances"][0]["balanceAmount"]["amount"].is_string());
    let list = account["_links"]["transactions"]["href"].as_str().unwrap();
    let mut next = Some(format!("{list}?bookingStatus=both&dateFrom=2023-03-20"));
    let (mut booked, mut pages) = (0, 0);
    while let Some(path) = next {
        let page = get(&path).await;
        booked += page["transactions"]["booked"].as_array().unwrap().len();
        pages += 1;
        next = page["transactions"]["_links"]["next"]["href"].as_str().map(str::to_owned);
    }
    assert!(booked > 700, "{booked} in three years");
    assert!(pages > 7, "{pages}");
}

#[tokio::test]
async fn an_animated_code_changes_every_second() {
    let desk = Desk::with("ESSESESS", Config { person_after: None, ..config() }).await;
    desk.sandbox.control().stop_clock();
    let id = desk.create_consent().await;
    let (path, chosen) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid_animated_qr_image").await;
    let first = json_of(chosen, 200).await["challengeData"].clone();
    desk.sandbox.control().advance(Duration::from_secs(1));
    let second = desk.read(&path).await["challengeData"].clone();
    assert_ne!(first["data"][0], second["data"][0]);
    assert_ne!(first["image"], second["image"]);
    assert!(second["image"].as_str().unwrap().starts_with("data:image/png;base64,"));
}

#[tokio::test]
async fn nobody_at_the_phone_means_failed_after_thirty_seconds() {
    let desk = Desk::with("ESSESESS", Config { person_after: None, ..config() }).await;
    let id = desk.create_consent().await;
    let (path, _) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
    desk.sandbox.control().advance(Duration::from_secs(31));
    let body = desk.read(&path).await;
    assert_eq!(body["scaStatus"], "failed");
    assert_eq!(body["tppMessages"][0]["code"], "AUTHENTICATION_SESSION_EXPIRED");
    assert_eq!(status(&desk, &id).await, "received", "another attempt is possible");
}

#[tokio::test]
async fn at_handsess_the_consent_is_valid_at_once() {
    let desk = Desk::at("HANDSESS").await;
    let id = desk.create_consent().await;
    let (_, chosen) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
    assert_eq!(json_of(chosen, 200).await["scaStatus"], "finalised");
    assert_eq!(status(&desk, &id).await, "valid");
}

#[tokio::test]
async fn handsess_wants_an_address_on_account_status_and_authorisation_calls_and_on_no_others() {
    let desk = Desk::at("HANDSESS").await;
    let created = json_of(desk.bare(Method::POST, CONSENTS).json(&consent()).send().await.unwrap(), 201).await;
    let path = format!("{CONSENTS}/{}", created["consentId"].as_str().unwrap());
    let authorisations = format!("{path}/authorisations");
    for (method, path, status) in [
        (Method::GET, "/psd2/accountinformation/v1/accounts", 400),
        (Method::GET, &format!("{path}/status"), 400),
        (Method::GET, &authorisations, 400),
        (Method::POST, &authorisations, 400),
        (Method::GET, &format!("{authorisations}/a-1"), 400),
        (Method::GET, &path, 200),
        (Method::DELETE, &path, 204),
    ] {
        let call = desk.bare(method.clone(), path).header("Consent-ID", "c-1");
        let answer = call.header("Content-Type", "application/json").send().await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
    }
}

#[tokio::test]
async fn test_persons_have_their_documented_outcomes() {
    for (person, sca, consent_status) in [
        ("99990101000", "finalised", "valid"),
        ("99990101002", "finalised", "partiallyAuthorised"),
        ("99990101004", "failed", "received"),
        ("99990101005", "failed", "received"),
    ] {
        let desk = Desk::at("ESSESESS").await;
        let answer = desk.post(CONSENTS).header("PSU-ID", person).json(&consent()).send().await.unwrap();
        let id = json_of(answer, 201).await["consentId"].as_str().unwrap().to_owned();
        let (path, _) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
        desk.sandbox.control().advance(Duration::from_mins(1));
        assert_eq!(desk.read(&path).await["scaStatus"], sca, "{person}");
        assert_eq!(status(&desk, &id).await, consent_status, "{person}");
    }
}

#[tokio::test]
async fn an_oauth_redirect_ends_with_the_exchange_of_its_code() {
    let desk = Desk::at("NDEASESS").await;
    let id = desk.create_consent().await;
    let (path, chosen) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
    assert_eq!(chosen.headers()["aspsp-sca-approach"], "REDIRECT");
    let link = json_of(chosen, 200).await["_links"]["scaOAuth"]["href"].as_str().unwrap().to_owned();
    let link = link
        .replace("[CLIENT_ID]", &desk.sandbox.application().client_id)
        .replace("[TPP_REDIRECT_URI]", "http%3A%2F%2Flocalhost%3A9999%2Fback%3Fkeep%3D1")
        .replace("[TPP_STATE]", "a%26b");
    assert_eq!(desk.client.get(&link).send().await.unwrap().status(), 200);
    // The last seconds of the ten minutes on the page; the code lives longer.
    desk.sandbox.control().advance(Duration::from_secs(590));
    let back = desk.client.post(&link).form(&[("decision", "approve")]).send().await.unwrap();
    assert_eq!(back.status(), 303);
    let back = Url::parse(back.headers()["location"].to_str().unwrap()).unwrap();
    let get = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(get("state").unwrap(), "a&b");
    assert_eq!(get("keep").unwrap(), "1");
    let application = desk.sandbox.application();
    let (code, scope) = (get("code").unwrap(), get("scope").unwrap());
    desk.sandbox.control().advance(Duration::from_mins(4));
    let form = [
        ("client_id", application.client_id.as_str()),
        ("client_secret", application.client_secret.as_str()),
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "http://localhost:9999/back?keep=1"),
        ("scope", &scope),
    ];
    let exchange = || desk.client.post(format!("{}/connect/token", desk.sandbox.auth_url())).form(&form);
    assert_eq!(json_of(exchange().send().await.unwrap(), 400).await["error"], "invalid_request");
    let linked = || {
        let authorisation = path.rsplit('/').next().unwrap();
        exchange().header("X-ConsentId", &id).header("X-ConsentAuthorisationId", authorisation)
    };
    assert!(json_of(linked().send().await.unwrap(), 200).await["access_token"].is_string());
    assert_eq!(status(&desk, &id).await, "valid");
    assert_eq!(json_of(linked().send().await.unwrap(), 400).await["error"], "invalid_grant");
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_on_the_list() {
    let desk = Desk::at("NDEASESS").await;
    let id = desk.create_consent().await;
    let (_, chosen) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
    let link = json_of(chosen, 200).await["_links"]["scaOAuth"]["href"].as_str().unwrap().to_owned();
    let link = link
        .replace("[CLIENT_ID]", &desk.sandbox.application().client_id)
        .replace("[TPP_REDIRECT_URI]", "https%3A%2F%2Fevil.example%2F")
        .replace("[TPP_STATE]", "x");
    assert_eq!(desk.client.get(link).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_deleted_consent_reads_nothing_any_more() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    let answer = desk.call(Method::DELETE, &format!("{CONSENTS}/{id}")).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(status(&desk, &id).await, "terminatedByTpp");
    let list = desk.get("/psd2/accountinformation/v1/accounts").header("Consent-ID", &id).send().await.unwrap();
    assert_eq!(refusal_of(list, 401).await.0, "CONSENT_INVALID");
}

#[tokio::test]
async fn a_consent_expires_after_its_last_day() {
    let mut desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    desk.sandbox.control().advance(Duration::from_hours(100 * 24));
    desk.token = desk.token_for(common::EVERYTHING).await;
    assert_eq!(status(&desk, &id).await, "expired");
}

#[tokio::test]
async fn a_new_recurring_consent_ends_the_one_before() {
    let desk = Desk::at("ESSESESS").await;
    let first = desk.valid_consent().await;
    let second = desk.valid_consent().await;
    assert_eq!(status(&desk, &first).await, "expired");
    assert_eq!(status(&desk, &second).await, "valid");
}

#[tokio::test]
async fn without_the_customer_the_daily_frequency_counts() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    let list = || {
        desk.client
            .get(format!("{}/psd2/accountinformation/v1/accounts", desk.sandbox.api_url()))
            .bearer_auth(&desk.token)
            .header("X-BicFi", "ESSESESS")
            .header("X-Request-ID", "0f9d0c9e-58f4-4a0e-8d4f-6c1a58f0a111")
            .header("Consent-ID", &id)
    };
    for _ in 0..4 {
        assert_eq!(list().send().await.unwrap().status(), 200);
    }
    assert_eq!(refusal_of(list().send().await.unwrap(), 429).await.0, "ACCESS_EXCEEDED");
    assert_eq!(list().header("PSU-IP-Address", "192.0.2.7").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn valid_until_beyond_the_banks_maximum_is_shortened() {
    let desk = Desk::at("ESSESESS").await;
    let mut body = consent();
    body["validUntil"] = json!("9999-12-31");
    let answer = json_of(desk.post(CONSENTS).json(&body).send().await.unwrap(), 201).await;
    let id = answer["consentId"].as_str().unwrap();
    assert_eq!(desk.read(&format!("{CONSENTS}/{id}")).await["validUntil"], "2026-09-12");
}

#[tokio::test]
async fn every_bank_takes_a_consent_the_way_it_prefers_and_the_other_way_on_request() {
    for (bank, by_default, without_redirect) in [
        ("ESSESESS", "DECOUPLED", "DECOUPLED"),
        ("HANDSESS", "DECOUPLED", "DECOUPLED"),
        ("NDEASESS", "REDIRECT", "DECOUPLED"),
        ("SWEDSESS", "REDIRECT", "DECOUPLED"),
        ("DABASESX", "REDIRECT", "REDIRECT"),
        ("NDEAFIHH", "REDIRECT", "REDIRECT"),
        ("OKOYFIHH", "REDIRECT", "REDIRECT"),
    ] {
        let desk = Desk::at(bank).await;
        for (preference, expected) in [(None, by_default), (Some("false"), without_redirect)] {
            let call = |method, path: &str| {
                let request = desk.call(method, path).header("PSU-ID", "198301014882");
                match preference {
                    Some(text) => request.header("TPP-Redirect-Preferred", text),
                    None => request,
                }
            };
            let created = call(Method::POST, CONSENTS).json(&consent()).send().await.unwrap();
            let id = json_of(created, 201).await["consentId"].as_str().unwrap().to_owned();
            let base = format!("{CONSENTS}/{id}/authorisations");
            let started = json_of(call(Method::POST, &base).send().await.unwrap(), 201).await;
            let path = format!("{base}/{}", started["authorisationId"].as_str().unwrap());
            let method = json!({ "authenticationMethodId": started["scaMethods"][0]["authenticationMethodId"] });
            let chosen = call(Method::PUT, &path).json(&method).send().await.unwrap();
            assert_eq!(chosen.status(), 200, "{bank}: {:?}", chosen.text().await);
            assert_eq!(chosen.headers()["aspsp-sca-approach"], expected, "{bank} {preference:?}");
            let list = json_of(call(Method::GET, &base).send().await.unwrap(), 200).await;
            assert_eq!(list["authorisationIds"][0], started["authorisationId"]);
            desk.sandbox.control().advance(Duration::from_secs(15));
            let reached = call(Method::GET, &format!("{CONSENTS}/{id}/status")).send().await.unwrap();
            let reached = json_of(reached, 200).await["consentStatus"].clone();
            assert_eq!(reached, if expected == "DECOUPLED" { "valid" } else { "received" }, "{bank}");
        }
    }
}

#[tokio::test]
async fn a_customer_whose_id_is_no_ascii_is_not_taken_for_another() {
    let desk = Desk::at("ESSESESS").await;
    let id = reqwest::header::HeaderValue::from_bytes("Åke".as_bytes()).unwrap();
    let order = json!({
        "instructedAmount": { "currency": "SEK", "amount": "1.00" },
        "debtorAccount": { "iban": "SE9950000000000000000001" },
        "creditorAccount": { "iban": "SE2550000000054400047903" },
        "creditorName": "Elin",
    });
    let call = desk.post("/psd2/paymentinitiation/v1/payments/domestic").header("PSU-ID", id).json(&order);
    let text = refusal_of(call.send().await.unwrap(), 400).await.1;
    assert!(!text.contains("SE3750000000054400047881"), "the documented customer's: {text}");
}

#[tokio::test]
async fn a_consent_that_is_used_once_is_used_once_a_day() {
    let desk = Desk::at("ESSESESS").await;
    let mut once = consent();
    once["recurringIndicator"] = json!(false);
    let refused = desk.post(CONSENTS).json(&once).send().await.unwrap();
    assert_eq!(refusal_of(refused, 400).await.0, "PARAMETER_NOT_CONSISTENT");
    once["frequencyPerDay"] = json!(1);
    assert_eq!(desk.post(CONSENTS).json(&once).send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_consent_names_a_thousand_accounts_at_most() {
    let desk = Desk::at("ESSESESS").await;
    let accounts: Vec<_> = (0..1_001).map(|index| json!({ "iban": format!("SE{index:022}") })).collect();
    let mut many = consent();
    many["access"] = json!({ "accounts": accounts });
    let refused = desk.post(CONSENTS).json(&many).send().await.unwrap();
    assert_eq!(refusal_of(refused, 400).await.0, "FORMAT_ERROR");
}

#[tokio::test]
async fn a_payment_names_no_savings_bank_that_there_is_not() {
    let desk = Desk::at("SWEDSESS").await;
    let order = json!({
        "instructedAmount": { "currency": "SEK", "amount": "1.00" },
        "debtorAccount": { "iban": "SE4880000123459876543219" },
        "creditorAccount": { "iban": "SE4880000123451234567890" },
        "creditorName": "Elin",
    });
    let send = async |id: &str| {
        let call = desk.post("/psd2/paymentinitiation/v1/payments/domestic").header("X-AffiliatedASPSP-ID", id);
        call.header("PSU-ID", "199710122392").json(&order).send().await.unwrap()
    };
    assert_eq!(refusal_of(send("99999").await, 400).await.0, "PARAMETER_NOT_SUPPORTED");
    assert_eq!(send("08999").await.status(), 201);
}

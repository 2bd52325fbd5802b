//! The bank's page of a redirect, as a program and as a form meets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{Desk, config, consent, json_of};
use opp_sandbox::Config;
use reqwest::{Method, Response, Url};
use serde_json::{Value, json};

const CONSENTS: &str = "/psd2/consent/v1/consents";
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A customer's way from the application to the bank's page.
struct Journey {
    desk: Desk,
    resource: String,
    path: String,
    link: String,
}

impl Journey {
    /// A consent of a person at a bank, up to the link.
    async fn consent(bank: &str, person: &str, config: Config) -> Self {
        Self::begin(Desk::with(bank, config).await, person, CONSENTS, "consentId", &consent()).await
    }

    async fn payment(bank: &str, product: &str, order: &Value) -> Self {
        let path = format!("/psd2/paymentinitiation/v1/payments/{product}");
        Self::begin(Desk::at(bank).await, "198301014882", &path, "paymentId", order).await
    }

    async fn begin(desk: Desk, person: &str, path: &str, id: &str, body: &Value) -> Self {
        desk.sandbox.control().stop_clock();
        let created = desk.post(path).header("PSU-ID", person).json(body).send().await.unwrap();
        let resource = format!("{path}/{}", json_of(created, 201).await[id].as_str().unwrap());
        let base = format!("{resource}/authorisations");
        let started = json_of(desk.post(&base).header("PSU-ID", person).send().await.unwrap(), 201).await;
        let path = format!("{base}/{}", started["authorisationId"].as_str().unwrap());
        let method = json!({ "authenticationMethodId": started["scaMethods"][0]["authenticationMethodId"] });
        let chosen = json_of(desk.put(&path).json(&method).send().await.unwrap(), 200).await;
        let link =
            ["scaOAuth", "scaRedirect"].iter().find_map(|name| chosen["_links"][*name]["href"].as_str()).unwrap();
        let link = link
            .replace("[CLIENT_ID]", &desk.sandbox.application().client_id)
            .replace("[TPP_REDIRECT_URI]", "http%3A%2F%2Flocalhost%3A9999%2Fback")
            .replace("[TPP_STATE]", "s-1");
        Self { desk, resource, path, link }
    }

    async fn open(&self, accept: &str) -> Response {
        self.desk.client.get(&self.link).header("Accept", accept).send().await.unwrap()
    }

    /// Fills in a form of the page; gives the page that comes of it, if it is one of the bank's.
    async fn post(&self, form: &[(&str, &str)]) -> Response {
        self.desk.client.post(&self.link).header("Accept", BROWSER).form(form).send().await.unwrap()
    }

    async fn page(&self) -> String {
        self.open(BROWSER).await.text().await.unwrap()
    }

    async fn sca_status(&self) -> Value {
        self.desk.read(&self.path).await
    }

    async fn status(&self) -> Value {
        self.desk.read(&format!("{}/status", self.resource)).await
    }

    fn wait(&self, seconds: u64) {
        self.desk.sandbox.control().advance(Duration::from_secs(seconds));
    }
}

/// The query of the way back.
fn back(answer: &Response) -> std::collections::HashMap<String, String> {
    assert_eq!(answer.status(), 303);
    let target = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!((target.host_str(), target.path()), (Some("localhost"), "/back"), "{target}");
    target.query_pairs().into_owned().collect()
}

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
async fn a_payments_page_shows_amount_creditor_and_reference() {
    let order = json!({
        "instructedAmount": { "currency": "EUR", "amount": "99.90" },
        "debtorAccount": { "iban": "FI2112345600000785" },
        "creditorAccount": { "iban": "FI7944052020036082" },
        "creditorName": "Kirjakauppa <Oy>",
        "remittanceInformationUnstructured": "Tilaus 17",
    });
    let journey = Journey::payment("OKOYFIHH", "sepa-credit-transfers", &order).await;
    journey.post(&[("decision", "sign-in"), ("user", "x"), ("secret", "1")]).await;
    let page = journey.page().await;
    for part in ["99.90 EUR", "Kirjakauppa &lt;Oy&gt;", "FI79 4405 2020 0360 82", "Tilaus 17", "FI21 1234 5600 0007 85"]
    {
        assert!(page.contains(part), "{part} in {page}");
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
async fn danske_customers_choose_the_account_to_pay_from() {
    let order = json!({
        "instructedAmount": { "currency": "GBP", "amount": "48.20" },
        "debtorAccount": { "bban": "84600447424379" },
        "creditorAccount": { "bban": "15517312471731" },
        "creditorName": "Harbour Books Ltd",
    });
    let journey = Journey::payment("DABASESX", "domestic", &order).await;
    assert_eq!(journey.post(&[("decision", "sign-in"), ("user", "ada")]).await.status(), 422, "without a password");
    journey.post(&[("decision", "sign-in"), ("user", "ada"), ("secret", "1")]).await;
    let page = journey.page().await;
    let account = page.split("name=\"account\" value=\"").nth(2).unwrap().split('"').next().unwrap();
    let account = account.replace("&#x2f;", "/");
    let number = page.split("Savings<span>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    back(&journey.post(&[("decision", "approve"), ("account", &account)]).await);
    assert_eq!(journey.desk.read(&journey.resource).await["debtorAccount"]["bban"], number.as_str());
}

/// Signs on the page, exchanges the code, and gives every status on the way.
async fn sign(desk: &Desk, base: &str, payment: &str) -> Vec<Value> {
    let started = json_of(desk.post(base).send().await.unwrap(), 201).await;
    let (path, id) = (format!("{base}/{}", started["authorisationId"].as_str().unwrap()), &started["authorisationId"]);
    let mut seen = vec![desk.read(&path).await["scaStatus"].clone()];
    let method = json!({ "authenticationMethodId": started["scaMethods"][0]["authenticationMethodId"] });
    let chosen = json_of(desk.put(&path).json(&method).send().await.unwrap(), 200).await;
    seen.push(chosen["scaStatus"].clone());
    let application = desk.sandbox.application();
    let link = chosen["_links"]["scaOAuth"]["href"].as_str().unwrap();
    let link = link
        .replace("[CLIENT_ID]", &application.client_id)
        .replace("[TPP_REDIRECT_URI]", "http%3A%2F%2Flocalhost%3A9999%2Fback")
        .replace("[TPP_STATE]", "s-1");
    let post = async |form: &[(&str, &str)]| desk.client.post(&link).form(form).send().await.unwrap();
    post(&[("decision", "sign-in"), ("user", "ada"), ("secret", "1")]).await;
    seen.push(desk.read(&path).await["scaStatus"].clone());
    let query = back(&post(&[("decision", "approve")]).await);
    seen.push(desk.read(&path).await["scaStatus"].clone());
    let form = [
        ("client_id", application.client_id.as_str()),
        ("client_secret", application.client_secret.as_str()),
        ("grant_type", "authorization_code"),
        ("code", &query["code"]),
        ("redirect_uri", "http://localhost:9999/back"),
    ];
    let exchange = desk.client.post(format!("{}/connect/token", desk.sandbox.auth_url())).form(&form);
    let exchange = exchange.header("X-PaymentId", payment).header("X-PaymentAuthorisationId", id.as_str().unwrap());
    json_of(exchange.send().await.unwrap(), 200).await;
    seen.push(desk.read(&path).await["scaStatus"].clone());
    seen
}

#[tokio::test]
async fn a_payment_and_its_cancellation_are_signed_on_the_page_of_each_oauth_bank() {
    let sequence = ["received", "started", "psuIdentified", "psuAuthenticated", "finalised"];
    for (bank, product, currency, debtor) in [
        ("NDEASESS", "domestic", "SEK", json!({ "bban": "41351300039" })),
        ("DABASESX", "domestic", "GBP", json!({ "bban": "84600447424379" })),
        ("NDEAFIHH", "sepa-credit-transfers", "EUR", json!({ "iban": "FI2112345600000785" })),
        ("OKOYFIHH", "sepa-credit-transfers", "EUR", json!({ "iban": "FI2112345600000785" })),
    ] {
        let desk = Desk::at(bank).await;
        let order = json!({
            "instructedAmount": { "currency": currency, "amount": "12.00" },
            "debtorAccount": debtor,
            "creditorAccount": { "iban": "FI7944052020036082" },
            "creditorName": "Kirjakauppa",
            "requestedExecutionDate": "2026-04-01",
        });
        let path = format!("/psd2/paymentinitiation/v1/payments/{product}");
        let created = json_of(desk.post(&path).json(&order).send().await.unwrap(), 201).await;
        let id = created["paymentId"].as_str().unwrap();
        let path = format!("{path}/{id}");
        assert_eq!(sign(&desk, &format!("{path}/authorisations"), id).await, sequence, "{bank}");
        let answer = desk.call(Method::DELETE, &path).send().await.unwrap();
        let base = json_of(answer, 202).await["_links"]["startAuthorisation"]["href"].as_str().unwrap().to_owned();
        assert_eq!(sign(&desk, &base, id).await, sequence, "{bank}");
        assert_eq!(desk.read(&format!("{path}/status")).await["transactionStatus"], "CANC", "{bank}");
    }
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

//! The status sequence of each bank, for consent, payment and cancellation, as platform-facts 8.2 tells it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{Desk, config, consent, json_of, refusal_of};
use opp_sandbox::Config;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const CONSENTS: &str = "/psd2/consent/v1/consents";
const PERSON: &str = "198301014882";

/// A customer of a bank that takes redirects only on request.
struct Customer {
    desk: Desk,
    person: &'static str,
}

/// A status and whether a token came with it.
type Seen = Vec<(String, bool)>;

impl Customer {
    async fn at(bank: &str) -> Self {
        Self::with(bank, PERSON, config()).await
    }

    async fn with(bank: &str, person: &'static str, config: Config) -> Self {
        let desk = Desk::with(bank, config).await;
        desk.sandbox.control().stop_clock();
        Self { desk, person }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let call = self.desk.call(method, path).header("PSU-ID", self.person);
        call.header("TPP-Redirect-Preferred", "false").header("Content-Type", "application/json")
    }

    async fn read(&self, path: &str) -> Value {
        json_of(self.call(Method::GET, path).send().await.unwrap(), 200).await
    }

    async fn consent(&self) -> String {
        let answer = self.call(Method::POST, CONSENTS).json(&consent()).send().await.unwrap();
        format!("{CONSENTS}/{}", json_of(answer, 201).await["consentId"].as_str().unwrap())
    }

    async fn payment(&self, path: &str, order: &Value) -> String {
        let answer = self.call(Method::POST, path).json(order).send().await.unwrap();
        format!("{path}/{}", json_of(answer, 201).await["paymentId"].as_str().unwrap())
    }

    async fn start(&self, base: &str) -> String {
        let started = json_of(self.call(Method::POST, base).send().await.unwrap(), 201).await;
        assert_eq!(started["scaStatus"], "received");
        format!("{base}/{}", started["authorisationId"].as_str().unwrap())
    }

    async fn choose(&self, path: &str, method: &str) -> Value {
        let method = json!({ "authenticationMethodId": method });
        json_of(self.call(Method::PUT, path).json(&method).send().await.unwrap(), 200).await
    }

    /// Walks an authorisation to its end, looking every half second, and notes each new status and each new token.
    async fn walk(&self, base: &str) -> Seen {
        let path = self.start(base).await;
        let mut bodies = vec![self.read(&path).await, self.choose(&path, "mbid").await];
        for _ in 0..80 {
            self.desk.sandbox.control().advance(Duration::from_millis(500));
            bodies.push(self.read(&path).await);
        }
        let token = |body: &Value| body["challengeData"]["data"][0].as_str().map(str::to_owned);
        bodies.dedup_by_key(|body| (body["scaStatus"].clone(), token(body)));
        let mut tokens: Vec<String> = bodies.iter().filter_map(token).collect();
        let all = tokens.len();
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), all, "every round has a token of its own");
        bodies.iter().map(|body| (body["scaStatus"].as_str().unwrap().to_owned(), token(body).is_some())).collect()
    }
}

fn seen(expected: &[(&str, bool)]) -> Seen {
    expected.iter().map(|(status, token)| ((*status).to_owned(), *token)).collect()
}

/// A domestic order as the bank wants it, from the documented debtor (platform-facts 12).
fn order(bank: &str) -> Value {
    let (debtor, creditor) = match bank {
        "HANDSESS" => (json!({ "bban": "403333911" }), json!({ "bban": "401975231", "clearingNumber": "1000" })),
        "NDEASESS" => (json!({ "bban": "41351300039" }), json!({ "iban": "SE2550000000054400047903" })),
        "SWEDSESS" => (json!({ "iban": "SE4880000123459876543219" }), json!({ "iban": "SE4880000123451234567890" })),
        _ => (json!({ "iban": "SE3750000000054400047881" }), json!({ "iban": "SE2550000000054400047903" })),
    };
    json!({
        "instructedAmount": { "currency": "SEK", "amount": "120.00" },
        "debtorAccount": debtor,
        "creditorAccount": creditor,
        "creditorName": "Nordvik Cykelservice AB",
        // Late enough that the signed payment can still be cancelled.
        "requestedExecutionDate": "2026-04-01",
    })
}

const DOMESTIC: &str = "/psd2/paymentinitiation/v1/payments/domestic";

const SEB_PAYMENT: [(&str, bool); 5] = [
    ("received", false),
    ("authenticationStarted", true),
    ("psuAuthenticated", false),
    ("started", false),
    ("finalised", false),
];
const NORDEA_PAYMENT: [(&str, bool); 5] = [
    ("received", false),
    ("authenticationStarted", true),
    ("psuAuthenticated", false),
    ("started", true),
    ("finalised", false),
];

#[tokio::test]
async fn a_consent_goes_through_the_statuses_of_its_bank() {
    for (bank, expected) in [
        ("ESSESESS", &[("received", false), ("started", true), ("finalised", false)][..]),
        ("HANDSESS", &[("received", false), ("finalised", false)]),
        (
            "NDEASESS",
            &[
                ("received", false),
                ("started", true),
                ("psuIdentified", false),
                ("psuAuthenticated", false),
                ("finalised", false),
            ],
        ),
        ("SWEDSESS", &[("received", false), ("authenticationStarted", true), ("started", true), ("finalised", false)]),
    ] {
        let customer = Customer::at(bank).await;
        let consent = customer.consent().await;
        assert_eq!(customer.walk(&format!("{consent}/authorisations")).await, seen(expected), "{bank}");
        assert_eq!(customer.read(&format!("{consent}/status")).await["consentStatus"], "valid", "{bank}");
    }
}

#[tokio::test]
async fn a_payment_and_its_cancellation_go_through_the_statuses_of_their_bank() {
    let swedbank = [
        ("received", false),
        ("authenticationStarted", true),
        ("authoriseCreditorAccountStarted", true),
        ("started", true),
        ("finalised", false),
    ];
    // What is cancelled has no new creditor.
    let swedbank_cancels =
        [("received", false), ("authenticationStarted", true), ("started", true), ("finalised", false)];
    let at_once = [("received", false), ("finalised", false)];
    for (bank, pays, cancels) in [
        ("ESSESESS", &SEB_PAYMENT[..], &SEB_PAYMENT[..]),
        ("HANDSESS", &at_once, &at_once),
        ("NDEASESS", &NORDEA_PAYMENT, &NORDEA_PAYMENT),
        ("SWEDSESS", &swedbank, &swedbank_cancels),
    ] {
        let customer = Customer::at(bank).await;
        let payment = customer.payment(DOMESTIC, &order(bank)).await;
        assert_eq!(customer.walk(&format!("{payment}/authorisations")).await, seen(pays), "{bank}");
        let answer = customer.call(Method::DELETE, &payment).send().await.unwrap();
        let base = json_of(answer, 202).await["_links"]["startAuthorisation"]["href"].as_str().unwrap().to_owned();
        assert_eq!(customer.walk(&base).await, seen(cancels), "{bank}");
        assert_eq!(customer.read(&format!("{payment}/status")).await["transactionStatus"], "CANC", "{bank}");
    }
}

#[tokio::test]
async fn swedbank_asks_for_a_creditor_only_once() {
    let customer = Customer::at("SWEDSESS").await;
    for expected in [4, 3] {
        let payment = customer.payment(DOMESTIC, &order("SWEDSESS")).await;
        let walk = customer.walk(&format!("{payment}/authorisations")).await;
        assert_eq!(walk.len(), expected + 1, "{walk:?}");
    }
}

#[tokio::test]
async fn an_exempted_customer_is_asked_nothing() {
    for bank in ["ESSESESS", "HANDSESS", "NDEASESS", "SWEDSESS"] {
        let customer = Customer::with(bank, "99990109002", Config { person_after: None, ..config() }).await;
        let consent = customer.consent().await;
        let walk = customer.walk(&format!("{consent}/authorisations")).await;
        assert_eq!(walk, seen(&[("received", false), ("exempted", false)]), "{bank}");
        assert_eq!(customer.read(&format!("{consent}/status")).await["consentStatus"], "valid", "{bank}");
    }
}

#[tokio::test]
async fn a_failure_names_its_code_at_every_bank() {
    for bank in ["ESSESESS", "HANDSESS", "NDEASESS", "SWEDSESS"] {
        for (person, code, status) in [
            ("99990101004", "AUTHENTICATION_SESSION_EXPIRED", "received"),
            ("99990101005", "BANKID_NOT_ACTIVATED", "received"),
            ("99990109001", "USER_CANCEL", "rejected"),
        ] {
            let customer = Customer::with(bank, person, config()).await;
            let consent = customer.consent().await;
            let path = customer.start(&format!("{consent}/authorisations")).await;
            customer.choose(&path, "mbid").await;
            customer.desk.sandbox.control().advance(Duration::from_secs(31));
            let body = customer.read(&path).await;
            assert_eq!((&body["scaStatus"], &body["tppMessages"][0]["code"]), (&json!("failed"), &json!(code)));
            assert_eq!(customer.read(&format!("{consent}/status")).await["consentStatus"], status, "{bank} {code}");
        }
    }
}

#[tokio::test]
async fn bankid_has_to_be_opened_within_thirty_seconds_and_answered_within_three_minutes() {
    let customer = Customer::with("ESSESESS", PERSON, Config { person_after: None, ..config() }).await;
    let control = customer.desk.sandbox.control();
    let base = format!("{}/authorisations", customer.consent().await);
    let late = customer.start(&base).await;
    customer.choose(&late, "mbid").await;
    control.advance(Duration::from_secs(29));
    assert_eq!(customer.read(&late).await["scaStatus"], "started");
    control.advance(Duration::from_secs(1));
    assert_eq!(customer.read(&late).await["scaStatus"], "failed");

    let opened = customer.start(&base).await;
    let chosen = customer.choose(&opened, "mbid").await;
    let token = chosen["challengeData"]["data"][0].as_str().unwrap();
    control.advance(Duration::from_secs(29));
    customer.phone(&[("action", "scan"), ("code", &format!("bankid:///?autostarttoken={token}"))]).await;
    control.advance(Duration::from_secs(179));
    assert_eq!(customer.read(&opened).await["scaStatus"], "started");
    control.advance(Duration::from_secs(1));
    assert_eq!(customer.read(&opened).await["scaStatus"], "failed");
}

#[tokio::test]
async fn handelsbanken_counts_from_the_start_of_the_authorisation() {
    let customer = Customer::at("HANDSESS").await;
    let path = customer.start(&format!("{}/authorisations", customer.consent().await)).await;
    customer.desk.sandbox.control().advance(Duration::from_secs(31));
    let body = customer.choose(&path, "mbid").await;
    assert_eq!(body["tppMessages"][0]["code"], "AUTHENTICATION_SESSION_EXPIRED");
}

#[tokio::test]
async fn a_slow_person_opens_the_app_in_time_and_answers_later() {
    let slow = Config { person_after: Some(Duration::from_secs(90)), ..config() };
    let customer = Customer::with("ESSESESS", PERSON, slow).await;
    let path = customer.start(&format!("{}/authorisations", customer.consent().await)).await;
    customer.choose(&path, "mbid").await;
    customer.desk.sandbox.control().advance(Duration::from_secs(89));
    assert_eq!(customer.read(&path).await["scaStatus"], "started");
    customer.desk.sandbox.control().advance(Duration::from_secs(1));
    assert_eq!(customer.read(&path).await["scaStatus"], "finalised");
}

#[tokio::test]
async fn each_method_shows_what_it_is_for() {
    for (method, changes, image) in [
        ("mbid", false, false),
        ("mbid_same_device", false, false),
        ("mbid_animated_qr_token", true, false),
        ("mbid_animated_qr_image", true, true),
    ] {
        let customer = Customer::with("NDEASESS", PERSON, Config { person_after: None, ..config() }).await;
        let path = customer.start(&format!("{}/authorisations", customer.consent().await)).await;
        let mut before = customer.choose(&path, method).await["challengeData"].clone();
        for second in 1..5 {
            customer.desk.sandbox.control().advance(Duration::from_secs(1));
            let now = customer.read(&path).await["challengeData"].clone();
            assert_eq!(now["data"] != before["data"], changes, "{method}");
            assert_eq!(now["data"][0].as_str().unwrap().starts_with("bankid."), changes, "{method}");
            assert_eq!(now["image"].is_string(), image, "{method}");
            assert!(!image || now["image"] != before["image"], "{method} after {second} s");
            before = now;
        }
    }
}

#[tokio::test]
async fn a_scanned_animated_code_opens_its_request_while_it_is_fresh() {
    let customer = Customer::with("ESSESESS", PERSON, Config { person_after: None, ..config() }).await;
    let path = customer.start(&format!("{}/authorisations", customer.consent().await)).await;
    let code = customer.choose(&path, "mbid_animated_qr_token").await["challengeData"]["data"][0].clone();
    let code = code.as_str().unwrap();
    customer.desk.sandbox.control().advance(Duration::from_secs(10));
    assert!(customer.phone(&[("action", "scan"), ("code", code)]).await.contains("belongs to no request"));
    let fresh = customer.read(&path).await["challengeData"]["data"][0].clone();
    let page = customer.phone(&[("action", "scan"), ("code", fresh.as_str().unwrap())]).await;
    assert!(page.contains("App is open"), "{page}");
}

#[tokio::test]
async fn an_unknown_method_is_refused_with_the_known_ones() {
    let customer = Customer::at("ESSESESS").await;
    let path = customer.start(&format!("{}/authorisations", customer.consent().await)).await;
    let method = json!({ "authenticationMethodId": "Mobilt BankID" });
    let answer = customer.call(Method::PUT, &path).json(&method).send().await.unwrap();
    let (code, text) = refusal_of(answer, 400).await;
    assert_eq!(code, "SCA_METHOD_UNKNOWN");
    assert!(text.contains("mbid_same_device"), "{text}");
}

impl Customer {
    /// Posts to the phone's page and gives what it shows then.
    async fn phone(&self, form: &[(&str, &str)]) -> String {
        let page = format!("{}/bankid", self.desk.sandbox.auth_url());
        let answer = self.desk.client.post(&page).form(form).send().await.unwrap();
        match answer.status().as_u16() {
            303 => self.desk.client.get(&page).send().await.unwrap().text().await.unwrap(),
            _ => answer.text().await.unwrap(),
        }
    }
}

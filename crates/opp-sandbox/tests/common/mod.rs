//! A client for the tests: says what a developer would say, over a real socket.

#![allow(dead_code, reason = "each suite uses the part that it needs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use opp_sandbox::{Config, Sandbox};
use reqwest::{Method, RequestBuilder, Response, redirect};
use serde_json::{Value, json};

pub(crate) const EVERYTHING: &str = "aspspinformation accountinformation paymentinitiation private";

/// A strict sandbox that starts on a fixed day and a client with a token for everything private.
pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: reqwest::Client,
    pub(crate) token: String,
    pub(crate) bank: String,
}

impl Desk {
    pub(crate) async fn at(bank: &str) -> Self {
        Self::with(bank, config()).await
    }

    pub(crate) async fn with(bank: &str, config: Config) -> Self {
        let sandbox = Sandbox::start(config).expect("the sandbox starts");
        let client = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let mut desk = Self { sandbox, client, token: String::new(), bank: bank.to_owned() };
        desk.token = desk.token_for(EVERYTHING).await;
        desk
    }

    pub(crate) async fn token_for(&self, scope: &str) -> String {
        let answer = self.ask_for_token(&[("grant_type", "client_credentials"), ("scope", scope)]).await;
        answer.json::<Value>().await.unwrap()["access_token"].as_str().expect("a token").to_owned()
    }

    /// Posts to the token endpoint with the right credentials and these fields.
    pub(crate) async fn ask_for_token(&self, fields: &[(&str, &str)]) -> Response {
        let application = self.sandbox.application();
        let mut form =
            vec![("client_id", application.client_id.as_str()), ("client_secret", application.client_secret.as_str())];
        form.extend_from_slice(fields);
        self.client.post(format!("{}/connect/token", self.sandbox.auth_url())).form(&form).send().await.unwrap()
    }

    /// A call with the headers that the guides show.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).header("PSU-IP-Address", "192.0.2.7").header("PSU-User-Agent", "Mozilla/5.0")
    }

    /// A read without the customer.
    pub(crate) fn unattended(&self, path: &str) -> RequestBuilder {
        self.bare(Method::GET, path)
    }

    /// A call without the customer's headers.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.sandbox.api_url()) };
        self.client
            .request(method, url)
            .bearer_auth(&self.token)
            .header("Accept", "application/json")
            .header("X-BicFi", &self.bank)
            .header("X-Request-ID", "0f9d0c9e-58f4-4a0e-8d4f-6c1a58f0a111")
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> RequestBuilder {
        self.call(Method::PUT, path)
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        json_of(self.get(path).send().await.unwrap(), 200).await
    }

    pub(crate) async fn create_consent(&self) -> String {
        let answer = self.post("/psd2/consent/v1/consents").json(&consent()).send().await.unwrap();
        json_of(answer, 201).await["consentId"].as_str().unwrap().to_owned()
    }

    /// Starts an authorisation below `base` and chooses a method; gives its path and the answer to the choice.
    pub(crate) async fn authorise(&self, base: &str, method: &str) -> (String, Response) {
        let started = self.post(base).header("Content-Type", "application/json").send().await.unwrap();
        assert_eq!(started.status(), 201, "{:?}", started.text().await);
        let path = started.headers()["location"].to_str().unwrap().to_owned();
        let chosen = self.put(&path).json(&json!({ "authenticationMethodId": method })).send().await.unwrap();
        (path, chosen)
    }

    /// A consent that the customer has approved, at a decoupled bank.
    pub(crate) async fn valid_consent(&self) -> String {
        let id = self.create_consent().await;
        self.sign_consent(&id).await;
        id
    }

    /// The same of another person.
    pub(crate) async fn valid_consent_of(&self, person: &str) -> String {
        let call = self.post("/psd2/consent/v1/consents").header("PSU-ID", person).json(&consent());
        let id = json_of(call.send().await.unwrap(), 201).await["consentId"].as_str().unwrap().to_owned();
        self.sign_consent(&id).await;
        id
    }

    async fn sign_consent(&self, id: &str) {
        let base = format!("/psd2/consent/v1/consents/{id}/authorisations");
        let (_, chosen) = self.authorise(&base, "mbid").await;
        assert_eq!(chosen.status(), 200, "{:?}", chosen.text().await);
        self.sandbox.control().advance(std::time::Duration::from_secs(10));
        let status = self.read(&format!("/psd2/consent/v1/consents/{id}/status")).await;
        assert_eq!(status["consentStatus"], "valid");
    }
}

/// Strict, and with a clock that only moves when told to.
pub(crate) fn config() -> Config {
    Config { strict: true, start_time: Some("2026-03-16T09:30:00Z".parse().unwrap()), ..Config::default() }
}

pub(crate) fn consent() -> Value {
    json!({
        "access": {},
        "recurringIndicator": true,
        "validUntil": "2026-06-01",
        "frequencyPerDay": 4,
        "combinedServiceIndicator": false,
    })
}

/// The body of an answer that has to have this status.
pub(crate) async fn json_of(answer: Response, status: u16) -> Value {
    let found = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Code and text of the first message of a refusal with this status.
pub(crate) async fn refusal_of(answer: Response, status: u16) -> (String, String) {
    let body = json_of(answer, status).await;
    let message = &body["tppMessages"][0];
    (message["code"].as_str().unwrap().to_owned(), message["text"].as_str().unwrap().to_owned())
}

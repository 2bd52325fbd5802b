//! A customer at any bank who has approved a consent, whichever way the bank asks.

#![allow(dead_code, reason = "each suite uses the part that it needs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use opp_sandbox::Config;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::{Value, json};

use crate::common::{Desk, config, consent, json_of};

pub(crate) const ACCOUNTS: &str = "/psd2/accountinformation/v1/accounts";
const CONSENTS: &str = "/psd2/consent/v1/consents";
const PAYMENTS: &str = "/psd2/paymentinitiation/v1";

pub(crate) struct Reader {
    pub(crate) desk: Desk,
    pub(crate) consent: String,
    headers: Vec<(&'static str, String)>,
}

impl Reader {
    /// The bank's documented person.
    pub(crate) async fn at(bank: &str) -> Self {
        Self::with(bank, config(), None, &consent()).await
    }

    pub(crate) async fn company_at(bank: &str, number: &str) -> Self {
        Self::with(bank, config(), Some(number), &consent()).await
    }

    pub(crate) async fn with(bank: &str, config: Config, company: Option<&str>, access: &Value) -> Self {
        let mut desk = Desk::with(bank, config).await;
        let mut headers = vec![("TPP-Redirect-Preferred", "false".to_owned())];
        if bank == "SWEDSESS" {
            headers.push(("PSU-ID", "199710122392".to_owned()));
        }
        if let Some(number) = company {
            desk.token = desk.token_for("accountinformation paymentinitiation corporate").await;
            headers.push(("PSU-Corporate-ID", number.to_owned()));
        }
        let mut reader = Self { desk, consent: String::new(), headers };
        let created = json_of(reader.call(Method::POST, CONSENTS).json(access).send().await.unwrap(), 201).await;
        reader.consent = created["consentId"].as_str().unwrap().to_owned();
        reader.approve(&format!("{CONSENTS}/{}", reader.consent)).await;
        let status = reader.call(Method::GET, &format!("{CONSENTS}/{}/status", reader.consent));
        assert_eq!(json_of(status.send().await.unwrap(), 200).await["consentStatus"], "valid", "{bank}");
        reader
    }

    /// A call with all headers but the consent's.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.headers.iter().fold(self.desk.call(method, path), |call, (name, value)| call.header(*name, value))
    }

    /// A read below the consent.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.call(Method::GET, path).header("Consent-ID", &self.consent)
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        json_of(self.get(path).send().await.unwrap(), 200).await
    }

    /// A read in another format.
    pub(crate) async fn read_as(&self, path: &str, media: &'static str) -> String {
        let mut request = self.get(path).build().unwrap();
        request.headers_mut().insert("accept", media.parse().unwrap());
        let answer = self.desk.client.execute(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{media}");
        let found = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(found.split(';').next().unwrap(), media);
        answer.text().await.unwrap()
    }

    pub(crate) async fn accounts(&self) -> Vec<Value> {
        self.read(&format!("{ACCOUNTS}?withBalance=true")).await["accounts"].as_array().unwrap().clone()
    }

    /// Path of the account with this type of ISO 20022.
    pub(crate) async fn account(&self, kind: &str) -> String {
        let accounts = self.accounts().await;
        let found =
            accounts.iter().find(|account| account["cashAccountType"] == kind).unwrap_or_else(|| panic!("{kind}"));
        format!("{ACCOUNTS}/{}", found["resourceId"].as_str().unwrap())
    }

    /// All pages of a transaction list: booked and pending.
    pub(crate) async fn all(&self, path: &str) -> (Vec<Value>, Vec<Value>) {
        let (mut booked, mut pending) = (Vec::new(), Vec::new());
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.read(&path).await;
            let list = |name: &str| page["transactions"][name].as_array().cloned().unwrap_or_default();
            booked.extend(list("booked"));
            pending.extend(list("pending"));
            next = page["transactions"]["_links"]["next"]["href"].as_str().map(str::to_owned);
        }
        (booked, pending)
    }

    /// Sends an order to a service and product.
    pub(crate) async fn order(&self, path: &str, order: &Value) -> Response {
        self.call(Method::POST, &format!("{PAYMENTS}/{path}")).json(order).send().await.unwrap()
    }

    /// The path of a new payment.
    pub(crate) async fn create(&self, path: &str, order: &Value) -> String {
        let body = json_of(self.order(path, order).await, 201).await;
        format!("{PAYMENTS}/{path}/{}", body["paymentId"].as_str().unwrap())
    }

    pub(crate) async fn status(&self, payment: &str) -> Value {
        json_of(self.call(Method::GET, &format!("{payment}/status")).send().await.unwrap(), 200).await
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.desk.sandbox.control().advance(Duration::from_secs(seconds));
    }

    /// What has been booked on an account since the sandbox began.
    pub(crate) async fn booked(&self, account: usize) -> Vec<Value> {
        let accounts = self.accounts().await;
        let list = accounts[account]["_links"]["transactions"]["href"].as_str().unwrap();
        self.all(&format!("{list}?bookingStatus=booked&dateFrom=2026-03-16")).await.0
    }

    /// A balance of an account, in hundredths.
    pub(crate) async fn balance(&self, account: usize, kind: &str) -> i64 {
        let accounts = self.accounts().await;
        let balances = accounts[account]["balances"].as_array().unwrap();
        let balance = balances.iter().find(|one| one["balanceType"] == kind).unwrap();
        balance["balanceAmount"]["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
    }

    /// Signs a consent or payment (or, below `cancellation-authorisations`, a cancellation).
    pub(crate) async fn approve(&self, resource: &str) {
        self.approve_at(&format!("{resource}/authorisations")).await;
    }

    pub(crate) async fn approve_at(&self, base: &str) {
        let started = json_of(self.call(Method::POST, base).send().await.unwrap(), 201).await;
        let authorisation = started["authorisationId"].as_str().unwrap();
        let path = format!("{base}/{authorisation}");
        let method = json!({ "authenticationMethodId": started["scaMethods"][0]["authenticationMethodId"] });
        let chosen = json_of(self.call(Method::PUT, &path).json(&method).send().await.unwrap(), 200).await;
        if let Some(link) = chosen["_links"]["scaOAuth"]["href"].as_str() {
            self.walk_through(link, base, authorisation).await;
        }
        for _ in 0..20 {
            let status = json_of(self.call(Method::GET, &path).send().await.unwrap(), 200).await;
            if status["scaStatus"] == "finalised" {
                return;
            }
            self.desk.sandbox.control().advance(Duration::from_secs(1));
        }
        panic!("{base} is never finalised");
    }

    /// The bank's page and the exchange of the code.
    async fn walk_through(&self, link: &str, base: &str, authorisation: &str) {
        let application = self.desk.sandbox.application();
        let link = link
            .replace("[CLIENT_ID]", &application.client_id)
            .replace("[TPP_REDIRECT_URI]", "http%3A%2F%2Flocalhost%3A9999%2Fback")
            .replace("[TPP_STATE]", "x");
        let form = [("decision", "approve")];
        let back = self.desk.client.post(&link).form(&form).send().await.unwrap();
        assert_eq!(back.status(), 303, "{:?}", back.text().await);
        let back = Url::parse(back.headers()["location"].to_str().unwrap()).unwrap();
        let get = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        let form = [
            ("client_id", application.client_id.as_str()),
            ("client_secret", application.client_secret.as_str()),
            ("grant_type", "authorization_code"),
            ("code", &get("code")),
            ("redirect_uri", "http://localhost:9999/back"),
            ("scope", &get("scope")),
        ];
        let resource = base.rsplit('/').nth(1).unwrap();
        let (id, its) = if base.starts_with(CONSENTS) {
            ("X-ConsentId", "X-ConsentAuthorisationId")
        } else {
            ("X-PaymentId", "X-PaymentAuthorisationId")
        };
        let token = format!("{}/connect/token", self.desk.sandbox.auth_url());
        let exchange = self.desk.client.post(token).form(&form).header(id, resource).header(its, authorisation);
        assert!(json_of(exchange.send().await.unwrap(), 200).await["access_token"].is_string());
    }
}

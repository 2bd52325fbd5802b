//! A customer on the bank's page of a redirect.

#![allow(dead_code, reason = "each suite uses the part that it needs")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use opp_sandbox::Config;
use reqwest::{Response, Url};
use serde_json::{Value, json};

use crate::common::{Desk, consent, json_of};

pub(crate) const CONSENTS: &str = "/psd2/consent/v1/consents";
pub(crate) const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A customer's way from the application to the bank's page.
pub(crate) struct Journey {
    pub(crate) desk: Desk,
    pub(crate) resource: String,
    pub(crate) path: String,
    pub(crate) link: String,
}

impl Journey {
    /// A consent of a person at a bank, up to the link.
    pub(crate) async fn consent(bank: &str, person: &str, config: Config) -> Self {
        Self::begin(Desk::with(bank, config).await, person, CONSENTS, "consentId", &consent()).await
    }

    pub(crate) async fn payment(bank: &str, product: &str, order: &Value) -> Self {
        let path = format!("/psd2/paymentinitiation/v1/payments/{product}");
        Self::begin(Desk::at(bank).await, "198301014882", &path, "paymentId", order).await
    }

    pub(crate) async fn begin(desk: Desk, person: &str, path: &str, id: &str, body: &Value) -> Self {
        desk.sandbox.control().stop_clock();
        let created = desk.post(path).header("PSU-ID", person).json(body).send().await.unwrap();
        let resource = format!("{path}/{}", json_of(created, 201).await[id].as_str().unwrap());
        Self::to_the_page(desk, person, resource).await
    }

    /// From a consent or payment up to the link.
    pub(crate) async fn to_the_page(desk: Desk, person: &str, resource: String) -> Self {
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

    pub(crate) async fn open(&self, accept: &str) -> Response {
        self.desk.client.get(&self.link).header("Accept", accept).send().await.unwrap()
    }

    /// Fills in a form of the page; gives the page that comes of it, if it is one of the bank's.
    pub(crate) async fn post(&self, form: &[(&str, &str)]) -> Response {
        self.desk.client.post(&self.link).header("Accept", BROWSER).form(form).send().await.unwrap()
    }

    pub(crate) async fn page(&self) -> String {
        self.open(BROWSER).await.text().await.unwrap()
    }

    pub(crate) async fn sca_status(&self) -> Value {
        self.desk.read(&self.path).await
    }

    pub(crate) async fn status(&self) -> Value {
        self.desk.read(&format!("{}/status", self.resource)).await
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.desk.sandbox.control().advance(Duration::from_secs(seconds));
    }
}

/// The query of the way back.
pub(crate) fn back(answer: &Response) -> std::collections::HashMap<String, String> {
    assert_eq!(answer.status(), 303);
    let target = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!((target.host_str(), target.path()), (Some("localhost"), "/back"), "{target}");
    target.query_pairs().into_owned().collect()
}

/// The accounts that a page lets its customer choose from.
pub(crate) fn accounts(page: &str) -> Vec<String> {
    let values = page.split("name=\"account\" value=\"").skip(1);
    values.map(|rest| rest.split('"').next().unwrap().replace("&#x2f;", "/")).collect()
}

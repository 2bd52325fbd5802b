//! The pages in a real browser: a headless Chromium, driven over `WebDriver`.
//!
//! Needs `chromium` and `chromedriver` (the Debian packages `chromium` and `chromium-driver`). Without them the suite
//! says loudly that it was skipped; with `CI=true` it fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

mod browser;
mod common;

use std::time::Duration;

use browser::Browser;
use common::{Desk, config, consent, json_of};
use fantoccini::Locator;
use opp_sandbox::Config;
use serde_json::{Value, json};

const CONSENTS: &str = "/psd2/consent/v1/consents";
const DOMESTIC: &str = "/psd2/paymentinitiation/v1/payments/domestic";
const PERSON: &str = "198301014882";

/// An application's side: what was created, the authorisation, and the link for the customer.
struct Errand {
    desk: Desk,
    resource: String,
    path: String,
    link: String,
}

impl Errand {
    async fn consent(bank: &str) -> Self {
        let desk = Desk::with(bank, Config { person_after: None, ..config() }).await;
        Self::begin(desk, CONSENTS, "consentId", &consent()).await
    }

    async fn danske_payment() -> Self {
        let order = json!({
            "instructedAmount": { "currency": "GBP", "amount": "48.20" },
            "debtorAccount": { "bban": "84600447424379" },
            "creditorAccount": { "bban": "15517312471731" },
            "creditorName": "Harbour Books Ltd",
            "remittanceInformationUnstructured": "Order 5531",
        });
        Self::begin(Desk::at("DABASESX").await, DOMESTIC, "paymentId", &order).await
    }

    async fn begin(desk: Desk, path: &str, id: &str, body: &Value) -> Self {
        // A slow machine is no slow customer.
        desk.sandbox.control().stop_clock();
        let created = desk.post(path).header("PSU-ID", PERSON).json(body).send().await.unwrap();
        let resource = format!("{path}/{}", json_of(created, 201).await[id].as_str().unwrap());
        let base = format!("{resource}/authorisations");
        let started = json_of(desk.post(&base).send().await.unwrap(), 201).await;
        let path = format!("{base}/{}", started["authorisationId"].as_str().unwrap());
        let method = json!({ "authenticationMethodId": started["scaMethods"][0]["authenticationMethodId"] });
        let chosen = json_of(desk.put(&path).json(&method).send().await.unwrap(), 200).await;
        let link = ["scaOAuth", "scaRedirect"].iter().find_map(|name| chosen["_links"][*name]["href"].as_str());
        let link = link
            .unwrap_or_default()
            .replace("[CLIENT_ID]", &desk.sandbox.application().client_id)
            // The phone page stands in for the application's own: it is an address that answers.
            .replace("[TPP_REDIRECT_URI]", &format!("{}/bankid", desk.sandbox.auth_url()))
            .replace("[TPP_STATE]", "s-1");
        Self { desk, resource, path, link }
    }

    async fn status(&self) -> Value {
        self.desk.read(&format!("{}/status", self.resource)).await
    }

    async fn sca(&self) -> Value {
        self.desk.read(&self.path).await
    }
}

/// Runs a test in a browser of its own, or says that there is none.
macro_rules! in_browser {
    ($browser:ident, $body:block) => {
        let Some($browser) = Browser::start().await else { return };
        $body
        $browser.stop().await;
    };
}

#[tokio::test]
async fn a_person_approves_a_consent_on_the_banks_page() {
    in_browser!(browser, {
        let errand = Errand::consent("OKOYFIHH").await;
        browser.open(&errand.link).await;
        assert!(browser.text("main").await.contains("Example application asks to read your accounts"));
        browser.look("sign-in").await;
        browser.type_into("#secret", "123456").await;
        browser.press("Sign in").await;
        let page = browser.text("main").await;
        assert!(page.contains("all your accounts") && page.contains(PERSON), "{page}");
        browser.look("approve").await;
        browser.press("Approve").await;
        let url = browser.url().await;
        assert!(url.contains("code=") && url.contains("state=s-1"), "{url}");
        assert_eq!(errand.sca().await["scaStatus"], "psuAuthenticated");
    });
}

#[tokio::test]
async fn a_person_declines_without_signing_in() {
    in_browser!(browser, {
        let errand = Errand::consent("NDEAFIHH").await;
        browser.open(&errand.link).await;
        browser.press("Decline").await;
        assert!(browser.url().await.contains("error=access_denied"));
        assert_eq!(errand.status().await["consentStatus"], "rejected");
    });
}

#[tokio::test]
async fn a_person_who_comes_too_late_is_told_so_and_led_back() {
    in_browser!(browser, {
        let errand = Errand::consent("NDEASESS").await;
        browser.open(&errand.link).await;
        errand.desk.sandbox.control().advance(Duration::from_secs(601));
        browser.press("Sign in with BankID").await;
        assert!(browser.text("h1").await.contains("Your time is up"));
        browser.look("ended").await;
        browser.press("Back to Example application").await;
        assert!(browser.url().await.contains("error=access_denied"));
    });
}

#[tokio::test]
async fn a_person_pays_with_the_keyboard_alone_from_another_account() {
    in_browser!(browser, {
        let errand = Errand::danske_payment().await;
        browser.open(&errand.link).await;
        browser.tab_to("#user").await;
        browser.tab_to("#secret").await;
        browser.keys("secret\u{e007}").await; // Enter
        let page = browser.text("main").await;
        for part in ["48.20 GBP", "Harbour Books Ltd", "Order 5531", "Pay from"] {
            assert!(page.contains(part), "{part} in {page}");
        }
        browser.look("payment").await;
        browser.tab_to("input[name=account]").await;
        browser.keys("\u{e015}").await; // down: the next account
        let chosen = browser.text(".choice:has(:checked) span span").await;
        browser.tab_to("button[value=approve]").await;
        browser.keys("\u{e007}").await;
        assert!(browser.url().await.contains("code="));
        assert_eq!(errand.desk.read(&errand.resource).await["debtorAccount"]["bban"], chosen.as_str());
    });
}

#[tokio::test]
async fn the_phone_lists_scans_approves_and_rejects() {
    in_browser!(browser, {
        let errand = Errand::consent("ESSESESS").await;
        let phone = format!("{}/bankid", errand.desk.sandbox.auth_url());
        browser.open(&phone).await;
        let page = browser.text("main").await;
        assert!(page.contains("Waits to be scanned") && page.contains("asks to read your accounts"), "{page}");
        browser.look("phone").await;
        let token = errand.sca().await["challengeData"]["data"][0].as_str().unwrap().to_owned();
        browser.type_into("#code", "no code at all").await;
        browser.press("Open").await;
        assert!(browser.text("[role=alert]").await.contains("belongs to no request"));
        browser.look("phone-error").await;
        browser.type_into("#code", &format!("https://app.bankid.com/?autostarttoken={token}&redirect=null")).await;
        browser.press("Open").await;
        assert!(browser.text("section").await.contains("App is open"));
        browser.press("Approve").await;
        assert!(browser.text("h1").await.contains("Nothing waits for you"));
        assert_eq!(errand.status().await["consentStatus"], "valid");

        let errand = Errand::consent("ESSESESS").await;
        browser.open(&format!("{}/bankid", errand.desk.sandbox.auth_url())).await;
        browser.press("Reject").await;
        assert_eq!(errand.sca().await["tppMessages"][0]["code"], "USER_CANCEL");
        assert_eq!(errand.status().await["consentStatus"], "rejected");
    });
}

#[tokio::test]
async fn pages_fit_a_small_phone() {
    in_browser!(browser, {
        for bank in ["ESSESESS", "SWEDSESS", "DABASESX"] {
            let errand = Errand::consent(bank).await;
            let page =
                if bank == "ESSESESS" { format!("{}/bankid", errand.desk.sandbox.auth_url()) } else { errand.link };
            browser.narrow().await;
            browser.open(&page).await;
            let wider = browser.ask("return document.documentElement.scrollWidth - window.innerWidth").await;
            assert!(wider.as_i64().unwrap() <= 0, "{bank} scrolls sideways by {wider}");
        }
    });
}

#[tokio::test]
async fn an_address_that_does_not_work_says_why() {
    in_browser!(browser, {
        let errand = Errand::consent("OKOYFIHH").await;
        browser.open(&errand.link.replace("state=s-1", "state=[TPP_STATE]")).await;
        assert!(browser.text("[role=alert]").await.contains("[TPP_STATE]"));
        browser.look("error").await;
        assert!(browser.client.find(Locator::Css("script")).await.is_err());
    });
}

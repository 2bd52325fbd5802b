//! What errors say: what happened and where, the facts, and what to do next, once each.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{Act, Host, answer, builder};
use opp_ergonomic::{Access, Bank, Client, ConsentRequest, DirectoryFilter, Error, Outcome, Psu, RetryPolicy, Session};

async fn at(act: Act) -> (Host, Host, Session) {
    let (auth, api) = (Host::tokens().await, Host::start(move |_, _| act.clone()).await);
    let client = builder(&auth.url, &api.url).retry(RetryPolicy::never()).build().unwrap();
    let session = client.at(Bank::new("ESSESESS").unwrap(), Psu::private().id("199311219639")).unwrap();
    (auth, api, session)
}

fn coded(status: u16, code: &str) -> Act {
    answer(status, format!(r#"{{"tppMessages":[{{"category":"ERROR","code":"{code}","text":"of the bank"}}]}}"#))
}

/// The error of a read, with the id of its call cut out.
async fn read(act: Act) -> String {
    let (_auth, api, session) = at(act).await;
    told(&session.consents().status("c-1").await.unwrap_err(), &api)
}

/// The error of a write.
async fn write(act: Act) -> (String, Option<Outcome>) {
    let (_auth, api, session) = at(act).await;
    let request = ConsentRequest::new(Access::all(), chrono::Utc::now().date_naive() + chrono::Days::new(90));
    let error = session.consents().create(&request).await.unwrap_err();
    (told(&error, &api), error.outcome())
}

fn told(error: &Error, api: &Host) -> String {
    let id = &api.requests()[0].headers["x-request-id"];
    assert_eq!(error.request_id(), Some(id.as_str()));
    error.to_string().replace(id, "ID")
}

#[tokio::test]
async fn what_the_bank_refuses_is_told_with_what_to_do() {
    for (act, text) in [
        (
            coded(401, "CONSENT_EXPIRED"),
            "getConsentStatus was refused (status 401, CONSENT_EXPIRED, X-Request-ID ID): ask the user for a new consent",
        ),
        (
            coded(403, "SERVICE_BLOCKED"),
            "getConsentStatus was refused (status 403, SERVICE_BLOCKED, X-Request-ID ID): add the API scope to \
             ClientBuilder::apis, or change private for corporate",
        ),
        (
            coded(401, "CERTIFICATE_EXPIRED"),
            "getConsentStatus was refused (status 401, CERTIFICATE_EXPIRED, X-Request-ID ID): the host wants the \
             certificate of your application, or does not accept the one it saw: give the one from the portal with \
             ClientBuilder::identity",
        ),
        (
            coded(429, "ACCESS_EXCEEDED"),
            "getConsentStatus was refused (status 429, ACCESS_EXCEEDED, X-Request-ID ID): wait until tomorrow, or read \
             while the user is present and Psu::ip is set",
        ),
        (
            coded(404, "PRODUCT_UNKNOWN"),
            "getConsentStatus was refused (status 404, PRODUCT_UNKNOWN, X-Request-ID ID): the bank does not offer this \
             product: BankDetails::payment_products has those that it offers",
        ),
        (
            answer(404, ""),
            "getConsentStatus found nothing: check the ids, the bank and the path (status 404) (X-Request-ID ID)",
        ),
    ] {
        assert_eq!(read(act).await, text);
    }
}

#[tokio::test]
async fn a_success_without_what_is_needed_is_an_error_of_its_call() {
    let text = read(answer(200, "{}")).await;
    assert_eq!(text, "getConsentStatus succeeded, but its answer has no consentStatus (X-Request-ID ID)");
    let (text, outcome) = write(answer(201, "{}")).await;
    assert_eq!(outcome, Some(Outcome::Accepted));
    assert_eq!(
        text,
        "createConsent succeeded, but its answer has no consentId (X-Request-ID ID): it was carried out: do not send \
         it again"
    );
}

#[tokio::test]
async fn a_write_of_unknown_fate_says_how_to_find_out() {
    let end = "(X-Request-ID ID): whether it was carried out is not known: find out, with the X-Request-ID and \
               Error::path, before it is sent again";
    let (text, outcome) = write(Act::Close).await;
    assert_eq!((text, outcome), (format!("createConsent lost its connection {end}"), Some(Outcome::Unknown)));
    let (text, _) = write(answer(504, "<html>")).await;
    let end = end.replace("(X", "(status 504, X");
    assert_eq!(text, format!("createConsent failed at the platform or the bank {end}"));
}

#[tokio::test]
async fn what_was_never_sent_says_so() {
    let client = builder("http://127.0.0.1:9", "http://127.0.0.1:9").build().unwrap();
    let error = client.banks().list(&DirectoryFilter::all()).await.unwrap_err();
    let text =
        "getASPSPList was not sent: the auth host cannot be reached: check its address, DNS, proxy and certificate";
    assert_eq!(error.to_string(), text);

    let auth = Host::start(|_, _| answer(400, r#"{"error":"invalid_scope"}"#)).await;
    let client = builder(&auth.url, "http://127.0.0.1:9").build().unwrap();
    let error = client.banks().list(&DirectoryFilter::all()).await.unwrap_err();
    assert!(error.needs_different_scope());
    assert_eq!(
        error.to_string(),
        "getASPSPList was not sent: the auth host refuses the scope: activate these API products for the application \
         in the portal (invalid_scope, status 400)"
    );
}

#[test]
fn a_client_that_cannot_be_built_names_the_setting() {
    let text = Client::builder().build().unwrap_err().to_string();
    assert_eq!(
        text,
        "credentials are missing: the portal shows id and secret; give them with ClientBuilder::credentials"
    );
}

#[tokio::test]
async fn an_order_that_breaks_a_rule_was_not_sent() {
    let (_auth, api, session) = at(answer(500, "")).await;
    let long_ago = chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    let error = session.consents().create(&ConsentRequest::new(Access::all(), long_ago)).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::NotSent));
    assert_eq!(error.invalid().unwrap().field(), "validUntil");
    assert_eq!(api.count(), 0);
}

#[tokio::test]
async fn a_write_that_is_given_up_on_its_way_is_not_said_not_to_have_been_sent() {
    // Whatever form of answer is asked for.
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| Act::Hang).await);
    let own = opp_ergonomic::raw::reqwest::Client::builder().build().unwrap();
    let client = builder(&auth.url, &api.url).http(own).attempt_timeout(Duration::from_millis(300));
    let client = client.header("Accept", "application/json;charset=utf-8").build().unwrap();
    let session = client.at(Bank::new("ESSESESS").unwrap(), Psu::private().id("1")).unwrap();
    let today = chrono::Utc::now().date_naive();
    let error = session.consents().create(&ConsentRequest::new(Access::all(), today)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.outcome(), Some(Outcome::Unknown));
    assert_eq!(api.count(), 1);
}

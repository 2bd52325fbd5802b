//! Signing against the simulated platform: both approaches; consents, payments and what came of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use chrono::{Days, Utc};
use opp_ergonomic::sca::{Callback, Device, Ending, Flow, Standing, Step, Subject};
use opp_ergonomic::{Access, Bank, Client, ConsentRequest, Environment, Psu, Session};
use opp_sandbox::{Config, Sandbox};

const BACK: &str = "https://localhost/callback";

fn start() -> (Sandbox, Client) {
    let quick = Some(Duration::from_millis(300));
    let config =
        Config { strict: true, person_after: quick, bank_after: Duration::from_millis(200), ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let application = sandbox.application();
    let client = Client::builder()
        .environment(Environment::custom(sandbox.auth_url(), sandbox.api_url()))
        .allow_plain_loopback()
        .credentials(&application.client_id, application.client_secret.as_str())
        .build()
        .unwrap();
    (sandbox, client)
}

fn at(client: &Client, bank: &str, redirect: bool) -> Session {
    let psu = Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Mozilla/5.0");
    client.at(Bank::new(bank).unwrap().prefer_redirect(redirect), psu).unwrap()
}

async fn consent(session: &Session, client_id: &str) -> Flow {
    let request = ConsentRequest::new(Access::all(), Utc::now().date_naive() + Days::new(90));
    let id = session.consents().create(&request).await.unwrap().id().to_owned();
    Flow::new(Subject::Consent(id), session.bank().clone(), Device::Desktop, Utc::now())
        .redirect(client_id, BACK)
        .poll_every(Duration::from_millis(50))
        .within(Duration::from_secs(30))
}

#[tokio::test]
async fn a_consent_is_signed_with_bankid_at_swedsess_in_a_plain_loop() {
    let (_sandbox, client) = start();
    let session = at(&client, "SWEDSESS", false);
    let mut signing = session.sign(consent(&session, "unused").await).unwrap();
    let mut codes = Vec::new();
    let ending = signing.finish(|step| {
        if let Step::ShowQr { payload, .. } = step {
            codes.push(payload.expose().to_owned());
        }
    });
    assert_eq!(ending.await.unwrap(), Ending::Finalised(Standing::Valid));
    codes.dedup();
    assert!(codes.len() >= 2, "two rounds have a code each: {codes:?}");
}

#[tokio::test]
async fn handsess_signs_by_itself_and_the_stream_ends() {
    use futures_util::StreamExt as _;
    let (_sandbox, client) = start();
    let session = at(&client, "HANDSESS", false);
    let flow = consent(&session, "unused").await;
    let steps: Vec<_> = session.sign(flow).unwrap().into_stream().collect().await;
    assert!(matches!(steps.last(), Some(Ok(Step::Done(Ending::Finalised(Standing::Valid))))), "{steps:?}");
}

#[tokio::test]
async fn a_redirect_goes_on_after_a_restart_at_the_callback() {
    let (sandbox, client) = start();
    let session = at(&client, "ESSESESS", true);
    let id = sandbox.application().client_id.clone();
    let redirect_uri = sandbox.application().redirect_uris.first().cloned().unwrap_or_else(|| BACK.to_owned());
    let flow = consent(&session, &id).await.redirect(&id, &redirect_uri);
    let mut signing = session.sign(flow).unwrap();
    let url = loop {
        match signing.next().await.unwrap() {
            Some(Step::Redirect { url, .. }) => break url.expose().to_owned(),
            Some(Step::Wait { .. }) => {}
            other => panic!("{other:?}"),
        }
    };
    let stored = serde_json::to_string(signing.flow()).unwrap();
    drop(signing);

    // The user says yes at the bank, and comes back.
    let http = opp_ergonomic::raw::reqwest::Client::builder()
        .redirect(opp_ergonomic::raw::reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = http.post(&url).header(headers[0].0, headers[0].1).body("decision=approve").send().await.unwrap();
    let address = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(address.starts_with(&redirect_uri), "{address}");

    let mut signing = session.sign(serde_json::from_str(&stored).unwrap()).unwrap();
    let callback = Callback::parse(&address);
    assert!(callback.has_code());
    signing.callback(&callback).unwrap();
    assert!(signing.callback(&callback).is_err(), "it counts once");
    assert_eq!(signing.finish(|_| {}).await.unwrap(), Ending::Finalised(Standing::Valid));
}

#[tokio::test]
async fn a_flow_goes_on_only_at_its_own_bank() {
    let (_sandbox, client) = start();
    let flow = consent(&at(&client, "HANDSESS", false), "unused").await;
    let refusal = at(&client, "ESSESESS", false).sign(flow).unwrap_err();
    assert_eq!(refusal.invalid().unwrap().field(), "bank");
}

//! Getting tokens, and what they open.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Desk, config, json_of, refusal_of};
use serde_json::Value;
use std::time::Duration;

const BANKS: &str = "/psd2/aspspinformation/v1/aspsps";

#[tokio::test]
async fn credentials_buy_a_token_for_an_hour() {
    let desk = Desk::at("ESSESESS").await;
    let answer =
        desk.ask_for_token(&[("grant_type", "client_credentials"), ("scope", "accountinformation private")]).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let body = json_of(answer, 200).await;
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["token_type"], "Bearer");
}

#[tokio::test]
async fn a_secret_that_is_not_encoded_is_a_wrong_secret() {
    let desk = Desk::at("ESSESESS").await;
    let application = desk.sandbox.application();
    let body = format!(
        "grant_type=client_credentials&scope=accountinformation%20private&client_id={}&client_secret={}",
        application.client_id, application.client_secret
    );
    let request = desk.client.post(format!("{}/connect/token", desk.sandbox.auth_url()));
    let answer = request.header("Content-Type", "application/x-www-form-urlencoded").body(body).send().await.unwrap();
    assert_eq!(json_of(answer, 400).await["error"], "invalid_client");
}

#[tokio::test]
async fn a_scope_needs_a_context() {
    let desk = Desk::at("ESSESESS").await;
    for scope in ["accountinformation", "private", "accountinformation private corporate", "accounts private"] {
        let answer = desk.ask_for_token(&[("grant_type", "client_credentials"), ("scope", scope)]).await;
        assert_eq!(json_of(answer, 400).await["error"], "invalid_scope", "{scope}");
    }
}

#[tokio::test]
async fn a_token_expires_by_the_virtual_clock() {
    let desk = Desk::at("ESSESESS").await;
    desk.sandbox.control().advance(Duration::from_secs(3601));
    let (code, _) = refusal_of(desk.get(BANKS).send().await.unwrap(), 401).await;
    assert_eq!(code, "TOKEN_EXPIRED");
}

#[tokio::test]
async fn a_token_opens_only_the_services_of_its_scope() {
    let mut desk = Desk::at("ESSESESS").await;
    desk.token = desk.token_for("aspspinformation private").await;
    let answer = desk.post("/psd2/consent/v1/consents").json(&common::consent()).send().await.unwrap();
    let (code, text) = refusal_of(answer, 403).await;
    assert_eq!(code, "SERVICE_BLOCKED");
    assert!(text.contains("accountinformation"), "{text}");
}

#[tokio::test]
async fn a_corporate_token_does_not_reach_a_private_consent() {
    let mut desk = Desk::at("ESSESESS").await;
    let id = desk.create_consent().await;
    desk.token = desk.token_for("accountinformation corporate").await;
    let answer = desk.get(&format!("/psd2/consent/v1/consents/{id}")).send().await.unwrap();
    assert_eq!(refusal_of(answer, 403).await.0, "SERVICE_BLOCKED");
}

#[tokio::test]
async fn the_token_of_another_sandbox_is_unknown() {
    let mut desk = Desk::at("ESSESESS").await;
    let other = Desk::with("ESSESESS", opp_sandbox::Config { seed: 2, ..config() }).await;
    desk.token = other.token;
    assert_eq!(refusal_of(desk.get(BANKS).send().await.unwrap(), 401).await.0, "TOKEN_UNKNOWN");
}

#[tokio::test]
async fn discovery_names_both_endpoints() {
    let desk = Desk::at("ESSESESS").await;
    let url = format!("{}/.well-known/openid-configuration", desk.sandbox.auth_url());
    let body: Value = desk.client.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["token_endpoint"], format!("{}/connect/token", desk.sandbox.auth_url()));
    assert_eq!(body["authorization_endpoint"], format!("{}/connect/authorize", desk.sandbox.auth_url()));
}

//! Starting, stopping and steering a sandbox from a test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Desk, config};
use opp_sandbox::{Config, Sandbox};

#[test]
fn many_run_in_one_process_and_stop_when_dropped() {
    let sandboxes: Vec<_> = (0..20).map(|_| Sandbox::start(Config::default()).unwrap()).collect();
    let addresses: Vec<_> = sandboxes.iter().flat_map(|one| [one.auth_address(), one.api_address()]).collect();
    for address in &addresses {
        assert!(std::net::TcpStream::connect(address).is_ok());
    }
    drop(sandboxes);
    for address in &addresses {
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}

#[tokio::test]
async fn every_answer_takes_the_latency_that_was_set() {
    let latency = std::time::Duration::from_millis(100);
    let desk = Desk::with("ESSESESS", Config { latency, ..config() }).await;
    let start = std::time::Instant::now();
    desk.read("/psd2/aspspinformation/v1/aspsps").await;
    assert!(start.elapsed() >= latency);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_world() {
    let one = Desk::at("ESSESESS").await;
    let other = Desk::at("ESSESESS").await;
    assert_eq!(one.sandbox.application().client_id, other.sandbox.application().client_id);
    assert_eq!(one.create_consent().await, other.create_consent().await);
}

#[tokio::test]
async fn a_dump_goes_on_in_another_sandbox() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    let dump = desk.sandbox.control().dump().unwrap();
    let mut other = Desk::with("ESSESESS", Config { seed: 99, ..config() }).await;
    other.sandbox.control().restore(dump).unwrap();
    other.token.clone_from(&desk.token);
    let status = other.read(&format!("/psd2/consent/v1/consents/{id}/status")).await;
    assert_eq!(status["consentStatus"], "valid");
}

#[tokio::test]
async fn a_reset_forgets_consents_and_tokens() {
    let mut desk = Desk::at("ESSESESS").await;
    let id = desk.create_consent().await;
    desk.sandbox.control().reset();
    desk.token = desk.token_for(common::EVERYTHING).await;
    let answer = desk.get(&format!("/psd2/consent/v1/consents/{id}")).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn people_may_take_as_long_as_they_like() {
    let for_ever = std::time::Duration::MAX;
    let desk = Desk::with("ESSESESS", Config { person_after: Some(for_ever), bank_after: for_ever, ..config() }).await;
    let id = desk.create_consent().await;
    let (path, chosen) = desk.authorise(&format!("/psd2/consent/v1/consents/{id}/authorisations"), "mbid").await;
    assert_eq!(chosen.status(), 200);
    desk.sandbox.control().advance(std::time::Duration::from_secs(20));
    assert_eq!(desk.read(&path).await["scaStatus"], "started");
}

//! The named bundles of caprices, each as a client meets it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/reader.rs"]
mod reader;

use std::time::{Duration, Instant};

use common::{Desk, EVERYTHING, config, json_of, refusal_of};
use opp_sandbox::Config;
use reader::Reader;

const BANKS: &str = "/psd2/aspspinformation/v1/aspsps";
const ACCOUNTS: &str = "/psd2/accountinformation/v1/accounts";
const CONSENTS: &str = "/psd2/consent/v1/consents";

/// Starts the only scenario of a sandbox and gives the statuses of so many calls; 0 is a lost or cut answer.
async fn statuses(name: &str, calls: usize) -> (Desk, Vec<u16>) {
    let desk = Desk::at("ESSESESS").await;
    desk.sandbox.control().start_scenario(name).unwrap();
    let mut statuses = Vec::new();
    for _ in 0..calls {
        let status = match desk.get(BANKS).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                answer.bytes().await.map_or(0, |_| status)
            }
            Err(_) => 0,
        };
        statuses.push(status);
    }
    (desk, statuses)
}

#[tokio::test]
async fn all_that_there_are_can_be_started() {
    let desk = Desk::at("ESSESESS").await;
    let control = desk.sandbox.control();
    let names = control.scenarios();
    assert!(names.len() >= 12);
    for name in names {
        assert!(!control.start_scenario(&name).unwrap().is_empty(), "{name}");
    }
    assert!(control.start_scenario("no-such").is_err());
}

#[tokio::test]
async fn shaky_network_loses_some_answers() {
    let (_desk, statuses) = statuses("shaky-network", 7).await;
    assert_eq!(statuses, [200, 200, 200, 200, 0, 200, 0]);
}

#[tokio::test]
async fn crawling_network_takes_two_seconds() {
    let start = Instant::now();
    let (_desk, statuses) = statuses("crawling-network", 1).await;
    assert_eq!(statuses, [200]);
    assert!(start.elapsed() >= Duration::from_millis(1_900));
}

#[tokio::test]
async fn busy_platform_recovers_after_four_calls() {
    let (_desk, statuses) = statuses("busy-platform", 6).await;
    assert_eq!(statuses, [429, 429, 429, 503, 200, 200]);
}

#[tokio::test]
async fn outage_lasts() {
    assert_eq!(statuses("outage", 3).await.1, [502, 502, 502]);
}

#[tokio::test]
async fn short_tokens_expire_every_tenth_call() {
    let (_desk, statuses) = statuses("short-tokens", 11).await;
    assert_eq!((statuses[8], statuses[9], statuses[10]), (200, 401, 401));
}

#[tokio::test]
async fn revoked_access_takes_the_token_and_then_the_consent() {
    let mut desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    desk.sandbox.control().start_scenario("revoked-access").unwrap();
    let first = desk.get(ACCOUNTS).header("Consent-ID", &id).send().await.unwrap();
    assert_eq!(refusal_of(first, 401).await.0, "TOKEN_INVALID");
    desk.token = desk.token_for(EVERYTHING).await;
    let second = desk.get(ACCOUNTS).header("Consent-ID", &id).send().await.unwrap();
    assert_eq!(refusal_of(second, 401).await.0, "CONSENT_EXPIRED");
}

#[tokio::test]
async fn spent_budget_leaves_no_call_without_the_customer() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    desk.sandbox.control().start_scenario("spent-budget").unwrap();
    let attended = desk.get(ACCOUNTS).header("Consent-ID", &id).send().await.unwrap();
    assert_eq!(attended.status(), 200);
    let answer = desk.unattended(ACCOUNTS).header("Consent-ID", &id).send().await.unwrap();
    assert_eq!(answer.status(), 429);
}

#[tokio::test]
async fn newer_and_older_edition_change_the_shape() {
    let desk = Desk::at("ESSESESS").await;
    let control = desk.sandbox.control();
    control.start_scenario("newer-edition").unwrap();
    assert!(desk.read(BANKS).await["sandboxAddition"].is_object());
    control.clear_caprices();
    control.start_scenario("older-edition").unwrap();
    assert!(desk.read(BANKS).await.is_array());
}

#[tokio::test]
async fn hesitant_bank_shows_no_challenge_at_first() {
    let desk = Desk::with("ESSESESS", Config { person_after: None, ..config() }).await;
    let id = desk.create_consent().await;
    desk.sandbox.control().start_scenario("hesitant-bank").unwrap();
    let start = Instant::now();
    let (_, chosen) = desk.authorise(&format!("{CONSENTS}/{id}/authorisations"), "mbid").await;
    assert!(json_of(chosen, 200).await["challengeData"].is_null());
    assert!(start.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn moved_links_lead_elsewhere() {
    let desk = Desk::at("ESSESESS").await;
    desk.sandbox.control().start_scenario("moved-links").unwrap();
    let answer = desk.post(CONSENTS).json(&common::consent()).send().await.unwrap();
    let link = json_of(answer, 201).await["_links"]["self"]["href"].clone();
    assert!(link.as_str().unwrap().starts_with("https://api.elsewhere.example/"));
}

#[tokio::test]
async fn messy_ledger_repeats_and_has_no_ids() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    reader.desk.sandbox.control().start_scenario("messy-ledger").unwrap();
    let page = reader.read(&format!("{path}/transactions?bookingStatus=booked&dateFrom=2026-01-01")).await;
    let booked = page["transactions"]["booked"].as_array().unwrap();
    assert_eq!(booked.first(), booked.last());
    assert!(booked[0]["transactionAmount"].is_object() && booked[0].get("transactionId").is_none(), "{}", booked[0]);
}

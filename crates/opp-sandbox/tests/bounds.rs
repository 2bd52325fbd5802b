//! What happens when the state is full: the oldest goes, the log says so, and what is left stays true.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/orders.rs"]
mod orders;
#[path = "common/reader.rs"]
mod reader;

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use common::{Desk, config, consent, json_of, refusal_of};
use opp_sandbox::{Config, Limits};
use reader::Reader;
use serde_json::{Value, json};

const CONSENTS: &str = "/psd2/consent/v1/consents";

/// All that the sandboxes of this suite log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            let form = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::WARN);
            form.with_writer(move || writer.clone()).init();
            log
        })
        .clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn holding(entries: usize) -> Config {
    Config { limits: Limits { entries, ..Limits::default() }, ..config() }
}

#[tokio::test]
async fn the_oldest_consent_goes_with_a_warning() {
    let log = Log::start();
    let desk = Desk::with("ESSESESS", holding(3)).await;
    let mut consents = Vec::new();
    for _ in 0..4 {
        consents.push(desk.create_consent().await);
    }
    let gone = desk.get(&format!("{CONSENTS}/{}", consents[0])).send().await.unwrap();
    assert_eq!(refusal_of(gone, 403).await.0, "CONSENT_UNKNOWN");
    for id in &consents[1..] {
        assert_eq!(desk.read(&format!("{CONSENTS}/{id}/status")).await["consentStatus"], "received");
    }
    let text = log.text();
    assert!(text.contains("WARN") && text.contains("the oldest entry is gone kind=\"Consent\" lost=1"), "{text}");
}

#[tokio::test]
async fn an_evicted_token_is_invalid_and_stays_out_of_the_log() {
    let log = Log::start();
    let desk = Desk::with("ESSESESS", holding(3)).await;
    for _ in 0..3 {
        desk.token_for(common::EVERYTHING).await;
    }
    let answer = desk.get("/psd2/aspspinformation/v1/aspsps").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let text = log.text();
    assert!(text.contains("kind=\"Token\"") && !text.contains(&desk.token), "{text}");
}

#[tokio::test]
async fn a_consent_forgets_authorisations_that_are_gone_when_the_state_is_tidied() {
    let desk = Desk::with("ESSESESS", holding(3)).await;
    let id = desk.create_consent().await;
    let base = format!("{CONSENTS}/{id}/authorisations");
    let mut started = Vec::new();
    for _ in 0..5 {
        let answer = desk.post(&base).header("Content-Type", "application/json").send().await.unwrap();
        started.push(json_of(answer, 201).await["authorisationId"].clone());
    }
    let control = desk.sandbox.control();
    // The state is tidied every few thousand times that somebody looks at the clock.
    for _ in 0..4_096 {
        control.advance(Duration::ZERO);
    }
    assert_eq!(desk.read(&base).await["authorisationIds"], Value::from(started[2..].to_vec()));
    for gone in &started[..2] {
        let answer = desk.get(&format!("{base}/{}", gone.as_str().unwrap())).send().await.unwrap();
        assert_eq!(answer.status(), 404);
    }
}

#[tokio::test]
async fn a_resource_forgets_its_oldest_authorisation_with_a_warning() {
    let log = Log::start();
    let desk = Desk::with("ESSESESS", holding(1_000)).await;
    let base = format!("{CONSENTS}/{}/authorisations", desk.create_consent().await);
    for _ in 0..101 {
        let answer = desk.post(&base).header("Content-Type", "application/json").send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }
    assert_eq!(desk.read(&base).await["authorisationIds"].as_array().unwrap().len(), 100);
    assert!(log.text().contains("too many authorisations of one resource"));
}

#[tokio::test]
async fn old_postings_are_folded_into_the_balance_with_a_warning() {
    let log = Log::start();
    let reader = Reader::with("ESSESESS", holding(8), None, &consent()).await;
    let (debtor, creditor) = (reader.balance(0, "interimBooked").await, reader.balance(1, "interimBooked").await);
    let before = reader.booked(0).await.len();
    let elements: Vec<_> = (0..10)
        .map(|index| {
            json!({
                "instructedAmount": { "currency": "SEK", "amount": "3.00" },
                "creditorAccount": { "iban": "SE2550000000054400047903" },
                "creditorName": "Tuva Ekdal",
                "endToEndIdentification": format!("E-{index}"),
            })
        })
        .collect();
    let bulk = json!({ "debtorAccount": { "iban": "SE3750000000054400047881" }, "payments": elements });
    let payment = reader.create("bulk-payments/domestic", &bulk).await;
    reader.approve(&payment).await;
    reader.wait(10);
    assert_eq!(reader.status(&payment).await["transactionStatus"], "ACSC");
    assert_eq!(reader.balance(0, "interimBooked").await, debtor - 3_000);
    assert_eq!(reader.balance(1, "interimBooked").await, creditor + 3_000);
    // Twenty rows were added, the debits last.
    let rows = reader.booked(0).await;
    assert_eq!(rows.len(), before + 8);
    let newest: Vec<_> = rows.iter().filter_map(|row| row["endToEndId"].as_str()).collect();
    assert_eq!(newest, ["E-9", "E-8", "E-7", "E-6", "E-5", "E-4", "E-3", "E-2"]);
    assert!(log.text().contains("the oldest is folded into the balance"));
}

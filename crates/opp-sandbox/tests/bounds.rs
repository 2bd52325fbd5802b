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
            let form = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::INFO);
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

/// A Swedish account number with its check digits.
fn iban(national: &str) -> String {
    let rest = format!("{national}281400").parse::<u128>().unwrap() % 97;
    format!("SE{:02}{national}", 98 - rest)
}

#[tokio::test]
async fn paying_many_creditors_costs_what_it_costs() {
    let reader = Reader::with("ESSESESS", holding(8), None, &consent()).await;
    let before = reader.balance(0, "interimBooked").await;
    for round in 0..4 {
        let elements: Vec<_> = (0..5)
            .map(|index| {
                json!({
                    "instructedAmount": { "currency": "SEK", "amount": "3.00" },
                    "creditorAccount": { "iban": iban(&format!("5000000005440{round:03}{index:04}")) },
                    "creditorName": "Tuva Ekdal",
                })
            })
            .collect();
        let bulk = json!({ "debtorAccount": { "iban": "SE3750000000054400047881" }, "payments": elements });
        let payment = reader.create("bulk-payments/domestic", &bulk).await;
        reader.approve(&payment).await;
        reader.wait(10);
        assert_eq!(reader.balance(0, "interimBooked").await, before - 1_500 * (round + 1));
    }
}

#[tokio::test]
async fn folded_money_keeps_the_currency_of_its_account() {
    let reader = Reader::with("ESSESESS", holding(4), None, &consent()).await;
    let currencies = async || -> Vec<Value> {
        let accounts = reader.accounts().await;
        accounts[0]["balances"].as_array().unwrap().iter().map(|it| it["balanceAmount"]["currency"].clone()).collect()
    };
    let (before, booked) = (currencies().await, reader.balance(0, "interimBooked").await);
    let elements: Vec<_> = (0..6)
        .map(|_| {
            json!({
                "instructedAmount": { "currency": "EUR", "amount": "3.00" },
                "creditorAccount": { "iban": "SE3750000000054400047881" },
                "creditorAgent": "ESSESESS",
                "creditorName": "Tuva Ekdal",
                "creditorAddress": { "country": "SE" },
            })
        })
        .collect();
    let bulk = json!({ "debtorAccount": { "iban": "SE2550000000054400047903" }, "payments": elements });
    let payment = reader.create("bulk-payments/international", &bulk).await;
    reader.approve(&payment).await;
    reader.wait(10);
    assert_eq!(currencies().await, before);
    assert!(reader.balance(0, "interimBooked").await > booked + 18_000, "eighteen euros are more than so many kronor");
}

#[tokio::test]
async fn answers_that_wait_for_their_latency_count_among_the_bodies() {
    let limits = Limits { buffer_bytes: 64 << 10, ..Limits::default() };
    let reader = Reader::with("ESSESESS", Config { limits, ..config() }, None, &consent()).await;
    let page = format!("{}/transactions?bookingStatus=booked&dateFrom=2025-06-01", reader.account("CACC").await);
    let slow = async || {
        let call = reader.get(&page).header("X-Sandbox-Caprice", "latency=1500");
        call.send().await.unwrap().status().as_u16()
    };
    let (one, two, three) = tokio::join!(slow(), slow(), slow());
    let mut statuses = [one, two, three];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503, 503], "one page fills the room");
    assert_eq!(reader.get(&page).send().await.unwrap().status(), 200, "and leaves it");
}

#[tokio::test]
async fn long_headers_weigh_as_much_as_they_are_long() {
    let limits = Limits { state_bytes: 100_000, ..Limits::default() };
    let desk = Desk::with("ESSESESS", Config { limits, ..config() }).await;
    let mut first = String::new();
    for _ in 0..12 {
        let call = desk.post(CONSENTS).header("PSU-ID", "9".repeat(12_000)).json(&consent());
        let id = json_of(call.send().await.unwrap(), 201).await["consentId"].as_str().unwrap().to_owned();
        if first.is_empty() {
            first = id;
        }
    }
    let gone = desk.get(&format!("{CONSENTS}/{first}")).send().await.unwrap();
    assert_eq!(refusal_of(gone, 403).await.0, "CONSENT_UNKNOWN");
}

#[tokio::test]
async fn what_a_refusal_quotes_stays_out_of_the_log() {
    let log = Log::start();
    let desk = Desk::at("ESSESESS").await;
    let wrong = orders::changed(orders::domestic(), &[("/debtorAccount/iban", json!("SE9950000000000000000001"))]);
    let answer = desk.post(&format!("{}/payments/domestic", orders::PAYMENTS)).json(&wrong).send().await.unwrap();
    assert!(refusal_of(answer, 400).await.1.contains("SE9950000000000000000001"));
    let text = log.text();
    assert!(text.contains("RESOURCE_UNKNOWN") && !text.contains("SE9950000000000000000001"), "{text}");
}

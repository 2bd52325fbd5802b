//! The lives of payments and consents, whatever is done to them in whatever order, against small models.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/reader.rs"]
mod reader;

use std::time::Duration;

use common::{EVERYTHING, consent, json_of};
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use reader::{ACCOUNTS, Reader};
use reqwest::Method;
use serde_json::json;

const DOMESTIC: &str = "/psd2/paymentinitiation/v1/payments/domestic";
const CONSENTS: &str = "/psd2/consent/v1/consents";

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Cases { cases, failure_persistence: None, max_shrink_iters: 200, ..Cases::default() })
}

async fn status_of(reader: &Reader, path: &str, body: Option<serde_json::Value>, method: Method) -> u16 {
    let call = reader.call(method, path);
    let call = match body {
        Some(body) => call.json(&body),
        None => call,
    };
    call.send().await.unwrap().status().as_u16()
}

#[derive(Clone, Debug)]
enum Act {
    Sign,
    Cancel,
    SignCancellation,
    Wait(u64),
}

/// HANDSESS: signatures are final at once, money moves two seconds after (`data/banks.toml`).
#[derive(Debug, PartialEq, Eq)]
enum Life {
    Created,
    Signed(u64),
    Settled,
    Cancelled,
}

impl Life {
    fn status(&self) -> &'static str {
        match self {
            Self::Created => "ACTC",
            Self::Signed(_) => "ACCP",
            Self::Settled => "ACSC",
            Self::Cancelled => "CANC",
        }
    }
}

#[test]
fn a_payment_lives_as_the_model_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let reader = runtime.block_on(Reader::at("HANDSESS"));
    reader.desk.sandbox.control().stop_clock();
    let act = prop_oneof![
        2 => Just(Act::Sign),
        1 => Just(Act::Cancel),
        1 => Just(Act::SignCancellation),
        2 => (0_u64..3).prop_map(Act::Wait),
    ];
    let result = runner(32).run(&prop::collection::vec(act, 1..8), |acts| {
        runtime.block_on(async {
            let order = json!({
                "instructedAmount": { "currency": "SEK", "amount": "1.00" },
                "debtorAccount": { "bban": "403333911" },
                "creditorAccount": { "bban": "401975231", "clearingNumber": "1000" },
                "creditorName": "Elin",
            });
            let created = json_of(reader.call(Method::POST, DOMESTIC).json(&order).send().await.unwrap(), 201).await;
            let id = created["paymentId"].as_str().unwrap();
            let payment = format!("{DOMESTIC}/{id}");
            let available = reader.balance(0, "interimAvailable").await;
            let (mut life, mut now) = (Life::Created, 0_u64);
            for act in acts {
                match act {
                    Act::Sign if life == Life::Created => {
                        reader.approve(&payment).await;
                        life = Life::Signed(now);
                    }
                    Act::Sign => {
                        let path = format!("{payment}/authorisations");
                        prop_assert_eq!(status_of(&reader, &path, None, Method::POST).await, 409);
                    }
                    Act::Cancel => {
                        let expected = match life {
                            Life::Created => 204,
                            Life::Signed(_) => 202,
                            _ => 405,
                        };
                        prop_assert_eq!(status_of(&reader, &payment, None, Method::DELETE).await, expected);
                        if life == Life::Created {
                            life = Life::Cancelled;
                        }
                    }
                    Act::SignCancellation if matches!(life, Life::Signed(_)) => {
                        reader.approve_at(&format!("{payment}/cancellation-authorisations")).await;
                        life = Life::Cancelled;
                    }
                    Act::SignCancellation => {}
                    Act::Wait(seconds) => {
                        reader.desk.sandbox.control().advance(Duration::from_secs(seconds));
                        now += seconds;
                        if matches!(life, Life::Signed(since) if now >= since + 2) {
                            life = Life::Settled;
                        }
                    }
                }
                let body =
                    json_of(reader.call(Method::GET, &format!("{payment}/status")).send().await.unwrap(), 200).await;
                prop_assert_eq!(&body["transactionStatus"], life.status());
            }
            // On the account stands what was settled, and nothing else.
            let path = reader.account("CACC").await;
            let list = format!("{path}/transactions?bookingStatus=booked&dateFrom=2026-03-16");
            let (booked, _) = reader.all(&list).await;
            let found = booked.iter().filter(|row| row["paymentId"] == id).count();
            prop_assert_eq!(found, usize::from(life == Life::Settled));
            // What can be spent is less from the signature on, whatever became of the payments before this one.
            let spent = if matches!(life, Life::Signed(_) | Life::Settled) { 100 } else { 0 };
            prop_assert_eq!(reader.balance(0, "interimAvailable").await, available - spent);
            Ok(())
        })
    });
    result.unwrap();
}

#[derive(Clone, Debug)]
enum Step {
    Create(bool),
    Approve(usize),
    Delete(usize),
    Days(u64),
}

/// What the model knows of a consent: its status, whether it is recurring, and its last day counted from today.
#[derive(Debug)]
struct Modelled {
    id: String,
    status: &'static str,
    recurring: bool,
    left: i64,
}

#[test]
fn consents_live_as_the_model_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let step = prop_oneof![
        2 => any::<bool>().prop_map(Step::Create),
        3 => (0_usize..4).prop_map(Step::Approve),
        1 => (0_usize..4).prop_map(Step::Delete),
        1 => (1_u64..40).prop_map(Step::Days),
    ];
    let result = runner(16).run(&prop::collection::vec(step, 1..10), |steps| {
        runtime.block_on(async {
            let mut reader = Reader::at("HANDSESS").await;
            reader.desk.sandbox.control().stop_clock();
            let mut list = vec![Modelled { id: reader.consent.clone(), status: "valid", recurring: true, left: 77 }];
            for step in steps {
                match step {
                    Step::Create(recurring) => {
                        let mut body = consent();
                        let until = reader.desk.sandbox.control().now().date_naive() + chrono::Days::new(30);
                        body["validUntil"] = json!(until);
                        body["recurringIndicator"] = json!(recurring);
                        body["frequencyPerDay"] = json!(if recurring { 4 } else { 1 });
                        let answer = reader.call(Method::POST, CONSENTS).json(&body).send().await.unwrap();
                        let id = json_of(answer, 201).await["consentId"].as_str().unwrap().to_owned();
                        list.push(Modelled { id, status: "received", recurring, left: 30 });
                    }
                    Step::Approve(index) if index < list.len() => {
                        let path = format!("{CONSENTS}/{}", list[index].id);
                        if list[index].status == "received" {
                            reader.approve(&path).await;
                            if list[index].recurring {
                                for other in list.iter_mut().filter(|other| other.recurring && other.status == "valid")
                                {
                                    other.status = "expired";
                                }
                            }
                            list[index].status = "valid";
                        } else {
                            let path = format!("{path}/authorisations");
                            prop_assert_eq!(status_of(&reader, &path, None, Method::POST).await, 409);
                        }
                    }
                    Step::Delete(index) if index < list.len() => {
                        let path = format!("{CONSENTS}/{}", list[index].id);
                        prop_assert_eq!(status_of(&reader, &path, None, Method::DELETE).await, 204);
                        if matches!(list[index].status, "received" | "valid") {
                            list[index].status = "terminatedByTpp";
                        }
                    }
                    Step::Days(days) => {
                        reader.desk.sandbox.control().advance(Duration::from_hours(24 * days));
                        reader.desk.token = reader.desk.token_for(EVERYTHING).await;
                        for known in &mut list {
                            known.left -= i64::try_from(days).unwrap();
                            if known.left < 0 && matches!(known.status, "received" | "valid") {
                                known.status = "expired";
                            }
                        }
                    }
                    _ => {}
                }
                for known in &list {
                    let path = format!("{CONSENTS}/{}/status", known.id);
                    let body = json_of(reader.call(Method::GET, &path).send().await.unwrap(), 200).await;
                    prop_assert_eq!(&body["consentStatus"], known.status);
                    let read = reader.call(Method::GET, ACCOUNTS).header("Consent-ID", &known.id).send().await.unwrap();
                    prop_assert_eq!(read.status() == 200, known.status == "valid");
                }
            }
            Ok(())
        })
    });
    result.unwrap();
}

//! The money behind payments: what is set aside, what is refused, and what may wait for cover.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/orders.rs"]
mod orders;
#[path = "common/reader.rs"]
mod reader;

use chrono::{DateTime, Utc};
use common::{EVERYTHING, json_of, refusal_of};
use orders::{PAYMENTS, changed, domestic};
use reader::Reader;
use reqwest::Method;
use roxmltree::Document;
use serde_json::{Value, json};

/// Hundredths as an order spells them.
fn amount(hundredths: i64) -> Value {
    json!(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

/// From one of SEB's documented accounts to the other.
fn order(from: usize, hundredths: i64) -> Value {
    let ibans = ["SE3750000000054400047881", "SE2550000000054400047903"];
    changed(
        domestic(),
        &[
            ("/instructedAmount/amount", amount(hundredths)),
            ("/debtorAccount/iban", json!(ibans[from])),
            ("/creditorAccount/iban", json!(ibans[1 - from])),
        ],
    )
}

/// At Nordea, which takes minutes to settle.
fn slow_order(hundredths: i64) -> Value {
    changed(
        domestic(),
        &[
            ("/instructedAmount/amount", amount(hundredths)),
            ("/debtorAccount", json!({ "bban": "41351300039" })),
            ("/creditorAccount/iban", json!("DE89370400440532013000")),
        ],
    )
}

/// Sends an order with a wish about what happens without the money.
async fn wish(reader: &Reader, order: &Value, reject: &str) -> Value {
    let call = reader.call(Method::POST, &format!("{PAYMENTS}/payments/domestic"));
    let answer = call.header("TPP-Rejection-NoFunds-Preferred", reject).json(order).send().await.unwrap();
    json_of(answer, 201).await
}

async fn status(reader: &Reader, payment: &str) -> Value {
    reader.status(payment).await["transactionStatus"].clone()
}

#[tokio::test]
async fn a_signed_payment_is_set_aside_until_it_settles() {
    let reader = Reader::at("NDEASESS").await;
    let (available, booked) = (reader.balance(0, "interimAvailable").await, reader.balance(0, "interimBooked").await);
    let payment = reader.create("payments/domestic", &slow_order(50_000)).await;
    assert_eq!(reader.balance(0, "interimAvailable").await, available, "nothing is set aside unsigned");
    reader.approve(&payment).await;
    assert_eq!(reader.balance(0, "interimAvailable").await, available - 50_000);
    assert_eq!(reader.balance(0, "interimBooked").await, booked);
    reader.wait(200);
    assert_eq!(status(&reader, &payment).await, "ACSC");
    assert_eq!(reader.balance(0, "interimAvailable").await, available - 50_000, "and only once");
    assert_eq!(reader.balance(0, "interimBooked").await, booked - 50_000);
}

#[tokio::test]
async fn the_same_money_cannot_be_spent_twice() {
    let reader = Reader::at("NDEASESS").await;
    let available = reader.balance(0, "interimAvailable").await;
    let first = reader.create("payments/domestic", &slow_order(available - 100)).await;
    let second = reader.create("payments/domestic", &slow_order(200)).await;
    reader.approve(&first).await;
    reader.approve(&second).await;
    assert_eq!(status(&reader, &second).await, "RJCT");
    reader.wait(200);
    assert_eq!(status(&reader, &first).await, "ACSC");
}

#[tokio::test]
async fn a_cancelled_payment_frees_what_was_set_aside() {
    let reader = Reader::at("NDEASESS").await;
    let available = reader.balance(0, "interimAvailable").await;
    let payment = reader.create("payments/domestic", &slow_order(50_000)).await;
    reader.approve(&payment).await;
    let answer = json_of(reader.call(Method::DELETE, &payment).send().await.unwrap(), 202).await;
    reader.approve_at(answer["_links"]["startAuthorisation"]["href"].as_str().unwrap()).await;
    assert_eq!(status(&reader, &payment).await, "CANC");
    assert_eq!(reader.balance(0, "interimAvailable").await, available);
}

#[tokio::test]
async fn nothing_is_set_aside_for_another_day() {
    let reader = Reader::at("NDEASESS").await;
    let available = reader.balance(0, "interimAvailable").await;
    let later = changed(slow_order(50_000), &[("/requestedExecutionDate", json!("2026-03-20"))]);
    let payment = reader.create("payments/domestic", &later).await;
    reader.approve(&payment).await;
    assert_eq!(reader.balance(0, "interimAvailable").await, available);
}

#[tokio::test]
async fn an_order_for_another_day_is_set_aside_on_that_day() {
    // Money comes and goes meanwhile; the same world without the order tells how much.
    let (mut reader, mut other) = (Reader::at("NDEASESS").await, Reader::at("NDEASESS").await);
    let later = changed(slow_order(50_000), &[("/requestedExecutionDate", json!("2026-03-20"))]);
    let payment = reader.create("payments/domestic", &later).await;
    reader.approve(&payment).await;
    let a_minute_past_midnight: DateTime<Utc> = "2026-03-20T00:01:00Z".parse().unwrap();
    for reader in [&mut reader, &mut other] {
        let left = a_minute_past_midnight - reader.desk.sandbox.control().now();
        reader.desk.sandbox.control().advance(left.to_std().unwrap());
        reader.desk.token = reader.desk.token_for(EVERYTHING).await;
    }
    assert_eq!(status(&reader, &payment).await, "ACSP");
    for (kind, less) in [("interimAvailable", 50_000), ("interimBooked", 0)] {
        assert_eq!(reader.balance(0, kind).await, other.balance(0, kind).await - less, "{kind}");
    }
}

#[tokio::test]
async fn a_rejection_without_the_money_comes_at_once_if_preferred() {
    let reader = Reader::at("ESSESESS").await;
    let too_much = order(0, reader.balance(0, "interimAvailable").await + 1);
    let created = wish(&reader, &too_much, "true").await;
    assert_eq!(created["transactionStatus"], "RJCT");
    let payment = format!("{PAYMENTS}/payments/domestic/{}", created["paymentId"].as_str().unwrap());
    assert_eq!(reader.status(&payment).await["fundsAvailable"], false);
    let refused = reader.call(Method::POST, &format!("{payment}/authorisations")).send().await.unwrap();
    assert_eq!(refusal_of(refused, 409).await.0, "STATUS_INVALID");
    assert_eq!(wish(&reader, &order(0, 100), "true").await["transactionStatus"], "RCVD", "with the money all is well");
    let unasked = json_of(reader.order("payments/domestic", &too_much).await, 201).await;
    assert_eq!(unasked["transactionStatus"], "RCVD", "unasked, a bank looks at the signature");
}

#[tokio::test]
async fn an_order_may_wait_for_its_money_until_the_day_is_over() {
    for (covered, after_an_hour, after_the_day) in [(true, "ACSC", "ACSC"), (false, "PDNG", "RJCT")] {
        let mut reader = Reader::at("ESSESESS").await;
        let short = order(0, reader.balance(0, "interimAvailable").await + 10_000);
        let created = wish(&reader, &short, "false").await;
        let payment = format!("{PAYMENTS}/payments/domestic/{}", created["paymentId"].as_str().unwrap());
        reader.approve(&payment).await;
        assert_eq!(status(&reader, &payment).await, "PDNG");
        if covered {
            let cover = reader.create("payments/domestic", &order(1, 10_000)).await;
            reader.approve(&cover).await;
        }
        for (seconds, expected) in [(3_700, after_an_hour), (15 * 3_600, after_the_day)] {
            reader.wait(seconds);
            reader.desk.token = reader.desk.token_for(EVERYTHING).await;
            assert_eq!(status(&reader, &payment).await, expected);
        }
    }
}

#[tokio::test]
async fn without_money_a_payment_is_rejected_and_nothing_moves() {
    let reader = Reader::at("ESSESESS").await;
    let order = changed(domestic(), &[("/instructedAmount/amount", json!("99999999.00"))]);
    let payment = reader.create("payments/domestic", &order).await;
    let before = reader.booked(0).await;
    reader.approve(&payment).await;
    let body = reader.status(&payment).await;
    assert_eq!(body["transactionStatus"], "RJCT");
    assert_eq!(body["fundsAvailable"], false);
    assert!(body["tppMessages"][0]["text"].as_str().unwrap().contains("not enough money"));
    reader.wait(10);
    assert_eq!(reader.booked(0).await, before);
}

#[tokio::test]
async fn a_bulk_is_booked_element_by_element_as_far_as_the_money_goes() {
    let reader = Reader::at("ESSESESS").await;
    let element = |amount: &str, id: &str| {
        json!({
            "instructedAmount": { "currency": "SEK", "amount": amount },
            "creditorAccount": { "iban": "SE2550000000054400047903" },
            "creditorName": "Tuva Ekdal",
            "endToEndIdentification": id,
        })
    };
    let bulk = |amounts: [&str; 2], batch: bool| {
        json!({
            "batchBookingPreferred": batch,
            "debtorAccount": { "iban": "SE3750000000054400047881" },
            "payments": [element(amounts[0], "A"), element(amounts[1], "B")],
        })
    };
    for (amounts, batch, expected, rows, credits) in [
        (["10.00", "20.00"], false, "ACSC", 2, 2),
        (["10.00", "20.00"], true, "ACSC", 1, 2),
        (["10.00", "99999999.00"], false, "PART", 1, 1),
        (["99999999.00", "99999999.00"], false, "RJCT", 0, 0),
    ] {
        let (before, other) = (reader.booked(0).await.len(), reader.booked(1).await.len());
        let payment = reader.create("bulk-payments/domestic", &bulk(amounts, batch)).await;
        reader.approve(&payment).await;
        reader.wait(10);
        assert_eq!(reader.status(&payment).await["transactionStatus"], expected);
        assert_eq!(reader.booked(0).await.len(), before + rows, "{expected}");
        assert_eq!(reader.booked(1).await.len(), other + credits, "{expected}");
        if expected == "PART" {
            let xml = reader.read_as(&format!("{payment}/status"), "application/xml").await;
            let document = Document::parse(&xml).unwrap();
            let outcomes: Vec<_> = document
                .descendants()
                .filter(|node| node.tag_name().name() == "TxSts")
                .filter_map(|node| node.text())
                .collect();
            assert_eq!(outcomes, ["ACSC", "RJCT"]);
        }
    }
    let refused = reader.order("bulk-payments/swedish-giro", &bulk(["1.00", "1.00"], false)).await;
    assert_eq!(refusal_of(refused, 404).await.0, "PRODUCT_UNKNOWN");
}

#[tokio::test]
async fn a_delta_shows_what_was_booked_later_on_the_same_day() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let list = format!("{path}/transactions?bookingStatus=booked&deltaList=true");
    reader.all(&list).await;
    let payment = reader.create("payments/domestic", &order(0, 24_950)).await;
    reader.approve(&payment).await;
    reader.wait(10);
    let (new, _) = reader.all(&list).await;
    assert_eq!(new.iter().map(|row| row["endToEndId"].clone()).collect::<Vec<_>>(), ["NV-1"]);
    assert!(reader.all(&list).await.0.is_empty(), "and shows it once");
}

#[tokio::test]
async fn a_consent_without_balances_shows_none_beside_transactions_either() {
    let mut access = common::consent();
    let own = json!([{ "iban": "SE3750000000054400047881" }]);
    access["access"] = json!({ "accounts": own, "transactions": own });
    let reader = Reader::with("ESSESESS", common::config(), None, &access).await;
    let path = reader.account("CACC").await;
    let page =
        reader.read(&format!("{path}/transactions?bookingStatus=booked&dateFrom=2026-03-01&withBalance=true")).await;
    assert!(page["transactions"]["booked"].is_array() && page["balances"].is_null(), "{page}");
}

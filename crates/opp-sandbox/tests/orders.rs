//! Orders: every product, what each bank asks of it, the forms it comes in, and what it does to accounts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/orders.rs"]
mod orders;
#[path = "common/reader.rs"]
mod reader;

use common::{EVERYTHING, json_of, refusal_of};
use orders::{changed, domestic, giro};
use reader::{ACCOUNTS, Reader};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn every_product_of_every_bank_can_be_ordered_signed_and_settles() {
    let iban = |debtor: &str, creditor: &str, currency: &str| {
        json!({
            "instructedAmount": { "currency": currency, "amount": "12.00" },
            "debtorAccount": { "iban": debtor },
            "creditorAccount": { "iban": creditor },
            "creditorName": "Nordlicht Verlag",
            "creditorAgent": "COBADEFFXXX",
            "creditorAddress": { "city": "Lübeck", "country": "DE" },
        })
    };
    let bban = |debtor: &str, creditor: Value, currency: &str| {
        json!({
            "instructedAmount": { "currency": currency, "amount": "12.00" },
            "debtorAccount": { "bban": debtor },
            "creditorAccount": creditor,
            "creditorName": "Elin",
        })
    };
    let giro_from = |key: &str, number: &str| changed(giro(), &[("/debtorAccount", json!({ key: number }))]);
    let (seb, german) = ("SE3750000000054400047881", "DE89370400440532013000");
    let handelsbanken = json!({ "bban": "401975231", "clearingNumber": "1000" });
    for (bank, product, order) in [
        ("ESSESESS", "domestic", domestic()),
        ("ESSESESS", "swedish-giro", giro()),
        ("ESSESESS", "sepa-credit-transfers", iban(seb, german, "EUR")),
        ("ESSESESS", "international", iban(seb, german, "NOK")),
        ("HANDSESS", "domestic", bban("403333911", handelsbanken, "SEK")),
        ("HANDSESS", "swedish-giro", giro_from("bban", "403333911")),
        ("NDEASESS", "domestic", bban("41351300039", json!({ "iban": seb }), "SEK")),
        ("NDEASESS", "swedish-giro", giro_from("bban", "41351300039")),
        ("SWEDSESS", "domestic", iban("SE4880000123459876543219", "SE4880000123451234567890", "SEK")),
        ("SWEDSESS", "swedish-giro", giro_from("iban", "SE4880000123459876543219")),
        ("SWEDSESS", "international", iban("SE4880000123459876543219", german, "EUR")),
        ("DABASESX", "domestic", bban("84600447424379", json!({ "bban": "15517312471731" }), "GBP")),
        ("NDEAFIHH", "sepa-credit-transfers", iban("FI2112345600000785", german, "EUR")),
        ("OKOYFIHH", "sepa-credit-transfers", iban("FI1457803820012457", german, "EUR")),
    ] {
        let reader = Reader::at(bank).await;
        let payment = reader.create(&format!("payments/{product}"), &order).await;
        let before = reader.booked(0).await.len();
        reader.approve(&payment).await;
        reader.wait(200);
        let body = reader.status(&payment).await;
        assert_eq!(body["transactionStatus"], "ACSC", "{bank} {product}: {body}");
        assert_eq!(body["fundsAvailable"], true);
        assert_eq!(reader.booked(0).await.len(), before + 1, "{bank} {product}");
    }
}

#[tokio::test]
async fn each_bank_refuses_what_it_does_not_take() {
    let text = |length: usize| json!("x".repeat(length));
    let swedbank = changed(
        domestic(),
        &[("/debtorAccount/iban", json!("SE4880000123459876543219")), ("/remittanceInformationUnstructured", text(11))],
    );
    let okoy = json!({
        "instructedAmount": { "currency": "EUR", "amount": "75.20" },
        "debtorAccount": { "iban": "FI1457803820012457" },
        "creditorAccount": { "iban": "DE89370400440532013000" },
        "creditorName": "Nordlicht Verlag",
    });
    let handelsbanken = json!({
        "instructedAmount": { "currency": "SEK", "amount": "1.00" },
        "debtorAccount": { "bban": "403333911" },
        "creditorAccount": { "bban": "401975231" },
        "creditorName": "Elin",
    });
    for (bank, product, order, code, path) in [
        ("SWEDSESS", "domestic", swedbank, "FORMAT_ERROR", "/remittanceInformationUnstructured"),
        ("OKOYFIHH", "sepa-credit-transfers", okoy, "FORMAT_ERROR", "/creditorAddress"),
        ("HANDSESS", "domestic", handelsbanken.clone(), "FORMAT_ERROR", "/creditorAccount/clearingNumber"),
        (
            "HANDSESS",
            "domestic",
            changed(
                handelsbanken,
                &[("/creditorAccount/clearingNumber", json!("1000")), ("/debtorAccount/clearingNumber", json!("6000"))],
            ),
            "FORMAT_ERROR",
            "/debtorAccount/clearingNumber",
        ),
        ("NDEASESS", "domestic", domestic(), "FORMAT_ERROR", "/debtorAccount"),
        (
            "ESSESESS",
            "domestic",
            changed(domestic(), &[("/instructedAmount/currency", json!("EUR"))]),
            "PARAMETER_NOT_CONSISTENT",
            "/instructedAmount/currency",
        ),
        (
            "ESSESESS",
            "domestic",
            changed(domestic(), &[("/creditorAccount/iban", json!("SE2650000000054400047903"))]),
            "FORMAT_ERROR",
            "/creditorAccount/iban",
        ),
        (
            "ESSESESS",
            "domestic",
            changed(domestic(), &[("/debtorAccount/iban", json!("SE3850000000005231104726"))]),
            "RESOURCE_UNKNOWN",
            "/debtorAccount/iban",
        ),
        (
            "ESSESESS",
            "domestic",
            changed(domestic(), &[("/requestedExecutionDate", json!("2026-03-15"))]),
            "EXECUTION_DATE_INVALID",
            "/requestedExecutionDate",
        ),
        ("ESSESESS", "swedish-giro", changed(giro(), &[("/ocrRef", json!("1234567898"))]), "FORMAT_ERROR", "/ocrRef"),
        (
            "ESSESESS",
            "swedish-giro",
            changed(giro(), &[("/creditorGiro/giroNumber", json!("991-2345"))]),
            "FORMAT_ERROR",
            "/creditorGiro/giroNumber",
        ),
        (
            "ESSESESS",
            "domestic",
            changed(domestic(), &[("/creditorAccount", json!({ "bban": "401975231", "clearingNumber": "1000" }))]),
            "FORMAT_ERROR",
            "/creditorAccount",
        ),
        (
            "ESSESESS",
            "swedish-giro",
            changed(giro(), &[("/debtorAccount", json!({ "bban": "54400047881" }))]),
            "FORMAT_ERROR",
            "/debtorAccount",
        ),
        ("ESSESESS", "international", domestic(), "FORMAT_ERROR", "/creditorAgent"),
    ] {
        let reader = Reader::at(bank).await;
        let body = json_of(reader.order(&format!("payments/{product}"), &order).await, 400).await;
        let message = &body["tppMessages"][0];
        assert_eq!((message["code"].as_str(), message["path"].as_str()), (Some(code), Some(path)), "{bank}: {body}");
    }
}

#[tokio::test]
async fn absurd_amounts_and_days_are_refused_and_nothing_breaks() {
    let reader = Reader::at("ESSESESS").await;
    for amount in
        ["0", "-1.00", "100000000000000", "79228162514264337593543950335", "1.0001", "1.001", "0.005", "1e3", "NaN"]
    {
        let order = changed(domestic(), &[("/instructedAmount/amount", json!(amount))]);
        assert_eq!(reader.order("payments/domestic", &order).await.status(), 400, "{amount}");
    }
    for day in ["2026-4-1", "+2026-4-01", "2099-01-01", "9999-12-31", "262142-12-31", "tomorrow", ""] {
        let order = changed(domestic(), &[("/requestedExecutionDate", json!(day))]);
        let refused = reader.order("payments/domestic", &order).await;
        assert_eq!(refusal_of(refused, 400).await.0, "EXECUTION_DATE_INVALID", "{day}");
    }
}

#[tokio::test]
async fn a_payment_remembers_a_hundred_authorisations() {
    let reader = Reader::at("ESSESESS").await;
    let payment = reader.create("payments/domestic", &domestic()).await;
    let base = format!("{payment}/authorisations");
    let mut newest = Value::Null;
    for _ in 0..105 {
        newest = json_of(reader.call(Method::POST, &base).send().await.unwrap(), 201).await["authorisationId"].clone();
    }
    let list = json_of(reader.call(Method::GET, &base).send().await.unwrap(), 200).await;
    let list = list["authorisationIds"].as_array().unwrap().clone();
    assert_eq!((list.len(), list.last()), (100, Some(&newest)));
}

#[tokio::test]
async fn swedbank_takes_more_text_to_its_own_customers() {
    let reader = Reader::at("SWEDSESS").await;
    let order = changed(
        domestic(),
        &[
            ("/debtorAccount/iban", json!("SE4880000123459876543219")),
            ("/remittanceInformationUnstructured", json!("x".repeat(35))),
            ("/creditorAgent", json!("SWEDSESS")),
        ],
    );
    reader.create("payments/domestic", &order).await;
}

#[tokio::test]
async fn companies_pay_from_plusgirot_at_nordea() {
    let reader = Reader::company_at("NDEASESS", "5566771234").await;
    let number = reader.accounts().await[0]["plusgiroNumber"].clone();
    let order = changed(domestic(), &[("/debtorAccount", json!({ "plusgiroNumber": number }))]);
    let payment = reader.create("payments/domestic", &order).await;
    reader.approve(&payment).await;
    reader.wait(200);
    assert_eq!(reader.status(&payment).await["transactionStatus"], "ACSC");
}

#[tokio::test]
async fn money_arrives_on_the_other_account_in_its_currency() {
    let reader = Reader::at("ESSESESS").await;
    let savings = reader.booked(1).await.len();
    let payment = reader.create("payments/domestic", &domestic()).await;
    reader.approve(&payment).await;
    reader.wait(10);
    let rows = reader.booked(1).await;
    assert_eq!(rows.len(), savings + 1);
    let row = rows.iter().find(|row| row["endToEndId"] == "NV-1").unwrap();
    assert_eq!(row["transactionAmount"]["amount"], "249.50");
    assert_eq!(row["debtorAccount"]["iban"], "SE3750000000054400047881");
    let order = changed(
        domestic(),
        &[
            ("/instructedAmount", json!({ "currency": "EUR", "amount": "10.00" })),
            ("/endToEndIdentification", json!("NV-2")),
        ],
    );
    let payment = reader.create("payments/sepa-credit-transfers", &order).await;
    reader.approve(&payment).await;
    reader.wait(10);
    for account in [0, 1] {
        let rows = reader.booked(account).await;
        let row = rows.iter().find(|row| row["endToEndId"] == "NV-2").unwrap();
        assert_eq!(row["transactionAmount"]["currency"], "SEK");
        assert_eq!(row["currencyExchange"][0]["sourceCurrency"], "EUR");
    }
}

#[tokio::test]
async fn a_flagged_creditor_is_a_warning_on_a_success() {
    let reader = Reader::at("ESSESESS").await;
    let order = changed(giro(), &[("/creditorGiro/giroNumber", json!("5555-5551"))]);
    let body = json_of(reader.order("payments/swedish-giro", &order).await, 201).await;
    assert_eq!(body["tppMessages"][0]["code"], "CREDITOR_ACCOUNT_FLAGGED");
    let order = changed(domestic(), &[("/creditorAccount/iban", json!("SE7280000810340009783242"))]);
    let body = json_of(reader.order("payments/domestic", &order).await, 201).await;
    assert_eq!(body["tppMessages"][0]["category"], "WARNING");
}

#[tokio::test]
async fn harmonised_statuses_are_there_for_whoever_asks() {
    let reader = Reader::at("HANDSESS").await;
    let order = json!({
        "instructedAmount": { "currency": "SEK", "amount": "1.00" },
        "debtorAccount": { "bban": "403333911" },
        "creditorAccount": { "bban": "401975231", "clearingNumber": "1000" },
        "creditorName": "Elin",
    });
    let payment = reader.create("payments/domestic", &order).await;
    let harmonised = async || {
        let call = reader.call(Method::GET, &format!("{payment}/status")).header("X-Feature-Flags", "new-statuses");
        json_of(call.send().await.unwrap(), 200).await["transactionStatus"].clone()
    };
    assert_eq!(
        (reader.status(&payment).await["transactionStatus"].clone(), harmonised().await),
        (json!("ACTC"), json!("RCVD"))
    );
    reader.approve(&payment).await;
    assert_eq!(
        (reader.status(&payment).await["transactionStatus"].clone(), harmonised().await),
        (json!("ACCP"), json!("ACSP"))
    );
    reader.wait(5);
    assert_eq!(harmonised().await, "ACSC");
}

#[tokio::test]
async fn nordea_settles_minutes_later() {
    let reader = Reader::at("NDEASESS").await;
    let order = changed(domestic(), &[("/debtorAccount", json!({ "bban": "41351300039" }))]);
    let payment = reader.create("payments/domestic", &order).await;
    reader.approve(&payment).await;
    let mut seen = vec![reader.status(&payment).await["transactionStatus"].clone()];
    for _ in 0..20 {
        reader.wait(10);
        let now = reader.status(&payment).await["transactionStatus"].clone();
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    assert_eq!(seen, ["ACTC", "ACSP", "ACSC"]);
}

#[tokio::test]
async fn a_standing_order_is_executed_each_time_until_it_ends() {
    let mut reader = Reader::at("ESSESESS").await;
    let order = changed(
        domestic(),
        &[
            ("/startDate", json!("2026-03-20")),
            ("/endDate", json!("2026-04-30")),
            ("/frequency", json!("EveryTwoWeeks")),
            ("/executionRule", json!("following")),
        ],
    );
    let payment = reader.create("periodic-payments/domestic", &order).await;
    reader.approve(&payment).await;
    assert_eq!(reader.status(&payment).await["transactionStatus"], "ACSP");
    for (day, expected, executions) in [(3, "ACSP", 0), (5, "ACSP", 1), (20, "ACSP", 2), (40, "ACSC", 3)] {
        let target =
            "2026-03-16T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() + chrono::TimeDelta::days(day);
        let control = reader.desk.sandbox.control().clone();
        control.advance((target - control.now()).to_std().unwrap());
        reader.desk.token = reader.desk.token_for(EVERYTHING).await;
        assert_eq!(reader.status(&payment).await["transactionStatus"], expected, "day {day}");
        let rows = reader.booked(0).await;
        assert_eq!(rows.iter().filter(|row| row["endToEndId"] == "NV-1").count(), executions, "day {day}");
    }
}

#[tokio::test]
async fn handelsbanken_tells_the_status_and_nothing_else() {
    let reader = Reader::at("HANDSESS").await;
    let order = changed(giro(), &[("/debtorAccount", json!({ "bban": "403333911" }))]);
    let payment = reader.create("payments/swedish-giro", &order).await;
    let refused = reader.call(Method::GET, &payment).send().await.unwrap();
    assert_eq!(refusal_of(refused, 405).await.0, "SERVICE_INVALID");
    assert!(reader.read(ACCOUNTS).await["accounts"].is_array());
}

#[tokio::test]
async fn a_giro_number_and_its_reference_are_digits() {
    let reader = Reader::at("ESSESESS").await;
    for (pointer, text) in [("/creditorGiro/giroNumber", "giro 991-2346"), ("/ocrRef", "1234567897 ")] {
        let order = changed(giro(), &[(pointer, json!(text))]);
        assert_eq!(refusal_of(reader.order("payments/swedish-giro", &order).await, 400).await.0, "FORMAT_ERROR");
    }
}

#[tokio::test]
async fn a_bulk_for_a_moment_of_the_past_is_refused() {
    let reader = Reader::at("ESSESESS").await;
    let mut order = domestic();
    let debtor = order["debtorAccount"].take();
    order.as_object_mut().unwrap().shift_remove("debtorAccount");
    let bulk = |time: &str| json!({ "debtorAccount": debtor, "requestedExecutionTime": time, "payments": [order] });
    for (time, status) in [("2026-03-15T09:00:00+01:00", 400), ("2026-04-01T09:00:00+02:00", 201)] {
        assert_eq!(reader.order("bulk-payments/domestic", &bulk(time)).await.status(), status, "{time}");
    }
}

//! Orders: every product, what each bank asks of it, the forms it comes in, and what it does to accounts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/reader.rs"]
mod reader;

use std::time::Duration;

use common::{EVERYTHING, json_of, refusal_of};
use reader::{ACCOUNTS, Reader};
use reqwest::{Method, Response};
use roxmltree::Document;
use serde_json::{Value, json};

const PAYMENTS: &str = "/psd2/paymentinitiation/v1";

fn domestic() -> Value {
    json!({
        "instructedAmount": { "currency": "SEK", "amount": "249.50" },
        "debtorAccount": { "iban": "SE3750000000054400047881" },
        "creditorAccount": { "iban": "SE2550000000054400047903" },
        "creditorName": "Nordvik Cykelservice AB",
        "endToEndIdentification": "NV-1",
    })
}

fn giro() -> Value {
    json!({
        "instructedAmount": { "currency": "SEK", "amount": "845.00" },
        "debtorAccount": { "iban": "SE3750000000054400047881" },
        "creditorGiro": { "giroNumber": "991-2346", "giroType": "BANKGIRO" },
        "creditorName": "Kustbandets Elnät AB",
        "ocrRef": "1234567897",
    })
}

fn changed(mut order: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        order.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    order
}

async fn send(reader: &Reader, path: &str, order: &Value) -> Response {
    reader.call(Method::POST, &format!("{PAYMENTS}/{path}")).json(order).send().await.unwrap()
}

/// The path of a new payment.
async fn create(reader: &Reader, path: &str, order: &Value) -> String {
    let body = json_of(send(reader, path, order).await, 201).await;
    format!("{PAYMENTS}/{path}/{}", body["paymentId"].as_str().unwrap())
}

async fn status(reader: &Reader, payment: &str) -> Value {
    json_of(reader.call(Method::GET, &format!("{payment}/status")).send().await.unwrap(), 200).await
}

fn wait(reader: &Reader, seconds: u64) {
    reader.desk.sandbox.control().advance(Duration::from_secs(seconds));
}

async fn booked(reader: &Reader, account: usize) -> Vec<Value> {
    let accounts = reader.accounts().await;
    let list = accounts[account]["_links"]["transactions"]["href"].as_str().unwrap();
    reader.all(&format!("{list}?bookingStatus=booked&dateFrom=2026-03-16")).await.0
}

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
        let payment = create(&reader, &format!("payments/{product}"), &order).await;
        let before = booked(&reader, 0).await.len();
        reader.approve(&payment).await;
        wait(&reader, 200);
        let body = status(&reader, &payment).await;
        assert_eq!(body["transactionStatus"], "ACSC", "{bank} {product}: {body}");
        assert_eq!(body["fundsAvailable"], true);
        assert_eq!(booked(&reader, 0).await.len(), before + 1, "{bank} {product}");
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
        ("ESSESESS", "international", domestic(), "FORMAT_ERROR", "/creditorAgent"),
    ] {
        let reader = Reader::at(bank).await;
        let body = json_of(send(&reader, &format!("payments/{product}"), &order).await, 400).await;
        let message = &body["tppMessages"][0];
        assert_eq!((message["code"].as_str(), message["path"].as_str()), (Some(code), Some(path)), "{bank}: {body}");
    }
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
    create(&reader, "payments/domestic", &order).await;
}

#[tokio::test]
async fn companies_pay_from_plusgirot_at_nordea() {
    let reader = Reader::company_at("NDEASESS", "5566771234").await;
    let number = reader.accounts().await[0]["plusgiroNumber"].clone();
    let order = changed(domestic(), &[("/debtorAccount", json!({ "plusgiroNumber": number }))]);
    let payment = create(&reader, "payments/domestic", &order).await;
    reader.approve(&payment).await;
    wait(&reader, 200);
    assert_eq!(status(&reader, &payment).await["transactionStatus"], "ACSC");
}

#[tokio::test]
async fn money_arrives_on_the_other_account_in_its_currency() {
    let reader = Reader::at("ESSESESS").await;
    let savings = booked(&reader, 1).await.len();
    let payment = create(&reader, "payments/domestic", &domestic()).await;
    reader.approve(&payment).await;
    wait(&reader, 10);
    let rows = booked(&reader, 1).await;
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
    let payment = create(&reader, "payments/sepa-credit-transfers", &order).await;
    reader.approve(&payment).await;
    wait(&reader, 10);
    for account in [0, 1] {
        let rows = booked(&reader, account).await;
        let row = rows.iter().find(|row| row["endToEndId"] == "NV-2").unwrap();
        assert_eq!(row["transactionAmount"]["currency"], "SEK");
        assert_eq!(row["currencyExchange"][0]["sourceCurrency"], "EUR");
    }
}

#[tokio::test]
async fn without_money_a_payment_is_rejected_and_nothing_moves() {
    let reader = Reader::at("ESSESESS").await;
    let order = changed(domestic(), &[("/instructedAmount/amount", json!("99999999.00"))]);
    let payment = create(&reader, "payments/domestic", &order).await;
    let before = booked(&reader, 0).await;
    reader.approve(&payment).await;
    let body = status(&reader, &payment).await;
    assert_eq!(body["transactionStatus"], "RJCT");
    assert_eq!(body["fundsAvailable"], false);
    assert!(body["tppMessages"][0]["text"].as_str().unwrap().contains("not enough money"));
    wait(&reader, 10);
    assert_eq!(booked(&reader, 0).await, before);
}

#[tokio::test]
async fn a_flagged_creditor_is_a_warning_on_a_success() {
    let reader = Reader::at("ESSESESS").await;
    let order = changed(giro(), &[("/creditorGiro/giroNumber", json!("5555-5551"))]);
    let body = json_of(send(&reader, "payments/swedish-giro", &order).await, 201).await;
    assert_eq!(body["tppMessages"][0]["code"], "CREDITOR_ACCOUNT_FLAGGED");
    let order = changed(domestic(), &[("/creditorAccount/iban", json!("SE7280000810340009783242"))]);
    let body = json_of(send(&reader, "payments/domestic", &order).await, 201).await;
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
    let payment = create(&reader, "payments/domestic", &order).await;
    let harmonised = async || {
        let call = reader.call(Method::GET, &format!("{payment}/status")).header("X-Feature-Flags", "new-statuses");
        json_of(call.send().await.unwrap(), 200).await["transactionStatus"].clone()
    };
    assert_eq!(
        (status(&reader, &payment).await["transactionStatus"].clone(), harmonised().await),
        (json!("ACTC"), json!("RCVD"))
    );
    reader.approve(&payment).await;
    assert_eq!(
        (status(&reader, &payment).await["transactionStatus"].clone(), harmonised().await),
        (json!("ACCP"), json!("ACSP"))
    );
    wait(&reader, 5);
    assert_eq!(harmonised().await, "ACSC");
}

#[tokio::test]
async fn nordea_settles_minutes_later() {
    let reader = Reader::at("NDEASESS").await;
    let order = changed(domestic(), &[("/debtorAccount", json!({ "bban": "41351300039" }))]);
    let payment = create(&reader, "payments/domestic", &order).await;
    reader.approve(&payment).await;
    let mut seen = vec![status(&reader, &payment).await["transactionStatus"].clone()];
    for _ in 0..20 {
        wait(&reader, 10);
        let now = status(&reader, &payment).await["transactionStatus"].clone();
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    assert_eq!(seen, ["ACTC", "ACSP", "ACSC"]);
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
        let (before, other) = (booked(&reader, 0).await.len(), booked(&reader, 1).await.len());
        let payment = create(&reader, "bulk-payments/domestic", &bulk(amounts, batch)).await;
        reader.approve(&payment).await;
        wait(&reader, 10);
        assert_eq!(status(&reader, &payment).await["transactionStatus"], expected);
        assert_eq!(booked(&reader, 0).await.len(), before + rows, "{expected}");
        assert_eq!(booked(&reader, 1).await.len(), other + credits, "{expected}");
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
    let refused = send(&reader, "bulk-payments/swedish-giro", &bulk(["1.00", "1.00"], false)).await;
    assert_eq!(refusal_of(refused, 404).await.0, "PRODUCT_UNKNOWN");
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
    let payment = create(&reader, "periodic-payments/domestic", &order).await;
    reader.approve(&payment).await;
    assert_eq!(status(&reader, &payment).await["transactionStatus"], "ACSP");
    for (day, expected, executions) in [(3, "ACSP", 0), (5, "ACSP", 1), (20, "ACSP", 2), (40, "ACSC", 3)] {
        let target =
            "2026-03-16T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() + chrono::TimeDelta::days(day);
        let control = reader.desk.sandbox.control().clone();
        control.advance((target - control.now()).to_std().unwrap());
        reader.desk.token = reader.desk.token_for(EVERYTHING).await;
        assert_eq!(status(&reader, &payment).await["transactionStatus"], expected, "day {day}");
        let rows = booked(&reader, 0).await;
        assert_eq!(rows.iter().filter(|row| row["endToEndId"] == "NV-1").count(), executions, "day {day}");
    }
}

fn pain(amount: &str, debtor: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03">
  <CstmrCdtTrfInitn>
    <GrpHdr>
      <MsgId>OP-1</MsgId><CreDtTm>2026-03-16T09:12:05</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>75.20</CtrlSum>
      <InitgPty><Nm>Saariston Kirja Oy</Nm></InitgPty>
    </GrpHdr>
    <PmtInf>
      <PmtInfId>OP-1-1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt>2026-03-17</ReqdExctnDt>
      <Dbtr><Nm>Saariston Kirja Oy</Nm></Dbtr><DbtrAcct><Id><IBAN>{debtor}</IBAN></Id></DbtrAcct>
      <CdtTrfTxInf>
        <PmtId><EndToEndId>LASKU-44</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt>
        <Cdtr><Nm>Nordlicht &amp; Verlag</Nm><PstlAdr><TwnNm>Lübeck</TwnNm><Ctry>DE</Ctry></PstlAdr></Cdtr>
        <CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>
        <RmtInf><Ustrd>Lasku 44</Ustrd></RmtInf>
      </CdtTrfTxInf>
    </PmtInf>
  </CstmrCdtTrfInitn>
</Document>
"#
    )
}

async fn send_as(reader: &Reader, path: &str, media: &str, body: String) -> Response {
    let call = reader.call(Method::POST, &format!("{PAYMENTS}/{path}")).header("Content-Type", media).body(body);
    call.send().await.unwrap()
}

#[tokio::test]
async fn an_order_can_come_as_xml_and_goes_out_as_xml_and_as_json() {
    let reader = Reader::at("OKOYFIHH").await;
    let xml = pain("75.20", "FI1457803820012457");
    let path = "payments/sepa-credit-transfers";
    let created = json_of(send_as(&reader, path, "application/xml", xml.clone()).await, 201).await;
    let payment = format!("{PAYMENTS}/{path}/{}", created["paymentId"].as_str().unwrap());
    assert_eq!(reader.read_as(&payment, "application/xml").await, xml);
    let order = reader.read(&payment).await;
    assert_eq!(order["instructedAmount"], json!({ "currency": "EUR", "amount": "75.20" }));
    assert_eq!(order["creditorName"], "Nordlicht & Verlag");
    assert_eq!(order["debtorAccount"]["iban"], "FI1457803820012457");
    assert_eq!(order["creditorAddress"], json!({ "city": "Lübeck", "country": "DE" }));
    assert_eq!(order["requestedExecutionDate"], "2026-03-17");
    let status = reader.read_as(&format!("{payment}/status"), "application/xml").await;
    assert!(status.contains("<OrgnlMsgId>OP-1</OrgnlMsgId>") && status.contains("<GrpSts>RCVD</GrpSts>"), "{status}");
    let mut call = reader.call(Method::GET, &payment).build().unwrap();
    call.headers_mut().insert("accept", "multipart/form-data".parse().unwrap());
    assert_eq!(reader.desk.client.execute(call).await.unwrap().status(), 406, "no standing order");
}

#[tokio::test]
async fn xml_that_was_written_here_is_read_here_as_the_same_order() {
    let reader = Reader::at("ESSESESS").await;
    let special = changed(
        domestic(),
        &[
            ("/creditorName", json!("Kråk & Söner <AB> \"x\" 'y'")),
            ("/remittanceInformationUnstructured", json!("a\u{1}b & c")),
            ("/creditorAddress", json!({ "street": "Storgatan", "country": "SE" })),
        ],
    );
    for (product, order) in [("domestic", special), ("swedish-giro", giro())] {
        let path = format!("payments/{product}");
        let payment = create(&reader, &path, &order).await;
        let xml = reader.read_as(&payment, "application/xml").await;
        Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
        let again = json_of(send_as(&reader, &path, "application/xml", xml).await, 201).await;
        let again = reader.read(&format!("{PAYMENTS}/{path}/{}", again["paymentId"].as_str().unwrap())).await;
        let original = reader.read(&payment).await;
        for field in ["instructedAmount", "debtorAccount", "creditorAccount", "creditorName", "creditorAddress"] {
            assert_eq!(again[field], original[field], "{product} {field}");
        }
    }
}

#[tokio::test]
async fn xml_is_refused_with_the_place_at_which_it_is_wrong() {
    let reader = Reader::at("OKOYFIHH").await;
    let good = pain("75.20", "FI1457803820012457");
    let entities = "<!DOCTYPE x [<!ENTITY a \"b\">]>\n<Document/>".to_owned();
    for (xml, hint) in [
        (good.replace("</Document>", ""), "no XML"),
        (entities, "no XML"),
        (good.replace("pain.001.001.03", "camt.053.001.02"), "namespace"),
        (good.replace("<NbOfTxs>1<", "<NbOfTxs>2<"), "NbOfTxs"),
        (good.replace("75.20</CtrlSum>", "75.21</CtrlSum>"), "CtrlSum"),
        (good.replace(">75.20</InstdAmt>", ">-75.20</InstdAmt>"), "line 13"),
        (good.replace("<Nm>Nordlicht &amp; Verlag</Nm>", ""), "Nm is missing"),
        (good.replace("<Cdtr>", "<Cdtr><Cdtr>"), "no XML"),
        (good.replace("FI1457803820012457", "FI1457803820012458"), "no account"),
        (String::from("{}"), "no XML"),
    ] {
        let refused = send_as(&reader, "payments/sepa-credit-transfers", "application/xml", xml).await;
        let (_, text) = refusal_of(refused, 400).await;
        assert!(text.contains(hint), "{hint}: {text}");
    }
}

#[tokio::test]
async fn a_standing_order_can_come_in_two_parts_and_goes_out_in_two() {
    let reader = Reader::at("OKOYFIHH").await;
    let body = |standing: &str| {
        format!(
            "--cut\r\nContent-Disposition: form-data; name=\"xml_sct\"\r\nContent-Type: application/xml\r\n\r\n{}\r\n\
             --cut\r\nContent-Disposition: form-data; name=\"json_standingorderType\"\r\n\r\n{standing}\r\n--cut--\r\n",
            pain("75.20", "FI1457803820012457")
        )
    };
    let standing = json!({ "startDate": "2026-04-02", "frequency": "Monthly", "dayOfExecution": "2" });
    let path = "periodic-payments/sepa-credit-transfers";
    let media = "multipart/form-data; boundary=cut";
    let created = json_of(send_as(&reader, path, media, body(&standing.to_string())).await, 201).await;
    let payment = format!("{PAYMENTS}/{path}/{}", created["paymentId"].as_str().unwrap());
    let order = reader.read(&payment).await;
    assert_eq!(order["frequency"], "Monthly");
    assert!(order["requestedExecutionDate"].is_null());
    let parts = reader.read_as(&payment, "multipart/form-data").await;
    assert!(parts.contains("<EndToEndId>LASKU-44</EndToEndId>") && parts.contains(&standing.to_string()), "{parts}");
    for wrong in ["{", "{}", "{\"startDate\":\"2026-04-02\",\"frequency\":\"Hourly\"}"] {
        let refused = send_as(&reader, path, media, body(wrong)).await;
        assert_eq!(refusal_of(refused, 400).await.0, "FORMAT_ERROR", "{wrong}");
    }
    let broken = body(&standing.to_string()).replace("--cut--", "");
    assert_eq!(refusal_of(send_as(&reader, path, media, broken).await, 400).await.0, "FORMAT_ERROR");
}

#[tokio::test]
async fn a_bulk_can_come_as_xml() {
    let reader = Reader::at("OKOYFIHH").await;
    let one = pain("75.20", "FI1457803820012457");
    let start = one.find("<CdtTrfTxInf>").unwrap();
    let end = one.find("</PmtInf>").unwrap();
    let two = one[..end].to_owned() + &one[start..end] + &one[end..];
    let two = two.replace("<NbOfTxs>1<", "<NbOfTxs>2<").replace("75.20</CtrlSum>", "150.40</CtrlSum>");
    let single = send_as(&reader, "payments/sepa-credit-transfers", "application/xml", two.clone()).await;
    assert!(refusal_of(single, 400).await.1.contains("bulk"));
    let path = "bulk-payments/sepa-credit-transfers";
    let created = json_of(send_as(&reader, path, "application/xml", two).await, 201).await;
    let order = reader.read(&format!("{PAYMENTS}/{path}/{}", created["paymentId"].as_str().unwrap())).await;
    assert_eq!(order["payments"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn handelsbanken_tells_the_status_and_nothing_else() {
    let reader = Reader::at("HANDSESS").await;
    let order = changed(giro(), &[("/debtorAccount", json!({ "bban": "403333911" }))]);
    let payment = create(&reader, "payments/swedish-giro", &order).await;
    let refused = reader.call(Method::GET, &payment).send().await.unwrap();
    assert_eq!(refusal_of(refused, 405).await.0, "SERVICE_INVALID");
    assert!(reader.read(ACCOUNTS).await["accounts"].is_array());
}

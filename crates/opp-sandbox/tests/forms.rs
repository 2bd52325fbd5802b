//! The forms of an order: pain.001 in and out, and standing orders of two parts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/orders.rs"]
mod orders;
#[path = "common/reader.rs"]
mod reader;

use common::{json_of, refusal_of};
use orders::{PAYMENTS, changed, domestic, giro, pain};
use reader::Reader;
use reqwest::{Method, Response};
use roxmltree::Document;
use serde_json::json;

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
        let payment = reader.create(&path, &order).await;
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
    let mut other = standing.clone();
    other["instructedAmount"] = json!({ "currency": "EUR", "amount": "9000.00" });
    let refused = send_as(&reader, path, media, body(&other.to_string())).await;
    assert!(refusal_of(refused, 400).await.1.contains("instructedAmount"), "the amount stands in the other part");
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
async fn xml_that_two_readers_would_read_differently_or_for_minutes_is_refused() {
    let reader = Reader::at("OKOYFIHH").await;
    let order = pain("75.20", "FI1457803820012457");
    let many = |count: usize, one: fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>().join(" ");
    let attributes = many(300, |index| format!("a{index}=\"\""));
    let spaces = many(2_001, |index| format!("<a xmlns:a{index}=\"u{index}\">"));
    for (body, why) in [
        (order.replace(">75.20</InstdAmt>", ">7<!-- -->5.20</InstdAmt>"), "inside a text"),
        (order.replace("<PmtInf>", &format!("<PmtInf {attributes}>")), "attributes"),
        (spaces, "namespaces"),
    ] {
        let refused = send_as(&reader, "payments/sepa-credit-transfers", "application/xml", body).await;
        let (code, text) = refusal_of(refused, 400).await;
        assert!(code == "FORMAT_ERROR" && text.contains(why), "{why}: {text}");
    }
}

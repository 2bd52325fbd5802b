//! Payments on the bank's page: what a person reads before signing, and what the signature does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/journey.rs"]
mod journey;
#[path = "common/orders.rs"]
mod orders;

use common::{Desk, json_of};
use journey::{Journey, accounts, back};
use orders::{PAYMENTS, pain, pounds};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_payments_page_shows_amount_creditor_and_reference() {
    let order = json!({
        "instructedAmount": { "currency": "EUR", "amount": "99.90" },
        "debtorAccount": { "iban": "FI2112345600000785" },
        "creditorAccount": { "iban": "FI7944052020036082" },
        "creditorName": "Kirjakauppa <Oy>",
        "remittanceInformationUnstructured": "Tilaus 17",
    });
    let journey = Journey::payment("OKOYFIHH", "sepa-credit-transfers", &order).await;
    journey.post(&[("decision", "sign-in"), ("user", "x"), ("secret", "1")]).await;
    let page = journey.page().await;
    for part in ["99.90 EUR", "Kirjakauppa &lt;Oy&gt;", "FI79 4405 2020 0360 82", "Tilaus 17", "FI21 1234 5600 0007 85"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[tokio::test]
async fn an_order_that_came_as_a_file_shows_each_amount_and_creditor() {
    let one = pain("75.20", "FI1457803820012457");
    let (start, end) = (one.find("<CdtTrfTxInf>").unwrap(), one.find("</PmtInf>").unwrap());
    let second = one[start..end].replace("75.20", "4.80").replace("Nordlicht &amp; Verlag", "Möwen Druck");
    let two = one[..end].to_owned() + &second + &one[end..];
    let two = two.replace("<NbOfTxs>1<", "<NbOfTxs>2<").replace("75.20</CtrlSum>", "80.00</CtrlSum>");
    let single = ["75.20 EUR", "Nordlicht &amp; Verlag", "DE89 3704 0044 0532 0130 00", "Lasku 44", "2026-03-17"];
    let bulk = ["80.00 EUR", "Nordlicht &amp; Verlag: 75.20 EUR", "Möwen Druck: 4.80 EUR", "2026-03-17"];
    for (service, xml, parts) in [("payments", one, single.as_slice()), ("bulk-payments", two, bulk.as_slice())] {
        let desk = Desk::at("OKOYFIHH").await;
        let path = format!("{PAYMENTS}/{service}/sepa-credit-transfers");
        let call = desk.post(&path).header("Content-Type", "application/xml").body(xml);
        let created = json_of(call.send().await.unwrap(), 201).await;
        let resource = format!("{path}/{}", created["paymentId"].as_str().unwrap());
        let journey = Journey::to_the_page(desk, "171004-0001", resource).await;
        journey.post(&[("decision", "sign-in"), ("user", "171004-0001"), ("secret", "1")]).await;
        let page = journey.page().await;
        for part in parts.iter().chain(&["FI14 5780 3820 0124 57"]) {
            assert!(page.contains(part), "{service}: {part} in {page}");
        }
    }
}

#[tokio::test]
async fn danske_customers_choose_the_account_to_pay_from() {
    let journey = Journey::payment("DABASESX", "domestic", &pounds()).await;
    assert_eq!(journey.post(&[("decision", "sign-in"), ("user", "ada")]).await.status(), 422, "without a password");
    journey.post(&[("decision", "sign-in"), ("user", "ada"), ("secret", "1")]).await;
    let page = journey.page().await;
    let number = page.split("Savings<span>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    back(&journey.post(&[("decision", "approve"), ("account", &accounts(&page)[1])]).await);
    assert_eq!(journey.desk.read(&journey.resource).await["debtorAccount"]["bban"], number.as_str());
}

/// Signs on the page, exchanges the code, and gives every status on the way.
async fn sign(desk: &Desk, base: &str, payment: &str) -> Vec<Value> {
    let started = json_of(desk.post(base).send().await.unwrap(), 201).await;
    let (path, id) = (format!("{base}/{}", started["authorisationId"].as_str().unwrap()), &started["authorisationId"]);
    let mut seen = vec![desk.read(&path).await["scaStatus"].clone()];
    let method = json!({ "authenticationMethodId": started["scaMethods"][0]["authenticationMethodId"] });
    let chosen = json_of(desk.put(&path).json(&method).send().await.unwrap(), 200).await;
    seen.push(chosen["scaStatus"].clone());
    let application = desk.sandbox.application();
    let link = chosen["_links"]["scaOAuth"]["href"].as_str().unwrap();
    let link = link
        .replace("[CLIENT_ID]", &application.client_id)
        .replace("[TPP_REDIRECT_URI]", "http%3A%2F%2Flocalhost%3A9999%2Fback")
        .replace("[TPP_STATE]", "s-1");
    let post = async |form: &[(&str, &str)]| desk.client.post(&link).form(form).send().await.unwrap();
    post(&[("decision", "sign-in"), ("user", "ada"), ("secret", "1")]).await;
    seen.push(desk.read(&path).await["scaStatus"].clone());
    let query = back(&post(&[("decision", "approve")]).await);
    seen.push(desk.read(&path).await["scaStatus"].clone());
    let form = [
        ("client_id", application.client_id.as_str()),
        ("client_secret", application.client_secret.as_str()),
        ("grant_type", "authorization_code"),
        ("code", &query["code"]),
        ("redirect_uri", "http://localhost:9999/back"),
    ];
    let exchange = desk.client.post(format!("{}/connect/token", desk.sandbox.auth_url())).form(&form);
    let exchange = exchange.header("X-PaymentId", payment).header("X-PaymentAuthorisationId", id.as_str().unwrap());
    json_of(exchange.send().await.unwrap(), 200).await;
    seen.push(desk.read(&path).await["scaStatus"].clone());
    seen
}

#[tokio::test]
async fn a_payment_and_its_cancellation_are_signed_on_the_page_of_each_oauth_bank() {
    let sequence = ["received", "started", "psuIdentified", "psuAuthenticated", "finalised"];
    for (bank, product, currency, debtor) in [
        ("NDEASESS", "domestic", "SEK", json!({ "bban": "41351300039" })),
        ("DABASESX", "domestic", "GBP", json!({ "bban": "84600447424379" })),
        ("NDEAFIHH", "sepa-credit-transfers", "EUR", json!({ "iban": "FI2112345600000785" })),
        ("OKOYFIHH", "sepa-credit-transfers", "EUR", json!({ "iban": "FI2112345600000785" })),
    ] {
        let desk = Desk::at(bank).await;
        let order = json!({
            "instructedAmount": { "currency": currency, "amount": "12.00" },
            "debtorAccount": debtor,
            "creditorAccount": { "iban": "FI7944052020036082" },
            "creditorName": "Kirjakauppa",
            "requestedExecutionDate": "2026-04-01",
        });
        let path = format!("/psd2/paymentinitiation/v1/payments/{product}");
        let created = json_of(desk.post(&path).json(&order).send().await.unwrap(), 201).await;
        let id = created["paymentId"].as_str().unwrap();
        let path = format!("{path}/{id}");
        assert_eq!(sign(&desk, &format!("{path}/authorisations"), id).await, sequence, "{bank}");
        let answer = desk.call(Method::DELETE, &path).send().await.unwrap();
        let base = json_of(answer, 202).await["_links"]["startAuthorisation"]["href"].as_str().unwrap().to_owned();
        assert_eq!(sign(&desk, &base, id).await, sequence, "{bank}");
        assert_eq!(desk.read(&format!("{path}/status")).await["transactionStatus"], "CANC", "{bank}");
    }
}

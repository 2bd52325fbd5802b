//! What banks remark on answers that are good is shown where a guest needs it, and is nothing but text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{House, Visitor, between, location, plain};

const SCRIPT: &str = "<img src=x onerror=alert(1)>";

/// Goes through the phone's rounds until the page says something.
async fn sign(house: &House, visitor: &Visitor, page: &str, rounds: usize, until: &str) -> String {
    for _ in 0..rounds {
        visitor.until(page, "QR code").await;
        house.phone("approve").await;
    }
    visitor.until(page, until).await
}

#[tokio::test]
async fn a_remark_on_a_permission_is_shown_to_its_end_and_after_a_restart_and_is_only_text() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    house.remark("createConsent", &format!("asked {SCRIPT}"));
    house.remark("getConsentStatus", &format!("signed {SCRIPT}"));
    let page = visitor.ask("ESSESESS", "qr").await;
    let waits = visitor.until(&page, "QR code").await;
    assert!(waits.contains("remarks:") && waits.contains("asked &lt;img"), "{waits}");
    let over = sign(&house, &visitor, &page, 1, "See your accounts").await;
    let events = visitor.text(&format!("{page}/events")).await;
    let house = house.restart().await;
    let later = visitor.text(&page).await;
    for shown in [over, events, later] {
        for text in ["asked &lt;img", "signed &lt;img"] {
            assert_eq!(shown.matches(text).count(), 1, "{text} in {shown}");
        }
        assert!(!shown.contains("<img src=x"), "{shown}");
    }
    drop(house);
}

#[tokio::test]
async fn a_payee_on_a_watch_list_is_told_before_the_signature() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "SWEDSESS").await;
    house.remark("getPaymentInitiationStatus", SCRIPT);
    let form =
        [("kind", "bankgiro"), ("to", "5555-5551"), ("name", "Bolaget"), ("amount", "845"), ("ocr", "1234567897")];
    let confirm = location(&visitor.post(&account.replacen("/accounts", "/pay", 1), &form).await).unwrap();
    let page = location(&visitor.post(&confirm, &[]).await).unwrap();
    let waits = visitor.until(&page, "QR code").await;
    assert!(waits.contains("Be sure whom you pay") && waits.contains("CREDITOR_ACCOUNT_FLAGGED"), "{waits}");

    let over = sign(&house, &visitor, &page, 3, "Follow the payment").await;
    assert!(over.contains("Be sure whom you pay") && over.contains("&lt;img"), "{over}");
    let payment = format!("/payments/{}", between(&plain(&over), "href=\"/payments/", "\"").unwrap());
    let followed = visitor.text(&payment).await;
    assert!(followed.contains("remarks:") && followed.contains("&lt;img"), "{followed}");
    assert!(!over.contains("<img src=x") && !followed.contains("<img src=x"), "{followed}");
}

#[tokio::test]
async fn why_a_signature_failed_is_not_said_twice() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let page = visitor.ask("ESSESESS", "qr").await;
    visitor.until(&page, "QR code").await;
    house.phone("reject").await;
    let over = visitor.until(&page, "It was declined").await;
    assert!(over.contains("The bank says:") && !over.contains("remarks:"), "{over}");
    assert!(!visitor.text(&page).await.contains("remarks:"));
}

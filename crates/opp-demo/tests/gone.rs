//! Guests who go away in the middle of something: what they have begun is neither lost, nor done twice, nor called
//! something that nobody knows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{House, Visitor, between, location, plain};
use opp_demo::{Demo, Settings};
use opp_sandbox::{Caprice, Rule};

fn caprice(house: &House, operation: &str, caprice: Caprice) {
    let (caprices, operation) = (vec![caprice], Some(operation.to_owned()));
    house.control().add_caprice(Rule { caprices, operation, times: Some(1), ..Rule::default() });
}

/// Sends a form, and goes away as soon as the bank was asked.
async fn send_and_leave(house: &House, visitor: &Visitor, form: (&str, &[(&str, &str)]), part: &str) {
    let before = house.calls("POST", part);
    let asked = async {
        while house.calls("POST", part) == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        answer = visitor.post(form.0, form.1) => panic!("{answer:?}"),
        () = asked => {}
    }
}

/// An order that waits to be confirmed.
async fn order(visitor: &Visitor, account: &str) -> String {
    let form = [("kind", "account"), ("to", "SE2550000000054400047903"), ("name", "Anna"), ("amount", "12.50")];
    location(&visitor.post(&account.replacen("/accounts", "/pay", 1), &form).await).unwrap()
}

#[tokio::test]
async fn a_payment_is_handed_over_to_its_end_though_the_browser_has_gone() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let confirm = order(&visitor, &account).await;
    caprice(&house, "initiatePayment", Caprice::Latency(Duration::from_secs(1)));
    send_and_leave(&house, &visitor, (&confirm, &[]), "/payments/domestic").await;
    let list = plain(&visitor.until("/pay", "Waits for your signature").await);
    let payment = format!("/payments/{}", between(&list, "href=\"/payments/", "\"").unwrap());
    assert!(plain(&visitor.text(&payment).await).contains("href=\"/sign/"), "it can be signed");
    assert_eq!(house.calls("POST", "/payments/domestic"), 1);
}

#[tokio::test]
async fn a_permission_is_asked_for_to_its_end_though_the_browser_has_gone() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    caprice(&house, "createConsent", Caprice::Latency(Duration::from_secs(1)));
    let form = [("person", "199311219639"), ("days", "90"), ("way", "qr")];
    send_and_leave(&house, &visitor, ("/banks/ESSESESS", &form), "/consents").await;
    let list = plain(&visitor.until("/consents", "Waits for your signature").await);
    assert!(list.contains("href=\"/sign/"), "{list}");
}

#[tokio::test]
async fn a_payment_that_was_taken_is_not_called_refused_because_the_answer_is_garbled() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let confirm = order(&visitor, &account).await;
    caprice(&house, "initiatePayment", Caprice::TruncatedBody(None));
    let page = visitor.post(&confirm, &[]).await.text().await.unwrap();
    assert!(page.contains("It is not known what happened") && !page.contains("has said no"), "{page}");
    assert!(visitor.text("/pay").await.contains("Not known"));
}

#[tokio::test]
async fn what_is_called_off_here_may_still_be_signed_in_the_app_and_is_not_called_unsigned() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let sign = location(&visitor.post(&order(&visitor, &account).await, &[]).await).unwrap();
    visitor.until(&sign, "QR code").await;
    visitor.post(&format!("{sign}/cancel"), &[]).await;
    let page = plain(&visitor.text(&sign).await);
    assert!(page.contains("see the payment before you pay again") && !page.contains("Nothing has happened"), "{page}");
    let list = visitor.text("/pay").await;
    assert!(list.contains("No signature seen") && !list.contains("Not signed"), "{list}");
}

#[tokio::test]
async fn a_permission_that_nobody_was_seen_to_sign_is_taken_back_as_well() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    for (times, is_called_off) in [(1, false), (2, true)] {
        let sign = visitor.ask("ESSESESS", "qr").await;
        visitor.until(&sign, "QR code").await;
        if is_called_off {
            visitor.post(&format!("{sign}/cancel"), &[]).await;
        }
        let page = plain(&visitor.text("/consents").await);
        let action = between(&page, "action=\"/consents/", "\"").unwrap();
        assert_eq!(location(&visitor.post(&format!("/consents/{action}"), &[]).await).as_deref(), Some("/consents"));
        assert_eq!(house.calls("DELETE", "/consents/"), times);
        assert!(visitor.text("/consents").await.contains("You have given none"));
    }
}

#[tokio::test]
async fn browsers_come_by_https_or_from_this_machine() {
    for (address, is_good) in [
        ("https://demo.example", true),
        ("http://localhost:8080/", true),
        ("http://demo.example", false),
        ("demo.example", false),
        ("https://demo.example/below", false),
        ("https://user@demo.example", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(folder.path());
        settings.public_url = Some(address.to_owned());
        assert_eq!(Demo::start(settings).await.is_ok(), is_good, "{address}");
    }
}

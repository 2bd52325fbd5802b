//! What orders look like when they go out, and what is refused.

use opp_raw::Check;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    AccountNumber, Address, Amount, Bankgiro, Bban, Clearing, CreditorReference, Frequency, GiroNumber, Iban, Ocr,
    Plusgiro,
};

fn sek() -> Amount {
    "12.50 SEK".parse().unwrap()
}

fn euro() -> Amount {
    "75.20 EUR".parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn payer() -> Iban {
    Iban::test_number("SE3750000000054400047881").unwrap()
}

fn payee() -> Iban {
    Iban::test_number("SE2550000000054400047903").unwrap()
}

fn rent() -> Transfer {
    Transfer::domestic(sek(), payee(), "Anna Åkesson").from(payer())
}

fn bill() -> Giro {
    Giro::new(sek(), Bankgiro::new("5050-1055").unwrap(), "Elbolaget").from(payer())
}

fn at(bic: &str, order: impl Into<Order>) -> Result<PaymentInitiationRequest, Invalid> {
    let body = order.into().body(Desk { bic, today: day("2026-11-21") })?;
    body.check()?;
    Ok(body)
}

fn written(order: impl Into<Order>) -> Value {
    serde_json::to_value(at("ESSESESS", order).unwrap()).unwrap()
}

fn refused(order: impl Into<Order>) -> String {
    at("ESSESESS", order).unwrap_err().to_string()
}

#[test]
fn a_domestic_transfer_is_written_as_the_platform_wants_it() {
    let body = written(rent().message("Hyra").own_message("Hyra maj").end_to_end_id("H-5").on(day("2026-12-01")));
    assert_eq!(
        body,
        json!({
            "instructedAmount": {"currency": "SEK", "amount": "12.50"},
            "debtorAccount": {"iban": "SE3750000000054400047881"},
            "creditorAccount": {"iban": "SE2550000000054400047903"},
            "creditorName": "Anna Åkesson",
            "remittanceInformationUnstructured": "Hyra",
            "debtorAccountMessage": "Hyra maj",
            "endToEndIdentification": "H-5",
            "requestedExecutionDate": "2026-12-01",
        })
    );
}

#[test]
fn a_giro_payment_has_exactly_one_reference() {
    let body = written(bill().ocr(Ocr::new("0012345674").unwrap()).message("Medlem 42"));
    assert_eq!((&body["ocrRef"], &body["creditorAccountMessage"]), (&json!("0012345674"), &json!("Medlem 42")));
    assert_eq!(body["creditorGiro"], json!({"giroNumber": "50501055", "giroType": "BANKGIRO"}));
    assert_eq!(written(bill().invoice("Faktura 118"))["invoiceRef"], "Faktura 118");
    for wrong in [bill(), bill().ocr(Ocr::new("18").unwrap()).invoice("x")] {
        assert_eq!(refused(wrong), "invoiceRef or ocrRef has to be given, and no other of them");
    }
    assert_eq!(refused(bill().invoice(&"x".repeat(26))), "invoiceRef is longer than 25 characters");
}

#[test]
fn a_sepa_transfer_is_in_euro_and_may_carry_the_payees_reference() {
    let reference = CreditorReference::new("RF18 5390 0754 7034").unwrap();
    let book = Transfer::sepa(euro(), Iban::new("DE89370400440532013000").unwrap(), "Verlag").from(payer());
    assert_eq!(written(book.clone().reference(reference.clone()))["ocrRef"], "RF18539007547034");
    assert!(refused(book.clone().reference(reference.clone()).invoice("44")).starts_with("invoiceRef cannot stand"));
    assert!(refused(rent().reference(reference)).starts_with("ocrRef is for SEPA"));
    assert!(refused(rent().invoice("44")).starts_with("invoiceRef is for SEPA"));
    assert_eq!(written(book.invoice(&"9".repeat(35)))["invoiceRef"], "9".repeat(35));
    let national = Transfer::sepa(euro(), Bban::new("401975231").unwrap(), "Anna").from(payer());
    assert!(refused(national).starts_with("creditorAccount.iban is missing"));
    let kronor = Transfer::sepa(sek(), payee(), "Anna").from(payer());
    assert_eq!(refused(kronor), "instructedAmount.currency is EUR in a SEPA credit transfer");
}

#[test]
fn a_standing_order_has_its_terms() {
    let terms = Repetition::new(Frequency::Monthly, day("2026-12-01")).day_of_month(28).before_holidays();
    let body = written(rent().repeated(terms.clone().until(day("2027-12-01"))));
    assert_eq!(
        (&body["frequency"], &body["dayOfExecution"], &body["executionRule"], &body["endDate"]),
        (&json!("Monthly"), &json!("28"), &json!("preceding"), &json!("2027-12-01"))
    );
    let refused = |terms: Repetition| refused(rent().repeated(terms));
    assert_eq!(refused(terms.clone().until(day("2026-11-30"))), "endDate is before startDate");
    assert!(refused(terms.day_of_month(32)).starts_with("dayOfExecution "));
    assert_eq!(refused(Repetition::new(Frequency::Weekly, day("2026-11-20"))), "startDate is past");
}

#[test]
fn nothing_that_was_said_gets_lost_in_a_standing_order_or_a_bulk() {
    let terms = || Repetition::new(Frequency::Monthly, day("2026-12-01"));
    for (said, field) in [
        (rent().own_message("x"), "debtorAccountMessage"),
        (rent().on(day("2026-12-01")), "requestedExecutionDate"),
        (rent().creditor_bank_name("x"), "creditorAgentName"),
        (rent().with(|body| body.purpose_code = "GDDS".parse().ok()), "purposeCode"),
    ] {
        assert_eq!(refused(said.repeated(terms())), format!("{field} cannot be said in a standing order"));
    }
    let giro = AccountNumber::from(GiroNumber::from(Plusgiro::new("902003-3").unwrap()));
    let standing = at("NDEASESS", rent().from(giro.clone()).repeated(terms())).unwrap_err().to_string();
    assert!(standing.starts_with("debtorAccount is a giro number"), "{standing}");
    let bulk = at("NDEASESS", Bulk::new(PaymentProduct::Domestic, giro)).unwrap_err().to_string();
    assert!(bulk.starts_with("debtorAccount is a giro number"), "{bulk}");
    let bulk = Bulk::new(PaymentProduct::Domestic, payer()).pay(rent());
    assert_eq!(refused(bulk), "payments[0].debtorAccount cannot be said in a bulk");
}

#[test]
fn a_bulk_names_the_payment_that_is_wrong() {
    let one = || Transfer::domestic(sek(), payee(), "Anna");
    let bulk = || Bulk::new(PaymentProduct::Domestic, payer()).on(day("2026-12-01")).booked_as_one(true);
    let body = written(bulk().pay(one()).pay(one().message("Lön")));
    assert_eq!(body["payments"][1]["remittanceInformationUnstructured"], "Lön");
    assert_eq!(
        refused(bulk().pay(one()).pay(one().message(&"x".repeat(141)))),
        "payments[1].remittanceInformationUnstructured is longer than 140 characters"
    );
    assert!(refused(bulk().pay(Transfer::sepa(euro(), payee(), "Anna"))).starts_with("payments[0] is of another"));
    assert_eq!(refused(bulk().on(day("2026-11-20")).pay(one())), "requestedExecutionDate is past");
}

#[test]
fn what_breaks_a_rule_is_named() {
    let to = |name: &str| Transfer::domestic(sek(), payee(), name).from(payer());
    assert_eq!(refused(to(&"x".repeat(71))), "creditorName is longer than 70 characters");
    assert!(refused(to("one\ntwo")).starts_with("creditorName has control characters"));
    assert_eq!(refused(Transfer::domestic(sek(), payee(), "Anna")), "debtorAccount is required");
    assert_eq!(refused(rent().on(day("2026-11-20"))), "requestedExecutionDate is past");
    assert_eq!(written(rent().on(day("2026-11-21")))["requestedExecutionDate"], "2026-11-21", "today is early enough");
    assert!(refused(rent().end_to_end_id("Å-1")).starts_with("endToEndIdentification has characters"));
    assert!(refused(rent().creditor_bank("nobody")).starts_with("creditorAgent "));
    let nothing = Transfer::domestic("0 SEK".parse().unwrap(), payee(), "Anna").from(payer());
    assert_eq!(refused(nothing), "instructedAmount.amount is not above zero");
    let giro =
        Transfer::domestic(sek(), AccountNumber::from(GiroNumber::from(Bankgiro::new("5050-1055").unwrap())), "Anna");
    assert!(refused(giro.from(payer())).starts_with("creditorAccount is a giro number"));
}

#[test]
fn letters_are_counted_and_not_bytes() {
    let to = |name: &str| Transfer::domestic(sek(), payee(), name).from(payer());
    assert_eq!(written(to(&"ö".repeat(70)))["creditorName"], "ö".repeat(70));
    assert_eq!(refused(to(&"o".repeat(71))), "creditorName is longer than 70 characters");
}

#[test]
fn swedish_letters_are_taken_where_they_arrive() {
    let order =
        Transfer::domestic(sek(), payee(), "Åkessons Äpplen & Öl").from(payer()).end_to_end_id("A-1 (Malmo) +46");
    assert_eq!(written(order.clone())["creditorName"], "Åkessons Äpplen & Öl");
    let strange = "endToEndIdentification has characters that not every bank takes";
    assert!(refused(order.end_to_end_id("Å-1")).starts_with(strange));
}

#[test]
fn texts_that_say_nothing_and_line_breaks_are_refused() {
    assert_eq!(refused(bill().invoice("  ")), "invoiceRef is empty");
    assert_eq!(refused(rent().end_to_end_id("")), "endToEndIdentification is empty");
    for (order, field) in [
        (Order::from(rent().message("one\ntwo")), "remittanceInformationUnstructured"),
        (rent().own_message("one\ttwo").into(), "debtorAccountMessage"),
        (rent().creditor_bank_name("one\rtwo").into(), "creditorAgentName"),
        (bill().invoice("118").message("one\ntwo").into(), "creditorAccountMessage"),
    ] {
        assert_eq!(refused(order), format!("{field} has control characters, such as a line break"));
    }
}

#[test]
fn handsess_wants_the_payees_clearing_number_apart() {
    let (bban, clearing) = (|text| Bban::new(text).unwrap(), || Clearing::new("1000").unwrap());
    let good = Transfer::domestic(sek(), (clearing(), bban("401975231")), "Elin").from(bban("403333911"));
    let body = serde_json::to_value(at("HANDSESS", good).unwrap()).unwrap();
    assert_eq!(body["creditorAccount"], json!({"bban": "401975231", "clearingNumber": "1000"}));
    let bad = Transfer::domestic(sek(), bban("401975231"), "Elin").from(bban("403333911"));
    assert_eq!(at("HANDSESS", bad).unwrap_err().field(), "creditorAccount.clearingNumber");
}

#[test]
fn essesess_wants_the_payee_by_iban_as_the_payer() {
    let to = |payee: AccountNumber| Transfer::domestic(sek(), payee, "Elin").from(payer());
    assert!(at("ESSESESS", to(payer().into())).is_ok());
    let refusal = at("ESSESESS", to(Bban::new("401975231").unwrap().into())).unwrap_err();
    assert_eq!(refusal.field(), "creditorAccount.iban");
}

#[test]
fn each_bank_names_the_payer_in_its_own_way() {
    let bban = || Bban::new("403333911").unwrap();
    let (iban, national): (AccountNumber, AccountNumber) = (payer().into(), bban().into());
    let apart: AccountNumber = (Clearing::new("6000").unwrap(), bban()).into();
    let giro: AccountNumber = GiroNumber::from(Plusgiro::new("902003-3").unwrap()).into();
    for (bank, taken) in [
        ("ESSESESS", [true, false, false, false]),
        ("SWEDSESSXXX", [true, false, false, false]),
        ("HANDSESS", [false, true, false, false]),
        ("DABASESX", [true, true, false, false]),
        ("NDEASESS", [false, true, true, true]),
        ("AAAASESS", [true, true, true, true]),
    ] {
        for (payer, taken) in [&iban, &national, &apart, &giro].into_iter().zip(taken) {
            let order = bill().invoice("118").from(payer.clone());
            assert_eq!(at(bank, order).is_ok(), taken, "{bank}");
        }
        let bulk = |payer: &AccountNumber| at(bank, Bulk::new(PaymentProduct::Domestic, payer.clone()).pay(to_anna()));
        assert_eq!(bulk(&iban).is_err_and(|wrong| wrong.field() == "debtorAccount"), !taken[0], "{bank}");
    }
}

fn to_anna() -> Transfer {
    Transfer::domestic(sek(), (Clearing::new("1000").unwrap(), Bban::new("401975231").unwrap()), "Anna")
}

#[test]
fn swedsess_takes_more_text_to_its_own_customers() {
    let text = |length, bank: Option<&str>| {
        let order = rent().message(&"ö".repeat(length));
        at("SWEDSESS", bank.map_or(order.clone(), |bank| order.creditor_bank(bank))).is_ok()
    };
    assert!(text(10, None) && !text(11, None) && !text(11, Some("ESSESESS")));
    assert!(text(35, Some("SWEDSESS")) && !text(36, Some("SWEDSESSXXX")));
}

#[test]
fn okoyfihh_wants_the_address_of_who_is_not_in_finland() {
    let to = |iban: &str| Transfer::sepa(euro(), Iban::new(iban).unwrap(), "Verlag").from(payer());
    let address = Address::builder().city("Lübeck").country("DE").build().unwrap();
    assert!(at("OKOYFIHH", to("FI2112345600000785")).is_ok());
    assert_eq!(at("OKOYFIHH", to("DE89370400440532013000")).unwrap_err().field(), "creditorAddress");
    assert!(at("OKOYFIHH", to("DE89370400440532013000").creditor_address(address)).is_ok());
}

#[test]
fn the_body_stays_within_reach_and_is_held_against_the_document() {
    let body = written(rent().on(day("2026-12-01")).with(|body| body.requested_execution_date = None));
    assert_eq!(body.get("requestedExecutionDate"), None);
    assert!(refused(rent().with(|body| body.creditor_name = None)).starts_with("creditorName is required"));
}

#[test]
fn an_order_shows_nobody() {
    let shown = format!("{:?}", Order::from(rent().message("secret")));
    assert!(shown.contains("12.5") && !shown.contains("secret") && !shown.contains("Anna"), "{shown}");
}

proptest! {
    #[test]
    fn whatever_text_goes_in_keeps_the_document_or_is_refused(name in ".{0,80}", text in ".{0,150}", id in ".{0,40}") {
        let order = Transfer::domestic(sek(), payee(), &name).from(payer()).message(&text).end_to_end_id(&id);
        if let Ok(body) = Order::from(order).body(Desk { bic: "ESSESESS", today: day("2026-11-21") }) {
            prop_assert!(body.check().is_ok());
        }
    }
}

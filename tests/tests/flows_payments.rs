//! Payments from the order to the money, against the simulated platform: every product of every bank in both ways of
//! signing, files, cancellations, several signers. No status is called paid before the money has moved.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use chrono::{Days, NaiveDate, Utc};
use opp_ergonomic::raw::Multipart;
use opp_ergonomic::sca::{Callback, Ending, Standing, Subject};
use opp_ergonomic::{
    Account, AccountNumber, Address, Bankgiro, Bban, Bulk, Cancellation, Clearing, Frequency, Giro, Iban, Ocr, Order,
    Outcome, PaymentKey, PaymentProduct, PaymentService, PaymentStage, PaymentStatus, Psu, Repetition, Session,
    Transfer,
};
use opp_tests::platform::{BANKS, PERSON, Platform, at, flow, sign, until_redirect, visit};

const GERMAN: &str = "DE89370400440532013000";

fn iban(number: &str) -> AccountNumber {
    Iban::test_number(number).unwrap().into()
}

fn bban(number: &str) -> AccountNumber {
    Bban::new(number).unwrap().into()
}

/// An account of the test person, named as the bank wants it (platform-facts 11).
fn payer(bank: &str) -> AccountNumber {
    match bank {
        "ESSESESS" => iban("SE3750000000054400047881"),
        "HANDSESS" => bban("403333911"),
        "NDEASESS" => bban("41351300039"),
        "SWEDSESS" => iban("SE4880000123459876543219"),
        "DABASESX" => bban("84600447424379"),
        "NDEAFIHH" => iban("FI2112345600000785"),
        _ => iban("FI1457803820012457"),
    }
}

/// What each bank pays the most: a transfer within the country, or in euro.
fn transfer(bank: &str) -> Transfer {
    let amount = |currency: &str| format!("12.50 {currency}").parse().unwrap();
    let clearing = Clearing::new("1000").unwrap();
    match bank {
        "HANDSESS" => {
            let payee: AccountNumber = (clearing, Bban::new("401975231").unwrap()).into();
            Transfer::domestic(amount("SEK"), payee, "Elin Åkesson")
        }
        "DABASESX" => Transfer::domestic(amount("GBP"), bban("15517312471731"), "Elin"),
        "NDEAFIHH" | "OKOYFIHH" => abroad(Transfer::sepa(amount("EUR"), iban(GERMAN), "Nordlicht Verlag")),
        "SWEDSESS" => Transfer::domestic(amount("SEK"), iban("SE4880000123451234567890"), "Elin Åkesson"),
        _ => Transfer::domestic(amount("SEK"), iban("SE2550000000054400047903"), "Elin Åkesson"),
    }
}

fn abroad(transfer: Transfer) -> Transfer {
    let address = Address::builder().city("Lübeck").country("DE").build().unwrap();
    transfer.creditor_bank("COBADEFFXXX").creditor_address(address)
}

/// One order of each product that a bank offers.
fn orders(bank: &str) -> Vec<Order> {
    let from = || payer(bank);
    let bill = || {
        let bill = Giro::new("845 SEK".parse().unwrap(), Bankgiro::new("991-2346").unwrap(), "Kustbandets Elnät AB");
        Order::from(bill.ocr(Ocr::new("1234567897").unwrap()).from(from()))
    };
    let currency = |product, amount: &str| {
        Order::from(
            abroad(Transfer::by(product, amount.parse().unwrap(), iban(GERMAN), "Nordlicht Verlag")).from(from()),
        )
    };
    let usual = Order::from(transfer(bank).from(from()).message("invoice 44"));
    match bank {
        "ESSESESS" => vec![
            usual,
            bill(),
            currency(PaymentProduct::SepaCreditTransfers, "75.20 EUR"),
            currency(PaymentProduct::International, "75.20 NOK"),
        ],
        "SWEDSESS" => vec![usual, bill(), currency(PaymentProduct::International, "75.20 EUR")],
        "HANDSESS" | "NDEASESS" => vec![usual, bill()],
        _ => vec![usual],
    }
}

fn later() -> NaiveDate {
    Utc::now().date_naive() + Days::new(30)
}

async fn created(session: &Session, order: impl Into<Order>) -> PaymentKey {
    session.payments().create(order).await.unwrap().key().clone()
}

async fn status(session: &Session, key: &PaymentKey) -> PaymentStatus {
    session.payments().status(key).await.unwrap().into_inner()
}

async fn stage(session: &Session, key: &PaymentKey) -> PaymentStage {
    status(session, key).await.stage()
}

/// Time in which every bank carries out what it will.
fn settle(platform: &Platform) {
    platform.sandbox.control().advance(Duration::from_secs(200));
}

/// What is said of a payment that was signed agrees with its status, and is not ahead of it.
async fn assert_not_ahead(session: &Session, key: &PaymentKey, ending: &Ending, what: &str) {
    let now = status(session, key).await;
    match ending {
        Ending::Finalised(Standing::Paid) => assert_eq!(now.stage(), PaymentStage::Paid, "{what}: {now}"),
        Ending::Finalised(Standing::Open(word)) => assert!(matches!(word.as_str(), "ACTC" | "ACCP"), "{what}: {word}"),
        Ending::Finalised(Standing::InProgress) => {}
        other => panic!("{what}: {other:?} at {now}"),
    }
}

#[tokio::test]
async fn every_product_of_every_bank_is_signed_in_both_ways_and_paid_in_the_end() {
    let platform = Platform::start();
    for bank in BANKS {
        for redirect in [true, false] {
            let session = platform.session(bank, redirect);
            for order in orders(bank) {
                let key = created(&session, order).await;
                let what = format!("{bank}, {}, redirect {redirect}", key.product());
                assert_eq!(stage(&session, &key).await, PaymentStage::Open, "{what}: nobody has signed");
                let ending = sign(&session, Subject::Payment(key.clone()), "approve").await;
                assert_not_ahead(&session, &key, &ending, &what).await;
                settle(&platform);
                assert_eq!(status(&session, &key).await.as_str(), "ACSC", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_standing_order_and_a_bulk_are_signed_like_any_payment() {
    let platform = Platform::start();
    for (bank, redirect) in [("ESSESESS", false), ("NDEASESS", true), ("OKOYFIHH", true), ("HANDSESS", false)] {
        let session = platform.session(bank, redirect);
        let terms = Repetition::new(Frequency::Monthly, later()).day_of_month(28).until(later() + Days::new(300));
        let standing = created(&session, transfer(bank).from(payer(bank)).repeated(terms)).await;
        assert_eq!(*standing.service(), PaymentService::PeriodicPayments);
        let ending = sign(&session, Subject::Payment(standing.clone()), "approve").await;
        assert!(matches!(ending, Ending::Finalised(Standing::InProgress | Standing::Open(_))), "{bank}: {ending:?}");
        settle(&platform);
        assert_ne!(stage(&session, &standing).await, PaymentStage::Paid, "{bank}: its time has not come");

        let product = if bank == "OKOYFIHH" { PaymentProduct::SepaCreditTransfers } else { PaymentProduct::Domestic };
        let one = transfer(bank);
        let bulk = Bulk::new(product, payer(bank)).pay(one.clone().end_to_end_id("1")).pay(one.end_to_end_id("2"));
        let bulk = created(&session, bulk.booked_as_one(true)).await;
        let ending = sign(&session, Subject::Payment(bulk.clone()), "approve").await;
        assert_not_ahead(&session, &bulk, &ending, bank).await;
        settle(&platform);
        assert_eq!(stage(&session, &bulk).await, PaymentStage::Paid, "{bank}");
    }
}

/// A message of one transfer, as a bookkeeping program writes it.
fn pain_001() -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><CstmrCdtTrfInitn>
  <GrpHdr><MsgId>OP-1</MsgId><CreDtTm>2026-03-16T09:12:05</CreDtTm><NbOfTxs>1</NbOfTxs><InitgPty/></GrpHdr>
  <PmtInf><PmtInfId>OP-1-1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt>{day}</ReqdExctnDt>
    <Dbtr><Nm>Saariston Kirja Oy</Nm></Dbtr><DbtrAcct><Id><IBAN>FI1457803820012457</IBAN></Id></DbtrAcct>
    <CdtTrfTxInf>
      <PmtId><EndToEndId>LASKU-44</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">75.20</InstdAmt></Amt>
      <Cdtr><Nm>Nordlicht Verlag</Nm><PstlAdr><Ctry>DE</Ctry></PstlAdr></Cdtr>
      <CdtrAcct><Id><IBAN>{GERMAN}</IBAN></Id></CdtrAcct>
    </CdtTrfTxInf>
  </PmtInf></CstmrCdtTrfInitn></Document>"#,
        day = Utc::now().date_naive() + Days::new(1),
    )
}

#[tokio::test]
async fn a_file_of_bookkeeping_is_handed_over_signed_and_read_back_as_it_was() {
    let platform = Platform::start();
    let session = platform.session("OKOYFIHH", true);
    let (payments, product) = (session.payments(), PaymentProduct::SepaCreditTransfers);
    let xml = pain_001();
    let file =
        payments.create_bytes(&PaymentService::Payments, &product, "application/xml", xml.clone()).await.unwrap();
    assert_eq!(text(&session, file.key(), "application/xml").await, xml);
    assert_eq!(payments.get(file.key()).await.unwrap().amount(), "75.20 EUR".parse().ok());
    let ending = sign(&session, Subject::Payment(file.key().clone()), "approve").await;
    assert_not_ahead(&session, file.key(), &ending, "pain.001").await;
}

#[tokio::test]
async fn a_standing_order_is_handed_over_in_two_parts() {
    let platform = Platform::start();
    let session = platform.session("OKOYFIHH", true);
    let (service, product) = (PaymentService::PeriodicPayments, PaymentProduct::SepaCreditTransfers);
    let terms = format!(r#"{{"startDate":"{}","frequency":"Monthly","dayOfExecution":"2"}}"#, later());
    let form = Multipart::new().part("xml_sct", "application/xml", pain_001());
    let (media, body) = form.part("json_standingorderType", "application/json", terms.clone()).build();
    let order = session.payments().create_bytes(&service, &product, &media, body).await.unwrap();
    let parts = text(&session, order.key(), "multipart/form-data").await;
    assert!(parts.contains("LASKU-44") && parts.contains(&terms), "{parts}");
    let ending = sign(&session, Subject::Payment(order.key().clone()), "approve").await;
    assert_not_ahead(&session, order.key(), &ending, "multipart").await;
}

async fn text(session: &Session, key: &PaymentKey, media: &str) -> String {
    let mut stream = session.payments().get_bytes(key, media).await.unwrap().into_inner();
    let mut all = Vec::new();
    while let Some(part) = stream.next_part().await {
        all.extend_from_slice(&part.unwrap());
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn what_nobody_has_signed_is_cancelled_at_once() {
    let platform = Platform::start();
    for bank in BANKS {
        let session = platform.session(bank, true);
        let key = created(&session, transfer(bank).from(payer(bank))).await;
        assert_eq!(*session.payments().cancel(&key).await.unwrap(), Cancellation::Done, "{bank}");
        assert_eq!(stage(&session, &key).await, PaymentStage::Cancelled, "{bank}");
    }
}

/// A payment that is signed and waits for its day.
async fn waiting(session: &Session, bank: &str) -> PaymentKey {
    let key = created(session, transfer(bank).from(payer(bank)).on(later())).await;
    sign(session, Subject::Payment(key.clone()), "approve").await;
    key
}

#[tokio::test]
async fn what_was_signed_is_cancelled_by_another_signature_in_both_ways() {
    let platform = Platform::start();
    for bank in BANKS {
        for redirect in [true, false] {
            let session = platform.session(bank, redirect);
            let key = waiting(&session, bank).await;
            let answer = session.payments().cancel(&key).await.unwrap();
            assert!(matches!(*answer, Cancellation::NeedsSignature(_)), "{bank}, redirect {redirect}: {answer:?}");
            let ending = sign(&session, Subject::Cancellation(key.clone()), "approve").await;
            assert_eq!(ending, Ending::Finalised(Standing::Cancelled), "{bank}, redirect {redirect}");
            assert_eq!(session.payments().cancellation_authorisations(&key).await.unwrap().len(), 1);
            settle(&platform);
            assert_eq!(stage(&session, &key).await, PaymentStage::Cancelled, "{bank}, redirect {redirect}");
        }
    }
}

#[tokio::test]
async fn a_cancellation_that_the_user_declines_leaves_the_payment_as_it_was() {
    let platform = Platform::start();
    let session = platform.session("NDEASESS", true);
    let key = waiting(&session, "NDEASESS").await;
    let before = status(&session, &key).await;
    session.payments().cancel(&key).await.unwrap();
    let ending = sign(&session, Subject::Cancellation(key.clone()), "deny").await;
    assert!(matches!(ending, Ending::Failed(_)), "{ending:?}");
    assert_eq!(status(&session, &key).await, before);
}

#[tokio::test]
async fn what_is_paid_cannot_be_taken_back() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", false);
    let key = created(&session, transfer("ESSESESS").from(payer("ESSESESS"))).await;
    sign(&session, Subject::Payment(key.clone()), "approve").await;
    settle(&platform);
    let refusal = session.payments().cancel(&key).await.unwrap_err();
    assert_eq!((refusal.outcome(), refusal.status()), (Some(Outcome::Rejected), Some(405)), "{refusal}");
    assert!(refusal.codes().any(|code| code == "CANCELLATION_INVALID"), "{refusal}");
}

#[tokio::test]
async fn a_payment_of_two_signers_is_paid_after_the_second() {
    let platform = Platform::start();
    for (bank, redirect) in [("ESSESESS", false), ("NDEASESS", true), ("SWEDSESS", true)] {
        let first = platform.session_of("99990101002", bank, redirect);
        let key = created(&first, transfer(bank).from(payer(bank))).await;
        let ending = sign(&first, Subject::Payment(key.clone()), "approve").await;
        assert_eq!(ending, Ending::Finalised(Standing::NeedsMoreSigners), "{bank}");
        let pending = first.payments().status(&key).await.unwrap();
        assert_eq!(pending.as_str(), "PATC", "{bank}");
        assert_eq!(pending.warnings[0].code.as_deref(), Some("AUTHORISATION_PENDING_API"), "{bank}");
        settle(&platform);
        assert_eq!(stage(&first, &key).await, PaymentStage::NeedsMoreSigners, "{bank}: one is not enough");

        let second = platform.session_of("198301014882", bank, redirect);
        let ending = sign(&second, Subject::Payment(key.clone()), "approve").await;
        assert_not_ahead(&second, &key, &ending, bank).await;
        assert_eq!(first.payments().authorisations(&key).await.unwrap().len(), 2, "{bank}: one for each");
        settle(&platform);
        assert_eq!(stage(&first, &key).await, PaymentStage::Paid, "{bank}");
    }
}

#[tokio::test]
async fn a_payment_that_the_user_declines_is_over() {
    let platform = Platform::start();
    for bank in ["ESSESESS", "SWEDSESS", "DABASESX"] {
        let session = platform.session(bank, true);
        let key = created(&session, transfer(bank).from(payer(bank))).await;
        let ending = sign(&session, Subject::Payment(key.clone()), "deny").await;
        assert!(matches!(ending, Ending::Failed(_)), "{bank}: {ending:?}");
        assert_eq!(stage(&session, &key).await, PaymentStage::Failed, "{bank}");
    }
}

#[tokio::test]
async fn a_signed_payment_without_money_behind_it_has_failed() {
    let platform = Platform::start();
    for redirect in [true, false] {
        let session = platform.session("ESSESESS", redirect);
        let much = Transfer::domestic("99999999 SEK".parse().unwrap(), iban("SE2550000000054400047903"), "Elin");
        let key = created(&session, much.from(payer("ESSESESS"))).await;
        let ending = sign(&session, Subject::Payment(key.clone()), "approve").await;
        assert!(matches!(&ending, Ending::Failed(why) if why.code.as_deref() == Some("RJCT")), "{ending:?}");
    }
}

#[tokio::test]
async fn a_payment_goes_on_after_a_restart_while_the_user_is_at_the_bank() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", true);
    let key = created(&session, transfer("ESSESESS").from(payer("ESSESESS"))).await;
    let mut signing = session.sign(flow(&session, Subject::Payment(key.clone()))).unwrap();
    let address = until_redirect(&mut signing).await;
    let stored = serde_json::to_string(signing.flow()).unwrap();
    drop(signing);
    let back = visit(&address, "approve").await;

    let again = platform.session_of(PERSON, "ESSESESS", true);
    let mut signing = again.sign(serde_json::from_str(&stored).unwrap()).unwrap();
    signing.callback(&Callback::parse(&back)).await.unwrap();
    let ending = signing.finish(|_| {}).await.unwrap();
    assert_not_ahead(&again, &key, &ending, "after a restart").await;
}

/// The accounts that a user has opened.
async fn accounts(platform: &Platform, session: &Session) -> Vec<Account> {
    let subject = platform.consent(session).await;
    assert_eq!(sign(session, subject.clone(), "approve").await, Ending::Finalised(Standing::Valid));
    let Subject::Consent(id) = subject else { panic!("{subject:?}") };
    let consent = session.consents().valid(&id).await.unwrap();
    session.accounts(&consent).list().await.unwrap().into_inner()
}

#[tokio::test]
async fn an_account_of_the_list_pays_at_every_bank() {
    let platform = Platform::start();
    for bank in BANKS {
        let session = platform.session(bank, true);
        let account = accounts(&platform, &session).await.remove(0);
        let payer = account.as_payer(session.bank()).unwrap();
        let key = created(&session, transfer(bank).from(payer)).await;
        sign(&session, Subject::Payment(key.clone()), "approve").await;
        settle(&platform);
        assert_eq!(stage(&session, &key).await, PaymentStage::Paid, "{bank}");
    }
}

#[tokio::test]
async fn a_company_pays_from_its_plusgiro_at_nordea() {
    let platform = Platform::start();
    let company = Psu::corporate("5566771234").id(PERSON).ip([192, 0, 2, 7].into()).user_agent("Mozilla/5.0");
    let session = platform.client.at(at("NDEASESS", true), company).unwrap();
    let account = accounts(&platform, &session).await.remove(0);
    let payer = account.as_payer(session.bank()).unwrap();
    assert!(matches!(payer, AccountNumber::Giro(_)), "{payer:?}");
    let key = created(&session, transfer("NDEASESS").from(payer)).await;
    sign(&session, Subject::Payment(key.clone()), "approve").await;
    settle(&platform);
    assert_eq!(stage(&session, &key).await, PaymentStage::Paid);
}

#[tokio::test]
async fn a_creditor_on_a_watch_list_is_a_warning_before_anybody_signs() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", false);
    let bill = Giro::new("845 SEK".parse().unwrap(), Bankgiro::new("5555-5551").unwrap(), "Elnät");
    let payment = session.payments().create(bill.invoice("118").from(payer("ESSESESS"))).await.unwrap();
    assert_eq!(payment.warnings[0].code.as_deref(), Some("CREDITOR_ACCOUNT_FLAGGED"));
}

#[tokio::test]
async fn harmonised_statuses_are_there_for_whoever_asks() {
    let platform = Platform::start();
    let session = platform.session("HANDSESS", false);
    let key = created(&session, transfer("HANDSESS").from(payer("HANDSESS"))).await;
    let harmonised = session.with_header("X-Feature-Flags", "new-statuses").unwrap();
    assert_eq!(status(&session, &key).await.as_str(), "ACTC");
    assert_eq!(status(&harmonised, &key).await.as_str(), "RCVD");
}

//! Payments as single calls: what is refused before it is sent, what goes out, and how answers are understood.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Act, Host, answer, builder};
use opp_ergonomic::{
    AccountNumber, Bank, Bankgiro, Bban, Cancellation, Giro, Iban, Outcome, PaymentKey, PaymentProduct, PaymentService,
    PaymentStage, Psu, Session, Transfer,
};

fn session(auth: &Host, api: &Host, bank: &str) -> Session {
    let client = builder(&auth.url, &api.url).build().unwrap();
    let psu = Psu::private().id("1").ip([192, 0, 2, 7].into()).user_agent("x");
    client.at(Bank::new(bank).unwrap(), psu).unwrap()
}

fn key() -> PaymentKey {
    PaymentKey::new(&PaymentService::Payments, &PaymentProduct::Domestic, "p-1").unwrap()
}

fn own() -> Iban {
    Iban::new("SE45 5000 0000 0583 9825 7466").unwrap()
}

fn rent() -> Transfer {
    let payee = Iban::new("SE81 6000 0000 0004 0197 5231").unwrap();
    Transfer::domestic("8400 SEK".parse().unwrap(), payee, "Anna Åkesson").from(own())
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_before_anything_is_sent() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(201, "{}")).await);
    let payments = session(&auth, &api, "ESSESESS").payments();
    let yesterday = chrono::Utc::now().date_naive() - chrono::Days::new(1);
    let bill = Giro::new("845 SEK".parse().unwrap(), Bankgiro::new("991-2346").unwrap(), "Elnät").from(own());
    for (refusal, field) in [
        (payments.create(rent().on(yesterday)).await, "requestedExecutionDate"),
        (payments.create(rent().message(&"x".repeat(141))).await, "remittanceInformationUnstructured"),
        (payments.create(rent().with(|body| body.debtor_account = None)).await, "debtorAccount"),
        (payments.create(bill).await, "invoiceRef or ocrRef"),
    ] {
        assert_eq!(refusal.unwrap_err().invalid().unwrap().field(), field);
    }
    let swedbank = session(&auth, &api, "SWEDSESS").payments();
    let refusal = swedbank.create(rent().message("more than ten")).await.unwrap_err().to_string();
    assert!(refusal.contains("remittanceInformationUnstructured") && refusal.contains("SWEDSESS"), "{refusal}");
    let form = |order: Transfer| payments.check(&order.into());
    assert!(form(rent()).is_ok());
    assert_eq!(form(rent().on(yesterday)).unwrap_err().field(), "requestedExecutionDate");
    assert_eq!(form(rent().with(|body| body.creditor_name = None)).unwrap_err().field(), "creditorName");
    assert_eq!(api.count(), 0);
}

#[tokio::test]
async fn danske_bank_names_its_british_accounts_by_national_numbers_and_no_others() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(201, "{}")).await);
    let payments = session(&auth, &api, "DABASESX").payments();
    let check = |payer: AccountNumber| payments.check(&rent().from(payer).into());
    check(own().into()).unwrap();
    check(Bban::new("84600447424379").unwrap().into()).unwrap();
    let british = check(Iban::new("GB29NWBK60161331926819").unwrap().into()).unwrap_err();
    assert_eq!(british.field(), "debtorAccount");
}

#[tokio::test]
async fn a_payment_can_be_checked_before_it_is_shown() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(201, "{}")).await);
    let payments = session(&auth, &api, "ESSESESS").payments();
    payments.check(&rent().into()).unwrap();
    let long = payments.check(&rent().message(&"x".repeat(141)).into()).unwrap_err();
    assert_eq!(long.field(), "remittanceInformationUnstructured");
    // The document's own rule, which nobody looks at while the body is put together.
    let nobody = rent().with(|body| body.debtor_account = None);
    assert_eq!(payments.check(&nobody.into()).unwrap_err().field(), "debtorAccount");
    assert_eq!(auth.count() + api.count(), 0);
}

#[tokio::test]
async fn a_cancellation_is_done_only_where_the_status_says_so() {
    let auth = Host::tokens().await;
    // The body of 202 is said to hold a status and methods; a bank may leave them out.
    for (status, body, done) in [(204, "", true), (202, "{}", false), (202, r#"{"transactionStatus":"ACSP"}"#, false)] {
        let api = Host::start(move |_, _| answer(status, body)).await;
        let reply = session(&auth, &api, "ESSESESS").payments().cancel(&key()).await.unwrap();
        assert_eq!(matches!(*reply, Cancellation::Done), done, "{status} {body}");
        assert_eq!(api.requests()[0].method, "DELETE");
    }
}

#[tokio::test]
async fn a_created_payment_without_an_id_is_not_said_to_have_failed() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(201, r#"{"transactionStatus":"RCVD"}"#)).await);
    let error = session(&auth, &api, "ESSESESS").payments().create(rent()).await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    assert_ne!(error.outcome(), Some(Outcome::Rejected));
    assert_eq!(api.count(), 1);
}

/// What banks were seen to answer (platform-facts 9.1 and 9.2).
#[tokio::test]
async fn answers_of_banks_are_understood() {
    const RECORDED: [(&str, Option<&str>, PaymentStage); 4] = [
        // A giro payment comes back without its giro and its reference.
        (
            r#"{"transactionStatus":"ACTC","instructedAmount":{"currency":"SEK","amount":"845.00"},"creditorName":"Elnät"}"#,
            Some("845.00 SEK"),
            PaymentStage::Open,
        ),
        // A number where a text is documented.
        (
            r#"{"transactionStatus":"PATC","instructedAmount":{"currency":"SEK","amount":845.5},
                "tppMessages":[{"category":"WARNING","code":"AUTHORISATION_PENDING_API"}]}"#,
            Some("845.50 SEK"),
            PaymentStage::NeedsMoreSigners,
        ),
        (r#"{"transactionStatus":"ACSP","instructedAmount":{"amount":"1"}}"#, None, PaymentStage::InProgress),
        (r#"{"transactionStatus":"NEWS","transactionFees":[{"amount":"0"}]}"#, None, PaymentStage::Open),
    ];
    let auth = Host::tokens().await;
    for (body, amount, stage) in RECORDED {
        let api = Host::start(move |_, _| answer(200, body)).await;
        let details = session(&auth, &api, "ESSESESS").payments().get(&key()).await.unwrap();
        assert_eq!(details.amount().map(|amount| amount.to_string()).as_deref(), amount, "{body}");
        assert_eq!(details.status().unwrap().stage(), stage, "{body}");
    }
}

#[tokio::test]
async fn a_write_is_sent_once_whatever_comes_of_it() {
    let auth = Host::tokens().await;
    for (act, outcome) in [
        (Act::Close, Outcome::Unknown),
        (answer(502, "<html></html>"), Outcome::Unknown),
        (answer(429, ""), Outcome::Rejected),
        (answer(201, "{"), Outcome::Accepted),
    ] {
        let told = act.clone();
        let api = Host::start(move |_, _| told.clone()).await;
        let error = session(&auth, &api, "ESSESESS").payments().create(rent()).await.unwrap_err();
        assert_eq!(error.outcome(), Some(outcome), "{act:?}: {error}");
        assert_eq!(api.count(), 1, "{act:?}");
    }
}

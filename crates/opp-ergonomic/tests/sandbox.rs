//! The services against the simulated platform.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use chrono::Days;
use opp_ergonomic::raw::types::{AuthorisationRequest, SelectPsuAuthenticationMethod};
use opp_ergonomic::{
    Access, Bank, Client, ConsentRequest, ConsentStatus, Currency, DirectoryFilter, Error, Iban, Outcome, PaymentStage,
    Psu, Session, TransactionQuery, Transfer,
};
use opp_sandbox::{Config, Sandbox};

fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::start(Config { strict: true, ..Config::default() }).unwrap();
    let application = sandbox.application();
    let builder = common::builder(sandbox.auth_url(), sandbox.api_url());
    let client = builder.credentials(&application.client_id, application.client_secret.as_str()).build().unwrap();
    (sandbox, client)
}

fn at(client: &Client, bank: &str) -> Session {
    let psu = Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Mozilla/5.0");
    client.at(Bank::new(bank).unwrap(), psu).unwrap()
}

fn request() -> ConsentRequest {
    ConsentRequest::new(Access::all(), chrono::Utc::now().date_naive() + Days::new(90))
}

/// Signs a consent with the calls underneath.
async fn sign(sandbox: &Sandbox, session: &Session, consent: &str) {
    let (raw, id) = (session.raw(), consent.try_into().unwrap());
    let started = raw.start_consent_authorisation(&id, None).await.unwrap();
    let method = SelectPsuAuthenticationMethod { authentication_method_id: "mbid".parse().ok(), ..Default::default() };
    let body = AuthorisationRequest::SelectPsuAuthenticationMethod(method);
    let authorisation = started.authorisation_id.clone().unwrap();
    raw.update_consents_psu_data(&id, &authorisation, &body).await.unwrap();
    sandbox.control().advance(Duration::from_secs(20));
}

#[tokio::test]
async fn the_directory_lists_banks_and_what_they_can_do() {
    let (_sandbox, client) = start();
    let banks = client.banks();
    let all = banks.list(&DirectoryFilter::all()).await.unwrap();
    let finnish = banks.list(&DirectoryFilter::all().country("FI")).await.unwrap();
    assert!(finnish.len() < all.len() && !finnish.is_empty());
    let swedbank = banks.details("SWEDSESS").await.unwrap();
    assert!(swedbank.payment_products().iter().any(|product| product == "swedish-giro"));
    assert!(swedbank.affiliated().any(|(id, _)| id == "08999"));
    assert!(swedbank.is_decoupled());
    assert!(!banks.countries(&DirectoryFilter::all()).await.unwrap().is_empty());
    let city = banks.cities(&DirectoryFilter::all()).await.unwrap().into_inner().remove(0);
    assert_eq!(banks.city(city.id().unwrap()).await.unwrap().name(), city.name());
    assert!(banks.details("AAAASESS").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_consent_lives_and_accounts_are_read_under_it() {
    let (sandbox, client) = start();
    let session = at(&client, "ESSESESS");
    let consents = session.consents();
    let consent = consents.create(&request()).await.unwrap();
    assert_eq!(consents.status(consent.id()).await.unwrap().value, ConsentStatus::Received);
    let early = consents.valid(consent.id()).await.unwrap_err().to_string();
    assert!(early.contains("received"), "{early}");

    sign(&sandbox, &session, consent.id()).await;
    let valid = consents.valid(consent.id()).await.unwrap();
    assert!(valid.valid_until().is_some() && valid.frequency_per_day().is_some());
    assert_eq!(consents.authorisations(consent.id()).await.unwrap().len(), 1);

    let accounts = session.accounts(&valid);
    let list = accounts.list_with_balances().await.unwrap();
    let id = list[0].id().unwrap();
    assert!(accounts.get(id).await.unwrap().iban().is_some());
    let balances = accounts.balances(id).await.unwrap();
    assert!(balances[0].amount().unwrap().currency() == Currency::SEK);
    let since = sandbox.control().now().date_naive() - Days::new(80);
    let transactions = accounts.transactions(id, &TransactionQuery::since(since)).unwrap().collect().await.unwrap();
    assert!(transactions.iter().all(|transaction| transaction.booking_date().unwrap() >= since));
    assert!(transactions.len() > 20, "{}", transactions.len());

    consents.delete(consent.id()).await.unwrap();
    let gone = accounts.list().await.unwrap_err();
    assert!(gone.needs_new_consent(), "{gone}");
    assert!(consents.valid(consent.id()).await.unwrap_err().needs_new_consent());
}

fn order() -> Transfer {
    let [from, to] =
        ["SE3750000000054400047881", "SE2550000000054400047903"].map(|number| Iban::test_number(number).unwrap());
    Transfer::domestic("249.50 SEK".parse().unwrap(), to, "Nordvik Cykelservice AB").from(from).end_to_end_id("NV-1")
}

#[tokio::test]
async fn a_payment_is_created_and_looked_at() {
    let (_sandbox, client) = start();
    let payments = at(&client, "ESSESESS").payments();
    let payment = payments.create(order()).await.unwrap();
    assert_eq!(payment.status().unwrap().stage(), PaymentStage::Open);
    let read = payments.get(payment.key()).await.unwrap();
    assert_eq!((read.creditor_name(), read.amount()), (Some("Nordvik Cykelservice AB"), "249.50 SEK".parse().ok()));
    assert_eq!(payments.status(payment.key()).await.unwrap().stage(), PaymentStage::Open);
    assert!(payments.authorisations(payment.key()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_payment_was_rejected_and_nothing_else() {
    let (_sandbox, client) = start();
    let payments = at(&client, "ESSESESS").payments();
    let order = order().with(|body| body.requested_execution_date = Some("2020-01-01".into()));
    let error: Error = payments.create(order).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::Rejected), "{error}");
    assert!(error.codes().next().is_some() && error.request_id().is_some(), "{error}");
}

#[tokio::test]
async fn a_token_that_the_platform_has_forgotten_is_replaced_unseen() {
    let (sandbox, client) = start();
    client.banks().list(&DirectoryFilter::all()).await.unwrap();
    sandbox.control().reset();
    client.banks().list(&DirectoryFilter::all()).await.unwrap();
}

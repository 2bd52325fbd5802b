//! Payments signed against the simulated platform, and unattended reads.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use chrono::{Days, Utc};
use opp_ergonomic::sca::{Callback, Device, Ending, Flow, Standing, Step, Subject};
use opp_ergonomic::{
    Access, AccountNumber, Amount, Bank, Client, ConsentRequest, Iban, PaymentStage, Psu, Session, Transfer,
};
use opp_ergonomic::{TransactionQuery, ValidConsent};
use opp_sandbox::{Config, Sandbox};

const BACK: &str = "https://localhost/callback";

fn start() -> (Sandbox, Client) {
    let quick = Some(Duration::from_millis(300));
    let config =
        Config { strict: true, person_after: quick, bank_after: Duration::from_millis(200), ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let application = sandbox.application();
    let builder = common::builder(sandbox.auth_url(), sandbox.api_url());
    let client = builder.credentials(&application.client_id, application.client_secret.as_str()).build().unwrap();
    (sandbox, client)
}

fn at(client: &Client, bank: &str, redirect: bool) -> Session {
    let psu = Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Mozilla/5.0");
    client.at(Bank::new(bank).unwrap().prefer_redirect(redirect), psu).unwrap()
}

async fn consent(session: &Session) -> Subject {
    let request = ConsentRequest::new(Access::all(), Utc::now().date_naive() + Days::new(90));
    Subject::Consent(session.consents().create(&request).await.unwrap().id().to_owned())
}

/// Plays the user at the bank's page, and gives the address to which the bank leads back.
async fn decide(url: &str, decision: &str) -> String {
    let policy = opp_ergonomic::raw::reqwest::redirect::Policy::none();
    let http = opp_ergonomic::raw::reqwest::Client::builder().redirect(policy).build().unwrap();
    // SWEDSESS has its users sign in twice, and leads back to its page in between.
    for _ in 0..3 {
        let form = http.post(url).header("content-type", "application/x-www-form-urlencoded");
        let answer = form.body(format!("decision={decision}")).send().await.unwrap();
        let address = answer.headers()["location"].to_str().unwrap();
        if address.starts_with(BACK) {
            return address.to_owned();
        }
    }
    panic!("the bank does not lead back")
}

/// Signs as a web page would, whichever way the bank wants it.
async fn sign(session: &Session, flow: Flow, decision: &str) -> Ending {
    let mut signing = session.sign(flow).unwrap();
    loop {
        match signing.next().await.unwrap() {
            Some(Step::Redirect { url, .. }) => {
                let address = decide(url.expose(), decision).await;
                signing.callback(&Callback::parse(&address)).await.unwrap();
            }
            Some(Step::Done(ending)) => return ending,
            Some(_) => {}
            None => panic!("it ended without saying how"),
        }
    }
}

fn flow(session: &Session, subject: Subject) -> Flow {
    session
        .flow(subject, Device::Desktop)
        .redirect(BACK)
        .poll_every(Duration::from_millis(50))
        .within(Duration::from_secs(30))
}

#[tokio::test]
async fn a_payment_is_signed_in_both_ways_and_is_not_called_paid_too_early() {
    let (_sandbox, client) = start();
    for (bank, redirect) in [("ESSESESS", false), ("ESSESESS", true), ("SWEDSESS", false), ("SWEDSESS", true)] {
        let session = at(&client, bank, redirect);
        let accounts = match bank {
            "ESSESESS" => ["SE3750000000054400047881", "SE2550000000054400047903"],
            _ => ["SE4880000123459876543219", "SE4880000123451234567890"],
        };
        let [from, to] = accounts.map(|number| Iban::test_number(number).unwrap());
        let amount: Amount = "12.50 SEK".parse().unwrap();
        let order = Transfer::domestic(amount, to, "Anna").from(AccountNumber::from(from)).message("lunch");
        let key = session.payments().create(order).await.unwrap().key().clone();
        let ending = sign(&session, flow(&session, Subject::Payment(key.clone())), "approve").await;
        let stage = session.payments().status(&key).await.unwrap().stage();
        match ending {
            Ending::Finalised(Standing::Paid) => assert_eq!(stage, PaymentStage::Paid, "{bank}"),
            // At this pace nobody waits for the seconds that the bank takes to carry it out.
            Ending::Finalised(Standing::Open(word)) => assert_eq!((word.as_str(), stage), ("ACTC", PaymentStage::Open)),
            Ending::Finalised(Standing::InProgress) => assert_ne!(stage, PaymentStage::Failed, "{bank}"),
            other => panic!("{bank}, redirect {redirect}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn unattended_reads_are_counted_by_account_and_endpoint_before_anything_is_sent() {
    let (sandbox, client) = start();
    let session = at(&client, "ESSESESS", false);
    let subject = consent(&session).await;
    let Subject::Consent(id) = subject.clone() else { panic!("{subject:?}") };
    sign(&session, flow(&session, subject), "approve").await;
    let granted = ValidConsent::stored(&id, Some(2));
    let absent = client.at(Bank::new("ESSESESS").unwrap().prefer_redirect(false), Psu::private().id("199311219639"));
    let unattended = absent.unwrap().accounts(&granted);
    let accounts = unattended.list().await.unwrap().into_inner();
    let account = accounts[0].id().unwrap();
    for _ in 0..2 {
        unattended.balances(account).await.unwrap();
    }
    let asked = sandbox.control().requests().len();
    let refusal = unattended.balances(account).await.unwrap_err();
    assert!(refusal.is_rate_limited() && !refusal.is_retryable(), "{refusal}");
    assert_eq!(sandbox.control().requests().len(), asked, "nothing was sent");
    let since = TransactionQuery::since(Utc::now().date_naive() - Days::new(30));
    for allowed in [true, true, false] {
        let first = unattended.transactions(account, &since).unwrap().next().await;
        assert_eq!(!matches!(first, Some(Err(_))), allowed, "{first:?}");
    }
    session.accounts(&granted).balances(account).await.unwrap();
}

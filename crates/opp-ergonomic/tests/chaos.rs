//! Every call against everything that can go wrong on the way: it ends in time, with an error that says what it was,
//! and no write is sent twice.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::answer;
use common::faults::{faults, stage};
use opp_ergonomic::{
    Access, Bank, Client, ConsentRequest, DirectoryFilter, Error, Iban, Outcome, PaymentKey, PaymentProduct,
    PaymentService, Psu, ReportFormat, TransactionQuery, Transfer, ValidConsent,
};

const CALLS: &[&str] = &[
    "banks",
    "bank",
    "cities",
    "city",
    "countries",
    "country",
    "consent",
    "consent status",
    "consent signatures",
    "create consent",
    "delete consent",
    "accounts",
    "account",
    "balances",
    "transactions",
    "transaction",
    "download",
    "payment",
    "payment bytes",
    "payment status",
    "payment signatures",
    "cancellation signatures",
    "create payment",
    "create payment bytes",
    "cancel payment",
];

fn order() -> Transfer {
    let iban = || Iban::new("SE4550000000058398257466").unwrap();
    Transfer::domestic("1 SEK".parse().unwrap(), iban(), "Anna").from(iban())
}

async fn call(client: &Client, what: &str) -> Result<(), Error> {
    let psu = Psu::private().id("1").ip("192.0.2.7".parse().unwrap()).user_agent("x");
    let session = client.at(Bank::new("ESSESESS").unwrap(), psu)?;
    let (banks, consents, payments) = (client.banks(), session.consents(), session.payments());
    let accounts = session.accounts(&ValidConsent::stored("c", None));
    let (all, query) = (DirectoryFilter::all(), TransactionQuery::delta());
    let (service, product) = (PaymentService::Payments, PaymentProduct::Domestic);
    let key = PaymentKey::new(&service, &product, "p")?;
    // Not today: of the clocks here one is an hour ahead, and may be in another day.
    let day = chrono::Utc::now().date_naive() + chrono::Days::new(2);
    match what {
        "banks" => banks.list(&all).await.map(drop),
        "bank" => banks.details("ESSESESS").await.map(drop),
        "cities" => banks.cities(&all).await.map(drop),
        "city" => banks.city("1").await.map(drop),
        "countries" => banks.countries(&all).await.map(drop),
        "country" => banks.country("SE").await.map(drop),
        "consent" => consents.get("c").await.map(drop),
        "consent status" => consents.status("c").await.map(drop),
        "consent signatures" => consents.authorisations("c").await.map(drop),
        "create consent" => consents.create(&ConsentRequest::new(Access::all(), day)).await.map(drop),
        "delete consent" => consents.delete("c").await.map(drop),
        "accounts" => accounts.list().await.map(drop),
        "account" => accounts.get("a").await.map(drop),
        "balances" => accounts.balances("a").await.map(drop),
        "transactions" => accounts.transactions("a", &query)?.collect().await.map(drop),
        "transaction" => accounts.transaction("a", "t").await.map(drop),
        "download" => {
            let report = accounts.download("a", &query, ReportFormat::CAMT).await?.into_inner();
            report.collect(1 << 20).await?;
            Ok(())
        }
        "payment" => payments.get(&key).await.map(drop),
        "payment bytes" => {
            payments.get_bytes(&key, "application/xml").await?.into_inner().collect(9_000).await?;
            Ok(())
        }
        "payment status" => payments.status(&key).await.map(drop),
        "payment signatures" => payments.authorisations(&key).await.map(drop),
        "cancellation signatures" => payments.cancellation_authorisations(&key).await.map(drop),
        "create payment" => payments.create(order()).await.map(drop),
        "create payment bytes" => {
            payments.create_bytes(&service, &product, "application/xml", "<Document/>").await.map(drop)
        }
        "cancel payment" => payments.cancel(&key).await.map(drop),
        other => panic!("no call is named {other}"),
    }
}

#[tokio::test]
async fn every_operation_is_among_these_calls_or_those_of_a_signature() {
    let (_api, client) = stage("a refusal", answer(404, "")).await;
    let mut called = std::collections::BTreeSet::new();
    for what in CALLS {
        called.insert(call(&client, what).await.unwrap_err().operation().unwrap());
    }
    let left = opp_ergonomic::raw::operations::ALL.iter().filter(|operation| !called.contains(operation.id));
    let left: Vec<_> = left.map(|operation| (operation.method, operation.path)).collect();
    // Start, select and poll, of consents, payments and cancellations: the other suite.
    assert_eq!(left.len(), 9, "{left:?}");
    assert!(left.iter().all(|(_, path)| path.contains("authorisations")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_goes_wrong_a_call_ends_in_time_with_an_error_that_says_so() {
    let mut done = 0;
    for (fault, act, may_pass) in faults() {
        let mut checks = tokio::task::JoinSet::new();
        for what in CALLS {
            let act = act.clone();
            checks.spawn(async move {
                let (api, client) = stage(fault, act).await;
                let ended = tokio::time::timeout(Duration::from_secs(20), call(&client, what)).await;
                let place = format!("{what} with {fault}");
                match ended.unwrap_or_else(|_| panic!("{place} does not end")) {
                    // A stream that drips ends when its reader has had enough, not before; deletion has no body.
                    Ok(()) => assert!(may_pass || *what == "delete consent", "{place} went well"),
                    Err(error) => {
                        assert!(error.operation().is_some() || may_pass, "{place}: {error:?}");
                        assert!(!error.to_string().contains("hello"), "{place}: {error}");
                        if let Some(outcome) = error.outcome() {
                            let known = matches!(outcome, Outcome::Unknown | Outcome::Accepted);
                            assert!(known, "{place}: {outcome:?} {error}");
                            assert!(api.calls() <= 1, "{place} was sent {} times", api.calls());
                            assert!(error.request_id().is_some() && error.path().is_some(), "{place}");
                        }
                    }
                }
            });
        }
        while let Some(check) = checks.join_next().await {
            check.unwrap();
            done += 1;
        }
    }
    assert_eq!(done, CALLS.len() * faults().len());
}

//! Every call against everything that can go wrong on the way: it ends in time, with an error that says what it was,
//! and no write is sent twice.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{Act, Host, answer, builder};
use opp_ergonomic::{
    Access, AccessToken, Bank, Client, ConsentRequest, DirectoryFilter, Error, Iban, Outcome, PaymentKey,
    PaymentProduct, PaymentService, Psu, ReportFormat, RetryPolicy, Scope, TokenFuture, TokenProvider,
    TransactionQuery, Transfer, ValidConsent,
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
    let day = chrono::Utc::now().date_naive();
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
            let report = accounts.download("a", &query, &ReportFormat::Camt).await?.into_inner();
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

/// A token that is at hand: what goes wrong with tokens is another suite's.
#[derive(Debug)]
struct Ready;

impl TokenProvider for Ready {
    fn token<'a>(&'a self, _: &'a Scope) -> TokenFuture<'a> {
        Box::pin(async { Ok(AccessToken::new("ready")) })
    }

    fn invalidate(&self, _: &Scope, _: &AccessToken) {}
}

/// What goes wrong, and whether a call may go well in spite of it.
fn faults() -> Vec<(&'static str, Act, bool)> {
    let head = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
    };
    let odd = r#"{"consentId":7,"consentStatus":"new","transactionStatus":"NEWS","paymentId":"p","accounts":[null,"x"],"more":{}}"#;
    vec![
        ("reset", Act::Close, false),
        ("silence", Act::Hang, false),
        ("truncation", Act::Raw(format!("{}{{\"a\"", head(500)).into()), false),
        ("slow drip", Act::Drip(head(1 << 20).into(), b" ".to_vec(), Duration::from_millis(20)), false),
        ("no HTTP", Act::Raw(b"\0\x01\x02 nonsense\r\n\r\n".to_vec()), false),
        ("500", answer(500, ""), false),
        ("503 in HTML", answer(503, "<html>busy</html>").with("Content-Type", "text/html"), false),
        ("bad JSON", answer(200, r#"{"accounts":[}"#), true),
        ("HTML with success", answer(200, "<html>hello</html>"), true),
        ("unknown values", answer(200, odd), true),
        ("null", answer(200, "null"), true),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_goes_wrong_a_call_ends_in_time_with_an_error_that_says_so() {
    let mut done = 0;
    for (fault, act, may_pass) in faults() {
        let mut checks = tokio::task::JoinSet::new();
        for what in CALLS {
            let act = act.clone();
            checks.spawn(async move {
                let api = Host::start(move |_, _| act.clone()).await;
                let mut retry = RetryPolicy::default();
                retry.first_pause = Duration::from_millis(1);
                let client = builder(&api.url, &api.url)
                    .tokens(std::sync::Arc::new(Ready))
                    .retry(retry)
                    .attempt_timeout(Duration::from_secs(1));
                let client = client.build().unwrap().with_deadline(Duration::from_millis(2500));
                let ended = tokio::time::timeout(Duration::from_secs(20), call(&client, what)).await;
                let place = format!("{what} with {fault}");
                match ended.unwrap_or_else(|_| panic!("{place} does not end")) {
                    // A stream that drips ends when its reader has had enough, not before; deletion has no body.
                    Ok(()) => assert!(may_pass || *what == "delete consent", "{place} went well"),
                    Err(error) => {
                        assert!(error.operation().is_some() || may_pass, "{place}: {error:?}");
                        assert!(!error.to_string().contains("hello"), "{place}: {error}");
                        if let Some(outcome) = error.outcome() {
                            assert!(matches!(outcome, Outcome::Unknown | Outcome::Accepted), "{place}: {outcome:?}");
                            assert!(api.count() <= 1, "{place} was sent {} times", api.count());
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

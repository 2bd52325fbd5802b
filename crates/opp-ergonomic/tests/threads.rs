//! Whatever is awaited can be spawned: no call, signature or stream is tied to the thread that began it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use opp_ergonomic::sca::{Callback, Device, Signing, Subject};
use opp_ergonomic::{
    Access, Bank, Client, ConsentRequest, DirectoryFilter, Error, Iban, Order, PaymentKey, PaymentProduct,
    PaymentService, Psu, ReportFormat, Session, TransactionQuery, Transfer, ValidConsent,
};

/// Compiles only for what can go to another thread.
fn goes<T: Send>(_: T) {}

fn shared<T: Send + Sync + Clone + 'static>() {}

fn client() -> Client {
    Client::builder().credentials("id", "secret").build().unwrap()
}

fn session(client: &Client) -> Session {
    client.at(Bank::new("ESSESESS").unwrap(), Psu::private()).unwrap()
}

#[test]
fn clients_sessions_and_errors_are_shared() {
    shared::<Client>();
    shared::<Session>();
    shared::<Error>();
    goes(client().banks().cached(Duration::from_secs(1)).list(&DirectoryFilter::all()));
}

#[test]
fn calls_are_spawned() {
    let session = session(&client());
    let (consents, payments) = (session.consents(), session.payments());
    let accounts = session.accounts(&ValidConsent::stored("c1", Some(4)));
    let day = "2030-01-01".parse().unwrap();
    let query = TransactionQuery::since(day);
    goes(consents.create(&ConsentRequest::new(Access::all(), day)));
    goes(consents.valid("c1"));
    goes(accounts.list());
    goes(accounts.download("a1", &query, ReportFormat::CAMT));
    goes(accounts.transactions("a1", &query).unwrap().next());
    goes(accounts.transactions("a1", &query).unwrap().collect());
    goes(accounts.transactions("a1", &query).unwrap().into_stream());
    let iban = Iban::new("SE4550000000058398257466").unwrap();
    let transfer = Transfer::domestic("1 SEK".parse().unwrap(), iban, "Anna");
    let key = PaymentKey::new(&PaymentService::Payments, &PaymentProduct::Domestic, "p1").unwrap();
    goes(payments.create(Order::from(transfer)));
    goes(payments.status(&key));
    goes(payments.cancel(&key));
}

#[test]
fn signatures_are_spawned() {
    let (client, callback) = (client(), Callback::parse("?state=x"));
    let session = session(&client);
    let flow = || session.flow(Subject::Consent("c1".to_owned()), Device::Desktop);
    let signing = || session.sign(flow()).unwrap();
    let with = |act: fn(&mut Signing)| act(&mut signing());
    goes(signing());
    with(|signing| goes(signing.next()));
    with(|signing| goes(signing.steps()));
    with(|signing| goes(signing.finish(|_| {})));
    with(|signing| goes(signing.look()));
    with(|signing| goes(signing.keep()));
    with(|signing| goes(signing.cancel()));
    with(|signing| goes(signing.choose("mbid")));
    goes(signing().callback(&callback));
    goes(client.returned(&callback));
}

//! Secrets are planted everywhere, and all that is printed or logged is searched for them.

#![allow(clippy::unwrap_used, clippy::format_push_string, reason = "a test fails by panicking")]

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};

use common::{Act, Host, answer, builder};
use opp_ergonomic::{
    Access, Bank, CodeExchange, ConsentRequest, DirectoryFilter, Psu, PsuContext, TransactionQuery, ValidConsent,
};
use tokio::sync::MutexGuard;

const CANARIES: &[&str] = &[
    "canary-secret",
    "canary-token",
    "canary-person",
    "canary-company",
    "192.0.2.77",
    "canary-browser",
    "canary-code",
    "canary-body",
    "canary-consent",
    "canary-account",
    "canary-header",
];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A call's answer or error in all its texts.
fn told(out: &mut String, result: Result<impl Sized, opp_ergonomic::Error>) {
    if let Err(error) = result {
        out.push_str(&format!("{error}\n{error:?}\n{error:#?}\n"));
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            out.push_str(&format!("{error}\n{error:?}\n"));
            source = error.source();
        }
    }
}

/// One test after the other: whether a place in the code tells anything is remembered for all threads, and one that is
/// reached for the first time in one thread just as another begins to listen is not asked again.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    ALONE.lock().await
}

/// Writes down everything that `wanted` lets through while the guard lives.
fn listen(wanted: &str) -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let filter = tracing_subscriber::EnvFilter::new(wanted);
    let spans = tracing_subscriber::fmt::format::FmtSpan::FULL;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_span_events(spans).with_ansi(false);
    let guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    (log, guard)
}

#[tokio::test]
async fn whoever_wants_warnings_hears_nothing_of_a_call_not_even_of_one_that_fails() {
    let _alone = alone().await;
    for (wanted, heard) in [("opp_ergonomic=info,opp_raw=info", false), ("opp_ergonomic=debug", true)] {
        let (log, _guard) = listen(wanted);
        let auth = Host::tokens().await;
        let api = Host::start(|number, _| answer(if number == 1 { 200 } else { 503 }, r#"{"aspsps":[]}"#)).await;
        let client = builder(&auth.url, &api.url).build().unwrap();
        client.banks().list(&DirectoryFilter::all()).await.unwrap();
        client.banks().list(&DirectoryFilter::all()).await.unwrap_err();
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(!logged.is_empty(), heard, "{wanted}: {logged}");
    }
}

#[tokio::test]
async fn a_page_that_is_half_read_does_not_print_what_was_bought() {
    let _alone = alone().await;
    let auth = Host::tokens().await;
    let body = r#"{"transactions":{"booked":[{"transactionId":"1"},{"creditorName":"canary-body"#;
    let page = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{body}");
    let api = Host::start(move |_, _| Act::Stall(page.clone().into())).await;
    let client = builder(&auth.url, &api.url).build().unwrap();
    let session = client.at(Bank::new("ESSESESS").unwrap(), Psu::private().id("canary-person")).unwrap();
    let accounts = session.accounts(&ValidConsent::stored("c", None));
    let mut transactions = accounts.transactions("canary-account", &TransactionQuery::delta()).unwrap();
    transactions.next().await.unwrap().unwrap();
    let printed = format!("{transactions:?}");
    for canary in ["canary-body", "canary-person", "canary-account"] {
        let bytes = format!("{:?}", canary.as_bytes());
        let bytes = bytes.trim_matches(['[', ']']);
        assert!(!printed.contains(canary) && !printed.contains(bytes), "{canary}: {printed}");
    }
}

#[tokio::test]
async fn a_span_has_the_names_of_opentelemetry() {
    let _alone = alone().await;
    let (log, _guard) = listen("opp_ergonomic=debug");
    let auth = Host::tokens().await;
    let api = Host::start(|number, _| answer(if number == 1 { 503 } else { 404 }, "")).await;
    let port = api.url.rsplit(':').next().unwrap().to_owned();
    let client = builder(&auth.url, &api.url).build().unwrap();
    client.banks().list(&DirectoryFilter::all()).await.unwrap_err();
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for told in [
        "otel.kind=\"client\"",
        "http.request.method=\"GET\"",
        "url.template=\"/psd2/aspspinformation/v1/aspsps\"",
        "server.address=\"127.0.0.1\"",
        &format!("server.port={port}"),
        "http.request.resend_count=1",
        "http.response.status_code=404",
        "error.type=404",
    ] {
        assert!(logged.contains(told), "{told}: {logged}");
    }
    assert!(!logged.contains("error.type=503"), "a call that went on has not ended so: {logged}");
}

#[tokio::test]
async fn nothing_that_is_secret_is_printed_or_logged() {
    let _alone = alone().await;
    // Ours alone: what the HTTP libraries say on their most talkative level is theirs.
    let (log, _guard) = listen("opp_ergonomic=trace,opp_raw=trace");
    let mut out = String::new();
    let body = r#"{"tppMessages":[{"category":"ERROR","code":"FORMAT_ERROR","text":"canary-body"}],"x":"canary-body"}"#;
    for act in [answer(400, body), answer(401, body), answer(503, body), answer(200, "canary-body"), Act::Close] {
        let auth = Host::start(|number, _| match number {
            3 => answer(400, r#"{"error":"invalid_grant","error_description":"canary-body"}"#),
            4 => answer(200, r#"{"access_token":["canary-token"],"expires_in":"canary-body"}"#),
            _ => answer(200, r#"{"access_token":"canary-token","expires_in":3600,"token_type":"Bearer"}"#),
        })
        .await;
        let api = Host::start(move |_, _| act.clone()).await;
        let builder =
            builder(&auth.url, &api.url).credentials("id", "canary-secret").header("X-Tenant", "canary-header");
        out.push_str(&format!("{builder:?}"));
        let client = builder.build().unwrap();
        let psu = Psu::corporate("canary-company").id("canary-person").user_agent("canary-browser");
        let session = client.at(Bank::new("ESSESESS").unwrap(), psu.ip("192.0.2.77".parse().unwrap())).unwrap();
        let accounts = session.accounts(&ValidConsent::stored("canary-consent", None));
        out.push_str(&format!("{client:?} {session:?} {:?} {:?}", client.tokens(), session.raw()));
        told(&mut out, client.banks().list(&DirectoryFilter::all()).await);
        told(&mut out, accounts.balances("canary-account").await);
        let query = TransactionQuery::delta();
        told(&mut out, accounts.transactions("canary-account", &query).unwrap().collect().await);
        let day = chrono::Utc::now().date_naive() + chrono::Days::new(90);
        told(&mut out, session.consents().create(&ConsentRequest::new(Access::all(), day)).await);
        let exchange =
            CodeExchange::new("canary-code", "https://shop.example/back").header("X-ConsentId", "canary-consent");
        let exchange = exchange.unwrap();
        out.push_str(&format!("{exchange:?}"));
        told(&mut out, client.exchange_code(&exchange).await);
        told(&mut out, client.exchange_code(&exchange).await);
        out.push_str(&format!("{:?}", client.tokens().token(client.scope(PsuContext::Private)).await));
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // The search would find something: what may be told is there.
    for seen in ["getBalances", "http.response.status_code=400", "opp.request_id", "new token", "url.template"] {
        assert!(logged.contains(seen), "{seen} is not logged");
    }
    assert!(out.contains("FORMAT_ERROR") && out.contains("invalid_grant"));
    for canary in CANARIES {
        for (name, text) in [("printed", &out), ("logged", &logged)] {
            let found = text.lines().find(|line| line.contains(canary));
            assert_eq!(found, None, "{canary} is {name}");
        }
    }
}

//! What a call does when the other side does not do as it should: counted and looked at on the wire.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::{Act, Host, answer, builder, token};
use opp_ergonomic::{
    Access, ApiScope, Bank, Client, ConsentRequest, DirectoryFilter, Error, Outcome, PaymentKey, PaymentProduct,
    PaymentService, Psu, PsuContext, RetryPolicy, Scope, Session, ValidConsent, raw,
};

fn quick(auth: &Host, api: &Host) -> Client {
    let mut retry = RetryPolicy::default();
    retry.first_pause = Duration::from_millis(4);
    builder(&auth.url, &api.url).retry(retry).build().unwrap()
}

fn session(client: &Client) -> Session {
    let psu = Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Mozilla/5.0");
    client.at(Bank::new("ESSESESS").unwrap(), psu).unwrap()
}

fn request() -> ConsentRequest {
    ConsentRequest::new(Access::all(), chrono::Utc::now().date_naive() + chrono::Days::new(90))
}

async fn read(client: &Client) -> Result<usize, Error> {
    Ok(client.banks().list(&DirectoryFilter::all()).await?.len())
}

const BANKS: &str = r#"{"aspsps":[{"bicFi":"ESSESESS","name":"SEB "}]}"#;

#[tokio::test]
async fn a_read_is_repeated_until_it_goes_well() {
    let half =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"aspsps\":[".to_vec();
    let [nonsense, broken_off] = [b"nonsense".to_vec(), half].map(Act::Raw);
    for act in [answer(503, ""), answer(429, ""), answer(502, "<html>"), Act::Close, nonsense, broken_off] {
        let (auth, bad) = (Host::tokens().await, act.clone());
        let api = Host::start(move |number, _| if number < 3 { bad.clone() } else { answer(200, BANKS) }).await;
        assert_eq!(read(&quick(&auth, &api)).await.unwrap(), 1, "{act:?}");
        assert_eq!(api.count(), 3, "{act:?}");
    }
}

#[tokio::test]
async fn a_read_is_not_repeated_where_that_is_no_use() {
    let exceeded = answer(429, r#"{"tppMessages":[{"category":"ERROR","code":"ACCESS_EXCEEDED"}]}"#);
    for act in [exceeded, answer(400, ""), answer(403, ""), answer(404, ""), answer(501, ""), answer(302, "")] {
        let (auth, bad) = (Host::tokens().await, act.clone());
        let api = Host::start(move |_, _| bad.clone()).await;
        let error = read(&quick(&auth, &api)).await.unwrap_err();
        assert_eq!(api.count(), 1, "{error}");
        assert!(!error.is_retryable(), "{error}");
        assert_eq!(error.outcome(), None);
    }
}

#[tokio::test]
async fn a_write_is_never_repeated_and_says_how_it_ended() {
    let too_early =
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"consentId\"";
    for (act, outcome) in [
        (answer(400, ""), Outcome::Rejected),
        (answer(429, ""), Outcome::Rejected),
        (answer(302, ""), Outcome::Unknown),
        (answer(303, ""), Outcome::Unknown),
        (answer(500, ""), Outcome::Unknown),
        (answer(503, ""), Outcome::Unknown),
        (answer(504, "<html>"), Outcome::Unknown),
        (Act::Close, Outcome::Unknown),
        (Act::Hang, Outcome::Unknown),
        (Act::Raw(too_early.into()), Outcome::Accepted),
        (answer(201, "<html>"), Outcome::Accepted),
    ] {
        let (auth, bad) = (Host::tokens().await, act.clone());
        let api = Host::start(move |_, _| bad.clone()).await;
        let client = quick(&auth, &api).with_deadline(Duration::from_millis(500));
        let error = session(&client).consents().create(&request()).await.unwrap_err();
        assert_eq!(error.outcome(), Some(outcome), "{act:?}: {error}");
        assert_eq!(api.count(), 1, "{act:?}");
        // What is needed to find out.
        assert_eq!(error.request_id(), Some(api.requests()[0].headers["x-request-id"].as_str()), "{act:?}");
        assert_eq!(error.path(), Some("/psd2/consent/v1/consents"));
        assert!(!error.is_retryable(), "{error}");
    }
}

#[tokio::test]
async fn a_write_that_found_no_host_was_not_sent() {
    let auth = Host::tokens().await;
    let client = builder(&auth.url, "http://127.0.0.1:9").build().unwrap();
    let error = session(&client).consents().create(&request()).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::NotSent));
    assert!(error.is_connect() && error.is_retryable());
    // Nor was one without a token.
    let client = builder("http://127.0.0.1:9", "http://127.0.0.1:9").build().unwrap();
    let error = session(&client).consents().create(&request()).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::NotSent));
    assert!(error.token().is_some() && error.is_retryable(), "{error}");
    assert!(error.request_id().is_some_and(|id| id.len() == 36), "an id that it would have had");
    let ours = session(&client).with_request_id("order-4711").unwrap();
    let error = ours.consents().create(&request()).await.unwrap_err();
    assert_eq!((error.request_id(), error.path()), (Some("order-4711"), Some("/psd2/consent/v1/consents")));
}

#[tokio::test]
async fn the_platform_is_left_alone_for_as_long_as_it_asks() {
    let auth = Host::tokens().await;
    let api = Host::start(|number, _| match number {
        1 => answer(503, "").with("Retry-After", "1"),
        _ => answer(200, BANKS),
    })
    .await;
    let start = Instant::now();
    read(&quick(&auth, &api)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wait_that_is_longer_than_the_deadline_is_not_begun() {
    let auth = Host::tokens().await;
    let api = Host::start(|_, _| answer(503, "").with("Retry-After", "3600")).await;
    let start = Instant::now();
    let error = read(&quick(&auth, &api)).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    assert_eq!(api.count(), 1);
}

#[tokio::test]
async fn times_beyond_all_clocks_are_no_limit_and_no_wait() {
    let auth = Host::tokens().await;
    let api = Host::start(|number, _| match number {
        1 => answer(503, "").with("Retry-After", &u64::MAX.to_string()),
        _ => answer(200, BANKS),
    })
    .await;
    let client = quick(&auth, &api);
    let error = read(&client).await.unwrap_err();
    assert_eq!((error.status(), error.retry_after()), (Some(503), Some(Duration::from_secs(u64::MAX))));
    let patient = client.with_deadline(Duration::MAX);
    assert_eq!(read(&patient).await.unwrap(), 1);
    let session = session(&patient);
    let subject = opp_ergonomic::sca::Subject::Consent("c-1".into());
    let mut signing = session.sign(session.flow(subject, opp_ergonomic::sca::Device::Phone)).unwrap();
    signing.advance().await.unwrap();
    assert_eq!(api.requests().last().unwrap().method, "POST");
}

#[tokio::test]
async fn a_call_takes_no_longer_than_its_deadline() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n".to_vec();
    let drip = Act::Drip(head, vec![b' '], Duration::from_millis(2));
    for act in [Act::Hang, drip] {
        let auth = Host::tokens().await;
        let api = Host::start(move |_, _| act.clone()).await;
        let client = quick(&auth, &api).with_deadline(Duration::from_millis(700));
        let start = Instant::now();
        let error = read(&client).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
    // An auth host that is silent counts too.
    let auth = Host::start(|_, _| Act::Hang).await;
    let api = Host::start(|_, _| answer(200, BANKS)).await;
    let client = quick(&auth, &api).with_deadline(Duration::from_millis(300));
    assert!(read(&client).await.unwrap_err().is_timeout());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_everything_fails_the_load_grows_by_a_fifth_at_most() {
    let auth = Host::tokens().await;
    let api = Host::start(|_, _| answer(503, "")).await;
    let client = quick(&auth, &api);
    for _ in 0..300 {
        read(&client).await.unwrap_err();
    }
    assert!((301..=360).contains(&api.count()), "{}", api.count());
}

#[tokio::test]
async fn what_was_given_once_goes_along_and_extra_headers_too() {
    let auth = Host::tokens().await;
    let api = Host::start(|_, _| answer(200, r#"{"consentStatus":"valid"}"#)).await;
    let client = builder(&auth.url, &api.url).header("X-Feature-Flags", "new-statuses").build().unwrap();
    let bank = Bank::new("SWEDSESS").unwrap().affiliated("08999").prefer_redirect(false);
    let psu = Psu::private().id("199311219639").ip("2001:db8::1".parse().unwrap()).user_agent("Mozilla/5.0");
    let session = client.at(bank, psu).unwrap();
    session.with_header("X-Tenant", "7").unwrap().consents().status("c1").await.unwrap();
    session.accounts(&ValidConsent::stored("c1", None)).list().await.unwrap();
    for request in api.requests() {
        let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
        assert_eq!(header("authorization"), "Bearer token-1");
        assert_eq!(header("x-bicfi"), "SWEDSESS");
        assert_eq!(header("psu-id"), "199311219639");
        assert_eq!(header("psu-ip-address"), "2001:db8::1");
        assert_eq!(header("tpp-redirect-preferred"), "false");
        assert_eq!(header("x-feature-flags"), "new-statuses");
        assert_eq!(header("x-tenant"), if request.target.contains("consents") { "7" } else { "" });
        assert_eq!(header("consent-id"), if request.target.contains("accounts") { "c1" } else { "" });
    }
}

#[tokio::test]
async fn each_call_has_an_id_or_the_callers_on_answers_and_errors() {
    let auth = Host::tokens().await;
    let api = Host::start(|number, _| if number < 4 { answer(200, BANKS) } else { answer(404, "") }).await;
    let client = quick(&auth, &api);
    let banks = client.banks();
    let one = banks.list(&DirectoryFilter::all()).await.unwrap().request_id;
    let two = banks.list(&DirectoryFilter::all()).await.unwrap().request_id;
    assert!(one != two && one.len() == 36, "{one} {two}");
    let ours = client.with_request_id("order-4711").unwrap();
    assert_eq!(ours.banks().list(&DirectoryFilter::all()).await.unwrap().request_id, "order-4711");
    let error = ours.banks().details("ESSESESS").await.unwrap_err();
    assert_eq!(error.request_id(), Some("order-4711"));
    assert!(error.to_string().contains("order-4711") && error.is_not_found(), "{error}");
    let sent: Vec<_> = api.requests().iter().map(|request| request.headers["x-request-id"].clone()).collect();
    assert_eq!(sent, [one.as_str(), two.as_str(), "order-4711", "order-4711"]);
}

#[tokio::test]
async fn what_a_bank_needs_is_missed_before_anything_is_sent() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(200, "{}")).await);
    let client = quick(&auth, &api);
    let handelsbanken = client.at(Bank::new("HANDSESS").unwrap(), Psu::private().id("199311219639")).unwrap();
    let error = handelsbanken.accounts(&ValidConsent::stored("c1", None)).list().await.unwrap_err();
    assert_eq!(error.invalid().unwrap().field(), "PSU-IP-Address");
    assert!(error.to_string().contains("HANDSESS wants it"), "{error}");
    let swedbank = client.at(Bank::new("SWEDSESS").unwrap(), Psu::private().ip("192.0.2.7".parse().unwrap())).unwrap();
    let error = swedbank.consents().create(&request()).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::NotSent));
    assert_eq!(error.invalid().unwrap().field(), "PSU-User-Agent");
    assert_eq!((auth.count(), api.count()), (0, 0));
}

#[tokio::test]
async fn errors_say_what_to_do() {
    for (status, code, wanted) in [
        (401, "CONSENT_EXPIRED", "ask the user for a new consent"),
        (429, "ACCESS_EXCEEDED", "wait until tomorrow"),
        (403, "SERVICE_BLOCKED", "add the API scope"),
        (403, "NEWS_OF_2027", "add the API scope"),
        (403, "CONSENT_EXPIRED", "ask the user for a new consent"),
        (403, "TPP_KYC_INVALID", "check of your company"),
    ] {
        let auth = Host::tokens().await;
        let body = format!(r#"{{"tppMessages":[{{"category":"ERROR","code":"{code}","text":"canary"}}]}}"#);
        let api = Host::start(move |_, _| answer(status, body.clone())).await;
        let accounts = session(&quick(&auth, &api)).accounts(&ValidConsent::stored("c1", None));
        let error = accounts.list().await.unwrap_err();
        assert_eq!((error.status(), error.operation()), (Some(status), Some("getAccountList")));
        assert_eq!(error.codes().collect::<Vec<_>>(), [code]);
        assert_eq!(error.needs_new_consent(), code == "CONSENT_EXPIRED");
        assert_eq!(error.is_rate_limited(), status == 429);
        assert_eq!(error.needs_different_scope(), wanted == "add the API scope");
        assert!(String::from_utf8_lossy(error.body().unwrap()).contains("canary"));
        let text = error.to_string();
        assert!(text.contains(wanted) && text.contains(code) && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_held() {
    let auth = Host::tokens().await;
    let api = Host::start(|_, _| answer(200, "x".repeat(100_000))).await;
    let client = builder(&auth.url, &api.url).max_body(50_000).build().unwrap();
    let error = read(&client).await.unwrap_err();
    assert!(error.to_string().contains("50000 bytes"), "{error}");
    // Unless somebody says otherwise it is 32 MiB.
    let api = Host::start(|number, _| {
        let length = (32 << 20) + usize::from(number > 1);
        answer(200, format!("{BANKS}{}", " ".repeat(length - BANKS.len())))
    })
    .await;
    let client = builder(&auth.url, &api.url).build().unwrap();
    assert_eq!(read(&client).await.unwrap(), 1);
    let error = read(&client).await.unwrap_err();
    assert!(error.to_string().contains("33554432 bytes"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let auth = Host::tokens().await;
    let other = Host::start(|_, _| answer(200, BANKS)).await;
    let to = other.url.clone();
    let api = Host::start(move |_, _| answer(307, "").with("Location", &to)).await;
    assert_eq!(read(&quick(&auth, &api)).await.unwrap_err().status(), Some(307));
    assert_eq!(other.count(), 0);
    // With a client of one's own that follows them, the answer is not trusted.
    let own = opp_ergonomic::raw::reqwest::Client::new();
    let client = builder(&auth.url, &api.url).http(own).retry(RetryPolicy::never()).build().unwrap();
    let error = read(&client).await.unwrap_err();
    assert!(error.to_string().contains("redirect::Policy::none"), "{error}");
}

#[tokio::test]
async fn an_http_client_of_ones_own_speaks_to_both_hosts() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(200, BANKS)).await);
    let own = raw::reqwest::Client::builder().user_agent("shop/7").redirect(raw::reqwest::redirect::Policy::none());
    let client = builder(&auth.url, &api.url).http(own.build().unwrap()).build().unwrap();
    assert_eq!(read(&client).await.unwrap(), 1);
    for host in [&auth, &api] {
        assert_eq!(host.requests()[0].headers["user-agent"], "shop/7");
    }
}

#[tokio::test]
async fn warnings_on_success_are_kept() {
    let auth = Host::tokens().await;
    let remark = r#"{"category":"WARNING","code":"CREDITOR_ACCOUNT_FLAGGED","text":"Ask Anna"}"#;
    let body = format!(r#"{{"transactionStatus":"RCVD","tppMessages":[{remark}]}}"#);
    let api = Host::start(move |_, _| answer(200, body.as_str())).await;
    let key = PaymentKey::new(&PaymentService::Payments, &PaymentProduct::Domestic, "a b/c").unwrap();
    let reply = session(&quick(&auth, &api)).payments().status(&key).await.unwrap();
    assert_eq!(reply.warnings[0].code.as_deref(), Some("CREDITOR_ACCOUNT_FLAGGED"));
    assert_eq!(reply.warnings[0].text.as_deref(), Some("Ask Anna"));
    assert!(!format!("{reply:?}").contains("Anna"), "what a bank says about people is not printed");
    assert_eq!(api.requests()[0].target, "/psd2/paymentinitiation/v1/payments/domestic/a%20b%2Fc/status");
}

#[tokio::test]
async fn futures_of_calls_can_be_spawned() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(200, BANKS)).await);
    let client = quick(&auth, &api);
    let listed = tokio::spawn(async move { client.banks().list(&DirectoryFilter::all()).await.unwrap().len() });
    assert_eq!(listed.await.unwrap(), 1);
}

#[test]
fn a_client_is_built_without_a_runtime() {
    builder("http://127.0.0.1:9", "http://127.0.0.1:9").build().unwrap();
}

#[tokio::test]
async fn the_directory_is_asked_under_its_own_scope_and_nothing_else_is() {
    let auth = Host::start(|_, request| {
        let directory = request.body.contains("scope=accountinformation+corporate");
        answer(200, format!(r#"{{"access_token":"directory-{directory}","expires_in":60,"token_type":"Bearer"}}"#))
    })
    .await;
    let api = Host::start(|_, _| answer(200, r#"{"aspsps":[],"consentStatus":"valid"}"#)).await;
    let scope = Scope::new(PsuContext::Corporate, [ApiScope::AccountInformation]);
    let client = builder(&auth.url, &api.url).directory_scope(scope).build().unwrap();
    read(&client).await.unwrap();
    session(&client).consents().status("c-1").await.unwrap();
    let tokens: Vec<_> = api.requests().iter().map(|request| request.headers["authorization"].clone()).collect();
    assert_eq!(tokens, ["Bearer directory-true", "Bearer directory-false"]);
    // An auth host that refuses the usual scope of the directory refuses what it stands among as well.
    let asked = auth.requests();
    assert!(asked.iter().all(|request| !request.body.contains("aspspinformation")), "{asked:?}");
}

/// Shows what would be sent, and sends nothing.
struct Shown(std::sync::Mutex<Vec<String>>);

impl raw::Hook for Shown {
    fn around<'a>(
        &'a self,
        operation: &'static raw::Operation,
        request: raw::reqwest::Request,
        _: raw::Next<'a>,
    ) -> raw::HookFuture<'a> {
        let text = format!("{} {}", request.method(), request.headers()["authorization"].to_str().unwrap());
        self.0.lock().unwrap().push(text);
        Box::pin(async move { Err(raw::Error::from_hook(operation, std::io::Error::other("only shown"))) })
    }
}

#[tokio::test]
async fn a_hook_sees_what_is_about_to_leave_and_may_keep_it_back() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(200, BANKS)).await);
    let shown = std::sync::Arc::new(Shown(std::sync::Mutex::default()));
    let client = builder(&auth.url, &api.url).hook(shown.clone()).build().unwrap();
    let error = session(&client).consents().create(&request()).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::NotSent));
    assert_eq!(shown.0.lock().unwrap().as_slice(), ["POST Bearer token-1"]);
    assert_eq!(api.count(), 0);
}

/// Sends, and is not content with what came of it.
struct Audit;

impl raw::Hook for Audit {
    fn around<'a>(
        &'a self,
        operation: &'static raw::Operation,
        request: raw::reqwest::Request,
        next: raw::Next<'a>,
    ) -> raw::HookFuture<'a> {
        Box::pin(async move {
            next.send(request).await?;
            Err(raw::Error::from_hook(operation, std::io::Error::other("the audit log is full")))
        })
    }
}

#[tokio::test]
async fn what_a_hook_has_sent_before_it_failed_is_not_taken_for_unsent() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(201, r#"{"consentId":"c-1"}"#)).await);
    let client = builder(&auth.url, &api.url).hook(std::sync::Arc::new(Audit)).build().unwrap();
    let error = session(&client).consents().create(&request()).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::Unknown), "{error}");
    assert!(error.to_string().contains("not known"), "{error}");
    assert_eq!(api.count(), 1);
    assert_eq!(read(&client).await.unwrap_err().outcome(), None);
}

#[tokio::test]
async fn only_what_is_about_to_leave_is_taken_off_the_reads_of_a_day() {
    let auth = Host::start(|number, _| if number == 1 { answer(503, "") } else { token(number) }).await;
    let api = Host::start(|_, _| answer(200, r#"{"accounts":[]}"#)).await;
    let client = builder(&auth.url, &api.url).build().unwrap();
    let unattended = Psu::private().id("199311219639");
    let session = client.at(Bank::new("ESSESESS").unwrap(), unattended).unwrap();
    let accounts = session.accounts(&ValidConsent::stored("c1", Some(1)));
    assert!(accounts.list().await.unwrap_err().token().is_some());
    tokio::time::sleep(Duration::from_secs(1)).await;

    accounts.list().await.unwrap();
    let spent = accounts.list().await.unwrap_err();
    assert!(spent.is_rate_limited() && !spent.is_retryable(), "{spent}");
    assert_eq!((spent.operation(), spent.outcome()), (Some("getAccountList"), None), "{spent}");
    assert_eq!(api.count(), 1);
}

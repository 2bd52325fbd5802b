//! What a caller meets when something goes wrong: a typed error with everything in it, and nothing of it printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use opp_raw::types::{CountryList, MessageCode, RequestHeaders};
use opp_raw::{Bytes, Client, Error, Hook, HookFuture, Kind, Next, Operation, Response, reqwest};
use opp_tests::server::{Reply, Server};

const ID: &str = "3810a083-6198-4dbf-8629-aceb7a791de7";
const SECRET: &str = "SE4550000000058398257466";

async fn server_and_client() -> (Server, Client) {
    let server = Server::start().await;
    let client = Client::new(&server.address).unwrap();
    (server, client)
}

async fn countries(client: &Client) -> Result<Response<CountryList>, Error> {
    client.get_countries_list(None).await
}

/// Calls an operation that is answered so, and gives the error.
async fn answered(reply: Reply) -> Error {
    let (server, client) = server_and_client().await;
    server.answer(reply.header("X-Request-ID", ID));
    let error = countries(&client).await.unwrap_err();
    assert_eq!(error.operation().unwrap().id, "getCountriesList");
    assert_eq!(error.request_id(), Some(ID));
    error
}

fn codes(error: &Error) -> Vec<&str> {
    error.codes().map(MessageCode::as_str).collect()
}

/// Everything that is printed of an error, its causes included.
fn printed(error: &Error) -> String {
    let mut all = format!("{error}\n{error:?}\n{error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        all.push_str(&format!("\n{error}\n{error:?}"));
        cause = error.source();
    }
    all
}

#[tokio::test]
async fn messages_of_the_platform_are_read_in_each_of_their_forms() {
    let forms = [
        r#"{"tppMessages":[{"category":"ERROR","code":"FORMAT_ERROR","path":"p","text":"t"},{"code":"NEW_CODE"}]}"#,
        r#"{"tppMessages":{"category":"ERROR","code":"FORMAT_ERROR"},"tppMessage":[{"code":"NEW_CODE"}]}"#,
        r#"[{"category":"ERROR","code":"FORMAT_ERROR"},{"code":"NEW_CODE","text":null}]"#,
        r#"{"type":"https://x","title":"T","detail":"d","code":"FORMAT_ERROR","additionalErrors":[{"code":"NEW_CODE"}]}"#,
        r#"{"title":"T","code":"FORMAT_ERROR","additionalErrors":{"code":"NEW_CODE"}}"#,
    ];
    for body in forms {
        let error = answered(Reply::new(400, body).header("content-type", "application/json")).await;
        assert_eq!(error.kind(), Kind::Status);
        assert_eq!(error.status().unwrap(), 400);
        assert_eq!(codes(&error), ["FORMAT_ERROR", "NEW_CODE"], "{body}");
        assert_eq!(error.body().unwrap(), body);
        let known: Vec<_> = error.codes().map(MessageCode::is_known).collect();
        assert_eq!(known, [true, false]);
    }
}

#[tokio::test]
async fn problem_details_give_headline_and_explanation() {
    let body = r#"{"type":"https://x","title":"Period","detail":"too long ago","code":"PERIOD_INVALID"}"#;
    let error = answered(Reply::new(400, body).header("content-type", "application/problem+json")).await;
    let problem = error.problem().unwrap();
    assert_eq!(problem.title.as_deref(), Some("Period"));
    assert_eq!(problem.messages[0].text.as_deref(), Some("too long ago"));
    assert_eq!(codes(&error), ["PERIOD_INVALID"]);
}

#[tokio::test]
async fn an_oauth_error_gives_its_word() {
    let body = r#"{"error":"invalid_token","error_description":"expired"}"#;
    let error = answered(Reply::new(401, body)).await;
    assert_eq!(codes(&error), ["invalid_token"]);
    assert_eq!(error.problem().unwrap().messages[0].text.as_deref(), Some("expired"));
}

#[tokio::test]
async fn html_an_empty_body_and_broken_json_keep_status_headers_and_body() {
    for body in ["<html><h1>502</h1></html>", "", "{\"tppMessages\":[", "null", "\u{feff}{}", "\"text\"", "{}"] {
        let error = answered(Reply::new(502, body).header("x-other", "y")).await;
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (Kind::Status, 502));
        assert_eq!(error.body().unwrap(), body);
        assert_eq!(error.raw_headers().unwrap()["x-other"], "y");
        assert!(error.problem().is_none(), "{body}");
        assert!(error.to_string().contains("502") && error.to_string().contains(ID));
    }
}

#[tokio::test]
async fn an_error_whose_body_breaks_off_keeps_what_came() {
    let error = answered(Reply::new(500, "half of it").truncated()).await;
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (Kind::Status, 500));
    assert_eq!(error.body().unwrap(), "half of it");
}

#[tokio::test]
async fn a_success_whose_body_breaks_off_says_that_the_connection_was_lost() {
    let error = answered(Reply::new(200, "{\"countries\":[").truncated()).await;
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (Kind::Transport, 200));
    assert_eq!(error.body().unwrap(), "{\"countries\":[");
}

#[tokio::test]
async fn a_success_that_is_no_json_keeps_status_headers_body_and_place() {
    for body in ["<html>", "{\"countries\": [1, 2", "{\"countries\": tru}", ""] {
        let error = answered(Reply::new(200, body)).await;
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (Kind::Body, 200), "{body}");
        assert_eq!(error.body().unwrap(), body);
        assert_eq!(error.headers().unwrap().x_request_id.as_deref(), Some(ID));
        let said = error.to_string();
        assert!(said.contains("line 1, column") || said.contains("ends too early"), "{said}");
    }
}

#[tokio::test]
async fn a_success_that_cannot_be_read_tells_how_far_it_could() {
    let error = answered(Reply::new(200, "{\"countries\": [{\"name\": \"Sweden\"}, {\"name\": tru}]}")).await;
    assert_eq!(error.json_path(), Some("countries[1].name"));
}

#[tokio::test]
async fn a_redirect_is_an_error_and_is_not_followed() {
    let (server, client) = server_and_client().await;
    let (elsewhere, _) = server_and_client().await;
    for status in [301, 302, 303, 307, 308] {
        server.answer(Reply::new(status, "").header("Location", &elsewhere.address));
        let error = countries(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (Kind::Status, status));
        assert_eq!(error.headers().unwrap().location.as_deref(), Some(elsewhere.address.as_str()));
        assert!(error.to_string().contains("redirect"), "{error}");
    }
    assert_eq!(server.requests().len(), 5);
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn no_policy_of_the_caller_makes_it_follow_redirects() {
    let (server, _) = server_and_client().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(5));
    let client = Client::builder().http(http).server("api", &server.address).build().unwrap();
    server.answer(Reply::new(302, "").header("Location", "/elsewhere"));
    assert_eq!(countries(&client).await.unwrap_err().status().unwrap(), 302);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn nobody_there_means_that_nothing_was_sent() {
    let (server, client) = server_and_client().await;
    drop(server);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let error = countries(&client).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Connect);
    assert_eq!(error.status(), None);
    assert!(error.request_id().is_some(), "the id of a request that got no answer is what support asks for");
}

#[tokio::test]
async fn a_bank_that_takes_too_long_runs_out_of_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let http = reqwest::Client::builder().timeout(Duration::from_millis(100));
    let client = Client::builder().http(http).server("api", &address).build().unwrap();
    let error = countries(&client).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    let write = client.with_headers(RequestHeaders::builder().x_bic_fi("ESSESESS").build().unwrap());
    let write = write.delete_consent(&"c".parse().unwrap()).await.unwrap_err();
    assert_eq!(write.kind(), Kind::Timeout);
    // Whether a write took effect is not known, and the error says so.
    assert!(write.to_string().contains("unknown"), "{write}");
    assert!(!error.to_string().contains("unknown"), "{error}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_and_a_stream_has_its_own() {
    let server = Server::start().await;
    let client = Client::builder().server("api", &server.address).max_body(10).build().unwrap();
    server.answer(Reply::new(200, "{\"countries\":[]}"));
    let error = countries(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (Kind::Body, 200));
    let headers = RequestHeaders::builder().x_bic_fi("ESSESESS").consent_id("c").psu_ip_address("::1");
    let client = client.with_headers(headers.build().unwrap());
    let (id, booked) = ("a".parse().unwrap(), opp_raw::types::BookingStatus::Booked);
    for (limit, fits) in [(16, true), (15, false)] {
        server.answer(Reply::new(200, "0123456789abcdef"));
        let stream = client.get_transaction_list_stream(&id, &booked, None, None, None, None, None, "application/xml");
        let whole = stream.await.unwrap().into_inner().collect(limit).await;
        assert_eq!(whole.is_ok(), fits);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_gives_what_came_and_then_an_error() {
    let (server, client) = server_and_client().await;
    let headers = RequestHeaders::builder().x_bic_fi("ESSESESS").consent_id("c").psu_ip_address("::1");
    let client = client.with_headers(headers.build().unwrap());
    server.answer(Reply::new(200, ":20:half").header("X-Request-ID", ID).truncated());
    let (id, booked) = ("a".parse().unwrap(), opp_raw::types::BookingStatus::Booked);
    let call = client.get_transaction_list_stream(&id, &booked, None, None, None, None, None, "application/text");
    let mut stream = call.await.unwrap().into_inner();
    let mut came = Vec::new();
    let error = loop {
        match stream.next_part().await.expect("the end is an error") {
            Ok(part) => came.extend_from_slice(&part),
            Err(error) => break error,
        }
    };
    assert_eq!(came, b":20:half");
    assert_eq!((error.kind(), error.request_id()), (Kind::Transport, Some(ID)));
}

#[tokio::test]
async fn nothing_of_body_headers_address_and_token_is_printed() {
    let secret = |body: &str| body.replace("SECRET", SECRET);
    let replies = [
        Reply::new(400, secret(r#"{"tppMessages":[{"code":"FORMAT_ERROR","text":"SECRET","path":"SECRET"}]}"#)),
        Reply::new(400, secret(r#"{"tppMessages":[{"code":"no such account: SECRET","category":"SECRET"}]}"#)),
        Reply::new(401, secret(r#"{"error":"invalid","error_description":"SECRET"}"#)),
        Reply::new(403, secret(r#"{"title":"SECRET","detail":"SECRET","code":"SECRET SECRET"}"#)),
        Reply::new(500, secret("<html>SECRET</html>")),
        Reply::new(302, "").header("Location", &secret("https://SECRET.example/SECRET")),
        Reply::new(200, secret("{\"SECRET")),
        Reply::new(200, secret("SECRET")),
        Reply::new(200, secret("{\"SECRET\": 1")).truncated(),
    ];
    for reply in replies {
        let (server, client) = server_and_client().await;
        let headers = RequestHeaders::builder().psu_id(SECRET).x_bic_fi("ESSESESS").consent_id(SECRET);
        let client = client.with_headers(headers.build().unwrap()).with_header("Authorization", SECRET).unwrap();
        server.answer(reply.header("Set-Cookie", SECRET));
        let error = client.get_balances(&SECRET.parse().unwrap()).await.unwrap_err();
        let all = printed(&error);
        assert!(!all.contains(SECRET), "{all}");
        assert!(!format!("{client:?}").contains(SECRET), "{client:?}");
    }
    let (server, client) = server_and_client().await;
    drop(server);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let error = client.get_city_details(SECRET).await.unwrap_err();
    assert!(!printed(&error).contains(SECRET), "{}", printed(&error));
}

#[tokio::test]
async fn an_answer_is_printed_without_the_values_of_its_headers() {
    let (server, client) = server_and_client().await;
    server.answer(Reply::new(200, "{}").header("Set-Cookie", SECRET).header("X-Request-ID", ID));
    let answer = countries(&client).await.unwrap();
    let printed = format!("{answer:?}");
    assert!(!printed.contains(SECRET), "{printed}");
    assert!(printed.contains("set-cookie") && printed.contains(ID), "{printed}");
}

/// Puts a token on each request, and takes a new one where the old was refused.
#[derive(Default)]
struct Token {
    taken: AtomicU32,
}

impl Hook for Token {
    fn around<'a>(
        &'a self,
        operation: &'static Operation,
        request: reqwest::Request,
        next: Next<'a>,
    ) -> HookFuture<'a> {
        Box::pin(async move {
            loop {
                let mut once = request.try_clone().expect("a body of bytes is cloned");
                let number = self.taken.fetch_add(1, Ordering::Relaxed);
                let token = format!("Bearer {number}").parse().expect("a header");
                once.headers_mut().insert("authorization", token);
                let answer = next.send(once).await?;
                if answer.status() != 401 || !operation.is_read() || number > 3 {
                    return Ok(answer);
                }
            }
        })
    }
}

#[tokio::test]
async fn a_hook_adds_a_token_and_may_send_again() {
    let server = Server::start().await;
    let client = Client::builder().server("api", &server.address).hook(Arc::new(Token::default())).build().unwrap();
    server.answer(Reply::new(401, "{}"));
    server.answer(Reply::new(200, "{\"countries\":[{\"isoCountryCode\":\"SE\"}]}"));
    assert_eq!(countries(&client).await.unwrap().countries.len(), 1);
    let requests = server.requests();
    let tokens: Vec<_> = requests.iter().map(|request| request.header("authorization").unwrap()).collect();
    assert_eq!(tokens, ["Bearer 0", "Bearer 1"]);
    assert_eq!(requests[0].header("x-request-id"), requests[1].header("x-request-id"));
}

struct Refuses;

impl Hook for Refuses {
    fn around<'a>(&'a self, operation: &'static Operation, _: reqwest::Request, _: Next<'a>) -> HookFuture<'a> {
        let reason = std::io::Error::other("no token");
        Box::pin(async move { Err(Error::from_hook(operation, reason)) })
    }
}

#[tokio::test]
async fn a_hook_may_refuse_and_its_reason_is_the_cause() {
    let server = Server::start().await;
    let client = Client::builder().server("api", &server.address).hook(Arc::new(Refuses)).build().unwrap();
    let error = countries(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.operation().unwrap().id), (Kind::Hook, "getCountriesList"));
    assert_eq!(error.source().unwrap().to_string(), "no token");
    assert!(error.is_unsent() && server.requests().is_empty());
}

/// Sends as often as it is told to, and is not content with any answer.
struct Sends(usize);

impl Hook for Sends {
    fn around<'a>(&'a self, operation: &'static Operation, asked: reqwest::Request, next: Next<'a>) -> HookFuture<'a> {
        Box::pin(async move {
            for _ in 0..self.0 {
                let request = asked.try_clone().unwrap();
                // Given up as soon as it is on its way: nobody saw how it ended.
                let _ = tokio::time::timeout(Duration::ZERO, next.send(request)).await;
            }
            Err(Error::from_hook(operation, std::io::Error::other("no luck")))
        })
    }
}

#[tokio::test]
async fn what_a_hook_may_have_sent_is_not_certain_to_be_unsent() {
    let server = Server::start().await;
    for (times, unsent) in [(0, true), (1, false), (2, false)] {
        let hook = Arc::new(Sends(times));
        let client = Client::builder().server("api", &server.address).hook(hook).build().unwrap();
        let error = countries(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.is_unsent()), (Kind::Hook, unsent), "{times}");
    }
}

#[test]
fn calls_clients_and_errors_go_to_other_threads() {
    fn goes<T: Send>(_: &T) {}
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Client>();
    shared::<Error>();
    shared::<Bytes>();
    // That futures of all operations are `Send` is what the table of calls compiles with; here is the plainest.
    let client = Client::new("http://127.0.0.1:1").unwrap();
    goes(&client.get_countries_list(None));
}

#[test]
fn a_client_that_cannot_work_is_not_built() {
    for (name, address) in [("api", "no address"), ("api", "ftp://x"), ("other", "http://x"), ("api", "http://x?a=b")] {
        let error = Client::builder().server(name, address).build().unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration, "{address}");
        assert_eq!(error.invalid().unwrap().field(), name);
    }
}

#[tokio::test]
async fn a_client_without_an_address_says_which_is_missing() {
    let error = countries(&Client::builder().build().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.invalid().unwrap().field()), (Kind::Invalid, "api"));
}

#[tokio::test]
async fn a_clone_with_other_headers_leaves_the_first_as_it_was() {
    let (server, client) = server_and_client().await;
    let headers = RequestHeaders::builder().x_request_id(ID).build().unwrap();
    let mine = client.with_headers(headers).with_header("X-Feature-Flags", "a").unwrap();
    for client in [&mine, &client] {
        server.answer(Reply::new(200, "{}"));
        countries(client).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests[0].header("x-request-id"), Some(ID));
    assert_eq!(requests[0].header("x-feature-flags"), Some("a"));
    assert_ne!(requests[1].header("x-request-id"), Some(ID));
    assert_eq!(requests[1].header("x-feature-flags"), None);
}

#[tokio::test]
async fn a_header_that_no_header_can_be_is_refused_by_its_name() {
    let (server, client) = server_and_client().await;
    assert_eq!(client.with_header("X-A", "a\r\nX-B: c").unwrap_err().field(), "X-A");
    assert!(client.with_header("not a name", "x").is_err());
    let headers = RequestHeaders::builder().x_bic_fi("ESSESESS").psu_user_agent("a\nb").build().unwrap();
    let call = client.with_headers(headers).delete_consent(&"c".parse().unwrap()).await;
    assert_eq!(call.unwrap_err().invalid().unwrap().field(), "PSU-User-Agent");
    assert!(server.requests().is_empty());
}

//! The last leg of an OAuth redirect, as it is on the wire.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{Act, Host, Request, answer, builder, token};
use opp_ergonomic::sca::{Callback, Device, Ending, Flow, Standing, Step, Subject};
use opp_ergonomic::{Bank, CodeExchange, Outcome, PaymentKey, PaymentProduct, PaymentService, Psu, Session};

const BACK: &str = "https://shop.example/back?shop=7";

/// A bank whose users sign as soon as they are sent to it; what comes of the code is given.
fn bank(request: &Request, exchanged: &Act) -> Act {
    let path = request.target.as_str();
    match (request.method.as_str(), path) {
        ("POST", "/connect/token") if request.body.contains("grant_type=authorization_code") => exchanged.clone(),
        ("POST", "/connect/token") => token(1),
        ("POST", _) => answer(201, r#"{"authorisationId":"a-1","scaStatus":"received"}"#),
        ("PUT", _) => answer(
            200,
            r#"{"scaStatus":"started","_links":{"scaOAuth":{"href":"https://auth.example/?client_id=[CLIENT_ID]&redirect_uri=[TPP_REDIRECT_URI]&state=[TPP_STATE]"}}}"#,
        ),
        (_, path) if path.ends_with("/status") => {
            answer(200, r#"{"consentStatus":"valid","transactionStatus":"CANC"}"#)
        }
        _ => answer(200, r#"{"scaStatus":"finalised"}"#),
    }
}

async fn host(exchanged: Act) -> Host {
    Host::start(move |_, request| bank(request, &exchanged)).await
}

fn session(host: &Host) -> Session {
    let psu = Psu::private().id("199311219639").ip([192, 0, 2, 7].into()).user_agent("Mozilla/5.0");
    builder(&host.url, &host.url).build().unwrap().at(Bank::new("NDEASESS").unwrap(), psu).unwrap()
}

fn key() -> PaymentKey {
    PaymentKey::new(&PaymentService::Payments, &PaymentProduct::Domestic, "p-1").unwrap()
}

fn flow(session: &Session, subject: Subject) -> Flow {
    session.flow(subject, Device::Desktop).redirect(BACK).poll_every(Duration::from_millis(1))
}

/// Signs, and comes back with more in the address beside the state.
async fn sign(session: &Session, flow: Flow, more: &str) -> (Result<Ending, opp_ergonomic::Error>, Option<Ending>) {
    let mut signing = session.sign(flow).unwrap();
    let url = loop {
        match signing.next().await.unwrap() {
            Some(Step::Redirect { url, .. }) => break url,
            Some(Step::Wait { .. }) => {}
            other => panic!("{other:?}"),
        }
    };
    let state = url.expose().split_once("&state=").unwrap().1;
    signing.callback(&Callback::parse(&format!("{BACK}&state={state}{more}"))).await.unwrap();
    let ended = signing.finish(|_| {}).await;
    (ended, signing.flow().ending().cloned())
}

/// The exchanges that were made.
fn exchanges(host: &Host) -> Vec<Request> {
    host.requests().into_iter().filter(|request| request.body.contains("grant_type=authorization_code")).collect()
}

#[tokio::test]
async fn a_code_is_exchanged_under_the_headers_of_what_it_belongs_to() {
    let all = [
        (Subject::Consent("c-1".into()), ("x-consentid", "c-1"), "x-consentauthorisationid"),
        (Subject::Payment(key()), ("x-paymentid", "p-1"), "x-paymentauthorisationid"),
        (Subject::Cancellation(key()), ("x-paymentid", "p-1"), "x-paymentauthorisationid"),
    ];
    for (subject, (name, id), own) in all {
        let host = host(token(2)).await;
        let session = session(&host);
        sign(&session, flow(&session, subject), "&code=c%2F0").await.0.unwrap();
        let [exchange] = exchanges(&host).try_into().unwrap();
        assert_eq!((exchange.headers[name].as_str(), exchange.headers[own].as_str()), (id, "a-1"));
        for part in ["code=c%2F0", "redirect_uri=https%3A%2F%2Fshop.example%2Fback%3Fshop%3D7", "client_id=shop"] {
            assert!(exchange.body.split('&').any(|pair| pair == part), "{part} is not in {}", exchange.body);
        }
    }
}

#[tokio::test]
async fn every_signature_is_started_with_the_type_of_a_body() {
    for subject in [Subject::Consent("c-1".into()), Subject::Payment(key()), Subject::Cancellation(key())] {
        let host = host(token(2)).await;
        let session = session(&host);
        session.sign(flow(&session, subject.clone())).unwrap().look().await.unwrap();
        let requests = host.requests();
        let start = requests.iter().find(|it| it.method == "POST" && it.target.ends_with("authorisations")).unwrap();
        assert_eq!(start.headers.get("content-type").map(String::as_str), Some("application/json"), "{subject:?}");
        assert_eq!(start.body, "");
    }
}

#[tokio::test]
async fn a_company_is_sent_to_the_page_with_the_scope_of_companies() {
    let link = "https://auth.example/?client_id=[CLIENT_ID]&scope=accountinformation%20private&note=private\
                &redirect_uri=[TPP_REDIRECT_URI]&state=[TPP_STATE]";
    let host = Host::start(move |_, request| match (request.method.as_str(), request.target.as_str()) {
        (_, "/connect/token") => token(1),
        ("POST", _) => answer(201, r#"{"authorisationId":"a-1"}"#),
        _ => answer(200, format!(r#"{{"scaStatus":"started","_links":{{"scaOAuth":"{link}"}}}}"#)),
    })
    .await;
    let client = builder(&host.url, &host.url).build().unwrap();
    for (psu, scope) in [(Psu::private(), "private"), (Psu::corporate("5566778899"), "corporate")] {
        let psu = psu.id("199311219639").ip([192, 0, 2, 7].into()).user_agent("Mozilla/5.0");
        let session = client.at(Bank::new("NDEASESS").unwrap(), psu).unwrap();
        let mut signing = session.sign(flow(&session, Subject::Consent("c-1".into()))).unwrap();
        let Step::Redirect { url, .. } = signing.look().await.unwrap() else { panic!("{signing:?}") };
        let scope = format!("client_id=shop&scope=accountinformation%20{scope}&note=private&redirect_uri=https");
        assert!(url.expose().contains(&scope), "{}", url.expose());
    }
}

#[tokio::test]
async fn the_scope_is_the_one_that_came_along_or_none() {
    for (more, scope) in
        [("&code=c&scope=accountinformation%20private", Some("scope=accountinformation+private")), ("&code=c", None)]
    {
        let host = host(token(2)).await;
        let session = session(&host);
        sign(&session, flow(&session, Subject::Consent("c-1".into())), more).await.0.unwrap();
        let [exchange] = exchanges(&host).try_into().unwrap();
        assert_eq!(exchange.body.split('&').find(|pair| pair.starts_with("scope=")), scope);
    }
}

#[tokio::test]
async fn headers_of_another_name_can_be_told() {
    let host = host(token(2)).await;
    let session = session(&host);
    let flow = flow(&session, Subject::Cancellation(key())).link_headers("X-Cancelled", "X-Cancellation");
    assert_eq!(sign(&session, flow, "&code=c").await.0.unwrap(), Ending::Finalised(Standing::Cancelled));
    let [exchange] = exchanges(&host).try_into().unwrap();
    assert_eq!((&*exchange.headers["x-cancelled"], &*exchange.headers["x-cancellation"]), ("p-1", "a-1"));
    assert!(!exchange.headers.contains_key("x-paymentid"));
}

#[tokio::test]
async fn a_code_is_sent_once_whatever_comes_of_it() {
    for lost in [Act::Close, answer(503, ""), answer(200, "<html>"), Act::Raw(b"nonsense".to_vec())] {
        let host = host(lost.clone()).await;
        let session = session(&host);
        let (ended, _) = sign(&session, flow(&session, Subject::Consent("c-1".into())), "&code=c").await;
        assert_eq!(ended.unwrap(), Ending::Finalised(Standing::Valid), "{lost:?}: polling tells");
        assert_eq!(exchanges(&host).len(), 1, "{lost:?}");
    }
}

#[tokio::test]
async fn a_code_that_is_refused_ends_the_flow_and_says_why() {
    let host = host(answer(400, r#"{"error":"invalid_grant"}"#)).await;
    let session = session(&host);
    let (ended, ending) = sign(&session, flow(&session, Subject::Consent("c-1".into())), "&code=c").await;
    assert_eq!(ended.unwrap_err().token().unwrap().code(), Some("invalid_grant"));
    assert!(matches!(ending, Some(Ending::Failed(failure)) if failure.code.as_deref() == Some("invalid_grant")));
}

#[tokio::test]
async fn what_became_of_a_code_is_told() {
    let ends = [
        (answer(400, r#"{"error":"invalid_grant"}"#), Outcome::Rejected),
        (answer(403, "<html>"), Outcome::Rejected),
        (answer(200, "<html>"), Outcome::Accepted),
        (answer(408, ""), Outcome::Unknown),
        (answer(503, r#"{"error":"temporarily_unavailable"}"#), Outcome::Unknown),
        (answer(302, ""), Outcome::Unknown),
        (Act::Close, Outcome::Unknown),
    ];
    for (act, outcome) in ends {
        let host = host(act.clone()).await;
        let client = builder(&host.url, &host.url).build().unwrap();
        let error = client.exchange_code(&CodeExchange::new("c-0", BACK)).await.unwrap_err();
        assert_eq!(error.outcome(), Some(outcome), "{act:?}");
        assert!(!error.is_retryable(), "{act:?}");
        assert_eq!(exchanges(&host).len(), 1, "{act:?}");
    }
}

#[tokio::test]
async fn a_code_that_never_left_can_be_sent_again() {
    let (api, nobody) = (host(token(2)).await, "http://127.0.0.1:1");
    let client = builder(nobody, &api.url).build().unwrap();
    let error = client.exchange_code(&CodeExchange::new("c-0", BACK)).await.unwrap_err();
    assert_eq!((error.outcome(), error.is_retryable()), (Some(Outcome::NotSent), true), "{error}");

    let client = builder(&api.url, &api.url).build().unwrap();
    let error = client.exchange_code(&CodeExchange::new("c-0", "no address")).await.unwrap_err();
    assert_eq!((error.outcome(), error.is_retryable()), (Some(Outcome::NotSent), false), "{error}");
    assert!(exchanges(&api).is_empty());
}

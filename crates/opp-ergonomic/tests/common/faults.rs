//! What can go wrong on the way, for any call.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use opp_ergonomic::{AccessToken, Client, Clock, RetryPolicy, Scope, SystemClock, TokenFuture, TokenProvider};

use super::{Act, Host, answer, builder, token};

/// The one in which nothing is wrong with the answers, but with the clock.
const SKEW: &str = "clock skew";

/// What goes wrong, and whether a call may go well in spite of it.
pub fn faults() -> Vec<(&'static str, Act, bool)> {
    let head = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
    };
    let odd = r#"{"consentId":7,"consentStatus":"new","transactionStatus":"NEWS","paymentId":"p","scaStatus":"odd","scaMethods":[null,7],"challengeData":[],"_links":"x","accounts":[null,"x"],"more":{}}"#;
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
        (SKEW, answer(200, odd), true),
    ]
}

/// A host on which this goes wrong, and a client of it that has little time where time is what is wasted.
pub async fn stage(fault: &str, act: Act) -> (Host, Client) {
    let api = Host::start(
        move |number, request| {
            if request.target == "/connect/token" { token(number) } else { act.clone() }
        },
    );
    let api = api.await;
    let mut retry = RetryPolicy::default();
    retry.first_pause = Duration::from_millis(1);
    let client = builder(&api.url, &api.url).retry(retry);
    let (client, deadline) = match fault {
        // All answers come at once here. Only this client asks for tokens first, which takes a busy machine a while.
        SKEW => (client.clock(Arc::new(Jumping::default())), Duration::from_secs(15)),
        _ => (client.tokens(Arc::new(Ready)).attempt_timeout(Duration::from_secs(1)), Duration::from_millis(2500)),
    };
    let client = client.build().unwrap().with_deadline(deadline);
    (api, client)
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

/// A clock that is an hour ahead, then right, then an hour behind, whenever somebody looks.
#[derive(Debug, Default)]
struct Jumping(AtomicI64);

impl Clock for Jumping {
    fn now(&self) -> DateTime<Utc> {
        let hours = self.0.fetch_add(1, Ordering::SeqCst) % 3 - 1;
        SystemClock.now() + TimeDelta::hours(hours)
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

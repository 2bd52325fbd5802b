//! Signing while the platform has its caprices: nothing is signed twice, and the end is certain.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use opp_ergonomic::sca::{Callback, Ending, Signing, Standing, Step};
use opp_ergonomic::{Clock, Session, SystemClock};
use opp_sandbox::Caprice;
use opp_tests::platform::{Platform, flow, quick, sign, until_code, until_redirect, visit};

const START: &str = "startConsentAuthorisation";
const SELECT: &str = "updateConsentsPsuData";
const POLL: &str = "getConsentScaStatus";
const SIGNED: Ending = Ending::Finalised(Standing::Valid);

async fn begin(platform: &Platform, session: &Session) -> Signing {
    session.sign(flow(session, platform.consent(session).await)).unwrap()
}

/// How often a signature was started, and a method selected.
fn writes(platform: &Platform) -> (usize, usize) {
    let seen = platform.sandbox.control().requests();
    (platform.calls("POST", "/authorisations"), seen.iter().filter(|seen| seen.method == "PUT").count())
}

#[tokio::test]
async fn a_selection_whose_answer_is_lost_is_not_repeated_since_polling_tells() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", false);
    platform.disturb(SELECT, Caprice::Reset { done: true }, 1);
    assert_eq!(sign(&session, platform.consent(&session).await, "approve").await, SIGNED);
    assert_eq!(writes(&platform), (1, 1));
}

#[tokio::test]
async fn a_selection_that_never_arrived_ends_with_the_deadline_and_not_in_a_loop() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", false);
    platform.disturb(SELECT, Caprice::Reset { done: false }, 1);
    let short = flow(&session, platform.consent(&session).await).within(Duration::from_secs(3));
    assert_eq!(session.sign(short).unwrap().finish(|_| {}).await.unwrap(), Ending::Expired);
    assert!(writes(&platform).1 <= 1);
}

#[tokio::test]
async fn a_lost_start_is_looked_up_and_made_again_only_if_nothing_came_of_it() {
    for (done, starts) in [(true, 1), (false, 2)] {
        let platform = Platform::start();
        let session = platform.session("SWEDSESS", false);
        platform.disturb(START, Caprice::Reset { done }, 1);
        assert_eq!(sign(&session, platform.consent(&session).await, "approve").await, SIGNED);
        assert_eq!(writes(&platform), (starts, 1));
    }
}

#[tokio::test]
async fn a_bank_that_cannot_say_what_came_of_a_start_is_asked_now_and_then() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", false);
    platform.disturb(START, Caprice::Reset { done: false }, 1);
    platform.disturb("getConsentAuthorisation", "html-error=503".parse().unwrap(), 10_000);
    let slow = flow(&session, platform.consent(&session).await).poll_every(Duration::from_secs(1));
    let mut signing = session.sign(slow).unwrap();
    tokio::time::timeout(Duration::from_millis(2500), signing.finish(|_| {})).await.unwrap_err();
    let asked = platform.calls("GET", "/authorisations");
    assert!((1..=9).contains(&asked), "{asked} times in two seconds and a half");
    signing.look().await.unwrap();
    let more = platform.calls("GET", "/authorisations") - asked;
    assert!((1..=3).contains(&more), "{more} times in one look");
    assert_eq!(writes(&platform), (1, 0));
}

#[tokio::test]
async fn a_future_that_is_dropped_in_the_middle_of_a_write_repeats_nothing() {
    for operation in [START, SELECT] {
        let platform = Platform::start();
        let session = platform.session("ESSESESS", false);
        platform.disturb(operation, Caprice::Latency(Duration::from_secs(1)), 1);
        let mut signing = begin(&platform, &session).await;
        let hurried = tokio::time::timeout(Duration::from_millis(500), async {
            while !matches!(signing.next().await.unwrap(), Some(Step::ShowQr { .. })) {}
        });
        hurried.await.unwrap_err();
        assert_eq!(signing.finish(|_| {}).await.unwrap(), SIGNED, "{operation}");
        assert_eq!(writes(&platform), (1, 1), "{operation}");
    }
}

#[tokio::test]
async fn a_refused_write_is_told_and_the_flow_goes_on_if_it_was_not_about_it() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", false);
    platform.disturb(SELECT, Caprice::RateLimit { retry_after: Some(1) }, 1);
    let mut signing = begin(&platform, &session).await;
    let busy = signing.finish(|_| {}).await.unwrap_err();
    assert!(busy.is_rate_limited(), "{busy}");
    assert_eq!(busy.retry_after(), Some(Duration::from_secs(1)));
    platform.disturb(SELECT, Caprice::TokenExpired, 1);
    signing.finish(|_| {}).await.unwrap_err();
    assert_eq!(signing.finish(|_| {}).await.unwrap(), SIGNED);
}

#[tokio::test]
async fn polls_that_fail_are_made_again() {
    let (reset, half) = (Caprice::Reset { done: true }, Caprice::TruncatedBody(None));
    for (caprice, times) in [(reset, 3), (half, 3), (Caprice::TokenExpired, 1)] {
        let platform = Platform::start();
        let session = platform.session("SWEDSESS", false);
        platform.disturb(POLL, caprice.clone(), times);
        assert_eq!(sign(&session, platform.consent(&session).await, "approve").await, SIGNED, "{caprice}");
    }
}

#[tokio::test]
async fn polls_that_are_too_many_pause_for_as_long_as_is_asked() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", false);
    platform.disturb(POLL, Caprice::RateLimit { retry_after: Some(1) }, 2);
    let began = Instant::now();
    assert_eq!(sign(&session, platform.consent(&session).await, "approve").await, SIGNED);
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_challenge_that_is_late_is_shown_when_it_comes() {
    let platform = Platform::attended();
    let session = platform.session("ESSESESS", false);
    platform.disturb(SELECT, Caprice::LateChallenge(1), 1);
    platform.disturb(POLL, Caprice::LateChallenge(3), 100);
    let mut signing = begin(&platform, &session).await;
    platform.phone().approve(&until_code(&mut signing).await).await;
    assert_eq!(signing.finish(|_| {}).await.unwrap(), SIGNED);
}

#[tokio::test]
async fn links_of_any_kind_lead_nowhere_else() {
    for caprice in [Caprice::StringLinks, Caprice::AbsoluteLinks, Caprice::ForeignLinks] {
        for redirect in [false, true] {
            let platform = Platform::start();
            let session = platform.session("SWEDSESS", redirect);
            let rule = opp_sandbox::Rule { caprices: vec![caprice.clone()], ..Default::default() };
            platform.sandbox.control().add_caprice(rule);
            let mut signing = begin(&platform, &session).await;
            if redirect {
                let url = until_redirect(&mut signing).await;
                // Where the bank's own page is elsewhere the user has to go there; we never do.
                let ours = url.starts_with(platform.sandbox.auth_url());
                assert!(ours || url.starts_with("https://api.elsewhere.example/"), "{caprice}: {url}");
                if !ours {
                    continue;
                }
                let callback = Callback::parse(&visit(&url, "approve").await);
                signing.callback(&callback).await.unwrap();
            }
            assert_eq!(signing.finish(|_| {}).await.unwrap(), SIGNED, "{caprice}, redirect {redirect}");
        }
    }
}

#[tokio::test]
async fn words_and_fields_that_nobody_knows_disturb_nothing() {
    let platform = Platform::start();
    let session = platform.session("NDEASESS", false);
    let mut signing = begin(&platform, &session).await;
    platform.disturb(START, Caprice::UnknownFields, 1);
    platform.disturb(SELECT, Caprice::UnknownFields, 1);
    platform.disturb(POLL, Caprice::UnknownValues, 2);
    assert_eq!(signing.finish(|_| {}).await.unwrap(), SIGNED);
}

#[tokio::test]
async fn what_is_called_off_asks_nobody_any_more() {
    let platform = Platform::attended();
    let session = platform.session("ESSESESS", false);
    let mut signing = begin(&platform, &session).await;
    until_code(&mut signing).await;
    signing.cancel().await.unwrap();
    let asked = platform.sandbox.control().requests().len();
    assert_eq!(signing.finish(|_| {}).await.unwrap(), Ending::Cancelled);
    assert_eq!(signing.next().await.unwrap(), None);
    assert_eq!(platform.sandbox.control().requests().len(), asked);
}

/// A clock that is off, and can be set.
#[derive(Debug, Default)]
struct Skewed(AtomicI64);

impl Clock for Skewed {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off_and_jumps_by_an_hour_ends_nothing_early() {
    for hour in [-3600, 3600] {
        let clock = Arc::new(Skewed(AtomicI64::new(hour)));
        let attended = opp_sandbox::Config { person_after: None, ..quick() };
        let platform = Platform::with(attended, |client| client.clock(Arc::clone(&clock) as _));
        let session = platform.session("ESSESESS", false);
        let mut signing = begin(&platform, &session).await;
        let code = until_code(&mut signing).await;
        clock.0.store(-hour, Ordering::SeqCst);
        let deadline = signing.flow().deadline();
        platform.phone().approve(&code).await;
        assert_eq!(signing.finish(|_| {}).await.unwrap(), SIGNED, "{hour}");
        assert_eq!(signing.flow().deadline(), deadline);
    }
}

//! The directory with a memory: how often the platform is asked, and who waits for whom.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Act, Host, TestClock, answer, builder};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use opp_ergonomic::{BankEntry, Directory, DirectoryFilter, Error, RetryPolicy};

const BANKS: &str = r#"{"aspsps":[{"bicFi":"ESSESESS","name":"SEB "}]}"#;
const BANK: &str = r#"{"bicFi":"ESSESESS"}"#;

/// A directory of this platform, which is asked once for each try.
async fn directory(api: &Host) -> Directory {
    let auth = Host::tokens().await;
    let client = builder(&auth.url, &api.url).retry(RetryPolicy::never()).build().unwrap();
    client.banks().cached(Duration::from_mins(1))
}

async fn list(directory: &Directory) -> Result<Arc<[BankEntry]>, Error> {
    directory.list(&DirectoryFilter::all()).await
}

async fn list_often(directory: &Directory, callers: usize) -> Vec<Result<Arc<[BankEntry]>, Error>> {
    let spawn = |directory: Directory| tokio::spawn(async move { list(&directory).await });
    let callers = join_all((0..callers).map(|_| spawn(directory.clone()))).await;
    callers.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn the_directory_remembers_and_outlives_an_outage() {
    let auth = Host::tokens().await;
    let api = Host::start(|number, _| if number == 1 { answer(200, BANKS) } else { answer(503, "") }).await;
    let clock = TestClock::new();
    let client = builder(&auth.url, &api.url).clock(clock.clone()).retry(RetryPolicy::never()).build().unwrap();
    let directory = client.banks().cached(Duration::from_mins(1));
    for _ in 0..3 {
        assert_eq!(directory.list(&DirectoryFilter::all()).await.unwrap()[0].name(), Some("SEB"));
    }
    assert_eq!(api.count(), 1);
    // While the platform is away it is asked now and then, and nobody else waits for it to fail.
    for (seconds, asked) in [(61, 2), (0, 2), (29, 2), (1, 3), (0, 3)] {
        clock.pass(seconds);
        assert_eq!(directory.list(&DirectoryFilter::all()).await.unwrap().len(), 1);
        assert_eq!(api.count(), asked);
    }
}

#[tokio::test]
async fn whatever_is_asked_for_the_memory_has_an_end() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(200, BANKS)).await);
    let clock = TestClock::new();
    let client = builder(&auth.url, &api.url).clock(clock.clone()).build().unwrap();
    let directory = client.banks().cached(Duration::from_hours(1));
    let city = |id: usize| DirectoryFilter::all().city(&id.to_string());
    for id in 0..1_001 {
        directory.list(&city(id)).await.unwrap();
        clock.pass(1);
    }
    for (id, asked) in [(1_000, 1_001), (1, 1_001), (0, 1_002), (2, 1_002), (1, 1_003)] {
        directory.list(&city(id)).await.unwrap();
        assert_eq!(api.count(), asked, "{id}");
    }
}

#[tokio::test]
async fn payment_products_are_found_under_their_old_name_too() {
    for (name, products) in [("globalPaymentProducts", 1), ("paymentProducts", 1), ("somethingElse", 0)] {
        let api =
            Host::start(move |_, _| answer(200, format!(r#"{{"bicFi":"ESSESESS","{name}":["domestic"]}}"#))).await;
        let details = directory(&api).await.details("ESSESESS").await.unwrap();
        assert_eq!(details.payment_products().len(), products, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_callers_make_one_request() {
    let api = Host::start(|_, _| answer(200, BANKS).after(Duration::from_millis(300))).await;
    let lists = list_often(&directory(&api).await, 100).await;
    assert!(lists.iter().all(|list| list.as_ref().unwrap()[0].bic() == Some("ESSESESS")));
    assert_eq!(api.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_callers_without_a_platform_make_one_request_and_fail_alike() {
    for down in [Act::Close, answer(503, "busy"), answer(403, "")] {
        let act = down.clone();
        let api = Host::start(move |_, _| act.clone().after(Duration::from_millis(500))).await;
        let directory = directory(&api).await;
        // How long one failure takes, with the token that it needs.
        let start = Instant::now();
        let alone = list(&directory).await.unwrap_err();
        let one = start.elapsed();

        let start = Instant::now();
        let failures = list_often(&directory, 100).await;
        let all = start.elapsed();
        assert_eq!(api.count(), 2, "{down:?}");
        assert!(all < one * 2, "{all:?} against {one:?} for one");
        let id = failures[0].as_ref().unwrap_err().request_id().unwrap();
        for failure in &failures {
            let error = failure.as_ref().unwrap_err();
            assert_eq!((error.status(), error.is_retryable()), (alone.status(), alone.is_retryable()), "{error}");
            assert_eq!((error.operation(), error.request_id()), (Some("getASPSPList"), Some(id)), "{error}");
        }
        // A failure is no answer to whoever comes later.
        list(&directory).await.unwrap_err();
        assert_eq!(api.count(), 3, "{down:?}");
    }
}

#[tokio::test]
async fn a_caller_who_leaves_strands_nobody() {
    let api = Host::start(|_, _| answer(200, BANKS).after(Duration::from_millis(100))).await;
    let directory = directory(&api).await;
    let mut leader = Box::pin(list(&directory));
    assert!((&mut leader).now_or_never().is_none());
    let mut followers = Box::pin(join_all((0..50).map(|_| list(&directory))));
    assert!((&mut followers).now_or_never().is_none());
    drop(leader);
    let lists = tokio::time::timeout(Duration::from_secs(5), followers).await.unwrap();
    assert!(lists.iter().all(|list| list.as_ref().unwrap().len() == 1));
    assert_eq!(api.count(), 1);
}

#[tokio::test]
async fn when_all_have_left_the_next_one_asks_anew() {
    let api = Host::start(|number, _| if number == 1 { Act::Hang } else { answer(200, BANKS) }).await;
    let directory = directory(&api).await;
    let mut left = Box::pin(list(&directory));
    while api.count() == 0 {
        tokio::select! {
            _ = &mut left => unreachable!("the platform is silent"),
            () = tokio::task::yield_now() => {}
        }
    }
    drop(left);
    assert_eq!(list(&directory).await.unwrap().len(), 1);
    assert_eq!(api.count(), 2);
}

#[tokio::test]
async fn nobody_waits_for_an_entry_that_is_another_one() {
    let silent = "/psd2/aspspinformation/v1/aspsps/HANDSESS";
    let api = Host::start(move |_, request| if request.target == silent { Act::Hang } else { answer(200, BANK) }).await;
    let directory = directory(&api).await;
    let mut waits = Box::pin(directory.details("HANDSESS"));
    assert!((&mut waits).now_or_never().is_none());
    let other = tokio::time::timeout(Duration::from_secs(5), directory.details("ESSESESS")).await.unwrap();
    assert_eq!(other.unwrap().bic(), Some("ESSESESS"));
    assert!((&mut waits).now_or_never().is_none());
}

#[tokio::test]
async fn an_outage_is_not_remembered_and_the_next_caller_gets_the_fresh_answer() {
    const COUNTRIES: &str = r#"{"countries":[{"isoCountryCode":"SE","name":"Sweden"}]}"#;
    for down in [Act::Close, answer(503, "busy"), answer(404, ""), answer(200, "<html>")] {
        let (failing, asked) = (Arc::new(AtomicBool::new(true)), down.clone());
        let fails = Arc::clone(&failing);
        let api = Host::start(move |_, request| match request.target.rsplit('/').next() {
            _ if fails.load(Ordering::SeqCst) => asked.clone(),
            Some("aspsps") => answer(200, BANKS),
            Some("countries") => answer(200, COUNTRIES),
            _ => answer(200, BANK),
        })
        .await;
        let directory = directory(&api).await;
        list(&directory).await.unwrap_err();
        directory.details("ESSESESS").await.unwrap_err();
        directory.countries().await.unwrap_err();
        failing.store(false, Ordering::SeqCst);
        // The second of the callers gets from memory what the first was answered.
        for _ in 0..2 {
            assert_eq!(list(&directory).await.unwrap()[0].bic(), Some("ESSESESS"), "{down:?}");
            assert_eq!(directory.details("ESSESESS").await.unwrap().bic(), Some("ESSESESS"), "{down:?}");
            assert_eq!(directory.countries().await.unwrap()[0].code(), Some("SE"), "{down:?}");
        }
        assert_eq!(api.count(), 6, "{down:?}: each was asked for once in vain and once more");
    }
}

#[tokio::test]
async fn a_failure_is_not_held_against_an_entry_that_was_old_already() {
    let auth = Host::tokens().await;
    // Not an outage, but a refusal: the old entry does not stand in for it.
    let api = Host::start(|number, _| if number == 2 { answer(403, "") } else { answer(200, BANKS) }).await;
    let clock = TestClock::new();
    let client = builder(&auth.url, &api.url).clock(clock.clone()).retry(RetryPolicy::never()).build().unwrap();
    let directory = client.banks().cached(Duration::from_mins(1));
    list(&directory).await.unwrap();
    clock.pass(61);
    assert_eq!(list(&directory).await.unwrap_err().status(), Some(403));
    assert_eq!(list(&directory).await.unwrap().len(), 1);
    assert_eq!(api.count(), 3);
}

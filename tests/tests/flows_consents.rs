//! Consents signed against the simulated platform: every bank, both approaches, and whatever users do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;

use opp_ergonomic::sca::{Callback, Ending, Standing, Step, Ticket};
use opp_ergonomic::store::FileStore;
use opp_ergonomic::{Bank, Error};
use opp_tests::platform::{
    BACK, BANKS, PERSON, Platform, at, builder, flow, psu, quick, sign, until_code, until_redirect, visit,
};

#[tokio::test]
async fn a_consent_is_signed_at_every_bank_and_in_both_ways() {
    let platform = Platform::start();
    for bank in BANKS {
        for redirect in [true, false] {
            let session = platform.session(bank, redirect);
            let ending = sign(&session, platform.consent(&session).await, "approve").await;
            assert_eq!(ending, Ending::Finalised(Standing::Valid), "{bank}, redirect {redirect}");
        }
    }
}

#[tokio::test]
async fn both_rounds_of_swedsess_are_shown_in_a_plain_loop() {
    // So slow that no round is over before it was seen.
    let slow = opp_sandbox::Config { person_after: Some(std::time::Duration::from_secs(1)), ..quick() };
    let platform = Platform::with(slow, |client| client);
    let session = platform.session("SWEDSESS", false);
    let subject = platform.consent(&session).await;
    let mut codes = Vec::new();
    let mut signing = session.sign(flow(&session, subject)).unwrap();
    let ending = signing.finish(|step| {
        if let Step::ShowQr { payload, .. } = step {
            codes.push(payload.expose().to_owned());
        }
    });
    assert_eq!(ending.await.unwrap(), Ending::Finalised(Standing::Valid));
    codes.dedup();
    assert!(codes.len() >= 2, "two rounds have a code each: {codes:?}");
}

#[tokio::test]
async fn the_steps_of_handsess_are_a_stream_that_ends() {
    use futures_util::StreamExt as _;
    let platform = Platform::start();
    let session = platform.session("HANDSESS", false);
    let subject = platform.consent(&session).await;
    let mut signing = session.sign(flow(&session, subject)).unwrap();
    let steps: Vec<_> = signing.steps().collect().await;
    assert!(matches!(steps.last(), Some(Ok(Step::Done(Ending::Finalised(Standing::Valid))))), "{steps:?}");
}

#[tokio::test]
async fn each_test_person_ends_as_documented() {
    let platform = Platform::start();
    let ends = async |person: &str| {
        let session = platform.session_of(person, "ESSESESS", false);
        sign(&session, platform.consent(&session).await, "approve").await
    };
    assert_eq!(ends("99990101000").await, Ending::Finalised(Standing::Valid));
    assert_eq!(ends("99990101002").await, Ending::Finalised(Standing::NeedsMoreSigners));
    assert_eq!(ends("99990109002").await, Ending::Exempted(Standing::Valid));
    let Ending::Failed(declined) = ends("99990109001").await else { panic!("declining is a failure") };
    assert!(declined.may_try_again(), "{declined:?}");
    let Ending::Failed(without) = ends("99990101005").await else { panic!("no BankID is a failure") };
    assert_eq!((without.code.as_deref(), without.may_try_again()), (Some("BANKID_NOT_ACTIVATED"), false));
}

#[tokio::test]
async fn a_user_who_takes_too_long_is_told_so_by_the_bank_or_by_the_deadline() {
    let platform = Platform::start();
    let session = platform.session_of("99990101004", "ESSESESS", false);
    let mut signing = session.sign(flow(&session, platform.consent(&session).await)).unwrap();
    until_code(&mut signing).await;
    platform.sandbox.control().advance(std::time::Duration::from_mins(10));
    let Ending::Failed(failure) = signing.finish(|_| {}).await.unwrap() else { panic!("the bank says so") };
    assert_eq!(failure.code.as_deref(), Some("AUTHENTICATION_SESSION_EXPIRED"));

    let attended = Platform::attended();
    let session = attended.session("NDEASESS", true);
    let short = flow(&session, attended.consent(&session).await).within(std::time::Duration::from_millis(300));
    assert_eq!(session.sign(short).unwrap().finish(|_| {}).await.unwrap(), Ending::Expired);
}

#[tokio::test]
async fn a_user_who_says_no_is_heard() {
    let platform = Platform::attended();
    let session = platform.session("NDEASESS", true);
    let at_bank = sign(&session, platform.consent(&session).await, "deny").await;
    assert!(matches!(at_bank, Ending::Failed(failure) if failure.code.as_deref() == Some("access_denied")));

    let session = platform.session("ESSESESS", false);
    let mut signing = session.sign(flow(&session, platform.consent(&session).await)).unwrap();
    platform.phone().reject(&until_code(&mut signing).await).await;
    let Ending::Failed(failure) = signing.finish(|_| {}).await.unwrap() else { panic!("declining is a failure") };
    assert_eq!(failure.code.as_deref(), Some("USER_CANCEL"));
}

#[tokio::test]
async fn a_flow_goes_on_only_at_its_own_bank() {
    let platform = Platform::start();
    let own = platform.session("HANDSESS", false);
    let flow = flow(&own, platform.consent(&own).await);
    let refusal = platform.session("ESSESESS", false).sign(flow).unwrap_err();
    assert_eq!(refusal.invalid().unwrap().field(), "bank");
}

/// A web server: whatever it knows beside the store is gone after each request.
async fn request(platform: &Platform, store: &FileStore, ticket: &str) -> Step {
    let client = builder(&platform.sandbox).store(Arc::new(store.clone())).build().unwrap();
    let kept = client.resume(&Ticket::new(ticket)).await.unwrap();
    kept.sign(psu(PERSON)).unwrap().look().await.unwrap()
}

#[tokio::test]
async fn a_web_server_that_restarts_between_all_requests_polls_to_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let attended = opp_sandbox::Config { person_after: None, ..quick() };
    let platform = Platform::with(attended, |client| client.store(Arc::new(store.clone())));
    let session = platform.session("SWEDSESS", false);
    let flow = flow(&session, platform.consent(&session).await).prefer(&["mbid"]);
    let mut signing = session.sign(flow).unwrap();
    let ticket = signing.keep().await.unwrap().expose().to_owned();
    let mut step = signing.look().await.unwrap();
    drop(signing);
    let mut codes = Vec::new();
    while !matches!(step, Step::Done(_)) {
        if let Step::ShowQr { payload, .. } = &step
            && codes.last() != Some(payload)
        {
            platform.phone().approve(payload.expose()).await;
            codes.push(payload.clone());
        }
        step = request(&platform, &store, &ticket).await;
    }
    assert_eq!((step, codes.len()), (Step::Done(Ending::Finalised(Standing::Valid)), 2));
    assert_eq!(platform.calls("POST", "/authorisations"), 1);
    assert_eq!(platform.sandbox.control().requests().iter().filter(|seen| seen.method == "PUT").count(), 1);
    let again = request(&platform, &store, &ticket).await;
    assert_eq!(again, Step::Done(Ending::Finalised(Standing::Valid)), "who asks later is told too");
}

#[tokio::test]
async fn a_callback_finds_its_flow_after_a_restart_and_counts_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let platform = Platform::with(quick(), |client| client.store(Arc::new(store.clone())));
    let session = platform.session("ESSESESS", true);
    let mut signing = session.sign(flow(&session, platform.consent(&session).await).with_label("order 7")).unwrap();
    let ticket = signing.keep().await.unwrap();
    let callback = Callback::parse(&visit(&until_redirect(&mut signing).await, "approve").await);
    assert!(callback.has_code());
    drop((signing, session));

    let client = builder(&platform.sandbox).store(Arc::new(store)).build().unwrap();
    let returned = client.returned(&callback).await.unwrap();
    assert_eq!(returned.flow().label(), Some("order 7"));
    let ending = returned.sign(psu(PERSON)).unwrap().finish(|_| {}).await.unwrap();
    assert_eq!(ending, Ending::Finalised(Standing::Valid));

    let told = |error: Error| (error.is_not_found(), error.to_string());
    let used = told(client.returned(&callback).await.unwrap_err());
    let invented = told(client.returned(&Callback::parse(&format!("{BACK}&state=0&code=1"))).await.unwrap_err());
    let missing = told(client.returned(&Callback::parse(BACK)).await.unwrap_err());
    assert!(used.0 && used == invented && used == missing, "{used:?}, {invented:?}, {missing:?}");
    assert_eq!(client.resume(&ticket).await.unwrap().flow().ending(), Some(&ending));
}

/// All that is in a directory, as text.
fn contents(directory: &std::path::Path) -> String {
    let files = std::fs::read_dir(directory).unwrap();
    files.map(|file| String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned()).collect()
}

#[tokio::test]
async fn what_lies_in_the_store_has_no_secret_in_clear() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(FileStore::open(directory.path()).unwrap());
    let attended = opp_sandbox::Config { person_after: None, ..quick() };
    let platform = Platform::with(attended, |client| client.store(store));
    let mut secrets = vec![PERSON.to_owned(), "192.0.2.7".to_owned()];

    let session = platform.session("SWEDSESS", false);
    let mut shown = session.sign(flow(&session, platform.consent(&session).await)).unwrap();
    secrets.push(shown.keep().await.unwrap().expose().to_owned());
    secrets.push(until_code(&mut shown).await);

    let session = platform.session("ESSESESS", true);
    let subject = platform.consent(&session).await;
    let mut away = session.sign(flow(&session, subject.clone())).unwrap();
    secrets.push(away.keep().await.unwrap().expose().to_owned());
    let address = visit(&until_redirect(&mut away).await, "approve").await;
    let seen = contents(directory.path());
    let callback = Callback::parse(&address);
    away.callback(&callback).await.unwrap();
    let seen = seen + &contents(directory.path());
    away.finish(|_| {}).await.unwrap();
    let seen = seen + &contents(directory.path());

    let query = address.split_once("callback?").unwrap().1;
    let values = query.split('&').filter_map(|pair| pair.strip_prefix("state=").or(pair.strip_prefix("code=")));
    secrets.extend(values.map(str::to_owned));
    assert_eq!(secrets.len(), 7, "a state and a code came back: {address}");
    let dump = platform.sandbox.control().dump().unwrap();
    let tokens = dump["state"]["tokens"].as_array().unwrap();
    secrets.extend(tokens.iter().map(|token| token[0].as_str().unwrap().to_owned()));
    assert!(secrets.len() > 7, "there are tokens");
    for secret in secrets {
        assert!(!seen.contains(&secret), "{secret} lies there");
    }
    let opp_ergonomic::sca::Subject::Consent(id) = subject else { panic!("it is a consent") };
    assert!(seen.contains(&id), "ids lie there in clear");
}

#[tokio::test]
async fn of_many_that_come_back_with_the_same_callback_one_goes_on() {
    let platform = Platform::start();
    let session = platform.session("OKOYFIHH", true);
    let mut signing = session.sign(flow(&session, platform.consent(&session).await)).unwrap();
    signing.keep().await.unwrap();
    let callback = Callback::parse(&visit(&until_redirect(&mut signing).await, "approve").await);
    let all = futures_util::future::join_all((0..16).map(|_| platform.client.returned(&callback))).await;
    assert_eq!(all.iter().filter(|returned| returned.is_ok()).count(), 1);
}

#[tokio::test]
async fn many_replicas_that_look_at_once_send_each_write_once_and_end_alike() {
    let platform = Platform::start();
    let session = platform.session("ESSESESS", false);
    let mut signing = session.sign(flow(&session, platform.consent(&session).await)).unwrap();
    let ticket = signing.keep().await.unwrap();
    let mut replicas = Vec::new();
    for _ in 0..8 {
        let kept = platform.client.resume(&ticket).await.unwrap();
        replicas.push(kept.sign(psu(PERSON)).unwrap());
    }
    // All of them have seen that nothing is begun yet.
    let endings = replicas.iter_mut().map(async |replica| replica.finish(|_| {}).await.unwrap());
    let endings = futures_util::future::join_all(endings).await;
    assert!(endings.iter().all(|ending| *ending == Ending::Finalised(Standing::Valid)), "{endings:?}");
    assert_eq!(platform.calls("POST", "/authorisations"), 1);
    assert_eq!(platform.sandbox.control().requests().iter().filter(|seen| seen.method == "PUT").count(), 1);
}

#[tokio::test]
async fn what_one_replica_calls_off_is_over_for_all() {
    let platform = Platform::attended();
    let session = platform.session("ESSESESS", false);
    let mut signing = session.sign(flow(&session, platform.consent(&session).await)).unwrap();
    let ticket = signing.keep().await.unwrap();
    until_code(&mut signing).await;
    let kept = platform.client.resume(&ticket).await.unwrap();
    kept.sign(psu(PERSON)).unwrap().cancel().await.unwrap();
    assert_eq!(signing.finish(|_| {}).await.unwrap(), Ending::Cancelled);
    assert!(platform.client.resume(&Ticket::new("invented")).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn whoever_goes_on_has_to_be_sound_like_whoever_began() {
    let platform = Platform::start();
    let session = platform.session("HANDSESS", false);
    let mut signing = session.sign(flow(&session, platform.consent(&session).await)).unwrap();
    let ticket = signing.keep().await.unwrap();
    assert_eq!(signing.keep().await.unwrap_err().invalid().unwrap().field(), "flow", "it is kept once");
    let kept = platform.client.resume(&ticket).await.unwrap();
    let bank: &Bank = kept.flow().bank();
    assert_eq!(*bank, at("HANDSESS", false));
    let refusal = kept.sign(psu("")).unwrap_err();
    assert_eq!(refusal.invalid().unwrap().field(), "PSU-ID");
}

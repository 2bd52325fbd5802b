//! The machine, told what banks say.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::services::{PaymentProduct, PaymentService};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn flow(subject: Subject) -> Flow {
    let bank = Bank::new("ESSESESS").unwrap();
    Flow::new(subject, bank, Device::Desktop, at(0)).redirect("client", "https://shop.example/back")
}

fn consent() -> Flow {
    flow(Subject::Consent("c-1".to_owned()))
}

fn key() -> PaymentKey {
    PaymentKey::new(&PaymentService::Payments, &PaymentProduct::Domestic, "p-1").unwrap()
}

fn payment() -> Flow {
    flow(Subject::Payment(key()))
}

fn start(body: Value) -> Answer {
    Answer::Started(serde_json::from_value(body).unwrap())
}

fn select(body: Value, approach: &str) -> Answer {
    Answer::Selected(serde_json::from_value(body).unwrap(), approach.parse().ok())
}

#[allow(clippy::needless_pass_by_value, reason = "what is given is written on the spot")]
fn poll(status: &str, data: Value) -> Answer {
    Answer::Polled(serde_json::from_value(json!({"scaStatus": status, "challengeData": {"data": data}})).unwrap())
}

fn methods(ids: &[&str]) -> Answer {
    let list: Vec<_> = ids.iter().map(|id| json!({"authenticationMethodId": id})).collect();
    start(json!({"authorisationId": "a-1", "scaStatus": "received", "scaMethods": list}))
}

/// A flow that polls, BankID by token.
fn polling(mut flow: Flow) -> Flow {
    flow.answer(methods(&["mbid"]), at(1));
    assert!(matches!(flow.ask().unwrap(), Ask::Select(id) if id == "mbid"));
    flow.answer(select(json!({"scaStatus": "received"}), "DECOUPLED"), at(2));
    assert!(matches!(flow.ask().unwrap(), Ask::Poll { .. }));
    flow
}

/// A flow whose user is at the bank, with the address.
fn away(link: &str, mut flow: Flow) -> (Flow, String) {
    flow.answer(methods(&[]), at(1));
    let href = "https://auth.example/connect/authorize?client_id=[CLIENT_ID]&redirect_uri=[TPP_REDIRECT_URI]&state=[TPP_STATE]";
    let body = json!({"scaStatus": "started", "_links": {link: {"href": href}}});
    let step = flow.answer(select(body, "REDIRECT"), at(2));
    let Step::Redirect { url, .. } = step else { panic!("{step:?}") };
    let url = url.expose().to_owned();
    (flow, url)
}

fn back(url: &str, more: &str) -> Callback {
    Callback::parse(&format!("https://shop.example/back?state={}{more}", url.split_once("&state=").unwrap().1))
}

fn qr(step: &Step) -> &str {
    match step {
        Step::ShowQr { payload, .. } => payload.expose(),
        other => panic!("{other:?}"),
    }
}

fn waits_for(step: &Step) -> PromptKind {
    match step {
        Step::Wait { prompt } => prompt.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payment_at_essesess_has_two_rounds_the_second_without_a_token() {
    let mut flow = polling(payment());
    let step = flow.answer(poll("authenticationStarted", json!(["t1"])), at(3));
    assert_eq!(qr(&step), "bankid:///?autostarttoken=t1");
    assert_eq!(waits_for(&flow.answer(poll("psuAuthenticated", json!(null)), at(4))), PromptKind::Wait);
    assert_eq!(waits_for(&flow.answer(poll("started", json!([])), at(5))), PromptKind::OpenApp);
    assert_eq!(flow.progress(), (Some("started"), 2));
    flow.answer(poll("finalised", json!(null)), at(6));
    assert!(matches!(flow.ask().unwrap(), Ask::Confirm { .. }));
    let step = flow.answer(Answer::Confirmed(Resource::Payment(PaymentStatus::read("ACSC"))), at(7));
    assert_eq!(step, Step::Done(Ending::Finalised(Standing::Paid)));
}

#[test]
fn each_round_of_swedsess_shows_its_own_token() {
    let mut flow = polling(payment());
    let rounds = [
        ("authenticationStarted", "t1", PromptKind::Authenticate),
        ("authoriseCreditorAccountStarted", "t2", PromptKind::ApproveCreditor),
        ("started", "t3", PromptKind::Sign),
    ];
    for (status, token, kind) in rounds {
        let step = flow.answer(poll(status, json!(token)), at(3));
        assert_eq!(qr(&step), format!("bankid:///?autostarttoken={token}"));
        assert!(matches!(step, Step::ShowQr { prompt, .. } if prompt.kind == kind));
    }
    assert_eq!(flow.progress().1, 3);
}

#[test]
fn a_challenge_may_come_as_array_or_string_or_late_and_stays_until_the_next() {
    let mut flow = polling(consent());
    assert_eq!(waits_for(&flow.answer(poll("started", json!(null)), at(3))), PromptKind::Prepare);
    assert_eq!(qr(&flow.answer(poll("started", json!(["t1"])), at(4))), "bankid:///?autostarttoken=t1");
    assert_eq!(qr(&flow.answer(poll("started", json!("t2")), at(5))), "bankid:///?autostarttoken=t2");
    assert_eq!(qr(&flow.answer(poll("started", json!(null)), at(6))), "bankid:///?autostarttoken=t2");
}

#[test]
fn an_exempted_signature_is_a_success() {
    let mut flow = polling(consent());
    flow.answer(poll("exempted", json!(null)), at(3));
    let step = flow.answer(Answer::Confirmed(Resource::Consent(ConsentStatus::Valid)), at(4));
    let Step::Done(ending) = step else { panic!("{step:?}") };
    assert_eq!(ending, Ending::Exempted(Standing::Valid));
    assert!(ending.is_success());
}

#[test]
fn a_bank_that_finalises_at_once_goes_straight_to_the_confirmation() {
    let mut flow = consent();
    flow.answer(methods(&["mbid"]), at(1));
    flow.answer(select(json!({"scaStatus": "finalised"}), "DECOUPLED"), at(2));
    assert!(matches!(flow.ask().unwrap(), Ask::Confirm { .. }));
}

#[test]
fn a_failure_says_why_and_whether_to_try_again() {
    for (code, again) in [("USER_CANCEL", true), ("BANKID_NOT_ACTIVATED", false)] {
        let mut flow = polling(consent());
        let body =
            json!({"scaStatus": "failed", "psuMessage": "sorry", "tppMessages": [{"category": "ERROR", "code": code}]});
        flow.answer(Answer::Polled(serde_json::from_value(body).unwrap()), at(3));
        let Some(Ending::Failed(failure)) = flow.ending() else { panic!("{flow:?}") };
        assert_eq!((failure.code.as_deref(), failure.message.as_deref()), (Some(code), Some("sorry")));
        assert_eq!(failure.may_try_again(), again);
    }
}

#[test]
fn actc_is_never_paid_and_the_wait_for_more_ends() {
    let mut flow = polling(payment());
    flow.answer(poll("finalised", json!(null)), at(3));
    let mut times = 0;
    while flow.ending().is_none() {
        flow.answer(Answer::Confirmed(Resource::Payment(PaymentStatus::read("ACTC"))), at(4));
        times += 1;
    }
    assert_eq!(flow.ending(), Some(&Ending::Finalised(Standing::Open("ACTC".to_owned()))));
    assert_eq!(times, CONFIRMATIONS);
}

#[test]
fn a_sandbox_that_rests_at_acsp_ends_as_in_progress() {
    let mut flow = polling(payment());
    flow.answer(poll("finalised", json!(null)), at(3));
    flow.answer(Answer::Confirmed(Resource::Payment(PaymentStatus::read("ACSP"))), at(4));
    assert_eq!(flow.ending(), Some(&Ending::Finalised(Standing::InProgress)));
}

#[test]
fn several_signers_are_visible() {
    let patc = Resource::Payment(PaymentStatus::read("PATC"));
    let partly = Resource::Consent(ConsentStatus::PartiallyAuthorised);
    for (flow, resource) in [(payment(), patc), (consent(), partly)] {
        let mut flow = polling(flow);
        flow.answer(poll("finalised", json!(null)), at(3));
        flow.answer(Answer::Confirmed(resource), at(4));
        assert_eq!(flow.ending(), Some(&Ending::Finalised(Standing::NeedsMoreSigners)));
    }
}

#[test]
fn a_cancellation_succeeds_when_the_payment_is_cancelled() {
    let cancelled = Resource::Payment(PaymentStatus::Cancelled);
    let mut one = polling(flow(Subject::Cancellation(key())));
    one.answer(poll("finalised", json!(null)), at(3));
    one.answer(Answer::Confirmed(cancelled.clone()), at(4));
    assert_eq!(one.ending(), Some(&Ending::Finalised(Standing::Cancelled)));
    let mut other = polling(payment());
    other.answer(poll("finalised", json!(null)), at(3));
    other.answer(Answer::Confirmed(cancelled), at(4));
    assert_eq!(other.ending(), Some(&Ending::Failed(Failure::code("CANC"))));
}

#[test]
fn nobody_signing_is_expiry_and_what_was_signed_in_time_is_not() {
    let mut late = polling(consent().within(Duration::from_mins(3)));
    assert_eq!(late.answer(poll("started", json!("t")), at(180)), Step::Done(Ending::Expired));
    let mut signed = polling(consent().within(Duration::from_mins(3)));
    signed.answer(poll("finalised", json!(null)), at(180));
    assert_eq!(signed.ending().unwrap().standing(), Some(&Standing::Open(String::new())));
}

#[test]
fn a_flow_can_be_called_off_until_it_is_signed() {
    let mut flow = polling(consent());
    assert_eq!(flow.cancel(), Step::Done(Ending::Cancelled));
    assert!(matches!(flow.ask().unwrap(), Ask::Nothing));
    let mut signed = polling(consent());
    signed.answer(poll("finalised", json!(null)), at(3));
    signed.cancel();
    assert!(matches!(signed.ask().unwrap(), Ask::Confirm { .. }));
}

#[test]
fn the_user_chooses_among_methods_that_we_do_not_know() {
    let mut flow = consent();
    let step = flow.answer(methods(&["card", "sms"]), at(1));
    assert!(matches!(step, Step::ChooseMethod { methods } if methods.len() == 2));
    assert!(matches!(flow.ask().unwrap(), Ask::Choose));
    assert!(flow.choose("mbid").is_err());
    flow.choose("sms").unwrap();
    assert!(matches!(flow.ask().unwrap(), Ask::Select(id) if id == "sms"));
}

#[test]
fn a_lost_selection_is_not_repeated_but_looked_up() {
    let mut flow = consent();
    flow.answer(methods(&["mbid"]), at(1));
    flow.answer(Answer::Lost, at(2));
    assert!(matches!(flow.ask().unwrap(), Ask::Poll { .. }));
    assert_eq!(qr(&flow.answer(poll("started", json!("t")), at(3))), "bankid:///?autostarttoken=t");
}

#[test]
fn the_code_of_the_callback_is_exchanged_once_with_what_ties_it_to_the_authorisation() {
    let (mut flow, url) = away("scaOAuth", consent());
    assert!(url.contains("client_id=client&redirect_uri=https%3A%2F%2Fshop.example%2Fback&state="), "{url}");
    flow.callback(&back(&url, "&code=c0de&scope=accountinformation"), at(60)).unwrap();
    let Ask::Exchange(exchange) = flow.ask().unwrap() else { panic!("{flow:?}") };
    assert!(!format!("{exchange:?}").contains("c0de"));
    flow.answer(Answer::Exchanged, at(61));
    assert!(matches!(flow.ask().unwrap(), Ask::Poll { .. }));
}

#[test]
fn a_plain_redirect_has_nothing_to_exchange() {
    let (mut flow, url) = away("scaRedirect", payment());
    flow.callback(&back(&url, "&code=c0de"), at(60)).unwrap();
    assert!(matches!(flow.ask().unwrap(), Ask::Poll { .. }));
}

#[test]
fn a_wrong_state_changes_nothing_and_a_right_one_counts_once() {
    let (mut flow, url) = away("scaOAuth", consent());
    let before = serde_json::to_string(&flow).unwrap();
    for wrong in ["?code=c", "?code=c&state=", "?code=c&state=0000", "?error=access_denied&state=x"] {
        assert_eq!(flow.callback(&Callback::parse(wrong), at(3)), Err(CallbackError::WrongState));
    }
    assert_eq!(serde_json::to_string(&flow).unwrap(), before);
    flow.callback(&back(&url, "&code=c"), at(4)).unwrap();
    assert_eq!(flow.callback(&back(&url, "&code=other"), at(5)), Err(CallbackError::AlreadyUsed));
    assert_eq!(polling(consent()).callback(&back(&url, "&code=c"), at(5)), Err(CallbackError::NotExpected));
}

#[test]
fn a_denial_ends_the_flow_and_a_missing_code_is_looked_up() {
    let (mut flow, url) = away("scaOAuth", consent());
    flow.callback(&back(&url, "&error=access_denied"), at(3)).unwrap();
    assert_eq!(flow.ending(), Some(&Ending::Failed(Failure::code("access_denied"))));
    let (mut flow, url) = away("scaOAuth", consent());
    flow.callback(&back(&url, ""), at(3)).unwrap();
    assert!(matches!(flow.ask().unwrap(), Ask::Poll { .. }));
}

#[test]
fn the_approach_of_the_header_decides_and_where_it_is_missing_the_link() {
    let body = || json!({"scaStatus": "started", "_links": {"scaRedirect": "https://bank.example/[TPP_STATE]"}});
    for (approach, goes) in [("DECOUPLED", false), ("REDIRECT", true), ("", true)] {
        let mut flow = consent();
        flow.answer(methods(&["mbid"]), at(1));
        let step = flow.answer(select(body(), approach), at(2));
        assert_eq!(matches!(step, Step::Redirect { .. }), goes, "{approach}: {step:?}");
    }
}

#[test]
fn a_flow_goes_on_after_a_restart_without_a_secret_in_what_was_stored() {
    let (mut flow, url) = away("scaOAuth", consent());
    let state = url.split_once("&state=").unwrap().1.to_owned();
    let callback = back(&url, "&code=c0de");
    let stored = serde_json::to_string(&flow).unwrap();
    assert!(!stored.contains(&state));
    assert_eq!(flow.key(), callback.flow_key());
    let mut restored: Flow = serde_json::from_str(&stored).unwrap();
    restored.callback(&callback, at(60)).unwrap();
    assert!(matches!(restored.ask().unwrap(), Ask::Exchange(_)));
    flow.callback(&callback, at(60)).unwrap();
    assert!(!serde_json::to_string(&flow).unwrap().contains("c0de"));

    let mut shown = polling(consent());
    shown.answer(poll("started", json!("tok3n")), at(3));
    let stored = serde_json::to_string(&shown).unwrap();
    assert!(!stored.contains("tok3n"));
    let mut restored: Flow = serde_json::from_str(&stored).unwrap();
    assert_eq!(qr(&restored.answer(poll("started", json!("tok4n")), at(4))), "bankid:///?autostarttoken=tok4n");
}

fn rank(flow: &Flow) -> u32 {
    match flow.phase {
        Phase::Start => 0,
        Phase::Choose => 1,
        Phase::Select => 2,
        Phase::Poll => 3,
        Phase::Confirm { times, .. } => 4 + times,
        Phase::Done(_) => 100,
    }
}

fn any_status() -> impl Strategy<Value = String> {
    let known: Vec<String> = ScaStatus::KNOWN.iter().map(|status| status.as_str().to_owned()).collect();
    prop_oneof![8 => prop::sample::select(known), 1 => "[a-z]{1,8}"]
}

fn any_data() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        "[a-z]{0,3}".prop_map(|token| json!(token)),
        "[a-z]{0,3}".prop_map(|token| json!([token]))
    ]
}

prop_compose! {
    /// What a bank might put into any of its answers.
    fn any_body()(
        id in prop::option::of(Just("a-1")),
        status in prop::option::of(any_status()),
        data in any_data(),
        ids in prop::collection::vec(prop::sample::select(vec!["mbid", "mbid_same_device", "mbid_animated_qr_token", "mbid_animated_qr_image", "card", "sms"]), 0..4),
        link in prop::option::weighted(0.2, (prop::sample::select(vec!["scaOAuth", "scaRedirect"]), prop::sample::select(vec!["https://b.example/?state=[TPP_STATE]", "https://b.example/", "javascript:x", ""]))),
    ) -> Value {
        let methods: Vec<_> = ids.iter().map(|id| json!({"authenticationMethodId": id})).collect();
        let mut body = json!({"authorisationId": id, "scaStatus": status, "scaMethods": methods, "challengeData": {"data": data}});
        if let Some((name, href)) = link {
            body["_links"] = json!({name: {"href": href}});
        }
        body
    }
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let payments = ["RCVD", "ACTC", "ACSC", "ACSP", "PATC", "RJCT", "CANC", "NEW"];
    let consents = ["received", "valid", "rejected", "partiallyAuthorised", "new"];
    prop_oneof![
        1 => any_body().prop_map(start),
        1 => (any_body(), prop::sample::select(vec!["DECOUPLED", "REDIRECT", "EMBEDDED", ""])).prop_map(|(body, approach)| select(body, approach)),
        4 => any_body().prop_map(|body| Answer::Polled(serde_json::from_value(body).unwrap())),
        1 => Just(Answer::Exchanged),
        1 => Just(Answer::Lost),
        1 => prop::sample::select(payments.to_vec()).prop_map(|word| Answer::Confirmed(Resource::Payment(PaymentStatus::read(word)))),
        1 => prop::sample::select(consents.to_vec()).prop_map(|word| Answer::Confirmed(Resource::Consent(ConsentStatus::read(word)))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Even if the clock stands still, or goes back, and each answer is one that was not asked for.
    #[test]
    fn any_sequence_of_answers_ends_and_never_goes_backwards(
        answers in prop::collection::vec((any_answer(), any::<bool>()), 1..40),
        cancellation in any::<bool>(),
        clock in prop::sample::select(vec![-1i64, 0, 1]),
    ) {
        let subject = if cancellation { Subject::Cancellation(key()) } else { Subject::Consent("c-1".to_owned()) };
        let mut flow = flow(subject).within(Duration::from_mins(1));
        let (mut furthest, mut rounds, mut ending) = (0, 0, None);
        for (turn, (answer, restart)) in answers.iter().cycle().take(400).enumerate() {
            let now = at(clock * i64::try_from(turn).unwrap());
            if let Ask::Choose = flow.ask().unwrap() {
                let id = flow.methods[0].id.clone();
                flow.choose(&id).unwrap();
            }
            let step = flow.answer(answer.clone(), now);
            if *restart {
                flow = serde_json::from_str(&serde_json::to_string(&flow).unwrap()).unwrap();
            }
            prop_assert!(rank(&flow) >= furthest, "{:?} after {}", flow.phase, furthest);
            prop_assert!(flow.progress().1 >= rounds);
            prop_assert_eq!(matches!(step, Step::Done(_)), matches!(flow.ask().unwrap(), Ask::Nothing));
            if ending.is_some() {
                prop_assert_eq!(flow.ending().cloned(), ending.clone(), "it ended otherwise before");
            }
            (furthest, rounds, ending) = (rank(&flow), flow.progress().1, flow.ending().cloned());
        }
        prop_assert!(flow.ending().is_some(), "{flow:?} has not ended");
    }
}

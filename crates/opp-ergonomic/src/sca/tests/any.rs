//! Whatever banks say, in whatever order.

use std::time::Duration;

use opp_raw::Read as _;
use opp_raw::types::ScaStatus;
use proptest::prelude::*;
use serde_json::json;

use super::super::flow::Phase;
use super::*;
use crate::services::{ConsentStatus, PaymentStatus};

fn rank(flow: &Flow) -> u32 {
    match flow.phase {
        // Back to the start only if nothing came of it.
        Phase::Start | Phase::Find => 0,
        Phase::Choose(_) => 1,
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
        1 => Just(Answer::NotSent),
        1 => (0..3usize).prop_map(|count| Answer::Found(vec!["a-2".to_owned(); count])),
        1 => prop::sample::select(payments.to_vec()).prop_map(|word| Answer::Confirmed(Resource::Payment(PaymentStatus::read(word)))),
        1 => prop::sample::select(consents.to_vec()).prop_map(|word| Answer::Confirmed(Resource::Consent(ConsentStatus::read_str(word).unwrap()))),
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
        for (turn, (answer, restart)) in answers.iter().cycle().take(600).enumerate() {
            let now = at(clock * i64::try_from(turn).unwrap());
            if let Step::ChooseMethod { methods } = flow.step() {
                flow.choose(&methods[0].id).unwrap();
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

//! How it ends.

use std::time::Duration;

use serde_json::json;

use super::super::confirm::CONFIRMATIONS;
use super::*;
use crate::services::{ConsentStatus, PaymentStatus};

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
    let cancelled = Resource::Payment(PaymentStatus::read("CANC"));
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

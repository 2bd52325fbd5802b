//! What is shown, round by round.

use serde_json::json;

use super::*;
use crate::services::PaymentStatus;

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
fn a_write_is_not_asked_for_while_one_is_under_way() {
    let mut flow = consent();
    flow.sent(at(60));
    let restored: Flow = serde_json::from_str(&serde_json::to_string(&flow).unwrap()).unwrap();
    assert!(matches!(restored.ask().unwrap(), Ask::Await { until } if until == at(60)));
    flow.answer(Answer::NotSent, at(1));
    assert!(matches!(flow.ask().unwrap(), Ask::Start));
}

#[test]
fn a_lost_start_is_looked_up_and_made_again_only_if_nothing_came_of_it() {
    let lost = || {
        let mut flow = consent();
        flow.answer(Answer::Lost, at(1));
        assert!(matches!(flow.ask().unwrap(), Ask::Find));
        flow
    };
    let found = |count: usize| Answer::Found(vec!["a-1".to_owned(); count]);
    let mut one = lost();
    one.answer(found(1), at(2));
    assert_eq!(one.authorisation(), Some("a-1"));
    assert!(matches!(one.ask().unwrap(), Ask::Select(id) if id == "mbid"));
    let mut none = lost();
    none.answer(found(0), at(2));
    assert!(matches!(none.ask().unwrap(), Ask::Start));
    let mut several = lost();
    several.answer(found(2), at(2));
    assert_eq!(several.ending(), Some(&Ending::Failed(Failure::code("SEVERAL_AUTHORISATIONS"))));
}

#[test]
fn after_a_restart_the_screen_holds_until_there_is_news() {
    let mut flow = polling(consent());
    flow.answer(poll("started", json!(["t1"])), at(3));
    let mut restored: Flow = serde_json::from_str(&serde_json::to_string(&flow).unwrap()).unwrap();
    assert_eq!(waits_for(&restored.step()), PromptKind::GoOn);
    assert_eq!(waits_for(&restored.answer(poll("started", json!(null)), at(4))), PromptKind::GoOn);
    assert_eq!(qr(&restored.answer(poll("started", json!(["t2"])), at(5))), "bankid:///?autostarttoken=t2");
}

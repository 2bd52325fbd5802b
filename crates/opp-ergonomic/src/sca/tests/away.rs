//! The user at the bank's page and back, before and after a restart.

use serde_json::json;

use super::*;

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

#[test]
fn a_code_that_was_sent_is_not_sent_again() {
    let (mut flow, url) = away("scaOAuth", consent());
    flow.callback(&back(&url, "&code=c0de"), at(60)).unwrap();
    flow.sent(at(61));
    assert!(matches!(flow.ask().unwrap(), Ask::Poll { .. }));
}

#[test]
fn a_page_that_wants_to_know_the_application_is_not_called_without() {
    let mut flow = consent().client_id("");
    flow.answer(methods(&[]), at(1));
    let body =
        json!({"_links": {"scaOAuth": {"href": "https://auth.example/?client_id=[CLIENT_ID]&state=[TPP_STATE]"}}});
    flow.answer(select(body, "REDIRECT"), at(2));
    let Some(Ending::Failed(failure)) = flow.ending() else { panic!("{flow:?}") };
    assert_eq!(failure, &Failure::code("NO_CLIENT_ID"));
    assert!(!failure.may_try_again(), "the next flow would lack it as well");
}

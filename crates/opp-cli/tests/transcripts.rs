//! What users type and see. `TRYCMD=overwrite cargo test -p opp-cli --test transcripts` writes them anew; what differs
//! from run to run is then to be replaced by `[..]` again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Platform;

/// Plays one transcript on a platform of its own.
fn play(name: &str) {
    let platform = Platform::start();
    let cases = trycmd::TestCases::new();
    for (variable, value) in platform.variables() {
        cases.env(variable, value);
    }
    cases.insert_var("[API]", platform.sandbox.api_url().to_owned()).unwrap();
    cases.insert_var("[AUTH]", platform.sandbox.auth_url().to_owned()).unwrap();
    cases.case(format!("tests/transcripts/{name}.md")).run();
}

#[test]
fn help_reads_like_prose() {
    play("help");
}

#[test]
fn the_directory_is_shown_in_all_forms() {
    play("directory");
}

#[test]
fn a_consent_is_asked_for_shown_renewed_and_given_back() {
    play("consents");
}

#[test]
fn accounts_balances_and_transactions_are_read() {
    play("accounts");
}

#[test]
fn a_wrong_command_line_is_explained() {
    play("mistakes");
}

#[test]
fn shells_and_manuals_are_served() {
    play("shells");
}

#[test]
fn what_would_be_sent_is_shown() {
    play("dry-run");
}

#[test]
fn the_demonstration_walks_through_everything() {
    play("demo");
}

#[test]
fn payments_are_shown_signed_followed_and_taken_back() {
    play("payments");
}

#[test]
fn files_of_payments_are_added_up_and_handed_over() {
    play("payment-files");
}

#[test]
fn a_payment_with_a_mistake_is_not_sent() {
    play("payment-mistakes");
}

#[test]
fn any_operation_can_be_called() {
    play("raw");
}

#[test]
fn the_doctor_says_what_works() {
    play("doctor");
}

//! What banks remark on answers that are good: it is told where one would look for it, and cannot pass for our own words.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Platform;
use opp_cli::Exit;
use opp_sandbox::{Caprice, Rule};

const CONSENT: &str = "consent create --bank ESSESESS --app --psu 199311219639 --until 2031-04-01";
const PAY: &str = "pay domestic 100 --to SE2550000000054400047903 --name Anna --from SE3750000000054400047881 \
                   --bank ESSESESS --app";

/// From now on the bank remarks this on each good answer to an operation.
fn remark(platform: &Platform, operation: &str, text: &str) {
    let caprices = vec![Caprice::Remark(text.to_owned())];
    platform.sandbox.control().add_caprice(Rule { caprices, operation: Some(operation.to_owned()), ..Rule::default() });
}

/// The lines that tell what the bank has remarked.
fn remarks(told: &str) -> Vec<&str> {
    told.lines().filter(|line| line.starts_with("The bank remarks")).collect()
}

#[test]
fn what_a_bank_remarks_on_a_consent_is_told_once_and_before_the_outcome() {
    let platform = Platform::start();
    remark(&platform, "createConsent", "asked");
    remark(&platform, "getConsentScaStatus", "signing");
    remark(&platform, "getConsentStatus", "signed");
    let run = platform.run(CONSENT, "");
    assert_eq!(run.exit, Exit::Ok, "{}", run.err);
    let told = ["asked", "signing", "signed"].map(|text| format!("The bank remarks RAW: {text}"));
    assert_eq!(remarks(&run.err), told);
    let outcome = run.err.find("Signed: valid").unwrap();
    assert!(run.err.find("RAW: signed").unwrap() < outcome, "{}", run.err);

    remark(&platform, "getConsentInformation", "later");
    let shown = platform.run("consent show --json", "");
    assert_eq!(remarks(&shown.err), ["The bank remarks RAW: later"]);
    serde_json::from_str::<serde_json::Value>(&shown.out).unwrap();
}

#[test]
fn a_payee_on_a_watch_list_is_told_before_somebody_signs() {
    let platform = Platform::start();
    let line = "pay giro 845.50 --bankgiro 5555-5551 --ocr 1234567897 --name Bolaget --bank ESSESESS --app \
                --from SE3750000000054400047881 --psu 199311219639";
    let told = platform.run(line, "").err;
    let warned = told.find("The bank remarks CREDITOR_ACCOUNT_FLAGGED: ").unwrap();
    assert!(warned < told.find("One moment.").unwrap(), "{told}");
}

#[test]
fn whoever_still_has_to_sign_a_payment_is_told_at_its_end_and_later() {
    let platform = Platform::start();
    let pending = ["The bank remarks AUTHORISATION_PENDING_API: another signer has to authorise this payment"];
    let signed = platform.run(&format!("{PAY} --psu 99990101002"), "");
    assert_eq!(remarks(&signed.err), pending, "{}", signed.err);
    assert!(signed.err.contains("more people have to sign"), "{}", signed.err);
    assert_eq!(remarks(&platform.run("payment show", "").err), pending);
    assert_eq!(remarks(&platform.run("payment watch --every 0.1 --at-most 0.3", "").err), pending);
}

#[test]
fn a_remark_on_a_cancellation_is_told() {
    let platform = Platform::start();
    platform.run(&format!("{PAY} --psu 199311219639"), "").ok();
    remark(&platform, "cancelPayment", "almost too late");
    remark(&platform, "getPaymentCancellationScaStatus", "signing");
    let cancelled = platform.run("payment cancel", "");
    let told = ["almost too late", "signing"].map(|text| format!("The bank remarks RAW: {text}"));
    assert_eq!(remarks(&cancelled.err), told, "{}", cancelled.err);
}

#[test]
fn a_remark_moves_no_cursor_and_begins_no_line() {
    let platform = Platform::start();
    for operation in ["createConsent", "getConsentStatus"] {
        remark(&platform, operation, "look\u{1b}[2J\nSigned and paid.\r\u{9b}31m\u{7}!");
    }
    let told = platform.run(CONSENT, "").err;
    assert_eq!(remarks(&told), ["The bank remarks RAW: look [2J Signed and paid.  31m !"; 2], "{told}");
}

#[test]
fn a_remark_is_in_no_log() {
    let platform = Platform::start();
    remark(&platform, "getConsentStatus", "canary");
    // A process of its own, since what is logged goes past the streams of the library.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_opp"));
    let output = command.args(CONSENT.split(' ').chain(["-vv"])).envs(platform.variables()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("getConsentStatus"), "{told}");
    assert_eq!(told.matches("canary").count(), 1, "it is told to whoever signs, and not logged: {told}");
}

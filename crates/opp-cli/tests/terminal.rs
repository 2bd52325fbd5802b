//! What a person at a terminal goes through, in a terminal that is simulated: secrets, QR codes, Ctrl-C, the way back
//! from a bank's page.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Platform, WAIT, exit_code, terminal};
use opp_ergonomic::raw::reqwest::{self, StatusCode};
use opp_sandbox::{Caprice, Rule};

const LARGE: (u16, u16) = (60, 120);

/// A line of a code: dark on light, whatever the colours of the terminal are.
const CODE: &str = r"\x1b\[30m\x1b\[107m";

#[test]
fn credentials_are_asked_for_and_the_secret_is_neither_shown_nor_readable_for_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let platform = Platform::start();
    let mut variables = platform.variables();
    variables.remove("OPP_SANDBOX");
    let (auth, api) = (platform.sandbox.auth_url(), platform.sandbox.api_url());
    let mut terminal = terminal(&format!("login mine --auth-url {auth} --api-url {api}"), &variables, LARGE);
    let application = platform.sandbox.application();
    terminal.exp_string("Client id:").unwrap();
    terminal.send_line(&application.client_id).unwrap();
    terminal.exp_string("Client secret:").unwrap();
    terminal.send_line(&application.client_secret).unwrap();
    let shown = terminal.exp_string("The profile `mine` is kept").unwrap() + &terminal.exp_eof().unwrap();
    assert!(!shown.contains(&application.client_secret), "{shown}");
    let file = platform.folder.path().join("secrets/mine.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(common::run("banks", &variables, "").ok().contains("ESSESESS"), "the profile is the default");
}

#[test]
fn a_code_moves_in_place_with_the_time_that_is_left() {
    let platform = Platform::with(Some(WAIT));
    platform.sandbox.control().stop_clock();
    let line = "consent create --bank SWEDSESS --app --psu 199311219639 --until 2031-04-01";
    let mut terminal = terminal(line, &platform.variables(), LARGE);
    for _ in 0..2 {
        terminal.exp_regex(CODE).unwrap();
        terminal.exp_regex(r"BankID\.  9:\d\d left, Ctrl-C to stop").unwrap();
        // What was drawn is taken away, line by line, before it is drawn again.
        terminal.exp_regex(r"\x1b\[\d+A").unwrap();
    }
    platform.go_on();
    terminal.exp_string("Signed: valid until 2031-04-01.").unwrap();
    terminal.exp_eof().unwrap();
    assert_eq!(exit_code(&terminal), 0);
}

#[test]
fn a_window_that_is_too_small_for_a_code_is_told_how_large_it_has_to_be() {
    let platform = Platform::with(Some(Duration::from_secs(2)));
    let line = "consent create --bank ESSESESS --app --method mbid --until 2031-04-01";
    let mut terminal = terminal(line, &platform.variables(), (20, 80));
    terminal.exp_string("Make the window larger to see the QR code").unwrap();
    terminal.exp_string("Or open bankid:///?autostarttoken=").unwrap();
    terminal.exp_string("Signed").unwrap();
}

#[test]
fn a_signature_that_was_interrupted_is_gone_on_with() {
    let platform = Platform::with(Some(WAIT));
    platform.sandbox.control().stop_clock();
    let variables = platform.variables();
    let line = "consent create --bank ESSESESS --app --until 2031-04-01";
    let mut interrupted = terminal(line, &variables, LARGE);
    interrupted.exp_regex(r"Sign with BankID\.  9:\d\d left").unwrap();
    interrupted.send_control('c').unwrap();
    interrupted.exp_string("opp consent resume").unwrap();
    interrupted.exp_eof().unwrap();
    assert_eq!(exit_code(&interrupted), 130);
    assert!(common::run("consent list --csv", &variables, "").ok().contains("received"));

    let mut resumed = terminal("consent resume", &variables, LARGE);
    resumed.exp_regex(r"left, Ctrl-C to stop").unwrap();
    platform.go_on();
    resumed.exp_string("Signed: valid until 2031-04-01.").unwrap();
    resumed.exp_eof().unwrap();
    assert_eq!(exit_code(&resumed), 0);
}

/// Calls an address as a browser does: the status, where it leads, and the page.
async fn visit(address: &str, decision: Option<&str>) -> (u16, Option<String>, String) {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = match decision {
        Some(decision) => {
            let form = http.post(address).header("content-type", "application/x-www-form-urlencoded");
            form.body(format!("decision={decision}"))
        }
        None => http.get(address),
    };
    let answer = request.send().await.unwrap();
    let leads_to = answer.headers().get("location").map(|address| address.to_str().unwrap().to_owned());
    (answer.status().as_u16(), leads_to, answer.text().await.unwrap())
}

/// The user at the bank's page, who comes back to the terminal's own address.
#[tokio::test]
async fn whoever_comes_back_from_the_bank_is_recognised_and_nobody_else_is() {
    for (decision, told, code) in [("approve", "Signed: valid until 2031-04-01.", 0), ("deny", "not signed", 4)] {
        let platform = Platform::start();
        let line = "consent create --bank ESSESESS --page --until 2031-04-01";
        let mut terminal = terminal(line, &platform.variables(), LARGE);
        let (_, address) = terminal.exp_regex(r"http://\S+/connect/authorize\S+").unwrap();
        let (_, leads_to, _) = visit(&address, Some(decision)).await;
        let back = leads_to.unwrap();
        let (callback, _) = back.split_once('?').unwrap();
        let (status, _, page) = visit(&format!("{callback}?code=1&state=foreign"), None).await;
        assert_eq!((status, page.contains("not expected")), (400, true), "{page}");
        assert_eq!(visit(&callback.replace("/callback", "/"), None).await.0, 404);
        let (status, _, page) = visit(&back, None).await;
        assert_eq!((status, page.contains("go on in the terminal")), (200, true), "{page}");
        terminal.exp_string(told).unwrap();
        terminal.exp_eof().unwrap();
        assert_eq!(exit_code(&terminal), code);
    }
}

#[test]
fn transactions_are_followed_until_ctrl_c() {
    let platform = Platform::start();
    let variables = platform.variables();
    common::run("consent create --bank ESSESESS --app --until 2031-04-01", &variables, "").ok();
    let line = "transactions 7881 --from 2031-01-14 --follow --every 0.1 --csv";
    let mut terminal = terminal(line, &variables, LARGE);
    terminal.exp_string("booking_date,").unwrap();
    terminal.exp_string("709.00").unwrap();
    let rule = Rule {
        caprices: vec![Caprice::HtmlError(StatusCode::SERVICE_UNAVAILABLE)],
        operation: Some("getTransactionList".to_owned()),
        times: Some(3),
        ..Rule::default()
    };
    platform.sandbox.control().add_caprice(rule);
    let (mut more, _) = terminal.exp_regex("Looking again soon").unwrap();
    // The next two days bring something that was not there before.
    platform.sandbox.control().advance(Duration::from_hours(48));
    more += &terminal.exp_regex("2031-01-1[67]").unwrap().0;
    terminal.send_control('c').unwrap();
    more += &terminal.exp_eof().unwrap();
    for once in ["booking_date", "709.00"] {
        assert!(!more.contains(once), "what was there before comes once: {more}");
    }
    assert_eq!(exit_code(&terminal), 0);
}

#[test]
fn a_sandbox_is_found_by_other_terminals_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    let variables =
        BTreeMap::from([("OPP_CONFIG_DIR".to_owned(), path), ("OPP_SECRETS".to_owned(), "file".to_owned())]);
    let none = common::run("banks", &variables, "");
    assert!(none.err.contains("opp sandbox") && none.err.contains("opp login"), "{}", none.err);
    let mut terminal = terminal("sandbox", &variables, LARGE);
    terminal.exp_string("Ctrl-C ends it.").unwrap();
    for line in ["banks", "--sandbox banks"] {
        assert!(common::run(line, &variables, "").ok().contains("HANDSESS"));
    }
    common::run("consent create --bank HANDSESS", &variables, "").ok();
    terminal.send_control('c').unwrap();
    terminal.exp_eof().unwrap();
    assert_eq!(exit_code(&terminal), 0);
    assert!(common::run("consent list --csv", &variables, "").ok().lines().count() == 1, "its consents went with it");
    assert!(common::run("--sandbox banks", &variables, "").err.contains("no sandbox runs"));
}

#[test]
fn a_question_can_be_left_with_ctrl_c() {
    let platform = Platform::start();
    let mut terminal = terminal("login mine --no-check", &platform.variables(), LARGE);
    terminal.exp_string("Client id:").unwrap();
    terminal.send_line("id").unwrap();
    terminal.exp_string("Client secret:").unwrap();
    terminal.send_control('c').unwrap();
    terminal.exp_eof().unwrap();
    assert_eq!(exit_code(&terminal), 130);
    assert!(common::run("profile list --csv", &platform.variables(), "").ok().lines().count() == 1, "nothing is kept");
}

#[test]
fn a_profile_is_deleted_only_after_a_yes() {
    let platform = Platform::start();
    let variables = platform.variables();
    common::run("login mine --client-id id --no-check", &variables, "secret\n").ok();
    assert!(common::run("profile delete mine", &variables, "").err.contains("--yes"), "nobody is there to be asked");
    let mut terminal = terminal("profile delete mine", &variables, LARGE);
    terminal.exp_string("Delete the profile `mine` with its secrets? [y/N]").unwrap();
    terminal.send_line("n").unwrap();
    terminal.exp_string("nothing was done").unwrap();
    common::run("profile show mine", &variables, "").ok();
    common::run("profile delete mine --yes", &variables, "").ok();
    assert!(!platform.folder.path().join("secrets/mine.json").exists());
}

#[test]
fn real_money_is_asked_for_in_red_and_moves_only_after_a_yes() {
    let platform = Platform::start().with_live_profile();
    let mut variables = platform.variables();
    variables.remove("OPP_SANDBOX");
    let line = "pay giro 845.50 --bankgiro 991-2346 --ocr 1234567897 --name Elnät --bank ESSESESS --app \
                --from SE3750000000054400047881 --psu 199311219639 --no-sign";
    for (answer, told, code, sent) in
        [("n", "nothing was done", 1, 0), ("", "nothing was done", 1, 0), ("y", "The bank has it", 0, 1)]
    {
        let mut terminal = terminal(line, &variables, LARGE);
        terminal.exp_regex(r"\x1b\[1m\x1b\[31mA real payment, at ESSESESS:").unwrap();
        // Somebody looks: numbers are shown as a whole.
        terminal.exp_string("bankgiro 991-2346").unwrap();
        terminal.exp_string("SE37 5000 0000 0544 0004 7881").unwrap();
        terminal.exp_string("Pay this, with real money? [y/N]").unwrap();
        assert_eq!(platform.payments("POST"), 0, "nothing is sent before the answer");
        terminal.send_line(answer).unwrap();
        terminal.exp_string(told).unwrap();
        terminal.exp_eof().unwrap();
        assert_eq!((exit_code(&terminal), platform.payments("POST")), (code, sent), "{answer}");
    }
}

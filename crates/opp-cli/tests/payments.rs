//! What payments and the doctor do beside printing: exit codes, what is sent and how often, what is kept.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Platform, Run};
use opp_cli::Exit;
use opp_sandbox::{Caprice, Rule};

const PAY: &str = "pay domestic 100 --to SE2550000000054400047903 --name Anna --from SE3750000000054400047881 \
                   --bank ESSESESS --app --psu 199311219639";

fn caprice(platform: &Platform, operation: &str, caprice: Caprice, times: Option<u32>) {
    let rule = Rule { caprices: vec![caprice], operation: Some(operation.to_owned()), times, ..Rule::default() };
    platform.sandbox.control().add_caprice(rule);
}

fn id_of(run: Run) -> String {
    let out = run.ok();
    out.lines().nth(1).unwrap().split(',').next().unwrap().to_owned()
}

#[test]
fn a_payment_of_which_nobody_knows_is_sent_once_and_says_where_to_look() {
    let platform = Platform::start();
    caprice(&platform, "initiatePayment", Caprice::Reset { done: true }, None);
    let raw = "raw POST /psd2/paymentinitiation/v1/payments/swedish-giro --bank ESSESESS --psu 199311219639 \
               --data @tests/data/bill.json";
    for line in [PAY, raw] {
        let before = platform.payments("POST");
        let lost = platform.run(line, "");
        assert_eq!(lost.exit, Exit::Unknown, "{}", lost.err);
        assert_eq!(platform.payments("POST"), before + 1, "{line}");
        for needed in ["/psd2/paymentinitiation/v1/payments/", "X-Request-ID", "UTC"] {
            assert!(lost.err.contains(needed), "{needed}: {}", lost.err);
        }
    }
}

#[test]
fn a_cancellation_of_which_nobody_knows_is_sent_once() {
    let platform = Platform::start();
    platform.run(&format!("{PAY} --no-sign"), "").ok();
    caprice(&platform, "cancelPayment", Caprice::Reset { done: true }, None);
    assert_eq!(platform.run("payment cancel", "").exit, Exit::Unknown);
    assert_eq!(platform.payments("DELETE"), 1);
    // The bank knows.
    platform.sandbox.control().clear_caprices();
    assert!(platform.run("payment show --csv", "").ok().contains("CANC"));
}

#[test]
fn too_many_calls_have_an_exit_code_of_their_own_and_a_watch_goes_on() {
    let platform = Platform::start();
    platform.run(PAY, "").ok();
    caprice(&platform, "getPaymentInitiationStatus", Caprice::RateLimit { retry_after: None }, None);
    let busy = platform.run("payment show --timeout 2", "");
    assert_eq!(busy.exit, Exit::Exhausted, "{}", busy.err);
    platform.sandbox.control().clear_caprices();
    // More often than one look is repeated.
    caprice(&platform, "getPaymentInitiationStatus", "html-error=503".parse().unwrap(), Some(4));
    let watched = platform.run("payment watch --every 0.1", "");
    assert_eq!(watched.exit, Exit::Ok, "{}", watched.err);
    assert!(watched.out.contains("ACSC") && watched.err.contains("No answer this time"), "{}", watched.err);
}

#[test]
fn a_watch_ends_without_an_end_of_the_payment() {
    let platform = Platform::start();
    platform.run(&format!("{PAY} --no-sign"), "").ok();
    let given_up = platform.run("payment watch --every 0.1 --at-most 0.3", "");
    assert_eq!(given_up.exit, Exit::Error);
    assert!(given_up.err.contains("it is RCVD"), "{}", given_up.err);
}

#[test]
fn a_payment_is_found_by_the_beginning_of_its_id_and_on_another_machine_by_all_of_it() {
    let platform = Platform::start();
    let first = id_of(platform.run(&format!("{PAY} --no-sign --csv"), ""));
    let second = id_of(platform.run(&format!("{PAY} --no-sign --csv"), ""));
    assert!(platform.run("payment show", "").ok().contains(&second), "the newest");
    assert!(platform.run(&format!("payment show {}", &first[..8]), "").ok().contains(&first));
    std::fs::remove_dir_all(platform.folder.path().join("state/payments")).unwrap();
    assert_eq!(platform.run(&format!("payment show {first}"), "").exit, Exit::Usage);
    let elsewhere = format!("payment show {first} --product domestic --bank ESSESESS --psu 199311219639 --csv");
    assert!(platform.run(&elsewhere, "").ok().contains("RCVD"));
}

#[test]
fn what_others_write_is_no_formula_for_a_spreadsheet() {
    let platform = Platform::start();
    platform.run(&PAY.replace("--name Anna", "--name +46701740605"), "").ok();
    platform.run("payment watch --every 0.1", "").ok();
    platform.run("consent create --bank ESSESESS --app --until 2031-04-01", "").ok();
    let csv = platform.run("transactions 7881 --from 2031-01-01 --csv", "").ok();
    assert!(csv.contains(",-100.00,SEK,'+46701740605,"), "{csv}");
    let json = platform.run("transactions 7881 --from 2031-01-01 --json", "").ok();
    assert!(json.contains("\"+46701740605\""), "{json}");
}

#[test]
fn standard_input_is_a_file_too() {
    let platform = Platform::start();
    let xml = include_str!("data/salaries.xml");
    let line = "pay file - --bank ESSESESS --psu 199311219639 --no-sign --csv";
    assert!(platform.run(line, xml).ok().contains("51000.50 SEK"));
    let raw = "raw POST /psd2/paymentinitiation/v1/bulk-payments/domestic --bank ESSESESS --data -";
    let sent = platform.run(raw, xml);
    assert!(sent.err.starts_with("Status 201"), "{}", sent.err);
    assert!(sent.ok().contains("paymentId"));
}

#[test]
fn real_money_moves_only_after_a_yes() {
    let platform = Platform::start().with_live_profile();
    let mut variables = platform.variables();
    variables.remove("OPP_SANDBOX");
    let run = |line: &str| common::run(line, &variables, "");
    for line in [
        &format!("{PAY} --no-sign"),
        "raw POST /psd2/paymentinitiation/v1/payments/swedish-giro --bank ESSESESS --data @tests/data/bill.json",
    ] {
        let refused = run(line);
        assert_eq!(refused.exit, Exit::Usage, "{}", refused.err);
        assert!(refused.err.contains("--yes"), "{}", refused.err);
    }
    let wrong = run(&format!("{PAY} --no-sign --yes --test-numbers"));
    assert_eq!(wrong.exit, Exit::Usage, "{}", wrong.err);
    assert_eq!(platform.payments("POST"), 0);
    let paid = run(&format!("{PAY} --no-sign --yes"));
    assert!(paid.err.contains("A real payment, at ESSESESS:"), "{}", paid.err);
    paid.ok();
    assert_eq!(run("payment cancel").exit, Exit::Usage);
    assert_eq!((platform.payments("POST"), platform.payments("DELETE")), (1, 0));
    assert!(run("payment cancel --yes --csv").ok().contains("CANC"));
}

#[test]
fn the_doctor_finds_what_does_not_work() {
    let platform = Platform::start().with_live_profile();
    let examined = |line: &str| {
        let run = platform.run(&format!("doctor --json {line}"), "");
        let findings: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let failed = findings.as_array().unwrap().iter().filter(|finding| finding["result"] == "failed");
        let failed: Vec<_> = failed.map(|finding| finding["check"].as_str().unwrap().to_owned()).collect();
        (run.exit, failed, run.out)
    };
    let (exit, failed, out) = examined("--profile live");
    assert_eq!((exit, failed), (Exit::Ok, Vec::new()));
    assert!(out.contains("days left, until"), "{out}");

    let (auth, api) = (platform.sandbox.auth_url(), platform.sandbox.api_url());
    let application = platform.sandbox.application();
    let login = |name: &str, options: &str, secret: &str| {
        let id = &application.client_id;
        let line = format!("login {name} --no-check --client-id {id} --auth-url {auth} --api-url {api} {options}");
        platform.run(&line, &format!("{secret}\n")).ok();
    };
    login("wrong", "", "wrong");
    assert_eq!(examined("--profile wrong").0, Exit::Error);
    assert_eq!(examined("--profile wrong").1, ["credentials"]);

    login("less", "--apis aspspinformation,nothing", &application.client_secret);
    assert_eq!(examined("--profile less").1, ["scope nothing private", "call of the API"]);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("--redirect-uri http://{}/callback", taken.local_addr().unwrap());
    login("taken", &uri, &application.client_secret);
    assert_eq!(examined("--profile taken").1, ["redirect address"]);
}

//! What comes in between: nobody who reads along any more, Ctrl-C while a write is on its way, two commands at once,
//! files that were damaged. Nothing is sent twice then, forgotten, or called done that is not.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{Cursor, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Platform, WAIT, exit_code, terminal};
use opp_cli::{Exit, Streams};
use opp_sandbox::{Caprice, Rule};
use serde_json::Value;

const PAY: &str = "pay domestic 100 --to SE2550000000054400047903 --name Anna --from SE3750000000054400047881 \
                   --bank ESSESESS --app --psu 199311219639";
const SIZE: (u16, u16) = (60, 120);

/// A reader who goes away after some lines.
struct Reader(usize);

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        self.0 -= usize::from(bytes.contains(&b'\n'));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that is written.
#[derive(Clone, Default)]
struct All(Arc<Mutex<Vec<u8>>>);

impl Write for All {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn run_with(
    platform: &Platform,
    words: &[&str],
    out: impl Write + Send + 'static,
    err: impl Write + Send + 'static,
) -> Exit {
    let streams = Streams::new(Cursor::new(Vec::new()), out, err);
    opp_cli::run(std::iter::once("opp").chain(words.iter().copied()).map(Into::into), platform.variables(), streams)
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn slow(platform: &Platform, operation: &str, every: Option<u32>) {
    let caprices = vec![Caprice::Latency(Duration::from_secs(3))];
    platform.sandbox.control().add_caprice(Rule {
        caprices,
        operation: Some(operation.to_owned()),
        every,
        ..Rule::default()
    });
}

/// The files of the payments that are kept.
fn kept(platform: &Platform) -> Vec<PathBuf> {
    let folder = platform.folder.path().join("state/payments");
    std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |files| files.map(|file| file.unwrap().path()).collect())
}

#[test]
fn a_payment_goes_its_whole_way_though_nobody_reads_what_is_said_of_it() {
    let platform = Platform::start();
    let line = format!("{PAY} --no-sign --csv");
    for lines in 0..10 {
        let before = (platform.payments("POST"), kept(&platform).len());
        let exit = run_with(&platform, &words(&line), All::default(), Reader(lines));
        let done = (platform.payments("POST") - before.0, kept(&platform).len() - before.1);
        assert_eq!((exit, done), (Exit::Ok, (1, 1)), "after {lines} lines");
    }
}

#[test]
fn a_watch_that_nobody_reads_does_not_end_as_if_it_were_paid() {
    let platform = Platform::start();
    platform.run(&format!("{PAY} --no-sign"), "").ok();
    let exit = run_with(&platform, &words("payment watch --every 0.1 --at-most 1"), Reader(0), All::default());
    assert_eq!(exit, Exit::Error);
}

#[test]
fn ctrl_c_does_not_break_off_a_payment_that_is_on_its_way() {
    let platform = Platform::start();
    slow(&platform, "initiatePayment", None);
    let mut once = terminal(PAY, &platform.variables(), SIZE);
    platform.seen("POST", 1);
    once.send_control('c').unwrap();
    once.exp_string("waiting for the answer").unwrap();
    once.exp_string("The bank has it").unwrap();
    once.exp_string("opp payment sign").unwrap();
    once.exp_eof().unwrap();
    assert_eq!((exit_code(&once), platform.payments("POST"), kept(&platform).len()), (130, 1, 1));

    let mut twice = terminal(PAY, &platform.variables(), SIZE);
    platform.seen("POST", 2);
    twice.send_control('c').unwrap();
    twice.exp_string("waiting for the answer").unwrap();
    twice.send_control('c').unwrap();
    twice.exp_string("may have been done or not").unwrap();
    twice.exp_eof().unwrap();
    assert_eq!((exit_code(&twice), platform.payments("POST")), (6, 2));
}

#[test]
fn a_payment_that_was_on_its_way_when_everything_stopped_is_told() {
    let platform = Platform::start();
    slow(&platform, "initiatePayment", None);
    let line = format!("{PAY} --no-sign");
    let mut command = Command::new(env!("CARGO_BIN_EXE_opp"));
    let command = command.args(words(&line)).envs(platform.variables()).stderr(Stdio::null());
    let mut running = command.spawn().unwrap();
    platform.seen("POST", 1);
    running.kill().unwrap();
    running.wait().unwrap();
    platform.sandbox.control().clear_caprices();
    let sentence = "nobody knows whether the bank has it: 100.00 SEK to Anna, at ESSESESS";
    let listed = platform.run("payment list", "");
    assert!(listed.err.contains(sentence), "{}", listed.err);
    // Whoever pays the same again is told before.
    let again = platform.run(&line, "");
    assert!(again.err.contains(sentence), "{}", again.err);
    let file = listed.err.lines().find_map(|line| line.split_once("remove ")).unwrap().1.trim().to_owned();
    std::fs::remove_file(file).unwrap();
    assert!(!platform.run("payment list", "").err.contains("nobody knows"), "what came of the second one is known");
}

#[test]
fn an_interrupted_cancellation_is_gone_on_with_and_never_becomes_a_signature_of_the_payment() {
    for is_late in [false, true] {
        let platform = Platform::with(Some(WAIT));
        platform.sandbox.control().resume_clock();
        // For a day that is far off: the bank does not carry it out meanwhile.
        let mut paying = terminal(&format!("{PAY} --on 2031-02-03"), &platform.variables(), SIZE);
        paying.exp_string("Signed.").unwrap();
        paying.exp_eof().unwrap();
        platform.sandbox.control().stop_clock();
        let mut cancelling = terminal("payment cancel", &platform.variables(), SIZE);
        cancelling.exp_regex(r"BankID\.  9:\d\d left").unwrap();
        cancelling.send_control('c').unwrap();
        cancelling.exp_string("opp payment sign").unwrap();
        cancelling.exp_eof().unwrap();
        if is_late {
            // What was kept of it is gone, as it is some minutes after its time was over.
            std::fs::remove_dir_all(platform.folder.path().join("state/store")).unwrap();
            let before = platform.sandbox.control().requests().len();
            let late = platform.run("payment sign", "");
            assert_eq!(late.exit, Exit::Denied, "{}", late.err);
            assert!(late.err.contains("opp payment cancel"), "{}", late.err);
            let written = platform.sandbox.control().requests().split_off(before);
            assert!(written.iter().all(|seen| seen.method == "GET" || seen.path.contains("token")), "{written:?}");
        } else {
            let mut going_on = terminal("payment sign", &platform.variables(), SIZE);
            going_on.exp_regex(r"left, Ctrl-C to stop").unwrap();
            platform.go_on();
            going_on.exp_string("the payment is cancelled").unwrap();
            going_on.exp_eof().unwrap();
            assert_eq!(exit_code(&going_on), 0);
        }
    }
}

#[test]
fn a_payment_that_is_signed_is_not_called_failed_because_its_status_cannot_be_read() {
    let platform = Platform::start();
    // The signature itself looks once, and what is shown afterwards is looked up again.
    slow(&platform, "getPaymentInitiationStatus", Some(2));
    let paid = platform.run(&format!("{PAY} --timeout 1"), "");
    assert_eq!(paid.exit, Exit::Unknown, "{}", paid.err);
    assert!(paid.err.contains("it is signed") && paid.err.contains("opp payment show"), "{}", paid.err);
}

#[test]
fn what_another_command_has_noted_meanwhile_is_not_undone() {
    let platform = Arc::new(Platform::start());
    platform.run(&format!("{PAY} --no-sign"), "").ok();
    let file = kept(&platform).remove(0);
    let id = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let watching = Arc::clone(&platform);
    let watch = std::thread::spawn(move || watching.run("payment watch --every 0.1 --at-most 30", ""));
    // The first answer is noted by the time of the second look.
    platform.seen("GET", 2);
    // Another terminal begins to sign.
    let mut record: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    record["ticket"] = "begun".into();
    std::fs::write(&file, record.to_string()).unwrap();
    platform.run(&format!("raw DELETE /psd2/paymentinitiation/v1/payments/domestic/{id} --bank ESSESESS"), "").ok();
    assert!(watch.join().unwrap().out.contains("CANC"));
    let record: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((&record["status"], &record["ticket"]), (&"CANC".into(), &"begun".into()));
}

#[test]
fn a_permission_is_not_given_back_for_one_that_is_not_valid_yet() {
    let platform = Platform::start();
    let line = "consent create --bank ESSESESS --app --psu 99990101002 --until 2031-04-01";
    let _ = platform.run(line, "");
    let renewed = platform.run("consent renew", "");
    let listed = platform.run("consent list --csv", "").ok();
    assert_eq!(listed.lines().count(), 3, "{listed} {}", renewed.err);
    let requests = platform.sandbox.control().requests();
    assert!(requests.iter().all(|seen| seen.method != "DELETE"), "{}", renewed.err);
}

#[test]
fn an_empty_id_is_none() {
    let platform = Platform::start();
    platform.run(&format!("{PAY} --no-sign"), "").ok();
    platform.run("consent create --bank ESSESESS --app --psu 199311219639 --until 2031-04-01", "").ok();
    for line in
        [["payment", "cancel", ""], ["payment", "sign", ""], ["consent", "delete", ""], ["consent", "renew", ""]]
    {
        assert_eq!(run_with(&platform, &line, All::default(), All::default()), Exit::Usage, "{line:?}");
    }
    assert_eq!(platform.payments("DELETE"), 0);
}

#[test]
fn a_name_cannot_pass_for_another_line_of_the_payment() {
    let platform = Platform::start();
    let name = "Anna\\n  Amount    1.00 SEK\\u202eKES";
    let file = format!(r#"{{"instructedAmount": {{"amount": "99.00", "currency": "SEK"}}, "creditorName": "{name}"}}"#);
    let told = platform.run("pay file - --bank ESSESESS --no-sign", &file).err;
    assert_eq!(told.lines().filter(|line| line.trim_start().starts_with("Amount")).count(), 1, "{told}");
    assert!(!told.contains('\u{202e}'), "{told}");
}

#[test]
fn a_record_that_is_damaged_is_told_and_one_that_is_being_written_is_no_second_one() {
    let platform = Platform::start();
    platform.run(&format!("{PAY} --no-sign"), "").ok();
    let whole = kept(&platform).remove(0);
    std::fs::copy(&whole, whole.with_file_name(".tmpXYZ")).unwrap();
    assert_eq!(platform.run("payment list --csv", "").ok().lines().count(), 2);
    std::fs::write(whole.with_file_name("half.json"), b"{\"key\":\xff").unwrap();
    let listed = platform.run("payment list --csv", "");
    assert!(listed.err.contains("cannot be read, and are left out here: 1"), "{}", listed.err);
    assert_eq!(listed.ok().lines().count(), 2);
}

#[test]
fn the_address_of_production_is_production_whatever_it_is_called() {
    let platform = Platform::start();
    let variables = platform.elsewhere(&[
        ("OPP_CLIENT_ID", "id"),
        ("OPP_CLIENT_SECRET", "secret"),
        ("OPP_AUTH_URL", "https://auth.openbankingplatform.com"),
        ("OPP_API_URL", "https://API.openbankingplatform.com/"),
    ]);
    let refused = common::run(&format!("{PAY} --dry-run"), &variables, "");
    assert_eq!(refused.exit, Exit::Usage, "{}", refused.out);
    assert!(refused.err.contains("--live"), "{}", refused.err);
    let shown = common::run(&format!("{PAY} --dry-run --live"), &variables, "");
    assert!(shown.err.contains("Production: real banks."), "{}", shown.err);
}

#[test]
fn a_variable_that_is_no_text_is_none_of_ours() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opp"));
    let output = command.env("LEGACY", std::ffi::OsStr::from_bytes(b"caf\xe9")).arg("--version").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_dry_run_tries_no_credentials_and_so_keeps_none() {
    let platform = Platform::start();
    let url = platform.sandbox.auth_url();
    let line = format!("login mine --client-id nobody --auth-url {url} --api-url {url} --dry-run");
    let refused = platform.run(&line, "wrong\n");
    assert_eq!(refused.exit, Exit::Usage, "{}", refused.err);
    assert_eq!(platform.run("profile list --csv", "").ok().lines().count(), 1);
    assert_eq!(platform.run("demo --dry-run", "").exit, Exit::Usage);
    assert!(platform.sandbox.control().requests().is_empty());
}

#[test]
fn a_dry_run_of_a_signature_begins_none() {
    let platform = Platform::start();
    platform.run(&format!("{PAY} --no-sign"), "").ok();
    let before = std::fs::read(&kept(&platform)[0]).unwrap();
    assert!(platform.run("payment sign --dry-run", "").ok().starts_with("curl -X POST"));
    assert_eq!(std::fs::read(&kept(&platform)[0]).unwrap(), before);
}

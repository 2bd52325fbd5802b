//! The examples, run as programs against a sandbox of their own; what they print is looked at.
//!
//! Each is a part of this test and becomes a program when the test starts itself again: nothing is built twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::duplicate_mod, reason = "each example brings what they share, as a program does")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use opp_ergonomic::raw::reqwest;

macro_rules! programs {
    ($($name:ident = $path:literal,)*) => {
        $(#[path = $path]
        mod $name;)*

        /// Tests by name alone: what the test below starts.
        mod programs {
            $(#[test]
            #[ignore = "a program that another test starts"]
            fn $name() {
                super::$name::main().unwrap();
            })*
        }
    };
}

programs! {
    list_banks = "../examples/list_banks.rs",
    quickstart = "../examples/quickstart.rs",
    read_accounts = "../examples/read_accounts.rs",
    pay_invoice = "../examples/pay_invoice.rs",
    resume_after_restart = "../examples/resume_after_restart.rs",
}

/// A program that runs, and somebody who talks with it.
struct Program {
    child: Child,
    types: ChildStdin,
    reads: BufReader<ChildStdout>,
    seen: String,
}

impl Program {
    fn start(name: &str) -> Self {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", &format!("programs::{name}"), "--ignored", "--nocapture"]);
        // Whoever has credentials at hand does not mean this test.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OPP_")) {
            program.env_remove(name);
        }
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (types, reads) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, types, reads, seen: String::new() }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.types, "{line}").unwrap();
    }

    /// Reads on until a line begins so, and gives the rest of it.
    fn until(&mut self, begin: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.reads.read_line(&mut line).unwrap(), 0, "{begin} is not in {}", self.seen);
            self.seen.push_str(&line);
            if let Some(rest) = line.trim_end().strip_prefix(begin) {
                return rest.to_owned();
            }
        }
    }

    /// Everything that it has printed, once it has ended well.
    fn end(mut self) -> String {
        self.reads.read_to_string(&mut self.seen).unwrap();
        assert!(self.child.wait().unwrap().success(), "{}", self.seen);
        self.seen
    }
}

/// Opens the bank's page and approves; SWEDSESS wants it twice. Gives the address that leads back.
#[tokio::main(flavor = "current_thread")]
async fn approve(page: &str) -> String {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for _ in 0..3 {
        let form = http.post(page).header("content-type", "application/x-www-form-urlencoded");
        let answer = form.body("decision=approve").send().await.unwrap();
        let address = answer.headers()["location"].to_str().unwrap();
        if address.starts_with("https://localhost/callback") {
            return address.to_owned();
        }
    }
    panic!("the bank does not lead back")
}

#[test]
fn list_banks_tells_what_each_bank_can_do() {
    let seen = Program::start("list_banks").end();
    let swedbank = seen.lines().find(|line| line.contains("SWEDSESS")).unwrap();
    assert!(swedbank.contains("swedish-giro"), "{seen}");
    assert!(!seen.contains("OKOYFIHH"), "a Finnish bank: {seen}");
}

#[test]
fn quickstart_leads_to_accounts_over_the_page_of_the_bank() {
    let mut program = Program::start("quickstart");
    program.types("NDEASESS");
    program.types("199311219639");
    let page = program.until("Open ");
    program.types(&approve(&page));
    let seen = program.end();
    assert!(seen.contains("Finalised(Valid)") && seen.contains(" SEK"), "{seen}");
}

#[test]
fn quickstart_leads_to_accounts_without_a_page_too() {
    let mut program = Program::start("quickstart");
    program.types("HANDSESS");
    program.types("199311219639");
    let seen = program.end();
    assert!(seen.contains("Finalised(Valid)") && seen.contains(" SEK"), "{seen}");
}

#[test]
fn quickstart_is_short_enough_to_be_read() {
    let lines = include_str!("../examples/quickstart.rs").lines().count();
    assert!(lines <= 60, "{lines} lines");
}

#[test]
fn read_accounts_adds_transactions_up() {
    let seen = Program::start("read_accounts").end();
    assert!(seen.contains("QR code: bankid.") && seen.contains("OPP_CONSENT="), "{seen}");
    let sums = seen.lines().filter(|line| line.starts_with("SE") && line.ends_with(" SEK"));
    assert!(sums.count() >= 1, "{seen}");
}

#[test]
fn pay_invoice_waits_until_the_money_has_left() {
    let seen = Program::start("pay_invoice").end();
    assert!(seen.contains("Signed.") && seen.contains("ACSC: Paid"), "{seen}");
}

#[test]
fn resume_after_restart_goes_on_where_it_was() {
    let mut program = Program::start("resume_after_restart");
    let page = program.until("Open ");
    program.types(&approve(&page));
    let seen = program.end();
    assert!(seen.contains("It is about user 7.") && seen.contains("Finalised(Valid)"), "{seen}");
}

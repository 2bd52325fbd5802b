//! Tests that need more than Rust: a browser, or the programs of the shell into which people paste what is printed.

#![allow(dead_code, reason = "each suite uses its part")]

use std::io::Write as _;
use std::process::Command;

/// Says loudly what was not tested and why. Under `CI=true` it is a failure.
pub(crate) fn skip(why: &str) {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!ci, "nothing is skipped under CI=true: {why}");
    // Not by `eprintln!`, which nobody sees of a test that passes.
    writeln!(std::io::stderr(), "\n*** SKIPPED: {why} ***\n").ok();
}

/// Whether this machine has these programs; if not, what needs them is skipped.
pub(crate) fn has(programs: &[&str]) -> bool {
    let is_missing = |program: &&&str| Command::new(program).arg("--version").output().is_err();
    let missing: Vec<_> = programs.iter().filter(is_missing).copied().collect();
    if !missing.is_empty() {
        skip(&format!("what people paste into a shell was NOT tested; install {}", missing.join(" and ")));
    }
    missing.is_empty()
}

//! Steps about what we depend on.

use anyhow::Result;

use super::Outcome;
use super::tools::cargo_tool;
use crate::programs::{command, run};

/// The version whose configuration `.cargo/deny.toml` is.
const CARGO_DENY: &str = "0.20.2";

/// Advisories are left to a weekly run: they change without us, and would fail a change that has nothing to do with
/// them.
pub(super) fn deny() -> Result<Outcome> {
    let program = cargo_tool("cargo-deny", CARGO_DENY)?;
    run(&mut command(&program, &["--workspace", "--locked", "check", "licenses", "bans", "sources"]))?;
    Ok(Outcome::Passed(format!("cargo-deny {CARGO_DENY}")))
}

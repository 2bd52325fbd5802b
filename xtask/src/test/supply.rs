//! Steps about what we depend on.

use anyhow::{Context, Result};

use super::Outcome;
use super::tools::{cargo, command, folder, output, run};

/// The version whose configuration `.cargo/deny.toml` is.
const CARGO_DENY: &str = "0.20.2";

/// Advisories are left to a weekly run: they change without us, and would fail a change that has nothing to do with
/// them.
pub(super) fn deny() -> Result<Outcome> {
    let program = folder("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    let wanted = format!("cargo-deny {CARGO_DENY}");
    if output(&mut command(&program, &["--version"])).is_none_or(|version| version.trim() != wanted) {
        let mut install = cargo(&["install", "cargo-deny", "--locked", "--version", CARGO_DENY, "--root"]);
        // Built once and kept; a build of its own, so that ours does not wait for its lock.
        install.arg(folder("")).arg("--target-dir").arg(folder("build")).args(["--profile", "dev"]);
        run(&mut install).context("cargo-deny cannot be built")?;
    }
    run(&mut command(&program, &["--workspace", "--locked", "check", "licenses", "bans", "sources"]))?;
    Ok(Outcome::Passed(wanted))
}

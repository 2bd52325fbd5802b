//! Steps about the document and what is generated from it.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Outcome;
use super::tools::{command, folder, output, run};
use crate::{codegen, root};

/// The linter whose recommended rules the bundle keeps; pinned, because rules come and go.
const REDOCLY: &str = "2.77.0";

/// What the comparison with the published document is written with.
const PYYAML: &str = "pyyaml==6.0.3";

pub(super) fn codegen() -> Result<Outcome> {
    codegen::run(&codegen::Arguments { check: true, ..Default::default() })?;
    Ok(Outcome::passed())
}

pub(super) fn redocly() -> Result<Outcome> {
    if output(&mut command("node", &["--version"])).is_none() || output(&mut npm(&["--version"])).is_none() {
        return Ok(Outcome::Skipped(
            "there is no node with npm on this machine; install Node.js 20.19 or later".into(),
        ));
    }
    let home = folder("redocly");
    let package = home.join("node_modules/@redocly/cli");
    if installed(&package) != Some(REDOCLY.to_owned()) {
        std::fs::create_dir_all(&home)?;
        let wanted = format!("@redocly/cli@{REDOCLY}");
        let mut install = npm(&["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]);
        run(install.arg(&home).arg(wanted)).context("the linter cannot be fetched")?;
    }
    let lint = |format: &str| {
        let mut lint = command("node", &[]);
        lint.arg(package.join("bin/cli.js")).args(["lint", "--extends=recommended", format, "openapi/bundle.json"]);
        lint.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
        lint
    };
    // Warnings are many and known, so their places are shown only when there is an error among them.
    if run(&mut lint("--format=summary")).is_err() {
        run(&mut lint("--format=codeframe"))?;
    }
    Ok(Outcome::Passed(format!("@redocly/cli {REDOCLY}, recommended rules")))
}

fn npm(arguments: &[&str]) -> std::process::Command {
    command(if cfg!(windows) { "npm.cmd" } else { "npm" }, arguments)
}

/// The version of an installed package of npm.
fn installed(package: &std::path::Path) -> Option<String> {
    let manifest: Value = serde_json::from_slice(&std::fs::read(package.join("package.json")).ok()?).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

/// The published document may not be given on, so that only who has it beside the checkout can compare.
pub(super) fn parity() -> Result<Outcome> {
    let shared = root().join("../shared");
    let (tool, upstream) =
        (shared.join("tools/spec_parity.py"), shared.join("upstream/openpayments-NextGenPSD2-1.3.3.yaml"));
    if !tool.is_file() || !upstream.is_file() {
        return Ok(Outcome::NotHere("the published document is not part of the repository".into()));
    }
    let Some(python) = python()? else {
        return Ok(Outcome::Skipped("there is no python3 with venv on this machine".into()));
    };
    let mut compare = command(python, &[]);
    run(compare.arg(tool).arg(upstream).arg(root().join(codegen::DOCUMENT)).arg("--fail-on-prose"))?;
    Ok(Outcome::passed())
}

/// A Python that reads YAML: the machine's own, or one in an environment of ours.
fn python() -> Result<Option<std::path::PathBuf>> {
    let reads_yaml =
        |python: &std::path::Path| output(&mut command(python, &["-c", "import yaml, sys; print(1)"])).is_some();
    let own = std::path::PathBuf::from("python3");
    if reads_yaml(&own) {
        return Ok(Some(own));
    }
    let home = folder("python");
    let ours = home.join("bin/python3");
    if reads_yaml(&ours) {
        return Ok(Some(ours));
    }
    if output(command("python3", &["-m", "venv"]).arg(&home)).is_none() {
        return Ok(None);
    }
    run(&mut command(&ours, &["-m", "pip", "install", "--quiet", PYYAML]))?;
    Ok(Some(ours))
}

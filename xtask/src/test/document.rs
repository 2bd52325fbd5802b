//! Steps about the document and what is generated from it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Outcome;
use super::tools::{folder, node_package};
use crate::programs::{command, output, run};
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
    let package = match output(&mut command("node", &["--version"])) {
        Some(_) => node_package("redocly", "@redocly/cli", REDOCLY)?,
        None => None,
    };
    let Some(package) = package else {
        return Ok(Outcome::Skipped(
            "there is no node with npm on this machine; install Node.js 20.19 or later".into(),
        ));
    };
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

/// The folder of published editions, which may not be given on: only who has it beside the checkout can compare.
pub fn editions() -> Option<PathBuf> {
    Some(root().join("../shared/upstream")).filter(|folder| folder.is_dir())
}

pub(super) fn parity() -> Result<Outcome> {
    let tool = root().join("../shared/tools/spec_parity.py");
    let upstream = editions().map(|folder| folder.join("openpayments-NextGenPSD2-1.3.3.yaml"));
    let Some(upstream) = upstream.filter(|file| file.is_file() && tool.is_file()) else {
        return Ok(Outcome::NotHere("the published document is not part of the repository".into()));
    };
    let Some(python) = python()? else {
        return Ok(Outcome::Skipped("there is no python3 with venv on this machine".into()));
    };
    let mut compare = command(python, &[]);
    run(compare.arg(tool).arg(upstream).arg(root().join(codegen::DOCUMENT)).arg("--fail-on-prose"))?;
    Ok(Outcome::passed())
}

/// A Python that reads YAML: the machine's own, or one in an environment of ours.
fn python() -> Result<Option<PathBuf>> {
    let reads_yaml = |python: &Path| output(&mut command(python, &["-c", "import yaml, sys; print(1)"])).is_some();
    let own = PathBuf::from("python3");
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

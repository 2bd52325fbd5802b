//! `opp doctor`: what works of the way to the platform, one thing after the other, and what to do about the rest.

mod checks;
mod hosts;

use serde::Serialize;

use crate::app::App;
use crate::exit::Failure;
use crate::output::{Form, text};

/// Check the way to the platform: hosts, certificate, clock, credentials, scopes, redirect address
///
/// Nothing is changed: tokens are asked for and the directory of banks is read. The exit code is 1 if something fails.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// How one check went.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    check: String,
    result: Verdict,
    found: String,
    /// What to do, where something is to be done.
    hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Failed,
    /// It has no meaning here, or cannot be found out.
    Skipped,
}

impl Finding {
    fn new(check: impl Into<String>, result: Verdict, found: impl Into<String>) -> Self {
        Self { check: check.into(), result, found: found.into(), hint: None }
    }

    fn ok(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, found)
    }

    fn failed(check: impl Into<String>, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::new(check, Verdict::Failed, found) }
    }

    fn skipped(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, found)
    }

    fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

pub(crate) async fn run(app: &mut App, _: Args) -> Result<(), Failure> {
    if app.global.dry_run {
        return Err(Failure::usage("--dry-run shows a single request, and this command makes many"));
    }
    let connection = app.connect().await?;
    let findings = checks::all(&connection).await;
    app.out.list(&findings, &[text("check", "Check"), text("result", "Result"), text("found", "Found")])?;
    let failed: Vec<_> = findings.iter().filter(|finding| finding.result == Verdict::Failed).collect();
    // Whoever reads JSON has the hints in it.
    if app.out.form() == Form::Table {
        for finding in findings.iter().filter(|finding| finding.hint.is_some()) {
            app.out.say(&format!("{}: {}", finding.check, finding.hint.as_deref().unwrap_or_default()))?;
        }
    }
    match failed.len() {
        0 => Ok(()),
        1 => Err(Failure::error(format!("one of {} checks has failed", findings.len()))),
        count => Err(Failure::error(format!("{count} of {} checks have failed", findings.len()))),
    }
}

//! `cargo xtask test`: everything that has to hold before a change goes in, in one command.
//!
//! Each step is a function that passes, fails, or says why it was skipped. Under `CI=true` a skipped step is a failure:
//! there, what a step needs is installed or is missed loudly.

pub(crate) mod browser;
mod count;
mod document;
mod rust;
mod supply;
pub(crate) mod tools;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::programs::ci;

pub use count::Count;
pub use document::editions;

/// Which steps to run.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Arguments {
    /// Only these steps; all of them if none is named. `--list` tells their names.
    #[arg(value_name = "STEP")]
    pub steps: Vec<String>,
    /// Name the steps and what they check.
    #[arg(long)]
    pub list: bool,
}

/// One thing that is checked.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<Outcome>,
}

/// How a step ended that did not fail.
enum Outcome {
    /// It holds; and what there is to say about it.
    Passed(String),
    /// It holds, and so many tests ran; and what they could not look at here.
    Tested(Count, Vec<String>),
    /// What it needs is missing on this machine.
    Skipped(String),
    /// There is nothing to check in this checkout, and no machine could change that.
    NotHere(String),
}

impl Outcome {
    fn passed() -> Self {
        Self::Passed(String::new())
    }
}

/// In order of how soon they tell what is wrong.
const STEPS: &[Step] = &[
    Step { name: "format", about: "sources are formatted", run: rust::format },
    Step { name: "codegen", about: "generated files are those that the document gives", run: document::codegen },
    Step { name: "lint-document", about: "Redocly finds no error in the bundle", run: document::redocly },
    Step { name: "parity", about: "our document says what the published one says", run: document::parity },
    Step { name: "clippy", about: "no warning anywhere in the workspace", run: rust::clippy },
    Step { name: "features", about: "each combination of features builds without a warning", run: rust::features },
    Step {
        name: "browser",
        about: "there is a browser to test pages in, and rules to hold them against",
        run: browser::browser,
    },
    Step { name: "tests", about: "unit tests and suites", run: rust::tests },
    Step { name: "doctests", about: "examples in the documentation", run: rust::doctests },
    Step { name: "docs", about: "documentation builds without a warning", run: rust::docs },
    Step { name: "package", about: "every crate that is published can be packaged, and builds so", run: rust::package },
    Step { name: "deny", about: "licences, bans and sources of what we depend on", run: supply::deny },
];

/// How one step went.
struct Row {
    name: &'static str,
    word: &'static str,
    note: String,
    took: Duration,
}

/// Runs the steps, all of them even when one fails, and prints a table.
pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.list {
        list();
        return Ok(());
    }
    let mut rows = Vec::new();
    let mut counts = Vec::new();
    for step in chosen(&arguments.steps)? {
        heading(step);
        let start = Instant::now();
        let ended = (step.run)();
        let (word, note) = judge(ended, ci(), &mut counts);
        rows.push(Row { name: step.name, word, note, took: start.elapsed() });
    }
    table(&rows);
    let named = |word| rows.iter().filter(|row| row.word == word).map(|row| row.name).collect::<Vec<_>>().join(", ");
    let (failed, skipped) = (named(FAILED), named(SKIPPED));
    if let Some(total) = counts.into_iter().reduce(Count::plus) {
        say(&format!("{} passed, {} failed", total.passed, total.failed));
    }
    if !skipped.is_empty() {
        say(&format!("left out on this machine, for want of what stands beside them: {skipped}"));
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {failed}") }
}

const FAILED: &str = "FAILED";
const SKIPPED: &str = "SKIPPED";

/// A word and a note for the table.
fn judge(ended: Result<Outcome>, ci: bool, counts: &mut Vec<Count>) -> (&'static str, String) {
    match ended {
        Ok(Outcome::Passed(note)) => ("passed", note),
        Ok(Outcome::Tested(count, unseen)) => {
            let note = unseen.into_iter().fold(count.to_string(), |note, what| format!("{note}; NOT {what}"));
            let word = if count.failed == 0 { "passed" } else { FAILED };
            counts.push(count);
            (word, note)
        }
        Ok(Outcome::Skipped(why)) if ci => (FAILED, format!("nothing is skipped under CI=true: {why}")),
        Ok(Outcome::Skipped(why)) => (SKIPPED, why),
        Ok(Outcome::NotHere(why)) => ("not here", why),
        Err(error) => (FAILED, format!("{error:#}")),
    }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    let find = |name: &String| match STEPS.iter().find(|step| step.name == name) {
        Some(step) => Ok(step),
        None => bail!("there is no step `{name}`, but {}", STEPS.iter().map(|s| s.name).collect::<Vec<_>>().join(", ")),
    };
    names.iter().map(find).collect()
}

fn list() {
    for step in STEPS {
        say(&format!("{:14} {}", step.name, step.about));
    }
}

fn heading(step: &Step) {
    say(&format!("\n== {}: {}", step.name, step.about));
}

fn table(rows: &[Row]) {
    say(&format!("\n{:14} {:9} {:>8}", "step", "", "seconds"));
    for row in rows {
        let line = format!("{:14} {:9} {:8.1}  {}", row.name, row.word, row.took.as_secs_f64(), row.note);
        say(line.trim_end());
    }
    let total: Duration = rows.iter().map(|row| row.took).sum();
    say(&format!("{:14} {:9} {:8.1}", "all", "", total.as_secs_f64()));
}

#[allow(clippy::print_stdout)]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_elsewhere_fails_under_ci() {
        let skipped = || Ok(Outcome::Skipped("no node".into()));
        assert_eq!(judge(skipped(), false, &mut Vec::new()).0, "SKIPPED");
        assert_eq!(judge(skipped(), true, &mut Vec::new()).0, FAILED);
    }

    #[test]
    fn failed_tests_fail_the_step_and_are_counted() {
        let mut counts = Vec::new();
        assert_eq!(
            judge(Ok(Outcome::Tested(Count { passed: 3, failed: 1 }, Vec::new())), false, &mut counts).0,
            FAILED
        );
        assert_eq!(counts.len(), 1);
    }

    #[test]
    fn what_tests_could_not_look_at_is_said_beside_their_number() {
        let ended = Ok(Outcome::Tested(Count { passed: 3, failed: 0 }, vec!["the pages: install a browser".into()]));
        let (word, note) = judge(ended, false, &mut Vec::new());
        assert_eq!((word, note.as_str()), ("passed", "3 passed, 0 failed; NOT the pages: install a browser"));
    }

    #[test]
    fn a_step_that_does_not_exist_is_named_with_those_that_do() {
        let error = chosen(&["fmt".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("`fmt`") && error.contains("format, codegen"), "{error}");
    }
}

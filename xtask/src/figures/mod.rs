//! `cargo xtask figures`: what the layers cost those who build them, measured and written into their READMEs.

mod application;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

use crate::{codegen, emit, programs, root};

/// Where the tables stand.
const RAW: &str = "crates/opp-raw/README.md";
const ERGONOMIC: &str = "crates/opp-ergonomic/README.md";
const START: &str = "<!-- figures: written by `cargo xtask figures --write` -->\n";
const END: &str = "<!-- end of figures -->";

/// What is measured, and what to do with it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Arguments {
    /// Replace the tables in the crates' READMEs.
    #[arg(long)]
    pub write: bool,
    /// Only the whole builds of small applications, which take minutes.
    #[arg(long)]
    pub applications: bool,
}

/// What one command took.
struct Cost {
    user_seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
}

/// Measures, prints, and writes if asked to. A limit that is exceeded is an error at the end.
pub fn run(arguments: &Arguments) -> Result<()> {
    if !arguments.applications {
        publish(RAW, &measure()?, arguments.write)?;
    }
    let (table, kept) = application::measure()?;
    publish(ERGONOMIC, &table, arguments.write)?;
    ensure!(kept, "a build with opp-ergonomic takes more than it may");
    Ok(())
}

#[allow(clippy::print_stdout)]
fn publish(readme: &str, table: &str, write: bool) -> Result<()> {
    println!("{table}");
    if !write {
        return Ok(());
    }
    let path = root().join(readme);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {readme}"))?;
    let text = replaced(&text, table).with_context(|| format!("in {readme}"))?;
    fs::write(&path, text).with_context(|| format!("cannot write {readme}"))
}

fn measure() -> Result<String> {
    let (lines, generation) = generate()?;
    let check = median(&["check"])?;
    let build = median(&["build", "--release"])?;
    Ok(table(&[
        ("generated lines", lines.to_string()),
        ("`cargo check`, user time", format!("{:.1} s", check.user_seconds)),
        ("`cargo check`, peak memory of rustc", megabytes(check.peak_bytes)),
        ("`cargo build --release`, user time", format!("{:.1} s", build.user_seconds)),
        ("`cargo build --release`, peak memory of rustc", megabytes(build.peak_bytes)),
        ("generation, debug build of the generator", format!("{generation:.2} s")),
    ]))
}

fn table(rows: &[(impl std::fmt::Display, String)]) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let day = chrono::Utc::now().format("%-d %B %Y");
    let mut table = format!("| {day}, {cores} cores | |\n|---|---:|\n");
    for (name, value) in rows {
        table.push_str(&format!("| {name} | {value} |\n"));
    }
    table
}

/// The lines that are generated, and the seconds that generating takes.
fn generate() -> Result<(usize, f64)> {
    let start = Instant::now();
    let corrected = codegen::correct(&root().join(codegen::DOCUMENT), &root().join("openapi"), false)?;
    let files = emit::emit(&codegen::normalise(&corrected)?)?;
    let took = start.elapsed().as_secs_f64();
    let raw = files.iter().filter(|(path, _)| path.starts_with("opp-raw/"));
    Ok((raw.map(|(_, text)| text.lines().count()).sum(), took))
}

/// The crate alone, with what it depends on built before: the median of three by user time.
fn median(arguments: &[&str]) -> Result<Cost> {
    let source = root().join("crates/opp-raw/src/lib.rs");
    once(arguments)?;
    let mut costs = Vec::new();
    for _ in 0..3 {
        touch(&source)?;
        costs.push(once(arguments)?);
    }
    costs.sort_by(|a, b| a.user_seconds.total_cmp(&b.user_seconds));
    ensure!(costs.first().is_some_and(|cost| cost.user_seconds > 0.05), "nothing was built: the clock tells nonsense");
    Ok(costs.swap_remove(1))
}

fn once(arguments: &[&str]) -> Result<Cost> {
    cost_of(cargo(arguments).args(["--quiet", "--package", "opp-raw"]))
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = programs::cargo(arguments);
    // As whoever depends on the crate builds it: whole, and with no memory of the last time.
    cargo.env("CARGO_INCREMENTAL", "0").stdin(Stdio::null());
    cargo
}

/// Runs a command to its end, and says what it and all that it started took.
fn cost_of(command: &mut Command) -> Result<Cost> {
    let mut child = command.spawn().context("cannot start cargo")?;
    let used = child.wait4().context("cannot wait for cargo")?;
    ensure!(used.status.success(), "cargo failed");
    let (user, system) = (used.rusage.utime.as_secs_f64(), used.rusage.stime.as_secs_f64());
    Ok(Cost { user_seconds: user, cpu_seconds: user + system, peak_bytes: used.rusage.maxrss })
}

fn touch(path: &Path) -> Result<()> {
    let file = fs::File::options().append(true).open(path)?;
    file.set_modified(std::time::SystemTime::now()).with_context(|| format!("cannot touch {}", path.display()))
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

/// The text with another table between its marks.
fn replaced(text: &str, table: &str) -> Result<String> {
    let missing = || format!("there is no place for the table, between `{}` and `{END}`", START.trim_end());
    let (head, rest) = text.split_once(START).with_context(missing)?;
    let (_, tail) = rest.split_once(END).with_context(missing)?;
    Ok(format!("{head}{START}{table}{END}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_is_replaced() {
        let text = format!("a\n{START}old\n{END}\nb\n");
        assert_eq!(replaced(&text, "new\n").unwrap(), format!("a\n{START}new\n{END}\nb\n"));
    }

    #[test]
    fn a_readme_without_the_marks_is_refused() {
        assert!(replaced("a\n", "new\n").unwrap_err().to_string().contains("no place"));
    }
}

//! `cargo xtask figures`: what the raw crate costs those who build it, measured and written into its README.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

use crate::{codegen, emit, root};

/// Where the table stands.
const README: &str = "crates/opp-raw/README.md";
const START: &str = "<!-- figures: written by `cargo xtask figures --write` -->\n";
const END: &str = "<!-- end of figures -->";

/// What is measured, and what to do with it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Arguments {
    /// Replace the table in the crate's README.
    #[arg(long)]
    pub write: bool,
}

/// What one command took.
struct Cost {
    user_seconds: f64,
    peak_bytes: u64,
}

/// Measures, prints, and writes if asked to.
#[allow(clippy::print_stdout)]
pub fn run(arguments: &Arguments) -> Result<()> {
    let table = measure()?;
    print!("{table}");
    if arguments.write {
        let path = root().join(README);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {README}"))?;
        fs::write(&path, replaced(&text, &table)?).with_context(|| format!("cannot write {README}"))?;
    }
    Ok(())
}

fn measure() -> Result<String> {
    let (lines, generation) = generate()?;
    let check = median(&["check"])?;
    let build = median(&["build", "--release"])?;
    let rows = [
        ("generated lines", lines.to_string()),
        ("`cargo check`, user time", format!("{:.1} s", check.user_seconds)),
        ("`cargo check`, peak memory of rustc", megabytes(check.peak_bytes)),
        ("`cargo build --release`, user time", format!("{:.1} s", build.user_seconds)),
        ("`cargo build --release`, peak memory of rustc", megabytes(build.peak_bytes)),
        ("generation, debug build of the generator", format!("{generation:.2} s")),
    ];
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let day = chrono::Utc::now().format("%-d %B %Y");
    let mut table = format!("| {day}, {cores} cores | |\n|---|---:|\n");
    for (name, value) in rows {
        table.push_str(&format!("| {name} | {value} |\n"));
    }
    Ok(table)
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
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).args(["--quiet", "--package", "opp-raw"]).current_dir(root()).stdin(Stdio::null());
    // As whoever depends on the crate builds it: whole, and with no memory of the last time.
    cargo.env("CARGO_INCREMENTAL", "0");
    let mut child = cargo.spawn().context("cannot start cargo")?;
    let used = child.wait4().context("cannot wait for cargo")?;
    ensure!(used.status.success(), "`cargo {}` failed", arguments.join(" "));
    Ok(Cost { user_seconds: used.rusage.utime.as_secs_f64(), peak_bytes: used.rusage.maxrss })
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
    let missing = || format!("{README} has no place for the table, between `{}` and `{END}`", START.trim_end());
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

//! Running programs: shown as they go, read, or counted.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::root;
use crate::test::Count;

/// Whether this is a machine on which nothing may be skipped.
pub(crate) fn ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// A command in the root of the repository.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Cargo, the one that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// Runs a command, showing what it prints. Failing is an error that names it, and under CI, whose logs are long and cut,
/// also what it said went wrong.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = named(command);
    let (status, seen) = if ci() {
        watched(command)?
    } else {
        (command.status().with_context(|| format!("cannot start {name}"))?, Seen::default())
    };
    if status.success() { Ok(()) } else { bail!("{name} ended with {status}{}", seen.complaint()) }
}

/// The output of a command that shows nothing, or nothing if it fails or is not there.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Runs a command that runs tests, showing what it prints, and counts them.
pub(crate) fn run_tests(command: &mut Command) -> Result<Count> {
    let name = named(command);
    let (status, seen) = watched(command)?;
    if status.success() || seen.count.failed > 0 {
        Ok(seen.count)
    } else {
        bail!("{name} ended with {status}{}", seen.complaint())
    }
}

/// What a command printed that is worth more than a look.
#[derive(Default)]
struct Seen {
    count: Count,
    /// The first lines that begin with `error`, as cargo's and rustc's do.
    errors: Vec<String>,
}

impl Seen {
    const ERRORS: usize = 5;

    fn line(&mut self, line: &str) {
        if let Some(more) = Count::of_line(line) {
            self.count = self.count.plus(more);
        }
        if line.starts_with("error") && self.errors.len() < Self::ERRORS {
            self.errors.push(line.to_owned());
        }
    }

    fn plus(mut self, other: Self) -> Self {
        self.count = self.count.plus(other.count);
        self.errors.extend(other.errors);
        self
    }

    fn complaint(&self) -> String {
        self.errors.iter().fold(String::new(), |all, line| all + "\n    " + line)
    }
}

/// Runs a command to its end, showing what it prints: without colours, whose signs would stand before what is looked for.
fn watched(command: &mut Command) -> Result<(ExitStatus, Seen)> {
    let name = named(command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).env("CARGO_TERM_COLOR", "never");
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let seen = std::thread::scope(|scope| {
        let out = scope.spawn(|| pass_on(out));
        let err = scope.spawn(|| pass_on(err));
        [out.join(), err.join()].into_iter().filter_map(Result::ok).fold(Seen::default(), Seen::plus)
    });
    Ok((child.wait()?, seen))
}

/// Shows lines as they come, and remembers what is worth it.
#[allow(clippy::print_stdout)]
fn pass_on(stream: Option<impl Read>) -> Seen {
    let mut seen = Seen::default();
    let lines = stream.map(|stream| BufReader::new(stream).split(b'\n'));
    for line in lines.into_iter().flatten().map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        seen.line(&line);
    }
    seen
}

fn named(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_else(|| command.get_program());
    let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
    format!("`{} {}`", program.to_string_lossy(), arguments.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_found_among_what_was_printed() {
        let mut seen = Seen::default();
        for line in ["   Compiling opp-raw", "error: stale", "  --> src/lib.rs:32:1", "error: could not compile"] {
            seen.line(line);
        }
        assert_eq!(seen.complaint(), "\n    error: stale\n    error: could not compile");
    }

    #[test]
    fn what_a_command_says_went_wrong_is_seen_although_colours_are_wanted() {
        let mut command = cargo(&["no-such-command"]);
        let (status, seen) = watched(command.env("CARGO_TERM_COLOR", "always")).unwrap();
        assert!(!status.success());
        assert!(seen.complaint().contains("no-such-command"), "{}", seen.complaint());
    }
}

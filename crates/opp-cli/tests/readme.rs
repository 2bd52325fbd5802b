//! The README lists the commands that there are.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// A row for each command that does something, with what it says about itself.
fn rows(command: &clap::Command, path: &str) -> String {
    let own: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
    if own.is_empty() {
        return format!("| `{path}` | {} |\n", command.get_about().unwrap());
    }
    own.into_iter().map(|sub| rows(sub, &format!("{path} {}", sub.get_name()))).collect()
}

#[test]
fn every_command_is_in_the_readme_as_it_describes_itself() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("<!-- commands -->\n").unwrap();
    let (written, _) = rest.split_once("<!-- end -->").unwrap();
    let expected = format!("| command | what it does |\n|---|---|\n{}", rows(&opp_cli::command(), "opp"));
    assert_eq!(written, expected, "put this table between the marks:\n\n{expected}");
}

//! The project's chores. This file only dispatches: each task is a file of its own.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{codegen, diff, figures, release, screenshots, test};

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Chores {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Generate the raw crate and its mocks from the document.
    Codegen(codegen::Arguments),
    /// What differs between two documents for users of the raw crate.
    Diff(diff::Arguments),
    /// Measure what the layers cost those who build them.
    Figures(figures::Arguments),
    /// Make one layer ready to be published; publish nothing.
    Release(release::Arguments),
    /// Take the pictures of the READMEs anew.
    Screenshots,
    /// Check everything that has to hold before a change goes in.
    Test(test::Arguments),
}

fn main() -> ExitCode {
    let done = match Chores::parse().chore {
        Chore::Codegen(arguments) => codegen::run(&arguments),
        Chore::Diff(arguments) => diff::run(&arguments),
        Chore::Figures(arguments) => figures::run(&arguments),
        Chore::Release(arguments) => release::run_release(&arguments),
        Chore::Screenshots => screenshots::run(),
        Chore::Test(arguments) => test::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // What went wrong with its causes; a backtrace would hide them from who only runs a chore.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

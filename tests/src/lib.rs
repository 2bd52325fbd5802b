//! Helpers that the suites across crates share.

// What helps a test says what is missing by failing.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod bench;
pub mod calls;
pub mod document;
pub mod generate;
pub mod kept;
pub mod platform;
pub mod sample;
pub mod server;
pub mod subjects;

use std::io::Write as _;
use std::path::PathBuf;

/// What the first page of the repository shows has to compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FirstPage;

/// The folder of published editions beside the repository, if it is there. Outside the project's own workplace it is
/// missing, and this says so: a test that leaves out a comparison does not pass quietly.
#[must_use]
pub fn editions() -> Option<PathBuf> {
    let folder = xtask::test::editions();
    if folder.is_none() {
        // Not by `eprintln!`, which nobody sees of a test that passes.
        writeln!(std::io::stderr(), "\n*** SKIPPED: there are no published editions beside the repository ***\n").ok();
    }
    folder
}

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

use std::path::PathBuf;

/// What the first page of the repository shows has to compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FirstPage;

/// The folder of published editions beside the repository, if it is there.
///
/// Outside the project's own workplace it is missing, and what needs it says so instead of passing quietly.
#[must_use]
pub fn editions() -> Option<PathBuf> {
    let folder = xtask::root().join("../shared/upstream");
    folder.is_dir().then_some(folder)
}

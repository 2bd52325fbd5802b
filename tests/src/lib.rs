//! Helpers that the suites across crates share.

pub mod sample;

use std::path::PathBuf;

/// The folder of published editions beside the repository, if it is there.
///
/// Outside the project's own workplace it is missing, and what needs it says so instead of passing quietly.
#[must_use]
pub fn editions() -> Option<PathBuf> {
    let folder = xtask::root().join("../shared/upstream");
    folder.is_dir().then_some(folder)
}

//! The project's chores as a library, so that the suites across crates can call them.

pub mod automaton;
pub mod codegen;
pub mod diff;
pub mod document;
pub mod emit;
pub mod figures;
pub mod normalise;
mod programs;
pub mod release;
pub mod screenshots;
pub mod test;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

//! The project's chores as a library, so that the suites across crates can call them.

pub mod document;
pub mod normalise;
pub mod emit;

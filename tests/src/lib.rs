//! Helpers that the suites across crates share.

//! The document as data: reading it, adding services, applying corrections, finding one's way in it.
//!
//! Everything here works on [`serde_json::Value`], so that an edition with oddities can be read, mended and
//! reported by pointer before any typed model has a chance to reject it.

pub mod merge;
pub mod overlay;
pub mod read;
pub mod walk;

use std::path::PathBuf;

use serde_json::Value;

/// A document and where it came from, for messages.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file as it was named by the caller.
    pub path: PathBuf,
    /// The whole of it.
    pub root: Value,
}

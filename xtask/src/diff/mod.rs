//! `cargo xtask diff OLD NEW`: what differs between two documents, and what that means for users of the raw crate.
//!
//! Both documents go the way that generation takes: additions, corrections (leniently, for no other edition has all
//! the places that ours has), normalisation. What is compared is therefore what becomes Rust: a schema that moved but
//! ends as the same type is no difference, and neither is prose. Places are named in the document's language.
//!
//! # What breaks users of `opp-raw`
//!
//! A change breaks when code that compiled no longer does, or when a call that went through is now refused.
//!
//! | change | breaks? |
//! |---|---|
//! | operation added | no |
//! | operation removed, or its method renamed | yes |
//! | path or HTTP method changed | no: the method in Rust is the same |
//! | path or query parameter added, removed, of another type, optional or no longer so | yes: arguments are positional |
//! | path parameter renamed in its place | no: arguments have no names for callers; a new order does break |
//! | header parameter added | only if required: headers are fields of one struct, and calls without it are refused |
//! | header parameter removed | no, unless no operation has it any more: then the field of `RequestHeaders` is gone |
//! | body added, removed, optional or no longer so | yes: it is an argument |
//! | media type added | no, unless a method's signature changes by it |
//! | media type removed | yes: whoever sends it or asks for it is refused |
//! | status added or removed | no: methods take every success, errors every status |
//! | scope alternative added / removed | no / yes: a token for it is refused |
//! | type added | no |
//! | type removed, renamed or of another kind | yes |
//! | field added | no. Structs are not `non_exhaustive` so that they can be written literally, and the documented usage is `X { …, ..Default::default() }`; only a field that `build()` demands breaks |
//! | field removed, renamed or of another type | yes |
//! | field required / no longer required | yes if it is sent, because `build()` demands it; no otherwise: reading never demands / no |
//! | enum value added | no: enums are open and `non_exhaustive` |
//! | enum value removed, or its variant renamed | yes |
//! | choice added / removed | no / yes |
//! | length, range or pattern tightened / loosened | yes if it is sent, because building refuses it; no otherwise / no |
//! | format `date` or `date-time` gone | yes: so are the type's conversions |
//! | format added | as tightened |
//! | marked as not to be printed / no longer so | yes, `Display` goes / no |
//! | type no longer sent | yes: its builder is gone |
//!
//! Whatever the table, a method whose signature changed breaks.

mod compare;
mod model;
mod render;
mod version;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::codegen::{self, Corrected};
use crate::emit::shape::Shapes;
use crate::normalise::Normal;
use crate::root;

pub use version::{Advice, Bump};

/// What to compare.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The document that users have now: YAML or JSON, an edition of the platform or a `bundle.json`.
    pub old: PathBuf,
    /// The document that they would get.
    pub new: PathBuf,
    /// Print JSON for programs instead of lines for readers.
    #[arg(long)]
    pub json: bool,
}

/// What sort of thing changed. The order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A whole operation, or where it is found.
    Operation,
    /// What a method takes or gives.
    Signature,
    /// A parameter in the path.
    Path,
    /// A parameter in the query.
    Query,
    /// A header of a request.
    Header,
    /// The body of a request.
    Body,
    /// A media type of a request or an answer.
    Media,
    /// A status of an answer.
    Status,
    /// A scope.
    Scope,
    /// A host.
    Server,
    /// A whole type.
    Type,
    /// A field of an object.
    Field,
    /// A value of an enum, or a branch of a choice.
    Value,
    /// A rule for a value: length, pattern, format, range.
    Rule,
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
    /// It is new.
    Added,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The service: the tag of the operation, or of the only operations that use the type.
    pub service: String,
    /// What sort of thing.
    pub kind: Kind,
    /// What happened to it.
    pub action: Action,
    /// Where: the id of an operation, or the place of a schema in the document.
    pub place: String,
    /// The part of the place: a parameter, field, value or rule. Empty for the place as a whole.
    pub part: String,
    /// More on it: `35 → 70`.
    pub detail: String,
    /// The Rust item that users see.
    pub rust: String,
    /// Whether it breaks users of the generated crate.
    pub breaking: bool,
}

/// All differences, grouped by service in a stable order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// The differences.
    pub changes: Vec<Change>,
    /// How many operations of each service are in both documents.
    pub kept: BTreeMap<String, usize>,
}

impl Diff {
    /// Whether any of it breaks users.
    pub fn breaks(&self) -> bool {
        self.changes.iter().any(|change| change.breaking)
    }

    /// One line: what was added, removed and changed, in figures. `nothing` if there is no difference.
    pub fn summary(&self) -> String {
        render::summary(self)
    }
}

/// Compares two corrected documents.
pub fn compare(old: &Value, new: &Value) -> Result<Diff> {
    let old = model::Model::of(old).context("the old document")?;
    let new = model::Model::of(new).context("the new document")?;
    Ok(compare::models(&old, &new))
}

/// Compares a corrected document with one that was normalised and shaped already: generation has no time to lose.
pub fn since(old: &Value, normal: &Normal, shapes: &Shapes) -> Result<Diff> {
    let old = model::Model::of(old).context("the old document")?;
    Ok(compare::models(&old, &model::Model::read(normal, shapes)?))
}

/// Runs the task.
#[allow(clippy::print_stdout)]
pub fn run(arguments: &Arguments) -> Result<()> {
    let [old, new] = [&arguments.old, &arguments.new].map(|path| read(path));
    let (old, new) = (old?, new?);
    let diff = compare(&old.document.root, &new.document.root)?;
    let manifest = root().join("crates/opp-raw/Cargo.toml");
    let manifest = std::fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let advice = version::advise(&diff, &manifest)?;
    let text = if arguments.json {
        let mut text = serde_json::to_string_pretty(&render::json(&diff, &advice, &old, &new))?;
        text.push('\n');
        text
    } else {
        render::text(&diff, &advice, &old, &new)
    };
    // Whoever reads only the beginning, as `head` does, has what they want.
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn read(path: &Path) -> Result<Corrected> {
    codegen::correct(path, &root().join("openapi"), true)
}

//! `cargo xtask codegen`: from the document to the raw crate and its mocks.

mod report;
mod write;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::document::overlay::Applied;
use crate::document::{Document, merge, overlay, read};
use crate::normalise::{self, Normal};
use crate::{emit, root};

pub use report::Report;

/// The document that the repository's own crates are generated from.
pub const DOCUMENT: &str = "openapi/nextgenpsd2-1.3.3.yaml";

/// Marks a document that has its additions and corrections, so that a bundle is not corrected twice.
const CORRECTED: &str = "x-opp-corrected";

/// What to generate, and where to.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Arguments {
    /// Write nothing; say which file is stale, and fail if any is.
    #[arg(long)]
    pub check: bool,
    /// Another document than the repository's, YAML or JSON.
    #[arg(long, value_name = "PATH")]
    pub spec: Option<PathBuf>,
    /// Write a whole crate into this folder, which compiles by itself.
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    pub out: Option<PathBuf>,
    /// Go on when a correction matches nothing, and say so.
    #[arg(long)]
    pub lenient: bool,
}

/// A document after additions and corrections, and what was applied.
#[derive(Debug)]
pub struct Corrected {
    /// The document, ready to be bundled.
    pub document: Document,
    /// The fragments that were added, by file name.
    pub additions: Vec<String>,
    /// The corrections, by file name.
    pub corrections: Vec<Applied>,
}

/// Runs the task.
pub fn run(arguments: &Arguments) -> Result<()> {
    let started = Instant::now();
    let spec = arguments.spec.clone().unwrap_or_else(|| root().join(DOCUMENT));
    let corrected = correct(&spec, &root().join("openapi"), arguments.lenient)?;
    let normal = normalise(&corrected)?;
    let (shapes, files) = emit::shape::shapes(&normal)
        .and_then(|shapes| emit::with_shapes(&normal, &shapes).map(|files| (shapes, files)))
        .with_context(|| format!("{} cannot be generated", spec.display()))?;
    let version = corrected.document.root.pointer("/info/version").and_then(Value::as_str).unwrap_or("0").to_owned();
    let bundle = bundle(&corrected.document.root)?;
    let changed = report::changes(&root().join("openapi/bundle.json"), &corrected.document.root, &normal, &shapes);
    let report = Report::new(&corrected, &normal, &files, changed);
    match (&arguments.out, arguments.check) {
        (Some(folder), _) => write::crate_into(folder, &files, &bundle, &version)?,
        (None, true) => {
            let stale = write::stale(&files, &bundle, &version)?;
            if let [first, ..] = stale.as_slice() {
                bail!(
                    "{first} is stale{}. Run `cargo xtask codegen` and commit what it writes.",
                    if stale.len() > 1 { format!(", and so are {}", stale[1..].join(", ")) } else { String::new() }
                );
            }
        }
        (None, false) => write::in_place(&files, &bundle, &version)?,
    }
    report.print(started.elapsed());
    Ok(())
}

/// Reads a document, adds the additions and applies the corrections of a folder. A bundle has them already.
pub fn correct(spec: &Path, folder: &Path, lenient: bool) -> Result<Corrected> {
    let mut document = read::read_openapi(spec)?;
    normalise::structure::check(&document.root).with_context(|| format!("{} cannot be read", spec.display()))?;
    if document.root.get(CORRECTED).is_some() {
        return Ok(Corrected { document, additions: Vec::new(), corrections: Vec::new() });
    }
    normalise::repair(&mut document.root);
    let additions = merge::additions(&mut document, &folder.join("additions"))?;
    let corrections = overlay::corrections(&mut document, &folder.join("corrections"), lenient)?;
    normalise::repair::overlapping_choices(&mut document.root);
    document.root[CORRECTED] = true.into();
    Ok(Corrected { document, additions, corrections })
}

/// Normalises a corrected document.
pub fn normalise(corrected: &Corrected) -> Result<Normal> {
    normalise::normalise(&corrected.document.root)
        .with_context(|| format!("{} cannot be generated", corrected.document.path.display()))
}

/// The corrected document as every other tool gets it.
pub fn bundle(root: &Value) -> Result<String> {
    let mut text = serde_json::to_string_pretty(root)?;
    text.push('\n');
    Ok(text)
}

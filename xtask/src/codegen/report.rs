//! The table at the end: what was read, what came out, and what changed since the last run.

use std::path::Path;
use std::time::Duration;

use super::Corrected;
use crate::emit::Files;
use crate::normalise::Normal;

/// The figures of one run.
#[derive(Debug)]
pub struct Report {
    rows: Vec<(String, String)>,
    warnings: Vec<String>,
}

impl Report {
    /// Collects the figures before anything is written, so that the last run's files can be compared with.
    pub fn new(corrected: &Corrected, normal: &Normal, files: &Files, last_bundle: &Path) -> Self {
        let lines = |text: &str| text.lines().count();
        let mut rows = vec![
            ("document".to_owned(), corrected.document.path.display().to_string()),
            ("operations".to_owned(), normal.operations.len().to_string()),
            ("types".to_owned(), normal.schemas().len().to_string()),
            ("additions".to_owned(), corrected.additions.len().to_string()),
            (
                "corrections".to_owned(),
                format!(
                    "{} in {} places",
                    corrected.corrections.len(),
                    corrected.corrections.iter().map(|c| c.places).sum::<usize>()
                ),
            ),
        ];
        for (path, text) in files {
            rows.push((format!("lines of {path}"), lines(text).to_string()));
        }
        rows.push(("lines in all".to_owned(), files.values().map(|text| lines(text)).sum::<usize>().to_string()));
        let mut warnings = Vec::new();
        for correction in &corrected.corrections {
            for target in &correction.unmatched {
                warnings.push(format!("correction {} matches nothing at {target}", correction.name));
            }
        }
        rows.push(("changed since the last run".to_owned(), changes(last_bundle, corrected)));
        Self { rows, warnings }
    }

    /// Prints warnings and table.
    #[allow(clippy::print_stdout)]
    pub fn print(&self, took: Duration) {
        for warning in &self.warnings {
            println!("warning: {warning}");
        }
        let width = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in &self.rows {
            println!("{name:width$}  {value}");
        }
        println!("{:width$}  {:.2} s", "took", took.as_secs_f64());
    }
}

/// What differs from the bundle of the last run.
fn changes(last_bundle: &Path, corrected: &Corrected) -> String {
    let Ok(text) = std::fs::read_to_string(last_bundle) else {
        return "everything: there was no run before".to_owned();
    };
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(last) if last == corrected.document.root => "nothing".to_owned(),
        Ok(_) => "the document".to_owned(),
        Err(_) => "everything: the last bundle cannot be read".to_owned(),
    }
}

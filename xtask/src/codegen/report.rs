//! The table at the end: what was read, what came out, and what changed since the last run.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::Corrected;
use crate::diff;
use crate::emit::Files;
use crate::emit::shape::Shapes;
use crate::normalise::Normal;

/// The figures of one run.
#[derive(Debug)]
pub struct Report {
    rows: Vec<(String, String)>,
    warnings: Vec<String>,
}

impl Report {
    /// Collects the figures.
    pub fn new(corrected: &Corrected, normal: &Normal, files: &Files, changed: String) -> Self {
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
        rows.push(("changed since the last run".to_owned(), changed));
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

/// What differs from the bundle of the last run, for users of the raw crate. To be asked before anything is written.
pub(super) fn changes(last_bundle: &Path, root: &Value, normal: &Normal, shapes: &Shapes) -> String {
    let Ok(text) = std::fs::read_to_string(last_bundle) else {
        return "everything: there was no run before".to_owned();
    };
    let Ok(last) = serde_json::from_str::<Value>(&text) else {
        return "everything: the last bundle cannot be read".to_owned();
    };
    if last == *root {
        return "nothing".to_owned();
    }
    match diff::since(&last, normal, shapes) {
        Ok(diff) if diff.changes.is_empty() => "only documentation and examples".to_owned(),
        Ok(diff) => diff.summary(),
        Err(error) => format!("everything: the last bundle cannot be compared with: {error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emit::shape;
    use crate::normalise::normalise;

    fn since(last: &Value, now: &Value) -> String {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("bundle.json");
        std::fs::write(&bundle, last.to_string()).unwrap();
        compared(&bundle, now)
    }

    fn compared(bundle: &Path, now: &Value) -> String {
        let normal = normalise(now).unwrap();
        changes(bundle, now, &normal, &shape::shapes(&normal).unwrap())
    }

    fn document(description: &str, fields: &Value) -> Value {
        json!({"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {
            "operationId": "getA", "description": description,
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {
                "type": "object", "properties": fields
            }}}}}
        }}}})
    }

    #[test]
    fn a_run_on_the_same_document_changes_nothing() {
        let same = document("", &json!({"a": {"type": "string"}}));
        assert_eq!(since(&same, &same), "nothing");
    }

    #[test]
    fn a_run_on_other_words_changes_only_documentation() {
        let fields = json!({"a": {"type": "string"}});
        assert_eq!(since(&document("x", &fields), &document("y", &fields)), "only documentation and examples");
    }

    #[test]
    fn a_run_on_other_facts_says_in_figures_what_changed() {
        let old = document("", &json!({"a": {"type": "string"}, "b": {"type": "string"}}));
        let new = document("", &json!({"b": {"type": "integer"}, "c": {"type": "string"}}));
        assert_eq!(since(&old, &new), "types ~1, fields +1 -1 ~1; 2 changes break users");
    }

    #[test]
    fn without_a_last_run_everything_is_new() {
        let now = document("", &json!({}));
        assert!(compared(Path::new("there is no such file"), &now).starts_with("everything"));
    }
}

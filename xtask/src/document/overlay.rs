//! Corrections: `OpenAPI` Overlay files that say what is true of the platform where its document is wrong.
//!
//! Written here rather than taken from a crate: the published one refuses to act on scalars, and most of our
//! corrections remove a `format` or one entry of a `required` list.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::walk::text;
use super::{Document, merge, read};

/// What became of one correction.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The file's name.
    pub name: String,
    /// How many places of the document it touched.
    pub places: usize,
    /// The targets that matched nothing, only when lenient.
    pub unmatched: Vec<String>,
}

/// One overlay, read and checked.
struct Overlay {
    name: String,
    actions: Vec<Action>,
}

struct Action {
    target: JsonPath,
    written: String,
    change: Change,
}

enum Change {
    Update(Value),
    Remove,
}

/// Applies every overlay of a folder in the order of names. An action that matches nothing is an error that names
/// it, or is only reported when `lenient`.
pub fn corrections(document: &mut Document, folder: &Path, lenient: bool) -> Result<Vec<Applied>> {
    let mut applied = Vec::new();
    for path in merge::files(folder, &["yaml", "yml", "json"])? {
        let overlay = load(&path)?;
        let outcome = apply(&mut document.root, &overlay);
        if let (Some(target), false) = (outcome.unmatched.first(), lenient) {
            bail!(
                "correction {} matches nothing in {} at {target}. If the document was mended, remove the correction; \
                 if a name changed, change its target; to go on for now, pass --lenient.",
                overlay.name,
                document.path.display()
            );
        }
        applied.push(outcome);
    }
    Ok(applied)
}

fn load(path: &Path) -> Result<Overlay> {
    let root = read::read(path)?.root;
    let name = merge::file_name(path);
    match text(&root, "overlay") {
        Some(version) if version.starts_with("1.") => {}
        _ => bail!("{name}: at /overlay: write `overlay: 1.0.0`."),
    }
    for key in ["x-reason", "x-source"] {
        if text(&root, key).is_none_or(|reason| reason.trim().is_empty()) {
            bail!("{name}: at /{key}: a correction says why it is made and where that is known from.");
        }
    }
    let actions = root.get("actions").and_then(Value::as_array).filter(|actions| !actions.is_empty());
    let Some(actions) = actions else { bail!("{name}: at /actions: a correction has at least one action.") };
    let actions = actions
        .iter()
        .enumerate()
        .map(|(i, action)| action_from(action).with_context(|| format!("{name}: at /actions/{i}")))
        .collect::<Result<_>>()?;
    Ok(Overlay { name, actions })
}

fn action_from(action: &Value) -> Result<Action> {
    let written = text(action, "target").context("an action has a `target`")?.to_owned();
    let target = JsonPath::parse(&written).with_context(|| format!("`{written}` is no JSONPath (RFC 9535)"))?;
    let change = match (action.get("update"), action.get("remove")) {
        (Some(update), None | Some(Value::Bool(false))) => Change::Update(update.clone()),
        (None, Some(Value::Bool(true))) => Change::Remove,
        _ => bail!("an action has either an `update` or `remove: true`"),
    };
    Ok(Action { target, written, change })
}

fn apply(root: &mut Value, overlay: &Overlay) -> Applied {
    let mut applied = Applied { name: overlay.name.clone(), places: 0, unmatched: Vec::new() };
    for action in &overlay.actions {
        let located = action.target.query_located(root);
        let mut pointers: Vec<String> =
            located.locations().map(serde_json_path::NormalizedPath::to_json_pointer).collect();
        pointers.sort();
        pointers.dedup();
        if pointers.is_empty() {
            applied.unmatched.push(action.written.clone());
        }
        // From the last to the first, so that removing an entry of a list leaves the earlier pointers true.
        pointers.sort_by_key(|pointer| std::cmp::Reverse(natural(pointer)));
        for pointer in &pointers {
            match &action.change {
                Change::Update(update) => {
                    if let Some(node) = root.pointer_mut(pointer) {
                        update_node(node, update);
                    }
                }
                Change::Remove => remove_node(root, pointer),
            }
            applied.places += 1;
        }
    }
    applied
}

/// List positions compare as numbers.
fn natural(pointer: &str) -> Vec<(usize, String)> {
    pointer.split('/').map(|part| (part.parse().unwrap_or(usize::MAX), part.to_owned())).collect()
}

/// Objects are merged, lists grow by one entry, everything else is replaced.
fn update_node(node: &mut Value, update: &Value) {
    match (node, update) {
        (Value::Object(node), Value::Object(update)) => {
            for (key, value) in update {
                match node.get_mut(key) {
                    Some(existing) => update_node(existing, value),
                    None => {
                        node.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(node), Value::Array(update)) => node.extend(update.iter().cloned()),
        (Value::Array(node), update) => node.push(update.clone()),
        (node, update) => *node = update.clone(),
    }
}

fn remove_node(root: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    match root.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Some(index) = key.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn overlay(actions: &Value) -> Overlay {
        let actions = actions.as_array().unwrap().iter().map(|action| action_from(action).unwrap()).collect();
        Overlay { name: "00-test.yaml".into(), actions }
    }

    #[test]
    fn update_merges_objects_extends_lists_and_replaces_scalars() {
        let mut root = json!({"a": {"b": 1, "list": ["x"], "keep": true}});
        let done = apply(&mut root, &overlay(&json!([{"target": "$.a", "update": {"b": 2, "list": ["y"], "c": {}}}])));
        assert_eq!(root, json!({"a": {"b": 2, "list": ["x", "y"], "keep": true, "c": {}}}));
        assert_eq!(done.places, 1);
    }

    #[test]
    fn remove_takes_scalars_and_several_entries_of_one_list() {
        let mut root = json!({"p": {"format": "ipv4", "required": ["a", "b", "c"]}});
        apply(
            &mut root,
            &overlay(&json!([
                {"target": "$.p.format", "remove": true},
                {"target": "$.p.required[?@ == 'a' || @ == 'b']", "remove": true}
            ])),
        );
        assert_eq!(root, json!({"p": {"required": ["c"]}}));
    }

    #[test]
    fn an_action_without_a_match_is_reported_by_its_target() {
        let mut root = json!({});
        let done = apply(&mut root, &overlay(&json!([{"target": "$.nothing.here", "remove": true}])));
        assert_eq!(done.unmatched, ["$.nothing.here"]);
    }

    #[test]
    fn a_correction_that_matches_nothing_fails_by_name_unless_lenient() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("07-gone.yaml"),
            "overlay: 1.0.0\nx-reason: test\nx-source: test\nactions:\n  - target: $.gone\n    remove: true\n",
        )
        .unwrap();
        let mut document = Document { path: "doc.yaml".into(), root: json!({}) };
        let error = corrections(&mut document, folder.path(), false).unwrap_err().to_string();
        assert!(error.contains("07-gone.yaml") && error.contains("$.gone"), "{error}");
        assert_eq!(corrections(&mut document, folder.path(), true).unwrap()[0].unmatched, ["$.gone"]);
    }

    #[test]
    fn a_correction_without_a_reason_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("01.yaml"), "overlay: 1.0.0\nactions: []\n").unwrap();
        let mut document = Document { path: "doc.yaml".into(), root: json!({}) };
        let error = corrections(&mut document, folder.path(), false).unwrap_err().to_string();
        assert!(error.contains("/x-reason"), "{error}");
    }
}

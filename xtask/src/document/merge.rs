//! Adding services: fragments of `OpenAPI` that are merged into the document before it is corrected.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::walk::join;
use super::{Document, read};

/// Merges every fragment of a folder, in the order of their names. Returns the names.
pub fn additions(document: &mut Document, folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in files(folder, &["yaml", "yml", "json"])? {
        let fragment = read::read(&path)?;
        merge(&mut document.root, fragment.root, "")
            .with_context(|| format!("{} cannot be added to {}", path.display(), document.path.display()))?;
        names.push(file_name(&path));
    }
    Ok(names)
}

/// The files of a folder with one of these endings, sorted by name. A missing folder is an empty one.
pub fn files(folder: &Path, endings: &[&str]) -> Result<Vec<std::path::PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", folder.display())),
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e)));
    paths.sort();
    Ok(paths)
}

/// The last part of a path, for messages.
pub fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Adds what the fragment has. What both say must be equal: a fragment adds, it never changes.
fn merge(into: &mut Value, from: Value, pointer: &str) -> Result<()> {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                if pointer.is_empty() && matches!(key.as_str(), "openapi" | "info") {
                    continue;
                }
                let at = join(pointer, &key);
                match into.get_mut(&key) {
                    Some(existing) => merge(existing, value, &at)?,
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(into), Value::Array(from)) if is_list_of_named(pointer) => {
            for value in from {
                if !into.contains(&value) {
                    into.push(value);
                }
            }
        }
        (into, from) if *into == from => {}
        _ => bail!(
            "at {pointer}: the document says something else already. An addition only adds; change it with a correction."
        ),
    }
    Ok(())
}

/// Top-level lists are unions: `servers`, `tags`, `security`.
fn is_list_of_named(pointer: &str) -> bool {
    matches!(pointer, "/servers" | "/tags" | "/security")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fragment_adds_paths_schemas_and_tags() {
        let mut root =
            json!({"tags": [{"name": "A"}], "paths": {"/a": {"get": {}}}, "components": {"schemas": {"a": {}}}});
        let fragment = json!({
            "openapi": "3.0.1",
            "info": {"title": "fragment"},
            "tags": [{"name": "A"}, {"name": "B"}],
            "paths": {"/b": {"get": {}}},
            "components": {"schemas": {"b": {"type": "string"}}}
        });
        merge(&mut root, fragment, "").unwrap();
        assert_eq!(
            root,
            json!({
                "tags": [{"name": "A"}, {"name": "B"}],
                "paths": {"/a": {"get": {}}, "/b": {"get": {}}},
                "components": {"schemas": {"a": {}, "b": {"type": "string"}}}
            })
        );
    }

    #[test]
    fn a_fragment_may_repeat_but_not_contradict() {
        let mut root = json!({"components": {"schemas": {"a": {"type": "string"}}}});
        merge(&mut root, json!({"components": {"schemas": {"a": {"type": "string"}}}}), "").unwrap();
        let error = merge(&mut root, json!({"components": {"schemas": {"a": {"type": "integer"}}}}), "").unwrap_err();
        assert!(error.to_string().contains("/components/schemas/a/type"), "{error}");
    }

    #[test]
    fn merging_into_nothing_gives_the_fragment() {
        let mut root = json!({});
        merge(&mut root, json!({"paths": {"/x": {}}}), "").unwrap();
        assert_eq!(root, json!({"paths": {"/x": {}}}));
    }
}

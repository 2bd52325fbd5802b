//! Reading a document, YAML or JSON, as leniently as its facts allow.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::Document;

/// Reads a file. The format is told by its first character, not by its name.
pub fn read(path: &Path) -> Result<Document> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let root = parse(&text).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Document { path: path.to_owned(), root })
}

/// Reads a file that has to be an `OpenAPI` 3 document.
pub fn read_openapi(path: &Path) -> Result<Document> {
    let document = read(path)?;
    match document.root.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.") => {}
        Some(version) => bail!(
            "{}: at /openapi: version {version} is not supported. Convert the document to OpenAPI 3.0 first.",
            path.display()
        ),
        None => bail!(
            "{}: at /openapi: there is no version. Is this an OpenAPI 3 document? Add `openapi: 3.0.1` if so.",
            path.display()
        ),
    }
    if !document.root.get("paths").is_some_and(Value::is_object) {
        bail!("{}: at /paths: there are no paths, so there is nothing to generate.", path.display());
    }
    Ok(document)
}

/// Parses JSON or YAML. Errors carry line and column.
pub fn parse(text: &str) -> Result<Value> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let yaml: yaml_serde::Value = yaml_serde::from_str(text)?;
    to_json(yaml, "")
}

/// YAML has keys and numbers that JSON lacks: statuses are often written as numbers, and become text here.
fn to_json(value: yaml_serde::Value, pointer: &str) -> Result<Value> {
    use yaml_serde::Value as Yaml;
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => serde_json::to_value(number).with_context(|| format!("at {pointer}"))?,
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(i, item)| to_json(item, &super::walk::join(pointer, &i.to_string())))
                .collect::<Result<_>>()?,
        ),
        Yaml::Mapping(entries) => {
            let mut map = Map::with_capacity(entries.len());
            for (key, inner) in entries {
                let key = match key {
                    Yaml::String(text) => text,
                    Yaml::Number(number) => number.to_string(),
                    Yaml::Bool(flag) => flag.to_string(),
                    Yaml::Null => "null".to_owned(),
                    other => bail!("at {pointer}: {other:?} cannot be a key. Quote it."),
                };
                let inner = to_json(inner, &super::walk::join(pointer, &key))?;
                map.insert(key, inner);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => to_json(tagged.value, pointer)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_with_leading_zeros_stay_text_and_statuses_become_text() {
        let value = parse("id: 08191\nresponses:\n  200: ok\nday: 2020-01-01\n").unwrap();
        assert_eq!(value, serde_json::json!({"id": "08191", "responses": {"200": "ok"}, "day": "2020-01-01"}));
    }

    #[test]
    fn json_and_yaml_read_alike() {
        assert_eq!(parse(r#"{"a": [1, true, null]}"#).unwrap(), parse("a: [1, true, null]").unwrap());
    }

    #[test]
    fn a_mistake_is_named_by_its_line() {
        let message = format!("{:#}", parse("a: 1\nb: [1, 2\nc: 3\n").unwrap_err());
        assert!(message.contains("line"), "{message}");
    }
}

//! Prose of the document as rustdoc.

use serde_json::Value;

use crate::document::walk::{schema_ref, schemas, text};

/// Lines of documentation, indented, from Markdown that was not written for rustdoc.
///
/// Brackets are no links here, angle brackets no HTML, and a code block is nothing to compile.
pub fn lines(prose: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut out = String::new();
    let mut fenced = false;
    let mut blank = true;
    for line in prose.trim().lines() {
        let line = line.trim_end();
        let content = line.trim_start();
        if content.is_empty() {
            if !blank {
                out.push_str(&format!("{pad}///\n"));
            }
            blank = true;
            continue;
        }
        blank = false;
        if let Some(language) = content.strip_prefix("```") {
            let opening = if fenced || !language.is_empty() && language != "rust" { content } else { "```text" };
            fenced = !fenced;
            out.push_str(&format!("{pad}/// {opening}\n"));
            continue;
        }
        let depth = (line.len() - content.len()).min(if fenced { 12 } else { 2 });
        let content = if fenced { content.to_owned() } else { escape(content) };
        out.push_str(&format!("{pad}/// {}{content}\n", " ".repeat(depth)));
    }
    if fenced {
        out.push_str(&format!("{pad}/// ```\n"));
    }
    out
}

/// Escapes what rustdoc would read as a link or as HTML, outside code.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for (i, part) in line.split('`').enumerate() {
        if i > 0 {
            out.push('`');
        }
        if i % 2 == 1 {
            out.push_str(part);
            continue;
        }
        for word in part.split_inclusive(char::is_whitespace) {
            let bare = word.trim_start_matches(['(', '"']);
            if bare.starts_with("https://") || bare.starts_with("http://") {
                let lead = &word[..word.len() - bare.len()];
                let end = bare.trim_end_matches(|c: char| c.is_whitespace() || ".,;:)\"".contains(c)).len();
                out.push_str(&format!("{lead}<{}>{}", &bare[..end], &bare[end..]));
            } else {
                out.push_str(&word.replace('[', "\\[").replace(']', "\\]").replace('<', "\\<").replace('>', "\\>"));
            }
        }
    }
    if line.matches('`').count() % 2 == 1 {
        return out.replace('`', "'");
    }
    out
}

/// What a field is: its own description, or the first paragraph of its type's.
pub fn of_property(root: &Value, property: &Value) -> String {
    let own = text(property, "description").map(str::to_owned);
    let described = own.or_else(|| {
        let mut schema = property;
        while schema_ref(schema).is_none() {
            schema = schema.get("items").or_else(|| schema.get("additionalProperties"))?;
        }
        let target = schemas(root)?.get(schema_ref(schema)?)?;
        let first = text(target, "description")?.trim().split("\n\n").next()?;
        // What introduces a list stands alone here; the list is with the type.
        Some(first.strip_suffix(':').map_or_else(|| first.to_owned(), |head| format!("{head}: see the type.")))
    });
    described.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| "Not described by the document.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_addresses_and_code_survive_rustdoc() {
        let out = lines("Put [TPP_STATE] in, see https://a.example/x. Write `a[0]`.\n\n\n```\nlet x;\n```", 4);
        assert_eq!(
            out,
            "    /// Put \\[TPP_STATE\\] in, see <https://a.example/x>. Write `a[0]`.\n    ///\n    /// ```text\n    /// let x;\n    /// ```\n"
        );
    }

    #[test]
    fn deep_indentation_is_no_code_block() {
        assert_eq!(lines("List:\n      - one", 0), "/// List:\n///   - one\n");
    }
}

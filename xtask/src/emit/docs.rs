//! Prose of the document as rustdoc.

use serde_json::Value;

use crate::document::walk::{schema_ref, schemas, text};

/// Where lines of documentation end at the latest, if a blank lets them.
const WIDTH: usize = 110;

/// Lines of documentation, indented, from Markdown that was not written for rustdoc.
///
/// Paragraphs and the entries of lists are wrapped anew. Brackets are no links here, angle brackets no HTML, and a
/// code block is nothing to compile.
pub fn lines(prose: &str, indent: usize) -> String {
    let lead = format!("{}///", " ".repeat(indent));
    let mut out = String::new();
    let mut block = Block::default();
    let mut fenced = false;
    for line in prose.trim().lines() {
        let content = line.trim();
        let depth = line.len() - line.trim_start().len();
        if let Some(language) = content.strip_prefix("```") {
            block.finish(&lead, &mut out);
            let opening = if fenced || !language.is_empty() && language != "rust" { content } else { "```text" };
            fenced = !fenced;
            out.push_str(&format!("{lead} {opening}\n"));
        } else if fenced && !content.is_empty() {
            out.push_str(&format!("{lead} {}{content}\n", " ".repeat(depth.min(12))));
        } else if content.is_empty() {
            block.finish(&lead, &mut out);
            if !out.ends_with(&format!("{lead}\n")) {
                out.push_str(&format!("{lead}\n"));
            }
        } else if stands_alone(content) {
            block.finish(&lead, &mut out);
            out.push_str(&format!("{lead} {}\n", escape(content)));
        } else {
            let marker = marker(content);
            if marker > 0 || block.text.is_empty() {
                block.finish(&lead, &mut out);
                block = Block { depth: depth.min(2), marker, text: content.to_owned() };
            } else {
                block.text.push(' ');
                block.text.push_str(content);
            }
        }
    }
    block.finish(&lead, &mut out);
    if fenced {
        out.push_str(&format!("{lead} ```\n"));
    }
    out
}

/// A paragraph, or one entry of a list.
#[derive(Default)]
struct Block {
    depth: usize,
    /// The width of the entry's mark; nothing for a paragraph.
    marker: usize,
    text: String,
}

impl Block {
    fn finish(&mut self, lead: &str, out: &mut String) {
        let block = std::mem::take(self);
        if block.text.is_empty() {
            return;
        }
        let first = format!("{lead} {}", " ".repeat(block.depth));
        let rest = format!("{first}{}", " ".repeat(block.marker));
        let options = textwrap::Options::new(WIDTH)
            .initial_indent(&first)
            .subsequent_indent(&rest)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .break_words(false);
        for line in textwrap::wrap(&glued(&escape(&block.text)), options) {
            out.push_str(&line.replace(GLUE, " "));
            out.push('\n');
        }
    }
}

/// A blank that lines are not broken at.
const GLUE: char = '\u{a0}';

/// Ties what would begin a list, a heading or a quotation at the start of a line to the word before it, and holds
/// code together.
fn glued(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut code = false;
    for word in text.split(' ') {
        if !out.is_empty() {
            let special = marker(&format!("{word} .")) > 0 || word.starts_with(['#', '>', '|']);
            out.push(if special || code { GLUE } else { ' ' });
        }
        code ^= word.matches('`').count() % 2 == 1;
        out.push_str(word);
    }
    out
}

/// Rows of tables and headings keep their lines.
fn stands_alone(content: &str) -> bool {
    content.starts_with(['|', '#'])
}

/// The width of the mark that makes a line an entry of a list: `- `, `* `, `+ `, `1. `.
fn marker(content: &str) -> usize {
    let Some((mark, _)) = content.split_once(' ') else { return 0 };
    let number = mark.strip_suffix(['.', ')']).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    if matches!(mark, "-" | "*" | "+") || number { mark.len() + 1 } else { 0 }
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
    fn paragraphs_and_entries_are_wrapped_and_nothing_becomes_an_entry() {
        let line = "abcdefghij".repeat(10);
        let out = lines(&format!("{line} `a b c`\n- {line}\n  more\n- b\n\n{line} cdef - g"), 0);
        assert_eq!(
            out.lines().collect::<Vec<_>>(),
            [
                &format!("/// {line}"),
                "/// `a b c`",
                &format!("/// - {line}"),
                "///   more",
                "/// - b",
                "///",
                &format!("/// {line}"),
                "/// cdef - g",
            ]
        );
        assert!(out.lines().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn tables_keep_their_rows() {
        assert_eq!(lines("| a | b |\n|---|---|\n| 1 | 2 |", 0), "/// | a | b |\n/// |---|---|\n/// | 1 | 2 |\n");
    }

    #[test]
    fn deep_indentation_is_no_code_block() {
        assert_eq!(lines("List:\n      - one", 0), "/// List:\n///   - one\n");
    }
}

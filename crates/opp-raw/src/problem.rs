//! What an error body says, in whichever of the platform's forms it came.

use std::fmt;

use serde_json::Value;

use crate::types::MessageCode;
use crate::value::Read;

/// An error body: `tppMessages`, problem details, or the form of OAuth.
///
/// Nothing is required and nothing is lost: the whole body stays with the error.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// What went wrong, one entry for each cause.
    pub messages: Vec<Message>,
    /// A headline, in problem details.
    pub title: Option<String>,
}

/// One cause.
///
/// [`Debug`](fmt::Debug) shows everything but the text: banks quote account numbers in it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// `ERROR` or `WARNING`; others have been seen.
    pub category: Option<String>,
    /// The word to decide by. A code that the document does not know is kept.
    pub code: Option<MessageCode>,
    /// Where in the request the cause is, if the platform tells.
    pub path: Option<String>,
    /// An explanation for developers.
    pub text: Option<String>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("category", &self.category)
            .field("code", &self.code)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Problem {
    /// Reads a body. One that is no JSON, or says nothing, gives `None`.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let root: Value = serde_json::from_slice(body).ok()?;
        let mut problem = Self { title: text(&root, "title"), ..Self::default() };
        let causes = &mut problem.messages;
        match &root {
            // The bare list of the published document.
            Value::Array(_) => gather(causes, Some(&root)),
            // Problem details carry one cause themselves and may add others; OAuth has its own two words.
            Value::Object(_) => {
                gather(causes, root.get("tppMessages"));
                gather(causes, root.get("tppMessage"));
                causes.extend(message(&root));
                gather(causes, root.get("additionalErrors"));
            }
            _ => return None,
        }
        (!problem.messages.is_empty() || problem.title.is_some()).then_some(problem)
    }
}

/// Takes a list of causes, or one that stands by itself.
fn gather(causes: &mut Vec<Message>, listed: Option<&Value>) {
    let Some(listed) = listed else { return };
    for value in listed.as_array().map_or(std::slice::from_ref(listed), Vec::as_slice) {
        causes.extend(message(value));
    }
}

fn message(value: &Value) -> Option<Message> {
    let code = text(value, "code").or_else(|| text(value, "error"));
    let detail = ["text", "detail", "error_description"].iter().find_map(|key| text(value, key));
    if code.is_none() && detail.is_none() {
        return None;
    }
    Some(Message {
        category: text(value, "category"),
        code: code.as_deref().and_then(MessageCode::read_str),
        path: text(value, "path"),
        text: detail,
    })
}

/// Text under a key; a number or a flag where text was promised will do.
fn text(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => String::read_bool(*flag),
        Value::Number(number) => String::read_number(number),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

//! What goes wrong, in the platform's terms: a status, a `tppMessages` code and a text (platform-facts 10).

use http::StatusCode;
use serde_json::{Value, json};

use super::wire::Reply;

/// The platform's refusal of a call.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) text: String,
    /// The header, parameter or JSON pointer at fault.
    pub(crate) path: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into(), path: None }
    }

    pub(crate) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// 400 `FORMAT_ERROR`, the answer to whatever breaks the document.
    pub(crate) fn format(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "FORMAT_ERROR", text).at(path)
    }

    pub(crate) fn bad_request(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, text)
    }

    pub(crate) fn unauthorised(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, text)
    }

    pub(crate) fn forbidden(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, text)
    }

    pub(crate) fn unknown(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_UNKNOWN", text)
    }

    pub(crate) fn conflict(text: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "STATUS_INVALID", text)
    }

    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", text)
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::json(self.status, json!({ "tppMessages": [self.message("ERROR")] }))
    }

    fn message(&self, category: &str) -> Value {
        let mut message = json!({ "category": category, "code": self.code });
        if let Some(path) = &self.path {
            message["path"] = json!(path);
        }
        // The platform cuts at 512 characters (platform-facts 10).
        message["text"] = json!(self.text.chars().take(512).collect::<String>());
        message
    }
}

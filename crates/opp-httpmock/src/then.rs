//! How a mock answers.

use std::fmt;
use std::marker::PhantomData;

use opp_raw::reqwest::StatusCode;
use opp_raw::types::{MessageCode, ResponseHeaders};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Mocked;

/// How a call of one operation is answered.
pub struct Then<O> {
    inner: httpmock::Then,
    operation: PhantomData<fn() -> O>,
}

impl<O: Mocked> fmt::Debug for Then<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Then").field("operation", &O::OPERATION.id).finish_non_exhaustive()
    }
}

#[allow(clippy::return_self_not_must_use, reason = "httpmock keeps what was said: the end of a chain may be dropped")]
impl<O: Mocked> Then<O> {
    /// An answer of which nothing is said yet.
    pub fn new(inner: httpmock::Then) -> Self {
        Self { inner, operation: PhantomData }
    }

    fn map(self, step: impl FnOnce(httpmock::Then) -> httpmock::Then) -> Self {
        Self { inner: step(self.inner), operation: PhantomData }
    }

    /// Answers with an error in the platform's own form: `tppMessages`, one for each code.
    pub fn error(self, status: u16, codes: &[MessageCode]) -> Self {
        let messages: Vec<_> = codes
            .iter()
            .map(|code| json!({"category": "ERROR", "code": code, "text": "Answered by a mock."}))
            .collect();
        self.json(status, &json!({"tppMessages": messages}))
    }

    /// Answers with an error as problem details: the first code is its own, the others are additional errors.
    pub fn problem(self, status: u16, codes: &[MessageCode]) -> Self {
        let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut problem = json!({
            "type": "about:blank", "title": title.unwrap_or("Error"), "detail": "Answered by a mock."
        });
        if let Some((first, others)) = codes.split_first() {
            problem["code"] = json!(first);
            if !others.is_empty() {
                problem["additionalErrors"] = others.iter().map(|code| json!({"code": code})).collect();
            }
        }
        answer::json(self, status, "application/problem+json", &problem)
    }

    /// Answers with a status and nothing else, as a gateway may.
    pub fn empty(self, status: u16) -> Self {
        self.map(|then| then.status(status))
    }

    /// Answers with any JSON: what a bank does that the document does not know.
    pub fn json(self, status: u16, body: &(impl Serialize + ?Sized)) -> Self {
        answer::json(self, status, "application/json", body)
    }

    /// Answers with any bytes.
    pub fn bytes(self, status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        self.map(|then| then.status(status).header("content-type", content_type).body(body))
    }

    /// Adds the headers that are given.
    pub fn headers(self, headers: &ResponseHeaders) -> Self {
        // As JSON, headers are an object of names and texts.
        let Ok(Value::Object(headers)) = serde_json::to_value(headers) else { return self };
        headers.into_iter().fold(self, |then, (name, value)| match value {
            Value::String(text) => then.header(&name, &text),
            other => then.header(&name, &other.to_string()),
        })
    }

    /// Adds a header, in the document or not.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.map(|then| then.header(name, value))
    }

    /// httpmock's own side, for delays and whatever else there is.
    pub fn into_inner(self) -> httpmock::Then {
        self.inner
    }
}

/// What the generated methods are made of beside the methods that every operation has.
pub(crate) mod answer {
    use serde::Serialize;

    use super::{Mocked, Then};

    /// Answers with JSON of a media type, with all digits of its numbers.
    pub(crate) fn json<O: Mocked>(
        then: Then<O>,
        status: u16,
        media: &str,
        body: &(impl Serialize + ?Sized),
    ) -> Then<O> {
        match serde_json::to_vec(body) {
            Ok(text) => then.bytes(status, media, text),
            // Whoever reads the failed test reads this.
            Err(error) => then.bytes(500, "text/plain", format!("the mock cannot write its answer as JSON: {error}")),
        }
    }
}

//! Errors: what happened, where, and what to do next. The body is there for whoever asks, and never printed.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::response::{Failure, body, typed};
use crate::types::{MessageCode, ResponseHeaders};
use crate::{Bytes, Invalid, Operation, Problem};

/// A call that did not succeed, or a client that could not be built.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: Kind,
    operation: Option<&'static Operation>,
    request_id: Option<String>,
    answer: Option<Answer>,
    what: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// Whether something had left before this came about, as far as a hook decides that.
    sent: AtomicBool,
}

struct Answer {
    status: StatusCode,
    headers: ResponseHeaders,
    raw_headers: HeaderMap,
    body: Bytes,
    problem: Option<Problem>,
    json_path: Option<String>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The call was refused before anything was sent: it breaks a rule of the document.
    Invalid,
    /// The client cannot be built as configured.
    Configuration,
    /// No connection came about, so nothing was sent.
    Connect,
    /// Time ran out. Whether the call took effect is not known.
    Timeout,
    /// The connection failed under way. Whether the call took effect is not known.
    Transport,
    /// The platform answered with an error.
    Status,
    /// The platform answered with success and a body that could not be read.
    Body,
    /// A hook refused, before anything was sent or after it: [`Error::is_unsent`] tells.
    Hook,
}

impl Error {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether it is certain that nothing has left: the call broke a rule, found no connection, or was stopped by a hook
    /// that had not sent it. Of a write, all other errors without a status leave open whether it took effect.
    pub fn is_unsent(&self) -> bool {
        let stopped = matches!(self.0.kind, Kind::Invalid | Kind::Configuration | Kind::Connect | Kind::Hook);
        stopped && !self.0.sent.load(Ordering::Relaxed)
    }

    /// Notes whether something had left.
    pub(crate) fn note(&self, sent: bool) {
        self.0.sent.fetch_or(sent, Ordering::Relaxed);
    }

    /// The operation, if the error belongs to one.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }

    /// The `X-Request-ID` of the call: what the platform's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        let answered = self.0.answer.as_ref().and_then(|answer| answer.raw_headers.get("x-request-id")?.to_str().ok());
        answered.or(self.0.request_id.as_deref())
    }

    /// The status, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.answer.as_ref().map(|answer| answer.status)
    }

    /// The headers that the document names, if there was an answer.
    pub fn headers(&self) -> Option<&ResponseHeaders> {
        self.0.answer.as_ref().map(|answer| &answer.headers)
    }

    /// All headers, if there was an answer.
    pub fn raw_headers(&self) -> Option<&HeaderMap> {
        self.0.answer.as_ref().map(|answer| &answer.raw_headers)
    }

    /// The body exactly as it came, as far as it came. It may hold what must not be logged.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.answer.as_ref().map(|answer| &answer.body)
    }

    /// How far into the JSON the reading came, if a body could not be read: `accounts[3].balances`. Keys of the body
    /// can be part of it, so it is not printed.
    pub fn json_path(&self) -> Option<&str> {
        self.0.answer.as_ref()?.json_path.as_deref()
    }

    /// What the body says, if it is in one of the platform's forms.
    pub fn problem(&self) -> Option<&Problem> {
        self.0.answer.as_ref()?.problem.as_ref()
    }

    /// The codes of the platform, in order.
    pub fn codes(&self) -> impl Iterator<Item = &MessageCode> {
        let messages = self.problem().map_or(&[][..], |problem| &problem.messages);
        messages.iter().filter_map(|message| message.code.as_ref())
    }

    /// Status, codes and `X-Request-ID` in words, as far as they are known: the facts of this error's text.
    pub fn facts(&self) -> String {
        let mut facts: Vec<_> = self.status().map(|status| format!("status {}", status.as_u16())).into_iter().collect();
        let codes: Vec<_> = self.codes().map(code_for_print).collect();
        if !codes.is_empty() {
            facts.push(codes.join(" "));
        }
        facts.extend(self.request_id().map(|id| format!("X-Request-ID {id}")));
        facts.join(", ")
    }

    /// The rule that the call broke, if it was refused before it was sent.
    pub fn invalid(&self) -> Option<&Invalid> {
        self.0.source.as_ref()?.downcast_ref()
    }

    /// An error of a hook.
    pub fn from_hook(operation: &'static Operation, source: impl StdError + Send + Sync + 'static) -> Self {
        let what = "was stopped by a hook".to_owned();
        Self::new(Kind::Hook, Some(operation), None, what, Some(Box::new(source)))
    }

    fn new(
        kind: Kind,
        operation: Option<&'static Operation>,
        request_id: Option<String>,
        what: String,
        source: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let sent = AtomicBool::new(false);
        Self(Arc::new(Inner { kind, operation, request_id, answer: None, what, source, sent }))
    }

    pub(crate) fn invalid_call(operation: &'static Operation, invalid: Invalid) -> Self {
        let what = format!("was not sent: {invalid}");
        Self::new(Kind::Invalid, Some(operation), None, what, Some(Box::new(invalid)))
    }

    pub(crate) fn configuration(invalid: Invalid) -> Self {
        let what = format!("the client cannot be built: {invalid}");
        Self::new(Kind::Configuration, None, None, what, Some(Box::new(invalid)))
    }

    pub(crate) fn from_build(error: reqwest::Error) -> Self {
        let what = "the client cannot be built: check certificates, proxy and TLS settings".to_owned();
        Self::new(Kind::Configuration, None, None, what, Some(Box::new(error.without_url())))
    }

    pub(crate) fn from_transport(
        operation: &'static Operation,
        request_id: Option<String>,
        error: reqwest::Error,
    ) -> Self {
        let (kind, what) = if error.is_connect() {
            (Kind::Connect, "found no connection, so nothing was sent: check host, DNS, proxy and certificate")
        } else if error.is_timeout() {
            (
                Kind::Timeout,
                unknown(
                    operation,
                    "ran out of time",
                    "ran out of time: what it did is unknown, so read before you send it again",
                ),
            )
        } else {
            (
                Kind::Transport,
                unknown(
                    operation,
                    "lost its connection",
                    "lost its connection: what it did is unknown, so read before you send it again",
                ),
            )
        };
        Self::new(kind, Some(operation), request_id, what.to_owned(), Some(Box::new(error.without_url())))
    }

    /// A client that was brought along followed a redirect.
    pub(crate) fn led_astray(operation: &'static Operation, request_id: Option<String>) -> Self {
        let what = "was redirected to another host, whose answer is not trusted: give the HTTP client redirect::Policy::none()";
        Self::new(Kind::Transport, Some(operation), request_id, what.to_owned(), None)
    }

    /// An error status. The body is read as far as it can be: half of it is better than none.
    pub(crate) async fn from_answer(
        operation: &'static Operation,
        mut answer: reqwest::Response,
        limit: usize,
    ) -> Self {
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let (body, _) = body(&mut answer, limit.min(1 << 20)).await;
        let problem = Problem::parse(&body);
        Self::answered(Kind::Status, operation, status, headers, body, problem, advice(status).to_owned(), None)
    }

    pub(crate) fn from_body(
        operation: &'static Operation,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        failure: Failure,
    ) -> Self {
        let (kind, what, source) = match failure {
            Failure::TooLarge(limit) => (Kind::Body, too_large(limit), None),
            Failure::Transport(error) if error.is_timeout() => {
                (Kind::Timeout, "ran out of time while the answer was read".to_owned(), Some(error))
            }
            Failure::Transport(error) => {
                (Kind::Transport, "lost its connection while the answer was read".to_owned(), Some(error))
            }
        };
        let source = source.map(|error| Box::new(error.without_url()) as Box<dyn StdError + Send + Sync>);
        Self::answered(kind, operation, status, headers, body, None, what, source)
    }

    pub(crate) fn from_decoding(
        operation: &'static Operation,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        error: &serde_path_to_error::Error<serde_json::Error>,
    ) -> Self {
        // The text of a decoding error may quote the body; its place does not.
        let (path, error) = (error.path().to_string(), error.inner());
        let place = if error.is_eof() {
            "ends too early".to_owned()
        } else {
            format!("is not what it should be at line {}, column {}", error.line(), error.column())
        };
        let what = format!("succeeded, but its answer {place}: the body of this error has all of it");
        let mut failed = Self::answered(Kind::Body, operation, status, headers, body, None, what, None);
        // Nobody else has this error yet, so there is one to write to.
        if let Some(answer) = Arc::get_mut(&mut failed.0).and_then(|inner| inner.answer.as_mut()) {
            answer.json_path = Some(path);
        }
        failed
    }

    pub(crate) fn too_large(operation: &'static Operation, request_id: Option<String>, limit: usize) -> Self {
        Self::new(Kind::Body, Some(operation), request_id, too_large(limit), None)
    }

    #[allow(clippy::too_many_arguments)]
    fn answered(
        kind: Kind,
        operation: &'static Operation,
        status: StatusCode,
        raw_headers: HeaderMap,
        body: Bytes,
        problem: Option<Problem>,
        what: String,
        source: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let headers = typed(&raw_headers);
        let answer = Some(Answer { status, headers, raw_headers, body, problem, json_path: None });
        let (operation, sent) = (Some(operation), AtomicBool::new(true));
        Self(Arc::new(Inner { kind, operation, request_id: None, answer, what, source, sent }))
    }
}

fn unknown(operation: &'static Operation, read: &'static str, write: &'static str) -> &'static str {
    if operation.is_read() { read } else { write }
}

fn too_large(limit: usize) -> String {
    format!("has an answer of more than {limit} bytes: raise the limit, or read it as a stream")
}

/// What to do about a status, where the codes do not say more.
fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => "was redirected, and redirects are not followed: check the address of the host",
        400 => "was refused: the codes and their texts name the field",
        401 => "was refused: get a new token, or a new consent if the codes say so",
        403 => "was refused: the token's scope may not cover this operation",
        404 => "found nothing: check the ids, the bank and the path",
        405 => "is not possible for this resource or at this bank",
        408 => "took the platform too long",
        409 => "does not fit the state of the resource: read its status first",
        429 => "came too often: wait, and mind frequencyPerDay of the consent",
        500..=599 => "failed at the platform or the bank: try later, and name the X-Request-ID to the support",
        _ => "failed",
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{} ", operation.id)?;
        }
        f.write_str(&inner.what)?;
        if inner.kind == Kind::Hook && !self.is_unsent() && inner.operation.is_some_and(|call| !call.is_read()) {
            f.write_str(" after it was sent: what it did is unknown, so read before you send it again")?;
        }
        let facts = self.facts();
        if facts.is_empty() { Ok(()) } else { write!(f, " ({facts})") }
    }
}

/// A code comes from outside: only one that looks like a code is printed.
fn code_for_print(code: &MessageCode) -> &str {
    let text = code.as_str();
    let plain = text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if plain { text } else { "unprintable code" }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind);
        if let Some(operation) = self.0.operation {
            debug.field("operation", &operation.id);
        }
        if let Some(status) = self.status() {
            debug.field("status", &status.as_u16());
        }
        let codes: Vec<_> = self.codes().map(code_for_print).collect();
        if !codes.is_empty() {
            debug.field("codes", &codes);
        }
        if let Some(id) = self.request_id() {
            debug.field("request_id", &id);
        }
        if let Some(source) = &self.0.source {
            debug.field("source", &format_args!("{source}"));
        }
        debug.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

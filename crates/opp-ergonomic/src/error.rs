//! What went wrong: one type, with questions to decide by and facts to report.

mod text;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opp_raw::{Error as RawError, Invalid, Kind, Operation};
use tokio::time::error::Elapsed;

use crate::identity;
use crate::retry;
use crate::services::{ConsentStatus, is_over};
use crate::store::{Exhausted, StoreError};
use crate::token::TokenError;
use crate::transport::Record;

/// A call that did not succeed, or a client that could not be built.
///
/// Its text says what to do next and shows no personal data. Decide by its predicates, not by its text.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    cause: Cause,
    record: Record,
}

#[derive(Debug)]
pub(crate) enum Cause {
    Invalid(Invalid),
    Raw(RawError),
    Token(TokenError),
    /// The code of a redirect was not exchanged, or nobody knows whether it was.
    Exchange(TokenError),
    /// The platform said yes, and its answer is not what is needed.
    Answer(String),
    /// The consent cannot be used, in the state that it is in.
    NotValid(ConsentStatus),
    /// The store of the daily budgets does not work.
    Store(StoreError),
    /// Nothing was asked: the day's unattended reads are used up.
    Spent,
    /// No signature is kept under what was given.
    NoFlow,
}

/// How a write ended that gave an error. One that gave none was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The platform said no: nothing has happened.
    Rejected,
    /// The platform said yes, and only its answer could not be read.
    Accepted,
    /// It never left: nothing has happened.
    NotSent,
    /// Nobody can tell. It may have happened: find out with [`Error::request_id`] and [`Error::path`] before it is
    /// done again. It is never repeated for you.
    Unknown,
}

impl Error {
    pub(crate) fn new(cause: Cause) -> Self {
        Self(Arc::new(Inner { cause, record: Record::default() }))
    }

    pub(crate) fn from_call(error: RawError, record: Record) -> Self {
        let spent = error.source().is_some_and(<dyn StdError>::is::<Exhausted>);
        let cause = if spent { Cause::Spent } else { Cause::Raw(error) };
        Self(Arc::new(Inner { cause, record }))
    }

    /// The answer has no such thing in it.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(Cause::Answer(format!("has no {what}")))
    }

    /// The answer is of no use, for this reason.
    pub(crate) fn unreadable(how: &str) -> Self {
        Self::new(Cause::Answer(how.to_owned()))
    }

    pub(crate) fn exchange(error: TokenError) -> Self {
        Self::new(Cause::Exchange(error))
    }

    pub(crate) fn no_flow() -> Self {
        Self::new(Cause::NoFlow)
    }

    /// The same error, of this call, unless it knows of one.
    pub(crate) fn of(mut self, call: &Record) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0).filter(|inner| inner.record.operation.is_none()) {
            inner.record = call.clone();
        }
        self
    }

    /// Why the transport did not send, or gave up, if it was for a reason of this kind.
    fn stopped_by<T: StdError + 'static>(&self) -> Option<&T> {
        self.raw()?.source()?.downcast_ref()
    }

    /// The error of the raw client, if it came from there.
    pub fn raw(&self) -> Option<&RawError> {
        match &self.0.cause {
            Cause::Raw(error) => Some(error),
            _ => None,
        }
    }

    /// The platform's name of the operation, such as `getAccountList`.
    pub fn operation(&self) -> Option<&'static str> {
        self.called().map(|operation| operation.id)
    }

    fn called(&self) -> Option<&'static Operation> {
        self.raw().and_then(RawError::operation).or(self.0.record.operation)
    }

    /// Whether the connection ended over the certificate of the application.
    fn is_certificate(&self) -> bool {
        self.codes().any(|code| code.starts_with("CERTIFICATE_"))
            || self.raw().is_some_and(|error| identity::was_refused(error))
    }

    /// The status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match &self.0.cause {
            Cause::Raw(error) => error.status().map(|status| status.as_u16()),
            Cause::Token(error) | Cause::Exchange(error) => error.status(),
            _ => None,
        }
    }

    /// The `X-Request-ID` under which the call went out, or would have: what the platform's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.raw().and_then(RawError::request_id).or(self.0.record.request_id.as_deref())
    }

    /// The path that was called, with the ids in it: what is needed to find out what came of a write. It is not part
    /// of the text.
    pub fn path(&self) -> Option<&str> {
        self.0.record.path.as_deref()
    }

    /// The codes of the platform, in order, such as `CONSENT_EXPIRED`.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        let messages = self.raw().and_then(RawError::problem).map_or(&[][..], |problem| &problem.messages);
        messages.iter().filter_map(|message| Some(message.code.as_ref()?.as_str()))
    }

    fn has_code(&self, wanted: &[&str]) -> bool {
        self.codes().any(|code| wanted.contains(&code))
    }

    /// How long the platform asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.token() {
            Some(error) => error.retry_after(),
            None => retry::retry_after(self.raw()?.raw_headers()?),
        }
    }

    /// The body exactly as it came. It may hold what must not be logged.
    pub fn body(&self) -> Option<&[u8]> {
        self.raw()?.body().map(|body| &body[..])
    }

    /// The field and the rule that it breaks, if the call was refused before it was sent.
    pub fn invalid(&self) -> Option<&Invalid> {
        match &self.0.cause {
            Cause::Invalid(invalid) => Some(invalid),
            _ => self.raw()?.invalid(),
        }
    }

    /// Why there was no token, if that was it.
    pub fn token(&self) -> Option<&TokenError> {
        match &self.0.cause {
            Cause::Token(error) | Cause::Exchange(error) => Some(error),
            _ => self.stopped_by(),
        }
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        self.stopped_by::<Elapsed>().is_some()
            || self.token().is_some_and(TokenError::is_timeout)
            || self.raw().is_some_and(|error| error.kind() == Kind::Timeout)
    }

    /// Whether no connection came about.
    pub fn is_connect(&self) -> bool {
        self.token().is_some_and(TokenError::is_connect)
            || self.raw().is_some_and(|error| error.kind() == Kind::Connect)
    }

    /// Whether there is nothing under what was given: at the platform, or of signatures that are kept.
    pub fn is_not_found(&self) -> bool {
        matches!(self.0.cause, Cause::NoFlow) || (self.status() == Some(404) && self.token().is_none())
    }

    /// Whether there were too many calls: for now, or with `ACCESS_EXCEEDED` for the day.
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429) || matches!(self.0.cause, Cause::Spent)
    }

    /// Whether the user has to give a new consent.
    pub fn needs_new_consent(&self) -> bool {
        matches!(&self.0.cause, Cause::NotValid(status) if is_over(status))
            || self.has_code(&["CONSENT_EXPIRED", "CONSENT_INVALID", "CONSENT_UNKNOWN"])
    }

    /// Whether the token does not open this operation: add the API scope, or change the context.
    pub fn needs_different_scope(&self) -> bool {
        let forbidden = self.status() == Some(403) && self.token().is_none();
        let other =
            ["RESOURCE_UNKNOWN", "RESOURCE_EXPIRED", "PRODUCT_INVALID", "PSU_RIGHTS_MISSING", "TPP_KYC_INVALID"];
        let other = self.has_code(&other) || self.needs_new_consent() || self.is_certificate();
        self.token().is_some_and(|error| error.code() == Some("invalid_scope")) || (forbidden && !other)
    }

    /// Whether the same call may go well a little later. For a write it is only true if nothing was sent.
    pub fn is_retryable(&self) -> bool {
        if self.has_code(&["ACCESS_EXCEEDED"]) || self.is_certificate() {
            return false;
        }
        if matches!(self.0.cause, Cause::Exchange(_)) {
            return self.outcome() == Some(Outcome::NotSent) && self.is_connect();
        }
        if let Some(error) = self.token() {
            return !error.is_refused();
        }
        let Some(error) = self.raw() else { return false };
        let read = error.operation().is_some_and(Operation::is_read);
        match error.kind() {
            Kind::Connect => true,
            Kind::Timeout | Kind::Transport => read,
            Kind::Status => read && matches!(self.status(), Some(408 | 429 | 500 | 502..=504)),
            Kind::Hook => read && self.is_timeout(),
            _ => false,
        }
    }

    /// How a write ended; `None` for reads. What was refused before it was sent was not sent, whatever it was.
    pub fn outcome(&self) -> Option<Outcome> {
        match &self.0.cause {
            Cause::Invalid(_) => return Some(Outcome::NotSent),
            Cause::Exchange(error) => return Some(error.exchanged()),
            _ => {}
        }
        if self.called().is_none_or(Operation::is_read) {
            return None;
        }
        let Cause::Raw(error) = &self.0.cause else { return Some(Outcome::Accepted) };
        let status = self.status();
        Some(match error.kind() {
            _ if error.is_unsent() => Outcome::NotSent,
            _ if identity::was_refused(error) => Outcome::NotSent,
            // A body that broke off or made no sense came after a success.
            _ if status.is_some_and(|status| (200..300).contains(&status)) => Outcome::Accepted,
            // A gateway that gave up does not know what the bank did, and one that leads elsewhere does not say.
            Kind::Status if status.is_some_and(|status| (400..500).contains(&status) && status != 408) => {
                Outcome::Rejected
            }
            _ => Outcome::Unknown,
        })
    }
}

macro_rules! causes {
    ($($cause:ident($source:ty))*) => {
        $(impl From<$source> for Error {
            fn from(source: $source) -> Self {
                Self::new(Cause::$cause(source))
            }
        })*
    };
}

causes! { Invalid(Invalid) Raw(RawError) Token(TokenError) Store(StoreError) }

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.cause.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Cause::Raw(error) => error.source(),
            Cause::Token(error) | Cause::Exchange(error) => error.source(),
            Cause::Store(error) => error.source(),
            _ => None,
        }
    }
}

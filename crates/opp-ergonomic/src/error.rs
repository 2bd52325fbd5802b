//! What went wrong: one type, with questions to decide by and facts to report.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opp_raw::{Error as RawError, Invalid, Kind};

use crate::retry;
use crate::services::ConsentStatus;
use crate::store::StoreError;
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

enum Cause {
    Invalid(Invalid),
    Raw(RawError),
    Token(TokenError),
    /// The answer lacks what is needed.
    Missing(&'static str),
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

/// Why the transport did not send, or gave up.
#[derive(Debug)]
pub(crate) enum Stopped {
    Invalid(Invalid),
    Token(TokenError),
    Deadline,
    Unrepeatable,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Token(error) => error.fmt(f),
            Self::Deadline => f.write_str("time ran out: raise the deadline, or try later"),
            Self::Unrepeatable => f.write_str("the token or the body cannot be sent"),
        }
    }
}

impl StdError for Stopped {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Invalid(invalid) => Some(invalid),
            Self::Token(error) => Some(error),
            Self::Deadline | Self::Unrepeatable => None,
        }
    }
}

impl Error {
    pub(crate) fn from_call(error: RawError, record: Record) -> Self {
        Self(Arc::new(Inner { cause: Cause::Raw(error), record }))
    }

    pub(crate) fn missing(what: &'static str) -> Self {
        Self(Arc::new(Inner { cause: Cause::Missing(what), record: Record::default() }))
    }

    pub(crate) fn not_valid(status: ConsentStatus) -> Self {
        Self(Arc::new(Inner { cause: Cause::NotValid(status), record: Record::default() }))
    }

    pub(crate) fn spent() -> Self {
        Self(Arc::new(Inner { cause: Cause::Spent, record: Record::default() }))
    }

    pub(crate) fn no_flow() -> Self {
        Self(Arc::new(Inner { cause: Cause::NoFlow, record: Record::default() }))
    }

    pub(crate) fn from_store(error: StoreError) -> Self {
        Self(Arc::new(Inner { cause: Cause::Store(error), record: Record::default() }))
    }

    fn raw_error(&self) -> Option<&RawError> {
        match &self.0.cause {
            Cause::Raw(error) => Some(error),
            _ => None,
        }
    }

    fn stopped(&self) -> Option<&Stopped> {
        self.raw_error()?.source()?.downcast_ref()
    }

    /// The error of the raw client, if it came from there.
    pub fn raw(&self) -> Option<&opp_raw::Error> {
        self.raw_error()
    }

    /// The platform's name of the operation, such as `getAccountList`.
    pub fn operation(&self) -> Option<&'static str> {
        Some(self.raw_error()?.operation()?.id)
    }

    /// The status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match &self.0.cause {
            Cause::Raw(error) => error.status().map(|status| status.as_u16()),
            Cause::Token(error) => error.status(),
            _ => None,
        }
    }

    /// The `X-Request-ID` under which the call went out, or would have: what the platform's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.raw_error().and_then(RawError::request_id).or(self.0.record.request_id.as_deref())
    }

    /// The path that was called, with the ids in it: what is needed to find out what came of a write. It is not part
    /// of the text.
    pub fn path(&self) -> Option<&str> {
        self.0.record.path.as_deref()
    }

    /// The codes of the platform, in order, such as `CONSENT_EXPIRED`.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.raw_error().into_iter().flat_map(|error| error.codes().map(opp_raw::types::MessageCode::as_str))
    }

    fn has_code(&self, wanted: &[&str]) -> bool {
        self.codes().any(|code| wanted.contains(&code))
    }

    /// How long the platform asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.token() {
            Some(error) => error.retry_after(),
            None => retry::retry_after(self.raw_error()?.raw_headers()?),
        }
    }

    /// The body exactly as it came. It may hold what must not be logged.
    pub fn body(&self) -> Option<&[u8]> {
        self.raw_error()?.body().map(|body| &body[..])
    }

    /// The field and the rule that it breaks, if the call was refused before it was sent.
    pub fn invalid(&self) -> Option<&Invalid> {
        match (&self.0.cause, self.stopped()) {
            (Cause::Invalid(invalid), _) | (_, Some(Stopped::Invalid(invalid))) => Some(invalid),
            _ => self.raw_error()?.invalid(),
        }
    }

    /// Why there was no token, if that was it.
    pub fn token(&self) -> Option<&TokenError> {
        match (&self.0.cause, self.stopped()) {
            (Cause::Token(error), _) | (_, Some(Stopped::Token(error))) => Some(error),
            _ => None,
        }
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self.stopped(), Some(Stopped::Deadline))
            || self.token().is_some_and(TokenError::is_timeout)
            || self.raw_error().is_some_and(|error| error.kind() == Kind::Timeout)
    }

    /// Whether no connection came about.
    pub fn is_connect(&self) -> bool {
        self.token().is_some_and(TokenError::is_connect)
            || self.raw_error().is_some_and(|error| error.kind() == Kind::Connect)
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
        matches!(&self.0.cause, Cause::NotValid(status) if status.is_over())
            || self.has_code(&["CONSENT_EXPIRED", "CONSENT_INVALID", "CONSENT_UNKNOWN"])
    }

    /// Whether the token does not open this operation: add the API scope, or change the context.
    pub fn needs_different_scope(&self) -> bool {
        let forbidden = self.status() == Some(403) && self.token().is_none();
        let other = ["CONSENT_UNKNOWN", "RESOURCE_UNKNOWN", "RESOURCE_EXPIRED", "PRODUCT_INVALID"];
        self.token().is_some_and(|error| error.code() == Some("invalid_scope")) || (forbidden && !self.has_code(&other))
    }

    /// Whether the same call may go well a little later. For a write it is only true if nothing was sent.
    pub fn is_retryable(&self) -> bool {
        if self.has_code(&["ACCESS_EXCEEDED"])
            || matches!(self.0.cause, Cause::Spent | Cause::Missing(_) | Cause::NotValid(_))
        {
            return false;
        }
        if let Some(error) = self.token() {
            return !error.is_refused();
        }
        let Some(error) = self.raw_error() else { return false };
        let read = error.operation().is_some_and(opp_raw::Operation::is_read);
        match error.kind() {
            Kind::Connect => true,
            Kind::Timeout | Kind::Transport => read,
            Kind::Status => read && matches!(self.status(), Some(408 | 429 | 500 | 502..=504)),
            Kind::Hook => read && self.is_timeout(),
            _ => false,
        }
    }

    /// How a write ended; `None` for reads.
    pub fn outcome(&self) -> Option<Outcome> {
        let Cause::Raw(error) = &self.0.cause else { return None };
        if error.operation().is_some_and(opp_raw::Operation::is_read) {
            return None;
        }
        let status = self.status();
        Some(match error.kind() {
            Kind::Invalid | Kind::Configuration | Kind::Connect | Kind::Hook => Outcome::NotSent,
            // A body that broke off or made no sense came after a success.
            _ if status.is_some_and(|status| (200..300).contains(&status)) => Outcome::Accepted,
            // A gateway that gave up does not know what the bank did.
            Kind::Status if status.is_some_and(|status| status < 500 && status != 408) => Outcome::Rejected,
            _ => Outcome::Unknown,
        })
    }

    /// What to do, where more can be said than the raw client says.
    fn advice(&self) -> Option<&'static str> {
        if self.needs_new_consent() {
            Some("ask the user for a new consent")
        } else if self.has_code(&["ACCESS_EXCEEDED"]) {
            Some("wait until tomorrow, or read while the user is present and Psu::ip is set")
        } else if self.needs_different_scope() {
            Some("add the API scope to ClientBuilder::apis, or change private for corporate")
        } else if self.has_code(&["TPP_KYC_INVALID"]) {
            Some("complete the platform's check of your company first")
        } else if self.outcome() == Some(Outcome::Unknown) {
            Some("nobody can tell whether it was carried out: look it up by its ids before doing it again")
        } else {
            None
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self(Arc::new(Inner { cause: Cause::Invalid(invalid), record: Record::default() }))
    }
}

impl From<RawError> for Error {
    fn from(error: RawError) -> Self {
        Self::from_call(error, Record::default())
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        Self(Arc::new(Inner { cause: Cause::Token(error), record: Record::default() }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.cause, self.stopped()) {
            (Cause::Invalid(invalid), _) => invalid.fmt(f)?,
            (Cause::Token(error), _) => error.fmt(f)?,
            (Cause::Missing(what), _) => write!(f, "the platform's answer has no {what}")?,
            (Cause::NotValid(status), _) => write!(f, "the consent cannot be used: it is {status}")?,
            (Cause::Store(error), _) => error.fmt(f)?,
            (Cause::Spent, _) => {
                f.write_str("the consent's unattended reads of this day are used up: wait until tomorrow, or read while the user is present")?;
            }
            (Cause::NoFlow, _) => {
                f.write_str("no signature waits for this: it was used, is over, or never was; begin a new one")?;
            }
            (Cause::Raw(error), Some(stopped)) => {
                let operation = error.operation().map_or("the call", |operation| operation.id);
                let how = if matches!(stopped, Stopped::Deadline) { "was given up" } else { "was not sent" };
                write!(f, "{operation} {how}: {stopped}")?;
                if let Some(id) = self.request_id() {
                    write!(f, " (X-Request-ID {id})")?;
                }
            }
            (Cause::Raw(error), None) => {
                error.fmt(f)?;
                // The platform does not always echo it.
                if let (None, Some(id)) = (error.request_id(), self.request_id()) {
                    write!(f, " (X-Request-ID {id})")?;
                }
            }
        }
        self.advice().map_or(Ok(()), |advice| write!(f, ": {advice}"))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Invalid(invalid) => f.debug_tuple("Error").field(invalid).finish(),
            Cause::Raw(error) => error.fmt(f),
            Cause::Token(error) => error.fmt(f),
            Cause::Missing(what) => f.debug_tuple("Missing").field(what).finish(),
            Cause::NotValid(status) => f.debug_tuple("NotValid").field(status).finish(),
            Cause::Store(error) => error.fmt(f),
            Cause::Spent => f.write_str("Spent"),
            Cause::NoFlow => f.write_str("NoFlow"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Cause::Raw(error) => error.source(),
            Cause::Token(error) => error.source(),
            Cause::Store(error) => error.source(),
            Cause::Invalid(_) | Cause::Missing(_) | Cause::NotValid(_) | Cause::Spent | Cause::NoFlow => None,
        }
    }
}

//! Why there is no token.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// No token could be had. Clones are cheap: a thousand callers get the same one.
#[derive(Clone)]
pub struct TokenError(Arc<Inner>);

struct Inner {
    kind: Kind,
    status: Option<u16>,
    code: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The auth host said no, with a code of RFC 6749.
    Refused,
    /// No connection came about.
    Connect,
    /// Time ran out.
    Timeout,
    /// The connection broke.
    Transport,
    /// The answer was not one of OAuth.
    Unexpected,
    /// Something else: a provider of the user's own.
    Other,
}

impl TokenError {
    /// An error of a provider of your own.
    pub fn other(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Kind::Other, None, None, None, Some(Box::new(source)))
    }

    pub(crate) fn new(
        kind: Kind,
        status: Option<u16>,
        code: Option<String>,
        retry_after: Option<Duration>,
        source: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        // The code comes from outside and is printed: only what looks like one is kept.
        let plain = |code: &String| code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        Self(Arc::new(Inner { kind, status, code: code.filter(plain), retry_after, source }))
    }

    pub(crate) fn of_kind(kind: Kind) -> Self {
        Self::new(kind, None, None, None, None)
    }

    /// The code of OAuth, such as `invalid_client`, if the auth host has refused.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the auth host asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the auth host has said no: trying again changes nothing.
    pub fn is_refused(&self) -> bool {
        self.0.kind == Kind::Refused
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// Whether no connection came about.
    pub fn is_connect(&self) -> bool {
        self.0.kind == Kind::Connect
    }

    fn sentence(&self) -> &'static str {
        match (self.0.kind, self.code()) {
            (Kind::Refused, Some("invalid_client")) => {
                "the auth host does not know the application: check id and secret, and that they are of this environment"
            }
            (Kind::Refused, Some("invalid_scope")) => {
                "the auth host refuses the scope: activate these API products for the application in the portal"
            }
            (Kind::Refused, Some("invalid_grant")) => {
                "the auth host refuses the code: it is used up, too old, or of another redirect address"
            }
            (Kind::Refused, _) => "the auth host refuses to give a token",
            (Kind::Connect, _) => "the auth host cannot be reached: check its address, DNS, proxy and certificate",
            (Kind::Timeout, _) => "the auth host did not answer in time",
            (Kind::Transport, _) => "the connection to the auth host broke",
            (Kind::Unexpected, _) => "the auth host gave an answer that is none of OAuth: check its address",
            (Kind::Other, _) => "the token provider failed",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())?;
        match (self.code(), self.status()) {
            (Some(code), Some(status)) => write!(f, " ({code}, status {status})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(status)) => write!(f, " (status {status})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut debug = f.debug_struct("TokenError");
        debug.field("kind", &inner.kind).field("status", &inner.status).field("code", &inner.code);
        debug.finish_non_exhaustive()
    }
}

impl StdError for TokenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

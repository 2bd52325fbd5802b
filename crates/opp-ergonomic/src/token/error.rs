//! Why there is no token.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opp_raw::reqwest::{self, StatusCode};

use crate::error::Outcome;
use crate::secret::print_only;

/// No token could be had. Clones are cheap: a thousand callers get the same one.
#[derive(Debug, Clone)]
pub struct TokenError(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kind: Kind,
    status: Option<u16>,
    code: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

print_only!(Inner { kind, status, code });

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
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
    #[default]
    Other,
}

impl TokenError {
    /// An error of a provider of your own.
    pub fn other(source: impl StdError + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { source: Some(Box::new(source)), ..Inner::default() }))
    }

    /// No connection came about, or it broke.
    pub(super) fn broken(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() {
            Kind::Timeout
        } else if error.is_connect() {
            Kind::Connect
        } else {
            Kind::Transport
        };
        Self(Arc::new(Inner { kind, source: Some(Box::new(error.without_url())), ..Inner::default() }))
    }

    /// The auth host has answered with something else than a token: with a code of its refusal, or with anything.
    pub(super) fn answered(status: StatusCode, code: Option<&str>, retry_after: Option<Duration>) -> Self {
        // The code comes from outside and is printed: only what looks like one is kept.
        let plain = |code: &&str| code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let kind = if code.is_some() { Kind::Refused } else { Kind::Unexpected };
        let (status, code) = (Some(status.as_u16()), code.filter(plain).map(str::to_owned));
        Self(Arc::new(Inner { kind, status, code, retry_after, source: None }))
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

    /// What became of a code that was being exchanged: the exchange is a write.
    pub(crate) fn exchanged(&self) -> Outcome {
        match (self.0.kind, self.0.status) {
            (Kind::Connect | Kind::Other, _) => Outcome::NotSent,
            (_, Some(200..300)) => Outcome::Accepted,
            (_, Some(status)) if (400..500).contains(&status) && status != 408 => Outcome::Rejected,
            _ => Outcome::Unknown,
        }
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
            (None, Some(status)) => write!(f, " (status {status})"),
            _ => Ok(()),
        }
    }
}

impl StdError for TokenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

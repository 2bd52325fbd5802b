//! Access tokens: what they open, where they come from, and how few of them are asked for.

mod answer;
mod cache;
mod endpoint;
mod error;
mod scope;
mod shared;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::secret::Secret;

pub(crate) use cache::ClientCredentials;
pub use endpoint::CodeExchange;
pub(crate) use endpoint::Endpoint;
pub use error::TokenError;
pub use scope::{ApiScope, PsuContext, Scope};
pub(crate) use shared::Shared;

/// A bearer token. It is never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken(Secret);

impl AccessToken {
    /// Takes over a token from elsewhere.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self(token.into())
    }

    /// The token itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether both were handed out as one: a token that was asked for anew is another, whatever it says.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0.same(&other.0)
    }
}

/// What [`TokenProvider::token`] returns.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<AccessToken, TokenError>> + Send + 'a>>;

/// Where tokens come from. The client brings one of its own, which asks the auth host with client credentials; another
/// may read them from a vault, or from a service that holds them for many programs.
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A token that is good now.
    fn token<'a>(&'a self, scope: &'a Scope) -> TokenFuture<'a>;

    /// A token that is good now, if it can be had without waiting: the way of nearly every call.
    fn cached(&self, scope: &Scope) -> Option<AccessToken> {
        let _ = scope;
        None
    }

    /// The platform has refused this token, whatever its age: the next one should be another.
    fn invalidate(&self, scope: &Scope, token: &AccessToken);
}

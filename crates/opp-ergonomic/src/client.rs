//! The client: built once, cloned freely, needing no runtime until it is used.

use std::sync::Arc;

use crate::bank::Bank;
use crate::builder::ClientBuilder;
use crate::caller::{Caller, per_call};
use crate::error::Error;
use crate::psu::Psu;
use crate::services::Banks;
use crate::session::Session;
use crate::token::{CodeExchange, PsuContext, Scope, TokenProvider};

/// The way to the platform.
///
/// ```
/// use opp_ergonomic::{Client, Environment};
///
/// let client = Client::builder()
///     .environment(Environment::Sandbox)
///     .credentials("my-client-id", "my-client-secret")
///     .build()?;
/// # Ok::<(), opp_ergonomic::Error>(())
/// ```
///
/// Clones share tokens, connections and the budget for retries.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) caller: Caller,
}

impl Client {
    /// Starts configuring one.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Configures one from the environment:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `OPP_CLIENT_ID`, `OPP_CLIENT_SECRET` | the application's credentials |
    /// | `OPP_ENVIRONMENT` | `sandbox`, which it is if it is not set, or `production` |
    /// | `OPP_AUTH_URL`, `OPP_API_URL` | hosts of your own, each by itself |
    /// | `OPP_CERTIFICATE` | path of the client certificate: PEM, or PKCS#12 if it ends in `.pfx` or `.p12` |
    /// | `OPP_CERTIFICATE_PASSWORD` | the password of a PKCS#12 file |
    /// | `OPP_AUTHORITY` | path of an authority to trust beside those of the system, PEM |
    /// | `OPP_APIS` | the API scopes that the application has, with blanks between them |
    /// | `OPP_PLAIN_LOOPBACK` | `1` allows plain HTTP to this machine |
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// What can be asked without a user: which banks there are, and what they can do.
    pub fn banks(&self) -> Banks {
        Banks::new(self.caller.clone())
    }

    /// Everything that is done at a bank for a user. Both stay the same until it is over.
    pub fn at(&self, bank: Bank, psu: Psu) -> Result<Session, Error> {
        Session::new(&self.caller, bank, psu)
    }

    /// The last leg of an OAuth redirect. A code is good once: this is never repeated. It counts as a
    /// write: [`Error::outcome`] says what became of it.
    pub async fn exchange_code(&self, exchange: &CodeExchange) -> Result<(), Error> {
        self.caller.core.endpoint.exchange(exchange).await.map_err(Error::exchange)
    }

    /// Where the tokens come from.
    pub fn tokens(&self) -> &Arc<dyn TokenProvider> {
        &self.caller.core.tokens
    }

    /// The scope that calls in this context have: the union of what the application declared.
    pub fn scope(&self, context: PsuContext) -> &Scope {
        self.caller.core.own_scope(context)
    }

    /// The client underneath, with every operation and every field. Tokens, retries and tracing are the same; tokens
    /// are of the private context here, and of the user's own with [`Session::raw`].
    pub fn raw(&self) -> opp_raw::Client {
        self.caller.raw()
    }
}

per_call!(Client {});

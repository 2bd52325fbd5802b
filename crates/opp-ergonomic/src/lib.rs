#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

// In the order in which data flows: where and who one is, for whom one asks, how it is sent, what comes back.
mod bank;
mod bank_rules;
mod client;
mod clock;
mod environment;
mod error;
mod identity;
mod psu;
mod reply;
mod retry;
mod secret;
mod services;
mod session;
mod token;
mod transport;

pub use bank::Bank;
pub use client::{Client, ClientBuilder};
pub use clock::{Clock, SystemClock};
pub use environment::Environment;
pub use error::{Error, Outcome};
pub use identity::Identity;
pub use opp_raw::Invalid;
pub use psu::Psu;
pub use reply::{Reply, Warning};
pub use retry::RetryPolicy;
pub use secret::Secret;
pub use services::*;
pub use session::Session;
pub use token::{AccessToken, ApiScope, CodeExchange, PsuContext, Scope, TokenError, TokenFuture, TokenProvider};

/// The layer underneath, in the version that this one speaks.
pub use opp_raw as raw;

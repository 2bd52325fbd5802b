#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

// In the order in which data flows: where and who one is, for whom one asks, how it is sent, what comes back.
mod account_number;
mod bank;
mod bank_rules;
mod builder;
mod caller;
mod check_digits;
mod client;
mod clock;
mod environment;
mod error;
mod flight;
mod giro;
mod identity;
mod macros;
mod money;
mod psu;
mod reply;
mod retry;
pub mod sca;
mod secret;
mod services;
mod session;
pub mod store;
mod text;
mod token;
mod transport;
pub mod traps;

pub use account_number::{AccountNumber, Bban, Clearing, Iban};
pub use bank::Bank;
pub use builder::ClientBuilder;
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use environment::Environment;
pub use error::{Error, Outcome};
pub use giro::{Bankgiro, CreditorReference, GiroNumber, Ocr, Plusgiro};
pub use identity::Identity;
pub use money::{Amount, Currency};
pub use opp_raw::Invalid;
pub use opp_raw::types::Address;
pub use psu::Psu;
pub use reply::{Reply, Warning};
pub use retry::RetryPolicy;
pub use secret::Secret;
pub use services::*;
pub use session::Session;
pub use token::{AccessToken, ApiScope, CodeExchange, PsuContext, Scope, TokenError, TokenFuture, TokenProvider};

/// The layer underneath, in the version that this one speaks.
pub use opp_raw as raw;

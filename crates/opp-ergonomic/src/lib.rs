#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

// In the order in which data flows: where and who one is, for whom one asks, how it is sent, what comes back.
mod environment;
mod secret;
mod identity;
mod client;
mod token;
mod psu;
mod bank;
mod bank_rules;
mod transport;
mod retry;
mod error;
mod services;

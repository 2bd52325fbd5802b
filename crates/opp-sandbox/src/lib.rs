//! The Open Payments Platform, simulated on your own machine: auth host and API host with state behind them.
//!
//! ```
//! # fn main() -> Result<(), opp_sandbox::StartError> {
//! let sandbox = opp_sandbox::Sandbox::start(opp_sandbox::Config::default())?;
//! let token_url = format!("{}/connect/token", sandbox.auth_url());
//! let credentials = sandbox.application();
//! # assert!(token_url.starts_with("http://127.0.0.1:") && !credentials.client_id.is_empty());
//! # Ok(()) } // dropping it stops it
//! ```
//!
//! The modules, in the order in which a request meets them:
//!
//! - `config`, `sandbox`, `end`: what can be set, how a sandbox starts and stops, and when a program of one does.
//! - `server`: sockets and limits (`listen`), who may speak at all (`guard`), reading and writing (`host`, `body`), the way of an API call (`api`), requests and
//!   replies as plain values (`wire`), refusals (`problem`). From here on everything is a function from request to
//!   reply on the world, without waiting and without HTTP types but status and method.
//! - `document`: the API document; routes, request checks, reply checks.
//! - `auth`: tokens, scopes, discovery.
//! - `services`: one module for each of the four services; `dispatch` is the table of all operations.
//! - `sca`: the authorisation machine, the same for consents, payments and cancellations; BankID rounds.
//! - `pages`: the bank's page and the phone.
//! - `control`: the handle of the library and `/_sandbox`; caprices and the scenarios that bundle them.
//! - `model`: the world: state, clock, agenda, accounts and ledgers, banks as data. `World::catch_up` is the one way in
//!   which time passes: whatever is due happens before a request is looked at, in the order in which it is due.
//!
//! Banks, places, test persons and spending habits are data files under `data/`.

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod auth;
mod config;
mod control;
mod document;
mod end;
mod model;
mod pages;
#[doc(hidden)]
pub mod probe;
mod sandbox;
mod sca;
mod server;
mod services;

pub use config::{Config, Limits, Tls};
pub use control::{Caprice, Control, Rule, Seen, UnknownCaprice, UnknownScenario};
pub use end::end_signal;
pub use model::Application;
pub use sandbox::{Sandbox, StartError};
pub use server::certificates::Certificates;

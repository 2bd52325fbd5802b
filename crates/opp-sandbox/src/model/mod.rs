//! The world behind the two hosts: what exists, what time it is, what happens by itself.
//!
//! All of it is plain data behind one lock; nothing in here knows HTTP.

pub(crate) mod accounts;
pub(crate) mod agenda;
pub(crate) mod banks;
pub(crate) mod clock;
pub(crate) mod directory;
pub(crate) mod entities;
pub(crate) mod habits;
pub(crate) mod ids;
pub(crate) mod ledger;
pub(crate) mod numbers;
pub(crate) mod postings;
pub(crate) mod products;
pub(crate) mod shelf;
pub(crate) mod state;
pub(crate) mod world;

pub use entities::Application;

//! One module for each command: what can be typed after it, and what it does.

pub(crate) mod accounts;
pub(crate) mod balances;
pub(crate) mod bank;
pub(crate) mod banks;
pub(crate) mod completions;
pub(crate) mod consent;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod login;
pub(crate) mod man;
pub(crate) mod pay;
pub(crate) mod payment;
pub(crate) mod profile;
pub(crate) mod raw;
mod reading;
pub(crate) mod sandbox;
pub(crate) mod token;
pub(crate) mod transactions;

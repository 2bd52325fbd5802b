//! Which bank.

//! When to send again.

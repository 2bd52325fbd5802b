//! The client certificate.

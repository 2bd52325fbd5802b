//! Where the platform is.

//! What each bank needs.

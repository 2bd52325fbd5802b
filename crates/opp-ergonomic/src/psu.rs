//! Whom one acts for.

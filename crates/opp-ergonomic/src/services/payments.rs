//! Payments.

use crate::session::Caller;

/// Payments at a bank.
#[derive(Debug, Clone)]
pub struct Payments {
    #[allow(dead_code)]
    caller: Caller,
}

impl Payments {
    pub(crate) fn new(caller: Caller) -> Self {
        Self { caller }
    }
}

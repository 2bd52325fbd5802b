//! Payments on their way: noted before they are sent, so that not even a power cut leaves nobody knowing that the bank
//! may have one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::records::Party;

/// A payment that is being sent, or of which nobody knows what came of it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Sending {
    /// The `X-Request-ID` of the call.
    pub(crate) request_id: String,
    pub(crate) party: Party,
    begun: DateTime<Utc>,
    amount: Option<String>,
    creditor: Option<String>,
}

impl Sending {
    pub(crate) fn new(party: &Party, amount: Option<&str>, creditor: Option<&str>) -> Self {
        Self {
            request_id: Uuid::new_v4().to_string(),
            party: party.clone(),
            begun: Utc::now(),
            amount: amount.map(str::to_owned),
            creditor: creditor.map(str::to_owned),
        }
    }

    /// Whether another one says the same: it may be the same once more.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (&self.amount, &self.creditor, &self.party.api) == (&other.amount, &other.creditor, &other.party.api)
            && self.party.bank.bic() == other.party.bank.bic()
    }

    /// What is known of it, and what to do.
    pub(crate) fn sentence(&self, file: &str) -> String {
        let amount = self.amount.as_deref().unwrap_or("a payment");
        let to = self.creditor.as_ref().map(|name| format!(" to {name}")).unwrap_or_default();
        format!(
            "Sent, and nobody knows whether the bank has it: {amount}{to}, at {}, {} UTC, X-Request-ID {}. Look at the account \
             and in the bank's own app. Once you know, remove {file}",
            self.party.bank.bic(),
            self.begun.format("%F %T"),
            self.request_id
        )
    }
}

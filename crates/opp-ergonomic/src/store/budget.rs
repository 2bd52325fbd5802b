//! How often a consent may be used without its user: `frequencyPerDay`, per account and endpoint.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use opp_raw::{Error as RawError, Operation};

use super::{Spent, Store, StoreError};

/// What the bank counts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The list of accounts.
    Accounts,
    /// One account.
    Details,
    /// Its balances.
    Balances,
    /// Its transactions; following pages are part of the first.
    Transactions,
    /// One transaction.
    TransactionDetails,
}

/// The unattended calls of all consents. It counts in every span of 24 hours, and is thus right whether a bank counts
/// from midnight or from the first call.
#[derive(Debug, Clone)]
pub struct Budget {
    store: Arc<dyn Store>,
}

const DAY: Duration = Duration::from_hours(24);

impl Budget {
    /// A budget that is kept in this store, and shared by all that share the store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Spends one call of the day, for an account or for the list of them. Do so only for calls without the user.
    pub async fn spend(
        &self,
        consent: &str,
        account: Option<&str>,
        endpoint: Endpoint,
        frequency_per_day: u32,
    ) -> Result<Spent, StoreError> {
        let digest = digest(&[consent, account.unwrap_or_default()]);
        self.store.spend(&format!("opp/spend/{endpoint:?}/{digest}"), frequency_per_day, DAY).await
    }
}

/// The unattended calls that one consent has, or none to count if its user is there.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    pub(crate) budget: Budget,
    pub(crate) consent: String,
    /// How many a day; `None` counts nothing.
    pub(crate) per_day: Option<u32>,
}

impl Allowance {
    /// What a call takes of it, if that is counted.
    pub(crate) fn toll(&self, account: Option<&str>, endpoint: Endpoint) -> Option<Toll> {
        let per_day = self.per_day?;
        Some(Toll { allowance: self.clone(), account: account.map(str::to_owned), endpoint, per_day })
    }
}

/// One call of a day, spent when all else is ready for it: what never leaves is not counted by the bank either.
pub(crate) struct Toll {
    allowance: Allowance,
    account: Option<String>,
    endpoint: Endpoint,
    per_day: u32,
}

impl Toll {
    /// Spends the call, or says that all of the day are spent.
    pub(crate) async fn pay(&self, operation: &'static Operation) -> Result<(), RawError> {
        let Self { allowance: Allowance { budget, consent, .. }, account, endpoint, per_day } = self;
        match budget.spend(consent, account.as_deref(), *endpoint, *per_day).await {
            Ok(Spent::Granted { .. }) => Ok(()),
            Ok(Spent::Refused { .. }) => Err(RawError::from_hook(operation, Exhausted)),
            Err(error) => Err(RawError::from_hook(operation, error)),
        }
    }
}

/// The calls of a day are spent: the bank would answer `ACCESS_EXCEEDED`.
#[derive(Debug)]
pub(crate) struct Exhausted;

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the consent's unattended reads of this day are used up")
    }
}

impl StdError for Exhausted {}

/// A name that says nothing of what it was made from, and cannot be made from anything else.
pub(crate) fn digest(parts: &[&str]) -> String {
    hash(parts).map(|byte| format!("{byte:02x}")).concat()
}

/// The same in bytes.
pub(crate) fn hash(parts: &[&str]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_le_bytes());
        context.update(part.as_bytes());
    }
    let mut hash = [0; SHA256_OUTPUT_LEN];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use crate::store::tests_clock::HandClock;

    #[tokio::test]
    async fn each_account_and_endpoint_has_its_own_calls_of_the_day() {
        let clock = Arc::new(HandClock::default());
        let budget = Budget::new(Arc::new(MemoryStore::new(Arc::clone(&clock) as _)));
        let balances = async |account| budget.spend("consent", Some(account), Endpoint::Balances, 4).await.unwrap();
        for left in (0..4).rev() {
            assert_eq!(balances("one").await, Spent::Granted { left });
        }
        clock.pass(Duration::from_hours(23));
        assert_eq!(balances("one").await, Spent::Refused { free_in: Duration::from_hours(1) });
        assert_eq!(balances("two").await, Spent::Granted { left: 3 });
        let other = budget.spend("consent", Some("one"), Endpoint::Transactions, 4).await.unwrap();
        assert_eq!(other, Spent::Granted { left: 3 });
        clock.pass(Duration::from_hours(1));
        assert_eq!(balances("one").await, Spent::Granted { left: 3 });
    }

    #[test]
    fn a_digest_is_of_the_parts_and_not_of_their_sum() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["ab"]).len(), 64);
    }
}

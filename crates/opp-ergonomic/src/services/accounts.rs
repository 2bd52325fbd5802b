//! Accounts, balances and transactions, under a consent that is valid.

use chrono::NaiveDate;

use super::view::view;
use crate::error::Error;
use crate::reply::Reply;
use crate::session::Caller;

/// A consent that was valid when it was looked at: accounts are read with nothing less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidConsent {
    id: String,
    frequency_per_day: Option<u32>,
    valid_until: Option<NaiveDate>,
}

impl ValidConsent {
    pub(crate) fn granted(id: &str, frequency_per_day: Option<u32>, valid_until: Option<NaiveDate>) -> Self {
        Self { id: id.to_owned(), frequency_per_day, valid_until }
    }

    /// Takes your word for it: for consents that you have stored, with the `frequencyPerDay` that was granted. If it is
    /// no longer valid, reading fails with an error whose
    /// [`needs_new_consent`](crate::Error::needs_new_consent) is true.
    pub fn stored(id: &str, frequency_per_day: Option<u32>) -> Self {
        Self::granted(id, frequency_per_day, None)
    }

    /// The id: keep it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How often a day it can be read without the user.
    pub fn frequency_per_day(&self) -> Option<u32> {
        self.frequency_per_day
    }

    /// The last day on which it can be used, if the bank was asked.
    pub fn valid_until(&self) -> Option<NaiveDate> {
        self.valid_until
    }
}

/// Accounts under a consent.
#[derive(Debug, Clone)]
pub struct Accounts {
    caller: Caller,
    #[allow(dead_code)]
    consent: ValidConsent,
    #[allow(dead_code)]
    attended: bool,
}

view! {
    /// An account. Banks fill in what they have.
    Account(AccountDetails) {
        /// The key for balances and transactions; good under this consent only.
        id: resource_id,
        /// The international number.
        iban: iban,
        /// The national number.
        bban: bban,
        /// The currency; `XXX` stands for several.
        currency: currency,
        /// The name that the user or the bank has given it.
        name: name,
        /// The bank's name for its kind.
        product: product,
        /// Whose it is.
        owner: owner_name,
    }
}

impl Accounts {
    pub(crate) fn new(caller: Caller, consent: ValidConsent, attended: bool) -> Self {
        Self { caller, consent, attended }
    }

    /// The accounts that the user has opened.
    pub async fn list(&self) -> Result<Reply<Vec<Account>>, Error> {
        let reply = self.caller.call(async |raw| raw.get_account_list(None).await).await?;
        Ok(reply.map(|list| list.accounts.into_iter().map(Account).collect()))
    }
}

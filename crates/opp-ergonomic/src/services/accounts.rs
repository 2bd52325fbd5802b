//! Accounts, balances and transactions, under a consent that is valid.

use chrono::NaiveDate;

use opp_raw::types::{AccountId, BalanceType, TransactionId};
use opp_raw::{ByteStream, Invalid};

use super::transactions::{ReportFormat, Transaction, TransactionQuery, Transactions};
use super::view::view;
use crate::account_number::{AccountNumber, Bban, Iban};
use crate::bank::Bank;
use crate::bank_rules;
use crate::caller::{Call, Caller};
use crate::error::Error;
use crate::giro::{GiroNumber, Plusgiro};
use crate::money::Amount;
use crate::reply::Reply;
use crate::store::{Allowance, Budget, Endpoint};

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

    /// Takes your word for it: for consents that you have stored, with the `frequencyPerDay` that was granted; with
    /// `None` unattended reads are not counted here, only by the bank. If it is no longer valid, reading fails with an
    /// error whose [`needs_new_consent`](crate::Error::needs_new_consent) is true.
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
    allowance: Allowance,
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

view! {
    /// A balance of an account.
    Balance(Balance) {}
}

impl Balance {
    /// The amount.
    pub fn amount(&self) -> Option<Amount> {
        Amount::read(self.0.balance_amount.as_ref()?)
    }

    /// What it counts. Which kinds there are differs from bank to bank.
    pub fn kind(&self) -> Option<&BalanceType> {
        self.0.balance_type.as_ref()
    }
}

impl Account {
    /// The number by which this account pays at its bank: banks differ. `None` if it has no such number, as cards.
    pub fn as_payer(&self, bank: &Bank) -> Option<AccountNumber> {
        // What a bank has given is not held against check digits: nobody has typed it.
        let iban = self.iban().and_then(|number| Iban::test_number(number).ok()).map(AccountNumber::from);
        let plusgiro = self.0.plusgiro_number.as_ref().and_then(|number| Plusgiro::new(number.as_str()).ok());
        let plusgiro = plusgiro.map(|number| GiroNumber::from(number).into());
        let bban = self.bban().and_then(|number| Bban::new(number).ok()).map(AccountNumber::from);
        let mut numbers = [iban, plusgiro, bban].into_iter().flatten();
        numbers.find(|number| bank_rules::check_payer(bank.bic(), &number.clone().into()).is_ok())
    }

    /// The balances, if they were asked for and the bank sends them along.
    pub fn balances(&self) -> impl Iterator<Item = Balance> {
        self.0.balances.iter().cloned().map(Balance)
    }
}

impl Accounts {
    pub(crate) fn new(caller: Caller, consent: &ValidConsent, attended: bool) -> Self {
        let per_day = consent.frequency_per_day().filter(|_| !attended);
        let budget = Budget::new(caller.core.store.clone());
        let allowance = Allowance { budget, consent: consent.id().to_owned(), per_day };
        Self { caller, allowance }
    }

    fn begin(&self, account: Option<&str>, endpoint: Endpoint) -> Call {
        self.caller.begin_counted(self.allowance.toll(account, endpoint))
    }

    /// The accounts that the user has opened.
    pub async fn list(&self) -> Result<Reply<Vec<Account>>, Error> {
        self.listed(None).await
    }

    /// The accounts that the user has opened, with their balances where the bank sends them along.
    pub async fn list_with_balances(&self) -> Result<Reply<Vec<Account>>, Error> {
        self.listed(Some(true)).await
    }

    async fn listed(&self, with_balances: Option<bool>) -> Result<Reply<Vec<Account>>, Error> {
        let call = self.begin(None, Endpoint::Accounts);
        let reply = call.end(call.get_account_list(with_balances).await)?;
        Ok(reply.map(|list| list.accounts.into_iter().map(Account).collect()))
    }

    /// One account, by its id in the list.
    pub async fn get(&self, account: &str) -> Result<Reply<Account>, Error> {
        let id = account_id(account)?;
        let call = self.begin(Some(account), Endpoint::Details);
        Ok(call.end(call.read_account_details(&id, None).await)?.map(Account))
    }

    /// The balances of one account.
    pub async fn balances(&self, account: &str) -> Result<Reply<Vec<Balance>>, Error> {
        let id = account_id(account)?;
        let call = self.begin(Some(account), Endpoint::Balances);
        let reply = call.end(call.get_balances(&id).await)?;
        Ok(reply.map(|answer| answer.balances.into_iter().map(Balance).collect()))
    }

    /// The transactions of one account, over all pages. Nothing is asked before the first is wanted.
    pub fn transactions(&self, account: &str, query: &TransactionQuery) -> Result<Transactions, Error> {
        Ok(Transactions::new(&self.caller, account_id(account)?, query.clone(), self.allowance.clone())?)
    }

    /// One transaction with its details. Of the banks known only ESSESESS has them
    /// (platform-facts 7.3).
    pub async fn transaction(&self, account: &str, transaction: &str) -> Result<Reply<Transaction>, Error> {
        let (name, account) = (account, account_id(account)?);
        let id = TransactionId::try_from(transaction).map_err(|invalid| invalid.within("transactionId"))?;
        let call = self.begin(Some(name), Endpoint::TransactionDetails);
        Ok(call.end(call.get_transaction_details(&account, &id).await)?.map(Transaction))
    }

    /// A report of transactions in another form than JSON, as it arrives.
    pub async fn download(
        &self,
        account: &str,
        query: &TransactionQuery,
        format: ReportFormat,
    ) -> Result<Reply<ByteStream>, Error> {
        let id = account_id(account)?;
        query.check()?;
        let call = self.caller.streaming().begin_counted(self.allowance.toll(Some(account), Endpoint::Transactions));
        call.end(query.send(&call, &id, format).await)
    }
}

fn account_id(id: &str) -> Result<AccountId, Invalid> {
    AccountId::try_from(id).map_err(|invalid| invalid.within("account-id"))
}

//! Consents: the user's permission to read accounts, from the request to its end.

use chrono::NaiveDate;
use opp_raw::types::{
    self, AccountAccess, AllPsd2, AvailableAccounts, ConsentId, ConsentStatus, FrequencyPerDay, ValidUntil,
};
use opp_raw::{Invalid, List};

use super::ValidConsent;
use super::view::view;
use crate::account_number::{AccountNumber, without_giro};
use crate::caller::Caller;
use crate::error::{Cause, Error};
use crate::macros::setters;
use crate::reply::Reply;

/// Consents at a bank.
#[derive(Debug, Clone)]
pub struct Consents {
    caller: Caller,
}

/// What a consent opens, in every form that the platform has.
#[derive(Debug, Clone, PartialEq)]
pub struct Access(Result<AccountAccess, Invalid>);

impl Access {
    /// All accounts, with balances and transactions, as far as the user allows: the usual choice.
    pub fn all() -> Self {
        Self(Ok(AccountAccess::default()))
    }

    /// The list of accounts alone; not every bank offers it.
    pub fn available_accounts() -> Self {
        let word = Some(AvailableAccounts::AllAccounts);
        Self(Ok(AccountAccess { available_accounts: word, ..AccountAccess::default() }))
    }

    /// The list of accounts with their balances; not every bank offers it.
    pub fn available_accounts_with_balances() -> Self {
        let word = Some(AvailableAccounts::AllAccountsWithBalances);
        Self(Ok(AccountAccess { available_accounts: word, ..AccountAccess::default() }))
    }

    /// Everything that the directive allows; not every bank offers it.
    pub fn all_psd2() -> Self {
        Self(Ok(AccountAccess { all_psd2: Some(AllPsd2::AllAccounts), ..AccountAccess::default() }))
    }

    /// The list of those accounts that the user selects at the bank; newer than the others, not every bank offers it.
    pub fn selected_accounts() -> Self {
        let word = Some(AvailableAccounts::SelectAccounts);
        Self(Ok(AccountAccess { available_accounts: word, ..AccountAccess::default() }))
    }

    /// Accounts by their numbers, with balances and transactions.
    pub fn accounts(accounts: impl IntoIterator<Item = impl Into<AccountNumber>>) -> Self {
        let accounts: Vec<_> = accounts.into_iter().map(Into::into).collect();
        Self::lists(&accounts, &accounts, &accounts)
    }

    /// Accounts by their numbers, each right by itself. An empty list leaves the choice to the user. Balances and
    /// transactions are of accounts that are in the first list, if there is one (platform-facts 6.1). What is not, and a
    /// giro number, is refused when the consent is asked for.
    #[inline]
    pub fn lists(accounts: &[AccountNumber], balances: &[AccountNumber], transactions: &[AccountNumber]) -> Self {
        let list = |field: &str, numbers: &[AccountNumber]| {
            let list = numbers.iter().map(|number| without_giro(number.clone().into())).collect::<Result<Vec<_>, _>>();
            list.map(List::from).map_err(|wrong| wrong.within(field).within("access"))
        };
        let access = || {
            for (field, numbers) in [("balances", balances), ("transactions", transactions)] {
                if !accounts.is_empty() && numbers.iter().any(|number| !accounts.contains(number)) {
                    return Err(Invalid::new("holds an account that accounts does not").within(field).within("access"));
                }
            }
            let (accounts, balances) = (list("accounts", accounts)?, list("balances", balances)?);
            let transactions = list("transactions", transactions)?;
            Ok(AccountAccess { accounts, balances, transactions, ..AccountAccess::default() })
        };
        Self(access())
    }
}

/// What the forms above do not reach, such as one currency of an account. It is held against the document alone.
impl From<AccountAccess> for Access {
    fn from(access: AccountAccess) -> Self {
        Self(Ok(access))
    }
}

/// What is asked of the user.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct ConsentRequest {
    access: Access,
    recurring: bool,
    valid_until: NaiveDate,
    frequency_per_day: u16,
}

impl ConsentRequest {
    /// A consent for reading again and again until a day, that day included. Banks may shorten it: the last day of the
    /// year 9999 asks for the longest that they give (platform-facts 6.1). Once it is signed, the user's earlier consent
    /// of this kind ends (platform-facts 6.3).
    pub fn new(access: Access, valid_until: NaiveDate) -> Self {
        Self { access, recurring: true, valid_until, frequency_per_day: 4 }
    }

    /// A consent for reading once, while the user is there.
    pub fn once(access: Access, valid_until: NaiveDate) -> Self {
        Self { recurring: false, frequency_per_day: 1, ..Self::new(access, valid_until) }
    }

    setters! {
        /// How often a day it is read without the user, per account and kind of data; 4 unless set, and 1 for reading
        /// once. More than 4 takes an agreement with the bank (platform-facts 6.1).
        frequency_per_day(self, times: u16) => frequency_per_day = times;
    }

    #[inline]
    fn build(&self, today: NaiveDate) -> Result<types::Consents, Invalid> {
        if self.valid_until < today {
            return Err(Invalid::new("is past").within("validUntil"));
        }
        if !self.recurring && self.frequency_per_day != 1 {
            return Err(Invalid::new("is 1 for a consent that is used once").within("frequencyPerDay"));
        }
        Ok(types::Consents {
            access: Some(self.access.0.clone()?),
            recurring_indicator: Some(self.recurring),
            valid_until: Some(ValidUntil::from(self.valid_until)),
            frequency_per_day: Some(FrequencyPerDay::try_from(i64::from(self.frequency_per_day))?),
            // Required, and without effect so far (platform-facts 6.1).
            combined_service_indicator: Some(false),
            ..types::Consents::default()
        })
    }
}

/// Whether nothing will come of it any more.
pub(crate) fn is_over(status: &ConsentStatus) -> bool {
    use ConsentStatus::{Expired, Rejected, RevokedByPsu, TerminatedByTpp};
    matches!(status, Rejected | RevokedByPsu | Expired | TerminatedByTpp)
}

fn status(told: Option<&ConsentStatus>) -> Result<ConsentStatus, Error> {
    told.cloned().ok_or_else(|| Error::missing("consentStatus"))
}

view! {
    /// A consent that was just created, and waits for the user.
    NewConsent(ConsentsResponse201) {}
}

impl NewConsent {
    /// The id: keep it.
    pub fn id(&self) -> &str {
        self.0.consent_id.as_ref().map(ConsentId::as_str).unwrap_or_default()
    }
}

view! {
    /// A consent as the bank has it.
    Consent(ConsentInformationResponse200Json) {}
}

impl Consent {
    /// How far it has come.
    pub fn status(&self) -> Result<ConsentStatus, Error> {
        status(self.0.consent_status.as_ref())
    }

    /// The last day on which it can be used, as the bank has granted it.
    pub fn valid_until(&self) -> Option<NaiveDate> {
        self.0.valid_until.as_ref()?.day()
    }

    /// How often a day it can be read without the user, as the bank has granted it.
    pub fn frequency_per_day(&self) -> Option<u32> {
        u32::try_from(self.0.frequency_per_day.as_ref()?.get()).ok()
    }
}

impl Consents {
    pub(crate) fn new(caller: Caller) -> Self {
        Self { caller }
    }

    /// Asks for a consent. The user has to sign it before anything can be read.
    pub async fn create(&self, request: &ConsentRequest) -> Result<Reply<NewConsent>, Error> {
        let body = request.build(self.caller.core.clock.now().date_naive())?;
        let call = self.caller.begin();
        let reply = call.end(call.create_consent(&body).await)?;
        reply.try_map(|answer| match answer.consent_id {
            Some(_) => Ok(NewConsent(answer)),
            None => Err(Error::missing("consentId")),
        })
    }

    /// A consent as the bank has it.
    pub async fn get(&self, id: &str) -> Result<Reply<Consent>, Error> {
        let id = consent_id(id)?;
        let call = self.caller.begin();
        Ok(call.end(call.get_consent_information(&id).await)?.map(Consent))
    }

    /// How far a consent has come.
    pub async fn status(&self, id: &str) -> Result<Reply<ConsentStatus>, Error> {
        let id = consent_id(id)?;
        let call = self.caller.begin();
        let reply = call.end(call.get_consent_status(&id).await)?;
        reply.try_map(|answer| status(answer.consent_status.as_ref()))
    }

    /// A consent that can be used, with what the bank has granted, or an error that says why it cannot.
    pub async fn valid(&self, id: &str) -> Result<ValidConsent, Error> {
        let consent = self.get(id).await?;
        match consent.status()? {
            ConsentStatus::Valid => Ok(ValidConsent::granted(id, consent.frequency_per_day(), consent.valid_until())),
            other => Err(Error::new(Cause::NotValid(other))),
        }
    }

    /// Gives the permission back.
    pub async fn delete(&self, id: &str) -> Result<Reply<()>, Error> {
        let id = consent_id(id)?;
        let call = self.caller.begin();
        call.end(call.delete_consent(&id).await)
    }

    /// The ids of all signatures that were started: how to pick up the thread after a lost answer.
    pub async fn authorisations(&self, id: &str) -> Result<Reply<Vec<String>>, Error> {
        let id = consent_id(id)?;
        let call = self.caller.begin();
        let reply = call.end(call.get_consent_authorisation(&id).await)?;
        Ok(reply.map(|list| list.authorisation_ids.iter().map(|id| id.as_str().to_owned()).collect()))
    }
}

fn consent_id(id: &str) -> Result<ConsentId, Invalid> {
    ConsentId::try_from(id).map_err(|invalid| invalid.within("consentId"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account_number::Iban;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn json(access: Access) -> String {
        let request = ConsentRequest::new(access, day("2026-12-31")).build(day("2026-11-21")).unwrap();
        serde_json::to_string(&request.access).unwrap()
    }

    #[test]
    fn every_form_of_access_is_written() {
        let number = || AccountNumber::from(Iban::test_number("SE3750000000054400047881").unwrap());
        assert_eq!(json(Access::all()), "{}");
        assert_eq!(json(Access::available_accounts()), r#"{"availableAccounts":"allAccounts"}"#);
        let with_balances = r#"{"availableAccounts":"allAccountsWithBalances"}"#;
        assert_eq!(json(Access::available_accounts_with_balances()), with_balances);
        assert_eq!(json(Access::all_psd2()), r#"{"allPsd2":"allAccounts"}"#);
        let named = r#"[{"iban":"SE3750000000054400047881"}]"#;
        let all = format!(r#"{{"accounts":{named},"balances":{named},"transactions":{named}}}"#);
        assert_eq!(json(Access::accounts([number()])), all);
        let some = format!(r#"{{"accounts":{named},"balances":[],"transactions":[]}}"#);
        assert_eq!(json(Access::lists(&[number()], &[], &[])), some);
    }

    #[test]
    fn a_consent_for_a_day_that_is_past_is_refused() {
        let refusal = ConsentRequest::new(Access::all(), day("2026-11-20")).build(day("2026-11-21")).unwrap_err();
        assert_eq!(refusal.to_string(), "validUntil is past");
    }

    #[test]
    fn a_consent_for_once_is_read_once() {
        let request = ConsentRequest::once(Access::all(), day("2026-11-21")).frequency_per_day(4);
        assert_eq!(request.build(day("2026-11-21")).unwrap_err().field(), "frequencyPerDay");
    }
}

//! What a token opens: API scopes, and the context that is mandatory beside them (platform-facts 2).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Whose accounts: those of a person, or those of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PsuContext {
    /// Personal accounts.
    Private,
    /// Business accounts.
    Corporate,
}

impl PsuContext {
    /// The word for it in a scope.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Corporate => "corporate",
        }
    }
}

/// A part of the API, as the application has it activated in the portal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ApiScope {
    /// Banks, cities and countries.
    AspspInformation,
    /// Consents, accounts, transactions.
    AccountInformation,
    /// Payments.
    PaymentInitiation,
    /// Swedish Bankgirot transactions enriched: goes with account information in the corporate context alone.
    BankgiroInformation,
    /// One that this edition does not know.
    Other(String),
}

impl ApiScope {
    /// Reads the word for one.
    pub fn read(word: &str) -> Self {
        let known =
            [Self::AspspInformation, Self::AccountInformation, Self::PaymentInitiation, Self::BankgiroInformation];
        known.into_iter().find(|known| known.as_str() == word).unwrap_or_else(|| Self::Other(word.to_owned()))
    }

    /// The word for it in a scope.
    pub fn as_str(&self) -> &str {
        match self {
            Self::AspspInformation => "aspspinformation",
            Self::AccountInformation => "accountinformation",
            Self::PaymentInitiation => "paymentinitiation",
            Self::BankgiroInformation => "bankgiroinformation",
            Self::Other(word) => word,
        }
    }
}

/// What one token opens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    context: PsuContext,
    /// All words, in an order that is always the same: equal scopes are equal texts.
    text: Arc<str>,
}

impl Scope {
    /// All these parts of the API, for one kind of accounts.
    pub fn new(context: PsuContext, apis: impl IntoIterator<Item = ApiScope>) -> Self {
        let mut sorted = Vec::new();
        for api in apis {
            if (context == PsuContext::Corporate || api != ApiScope::BankgiroInformation)
                && let Err(place) = sorted.binary_search(&api)
            {
                sorted.insert(place, api);
            }
        }
        let words = sorted.iter().map(|api| format!("{} ", api.as_str()));
        Self { context, text: (words.collect::<String>() + context.as_str()).into() }
    }

    /// Whose accounts it opens.
    pub fn context(&self) -> PsuContext {
        self.context
    }

    /// Equality, quickly seen for clones of one scope: the way of every call leads over it.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text) || self == other
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scopes_are_one_whatever_the_order() {
        let one = Scope::new(PsuContext::Private, [ApiScope::PaymentInitiation, ApiScope::AccountInformation]);
        let two = Scope::new(PsuContext::Private, [ApiScope::AccountInformation, ApiScope::PaymentInitiation]);
        assert_eq!(one, two);
        assert_eq!(one.as_str(), "accountinformation paymentinitiation private");
    }

    #[test]
    fn bankgiro_information_is_asked_for_companies_alone() {
        let apis = [ApiScope::AccountInformation, ApiScope::BankgiroInformation];
        assert_eq!(Scope::new(PsuContext::Private, apis.clone()).as_str(), "accountinformation private");
        let corporate = Scope::new(PsuContext::Corporate, apis);
        assert_eq!(corporate.as_str(), "accountinformation bankgiroinformation corporate");
    }
}

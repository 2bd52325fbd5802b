//! Which bank, and how it is to be spoken to.

use opp_raw::Invalid;
use opp_raw::types::{RequestHeaders, XBicFi};
use serde::{Deserialize, Serialize};

use crate::macros::setters;

/// A bank by its BIC, given once and the same for all calls of a flow.
///
/// ```
/// use opp_ergonomic::Bank;
///
/// let savings_bank = Bank::new("SWEDSESS")?.affiliated("08999").prefer_redirect(false);
/// # Ok::<(), opp_ergonomic::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[must_use]
pub struct Bank {
    bic: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    affiliated: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redirect: Option<bool>,
}

impl Bank {
    /// A bank by its BIC of 8 or 11 characters. Which ones there are, the directory says.
    pub fn new(bic: &str) -> Result<Self, Invalid> {
        XBicFi::try_from(bic).map_err(|_| not_a_bic())?;
        Ok(Self { bic: bic.to_owned(), affiliated: None, redirect: None })
    }

    setters! {
        /// Which savings bank of a group: an id from the bank's details, of which the leading zero counts.
        affiliated(self, id: &str) => affiliated = Some(id.to_owned());
        /// Whether the user is to be sent to the bank's pages, or to `BankID` directly, at banks that can do both.
        /// Unless it is set the bank decides; SWEDSESS and NDEASESS then redirect (platform-facts 3).
        prefer_redirect(self, redirect: bool) => redirect = Some(redirect);
    }

    /// The BIC.
    pub fn bic(&self) -> &str {
        &self.bic
    }

    pub(crate) fn write(&self, headers: &mut RequestHeaders) -> Result<(), Invalid> {
        // What was read from a stored flow has not been through `new`.
        headers.x_bic_fi = Some(XBicFi::try_from(self.bic.as_str()).map_err(|_| not_a_bic())?);
        headers.x_affiliated_aspsp_id.clone_from(&self.affiliated);
        headers.tpp_redirect_preferred = self.redirect;
        Ok(())
    }
}

/// The rule in words: the document has a pattern, which nobody reads.
pub(crate) fn not_a_bic() -> Invalid {
    Invalid::new("is not 8 or 11 capital letters and digits, such as ESSESESS").within("BIC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_stays_the_same_through_a_file() {
        let bank = Bank::new("SWEDSESS").unwrap().affiliated("08999").prefer_redirect(false);
        let json = serde_json::to_string(&bank).unwrap();
        assert_eq!(serde_json::from_str::<Bank>(&json).unwrap(), bank);
    }

    #[test]
    fn a_wrong_bic_is_named() {
        let refusal = Bank::new("swedsess").unwrap_err();
        assert!(refusal.to_string().starts_with("BIC"), "{refusal}");
    }
}

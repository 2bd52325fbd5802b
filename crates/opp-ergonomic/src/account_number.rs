//! Account numbers: international ones with their check digits, Swedish ones with their clearing number.

use opp_raw::types::{self, AccountReference, AccountReferenceWithGiro};
use opp_raw::{Invalid, Read};

use crate::check_digits::{compact, luhn, mod_97};
use crate::giro::GiroNumber;
use crate::macros::{numbers, taken, variants};

/// Lengths by country (ISO 13616 registry), of the countries that the platform's payments reach.
const LENGTHS: &str = "AD24 AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FO18 FR27 GB22 GI23 GL18 GR27 HR21 \
    HU28 IE22 IS26 IT27 LI21 LT20 LU20 LV21 MC27 MT31 NL18 NO15 PL28 PT25 RO24 SE24 SI19 SK24 SM27 VA22";

/// An international bank account number. It is not shown by `Debug`.
///
/// ```
/// use opp_ergonomic::Iban;
///
/// let account: Iban = "SE45 5000 0000 0583 9825 7466".parse()?;
/// assert_eq!(account.as_str(), "SE4550000000058398257466");
/// assert!("SE46 5000 0000 0583 9825 7466".parse::<Iban>().is_err());
/// # Ok::<(), opp_ergonomic::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Iban(String);

impl Iban {
    /// A number with or without its blanks, whose check digits are right.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let iban = Self::test_number(text)?;
        let country = iban.country();
        let length = LENGTHS.split(' ').find_map(|entry| entry.strip_prefix(country)?.parse::<usize>().ok());
        if let Some(length) = length.filter(|length| *length != iban.0.len()) {
            return Err(Invalid::new(format!("is not of {length} characters, as in {country}")).within("iban"));
        }
        let (head, rest) = iban.0.split_at(4);
        if mod_97(rest, head) != 1 {
            return Err(Invalid::new("has wrong check digits: it was mistyped").within("iban"));
        }
        Ok(iban)
    }

    /// The escape for the platform's own test numbers, of which some have wrong check digits: only the form is looked
    /// at. Do not use it for what somebody has typed.
    pub fn test_number(text: &str) -> Result<Self, Invalid> {
        let text: String = text.chars().filter(|sign| *sign != ' ').map(|sign| sign.to_ascii_uppercase()).collect();
        if types::Iban::try_from(text.as_str()).is_err() {
            let rule = "is not a country, two check digits and up to 30 letters and digits";
            return Err(Invalid::new(rule).within("iban"));
        }
        Ok(Self(text))
    }

    /// The country, in two letters.
    pub fn country(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }
}

/// A Swedish clearing number: four digits, or five where it begins with 8, the fifth checking the others.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Clearing(String);

impl Clearing {
    /// A number with or without its hyphen.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let wrong = |rule: &str| Err(Invalid::new(rule).within("clearingNumber"));
        let text = compact(text);
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return wrong("has other characters than digits");
        }
        match text.len() {
            4 if !text.starts_with('0') => Ok(Self(text)),
            5 if !text.starts_with('8') => wrong("has five digits, which only those beginning with 8 have"),
            5 if luhn(&text) => Ok(Self(text)),
            5 => wrong("has a wrong check digit: it was mistyped"),
            _ => wrong("is not of four digits, or five beginning with 8"),
        }
    }
}

/// A national account number. What it consists of differs by country and bank: HANDSESS wants it without the clearing
/// number, Danske's British accounts have the sort code in it (platform-facts 11).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bban(String);

impl Bban {
    /// A number with or without its blanks and hyphens.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = compact(text);
        if !(1..=30).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Invalid::new("is not of 1 to 30 letters and digits").within("bban"));
        }
        Ok(Self(text))
    }
}

/// The number of an account, in one of the ways in which banks name one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccountNumber {
    /// International.
    Iban(Iban),
    /// National, with its clearing number where the bank wants it apart.
    Bban(Bban, Option<Clearing>),
    /// A giro number, as NDEASESS wants it for companies.
    Giro(GiroNumber),
}

// What was checked when it was made is not checked again; the order or consent that it goes into checks all of itself.
impl From<AccountNumber> for AccountReferenceWithGiro {
    fn from(number: AccountNumber) -> Self {
        let mut reference = Self::default();
        match number {
            AccountNumber::Iban(iban) => reference.iban = Read::read_str(iban.as_str()),
            AccountNumber::Bban(bban, clearing) => {
                reference.bban = Read::read_str(bban.as_str());
                reference.clearing_number = clearing.and_then(|number| Read::read_str(number.as_str()));
            }
            AccountNumber::Giro(GiroNumber::Bankgiro(number)) => {
                reference.bankgiro_number = Read::read_str(number.as_str());
            }
            AccountNumber::Giro(GiroNumber::Plusgiro(number)) => {
                reference.plusgiro_number = Read::read_str(number.as_str());
            }
        }
        reference
    }
}

/// For fields that take no giro numbers.
pub(crate) fn without_giro(mut reference: AccountReferenceWithGiro) -> Result<AccountReference, Invalid> {
    if reference.bankgiro_number.is_some() || reference.plusgiro_number.is_some() {
        return Err(Invalid::new("is a giro number, which cannot stand here: use an IBAN or a BBAN"));
    }
    Ok(taken!(reference => AccountReference {
        iban bban pan masked_pan msisdn clearing_number currency account_number
    }))
}

numbers! { Iban Clearing Bban }

variants! { AccountNumber: Iban(Iban) Giro(GiroNumber) }

impl From<Bban> for AccountNumber {
    fn from(bban: Bban) -> Self {
        Self::Bban(bban, None)
    }
}

impl From<(Clearing, Bban)> for AccountNumber {
    fn from((clearing, bban): (Clearing, Bban)) -> Self {
        Self::Bban(bban, Some(clearing))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> String {
        Iban::new(text).unwrap_err().to_string()
    }

    #[test]
    fn numbers_of_several_countries_are_taken() {
        for number in
            ["SE4550000000058398257466", "FI21 1234 5600 0007 85", "GB29NWBK60161331926819", "no9386011117947"]
        {
            assert!(Iban::new(number).is_ok(), "{number}");
        }
    }

    #[test]
    fn a_mistyped_number_is_refused_with_the_rule() {
        assert_eq!(refused("SE4550000000058398257467"), "iban has wrong check digits: it was mistyped");
        assert_eq!(refused("SE455000000005839825746"), "iban is not of 24 characters, as in SE");
        assert_eq!(
            refused("4550000000058398257466"),
            "iban is not a country, two check digits and up to 30 letters and digits"
        );
        assert!(Iban::new("SÉ4550000000058398257466").is_err());
        assert!(Iban::new("").is_err());
    }

    #[test]
    fn the_platforms_test_numbers_pass_by_the_stated_escape() {
        for number in ["SE3750000000054400047881", "SE4880000123459876543219", "SE4880000123451234567890"] {
            assert_eq!(Iban::test_number(number).unwrap().as_str(), number);
        }
        assert!(Iban::new("SE4880000123451234567890").is_err(), "both cannot be right with the same check digits");
        assert!(Iban::test_number("SE48 8000-0123").is_err(), "the form still counts");
    }

    #[test]
    fn a_clearing_number_has_five_digits_only_where_it_begins_with_8() {
        for number in ["1000", "8327-9", "81059", "9020"] {
            assert!(Clearing::new(number).is_ok(), "{number}");
        }
        let rule = |text: &str| Clearing::new(text).unwrap_err().rule().to_owned();
        assert_eq!(rule("83278"), "has a wrong check digit: it was mistyped");
        assert_eq!(rule("60001"), "has five digits, which only those beginning with 8 have");
        assert_eq!(rule("100"), "is not of four digits, or five beginning with 8");
        assert_eq!(rule("1OOO"), "has other characters than digits");
    }

    #[test]
    fn a_reference_says_what_the_bank_wants() {
        let payee = AccountNumber::Bban("401 975 231".parse().unwrap(), Some("1000".parse().unwrap()));
        let json = serde_json::to_string(&without_giro(payee.into()).unwrap()).unwrap();
        assert_eq!(json, r#"{"bban":"401975231","clearingNumber":"1000"}"#);
        let payer = AccountNumber::from(GiroNumber::Plusgiro("902003-3".parse().unwrap()));
        let json = serde_json::to_string(&AccountReferenceWithGiro::from(payer.clone())).unwrap();
        assert_eq!(json, r#"{"plusgiroNumber":"9020033"}"#);
        assert!(without_giro(payer.into()).is_err());
    }

    #[test]
    fn numbers_are_not_printed() {
        let account = AccountNumber::from("SE4550000000058398257466".parse::<Iban>().unwrap());
        assert!(!format!("{account:?}").contains("4550"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = (Iban::new(&text), Iban::test_number(&text), Clearing::new(&text), Bban::new(&text));
        }

        #[test]
        fn every_single_wrong_digit_is_found(at in 2usize..24, by in 1u32..10) {
            let mut digits: Vec<char> = "SE4550000000058398257466".chars().collect();
            let digit = digits[at].to_digit(10).unwrap();
            digits[at] = char::from_digit((digit + by) % 10, 10).unwrap();
            prop_assert!(Iban::new(&digits.into_iter().collect::<String>()).is_err());
        }
    }
}

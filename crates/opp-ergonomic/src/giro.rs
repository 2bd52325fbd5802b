//! Swedish giro payments: bankgiro and plusgiro numbers, OCR numbers, and the reference of ISO 11649. All of them end
//! or begin with check digits, so that a mistyped one does not pay somebody else.

use std::fmt;

use opp_raw::types::{GiroReference, GiroType, PaymentInitiationJsonOcrRef};
use opp_raw::{Invalid, Read};

use crate::check_digits::{compact, luhn, mod_97};
use crate::macros::{numbers, variants};

/// A bankgiro number: seven or eight digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bankgiro(String);

/// A plusgiro number: two to eight digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Plusgiro(String);

/// An OCR number: 2 to 25 digits, of which the last checks the others. Leading zeros count.
///
/// ```
/// use opp_ergonomic::Ocr;
///
/// assert!(Ocr::new("1234567897").is_ok());
/// assert!(Ocr::new("1234567890").is_err());
/// assert_eq!(Ocr::for_reference("123456789")?.as_str(), "1234567897");
/// # Ok::<(), opp_ergonomic::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ocr(String);

/// A creditor's reference after ISO 11649, which begins with `RF`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CreditorReference(String);

impl Bankgiro {
    /// A number with or without its hyphen.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let digits = checked(text, 7, 8, "is not of seven or eight digits");
        digits.map(Self).map_err(|wrong| wrong.within("bankgiroNumber"))
    }
}

impl fmt::Display for Bankgiro {
    /// As it stands on an invoice: `123-4566`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, tail) = self.0.split_at(self.0.len() - 4);
        write!(f, "{head}-{tail}")
    }
}

impl Plusgiro {
    /// A number with or without its hyphen. The platform takes none of fewer than five digits.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let digits = checked(text, 2, 8, "is not of two to eight digits");
        digits.map(Self).map_err(|wrong| wrong.within("plusgiroNumber"))
    }
}

impl fmt::Display for Plusgiro {
    /// As it stands on an invoice: `12345-2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, tail) = self.0.split_at(self.0.len() - 1);
        write!(f, "{head}-{tail}")
    }
}

/// The receiving account of a giro payment: the same digits may be a bankgiro and a plusgiro number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GiroNumber {
    /// A bankgiro number.
    Bankgiro(Bankgiro),
    /// A plusgiro number.
    Plusgiro(Plusgiro),
}

variants! { GiroNumber: Bankgiro(Bankgiro) Plusgiro(Plusgiro) }

impl From<GiroNumber> for GiroReference {
    fn from(giro: GiroNumber) -> Self {
        let (number, kind) = match &giro {
            GiroNumber::Bankgiro(number) => (number.as_str(), GiroType::Bankgiro),
            GiroNumber::Plusgiro(number) => (number.as_str(), GiroType::Plusgiro),
        };
        Self { giro_number: Read::read_str(number), giro_type: Some(kind), ..Self::default() }
    }
}

numbers! { Bankgiro Plusgiro Ocr CreditorReference }

impl Ocr {
    /// A number with or without blanks, whose check digit is right.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        checked(text, 2, 25, "is not of 2 to 25 digits").map(Self).map_err(|wrong| wrong.within("ocrRef"))
    }

    /// The number for a reference of one's own, with or without blanks: its digits with the check digit behind.
    pub fn for_reference(digits: &str) -> Result<Self, Invalid> {
        let digits = compact(digits);
        let check = (0..10).map(|digit| format!("{digits}{digit}")).find(|number| luhn(number));
        Self::new(check.as_deref().unwrap_or(&digits))
    }
}

impl CreditorReference {
    /// A reference with or without blanks, whose check digits are right.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let wrong = |rule: &str| Err(Invalid::new(rule).within("ocrRef"));
        let text = compact(text).to_ascii_uppercase();
        if PaymentInitiationJsonOcrRef::try_from(text.as_str()).is_err() {
            return wrong("is not RF, two check digits and up to 21 letters and digits");
        }
        let (head, rest) = text.split_at(4);
        if mod_97(rest, head) != 1 {
            return wrong("has wrong check digits: it was mistyped");
        }
        Ok(Self(text))
    }
}

/// The digits of a number that is so long and whose check digit is right.
fn checked(text: &str, least: usize, most: usize, lengths: &str) -> Result<String, Invalid> {
    let text = compact(text);
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Invalid::new("has other characters than digits"));
    }
    if !(least..=most).contains(&text.len()) {
        return Err(Invalid::new(lengths));
    }
    if !luhn(&text) {
        return Err(Invalid::new("has a wrong check digit: it was mistyped"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bankgiro_numbers_are_of_seven_or_eight_digits() {
        assert_eq!(Bankgiro::new("991-2346").unwrap().to_string(), "991-2346");
        assert_eq!(Bankgiro::new("5050-1055").unwrap().as_str(), "50501055");
        let rule = |text: &str| Bankgiro::new(text).unwrap_err().to_string();
        assert_eq!(rule("991-2345"), "bankgiroNumber has a wrong check digit: it was mistyped");
        assert_eq!(rule("123456"), "bankgiroNumber is not of seven or eight digits");
        assert_eq!(rule("991-234x"), "bankgiroNumber has other characters than digits");
    }

    #[test]
    fn plusgiro_numbers_are_of_two_to_eight_digits() {
        assert_eq!(Plusgiro::new("90 20 03-3").unwrap().to_string(), "902003-3");
        assert_eq!(Plusgiro::new("1-8").unwrap().as_str(), "18");
        assert!(Plusgiro::new("902003-4").is_err());
        assert_eq!(Plusgiro::new("8").unwrap_err().rule(), "is not of two to eight digits");
    }

    #[test]
    fn a_number_goes_with_its_kind() {
        let giro = GiroNumber::Bankgiro(Bankgiro::new("5050-1055").unwrap());
        let json = serde_json::to_string(&GiroReference::from(giro)).unwrap();
        assert_eq!(json, r#"{"giroNumber":"50501055","giroType":"BANKGIRO"}"#);
        let short = GiroReference::from(GiroNumber::Plusgiro(Plusgiro::new("1-8").unwrap()));
        assert_eq!(opp_raw::Check::check(&short).unwrap_err().field(), "giroNumber");
    }

    #[test]
    fn an_ocr_number_keeps_its_leading_zeros() {
        assert_eq!(Ocr::for_reference("0012").unwrap().as_str(), "00125");
        // Also one that would pass for a whole number itself.
        assert_eq!(
            Ocr::for_reference("12345 67897").unwrap().as_str(),
            Ocr::for_reference("1234567897").unwrap().as_str()
        );
        assert_eq!(Ocr::for_reference("12345 67897").unwrap().as_str().len(), 11);
        assert_eq!(Ocr::new(&"0".repeat(26)).unwrap_err().to_string(), "ocrRef is not of 2 to 25 digits");
    }

    #[test]
    fn a_creditor_reference_has_its_check_digits_in_front() {
        assert_eq!(CreditorReference::new("RF18 5390 0754 7034").unwrap().as_str(), "RF18539007547034");
        assert!(CreditorReference::new("RF19 5390 0754 7034").is_err());
        assert!(CreditorReference::new("1234567897").is_err());
    }

    proptest! {
        #[test]
        fn every_single_wrong_digit_is_found(reference in "[0-9]{1,24}", at in 0usize..25, by in 1u32..10) {
            let ocr = Ocr::for_reference(&reference).unwrap();
            let mut digits: Vec<char> = ocr.as_str().chars().collect();
            let at = at % digits.len();
            digits[at] = char::from_digit((digits[at].to_digit(10).unwrap() + by) % 10, 10).unwrap();
            prop_assert!(Ocr::new(&digits.into_iter().collect::<String>()).is_err());
        }

        #[test]
        fn no_text_panics(text in ".{0,30}") {
            let _ = (Ocr::new(&text), Ocr::for_reference(&text), Bankgiro::new(&text), Plusgiro::new(&text));
            let _ = CreditorReference::new(&text);
        }
    }
}

//! Money: decimal amounts with the digits of their currency. Never a float.

use std::fmt;
use std::str::FromStr;

use opp_raw::{Invalid, Read, types};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The most digits before the point that the platform takes (platform-facts 7.2).
const LARGEST: i64 = 99_999_999_999_999;

/// Currencies without a minor unit (ISO 4217).
const NONE: &[&str] =
    &["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"];

/// Currencies whose unit has a thousand parts (ISO 4217).
const THREE: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// A currency by its three letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Swedish krona.
    pub const SEK: Self = Self(*b"SEK");
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");
    /// Norwegian krone.
    pub const NOK: Self = Self(*b"NOK");
    /// Danish krone.
    pub const DKK: Self = Self(*b"DKK");
    /// Pound sterling.
    pub const GBP: Self = Self(*b"GBP");
    /// US dollar.
    pub const USD: Self = Self(*b"USD");

    /// A currency by its three capital letters.
    pub fn new(code: &str) -> Result<Self, Invalid> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err(Invalid::new("is not three capital letters, such as SEK").within("currency")),
        }
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimals an amount has, after ISO 4217.
    pub fn digits(self) -> u32 {
        match self.as_str() {
            code if NONE.contains(&code) => 0,
            code if THREE.contains(&code) => 3,
            _ => 2,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = Invalid;

    fn from_str(code: &str) -> Result<Self, Invalid> {
        Self::new(code)
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;

    fn try_from(code: String) -> Result<Self, Invalid> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

/// An amount in a currency.
///
/// ```
/// use opp_ergonomic::{Amount, Currency};
///
/// let price: Amount = "1249.10 SEK".parse()?;
/// assert_eq!(price.currency(), Currency::SEK);
/// assert_eq!(price.to_string(), "1249.10 SEK");
/// assert!("1249.105 SEK".parse::<Amount>().is_err());
/// # Ok::<(), opp_ergonomic::Invalid>(())
/// ```
// As the platform writes it: how decimals are serialised by themselves, any crate of an application can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "types::Amount", into = "types::Amount")]
pub struct Amount {
    value: Decimal,
    currency: Currency,
}

impl Amount {
    /// An amount that the platform takes: at most 14 digits before the point, and no more behind it than the currency
    /// has. Negative ones are balances and debits; what is to be paid is checked to be positive when it is sent.
    pub fn new(value: Decimal, currency: Currency) -> Result<Self, Invalid> {
        let value = value.normalize();
        if value.scale() > currency.digits() {
            let rule = format!("has more decimals than the {} of {currency}", currency.digits());
            return Err(Invalid::new(rule).within("amount"));
        }
        if value.trunc().abs() > Decimal::from(LARGEST) {
            return Err(Invalid::new("has more than 14 digits before the point").within("amount"));
        }
        Ok(Self { value, currency })
    }

    /// What a bank has written, with whatever decimals: reading is tolerant. `None` if it is no number at all, or has
    /// no currency.
    pub fn read(raw: &types::Amount) -> Option<Self> {
        let value = decimal(raw.amount.as_ref()?.as_str().trim())?;
        Some(Self { value, currency: Currency::new(raw.currency.as_ref()?.as_str()).ok()? })
    }

    /// The number.
    pub fn value(&self) -> Decimal {
        self.value
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The sum, if both are in the same currency and it is not beyond all bounds.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let value = self.value.checked_add(other.value).filter(|_| self.currency == other.currency)?;
        Some(Self { value, ..self })
    }

    /// As the platform wants it in a payment: positive.
    pub fn payable(&self) -> Result<types::Amount, Invalid> {
        if self.value <= Decimal::ZERO {
            return Err(Invalid::new("is not above zero").within("amount"));
        }
        let Self { value, currency } = Self::new(self.value, self.currency)?;
        Ok(Self { value, currency }.into())
    }

    /// The number with all decimals of its currency.
    fn number(&self) -> String {
        let mut value = self.value;
        value.rescale(value.scale().max(self.currency.digits()));
        value.to_string()
    }
}

impl From<Amount> for types::Amount {
    fn from(amount: Amount) -> Self {
        let (currency, number) = (amount.currency, amount.number());
        Self { currency: Read::read_str(currency.as_str()), amount: Read::read_str(&number), ..Self::default() }
    }
}

impl TryFrom<types::Amount> for Amount {
    type Error = Invalid;

    fn try_from(raw: types::Amount) -> Result<Self, Invalid> {
        Self::read(&raw).ok_or_else(|| Invalid::new("is not a number in a currency").within("amount"))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.currency)
    }
}

impl FromStr for Amount {
    type Err = Invalid;

    /// Reads what `Display` writes, such as `1249.10 SEK`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("is not a number and a currency, such as 1249.10 SEK").within("amount");
        let (number, currency) = text.split_once(' ').ok_or_else(wrong)?;
        Self::new(decimal(number).ok_or_else(wrong)?, Currency::new(currency)?)
    }
}

/// A number in digits, exactly: one that does not fit is none, rather than one that was rounded.
fn decimal(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    Decimal::from_str_exact(text).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Amount>().unwrap_err().to_string()
    }

    #[test]
    fn an_amount_has_no_more_decimals_than_its_currency() {
        assert_eq!(refused("1.005 SEK"), "amount has more decimals than the 2 of SEK");
        assert_eq!(refused("1.5 JPY"), "amount has more decimals than the 0 of JPY");
        assert!("1.005 KWD".parse::<Amount>().is_ok());
        assert!("1.5000 SEK".parse::<Amount>().is_ok(), "zeros say nothing");
    }

    #[test]
    fn an_amount_has_no_more_than_fourteen_digits() {
        assert!("99999999999999.99 SEK".parse::<Amount>().is_ok());
        assert_eq!(refused("100000000000000 SEK"), "amount has more than 14 digits before the point");
    }

    #[test]
    fn a_payment_is_written_with_all_decimals_and_above_zero() {
        let raw = "12.5 SEK".parse::<Amount>().unwrap().payable().unwrap();
        assert_eq!(serde_json::to_string(&raw).unwrap(), r#"{"currency":"SEK","amount":"12.50"}"#);
        for number in ["0 SEK", "-1 SEK"] {
            let refusal = number.parse::<Amount>().unwrap().payable().unwrap_err();
            assert_eq!(refusal.to_string(), "amount is not above zero");
        }
    }

    #[test]
    fn a_bank_may_write_more_decimals_than_we_may() {
        let raw: types::Amount = serde_json::from_str(r#"{"currency":"SEK","amount":"-12.5000"}"#).unwrap();
        assert_eq!(Amount::read(&raw).unwrap().value(), Decimal::new(-125, 1));
        let raw: types::Amount = serde_json::from_str(r#"{"currency":"SEK","amount":"much"}"#).unwrap();
        assert_eq!(Amount::read(&raw), None);
    }

    #[test]
    fn json_of_an_amount_is_that_of_the_platform() {
        let price: Amount = "12.5 SEK".parse().unwrap();
        let json = serde_json::to_string(&price).unwrap();
        assert_eq!(json, r#"{"currency":"SEK","amount":"12.50"}"#);
        assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), price);
        for wrong in [r#"{"currency":"SEK","amount":"much"}"#, r#"{"currency":"kr","amount":"1"}"#, r#"{"amount":"1"}"#]
        {
            let refusal = serde_json::from_str::<Amount>(wrong).unwrap_err().to_string();
            assert!(refusal.starts_with("amount is not a number in a currency"), "{refusal}");
        }
    }

    #[test]
    fn a_number_is_taken_exactly_or_not_at_all() {
        for wrong in ["1_000 SEK", "1e3 SEK", "1,50 SEK", "12.500000000000000000000000000001 SEK", "SEK", "1SEK"] {
            assert!(refused(wrong).contains("is not a number and a currency"), "{wrong}");
        }
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        for wrong in ["sek", "SE", "SEKK", "S3K", ""] {
            assert_eq!(Currency::new(wrong).unwrap_err().field(), "currency", "{wrong}");
        }
    }

    #[test]
    fn currencies_are_not_added_up_across() {
        let (krona, euro): (Amount, Amount) = ("1 SEK".parse().unwrap(), "1 EUR".parse().unwrap());
        assert_eq!(krona.checked_add(euro), None);
        assert_eq!(krona.checked_add(krona).unwrap().to_string(), "2.00 SEK");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cents in 1i64..=9_999_999_999_999_999) {
            let amount = Amount::new(Decimal::new(cents, 2), Currency::SEK).unwrap();
            prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
            prop_assert_eq!(Amount::read(&amount.payable().unwrap()), Some(amount));
        }
    }
}

//! What each product asks of an order, bank by bank, and what currencies are worth: `data/products.toml`.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::entities::Context;
use crate::StartError;

/// One rule; the fields are explained where the data is.
#[expect(clippy::struct_excessive_bools, reason = "each is one demand of a bank, none excludes another")]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    bank: Option<String>,
    product: String,
    debtor: Vec<String>,
    corporate_debtor: Option<Vec<String>>,
    pub(crate) creditor: Vec<String>,
    pub(crate) currency: Option<String>,
    #[serde(default)]
    pub(crate) creditor_clearing: bool,
    #[serde(default)]
    pub(crate) creditor_agent: bool,
    #[serde(default)]
    pub(crate) creditor_address: bool,
    pub(crate) address_outside: Option<String>,
    pub(crate) remittance: Option<usize>,
    pub(crate) remittance_elsewhere: Option<usize>,
    #[serde(default)]
    pub(crate) single_only: bool,
}

impl Rule {
    /// The keys by which the debtor's account may be named.
    pub(crate) fn debtor(&self, context: Context) -> &[String] {
        match (&self.corporate_debtor, context) {
            (Some(keys), Context::Corporate) => keys,
            _ => &self.debtor,
        }
    }
}

/// What one currency was worth in another on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) source: String,
    pub(crate) target: String,
    /// Units of the target for one unit of the source.
    pub(crate) rate: Decimal,
    pub(crate) day: NaiveDate,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Products {
    flagged: Vec<String>,
    rates: BTreeMap<String, Decimal>,
    rule: Vec<Rule>,
}

impl Products {
    pub(crate) fn load() -> Result<Self, StartError> {
        super::directory::read("products.toml", include_str!("../../data/products.toml"))
    }

    /// The bank's own rule for a product, or the one for all banks.
    pub(crate) fn rule(&self, bic: &str, product: &str) -> Option<&Rule> {
        let of =
            |bank: Option<&str>| self.rule.iter().find(|rule| rule.product == product && rule.bank.as_deref() == bank);
        of(Some(bic)).or_else(|| of(None))
    }

    pub(crate) fn is_flagged(&self, number: &str) -> bool {
        let digits = |text: &str| text.replace(['-', ' '], "");
        self.flagged.iter().any(|known| digits(known) == digits(number))
    }

    /// The rate of a day, or nothing for a currency that nobody quotes. It sways a little, the same on every run.
    pub(crate) fn exchange(&self, source: &str, target: &str, day: NaiveDate) -> Option<Exchange> {
        let worth = |currency: &str| {
            // A wave of a few months' length; kronor stand still, being what the others are measured in.
            let base = self.rates.get(currency)?;
            let step = i64::from((day.num_days_from_ce() + 37 * i32::from(currency.as_bytes()[0])).rem_euclid(200));
            let sway = if currency == "SEK" { 0 } else { (step - 100).abs() - 50 };
            Some(base * (Decimal::ONE + Decimal::new(sway, 3) / Decimal::TEN * Decimal::TWO))
        };
        let rate = (worth(source)? / worth(target)?).round_dp(6).normalize();
        Some(Exchange { source: source.to_owned(), target: target.to_owned(), rate, day })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_sway_by_less_than_a_tenth() {
        let products = Products::load().unwrap();
        let mut day: NaiveDate = "2023-01-01".parse().unwrap();
        for _ in 0..1000 {
            let rate = products.exchange("EUR", "SEK", day).unwrap().rate;
            assert!(rate > Decimal::TEN && rate < Decimal::new(125, 1), "{rate} on {day}");
            day = day.succ_opt().unwrap();
        }
        assert!(products.exchange("XAU", "SEK", day).is_none());
    }
}

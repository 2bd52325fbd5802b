//! Who has which accounts: a function of seed, bank and holder, so that any customer id has accounts and none has to
//! be stored.

use rand::RngExt as _;
use serde_json::{Map, Value, json};

use super::banks::Bank;
use super::entities::{Context, Holder};
use super::ids::{fixed_rng, fixed_uuid};

/// What an account is for; decides what happens on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Private,
    Savings,
    Corporate,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// The same for every consent, and never shown.
    pub(crate) key: String,
    pub(crate) bic: String,
    pub(crate) iban: String,
    pub(crate) bban: String,
    pub(crate) clearing: String,
    pub(crate) currency: String,
    pub(crate) name: &'static str,
    pub(crate) product: &'static str,
    pub(crate) owner: String,
    pub(crate) kind: Kind,
}

const FIRST_NAMES: [&str; 8] = ["Tuva", "Joar", "Ebba", "Sixten", "Lovisa", "Aino", "Eero", "Signe"];
const LAST_NAMES: [&str; 8] =
    ["Ekdal", "Malmvik", "Strandqvist", "Tallgren", "Kivelä", "Norrby", "Sundholm", "Åkerfelt"];

/// The accounts of a holder at a bank.
pub(crate) fn of(seed: u64, bank: &Bank, holder: &Holder) -> Vec<Account> {
    let owner = owner(seed, holder);
    let plan: &[(&str, &str, Kind)] = match holder.context {
        Context::Private => &[
            ("Lönekonto", "Privatkonto", Kind::Private),
            ("Sparkonto", "Sparkonto", Kind::Savings),
            ("Hushållskonto", "Privatkonto", Kind::Private),
        ],
        Context::Corporate => {
            &[("Företagskonto", "Företagskonto", Kind::Corporate), ("Skattekonto", "Företagskonto", Kind::Savings)]
        }
    };
    let documented: &[String] =
        if holder.context == Context::Private && holder.psu == bank.default_psu { &bank.accounts } else { &[] };
    plan.iter()
        .enumerate()
        .map(|(index, (name, product, kind))| {
            let key = format!("{}/{}/{index}", bank.bic, holder.key());
            let number = documented.get(index).cloned().unwrap_or_else(|| number(seed, bank, &key));
            let (iban, bban) = names(bank, &number);
            Account {
                key,
                bic: bank.bic.clone(),
                iban,
                bban,
                clearing: bank.clearing.clone(),
                currency: bank.currency.clone(),
                name,
                product,
                owner: owner.clone(),
                kind: *kind,
            }
        })
        .collect()
}

fn owner(seed: u64, holder: &Holder) -> String {
    let mut rng = fixed_rng(seed, &["owner", holder.key()]);
    let first = FIRST_NAMES[rng.random_range(0..FIRST_NAMES.len())];
    let last = LAST_NAMES[rng.random_range(0..LAST_NAMES.len())];
    match holder.context {
        Context::Private => format!("{first} {last}"),
        Context::Corporate => format!("{last} Handel AB"),
    }
}

/// An account number for an account that no document names: an IBAN, or the bank's own number.
fn number(seed: u64, bank: &Bank, key: &str) -> String {
    let mut rng = fixed_rng(seed, &["number", key]);
    let mut digits =
        |count: usize| (0..count).map(|_| char::from(b'0' + rng.random_range(0..10_u8))).collect::<String>();
    if bank.debtor_key == "bban" {
        return digits(bank.number_digits);
    }
    let national = format!("{}{}", bank.iban.bank, digits(bank.iban.length.saturating_sub(bank.iban.bank.len())));
    iban(&bank.iban.country, &national)
}

/// The IBAN and the BBAN that belong to a number of either kind.
fn names(bank: &Bank, number: &str) -> (String, String) {
    if bank.debtor_key == "iban" {
        return (number.to_owned(), number.get(4..).unwrap_or(number).to_owned());
    }
    let width = bank.iban.length.saturating_sub(bank.iban.bank.len());
    (iban(&bank.iban.country, &format!("{}{number:0>width$}", bank.iban.bank)), number.to_owned())
}

/// Puts country and check digits (ISO 13616, modulo 97) before a national number.
fn iban(country: &str, national: &str) -> String {
    let check = 98 - remainder(&format!("{national}{country}00"));
    format!("{country}{check:02}{national}")
}

fn remainder(text: &str) -> u32 {
    text.chars()
        .filter_map(|letter| letter.to_digit(36))
        .fold(0, |rest, value| if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 })
}

impl Account {
    /// The id under which a consent shows the account: stable for the life of that consent only
    /// (platform-facts 7.1).
    pub(crate) fn resource_id(&self, seed: u64, consent: &str) -> String {
        fixed_uuid(seed, &["resource", consent, &self.key])
    }

    /// The account as a reference inside other objects.
    pub(crate) fn reference(&self, bank: &Bank) -> Value {
        let mut fields = Map::new();
        if bank.debtor_key == "iban" {
            fields.insert("iban".to_owned(), json!(self.iban));
        } else {
            fields.insert("bban".to_owned(), json!(self.bban));
        }
        fields.insert("currency".to_owned(), json!(self.currency));
        Value::Object(fields)
    }

    /// Whether a reference in a request means this account.
    pub(crate) fn is(&self, reference: &Value) -> bool {
        let says = |key: &str, own: &str| {
            reference[key].as_str().map(|text| text.replace(' ', "")).is_some_and(|text| text == own)
        };
        says("iban", &self.iban) || says("bban", &self.bban)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_follow_iso_13616() {
        assert_eq!(iban("SE", "50000000058398257466"), "SE4550000000058398257466");
        assert_eq!(remainder("50000000058398257466SE45"), 1);
    }
}

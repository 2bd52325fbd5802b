//! Who has which accounts: a function of seed, bank and holder, so that any customer id has accounts and none has to
//! be stored. Which kinds there are, and what they are called, is data (`data/accounts.toml`).

use std::collections::BTreeMap;

use rand::RngExt as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::banks::Bank;
use super::entities::{Context, Holder};
use super::ids::{fixed_rng, fixed_uuid};
use super::numbers::{iban, with_check_digit};

/// One kind of account; the fields are explained where the data is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    pub(crate) id: String,
    habits: String,
    cash_account_type: String,
    #[serde(default)]
    card: bool,
    #[serde(default)]
    giro: bool,
    credit_limit: Option<i64>,
    /// Where it is not the bank's own.
    currency: Option<String>,
    #[serde(default)]
    currencies: Vec<String>,
    opening: (i64, i64),
    name: BTreeMap<String, String>,
    product: BTreeMap<String, String>,
}

/// What the customers of one bank have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) private: Vec<Template>,
    pub(crate) corporate: Vec<Template>,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// The same for every consent, and never shown.
    pub(crate) key: String,
    pub(crate) bic: String,
    pub(crate) iban: String,
    pub(crate) bban: String,
    pub(crate) clearing: String,
    /// `XXX` for an account of several currencies.
    pub(crate) currency: String,
    /// The currencies that its entries can have.
    pub(crate) currencies: Vec<String>,
    pub(crate) name: String,
    pub(crate) product: String,
    pub(crate) cash_account_type: String,
    pub(crate) owner: String,
    /// The list of habits that it lives by.
    pub(crate) habits: String,
    /// A card account has this instead of account numbers.
    pub(crate) masked_pan: Option<String>,
    pub(crate) bankgiro: Option<String>,
    pub(crate) plusgiro: Option<String>,
    pub(crate) credit_limit: Option<i64>,
    pub(crate) opening: (i64, i64),
}

const FIRST_NAMES: [&str; 8] = ["Tuva", "Joar", "Ebba", "Sixten", "Lovisa", "Aino", "Eero", "Signe"];
const LAST_NAMES: [&str; 8] =
    ["Ekdal", "Malmvik", "Strandqvist", "Tallgren", "Kivelä", "Norrby", "Sundholm", "Åkerfelt"];

/// The accounts of a holder at a bank.
pub(crate) fn of(seed: u64, bank: &Bank, holder: &Holder) -> Vec<Account> {
    let owner = owner(seed, holder);
    let plan = match holder.context {
        Context::Private => &bank.plan.private,
        Context::Corporate => &bank.plan.corporate,
    };
    let documented: &[String] = if is_documented(bank, holder) { &bank.accounts } else { &[] };
    plan.iter()
        .enumerate()
        .map(|(index, template)| {
            let key = format!("{}/{}/{index}", bank.bic, holder.key());
            let number = documented.get(index).cloned().unwrap_or_else(|| number(seed, bank, &key));
            build(seed, bank, template, key, &number, &owner)
        })
        .collect()
}

/// The account that an order is paid from: one of the holder's own, or one of those that the platform documents for
/// everybody to try with (platform-facts 12).
pub(crate) fn debtor(seed: u64, bank: &Bank, holder: &Holder, reference: &Value) -> Option<Account> {
    let everybody = Holder { context: Context::Private, psu: bank.default_psu.clone(), company: None };
    [holder, &everybody]
        .into_iter()
        .find_map(|holder| of(seed, bank, holder).into_iter().find(|account| account.is(reference)))
}

fn is_documented(bank: &Bank, holder: &Holder) -> bool {
    holder.context == Context::Private && holder.psu == bank.default_psu
}

fn build(seed: u64, bank: &Bank, template: &Template, key: String, number: &str, owner: &str) -> Account {
    let (iban, bban) = names(bank, number);
    let country = bank.iban.country.as_str();
    let local = |names: &BTreeMap<String, String>| names.get(country).or(names.get("SE")).cloned().unwrap_or_default();
    let currency = template.currency.clone().unwrap_or_else(|| bank.currency.clone());
    let currencies = if template.currencies.is_empty() { vec![currency.clone()] } else { template.currencies.clone() };
    let mut rng = fixed_rng(seed, &["giro", &key]);
    let mut digits = |count| (0..count).map(|_| char::from(b'0' + rng.random_range(1..=9_u8))).collect::<String>();
    let giro = template.giro && bank.country == "SE";
    // Nordea is where PlusGirot lives; all others have Bankgirot.
    let plusgiro = (giro && bank.plusgiro).then(|| with_check_digit(&digits(6))).map(|it| dashed(&it, 6));
    let bankgiro = (giro && !bank.plusgiro).then(|| with_check_digit(&digits(6))).map(|it| dashed(&it, 3));
    let masked_pan = template.card.then(|| format!("527342******{}", digits(4)));
    Account {
        bic: bank.bic.clone(),
        iban,
        bban,
        clearing: bank.clearing.clone(),
        currency,
        currencies,
        name: local(&template.name),
        product: local(&template.product),
        cash_account_type: template.cash_account_type.clone(),
        owner: owner.to_owned(),
        habits: template.habits.clone(),
        masked_pan,
        bankgiro,
        plusgiro,
        credit_limit: template.credit_limit,
        opening: template.opening,
        key,
    }
}

fn dashed(number: &str, at: usize) -> String {
    format!("{}-{}", &number[..at], &number[at..])
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

/// The one spelling under which a number is compared and stored.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Where money for an account reference goes: kind and plain number, for every kind that the reference names. Giro
/// keys are spelt differently in orders and in transactions (platform-facts 7.3).
pub(crate) fn addresses(reference: &Value) -> Vec<String> {
    const KEYS: [(&str, &str); 7] = [
        ("iban", "iban"),
        ("bban", "bban"),
        ("bankgiroNumber", "bankgiro"),
        ("bankGiro", "bankgiro"),
        ("plusgiroNumber", "plusgiro"),
        ("plusGiro", "plusgiro"),
        ("maskedPan", "card"),
    ];
    KEYS.iter()
        .filter_map(|(key, kind)| {
            let number = plain(reference[*key].as_str()?);
            (!number.is_empty()).then(|| format!("{kind}:{number}"))
        })
        .collect()
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
        if let Some(pan) = &self.masked_pan {
            fields.insert("maskedPan".to_owned(), json!(pan));
        } else if bank.debtor_key == "iban" {
            fields.insert("iban".to_owned(), json!(self.iban));
        } else {
            fields.insert("bban".to_owned(), json!(self.bban));
        }
        if !bank.omits_currency {
            fields.insert("currency".to_owned(), json!(self.currency));
        }
        Value::Object(fields)
    }

    /// All addresses that lead to this account.
    pub(crate) fn addresses(&self) -> Vec<String> {
        if let Some(pan) = &self.masked_pan {
            return vec![format!("card:{}", plain(pan))];
        }
        let giros = [("bankgiro", &self.bankgiro), ("plusgiro", &self.plusgiro)];
        let giros = giros.into_iter().filter_map(|(kind, number)| Some(format!("{kind}:{}", plain(number.as_ref()?))));
        [format!("iban:{}", plain(&self.iban)), format!("bban:{}", plain(&self.bban))]
            .into_iter()
            .chain(giros)
            .collect()
    }

    /// Whether a reference in a request means this account.
    pub(crate) fn is(&self, reference: &Value) -> bool {
        let own = self.addresses();
        addresses(reference).iter().any(|address| own.contains(address))
    }

    /// How the account would be named by one of the document's keys.
    pub(crate) fn named_by(&self, key: &str) -> Option<String> {
        match key {
            "iban" if self.masked_pan.is_none() => Some(self.iban.clone()),
            "bban" if self.masked_pan.is_none() => Some(self.bban.clone()),
            "bankgiroNumber" => self.bankgiro.clone(),
            "plusgiroNumber" => self.plusgiro.clone(),
            _ => None,
        }
    }
}

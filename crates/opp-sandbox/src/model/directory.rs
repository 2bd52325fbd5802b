//! The directory: banks, places and test persons, read once at start from the data files. No other module knows a BIC.

use serde::Deserialize;

use super::accounts::{Plan, Template};
use super::banks::Bank;
use super::products::Products;
use crate::StartError;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Country {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct City {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) country: String,
}

/// How it ends when a test person authenticates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    #[default]
    Approves,
    NeedsSecondSigner,
    SessionExpires,
    BankidNotActivated,
    /// Says no whenever left to decide alone.
    Declines,
    /// The bank asks for no authentication at all.
    Exempted,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    id: String,
    outcome: Outcome,
}

#[derive(Debug, Deserialize)]
struct BankFile {
    bank: Vec<Bank>,
}

#[derive(Debug, Deserialize)]
struct AccountFile {
    account: Vec<Template>,
}

impl AccountFile {
    fn choose(&self, ids: &[String]) -> Result<Vec<Template>, StartError> {
        let find = |id: &String| self.account.iter().find(|template| template.id == *id).cloned();
        let missing =
            |id| StartError::Data("accounts.toml", format!("a bank names the account {id}, which is not there"));
        ids.iter().map(|id| find(id).ok_or_else(|| missing(id))).collect()
    }
}

#[derive(Debug, Deserialize)]
struct PlaceFile {
    country: Vec<Country>,
    city: Vec<City>,
}

#[derive(Debug, Deserialize)]
struct PersonFile {
    person: Vec<Person>,
}

/// The directory: all that is the same in every sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(crate) banks: Vec<Bank>,
    pub(crate) countries: Vec<Country>,
    pub(crate) cities: Vec<City>,
    pub(crate) products: Products,
    persons: Vec<Person>,
}

impl Directory {
    pub(crate) fn load() -> Result<Self, StartError> {
        let mut banks: BankFile = read("banks.toml", include_str!("../../data/banks.toml"))?;
        let accounts: AccountFile = read("accounts.toml", include_str!("../../data/accounts.toml"))?;
        let products = Products::load()?;
        for bank in &mut banks.bank {
            bank.plan = Plan {
                private: accounts.choose(&bank.private_accounts)?,
                corporate: accounts.choose(&bank.corporate_accounts)?,
            };
            if let Some(product) = bank.products.iter().find(|product| products.rule(&bank.bic, product).is_none()) {
                let text = format!("{} offers {product}, for which there is no rule", bank.bic);
                return Err(StartError::Data("products.toml", text));
            }
        }
        let places: PlaceFile = read("places.toml", include_str!("../../data/places.toml"))?;
        let persons: PersonFile = read("persons.toml", include_str!("../../data/persons.toml"))?;
        Ok(Self {
            banks: banks.bank,
            countries: places.country,
            cities: places.city,
            products,
            persons: persons.person,
        })
    }

    /// A bank by its BIC, with or without the branch code of three characters.
    pub(crate) fn bank(&self, bic: &str) -> Option<&Bank> {
        let head = bic.get(..8).filter(|_| bic.len() == 11 && bic.ends_with("XXX")).unwrap_or(bic);
        self.banks.iter().find(|bank| bank.bic == head)
    }

    /// Everybody with a documented outcome.
    pub(crate) fn test_persons(&self) -> impl Iterator<Item = &str> {
        self.persons.iter().map(|person| person.id.as_str())
    }

    /// What happens when this person authenticates.
    pub(crate) fn outcome(&self, psu_id: &str) -> Outcome {
        self.persons.iter().find(|person| person.id == psu_id).map(|person| person.outcome).unwrap_or_default()
    }
}

/// Reads one of the data files.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(name: &'static str, text: &str) -> Result<T, StartError> {
    toml::from_str(text).map_err(|error| StartError::Data(name, error.to_string()))
}

//! The directory: which banks there are, where, and what they can do.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opp_raw::Invalid;
use opp_raw::types::{BicFi, IsoCountryCode};

use super::view::view;
use crate::bank::not_a_bic;
use crate::caller::Caller;
use crate::error::Error;
use crate::flight::Flight;
use crate::reply::Reply;
use crate::secret::print_only;

/// The directory of banks. Its calls need a token but no user and no bank.
#[derive(Debug, Clone)]
pub struct Banks {
    caller: Caller,
}

/// Which entries of the directory. Countries and cities together are a union (platform-facts 5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct DirectoryFilter {
    countries: Vec<String>,
    cities: Vec<String>,
}

impl DirectoryFilter {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// What is in this country, by its code of two letters.
    pub fn country(mut self, code: &str) -> Self {
        self.countries.push(code.to_owned());
        self
    }

    /// What is in this city, by its id.
    pub fn city(mut self, id: &str) -> Self {
        self.cities.push(id.to_owned());
        self
    }
}

view! {
    /// A bank in the list.
    BankEntry(AspspListItem) {
        /// The BIC.
        bic: bic_fi,
        /// Where its logo is.
        logo_url: logo_url,
    }
}

impl BankEntry {
    /// The name, for people; it is no key.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_ref().map(|name| name.as_str().trim())
    }
}

view! {
    /// A bank with its capabilities.
    BankDetails(Aspsp) {
        /// The BIC.
        bic: bic_fi,
        /// Where its logo is.
        logo_url: logo_url,
        /// Its pages.
        website_url: website_url,
        /// Its number in the register of companies.
        company_number: company_number,
    }
}

impl BankDetails {
    /// The name, for people; it is no key.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_ref().map(|name| name.as_str().trim())
    }

    /// The payment products that it offers, such as `swedish-giro`.
    pub fn payment_products(&self) -> &[String] {
        &self.0.global_payment_products
    }

    /// Whether it lets users authenticate in an app of their own, such as `BankID`.
    pub fn is_decoupled(&self) -> bool {
        self.has_method("Decoupled")
    }

    /// Whether it sends users to its own pages.
    pub fn is_redirect(&self) -> bool {
        self.has_method("OAuth2")
    }

    fn has_method(&self, wanted: &str) -> bool {
        let names = self.0.supported_authorization_methods.iter().filter_map(|method| method.name.as_deref());
        names.into_iter().any(|name| name.eq_ignore_ascii_case(wanted))
    }

    /// The banks of the group: id, for [`Bank::affiliated`](crate::Bank::affiliated), and name.
    pub fn affiliated(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.affiliated_aspsps.iter().filter_map(|bank| Some((bank.id.as_deref()?, bank.name.as_deref()?)))
    }

    /// How many days back transactions can be read, if it says.
    pub fn history_days(&self) -> Option<i64> {
        self.0.account_information.as_ref()?.transaction_history_max_days
    }

    /// How many days back they can be read right after an authentication, and for how long after it.
    pub fn extended_history(&self) -> Option<(i64, Duration)> {
        let told = self.0.account_information.as_ref()?;
        let minutes = u64::try_from(told.extended_transaction_history_available_window_minutes?).ok()?;
        Some((told.extended_transaction_history_max_days?, Duration::from_secs(minutes.saturating_mul(60))))
    }

    /// How many payments can be signed together, if any can.
    pub fn signing_basket_limit(&self) -> Option<i64> {
        let told = self.0.payment_initiation.as_ref()?;
        told.signing_basket_limit.filter(|_| told.signing_baskets_supported != Some(false))
    }
}

view! {
    /// A city with banks.
    City(City) {
        /// The id, for [`DirectoryFilter::city`].
        id: city_id,
        /// The name.
        name: name,
    }
}

impl City {
    /// The country's code; sources differ in how the field is called.
    pub fn country(&self) -> Option<&str> {
        self.0.iso_country_code.as_deref().or(self.0.country_id.as_deref())
    }
}

view! {
    /// A country with banks.
    Country(Country) {
        /// The code of two letters, for [`DirectoryFilter::country`].
        code: iso_country_code,
        /// The name.
        name: name,
    }
}

impl Banks {
    pub(crate) fn new(caller: Caller) -> Self {
        Self { caller }
    }

    /// The banks that the platform reaches.
    pub async fn list(&self, filter: &DirectoryFilter) -> Result<Reply<Vec<BankEntry>>, Error> {
        let DirectoryFilter { countries, cities } = filter;
        let call = self.caller.begin();
        let reply = call.end(call.get_aspsp_list(Some(cities), Some(countries)).await)?;
        Ok(reply.map(|list| list.aspsps.into_iter().map(BankEntry).collect()))
    }

    /// One bank with its capabilities.
    pub async fn details(&self, bic: &str) -> Result<Reply<BankDetails>, Error> {
        let bic = BicFi::try_from(bic).map_err(|_| not_a_bic())?;
        let call = self.caller.begin();
        let reply = call.end(call.get_aspsp_details(&bic).await)?;
        Ok(reply.map(|mut details| {
            if details.global_payment_products.is_empty() {
                // As older answers call them (platform-facts 5).
                details.global_payment_products = details.extra.read("paymentProducts").unwrap_or_default();
            }
            BankDetails(details)
        }))
    }

    /// Cities with banks. Newer editions of the API leave them out.
    pub async fn cities(&self, filter: &DirectoryFilter) -> Result<Reply<Vec<City>>, Error> {
        let DirectoryFilter { countries, cities } = filter;
        let call = self.caller.begin();
        let reply = call.end(call.get_city_list(Some(cities), Some(countries)).await)?;
        Ok(reply.map(|list| list.cities.into_iter().map(City).collect()))
    }

    /// One city.
    pub async fn city(&self, id: &str) -> Result<Reply<City>, Error> {
        let call = self.caller.begin();
        Ok(call.end(call.get_city_details(id).await)?.map(City))
    }

    /// Countries with banks.
    pub async fn countries(&self, filter: &DirectoryFilter) -> Result<Reply<Vec<Country>>, Error> {
        let call = self.caller.begin();
        let reply = call.end(call.get_countries_list(Some(&filter.countries)).await)?;
        Ok(reply.map(|list| list.countries.into_iter().map(Country).collect()))
    }

    /// One country.
    pub async fn country(&self, code: &str) -> Result<Reply<Country>, Error> {
        let code = IsoCountryCode::try_from(code).map_err(|invalid: Invalid| invalid.within("country"))?;
        let call = self.caller.begin();
        Ok(call.end(call.get_country_details(&code).await)?.map(Country))
    }

    /// The directory with a memory: each entry is asked for once in this time. Clones share it.
    pub fn cached(&self, max_age: Duration) -> Directory {
        Directory {
            banks: self.clone(),
            max_age,
            lists: Arc::default(),
            details: Arc::default(),
            countries: Arc::default(),
        }
    }
}

/// For how long the platform is let alone that could not say whether an old entry still holds.
const PAUSE: Duration = Duration::from_secs(30);

/// How many answers of one kind are remembered: more than there are banks, and an end to what visitors of a page ask for.
const MOST: usize = 1_000;

type Memory<K, V> = Arc<Mutex<HashMap<K, Entry<V>>>>;

/// What is remembered of an answer, and who asks for it anew.
struct Entry<V> {
    /// It is new until then, and better than none after that.
    held: Option<(Duration, V)>,
    flight: Flight<Result<V, Error>>,
}

impl<V> Default for Entry<V> {
    fn default() -> Self {
        Self { held: None, flight: Flight::default() }
    }
}

/// The directory with a memory. Whoever comes while an entry is asked for waits for it, and for its failure too; while
/// the platform is away, an old entry is better than none.
#[derive(Clone)]
pub struct Directory {
    banks: Banks,
    max_age: Duration,
    lists: Memory<DirectoryFilter, Arc<[BankEntry]>>,
    details: Memory<String, Arc<BankDetails>>,
    countries: Memory<DirectoryFilter, Arc<[Country]>>,
}

impl Directory {
    /// The banks that the platform reaches.
    pub async fn list(&self, filter: &DirectoryFilter) -> Result<Arc<[BankEntry]>, Error> {
        let ask = |banks: Banks, filter| async move { Ok(banks.list(&filter).await?.into_inner().into()) };
        self.remembered(&self.lists, filter.clone(), ask).await
    }

    /// One bank with its capabilities.
    pub async fn details(&self, bic: &str) -> Result<Arc<BankDetails>, Error> {
        let ask = |banks: Banks, bic: String| async move { Ok(Arc::new(banks.details(&bic).await?.into_inner())) };
        self.remembered(&self.details, bic.to_owned(), ask).await
    }

    /// The countries that have banks, perhaps from memory.
    pub async fn countries(&self) -> Result<Arc<[Country]>, Error> {
        let ask = |banks: Banks, filter| async move { Ok(banks.countries(&filter).await?.into_inner().into()) };
        self.remembered(&self.countries, DirectoryFilter::all(), ask).await
    }

    async fn remembered<K, V, F>(
        &self,
        memory: &Memory<K, V>,
        key: K,
        ask: impl FnOnce(Banks, K) -> F,
    ) -> Result<V, Error>
    where
        K: Clone + Eq + Hash + Send + 'static,
        V: Clone + Send + Sync + 'static,
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let waiting = {
            let mut entries = lock(memory);
            let asked = self.banks.caller.core.clock.monotonic();
            let held = entries.get(&key).and_then(|entry| entry.held.clone());
            if let Some((_, value)) = held.as_ref().filter(|(until, _)| asked < *until) {
                return Ok(value.clone());
            }
            // Of what there was no answer to, nothing stays: keys may be anybody's inventions.
            entries.retain(|_, entry| entry.held.is_some() || entry.flight.under_way().is_some());
            if entries.len() >= MOST && !entries.contains_key(&key) {
                let ages = entries.iter().filter_map(|(key, entry)| Some((entry.held.as_ref()?.0, key)));
                let oldest = ages.min_by_key(|(until, _)| *until).map(|(_, key)| key.clone());
                oldest.map(|key| entries.remove(&key));
            }
            let flight = &mut entries.entry(key.clone()).or_default().flight;
            flight.under_way().unwrap_or_else(|| {
                let answer = ask(self.banks.clone(), key.clone());
                let (memory, clock, max_age) =
                    (Arc::clone(memory), Arc::clone(&self.banks.caller.core.clock), self.max_age);
                flight.begin(async move {
                    let held = match (answer.await, held) {
                        (Ok(value), _) => (asked.saturating_add(max_age), value),
                        // Good for a while longer: the platform is let alone meanwhile.
                        (Err(error), Some((_, value))) if error.is_retryable() => {
                            (clock.monotonic().saturating_add(PAUSE.min(max_age)), value)
                        }
                        (Err(error), _) => return Err(error),
                    };
                    let value = held.1.clone();
                    lock(&memory).entry(key).or_default().held = Some(held);
                    Ok(value)
                })
            })
        };
        waiting.await
    }
}

fn lock<T>(memory: &Mutex<T>) -> MutexGuard<'_, T> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

print_only!(Directory { max_age });

//! ASPSP Information: banks, cities, countries (platform-facts 5).

use serde_json::{Value, json};

use super::Call;
use crate::model::banks::{Approach, Bank, RedirectKind};
use crate::model::directory::{City, Country};
use crate::model::ids::fixed_uuid;
use crate::model::world::World;
use crate::server::problem::Problem;
use crate::server::wire::Reply;

pub(crate) fn banks(world: &World, call: &Call<'_>) -> Reply {
    let filter = Filter::of(call);
    let list: Vec<_> = world
        .directory
        .banks
        .iter()
        .filter(|bank| {
            let city = world.directory.cities.iter().find(|city| city.name == bank.city);
            filter.takes(&bank.country, city.map(|city| city.id.as_str()))
        })
        .map(|bank| summary(world, bank))
        .collect();
    Reply::ok(json!({ "aspsps": list }))
}

pub(crate) fn bank(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let bic = call.path("bicFi");
    let bank = world.bank(bic).ok_or_else(|| Problem::unknown(format!("there is no ASPSP {bic}")))?;
    let mut body = summary(world, bank);
    let country = world.directory.countries.iter().find(|country| country.code == bank.country);
    let fields = json!({
        "city": bank.city,
        "country": country.map_or(bank.country.as_str(), |country| country.name.as_str()),
        "postalCode": bank.postal_code,
        "streetAddress": bank.street,
        "companyNumber": bank.company_number,
        "phone": bank.phone,
        "websiteUrl": bank.website,
        "globalPaymentProducts": bank.products,
        "supportedAuthorizationMethods": methods(world, bank),
        "affiliatedAspsps": bank.affiliated.iter().map(|one| json!({ "id": one.id, "name": one.name })).collect::<Vec<_>>(),
        "accountInformation": history(bank),
        "paymentInitiation": { "signingBasketsSupported": false },
    });
    if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
        body.extend(fields);
    }
    Ok(Reply::ok(body))
}

/// How far back and how much a bank shows; what it does not limit is left out.
fn history(bank: &Bank) -> Value {
    let mut fields = json!({ "transactionHistoryMaxDays": bank.history_days });
    if let Some(days) = bank.history.extended_days {
        fields["extendedTransactionHistoryMaxDays"] = json!(days);
        fields["extendedTransactionHistoryAvailableWindowMinutes"] = json!(bank.history.extended_minutes);
    }
    if let Some(rows) = bank.history_rows {
        fields["transactionHistoryMaxCount"] = json!(rows);
    }
    fields
}

pub(crate) fn cities(world: &World, call: &Call<'_>) -> Reply {
    let filter = Filter::of(call);
    let cities = world.directory.cities.iter().filter(|city| filter.takes(&city.country, Some(&city.id)));
    Reply::ok(json!({ "cities": cities.map(|city| show_city(world, city)).collect::<Vec<_>>() }))
}

pub(crate) fn city(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let id = call.path("city-id").to_ascii_lowercase();
    let city = world.directory.cities.iter().find(|city| city.id == id);
    let city = city.ok_or_else(|| Problem::unknown(format!("there is no city {id}")))?;
    Ok(Reply::ok(show_city(world, city)))
}

pub(crate) fn countries(world: &World, call: &Call<'_>) -> Reply {
    let filter = Filter::of(call);
    let countries = world.directory.countries.iter().filter(|country| filter.takes(&country.code, None));
    Reply::ok(json!({ "countries": countries.map(show_country).collect::<Vec<_>>() }))
}

pub(crate) fn country(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let code = call.path("isoCountryCode");
    let country = world.directory.countries.iter().find(|country| country.code.eq_ignore_ascii_case(code));
    let country = country.ok_or_else(|| Problem::unknown(format!("there is no country {code}")))?;
    Ok(Reply::ok(show_country(country)))
}

fn summary(world: &World, bank: &Bank) -> Value {
    json!({
        "id": fixed_uuid(0, &["aspsp", &bank.bic]),
        "bicFi": bank.bic,
        "name": bank.name,
        "logoUrl": format!("{}/_sandbox/logo/{}.svg", world.addresses.api, bank.bic),
    })
}

fn methods(world: &World, bank: &Bank) -> Vec<Value> {
    bank.approaches
        .iter()
        .map(|approach| match (approach, bank.redirect) {
            (Approach::Decoupled, _) => json!({ "name": "Decoupled", "uri": "" }),
            // The directory has two words only, and an address may be missing (platform-facts 5).
            (Approach::Redirect, RedirectKind::Plain) => json!({ "name": "OAuth2", "uri": "" }),
            (Approach::Redirect, RedirectKind::Oauth) => {
                let uri = format!("{}/.well-known/openid-configuration", world.addresses.auth);
                json!({ "name": "OAuth2", "uri": uri })
            }
        })
        .collect()
}

/// Both spellings of a city's country occur (platform-facts 5).
fn show_city(world: &World, city: &City) -> Value {
    let country = world.directory.countries.iter().find(|country| country.code == city.country);
    json!({
        "cityId": city.id,
        "name": city.name,
        "isoCountryCode": city.country,
        "countryId": country.map(|country| country.id.as_str()),
    })
}

fn show_country(country: &Country) -> Value {
    json!({ "id": country.id, "isoCountryCode": country.code, "name": country.name })
}

/// The two filters of the lists: comma-joined or repeated, and a union (platform-facts 5).
struct Filter {
    countries: Vec<String>,
    cities: Vec<String>,
}

impl Filter {
    fn of(call: &Call<'_>) -> Self {
        let pairs = call.request.query_pairs();
        let values = |name: &str| {
            pairs
                .iter()
                .filter(|(key, _)| key == name)
                .flat_map(|(_, value)| value.split(','))
                .map(|value| value.trim().to_ascii_lowercase())
                .filter(|value| !value.is_empty())
                .collect::<Vec<_>>()
        };
        Self { countries: values("isoCountryCodes"), cities: values("cityIds") }
    }

    fn takes(&self, country: &str, city: Option<&str>) -> bool {
        if self.countries.is_empty() && self.cities.is_empty() {
            return true;
        }
        let country = country.to_ascii_lowercase();
        self.countries.contains(&country) || city.is_some_and(|city| self.cities.iter().any(|id| id == city))
    }
}

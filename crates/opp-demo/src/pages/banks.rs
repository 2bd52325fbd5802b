//! The first page: all banks, to be searched by name and country.

use std::sync::Arc;

use axum::extract::{Query, State};
use opp_ergonomic::{BankEntry, Country, DirectoryFilter};
use serde::Deserialize;

use super::Page;
use crate::app::App;
use crate::guest::Guest;
use crate::view::{self, values};
use serde_json::Value;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    q: String,
    country: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, guest: Guest, Query(search): Query<Search>) -> Page {
    let countries = app.directory.countries().await?;
    let known = |code: &str| countries.iter().any(|country| country.code() == Some(code));
    let filter = match search.country.as_str() {
        code if known(code) => DirectoryFilter::all().country(code),
        _ => DirectoryFilter::all(),
    };
    let all = app.directory.list(&filter).await?;
    let wanted = search.q.trim().to_lowercase();
    let mut banks: Vec<&BankEntry> = all.iter().filter(|bank| matches(bank, &wanted)).collect();
    banks.sort_by_key(|bank| bank.name().unwrap_or_default().to_lowercase());
    let banks: Vec<Value> = banks.into_iter().filter_map(|bank| entry(bank, &countries)).collect();
    let countries: Vec<Value> = countries
        .iter()
        .map(|country| values! { code => country.code(), name => country.name(), chosen => country.code() == Some(&search.country) })
        .collect();
    Ok(view::page(&app, &guest, "banks.html", values! { banks, countries, q => search.q, here => "banks" }))
}

fn matches(bank: &BankEntry, wanted: &str) -> bool {
    let contains = |text: Option<&str>| text.is_some_and(|text| text.to_lowercase().contains(wanted));
    wanted.is_empty() || contains(bank.name()) || contains(bank.bic())
}

fn entry(bank: &BankEntry, countries: &[Country]) -> Option<Value> {
    let (bic, name) = (bank.bic()?, bank.name().or(bank.bic())?);
    // The country is part of a BIC; the list says nothing else about it.
    let code = bic.get(4..6)?;
    let country = countries.iter().find(|country| country.code() == Some(code)).and_then(Country::name).unwrap_or(code);
    Some(values! { bic, name, country, initial => name.chars().next().map(String::from) })
}

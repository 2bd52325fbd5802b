//! All accounts at all banks that the guest has opened, with their balances.

use std::sync::Arc;

use axum::extract::State;
use futures_util::future::join_all;
use opp_ergonomic::{Account, Error};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Page;
use crate::app::App;
use crate::guest::Guest;
use crate::ledger;
use crate::problem::Trouble;
use crate::record::Connection;
use crate::view::{self, values};
use serde_json::Value;

pub(crate) async fn show(State(app): State<Arc<App>>, guest: Guest) -> Page {
    let record = app.records.of(&guest).await?;
    let open = record.connections.iter().rev().filter(|connection| connection.consent().is_some());
    let banks = join_all(open.map(|connection| bank(&app, &guest, connection))).await;
    Ok(view::page(&app, &guest, "accounts.html", values! { banks, here => "accounts" }))
}

/// A bank's accounts, or what went wrong with them: the other banks are shown all the same.
async fn bank(app: &App, guest: &Guest, connection: &Connection) -> Value {
    let head = values! { name => connection.bank_name, bic => connection.bank.bic(), id => connection.id };
    match read(app, guest, connection).await {
        Ok(accounts) => {
            let accounts: Vec<Value> = accounts.iter().map(|account| entry(connection, account)).collect();
            values! { accounts, ..head }
        }
        Err(error) => values! { trouble => Trouble::of(&error), ..head },
    }
}

/// The accounts of a connection that is open, with balances.
pub(crate) async fn read(app: &App, guest: &Guest, connection: &Connection) -> Result<Vec<Account>, Error> {
    let Some(consent) = connection.consent() else { return Ok(Vec::new()) };
    let session = connection.person.session(app, &connection.bank, guest.presence())?;
    Ok(session.accounts(&consent).list_with_balances().await?.into_inner())
}

fn entry(connection: &Connection, account: &Account) -> Value {
    let balance = ledger::balance(account).map(|(amount, currency)| view::money(amount, &currency));
    values! {
        name => name(account), number => number(account), owner => account.owner(), balance,
        address => account.id().map(|id| address(&connection.id, id)),
    }
}

pub(crate) fn name(account: &Account) -> String {
    account.name().or(account.product()).unwrap_or("Account").trim().to_owned()
}

/// The account's number as people read it.
pub(crate) fn number(account: &Account) -> String {
    match (account.iban(), account.bban()) {
        (Some(iban), _) => view::grouped(&iban.replace(' ', ""), 4, false),
        (None, Some(bban)) => bban.to_owned(),
        (None, None) => String::new(),
    }
}

/// Where an account's transactions are shown. Its id is the bank's, and may contain anything.
pub(crate) fn address(connection: &str, account: &str) -> String {
    format!("/accounts/{connection}/{}", utf8_percent_encode(account, NON_ALPHANUMERIC))
}

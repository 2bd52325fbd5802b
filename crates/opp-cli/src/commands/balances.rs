//! `opp balances`: what is on the accounts.

use opp_ergonomic::{Account, Balance};
use serde::Serialize;

use super::reading::{Which, number_of};
use crate::app::App;
use crate::exit::Failure;
use crate::output::{Column, number, text};

/// Show the balances of an account, or of all
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The account, by its number, the last digits of it, or its id; all accounts unless given
    account: Option<String>,
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
pub(super) struct Row {
    account: String,
    name: Option<String>,
    kind: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
}

const COLUMNS: [Column; 5] = [
    text("account", "Account"),
    text("name", "Name"),
    text("kind", "Balance"),
    number("amount", "Amount"),
    text("currency", "Currency"),
];

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let mut reading = app.reading(&args.which).await?;
    let accounts = reading.select(args.account.as_deref()).await?;
    let bar = app.out.progress(accounts.len() as u64, "reading balances");
    let mut rows = Vec::new();
    for account in &accounts {
        let Some(id) = account.id() else { continue };
        let balances = reading.accounts.balances(id).await;
        let balances = reading.heard(balances)?;
        rows.extend(self::rows(account, &balances));
        bar.inc(1);
    }
    bar.finish_and_clear();
    show(app, &rows)
}

pub(super) fn show(app: &mut App, rows: &[Row]) -> Result<(), Failure> {
    app.out.list(rows, &COLUMNS)
}

pub(super) fn rows(account: &Account, balances: &[Balance]) -> impl Iterator<Item = Row> {
    balances.iter().map(|balance| Row {
        account: number_of(account),
        name: account.name().map(str::to_owned),
        kind: balance.kind().as_ref().map(ToString::to_string),
        amount: balance.amount().map(|amount| amount.value().to_string()),
        currency: balance.amount().map(|amount| amount.currency().to_string()),
    })
}

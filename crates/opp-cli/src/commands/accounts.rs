//! `opp accounts`: what a consent opens.

use opp_ergonomic::Account;
use serde::Serialize;

use super::reading::Which;
use crate::app::App;
use crate::exit::Failure;
use crate::output::{Column, data, text};

/// List the accounts that a consent opens
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
struct Row {
    id: Option<String>,
    iban: Option<String>,
    bban: Option<String>,
    name: Option<String>,
    product: Option<String>,
    owner: Option<String>,
    currency: Option<String>,
}

const COLUMNS: [Column; 7] = [
    data("id"),
    text("iban", "IBAN"),
    text("bban", "Number"),
    text("name", "Name"),
    data("product"),
    text("owner", "Owner"),
    text("currency", "Currency"),
];

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let mut reading = app.reading(&args.which).await?;
    show(app, &reading.select(None).await?)
}

pub(super) fn show(app: &mut App, accounts: &[Account]) -> Result<(), Failure> {
    let rows: Vec<_> = accounts.iter().map(row).collect();
    app.out.list(&rows, &COLUMNS)
}

fn row(account: &Account) -> Row {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Row {
        id: own(account.id()),
        iban: own(account.iban()),
        bban: own(account.bban()),
        name: own(account.name()),
        product: own(account.product()),
        owner: own(account.owner()),
        currency: own(account.currency()),
    }
}

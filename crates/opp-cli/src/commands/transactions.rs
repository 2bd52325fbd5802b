//! `opp transactions`: what has happened on the accounts, once or as it happens.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta, Utc};
use opp_ergonomic::{Account, BookingStatus, Transaction, TransactionQuery};
use serde::Serialize;

use super::reading::{Reading, Which, number_of};
use crate::app::App;
use crate::exit::Failure;
use crate::options::{day, seconds};
use crate::output::{Column, data, number, text};

/// List transactions of an account, or of all
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The account, by its number, the last digits of it, or its id; all accounts unless given
    account: Option<String>,
    /// The first day; 30 days ago unless given. `opp bank` shows how far back a bank goes
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: Option<NaiveDate>,
    /// The last day; today unless given
    #[arg(long, value_name = "DATE", value_parser = day)]
    to: Option<NaiveDate>,
    /// Also those that are not booked yet, where the bank tells
    #[arg(long)]
    pending: bool,
    /// Go on and print new ones as they come, until Ctrl-C
    #[arg(long, conflicts_with = "to")]
    follow: bool,
    /// How often to look for new ones
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds, requires = "follow")]
    every: Duration,
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
pub(super) struct Row {
    account: String,
    booking_date: Option<NaiveDate>,
    value_date: Option<NaiveDate>,
    amount: Option<String>,
    currency: Option<String>,
    counterparty: Option<String>,
    text: Option<String>,
    reference: Option<String>,
    id: Option<String>,
    entry_reference: Option<String>,
}

const COLUMNS: [Column; 10] = [
    text("booking_date", "Booked"),
    data("value_date"),
    text("account", "Account"),
    number("amount", "Amount"),
    text("currency", "Currency"),
    text("counterparty", "With"),
    text("text", "Text"),
    data("reference"),
    data("id"),
    data("entry_reference"),
];

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let mut reading = app.reading(&args.which).await?;
    let accounts = reading.select(args.account.as_deref()).await?;
    let from = args.from.unwrap_or_else(|| Utc::now().date_naive() - TimeDelta::days(30));
    let mut query = TransactionQuery::since(from);
    if let Some(day) = args.to {
        query = query.until(day);
    }
    if args.pending {
        query = query.status(BookingStatus::Both);
    }
    if args.follow {
        return follow(app, &mut reading, &accounts, &query, args.every).await;
    }
    let found = read(app, &mut reading, &accounts, &query).await?;
    let rows: Vec<_> = found.iter().map(|(account, transaction)| row(account, transaction)).collect();
    show(app, &rows)
}

pub(super) fn show(app: &mut App, rows: &[Row]) -> Result<(), Failure> {
    app.out.list(rows, &COLUMNS)
}

/// All transactions of the accounts, page after page.
async fn read<'a>(
    app: &App,
    reading: &mut Reading,
    accounts: &'a [Account],
    query: &TransactionQuery,
) -> Result<Vec<(&'a Account, Transaction)>, Failure> {
    let bar = app.out.spinner("transactions");
    let mut found = Vec::new();
    for account in accounts {
        let Some(id) = account.id() else { continue };
        let mut pages = reading.accounts.transactions(id, query)?;
        while let Some(transaction) = pages.next().await {
            found.push((account, reading.heard(transaction)?));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(found)
}

/// Looks again and again, and prints what was not there before.
async fn follow(
    app: &mut App,
    reading: &mut Reading,
    accounts: &[Account],
    query: &TransactionQuery,
    every: Duration,
) -> Result<(), Failure> {
    let mut seen = Seen::default();
    let mut first = true;
    loop {
        let found = tokio::select! {
            found = read(app, reading, accounts, query) => found,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        match found {
            Ok(found) => {
                let new = seen.new_among(&found);
                let rows: Vec<_> = new.iter().map(|(account, transaction)| row(account, transaction)).collect();
                app.out.more(&rows, &COLUMNS, first)?;
                first &= rows.is_empty();
            }
            // Whoever follows for a day sees the platform stumble: the next look shows what was missed.
            Err(failure) if failure.is_passing => app.out.say(&format!("Looking again soon: {}", failure.text))?,
            Err(failure) => return Err(failure),
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

/// What was printed. Few banks give each transaction a key, and two can be the same in all that is told: so it is
/// counted how often each was there.
#[derive(Default)]
struct Seen(HashMap<String, usize>);

impl Seen {
    fn new_among<'a, 'b>(&mut self, found: &'b [(&'a Account, Transaction)]) -> Vec<&'b (&'a Account, Transaction)> {
        let mut now: HashMap<String, usize> = HashMap::new();
        let mut new = Vec::new();
        for pair in found {
            let all_told = serde_json::to_string(pair.1.raw()).unwrap_or_default();
            let times = now.entry(number_of(pair.0) + &all_told).or_default();
            *times += 1;
            let key = number_of(pair.0) + &all_told;
            if *times > self.0.get(&key).copied().unwrap_or_default() {
                new.push(pair);
                self.0.insert(key, *times);
            }
        }
        new
    }
}

pub(super) fn row(account: &Account, transaction: &Transaction) -> Row {
    let own = |text: Option<&str>| text.map(str::to_owned);
    // Our side of it is often told, too: what is of interest is the other one.
    let owner = account.owner();
    let others = [transaction.creditor_name(), transaction.debtor_name()];
    let counterparty = others.into_iter().flatten().find(|name| Some(*name) != owner);
    Row {
        account: number_of(account),
        booking_date: transaction.booking_date(),
        value_date: transaction.value_date(),
        amount: transaction.amount().map(|amount| amount.value().to_string()),
        currency: transaction.amount().map(|amount| amount.currency().to_string()),
        counterparty: own(counterparty),
        text: own(transaction.remittance()),
        reference: own(transaction.reference()),
        id: own(transaction.id()),
        entry_reference: own(transaction.entry_reference()),
    }
}

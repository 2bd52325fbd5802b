//! The transactions of an account: a list to search and turn over, two charts, two files.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use chrono::{Days, NaiveDate};
use opp_ergonomic::Account;
use serde::{Deserialize, Serialize};

use super::Page;
use super::accounts::{self, address};
use crate::app::App;
use crate::chart::{Bars, Line};
use crate::guest::Guest;
use crate::ledger::{self, Ledger, Row};
use crate::problem::Problem;
use crate::record::Connection;
use crate::view::{self, values};
use serde_json::Value;

/// How far back one can look, in days; banks may have less.
const PERIODS: [(u64, &str); 4] = [(30, "30 days"), (90, "90 days"), (180, "6 months"), (365, "12 months")];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    q: String,
    days: u64,
    page: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { q: String::new(), days: 90, page: 1 }
    }
}

/// What all three are asked for with: a connection, an account of it, and what to look for there.
type Asked = (State<Arc<App>>, Guest, Path<(String, String)>, Query<Search>);

/// An account with what was booked on it.
struct Statement {
    connection: Connection,
    account: Account,
    ledger: Ledger,
    days: (NaiveDate, NaiveDate),
}

async fn read(app: &App, guest: &Guest, path: &(String, String), search: &Search) -> Result<Statement, Problem> {
    let (id, account) = path;
    let record = app.records.of(guest).await?;
    let found = record.connections.into_iter().find(|connection| connection.id == *id);
    let connection = found.ok_or_else(Problem::not_found)?;
    let renew = |error: opp_ergonomic::Error| {
        let over = error.needs_new_consent();
        let problem = Problem::from(error);
        if over { problem.then(format!("/banks/{}", connection.bank.bic()), "Ask the bank anew") } else { problem }
    };
    let consent = connection.consent().ok_or_else(Problem::not_found)?;
    let all = accounts::read(app, guest, &connection).await.map_err(renew)?;
    let own = all.into_iter().find(|one| one.id() == Some(account)).ok_or_else(Problem::not_found)?;
    let days = PERIODS.iter().map(|(days, _)| *days).find(|days| *days == search.days).unwrap_or(90);
    let to = app.today();
    let from = to.checked_sub_days(Days::new(days - 1)).unwrap_or(to);
    let session = connection.person.session(app, &connection.bank, guest.presence())?;
    let ledger = Ledger::read(&session.accounts(&consent), account, (from, to)).await.map_err(renew)?;
    Ok(Statement { connection, account: own, ledger, days: (from, to) })
}

pub(crate) async fn show((State(app), guest, Path(path), Query(search)): Asked) -> Page {
    let Statement { connection, account, ledger, days } = read(&app, &guest, &path, &search).await?;
    let charts = charts(&account, &ledger, days);
    let is_cut = ledger.is_cut;
    let ledger = ledger.search(&search.q);
    let (rows, page, pages) = ledger.page(search.page);
    let rows: Vec<Value> = rows.iter().map(row).collect();
    let periods: Vec<Value> =
        PERIODS.iter().map(|(days, name)| values! { days, name, chosen => *days == search.days }).collect();
    let balance = ledger::balance(&account).map(|(amount, currency)| view::money(amount, &currency));
    let values = values! {
        bank => connection.bank_name, name => accounts::name(&account), number => accounts::number(&account),
        owner => account.owner(), balance, address => address(&path.0, &path.1), rows, periods, search, charts, is_cut,
        count => ledger.rows.len(), page, pages, earlier => page > 1, later => page < pages, here => "accounts",
    };
    Ok(view::page(&app, &guest, "transactions.html", values))
}

/// The charts, of the currency of the balance. Without a balance there is only money in and out.
fn charts(account: &Account, ledger: &Ledger, days: (NaiveDate, NaiveDate)) -> Value {
    let balance = ledger::balance(account);
    let first = ledger.rows.iter().find(|row| row.amount.is_some());
    let currency = match (&balance, first) {
        (Some((_, currency)), _) => currency.clone(),
        (None, Some(row)) => row.currency.clone(),
        (None, None) => return Value::Null,
    };
    let balances = match &balance {
        Some((now, currency)) if ledger.is_whole() => ledger.balances(days, *now, currency),
        _ => Vec::new(),
    };
    let line = Line::new(&balances, &currency);
    let bars = Bars::new(&ledger.months(&currency), &balances, &currency);
    let others = ledger.rows.iter().any(|row| row.amount.is_some() && row.currency != currency);
    values! { line, bars, currency, others }
}

fn row(row: &Row) -> Value {
    values! {
        day => row.booking_date.map(|day| day.format("%-d %b %Y").to_string()), iso => row.booking_date,
        who => row.counterparty, text => row.text, incoming => row.amount.is_some_and(|amount| amount.is_sign_positive()),
        amount => row.amount.map_or_else(|| "Not said".to_owned(), |amount| view::money(amount, &row.currency)),
    }
}

/// What a file is made of: all there is, since a file that lacks something does not say so.
async fn whole(app: &App, guest: &Guest, path: &(String, String), search: &Search) -> Result<Ledger, Problem> {
    let ledger = read(app, guest, path, search).await?.ledger;
    if ledger.is_cut {
        return Err(Problem::too_much().then(address(&path.0, &path.1), "Back to the account"));
    }
    Ok(ledger.search(&search.q))
}

pub(crate) async fn json((State(app), guest, Path(path), Query(search)): Asked) -> Page {
    let ledger = whole(&app, &guest, &path, &search).await?;
    let text = serde_json::to_string_pretty(&ledger.rows).unwrap_or_default();
    Ok(file(&app, "application/json", "json", text))
}

pub(crate) async fn csv((State(app), guest, Path(path), Query(search)): Asked) -> Page {
    let ledger = whole(&app, &guest, &path, &search).await?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in ledger.rows {
        // Writing into memory does not fail.
        writer.serialize(harmless_row(row)).ok();
    }
    let text = writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    Ok(file(&app, "text/csv; charset=utf-8", "csv", text))
}

/// Spreadsheets take a text that begins like a formula for one, and whoever sends money chooses that text.
fn harmless_row(mut row: Row) -> Row {
    let texts =
        [&mut row.counterparty, &mut row.text, &mut row.reference, &mut row.entry_reference, &mut row.transaction_id];
    for text in texts {
        *text = harmless(text);
    }
    row
}

/// A text with an apostrophe wherever a cell may begin like a formula: after semicolons and tabs as well, where those of
/// other countries split lines. Blanks and quotation marks before it may be dropped.
fn harmless(text: &str) -> String {
    let mut begins = true;
    let mut harmless = String::with_capacity(text.len());
    for letter in text.chars() {
        if begins && matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            harmless.push('\'');
        }
        begins = matches!(letter, ';' | '\t' | '\r' | '\n') || begins && (letter.is_whitespace() || letter == '"');
        harmless.push(letter);
    }
    harmless
}

fn file(app: &App, kind: &'static str, ending: &str, text: String) -> Response {
    let name = format!("attachment; filename=\"transactions-{}.{ending}\"", app.today());
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_senders_write_is_no_formula_in_a_spreadsheet() {
        let row = |text: &str| Row { text: text.to_owned(), ..Row::default() };
        assert_eq!(harmless_row(row("=HYPERLINK(\"x\")")).text, "'=HYPERLINK(\"x\")");
        assert_eq!(harmless("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(harmless("\t =A1"), "\t '=A1");
        assert_eq!(harmless("Lunch;=A1"), "Lunch;'=A1");
        assert_eq!(harmless("Lunch = 12; a-b"), "Lunch = 12; a-b");
    }
}

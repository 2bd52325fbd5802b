//! Paying: from which account, to whom, how much. The form is checked while it is filled in, and once more when it is
//! sent; nothing goes to the bank before it was confirmed.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::join_all;
use opp_ergonomic::{Account, BankDetails, Currency, Session};
use serde_json::Value;

use super::accounts::{self, name, number};
use super::{Page, payments, see};
use crate::app::App;
use crate::guest::{Guest, Signed};
use crate::ledger;
use crate::order::{Form, Mistakes, Payer};
use crate::problem::{Problem, Trouble};
use crate::record::{Connection, Draft, new_id};
use crate::view::{self, values};

/// Whose form it is, and which account of which connection pays.
type At = (State<Arc<App>>, Guest, Path<(String, String)>);

/// The account that pays, with all that an order is held against.
pub(crate) struct Desk {
    pub(crate) connection: Connection,
    pub(crate) session: Session,
    pub(crate) account: Account,
    others: Vec<Account>,
    details: Arc<BankDetails>,
    currency: Currency,
    is_live: bool,
}

impl Desk {
    pub(crate) async fn open(app: &App, guest: &Guest, connection: &str, account: &str) -> Result<Self, Problem> {
        let record = app.records.of(guest).await?;
        let connection = record.connections.into_iter().find(|one| one.id == *connection);
        let connection = connection.ok_or_else(Problem::not_found)?;
        let mut others = accounts::read(app, guest, &connection).await?;
        let at = others.iter().position(|one| one.id() == Some(account)).ok_or_else(Problem::not_found)?;
        let account = others.remove(at);
        let session = connection.person.session(app, &connection.bank, guest.presence())?;
        let details = app.directory.details(connection.bank.bic()).await?;
        let currency = ledger::balance(&account).and_then(|(_, currency)| Currency::new(&currency).ok());
        let currency = currency.unwrap_or(Currency::SEK);
        Ok(Self { connection, session, account, others, details, currency, is_live: app.platform.is_live })
    }

    pub(crate) fn payer(&self) -> Payer<'_> {
        Payer {
            session: &self.session,
            account: &self.account,
            products: self.details.payment_products(),
            currency: self.currency,
            is_live: self.is_live,
        }
    }
}

/// Where money can come from, and what was paid.
pub(crate) async fn show(State(app): State<Arc<App>>, guest: Guest) -> Page {
    let record = app.records.of(&guest).await?;
    let open = record.connections.iter().rev().filter(|connection| connection.consent().is_some());
    let banks = join_all(open.map(|connection| bank(&app, &guest, connection))).await;
    let payments: Vec<Value> = record.payments.iter().rev().map(payments::entry).collect();
    Ok(view::page(&app, &guest, "pay.html", values! { banks, payments, here => "pay" }))
}

async fn bank(app: &App, guest: &Guest, connection: &Connection) -> Value {
    let head = values! { name => connection.bank_name, bic => connection.bank.bic(), id => connection.id };
    let entry = |account: &Account| {
        let balance = ledger::balance(account).map(|(amount, currency)| view::money(amount, &currency));
        let address = account.id().map(|id| accounts::address(&connection.id, id).replacen("/accounts", "/pay", 1));
        let pays = account.as_payer(&connection.bank).is_some();
        pays.then(|| values! { name => name(account), number => number(account), balance, address })
    };
    match accounts::read(app, guest, connection).await {
        Ok(accounts) => values! { accounts => accounts.iter().filter_map(entry).collect::<Vec<_>>(), ..head },
        Err(error) => values! { trouble => Trouble::of(&error), ..head },
    }
}

pub(crate) async fn form((State(app), guest, Path((connection, account))): At) -> Page {
    let desk = Desk::open(&app, &guest, &connection, &account).await?;
    let kind = if desk.payer().product().is_some() { "account" } else { "bankgiro" };
    let form = Form { kind: kind.to_owned(), ..Form::default() };
    Ok(render(&app, &guest, &desk, &form, &Mistakes::new()))
}

fn render(app: &App, guest: &Guest, desk: &Desk, form: &Form, wrong: &Mistakes) -> Response {
    let payer = desk.payer();
    let balance = ledger::balance(&desk.account).map(|(amount, currency)| view::money(amount, &currency));
    let own: Vec<Value> = desk
        .others
        .iter()
        .filter_map(|account| Some(values! { name => name(account), number => account.iban().or(account.bban())? }))
        .collect();
    let id = desk.account.id().unwrap_or_default();
    let address = accounts::address(&desk.connection.id, id).replacen("/accounts", "/pay", 1);
    let values = values! {
        bank => desk.connection.bank_name, name => name(&desk.account), number => number(&desk.account), balance, own,
        address, currency => desk.currency.as_str(), accounts => payer.product().is_some(), giro => payer.pays_giro(),
        form, wrong, today => app.today(), here => "pay",
    };
    view::page(app, guest, "pay-form.html", values)
}

/// What is wrong with the form so far.
pub(crate) async fn check((State(app), guest, Path((connection, account))): At, Signed(form): Signed<Form>) -> Page {
    let desk = Desk::open(&app, &guest, &connection, &account).await?;
    Ok(Json(desk.payer().order(&form).err().unwrap_or_default()).into_response())
}

pub(crate) async fn send((State(app), guest, Path((connection, account))): At, Signed(form): Signed<Form>) -> Page {
    let desk = Desk::open(&app, &guest, &connection, &account).await?;
    if let Err(wrong) = desk.payer().order(&form) {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &guest, &desk, &form, &wrong)).into_response());
    }
    let draft = Draft { id: new_id(), connection, account, form };
    app.records.change(&guest, |record| record.add_draft(&draft)).await?;
    Ok(see(&format!("/confirm/{}", draft.id)))
}

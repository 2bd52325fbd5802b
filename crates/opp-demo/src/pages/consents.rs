//! What the guest has allowed: which banks are open, for how long still, and how to close them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{AppendHeaders, IntoResponse as _};
use opp_ergonomic::Outcome;

use super::sign::Nothing;
use super::{Page, see};
use crate::app::App;
use crate::guest::{Guest, Signed, forget_cookie};
use crate::problem::Problem;
use crate::record::{Connection, ConnectionState, Record};
use crate::view::{self, values};
use serde_json::Value;

pub(crate) async fn show(State(app): State<Arc<App>>, guest: Guest) -> Page {
    let record = refreshed(&app, &guest).await?;
    let consents: Vec<Value> = record.connections.iter().rev().map(|connection| entry(&app, connection)).collect();
    Ok(view::page(&app, &guest, "consents.html", values! { consents, here => "consents" }))
}

/// What is remembered of the guest, after the banks were asked about what was not open yet.
async fn refreshed(app: &App, guest: &Guest) -> Result<Record, Problem> {
    for connection in app.records.of(guest).await?.connections {
        if connection.state == ConnectionState::Signed {
            let session = connection.person.session(app, &connection.bank, guest.presence())?;
            let state = ConnectionState::asked(&session, &connection.consent).await;
            app.records.change(guest, |record| record.set_connection(&connection.id, &state)).await?;
        }
    }
    Ok(app.records.of(guest).await?)
}

fn entry(app: &App, connection: &Connection) -> Value {
    let head = values! { id => connection.id, bank => connection.bank_name, bic => connection.bank.bic(),
    created => view::moment(connection.created) };
    match &connection.state {
        ConnectionState::Asked(signing) => values! { state => "asked", signing, ..head },
        ConnectionState::Open { until, per_day } => {
            // The last day counts.
            let days = until.map(|until| (until - app.today()).num_days() + 1).map(|days| days.max(0));
            let state = if days == Some(0) { "over" } else { "open" };
            values! { state, days, until => until.map(view::day), per_day, ..head }
        }
        ConnectionState::Signed => values! { state => "signed", ..head },
        ConnectionState::Over => values! { state => "over", ..head },
    }
}

/// Gives a permission back to the bank. One that the bank no longer knows is given back already.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    guest: Guest,
    Path(id): Path<String>,
    Signed(Nothing {}): Signed<Nothing>,
) -> Page {
    let record = app.records.of(&guest).await?;
    let connection = record.connections.iter().find(|connection| connection.id == id);
    let connection = connection.ok_or_else(Problem::not_found)?;
    // One that was not seen to be signed can be signed all the same, in the app, now or already.
    let is_granted = matches!(connection.state, ConnectionState::Open { .. } | ConnectionState::Signed);
    let session = connection.person.session(&app, &connection.bank, guest.presence())?;
    match session.consents().delete(&connection.consent).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() || error.needs_new_consent() => {}
        Err(error) if !is_granted && error.outcome() == Some(Outcome::Rejected) && !error.is_rate_limited() => {}
        Err(error) => return Err(Problem::from(error).then("/consents", "Back to your permissions")),
    }
    app.records.change(&guest, |record| record.connections.retain(|connection| connection.id != id)).await?;
    Ok(see("/consents"))
}

/// Forgets the guest. Permissions at banks stay what they are: those are to be given back first.
pub(crate) async fn forget(State(app): State<Arc<App>>, guest: Guest, Signed(Nothing {}): Signed<Nothing>) -> Page {
    app.records.forget(&guest).await?;
    Ok((AppendHeaders([forget_cookie(&app)]), see("/")).into_response())
}

//! Where banks send their customers back to.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use opp_ergonomic::sca::Callback;

use super::{Page, see};
use crate::app::App;
use crate::guest::Guest;
use crate::problem::Problem;

pub(crate) async fn take(State(app): State<Arc<App>>, guest: Guest, RawQuery(query): RawQuery) -> Page {
    let callback = Callback::parse(&query.unwrap_or_default());
    if callback.has_state() {
        return Ok(see(&app.signings.come_back(&app, &guest, &callback).await?.address()));
    }
    // Some banks lead back without a word (platform-facts 8.3). Nothing is taken from that: the guest is shown their
    // own page again, which asks the bank.
    let record = app.records.of(&guest).await?;
    Ok(see(&record.errands.last().ok_or_else(Problem::not_awaited)?.address()))
}

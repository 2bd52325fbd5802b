//! The pages, one module each, and the addresses under which they are.

mod accounts;
mod assets;
mod bank;
mod banks;
mod callback;
mod confirm;
mod consents;
mod events;
mod pay;
mod payments;
mod sign;
mod transactions;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};

use crate::app::App;
use crate::guest;
use crate::problem::Problem;

/// What a page answers with.
type Page = Result<Response, Problem>;

/// Forms are small.
const LARGEST_FORM: usize = 64 * 1024;

pub(crate) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/", get(banks::show))
        .route("/banks/{bic}", get(bank::show).post(bank::ask))
        .route("/sign/{id}", get(sign::show))
        .route("/sign/{id}/events", get(sign::events))
        .route("/sign/{id}/choose", post(sign::choose))
        .route("/sign/{id}/cancel", post(sign::cancel))
        .route("/sign/{id}/again", post(sign::again))
        .route("/callback", get(callback::take))
        .route("/accounts", get(accounts::show))
        .route("/accounts/{connection}/{account}", get(transactions::show))
        .route("/accounts/{connection}/{account}/transactions.csv", get(transactions::csv))
        .route("/accounts/{connection}/{account}/transactions.json", get(transactions::json))
        .route("/pay", get(pay::show))
        .route("/pay/{connection}/{account}", get(pay::form).post(pay::send))
        .route("/pay/{connection}/{account}/check", post(pay::check))
        .route("/confirm/{id}", get(confirm::show).post(confirm::pay))
        .route("/payments/{id}", get(payments::show))
        .route("/payments/{id}/events", get(payments::events))
        .route("/consents", get(consents::show))
        .route("/consents/{id}/delete", post(consents::delete))
        .route("/forget", post(consents::forget))
        .route("/style.css", get(assets::style))
        .route("/app.js", get(assets::script))
        .route("/icon.svg", get(assets::icon))
        .fallback(async || Problem::not_found())
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn_with_state(Arc::clone(app), guest::admit))
        .with_state(Arc::clone(app))
}

/// Does something to its end even if the browser goes away meanwhile, as it does when somebody clicks twice or reloads:
/// of a call that nobody waits for any more nobody would know what came of it.
async fn to_its_end(work: impl Future<Output = Page> + Send + 'static) -> Page {
    match tokio::spawn(work).await {
        Ok(page) => page,
        Err(_) => Err(Problem::broken()),
    }
}

/// After a form: the page that shows what came of it, which can be loaded again without sending the form again.
fn see(address: &str) -> Response {
    Redirect::to(address).into_response()
}

//! A payment that was ordered, and how far the bank has come with it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use opp_ergonomic::sca::{Ending, Standing};
use opp_ergonomic::{Error, PaymentKey, PaymentStage, PaymentStatus, Reply};
use serde_json::Value;

use super::Page;
use super::events::{Part, stream_of};
use crate::app::App;
use crate::guest::Guest;
use crate::problem::{Problem, Trouble};
use crate::record::{Payment, PaymentState};
use crate::remark;
use crate::view::{self, values};

/// Banks are asked every other second.
const PAUSE: Duration = Duration::from_secs(1);

/// A line of the list of payments: what is known without asking the bank.
pub(crate) fn entry(payment: &Payment) -> Value {
    let state = match &payment.state {
        PaymentState::Unknown(_) => "Not known",
        PaymentState::Refused => "Refused",
        PaymentState::Known { ending: None, .. } => "Waits for your signature",
        PaymentState::Known { ending: Some(ending), .. } => match ending.standing() {
            Some(Standing::Paid) => "Paid",
            Some(_) => "Signed",
            // It may have been signed while nobody looked: the payment's own page asks the bank.
            None if matches!(ending, Ending::Expired | Ending::Cancelled) => "No signature seen",
            None => "Not signed",
        },
    };
    values! {
        id => payment.id, payee => payment.payee, bank => payment.bank_name, created => view::moment(payment.created),
        amount => view::money(payment.amount.value(), payment.amount.currency().as_str()), state,
    }
}

async fn find(app: &App, guest: &Guest, id: &str) -> Result<Payment, Problem> {
    let record = app.records.of(guest).await?;
    record.payments.into_iter().find(|payment| payment.id == id).ok_or_else(Problem::not_found)
}

pub(crate) async fn show(State(app): State<Arc<App>>, guest: Guest, Path(id): Path<String>) -> Page {
    let payment = find(&app, &guest, &id).await?;
    let part = look(&app, &guest, &payment).await;
    let values = values! { html => part.html, over => part.is_over, here => "pay", ..entry(&payment) };
    Ok(view::page(&app, &guest, "payment.html", values))
}

pub(crate) async fn events(State(app): State<Arc<App>>, guest: Guest, Path(id): Path<String>) -> Page {
    find(&app, &guest, &id).await?;
    let shared = Arc::clone(&app);
    Ok(stream_of(&app, move || {
        let (app, guest, id) = (Arc::clone(&shared), guest.clone(), id.clone());
        async move {
            tokio::time::sleep(PAUSE).await;
            let payment = find(&app, &guest, &id).await.ok()?;
            Some(look(&app, &guest, &payment).await)
        }
    }))
}

/// What is to be seen of a payment now.
async fn look(app: &App, guest: &Guest, payment: &Payment) -> Part {
    let (values, is_over) = match &payment.state {
        PaymentState::Unknown(request_id) => (values! { kind => "unknown", request_id }, true),
        PaymentState::Refused => (values! { kind => "refused" }, true),
        PaymentState::Known { signing: Some(signing), ending: None, .. } => {
            (values! { kind => "unsigned", signing }, true)
        }
        PaymentState::Known { key, signing, ending } => match status(app, guest, payment, key).await {
            Ok(status) => {
                let mut remarks = Vec::new();
                remark::add(&mut remarks, &status.warnings, None);
                let stage = status.stage();
                let (title, text) = words(stage, ending.as_ref());
                let is_over = matches!(stage, PaymentStage::Paid | PaymentStage::Failed | PaymentStage::Cancelled);
                let good = stage == PaymentStage::Paid;
                let unsigned = ending.as_ref().is_some_and(|ending| !ending.is_success());
                let signing = signing.as_ref().filter(|_| unsigned && !is_over);
                let word = status.as_str();
                (
                    values! { kind => "status", title, text, word, good, bad => is_over && !good, signing, remarks },
                    is_over || unsigned,
                )
            }
            Err(error) => (values! { kind => "trouble", trouble => Trouble::of(&error) }, true),
        },
    };
    let html = view::part("payment-status.html", values! { id => payment.id, bank => payment.bank_name, ..values });
    Part { html, is_over, ..Part::default() }
}

async fn status(app: &App, guest: &Guest, payment: &Payment, key: &PaymentKey) -> Result<Reply<PaymentStatus>, Error> {
    let session = payment.person.session(app, &payment.bank, guest.presence())?;
    session.payments().status(key).await
}

fn words(stage: PaymentStage, ending: Option<&Ending>) -> (&'static str, &'static str) {
    match stage {
        PaymentStage::Paid => ("Paid", "The money has left your account."),
        PaymentStage::InProgress => ("On its way", "The bank carries it out. It can take minutes, and may still fail."),
        PaymentStage::NeedsMoreSigners => ("Waits for others", "Somebody else has to sign as well."),
        PaymentStage::Partial => ("Partly accepted", "The bank has accepted some of it."),
        PaymentStage::Failed => ("Not paid", "The bank has refused it. Nothing has left your account."),
        PaymentStage::Cancelled => ("Cancelled", "It was taken back. Nothing has left your account."),
        _ if ending.is_some_and(|ending| !ending.is_success()) => {
            ("Not signed", "Without a signature the bank does nothing.")
        }
        _ => ("With the bank", "The bank has it and has not said more yet."),
    }
}

//! The last look at an order. Confirming takes the order away, so that neither a second click nor the back button can
//! pay twice.

use std::sync::Arc;

use axum::extract::{Path, State};
use opp_ergonomic::sca::{Device, Subject};
use opp_ergonomic::{Amount, Error, Order, Outcome, Session};

use super::accounts::{name, number};
use super::pay::Desk;
use super::sign::Nothing;
use super::{Page, see, to_its_end};
use crate::app::App;
use crate::guest::{Guest, Signed};
use crate::problem::Problem;
use crate::record::{Draft, Payment, PaymentState, Record, new_id};
use crate::signing::{Errand, Purpose};
use crate::view::{self, values};

/// A guest's draft with the order that it describes.
async fn open(app: &App, guest: &Guest, id: &str) -> Result<(Draft, Desk, Order, Amount), Problem> {
    let record = app.records.of(guest).await?;
    let draft = record.drafts.into_iter().find(|draft| draft.id == *id).ok_or_else(Problem::sent_already)?;
    let desk = Desk::open(app, guest, &draft.connection, &draft.account).await?;
    let order = desk.payer().order(&draft.form);
    // It was right when it was filled in; only the day can have passed meanwhile.
    let (order, amount) = order.map_err(|_| Problem::sent_already())?;
    Ok((draft, desk, order, amount))
}

pub(crate) async fn show(State(app): State<Arc<App>>, guest: Guest, Path(id): Path<String>) -> Page {
    let (draft, desk, _, amount) = open(&app, &guest, &id).await?;
    let values = values! {
        id, form => draft.form, amount => view::money(amount.value(), amount.currency().as_str()),
        bank => desk.connection.bank_name, from => name(&desk.account), number => number(&desk.account), here => "pay",
    };
    Ok(view::page(&app, &guest, "confirm.html", values))
}

pub(crate) async fn pay(
    State(app): State<Arc<App>>,
    guest: Guest,
    Path(id): Path<String>,
    Signed(Nothing {}): Signed<Nothing>,
) -> Page {
    let (draft, desk, order, amount) = open(&app, &guest, &id).await?;
    let payment = Payment {
        id: new_id(),
        bank: desk.connection.bank.clone(),
        bank_name: desk.connection.bank_name.clone(),
        person: desk.connection.person.clone(),
        amount,
        payee: draft.form.name.trim().to_owned(),
        created: app.now(),
        // Written down before it is sent: if this program ends now, nobody will know.
        state: PaymentState::Unknown(None),
    };
    // Of two clicks, one gets it.
    let take = |record: &mut Record| record.take_draft(&id).map(|_| record.payments.push(payment.clone()));
    if app.records.change(&guest, take).await?.is_none() {
        return Err(Problem::sent_already());
    }
    to_its_end(send(app, guest, desk.session, order, payment)).await
}

/// Hands an order over that is written down as sent, and leads to its signature.
async fn send(app: Arc<App>, guest: Guest, session: Session, order: Order, payment: Payment) -> Page {
    let created = match session.payments().create(order).await {
        Ok(created) => created,
        Err(error) => return Err(failed(&app, &guest, &payment.id, error).await),
    };
    let key = created.key().clone();
    let state = PaymentState::Known { key: key.clone(), signing: None, ending: None };
    app.records.change(&guest, |record| record.set_payment(&payment.id, &state)).await?;

    let device = if guest.has_phone() { Device::Phone } else { Device::Desktop };
    let what = (Purpose::Payment(payment.id.clone()), Subject::Payment(key));
    let who = (&payment.person, payment.bank_name.as_str());
    let errand = Errand::begin(&app, &guest, who, &session, what, device).await?;
    let errand = errand.remarked(&created.warnings);
    app.records.change(&guest, |record| record.begin(&errand)).await?;
    Ok(see(&errand.address()))
}

/// Writes down what is known of a payment that got no good answer.
async fn failed(app: &App, guest: &Guest, id: &str, error: Error) -> Problem {
    let state = match error.outcome() {
        Some(Outcome::Rejected | Outcome::NotSent) => PaymentState::Refused,
        None if error.invalid().is_some() => PaymentState::Refused,
        _ => PaymentState::Unknown(error.request_id().map(str::to_owned)),
    };
    match app.records.change(guest, |record| record.set_payment(id, &state)).await {
        Ok(()) => Problem::from(error).then(format!("/payments/{id}"), "See the payment"),
        Err(error) => error.into(),
    }
}

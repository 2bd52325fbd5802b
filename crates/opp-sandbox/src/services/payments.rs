//! Payment initiation: create, read, status, cancel, and the payment's own life (platform-facts 9).

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use http::{Method, StatusCode};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Call, caller_bank, check_origin, internal_bank, origin};
use crate::model::accounts::of;
use crate::model::agenda::Due;
use crate::model::entities::Payment;
use crate::model::ids::digest;
use crate::model::ledger::Row;
use crate::model::world::World;
use crate::sca::{Target, calls};
use crate::server::problem::Problem;
use crate::server::wire::Reply;

pub(crate) fn create(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let origin = origin(world, call)?;
    let bank = caller_bank(world, call)?;
    let (service, product) = (call.path("payment-service"), call.path("payment-product"));
    if !bank.products.iter().any(|known| known == product) {
        let text = format!("{} offers these products: {}", bank.bic, bank.products.join(", "));
        return Err(Problem::new(StatusCode::NOT_FOUND, "PRODUCT_UNKNOWN", text).at("payment-product"));
    }
    let order = call.body.clone().unwrap_or(Value::Null);
    if order.is_null() {
        let text = "XML and multipart orders are not taken yet";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "FORMAT_ERROR", text).at("Content-Type"));
    }
    check_order(&order, call.now.date_naive())?;
    let approach = bank.approach(origin.redirect_preferred);
    let status = bank.payment.created.clone();
    let payment = Payment {
        id: world.state.ids.uuid(),
        origin,
        service: service.to_owned(),
        product: product.to_owned(),
        order,
        raw: None,
        status,
        since: call.now,
        signed: None,
        milestones: 0,
        authorisations: Vec::new(),
        cancellations: Vec::new(),
        signers: Vec::new(),
    };
    let path = payment.path();
    let body = json!({
        "transactionStatus": payment.status,
        "paymentId": payment.id,
        "_links": {
            "self": { "href": path },
            "status": { "href": format!("{path}/status") },
            "startAuthorisationWithTransactionAuthorisation": { "href": format!("{path}/authorisations") },
        },
    });
    world.state.payments.insert(payment.id.clone(), payment);
    Ok(Reply::created(body)
        .with("location", &format!("{}{path}", world.addresses.api))
        .with("aspsp-sca-approach", approach.header()))
}

pub(crate) fn read(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let payment = find(world, call)?;
    let bank = internal_bank(world, &payment.origin.bic)?;
    if !bank.get_payment {
        let text = format!("{} does not offer this call, ask for the status", bank.bic);
        return Err(Problem::bad_request("SERVICE_INVALID", text));
    }
    let mut body = payment.order.clone();
    if let Some(fields) = body.as_object_mut() {
        // The real answer leaves giro and reference out (platform-facts 9.2).
        for name in ["creditorGiro", "ocrRef", "invoiceRef"] {
            fields.shift_remove(name);
        }
        fields.insert("transactionStatus".to_owned(), json!(payment.status));
    }
    Ok(Reply::ok(body))
}

pub(crate) fn status(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let payment = find(world, call)?;
    let mut body = json!({ "transactionStatus": payment.status });
    if payment.status == "PATC" {
        let text = "another signer has to authorise this payment";
        body["tppMessages"] = json!([{ "category": "WARNING", "code": "AUTHORISATION_PENDING_API", "text": text }]);
    }
    Ok(Reply::ok(body))
}

/// 204 while nobody has signed; a signature once somebody has; too late when the money is gone (platform-facts 8.4).
pub(crate) fn cancel(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let payment = find(world, call)?;
    if payment.is_final() {
        let text = format!("the payment is {} and can no longer be cancelled", payment.status);
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "CANCELLATION_INVALID", text));
    }
    let (id, path) = (payment.id.clone(), payment.path());
    if payment.signers.is_empty() {
        cancelled(world, &id, call.now);
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    let body = json!({
        "transactionStatus": payment.status,
        "_links": { "startAuthorisation": { "href": format!("{path}/cancellation-authorisations") } },
    });
    Ok(Reply::json(StatusCode::ACCEPTED, body))
}

/// The four calls below `authorisations`.
pub(crate) fn authorisation(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let payment = find(world, call)?;
    let (id, base) = (payment.id.clone(), format!("{}/authorisations", payment.path()));
    match (call.operation.method.clone(), call.path.get("authorisationId")) {
        (Method::POST, _) => {
            if payment.is_final() || payment.signed.is_some() {
                return Err(Problem::conflict(format!("the payment is {}", payment.status)));
            }
            let origin = payment.origin.clone();
            let (authorisation, reply) = calls::begin(world, call, Target::Payment(id.clone()), &origin, &base);
            if let Some(payment) = world.state.payments.get_mut(&id) {
                payment.authorisations.push(authorisation);
            }
            Ok(reply)
        }
        (Method::PUT, Some(authorisation)) => calls::update(world, call, &Target::Payment(id), authorisation, &base),
        (_, Some(authorisation)) => calls::status(world, call, &Target::Payment(id), authorisation),
        (_, None) => Ok(calls::list("authorisationIds", &payment.authorisations)),
    }
}

/// The four calls below `cancellation-authorisations`.
pub(crate) fn cancellation_authorisation(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let payment = find(world, call)?;
    let (id, base) = (payment.id.clone(), format!("{}/cancellation-authorisations", payment.path()));
    match (call.operation.method.clone(), call.path.get("cancellationId")) {
        (Method::POST, _) => {
            if payment.is_final() {
                return Err(Problem::conflict(format!("the payment is {}", payment.status)));
            }
            let origin = payment.origin.clone();
            let (authorisation, reply) = calls::begin(world, call, Target::Cancellation(id.clone()), &origin, &base);
            if let Some(payment) = world.state.payments.get_mut(&id) {
                payment.cancellations.push(authorisation);
            }
            Ok(reply)
        }
        (Method::PUT, Some(authorisation)) => {
            calls::update(world, call, &Target::Cancellation(id), authorisation, &base)
        }
        (_, Some(authorisation)) => calls::status(world, call, &Target::Cancellation(id), authorisation),
        (_, None) => Ok(calls::list("cancellationIds", &payment.cancellations)),
    }
}

/// A signer has approved; the bank goes to work once the last one has.
pub(crate) fn signed(world: &mut World, id: &str, complete: bool, now: DateTime<Utc>) {
    let Some(payment) = world.state.payments.get_mut(id).filter(|payment| !payment.is_final()) else {
        return;
    };
    if complete {
        payment.signed = Some(now);
        wake(world, id, now);
    } else {
        "PATC".clone_into(&mut payment.status);
        payment.since = now;
    }
}

/// A signer has declined.
pub(crate) fn rejected(world: &mut World, id: &str, now: DateTime<Utc>) {
    finish(world, id, "RJCT", now);
}

/// The payment is withdrawn.
pub(crate) fn cancelled(world: &mut World, id: &str, now: DateTime<Utc>) {
    finish(world, id, "CANC", now);
}

fn finish(world: &mut World, id: &str, status: &str, now: DateTime<Utc>) {
    if let Some(payment) = world.state.payments.get_mut(id).filter(|payment| !payment.is_final()) {
        status.clone_into(&mut payment.status);
        payment.since = now;
    }
}

/// Moves a signed payment through the bank's milestones as far as time allows.
pub(crate) fn wake(world: &mut World, id: &str, now: DateTime<Utc>) {
    loop {
        let Some(payment) = world.state.payments.get(id).filter(|payment| !payment.is_final()) else {
            return;
        };
        let Some(signed) = payment.signed else { return };
        let Some(milestone) =
            world.bank(&payment.origin.bic).and_then(|bank| bank.payment.signed.get(payment.milestones)).cloned()
        else {
            return;
        };
        // What the bank does at once, it does on signing; the rest waits for the day of execution.
        let start =
            if milestone.after_seconds == 0 { signed } else { signed.max(execution(payment).unwrap_or(signed)) };
        let at = start + TimeDelta::seconds(milestone.after_seconds);
        if at > now {
            world.state.agenda.add(at, Due::Payment(id.to_owned()));
            return;
        }
        if let Some(payment) = world.state.payments.get_mut(id) {
            payment.status.clone_from(&milestone.status);
            payment.since = at;
            payment.milestones += 1;
        }
        if milestone.status == "ACSC" {
            book(world, id, at);
        }
    }
}

/// Puts a settled payment on the debtor's account.
fn book(world: &mut World, id: &str, at: DateTime<Utc>) {
    let Some(payment) = world.state.payments.get(id) else {
        return;
    };
    let Some(bank) = world.bank(&payment.origin.bic) else {
        return;
    };
    let order = &payment.order;
    let accounts = of(world.state.ids.seed(), bank, &payment.origin.holder);
    let Some(account) = accounts.iter().find(|account| account.is(&order["debtorAccount"])) else {
        return;
    };
    let Some(amount) = order["instructedAmount"]["amount"].as_str().and_then(|text| text.parse::<Decimal>().ok())
    else {
        return;
    };
    let text = |name: &str| order[name].as_str().map(str::to_owned);
    let day = at.date_naive();
    let hash = digest(world.state.ids.seed(), &["payment", id]);
    let row = Row {
        id: hash[..12].iter().fold(String::new(), |text, byte| format!("{text}{byte:02X}")),
        reference: format!("{}9{:02X}{:02X}{:02X}", day.format("%y%m%d"), hash[12], hash[13], hash[14]),
        made: day,
        booked: day,
        amount: -amount,
        name: text("creditorName").unwrap_or_default(),
        text: text("remittanceInformationUnstructured").or_else(|| text("debtorAccountMessage")).unwrap_or_default(),
        code: "PMNT-ICDT-DMCT".to_owned(),
        end_to_end: text("endToEndIdentification"),
        account: order.get("creditorAccount").cloned(),
    };
    let key = account.key.clone();
    world.state.postings.entry(key).or_default().push(row);
}

/// What no schema states about an order.
fn check_order(order: &Value, today: NaiveDate) -> Result<(), Problem> {
    if let Some(text) = order["requestedExecutionDate"].as_str() {
        let invalid = |text: String| Problem::bad_request("EXECUTION_DATE_INVALID", text).at("/requestedExecutionDate");
        let day: NaiveDate =
            text.parse().map_err(|_| invalid(format!("requestedExecutionDate \"{text}\" is no date")))?;
        if day < today {
            return Err(invalid(format!("requestedExecutionDate {day} lies in the past; today is {today}")));
        }
    }
    if let Some(text) = order["instructedAmount"]["amount"].as_str() {
        let positive = text.parse::<Decimal>().is_ok_and(|amount| amount > Decimal::ZERO);
        if !positive {
            let text = format!("instructedAmount/amount \"{text}\" is no positive amount");
            return Err(Problem::format("/instructedAmount/amount", text));
        }
    }
    Ok(())
}

fn execution(payment: &Payment) -> Option<DateTime<Utc>> {
    let day: NaiveDate = payment.order["requestedExecutionDate"].as_str()?.parse().ok()?;
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

/// A payment is known only under the service and product that it was created with (platform-facts 4.1).
fn find<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Payment, Problem> {
    let unknown = || Problem::unknown("this payment is not known for this application, bank, service and product");
    let payment = world.state.payments.get(call.path("paymentId")).ok_or_else(unknown)?;
    if payment.service != call.path("payment-service") || payment.product != call.path("payment-product") {
        return Err(unknown());
    }
    check_origin(world, call, &payment.origin, unknown)?;
    Ok(payment)
}

//! Payment initiation: create, read, status, cancel (platform-facts 9). What an order has to fulfil is in `rules`, the
//! forms it comes in are in `forms` and `pain`, what becomes of it is in `life`, what it does to accounts in `money`.

mod forms;
mod life;
mod money;
mod pain;
mod rules;
mod standing;

use http::{Method, StatusCode};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::media::{JSON, MULTIPART, XML, preferred};
use super::{Call, caller_bank, check_origin, internal_bank, origin};
use crate::model::accounts::{Account, debtor};
use crate::model::entities::Payment;
use crate::model::world::World;
use crate::sca::{Target, calls};
use crate::server::problem::Problem;
use crate::server::wire::{Body, Reply};

pub(crate) use life::{cancelled, rejected, signed, wake};

/// Parts of an address as pain.001 and as the API calls them, in the order of pain.001.
const ADDRESS: [(&str, &str); 5] = [
    ("StrtNm", "street"),
    ("BldgNb", "buildingNumber"),
    ("PstCd", "postalCode"),
    ("TwnNm", "city"),
    ("Ctry", "country"),
];

/// Authorisations that a resource remembers of each kind; beyond that the oldest is forgotten.
const MOST_AUTHORISATIONS: usize = 100;

pub(crate) fn create(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let origin = origin(world, call)?;
    let bank = caller_bank(world, call)?;
    let (service, product) = (call.path("payment-service"), call.path("payment-product"));
    let (order, raw) = forms::read(call, service)?;
    let warnings = rules::Check {
        seed: world.state.ids.seed(),
        products: &world.directory.products,
        bank,
        holder: &origin.holder,
        service,
        product,
        order: &order,
        today: call.now.date_naive(),
    }
    .run()?;
    let approach = bank.approach(origin.redirect_preferred);
    let status = bank.payment.created.clone();
    let payment = Payment {
        raw,
        reject_without_funds: call.request.header("tpp-rejection-nofunds-preferred").and_then(|it| it.parse().ok()),
        ..Payment::new(world.state.ids.uuid(), origin, (service, product), order, status, call.now)
    };
    let (id, path) = (payment.id.clone(), payment.path());
    world.state.payments.insert(id.clone(), payment);
    life::received(world, &id, call.now);
    let mut body = json!({
        "transactionStatus": world.state.payments.get(&id).map(|payment| shown_status(call, payment)),
        "paymentId": id,
        "_links": {
            "self": { "href": path },
            "status": { "href": format!("{path}/status") },
            "startAuthorisationWithTransactionAuthorisation": { "href": format!("{path}/authorisations") },
        },
    });
    if !warnings.is_empty() {
        body["tppMessages"] = warnings.into();
    }
    Ok(Reply::created(body)
        .with("location", &format!("{}{path}", world.addresses.api))
        .with("aspsp-sca-approach", approach.header()))
}

/// The order, in the form that the caller wants.
pub(crate) fn read(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let payment = find(world, call)?;
    let bank = internal_bank(world, &payment.origin.bic)?;
    if !bank.get_payment {
        let text = format!("{} does not offer this call, ask for the status", bank.bic);
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "SERVICE_INVALID", text));
    }
    let standing = payment.service == "periodic-payments";
    let offered: &[&str] = if standing { &[JSON, MULTIPART] } else { &[JSON, XML] };
    let debtor = || debtor_of(world, payment);
    match chosen(call, offered)? {
        XML => Ok(text(XML, forms::pain_001(payment, debtor().as_ref())?)),
        MULTIPART => {
            let (media, body) = forms::multipart(payment, debtor().as_ref())?;
            Ok(text(media, body))
        }
        _ => {
            let mut body = payment.order.clone();
            if let Some(fields) = body.as_object_mut() {
                // The real answer leaves giro and reference out (platform-facts 9.2).
                for name in ["creditorGiro", "ocrRef", "invoiceRef"] {
                    fields.shift_remove(name);
                }
                fields.insert("transactionStatus".to_owned(), json!(shown_status(call, payment)));
            }
            Ok(Reply::ok(body))
        }
    }
}

/// One of the formats that this resource has; the document offers more than any one resource has.
fn chosen(call: &Call<'_>, offered: &[&'static str]) -> Result<&'static str, Problem> {
    if offered.iter().any(|media| call.request.accepts(media)) {
        return Ok(preferred(call.request, offered));
    }
    let text = format!("Accept asks for none of the formats of this payment: {}", offered.join(", "));
    Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "REQUESTED_FORMATS_INVALID", text).at("Accept"))
}

fn text(media: &'static str, text: String) -> Reply {
    Reply { body: Body::Text(media, text), ..Reply::empty(StatusCode::OK) }
}

/// The status, as JSON or as pain.002.
pub(crate) fn status(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let payment = find(world, call)?;
    let status = shown_status(call, payment);
    if preferred(call.request, &[JSON, XML]) == XML {
        return Ok(text(XML, forms::pain_002(payment, &status, call.now)?));
    }
    let mut body = json!({ "transactionStatus": status });
    if let Some(funds) = payment.funds {
        body["fundsAvailable"] = json!(funds);
    }
    let message =
        |category: &str, code: &str, text: &str| json!([{ "category": category, "code": code, "text": text }]);
    if payment.status == "PATC" {
        let text = "another signer has to authorise this payment";
        body["tppMessages"] = message("WARNING", "AUTHORISATION_PENDING_API", text);
    } else if let Some(reason) = &payment.reason {
        // What a bank says in words of its own (platform-facts 10).
        body["tppMessages"] = message("ERROR", "RAW", reason);
    }
    Ok(Reply::ok(body))
}

/// The status that a caller gets to see: the bank's own, or with `X-Feature-Flags` the harmonised one. The facts name
/// the flags (section 3) and no table; here every bank's words before the signature become `RCVD`, and those between
/// signature and settlement `ACSP`.
fn shown_status(call: &Call<'_>, payment: &Payment) -> String {
    let flags = call.request.header("x-feature-flags").unwrap_or_default();
    let harmonised = flags.split(',').any(|flag| matches!(flag.trim(), "new-statuses" | "new-statuses-global"));
    match (harmonised, payment.status.as_str(), payment.signed) {
        (true, "RCVD" | "PDNG" | "ACTC" | "ACCP", None) => "RCVD".to_owned(),
        (true, "RCVD" | "PDNG" | "ACTC" | "ACCP" | "ACWC" | "ACFC", Some(_)) => "ACSP".to_owned(),
        (_, status, _) => status.to_owned(),
    }
}

/// The account that a payment is paid from.
fn debtor_of(world: &World, payment: &Payment) -> Option<Account> {
    let bank = world.bank(&payment.origin.bic)?;
    debtor(world.state.ids.seed(), bank, &payment.origin.holder, &payment.order["debtorAccount"])
}

/// The single transfers of an order: itself, or the elements of a bulk.
fn transfers(order: &Value) -> Vec<&Value> {
    order["payments"].as_array().map_or_else(|| vec![order], |list| list.iter().collect())
}

fn amount_of(transfer: &Value) -> Option<(Decimal, &str)> {
    let amount = &transfer["instructedAmount"];
    Some((amount["amount"].as_str()?.parse().ok()?, amount["currency"].as_str()?))
}

/// Where a transfer goes: the creditor's account, or the giro as an account reference.
fn creditor(transfer: &Value) -> Value {
    let giro = &transfer["creditorGiro"];
    match (giro["giroNumber"].as_str(), giro["giroType"].as_str()) {
        (Some(number), Some("PLUSGIRO")) => json!({ "plusgiroNumber": number }),
        (Some(number), _) => json!({ "bankgiroNumber": number }),
        _ => transfer["creditorAccount"].clone(),
    }
}

/// Adds to a list of a resource that must not grow for ever.
pub(super) fn remember(list: &mut Vec<String>, id: String) {
    if list.len() >= MOST_AUTHORISATIONS {
        let oldest = list.remove(0);
        tracing::warn!(oldest, "too many authorisations of one resource, the oldest is forgotten");
    }
    list.push(id);
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
        "transactionStatus": shown_status(call, payment),
        "scaMethods": calls::methods(internal_bank(world, &payment.origin.bic)?),
        "_links": { "startAuthorisation": { "href": format!("{path}/cancellation-authorisations") } },
    });
    Ok(Reply::json(StatusCode::ACCEPTED, body))
}

fn too_late(payment: &Payment) -> Problem {
    Problem::conflict(format!("the payment is {}", payment.status))
}

/// The four calls below `authorisations`.
pub(crate) fn authorisation(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let payment = find(world, call)?;
    let (id, base) = (payment.id.clone(), format!("{}/authorisations", payment.path()));
    match (call.operation.method.clone(), call.path.get("authorisationId")) {
        (Method::POST | Method::PUT, _) if !payment.wants_signature() => Err(too_late(payment)),
        (Method::POST, _) => {
            let origin = payment.origin.clone();
            let (authorisation, reply) = calls::begin(world, call, Target::Payment(id.clone()), &origin, &base)?;
            if let Some(payment) = world.state.payments.get_mut(&id) {
                remember(&mut payment.authorisations, authorisation);
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
        (Method::POST | Method::PUT, _) if payment.is_final() => Err(too_late(payment)),
        (Method::POST, _) => {
            let origin = payment.origin.clone();
            let (authorisation, reply) = calls::begin(world, call, Target::Cancellation(id.clone()), &origin, &base)?;
            if let Some(payment) = world.state.payments.get_mut(&id) {
                remember(&mut payment.cancellations, authorisation);
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

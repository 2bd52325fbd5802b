//! The forms in which an order comes in and goes out: JSON, pain.001 as XML, and for standing orders both in one
//! multipart body (platform-facts 9.2 and 9.3).

use bytes::Bytes;
use futures_util::FutureExt as _;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{Call, pain};
use crate::model::accounts::Account;
use crate::model::entities::Payment;
use crate::server::problem::Problem;
use crate::services::media::{self, MULTIPART, XML};

/// The quote can stand in no XML that is written here, so neither can the boundary.
const BOUNDARY: &str = "opp'sandbox'part";
const MULTIPART_TYPE: &str = "multipart/form-data; boundary=\"opp'sandbox'part\"";
const STANDING: [&str; 5] = ["startDate", "endDate", "executionRule", "frequency", "dayOfExecution"];

/// Media type and text of an order that was no JSON.
type Raw = Option<(String, String)>;

/// The order in a request, in the one shape that everything else works with, and how it came.
pub(super) fn read(call: &Call<'_>, service: &str) -> Result<(Value, Raw), Problem> {
    let media = call.request.media_type().unwrap_or_default();
    if media == XML {
        if service == "periodic-payments" {
            let text = "XML has no room for a frequency; a standing order comes as multipart/form-data or JSON";
            return Err(Problem::format("Content-Type", text));
        }
        let text = utf8(&call.request.body)?;
        return Ok((order(service, &text)?, Some((media, text))));
    }
    if media == MULTIPART {
        if service != "periodic-payments" {
            return Err(Problem::format("Content-Type", "multipart/form-data is for standing orders only"));
        }
        let (xml, standing) = parts(call)?;
        let mut order = order(service, &xml)?;
        if let Some(order) = order.as_object_mut() {
            // The day of each execution follows from the standing order.
            order.shift_remove("requestedExecutionDate");
            order.extend(standing);
        }
        return Ok((order, Some((media, xml))));
    }
    Ok((call.body.clone().unwrap_or(Value::Null), None))
}

fn order(service: &str, text: &str) -> Result<Value, Problem> {
    let (mut shared, mut transfers) = pain::read(text)?;
    if service == "bulk-payments" {
        shared.insert("payments".to_owned(), transfers.into_iter().map(Value::Object).collect());
        return Ok(Value::Object(shared));
    }
    shared.shift_remove("batchBookingPreferred");
    match (transfers.pop(), transfers.is_empty()) {
        (Some(transfer), true) => {
            shared.extend(transfer);
            Ok(Value::Object(shared))
        }
        _ => Err(Problem::format("/", "several transfers in one message are a bulk payment")),
    }
}

fn utf8(bytes: &Bytes) -> Result<String, Problem> {
    let text = String::from_utf8(bytes.to_vec());
    text.map_err(|error| Problem::format("/", format!("the body is no UTF-8: {error}")))
}

/// The part that says when. It has passed no schema, and must not say anything that the transfer beside it says.
fn plan(bytes: &Bytes) -> Result<Map<String, Value>, Problem> {
    const NAME: &str = "/json_standingorderType";
    let plan: Map<String, Value> = serde_json::from_slice(bytes)
        .map_err(|error| Problem::format(NAME, format!("the part is no JSON object: {error}")))?;
    match plan.iter().find(|(name, value)| !STANDING.contains(&name.as_str()) || !value.is_string()) {
        Some((name, _)) => {
            let text = format!("{name}: this part holds {}, all of them texts", STANDING.join(", "));
            Err(Problem::format(format!("{NAME}/{name}"), text))
        }
        None => Ok(plan),
    }
}

/// The two parts of a standing order. The body is in memory, so nothing here ever waits.
fn parts(call: &Call<'_>) -> Result<(String, Map<String, Value>), Problem> {
    let wrong = |error: multer::Error| Problem::format("/", format!("the body is no multipart/form-data: {error}"));
    let boundary = multer::parse_boundary(call.request.header("content-type").unwrap_or_default()).map_err(wrong)?;
    let body = call.request.body.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut multipart = multer::Multipart::new(stream, boundary);
    let (mut xml, mut standing) = (None, None);
    let unfinished = || Problem::format("/", "the body ends inside a part");
    while let Some(field) = multipart.next_field().now_or_never().ok_or_else(unfinished)?.map_err(wrong)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().now_or_never().ok_or_else(unfinished)?.map_err(wrong)?;
        match name.as_str() {
            "xml_sct" => xml = Some(utf8(&bytes)?),
            "json_standingorderType" => standing = Some(plan(&bytes)?),
            other => return Err(Problem::format(format!("/{other}"), format!("there is no part \"{other}\""))),
        }
    }
    let missing = |name: &str| Problem::format(format!("/{name}"), format!("the part {name} is missing"));
    Ok((xml.ok_or_else(|| missing("xml_sct"))?, standing.ok_or_else(|| missing("json_standingorderType"))?))
}

/// The order as pain.001: as it came, or written anew.
pub(super) fn pain_001(payment: &Payment, debtor: Option<&Account>) -> Result<String, Problem> {
    match &payment.raw {
        Some((_, text)) => Ok(text.clone()),
        None => write(payment, debtor),
    }
}

/// A standing order in two parts, with the media type that names the boundary.
pub(super) fn multipart(payment: &Payment, debtor: Option<&Account>) -> Result<(&'static str, String), Problem> {
    let mut xml = pain_001(payment, debtor)?;
    if xml.contains(BOUNDARY) {
        xml = write(payment, debtor)?;
    }
    let standing: Map<String, Value> =
        STANDING.iter().filter_map(|name| Some(((*name).to_owned(), payment.order.get(name)?.clone()))).collect();
    let part = |name: &str, media: &str, text: &str| {
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: {media}\r\n\r\n{text}\r\n"
        )
    };
    let xml = part("xml_sct", "application/xml", &xml);
    let json = part("json_standingorderType", "application/json", &Value::Object(standing).to_string());
    Ok((MULTIPART_TYPE, format!("{xml}{json}--{BOUNDARY}--\r\n")))
}

fn write(payment: &Payment, debtor: Option<&Account>) -> Result<String, Problem> {
    let order = &payment.order;
    let transfers = super::transfers(order);
    let sum: Decimal = transfers.iter().filter_map(|one| super::amount_of(one)).map(|(amount, _)| amount).sum();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let shown: Vec<_> = transfers
        .iter()
        .map(|one| {
            let address: Vec<_> = super::ADDRESS
                .iter()
                .filter_map(|(element, field)| Some((*element, one["creditorAddress"][*field].as_str()?)))
                .collect();
            json!({
                "end_to_end": text(&one["endToEndIdentification"]),
                "currency": text(&one["instructedAmount"]["currency"]),
                "amount": text(&one["instructedAmount"]["amount"]),
                "agent": text(&one["creditorAgent"]),
                "name": text(&one["creditorName"]),
                "address": address,
                "account": account(&super::creditor(one)),
                "reference": text(&one["ocrRef"]),
                "text": text(&one["remittanceInformationUnstructured"]).or_else(|| text(&one["invoiceRef"])),
            })
        })
        .collect();
    let day = ["requestedExecutionDate", "startDate"].iter().find_map(|name| order[*name].as_str());
    let created = payment.created.format("%Y-%m-%dT%H:%M:%S").to_string();
    let values = json!({
        "id": message_id(payment),
        "created": created,
        "sum": sum.to_string(),
        "debtor_name": debtor.map_or("NOTPROVIDED", |account| account.owner.as_str()),
        "batch": order["batchBookingPreferred"].as_bool(),
        "execution": day.map_or_else(|| payment.created.date_naive().to_string(), str::to_owned),
        "debtor": account(&order["debtorAccount"]),
        "bic": payment.origin.bic,
        "transfers": shown,
    });
    media::xml("pain001.xml", &values)
}

/// An account reference as the template wants it.
fn account(reference: &Value) -> Value {
    let text = |key: &str| reference[key].as_str().map(str::to_owned);
    let other = [("bankgiroNumber", Some("BGNR")), ("plusgiroNumber", Some("PGNR")), ("bban", None)]
        .into_iter()
        .find_map(|(key, scheme)| Some((text(key)?, scheme)));
    let (number, scheme) = other.unzip();
    json!({ "iban": text("iban"), "number": number, "scheme": scheme.flatten(), "currency": text("currency") })
}

/// What pain.002 and pain.001 call a payment: 35 characters at most.
fn message_id(payment: &Payment) -> String {
    payment.id.chars().filter(|letter| *letter != '-').take(32).collect()
}

/// The status as pain.002, with a line for each element of a bulk order.
pub(super) fn pain_002(
    payment: &Payment,
    status: &str,
    created: chrono::DateTime<chrono::Utc>,
) -> Result<String, Problem> {
    let transfers: Vec<_> = super::transfers(&payment.order)
        .iter()
        .zip(&payment.elements)
        .map(|(transfer, status)| {
            let id = transfer["endToEndIdentification"].as_str().unwrap_or("NOTPROVIDED");
            json!({ "end_to_end": id, "status": status })
        })
        .collect();
    let original = match &payment.raw {
        Some((_, xml)) => original_id(xml).unwrap_or_else(|| message_id(payment)),
        None => message_id(payment),
    };
    let values = json!({
        "id": format!("STS{}", created.format("%Y%m%d%H%M%S")),
        "created": created.format("%Y-%m-%dT%H:%M:%S").to_string(),
        "original": original,
        "status": status,
        "reason": payment.reason,
        "transfers": transfers,
    });
    media::xml("pain002.xml", &values)
}

/// The `MsgId` of a message that came as XML.
fn original_id(xml: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let node = document.descendants().find(|node| node.tag_name().name() == "MsgId")?;
    Some(node.text()?.trim().to_owned())
}

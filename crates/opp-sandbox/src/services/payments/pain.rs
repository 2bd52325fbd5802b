//! pain.001 read into the order that JSON would have been (platform-facts 9.3). What is malformed is refused with the
//! line and the element.

use http::StatusCode;
use roxmltree::{Document, Node};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::model::numbers;
use crate::server::problem::Problem;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.";

/// The fields of an order, or some of them.
type Fields = Map<String, Value>;

/// Attributes of one element, and declarations of namespaces in a message. A parser compares each with those before it
/// while the whole sandbox waits.
const MOST_ATTRIBUTES: usize = 200;
const MOST_DECLARATIONS: usize = 2_000;

/// Reads a message; gives what all transfers share, and the transfers.
pub(super) fn read(text: &str) -> Result<(Fields, Vec<Fields>), Problem> {
    // A `<` is never part of an attribute, so a tag lies between two of them.
    if text.split('<').any(|tag| tag.matches('=').count() > MOST_ATTRIBUTES)
        || text.matches("xmlns").count() > MOST_DECLARATIONS
    {
        let text = format!("more than {MOST_ATTRIBUTES} attributes in a tag or {MOST_DECLARATIONS} namespaces in all");
        return Err(Problem::format("/", text));
    }
    let document =
        Document::parse(text).map_err(|error| Problem::format("/", format!("the body is no XML: {error}")))?;
    if let Some(cut) = document.descendants().find(is_cut) {
        return Err(wrong(cut, "a comment or an instruction stands inside a text"));
    }
    let root = document.root_element();
    let known = root.tag_name().namespace().is_some_and(|name| name.starts_with(NAMESPACE));
    if root.tag_name().name() != "Document" || !known {
        return Err(wrong(root, format!("the root has to be Document of a namespace {NAMESPACE}NN")));
    }
    let message = need(root, "CstmrCdtTrfInitn")?;
    let header = need(message, "GrpHdr")?;
    need_text(header, "MsgId", 35)?;
    let parts: Vec<_> = children(message, "PmtInf").collect();
    let [part] = parts.as_slice() else {
        return Err(wrong(message, format!("there has to be one PmtInf, there are {}", parts.len())));
    };
    let method = need(*part, "PmtMtd")?;
    if trimmed(method) != "TRF" {
        return Err(wrong(method, "PmtMtd has to be TRF"));
    }
    let mut shared = Map::new();
    shared.insert("debtorAccount".to_owned(), account(need(*part, "DbtrAcct")?)?);
    if let Some(day) = child(*part, "ReqdExctnDt") {
        let text = trimmed(child(day, "Dt").unwrap_or(day));
        shared.insert("requestedExecutionDate".to_owned(), json!(text));
    }
    if let Some(batch) = child(*part, "BtchBookg") {
        let batch = trimmed(batch).parse::<bool>().map_err(|_| wrong(batch, "BtchBookg is true or false"))?;
        shared.insert("batchBookingPreferred".to_owned(), json!(batch));
    }
    let transfers = children(*part, "CdtTrfTxInf").map(transfer).collect::<Result<Vec<_>, _>>()?;
    if transfers.is_empty() {
        return Err(wrong(*part, "there is no CdtTrfTxInf"));
    }
    check_totals(header, &transfers)?;
    Ok((shared, transfers))
}

/// Whether a text has parts, of which one reader would take the first and another all.
fn is_cut(node: &Node<'_, '_>) -> bool {
    let texts =
        node.children().filter(|part| part.text().is_some_and(|text| part.is_text() && !text.trim().is_empty()));
    texts.count() > 1
}

fn transfer(node: Node<'_, '_>) -> Result<Map<String, Value>, Problem> {
    let mut order = Map::new();
    let mut put = |name: &str, value: Value| order.insert(name.to_owned(), value);
    let reference = need_text(need(node, "PmtId")?, "EndToEndId", 35)?;
    if reference != "NOTPROVIDED" {
        put("endToEndIdentification", json!(reference));
    }
    let amount = need(need(node, "Amt")?, "InstdAmt")?;
    let currency = amount.attribute("Ccy").unwrap_or_default();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(wrong(amount, "InstdAmt needs a Ccy of three capital letters"));
    }
    let value = trimmed(amount);
    if numbers::amount(value).is_none() {
        return Err(wrong(amount, format!("InstdAmt \"{value}\" is no positive amount")));
    }
    put("instructedAmount", json!({ "currency": currency, "amount": value }));
    let creditor = need(node, "Cdtr")?;
    put("creditorName", json!(need_text(creditor, "Nm", 70)?));
    if let Some(address) = child(creditor, "PstlAdr") {
        put("creditorAddress", postal(address)?);
    }
    if let Some(agent) = child(node, "CdtrAgt").and_then(|agent| child(agent, "FinInstnId")) {
        if let Some(bic) = child(agent, "BIC").or_else(|| child(agent, "BICFI")) {
            put("creditorAgent", json!(trimmed(bic)));
        }
        if let Some(name) = child(agent, "Nm") {
            put("creditorAgentName", json!(trimmed(name)));
        }
    }
    let information = child(node, "RmtInf");
    let structured = information
        .and_then(|node| child(node, "Strd"))
        .and_then(|node| child(node, "CdtrRefInf"))
        .and_then(|node| child(node, "Ref"))
        .map(trimmed);
    let lines: Vec<_> = information.iter().flat_map(|node| children(*node, "Ustrd")).map(trimmed).collect();
    let text = lines.join(" ");
    if text.chars().count() > 140 {
        return Err(wrong(node, "Ustrd is longer than 140 characters"));
    }
    let to = account(need(node, "CdtrAcct")?)?;
    // A giro has a reference of its own kind and no account (platform-facts 9.3).
    if let Some((number, kind)) = giro(&to) {
        put("creditorGiro", json!({ "giroNumber": number, "giroType": kind }));
        if let Some(reference) = structured {
            put("ocrRef", json!(reference));
        } else if !text.is_empty() {
            put("invoiceRef", json!(text));
        }
        return Ok(order);
    }
    put("creditorAccount", to);
    if let Some(reference) = structured {
        put("remittanceInformationUnstructured", json!(reference));
    } else if !text.is_empty() {
        put("remittanceInformationUnstructured", json!(text));
    }
    Ok(order)
}

fn giro(account: &Value) -> Option<(&str, &'static str)> {
    [("bankgiroNumber", "BANKGIRO"), ("plusgiroNumber", "PLUSGIRO")]
        .into_iter()
        .find_map(|(key, kind)| Some((account[key].as_str()?, kind)))
}

/// An account as a reference of the API.
fn account(node: Node<'_, '_>) -> Result<Value, Problem> {
    let id = need(node, "Id")?;
    let mut reference = Map::new();
    if let Some(iban) = child(id, "IBAN") {
        reference.insert("iban".to_owned(), json!(trimmed(iban)));
    } else {
        let other = need(id, "Othr")?;
        let number = need_text(other, "Id", 34)?;
        let scheme = child(other, "SchmeNm").and_then(|node| child(node, "Prtry").or_else(|| child(node, "Cd")));
        let key = match scheme.map(trimmed) {
            Some("BGNR") => "bankgiroNumber",
            Some("PGNR") => "plusgiroNumber",
            _ => "bban",
        };
        reference.insert(key.to_owned(), json!(number));
    }
    if let Some(currency) = child(node, "Ccy") {
        reference.insert("currency".to_owned(), json!(trimmed(currency)));
    }
    Ok(Value::Object(reference))
}

fn postal(node: Node<'_, '_>) -> Result<Value, Problem> {
    let mut address = Map::new();
    for (element, field) in super::ADDRESS {
        if let Some(part) = child(node, element) {
            address.insert(field.to_owned(), json!(trimmed(part)));
        }
    }
    if address.contains_key("country") { Ok(Value::Object(address)) } else { Err(wrong(node, "PstlAdr needs a Ctry")) }
}

/// The header counts and sums up what follows; a message that lost a part on its way is found out.
fn check_totals(header: Node<'_, '_>, transfers: &[Map<String, Value>]) -> Result<(), Problem> {
    let count = need(header, "NbOfTxs")?;
    if trimmed(count).parse() != Ok(transfers.len()) {
        return Err(wrong(count, format!("NbOfTxs is {}, there are {} transfers", trimmed(count), transfers.len())));
    }
    if let Some(sum) = child(header, "CtrlSum") {
        let amounts = transfers.iter().filter_map(|order| order["instructedAmount"]["amount"].as_str()?.parse().ok());
        let total = amounts.fold(Decimal::ZERO, |total: Decimal, amount: Decimal| total.saturating_add(amount));
        if trimmed(sum).parse() != Ok(total) {
            return Err(wrong(sum, format!("CtrlSum is {}, the transfers make {total}", trimmed(sum))));
        }
    }
    Ok(())
}

fn children<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
    children(node, name).next()
}

fn need<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> Result<Node<'a, 'input>, Problem> {
    child(node, name).ok_or_else(|| wrong(node, format!("the element {name} is missing")))
}

fn need_text<'a>(node: Node<'a, '_>, name: &'static str, most: usize) -> Result<&'a str, Problem> {
    let node = need(node, name)?;
    let text = trimmed(node);
    match text.chars().count() {
        0 => Err(wrong(node, format!("{name} is empty"))),
        length if length > most => Err(wrong(node, format!("{name} is longer than {most} characters"))),
        _ => Ok(text),
    }
}

fn trimmed<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

/// A refusal that says where: the element's path, and its line.
fn wrong(node: Node<'_, '_>, text: impl std::fmt::Display) -> Problem {
    let mut path: Vec<&str> =
        node.ancestors().filter(Node::is_element).map(|element| element.tag_name().name()).collect();
    path.reverse();
    let at = node.document().text_pos_at(node.range().start);
    Problem::new(StatusCode::BAD_REQUEST, "FORMAT_ERROR", format!("line {}, column {}: {text}", at.row, at.col))
        .at(format!("/{}", path.join("/")))
}

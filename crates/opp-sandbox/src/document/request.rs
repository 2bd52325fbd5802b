//! A request held against its operation: path, query, headers, media types, body.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;

use super::schema::Violation;
use super::{Document, Operation, Parameter, Place, Shape};
use crate::server::problem::Problem;
use crate::server::wire::Request;

/// Finds the first thing that is wrong with a request; gives the JSON body, if there is one.
pub(crate) fn check_request(
    document: &Document,
    operation: &Operation,
    path: &BTreeMap<String, String>,
    request: &Request,
) -> Result<Option<Value>, Problem> {
    check_accept(operation, request)?;
    let query = request.query_pairs();
    check_unknown_query(operation, &query)?;
    for parameter in &operation.parameters {
        check_parameter(document, parameter, path, &query, request)?;
    }
    check_body(document, operation, path, request)
}

fn check_accept(operation: &Operation, request: &Request) -> Result<(), Problem> {
    let mut offered = operation.success_media().peekable();
    if offered.peek().is_none() || operation.success_media().any(|media| request.accepts(media)) {
        return Ok(());
    }
    let offered = offered.collect::<Vec<_>>().join(", ");
    let text = format!("Accept asks for none of the formats of {}: {offered}", operation.id);
    Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "REQUESTED_FORMATS_INVALID", text).at("Accept"))
}

/// The platform ignores what it does not know; a misspelt name is worth a word, though. Only a name that differs from
/// a known one by case is refused, since it would be lost without a trace otherwise.
fn check_unknown_query(operation: &Operation, query: &[(String, String)]) -> Result<(), Problem> {
    for (name, _) in query {
        let known = |parameter: &&Parameter| {
            parameter.place == Place::Query && parameter.name != *name && parameter.name.eq_ignore_ascii_case(name)
        };
        if let Some(parameter) = operation.parameters.iter().find(known) {
            let text = format!("query parameter \"{name}\" is spelt \"{}\"", parameter.name);
            return Err(Problem::format(name.clone(), text));
        }
    }
    Ok(())
}

fn check_parameter(
    document: &Document,
    parameter: &Parameter,
    path: &BTreeMap<String, String>,
    query: &[(String, String)],
    request: &Request,
) -> Result<(), Problem> {
    let name = &parameter.name;
    let (kind, texts) = match parameter.place {
        Place::Path => ("path parameter", path.get(name).cloned().into_iter().collect()),
        Place::Query => (
            "query parameter",
            query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect::<Vec<_>>(),
        ),
        Place::Header => ("header", header_texts(name, request)?),
    };
    if texts.is_empty() {
        if parameter.required {
            return Err(Problem::format(name.clone(), format!("{kind} {name} is missing")));
        }
        return Ok(());
    }
    if texts.len() > 1 && parameter.shape != Shape::List {
        return Err(Problem::format(name.clone(), format!("{kind} {name} is given {} times", texts.len())));
    }
    let value = parse(parameter.shape, &texts);
    match document.schemas.violations(&parameter.schema, &value).into_iter().next() {
        Some(violation) => Err(Problem::format(name.clone(), format!("{kind} {name}: {}", violation.text))),
        None => Ok(()),
    }
}

fn header_texts(name: &str, request: &Request) -> Result<Vec<String>, Problem> {
    request
        .headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = std::str::from_utf8(value.as_bytes())
                .map_err(|_| Problem::format(name, format!("header {name} is not UTF-8")))?;
            Ok(text.trim().to_owned())
        })
        .collect()
}

/// Text as the JSON value that the schema speaks of. What does not parse stays text, and the schema refuses it.
fn parse(shape: Shape, texts: &[String]) -> Value {
    let first = texts.first().map(String::as_str).unwrap_or_default();
    match shape {
        Shape::Text => Value::from(first),
        Shape::Boolean => first.parse::<bool>().map_or_else(|_| Value::from(first), Value::from),
        Shape::Number => first.parse::<i64>().map_or_else(|_| Value::from(first), Value::from),
        // One comma-joined value by description and example, repeated keys by the schema (platform-facts 5).
        Shape::List => texts.iter().flat_map(|text| text.split(',')).map(|item| Value::from(item.trim())).collect(),
    }
}

fn check_body(
    document: &Document,
    operation: &Operation,
    path: &BTreeMap<String, String>,
    request: &Request,
) -> Result<Option<Value>, Problem> {
    let Some(body) = &operation.body else {
        return Ok(None);
    };
    // `createConsent` does not mark its body as required, and yet nothing works without it.
    let required = body.required || operation.id == "createConsent";
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return if required { Err(Problem::format("/", "the body is missing")) } else { Ok(None) };
    }
    let media = request.media_type().unwrap_or_default();
    let Some(schema) = body.media.get(&media) else {
        let offered = body.media.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let text = format!("Content-Type is \"{media}\", {} takes {offered}", operation.id);
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "FORMAT_ERROR", text).at("Content-Type"));
    };
    if media != "application/json" {
        // XML and multipart are read by the payment service, which knows their shape.
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::format("/", format!("the body is no JSON: {error}")))?;
    if !required && value.as_object().is_some_and(serde_json::Map::is_empty) {
        // Some clients send `{}` for "no body" (platform-facts 15).
        return Ok(None);
    }
    let best = best_violations(document, schema, path, &value);
    match best.into_iter().next() {
        Some(violation) => {
            let at = if violation.pointer.is_empty() { "/" } else { &violation.pointer };
            Err(Problem::format(at, format!("body {at}: {}", violation.text)))
        }
        None => Ok(Some(value)),
    }
}

/// The document's alternatives overlap (a standing order is a payment, too), so the one that fits the path decides;
/// where the path does not tell, the one that the value breaks least.
fn best_violations(
    document: &Document,
    schema: &str,
    path: &BTreeMap<String, String>,
    value: &Value,
) -> Vec<Violation> {
    let alternatives = document.schemas.alternatives(schema);
    if alternatives.len() < 2 {
        return document.schemas.violations(schema, value);
    }
    // "No body" is spelt as an open alternative; a body that is there has to be one of the others.
    let closed: Vec<_> = alternatives.iter().filter(|alternative| !document.schemas.is_open(alternative)).collect();
    if closed.is_empty() {
        return Vec::new();
    }
    let wanted = wanted_alternative(path);
    let fitting: Vec<_> = closed.iter().filter(|name| is_wanted(name, wanted)).copied().collect();
    let candidates = if fitting.is_empty() { closed } else { fitting };
    candidates
        .into_iter()
        .map(|alternative| document.schemas.violations(alternative, value))
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

/// A word in the name of the schema that belongs to a payment's path.
fn wanted_alternative(path: &BTreeMap<String, String>) -> Option<&'static str> {
    let product = path.get("payment-product").map(String::as_str);
    match path.get("payment-service").map(String::as_str)? {
        "periodic-payments" => Some("periodic"),
        "bulk-payments" => Some("bulk"),
        _ if product == Some("swedish-giro") => Some("giro"),
        _ => Some("single"),
    }
}

fn is_wanted(pointer: &str, wanted: Option<&str>) -> bool {
    let Some(wanted) = wanted else { return true };
    let name = pointer.to_ascii_lowercase();
    let special = ["periodic", "bulk", "giro"].into_iter().find(|word| name.contains(word));
    special.unwrap_or("single") == wanted
}

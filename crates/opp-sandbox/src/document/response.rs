//! A reply held against its operation, for the strict mode.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;

use super::{Document, Operation, Response};
use crate::server::wire::{Body, Reply};

/// Finds the first thing in which a reply breaks the document, as a sentence that names the pointer.
pub(crate) fn check_reply(document: &Document, operation: &Operation, reply: &Reply) -> Result<(), String> {
    let Some(response) = declared(&operation.responses, reply.status) else {
        return Err(format!("{} does not declare the status {}", operation.id, reply.status.as_u16()));
    };
    for header in &response.headers {
        match reply.headers.get(&header.name).and_then(|value| value.to_str().ok()) {
            None if header.required => {
                return Err(format!("{} {}: header {} is missing", operation.id, reply.status.as_u16(), header.name));
            }
            None => {}
            Some(text) => {
                if let Some(violation) =
                    document.schemas.violations(&header.schema, &Value::from(text)).into_iter().next()
                {
                    return Err(format!("{}: header {}: {}", operation.id, header.name, violation.text));
                }
            }
        }
    }
    check_body(document, operation, response, reply)
}

fn declared(responses: &BTreeMap<String, Response>, status: StatusCode) -> Option<&Response> {
    let range = format!("{}XX", status.as_u16() / 100);
    responses.get(status.as_str()).or_else(|| responses.get(&range)).or_else(|| responses.get("default"))
}

fn check_body(document: &Document, operation: &Operation, response: &Response, reply: &Reply) -> Result<(), String> {
    let status = reply.status.as_u16();
    let (media, value) = match &reply.body {
        Body::Empty if response.media.is_empty() || reply.status.is_client_error() => return Ok(()),
        Body::Empty => return Err(format!("{} {status}: the body is missing", operation.id)),
        // Errors without a declared body may carry one all the same (platform-facts 10).
        _ if response.media.is_empty() && !reply.status.is_success() => return Ok(()),
        Body::Json(value) => ("application/json", value),
        Body::Text(media, _) => {
            return response
                .media
                .contains_key(media.split(';').next().unwrap_or_default())
                .then_some(())
                .ok_or_else(|| format!("{} {status}: the media type {media} is not declared", operation.id));
        }
    };
    let Some(schema) = response.media.get(media) else {
        return Err(format!("{} {status}: the media type {media} is not declared", operation.id));
    };
    let closest = document
        .schemas
        .alternatives(schema)
        .iter()
        .map(|alternative| document.schemas.violations(alternative, value))
        .min_by_key(Vec::len)
        .unwrap_or_default();
    match closest.into_iter().next() {
        Some(violation) => {
            Err(format!("{} {status}: {}: {}", operation.id, or_root(&violation.pointer), violation.text))
        }
        None => Ok(()),
    }
}

fn or_root(pointer: &str) -> &str {
    if pointer.is_empty() { "/" } else { pointer }
}

//! What caprices do around a call: to the state before it, and to the answer after it.

use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::HeaderValue;
use serde_json::{Map, Value, json};

use super::caprice::Caprice;
use super::rules::Rules;
use crate::model::entities::ConsentStatus;
use crate::model::world::World;
use crate::server::problem::Problem;
use crate::server::wire::{Body, Reply, Request};
use crate::services::consents;

const ELSEWHERE: &str = "https://api.elsewhere.example";
const UNNAMED: &str = "sandboxAddition";

/// Members whose values are enumerations that have grown over the years, each with a value that nobody has documented.
const GROWN: [(&str, &str); 10] = [
    ("consentStatus", "suspendedBySandbox"),
    ("scaStatus", "awaitingSandbox"),
    ("transactionStatus", "XSBX"),
    ("cashAccountType", "XSBX"),
    ("balanceType", "sandboxBalance"),
    ("usage", "SBOX"),
    ("authenticationType", "SANDBOX_OTP"),
    ("bankTransactionCode", "XSBX-XSBX-XSBX"),
    ("category", "SANDBOX"),
    ("code", "SANDBOX_CODE_OF_TOMORROW"),
];

/// What happens before the call is looked at: to its token and its consent, or instead of it.
pub(crate) fn before(
    world: &mut World,
    request: &Request,
    path: &[&str],
    caprices: &[Caprice],
    now: DateTime<Utc>,
) -> Option<Reply> {
    let mut instead = None;
    for caprice in caprices {
        match caprice {
            Caprice::TokenExpired | Caprice::TokenRevoked => {
                if let Some(token) = request.bearer().and_then(|value| world.state.tokens.get_mut(value)) {
                    match caprice {
                        Caprice::TokenExpired => token.expires = token.expires.min(now),
                        _ => token.revoked = true,
                    }
                }
            }
            Caprice::ConsentExpired => {
                if let Some(id) = consent_of(request, path) {
                    consents::end(world, id, ConsentStatus::Expired, now);
                }
            }
            // The call itself is then looked at like any other, so a wrong token or a page of a list fares as always.
            Caprice::FrequencyExhausted => {
                if let Some(consent) = consent_of(request, path).and_then(|id| world.state.consents.get_mut(id)) {
                    consent.exhausted_on = Some(now.date_naive());
                }
            }
            Caprice::RateLimit { retry_after } => {
                let reply = Problem::new(StatusCode::TOO_MANY_REQUESTS, "ACCESS_EXCEEDED", "too many calls").reply();
                instead = Some(match retry_after {
                    Some(seconds) => reply.with("retry-after", &seconds.to_string()),
                    None => reply,
                });
            }
            Caprice::HtmlError(status) => {
                let name = status.canonical_reason().unwrap_or("Error");
                let html = format!(
                    "<!DOCTYPE html>\n<html><head><title>{0} {name}</title></head>\n<body><center><h1>{0} {name}</h1>\
                     </center><hr><center>gateway</center></body></html>\n",
                    status.as_u16(),
                );
                instead = Some(Reply::page(*status, html));
            }
            _ => {}
        }
    }
    instead
}

/// The consent that a call is about or reads with.
fn consent_of<'a>(request: &'a Request, path: &[&'a str]) -> Option<&'a str> {
    request.header("consent-id").or(match path {
        ["psd2", "consent", _, "consents", id, ..] => Some(id),
        _ => None,
    })
}

/// What happens to the answer.
pub(crate) fn after(rules: &mut Rules, api: &str, path: &str, caprices: &[Caprice], reply: &mut Reply) {
    for caprice in caprices {
        if let Caprice::AbsoluteLinks | Caprice::ForeignLinks = caprice {
            move_location(reply, api, caprice);
        }
        let Body::Json(body) = &mut reply.body else {
            continue;
        };
        match caprice {
            Caprice::UnknownValues => each_object(body, &mut unknown_values),
            Caprice::UnknownFields => each_object(body, &mut unknown_field),
            Caprice::LateChallenge(times)
                if !body["challengeData"].is_null() && rules.hold_challenge(path.trim_end_matches('/'), *times) =>
            {
                body["challengeData"] = Value::Null;
            }
            Caprice::StringLinks => each_object(body, &mut string_links),
            Caprice::AbsoluteLinks => each_href(body, &mut |href| move_to(href, api, api)),
            Caprice::ForeignLinks => each_href(body, &mut |href| move_to(href, api, ELSEWHERE)),
            Caprice::BareLists => bare_list(body),
            Caprice::DuplicateTransactions => {
                for name in ["booked", "pending"] {
                    let list = body.pointer_mut(&format!("/transactions/{name}")).and_then(Value::as_array_mut);
                    if let Some(list) = list
                        && let Some(first) = list.first().cloned()
                    {
                        list.push(first);
                    }
                }
            }
            Caprice::MissingIds => each_object(body, &mut missing_ids),
            Caprice::Remark(text) if reply.status.is_success() && path.starts_with("/psd2/") => remark(body, text),
            _ => {}
        }
    }
}

fn each_object(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|member| each_object(member, change));
            change(members);
        }
        Value::Array(list) => list.iter_mut().for_each(|one| each_object(one, change)),
        _ => {}
    }
}

fn unknown_values(members: &mut Map<String, Value>) {
    for (name, value) in GROWN {
        if let Some(member) = members.get_mut(name).filter(|member| member.is_string()) {
            *member = json!(value);
        }
    }
}

/// Also inside `_links`, where it looks like one more link, and inside a link.
fn unknown_field(members: &mut Map<String, Value>) {
    members.insert(UNNAMED.to_owned(), json!({ "href": "/sandbox/addition", "list": [1, null, { "deep": true }] }));
}

fn string_links(members: &mut Map<String, Value>) {
    let Some(links) = members.get_mut("_links").and_then(Value::as_object_mut) else {
        return;
    };
    for link in links.values_mut() {
        if let Some(href) = link.get("href").cloned() {
            *link = href;
        }
    }
}

fn each_href(body: &mut Value, change: &mut impl FnMut(&str) -> Option<String>) {
    each_object(body, &mut |members| {
        if let Some(Value::String(href)) = members.get_mut("href")
            && let Some(moved) = change(href)
        {
            *href = moved;
        }
        // A caprice before this one may have made texts of the links.
        let links = members.get_mut("_links").and_then(Value::as_object_mut);
        for link in links.into_iter().flat_map(|links| links.values_mut()) {
            if let Value::String(href) = link
                && let Some(moved) = change(href)
            {
                *href = moved;
            }
        }
    });
}

/// A link of this API, relative or with the host, on another host; links to elsewhere stay what they are.
fn move_to(href: &str, api: &str, target: &str) -> Option<String> {
    let bare = api.split_once("://").map_or(api, |(_, host)| host);
    let path = [api, bare].iter().find_map(|host| href.strip_prefix(host)).unwrap_or(href);
    path.starts_with('/').then(|| format!("{target}{path}"))
}

fn move_location(reply: &mut Reply, api: &str, caprice: &Caprice) {
    let target = if *caprice == Caprice::ForeignLinks { ELSEWHERE } else { api };
    let moved = reply.headers.get("location").and_then(|value| move_to(value.to_str().ok()?, api, target));
    if let Some(value) = moved.and_then(|moved| HeaderValue::from_str(&moved).ok()) {
        reply.headers.insert("location", value);
    }
}

/// An object with one member that is a list becomes that list.
fn bare_list(body: &mut Value) {
    let Some(members) = body.as_object_mut().filter(|members| members.len() == 1) else {
        return;
    };
    if let Some(list) = members.values_mut().next().filter(|member| member.is_array()) {
        *body = list.take();
    }
}

fn missing_ids(members: &mut Map<String, Value>) {
    if members.contains_key("transactionAmount") {
        for name in ["transactionId", "entryReference", "endToEndId"] {
            members.shift_remove(name);
        }
    }
}

/// One more, beside those that are there: in words of the bank's own (platform-facts 10).
fn remark(body: &mut Value, text: &str) {
    if let Some(members) = body.as_object_mut()
        && let Some(list) = members.entry("tppMessages").or_insert_with(|| json!([])).as_array_mut()
    {
        list.push(json!({ "category": "WARNING", "code": "RAW", "text": text }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "http://127.0.0.1:1";

    fn altered(caprice: Caprice, body: Value) -> Value {
        let mut reply = Reply::ok(body);
        after(&mut Rules::default(), API, "/psd2/x", &[caprice], &mut reply);
        match reply.body {
            Body::Json(body) => body,
            _ => Value::Null,
        }
    }

    #[test]
    fn links_move_to_another_host_whatever_they_were() {
        let links = json!({ "_links": { "self": { "href": "/psd2/a" }, "bank": { "href": "https://bank.example/" } } });
        let moved = altered(Caprice::ForeignLinks, links.clone());
        assert_eq!(moved["_links"]["self"]["href"], "https://api.elsewhere.example/psd2/a");
        assert_eq!(moved["_links"]["bank"]["href"], "https://bank.example/");
        let absolute = altered(Caprice::AbsoluteLinks, links);
        assert_eq!(absolute["_links"]["self"]["href"], "http://127.0.0.1:1/psd2/a");
    }

    #[test]
    fn only_a_lone_list_becomes_bare() {
        assert_eq!(altered(Caprice::BareLists, json!({ "aspsps": [1] })), json!([1]));
        let two = json!({ "account": {}, "balances": [] });
        assert_eq!(altered(Caprice::BareLists, two.clone()), two);
    }
}

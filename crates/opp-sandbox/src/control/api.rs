//! The JSON API below `/_sandbox`, the same on both hosts; `data/control.json` documents it.

use chrono::TimeDelta;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::caprice::CATALOGUE;
use super::guide;
use super::handle::Dump;
use super::rules::Rule;
use super::scenarios::{self, Scenario};
use crate::model::world::World;
use crate::server::wire::{Body, Reply, Request};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClockOrder {
    advance_seconds: Option<u32>,
    stopped: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResetOrder {
    seed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioOrder {
    name: String,
    application: Option<String>,
    bank: Option<String>,
}

/// Answers a control request; `path` is what follows `/_sandbox`.
pub(crate) fn answer(world: &mut World, request: &Request, path: &[&str]) -> Reply {
    handle(world, request, path).unwrap_or_else(Refusal::into_reply)
}

fn handle(world: &mut World, request: &Request, path: &[&str]) -> Result<Reply, Refusal> {
    let allowed = methods(path).ok_or_else(|| refuse(StatusCode::NOT_FOUND, "there is no such control"))?;
    // What is answered next should be true now.
    world.catch_up();
    match (path, request.method.as_str()) {
        ([], "GET") => guide::page(&scenarios()?).map_err(|error| broken(&error)),
        (["openapi.json"], "GET") => Ok(guide::document()),
        (["info"], "GET") => Ok(info(world)),
        (["clock"], "GET") => Ok(clock(world)),
        (["clock"], "POST") => {
            let order: ClockOrder = read(request)?;
            match order.stopped {
                Some(true) => world.clock.stop(),
                Some(false) => world.clock.resume(),
                None => {}
            }
            world.clock.advance(TimeDelta::seconds(order.advance_seconds.unwrap_or_default().into()));
            world.catch_up();
            Ok(clock(world))
        }
        (["reset"], "POST") => {
            let order: ResetOrder = if request.body.is_empty() { ResetOrder::default() } else { read(request)? };
            let seed = order.seed.unwrap_or_else(|| world.state.ids.seed());
            world.reset(seed);
            Ok(info(world))
        }
        (["dump"], "GET") => {
            serde_json::to_value(Dump::of(world)).map(Reply::ok).map_err(|error| broken(&error.to_string()))
        }
        (["restore"], "POST") => {
            let dump: Dump = read(request)?;
            dump.into_world(world).map_err(|text| refuse(StatusCode::BAD_REQUEST, &text))?;
            Ok(info(world))
        }
        (["caprices"], "GET") => {
            let catalogue: Map<String, Value> =
                CATALOGUE.into_iter().map(|(form, meaning)| (form.to_owned(), json!(meaning))).collect();
            Ok(Reply::ok(json!({ "rules": world.rules.iter().collect::<Vec<_>>(), "catalogue": catalogue })))
        }
        (["caprices"], "POST") => {
            let rule: Rule = read(request)?;
            rule.check().map_err(|text| refuse(StatusCode::BAD_REQUEST, text))?;
            Ok(Reply::created(json!({ "id": world.rules.add(rule) })))
        }
        (["caprices"], "DELETE") => {
            world.rules.clear();
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        }
        (["caprices", id], "DELETE") => match id.parse() {
            Ok(id) if world.rules.remove(id) => Ok(Reply::empty(StatusCode::NO_CONTENT)),
            _ => Err(refuse(StatusCode::NOT_FOUND, "there is no such rule")),
        },
        (["scenarios"], "GET") => Ok(Reply::ok(json!({ "scenarios": scenarios()? }))),
        (["scenarios"], "POST") => {
            let order: ScenarioOrder = read(request)?;
            let scenarios = scenarios()?;
            let Some(scenario) = scenarios.iter().find(|scenario| scenario.name == order.name) else {
                return Err(refuse(StatusCode::NOT_FOUND, &format!("there is no scenario {}", order.name)));
            };
            let rules = scenario.rules_for(order.application.as_deref(), order.bank.as_deref());
            let ids: Vec<u64> = rules.into_iter().map(|rule| world.rules.add(rule)).collect();
            Ok(Reply::created(json!({ "ids": ids })))
        }
        (["requests"], "GET") => Ok(Reply::ok(json!({ "requests": world.journal.iter().collect::<Vec<_>>() }))),
        (["requests"], "DELETE") => {
            world.journal.clear();
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        }
        (["logo", file], "GET") => logo(world, file),
        _ => {
            let text = format!("{} is not possible here, but {allowed}", request.method);
            Err(Refusal { allow: Some(allowed), ..refuse(StatusCode::METHOD_NOT_ALLOWED, &text) })
        }
    }
}

/// The methods of a path, if there is such a path.
fn methods(path: &[&str]) -> Option<&'static str> {
    match path {
        [] | ["openapi.json" | "info" | "dump"] | ["logo", _] => Some("GET"),
        ["clock" | "scenarios"] => Some("GET, POST"),
        ["reset" | "restore"] => Some("POST"),
        ["caprices"] => Some("GET, POST, DELETE"),
        ["caprices", _] => Some("DELETE"),
        ["requests"] => Some("GET, DELETE"),
        _ => None,
    }
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    serde_json::from_slice(&request.body)
        .map_err(|error| refuse(StatusCode::BAD_REQUEST, &format!("the body cannot be used: {error}")))
}

fn scenarios() -> Result<Vec<Scenario>, Refusal> {
    scenarios::load().map_err(|error| broken(&error.to_string()))
}

fn info(world: &World) -> Reply {
    let state = &world.state;
    let applications: Vec<_> = state
        .applications
        .iter()
        .map(|one| json!({ "clientId": one.client_id, "clientSecret": one.client_secret }))
        .collect();
    Reply::ok(json!({
        "auth": world.addresses.auth,
        "api": world.addresses.api,
        "seed": state.ids.seed(),
        "applications": applications,
        "state": {
            "tokens": state.tokens.len(),
            "consents": state.consents.len(),
            "payments": state.payments.len(),
            "authorisations": state.authorisations.len(),
        },
    }))
}

fn clock(world: &World) -> Reply {
    Reply::ok(json!({ "now": world.clock.now(), "stopped": world.clock.is_stopped() }))
}

fn logo(world: &World, file: &str) -> Result<Reply, Refusal> {
    let Some(bank) = file.strip_suffix(".svg").and_then(|bic| world.bank(bic)) else {
        return Err(refuse(StatusCode::NOT_FOUND, "there is no such logo"));
    };
    let initials: String = bank.bic.chars().take(4).collect();
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 60\" role=\"img\"><title>{initials}</title>\
         <rect width=\"120\" height=\"60\" rx=\"8\" fill=\"#1f3a5f\"/><text x=\"60\" y=\"38\" fill=\"#fff\" \
         font-family=\"sans-serif\" font-size=\"22\" text-anchor=\"middle\">{initials}</text></svg>"
    );
    Ok(Reply { body: Body::Text("image/svg+xml", svg), ..Reply::empty(StatusCode::OK) })
}

/// Why a control does not do what was asked.
struct Refusal {
    status: StatusCode,
    text: String,
    allow: Option<&'static str>,
}

impl Refusal {
    fn into_reply(self) -> Reply {
        let reply = Reply::json(self.status, json!({ "error": self.text }));
        self.allow.into_iter().fold(reply, |reply, allowed| reply.with("allow", allowed))
    }
}

fn refuse(status: StatusCode, text: &str) -> Refusal {
    Refusal { status, text: text.to_owned(), allow: None }
}

fn broken(text: &str) -> Refusal {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, text)
}

//! The documentation of the control API: a document (`data/control.json`) and a page made of it.

use http::StatusCode;
use minijinja::{Environment, context};
use serde_json::Value;

use super::caprice::CATALOGUE;
use super::scenarios::Scenario;
use crate::server::wire::{Body, Reply};

const DOCUMENT: &str = include_str!("../../data/control.json");

pub(super) fn document() -> Reply {
    Reply { body: Body::Text("application/json", DOCUMENT.to_owned()), ..Reply::empty(StatusCode::OK) }
}

pub(super) fn page(scenarios: &[Scenario]) -> Result<Reply, String> {
    let document: Value = serde_json::from_str(DOCUMENT).map_err(|error| error.to_string())?;
    let paths = document["paths"].as_object().into_iter().flatten();
    let calls: Vec<_> = paths
        .flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |call| (path, call)))
        .map(|(path, (method, call))| {
            let example = &call["requestBody"]["content"]["application/json"]["example"];
            context! {
                method => method.to_uppercase(),
                path => path.trim_end_matches('/'),
                summary => call["summary"].as_str(),
                example => (!example.is_null()).then(|| example.to_string()),
            }
        })
        .collect();
    let mut environment = Environment::new();
    environment
        .add_template("control.html", include_str!("../../templates/control.html"))
        .and_then(|()| environment.get_template("control.html")?.render(context! {
            about => document["info"]["description"].as_str(),
            calls => calls,
            caprices => CATALOGUE,
            scenarios => scenarios.iter().map(|one| context! { name => one.name.clone(), about => one.about.clone() }).collect::<Vec<_>>(),
        }))
        .map(|html| Reply::page(StatusCode::OK, html))
        .map_err(|error| error.to_string())
}

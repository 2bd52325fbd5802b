//! The JSON API below `/_sandbox`, the same on both hosts.

use chrono::TimeDelta;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::model::world::World;
use crate::server::wire::{Body, Reply, Request};

/// Answers a control request; `path` is what follows `/_sandbox`.
pub(crate) fn answer(world: &mut World, request: &Request, path: &[&str]) -> Reply {
    match (path, &request.method) {
        (["clock"], &Method::GET) => clock(world),
        (["clock"], &Method::POST) => move_clock(world, request),
        (["requests"], &Method::GET) => Reply::ok(json!({ "requests": world.journal.iter().collect::<Vec<_>>() })),
        (["logo", file], &Method::GET) => logo(world, file),
        _ => refuse(StatusCode::NOT_FOUND, "there is no such control"),
    }
}

fn clock(world: &World) -> Reply {
    Reply::ok(json!({ "now": world.clock.now(), "stopped": world.clock.is_stopped() }))
}

fn move_clock(world: &mut World, request: &Request) -> Reply {
    let Ok(order) = serde_json::from_slice::<Value>(&request.body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is no JSON");
    };
    let Some(by) =
        order["advanceSeconds"].as_i64().and_then(TimeDelta::try_seconds).filter(|by| *by >= TimeDelta::zero())
    else {
        return refuse(StatusCode::BAD_REQUEST, "advanceSeconds has to be a number of seconds, not negative");
    };
    world.clock.advance(by);
    world.catch_up();
    clock(world)
}

fn logo(world: &World, file: &str) -> Reply {
    let Some(bank) = file.strip_suffix(".svg").and_then(|bic| world.bank(bic)) else {
        return refuse(StatusCode::NOT_FOUND, "there is no such logo");
    };
    let initials: String = bank.bic.chars().take(4).collect();
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 60\" role=\"img\"><title>{initials}</title>\
         <rect width=\"120\" height=\"60\" rx=\"8\" fill=\"#1f3a5f\"/><text x=\"60\" y=\"38\" fill=\"#fff\" \
         font-family=\"sans-serif\" font-size=\"22\" text-anchor=\"middle\">{initials}</text></svg>"
    );
    Reply { body: Body::Text("image/svg+xml", svg), ..Reply::empty(StatusCode::OK) }
}

fn refuse(status: StatusCode, text: &str) -> Reply {
    Reply::json(status, json!({ "error": text }))
}

//! The auth host: tokens and discovery. Its pages are in [`crate::pages`].

pub(crate) mod bearer;
pub(crate) mod scopes;
mod token;

use http::{Method, StatusCode};
use serde_json::json;

use crate::model::world::World;
use crate::pages;
use crate::server::wire::{Reply, Request};

/// Answers a request to the auth host, by its path.
pub(crate) fn answer(world: &mut World, request: &Request, path: &[&str]) -> Reply {
    match (path, &request.method) {
        (["connect", "token"], &Method::POST) => token::answer(world, request),
        (["connect", "authorize" | "redirect"], &Method::GET | &Method::POST) => {
            pages::redirect::answer(world, request)
        }
        ([".well-known", "openid-configuration"], &Method::GET) => discovery(world),
        (["connect", "token" | "authorize" | "redirect"] | [".well-known", "openid-configuration"], _) => {
            Reply::json(StatusCode::METHOD_NOT_ALLOWED, json!({ "error": "invalid_request" }))
        }
        _ => Reply::json(
            StatusCode::NOT_FOUND,
            json!({ "error": "invalid_request", "error_description": "this is the auth host; the API has another address" }),
        ),
    }
}

fn discovery(world: &World) -> Reply {
    let auth = &world.addresses.auth;
    Reply::ok(json!({
        "issuer": auth,
        "authorization_endpoint": format!("{auth}/connect/authorize"),
        "token_endpoint": format!("{auth}/connect/token"),
        "scopes_supported": scopes::API.iter().chain(&scopes::CONTEXTS).collect::<Vec<_>>(),
        "grant_types_supported": ["client_credentials", "authorization_code"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }))
}

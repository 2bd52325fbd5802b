//! The way of a call through the API host: route, token, document, service, and in strict mode the document again.

use http::StatusCode;

use super::Shared;
use super::problem::Problem;
use super::wire::{Reply, Request};
use crate::auth::bearer;
use crate::document::{Operation, Route, check_reply, check_request};
use crate::services::{Call, dispatch};

/// Answers a call. The reply carries `X-Request-ID`, whatever happens.
pub(super) fn answer(shared: &Shared, request: &Request, path: &[String], request_id: &str) -> Reply {
    let (operation, variables) = match shared.document.route(&request.method, path) {
        Route::Found(operation, variables) => (operation, variables),
        Route::WrongMethod(methods) => {
            let allowed = methods.join(", ");
            let text = format!("{} is not possible here, but {allowed}", request.method);
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "SERVICE_INVALID", text);
            return problem.reply().with("x-request-id", request_id).with("allow", &allowed);
        }
        Route::Unknown => {
            let text = format!("the API has no path {}", request.path);
            return Problem::unknown(text).reply().with("x-request-id", request_id);
        }
    };
    let (reply, strict) = match call(shared, request, operation, &variables) {
        Ok((reply, strict)) => (reply, strict),
        Err(problem) => (problem.reply(), shared.world().settings.strict),
    };
    let reply = reply.with("x-request-id", request_id);
    if strict && let Err(text) = check_reply(&shared.document, operation, &reply) {
        tracing::error!(operation = operation.id, text, "the sandbox itself broke the document");
        return Problem::internal(text).reply().with("x-request-id", request_id);
    }
    reply
}

fn call(
    shared: &Shared,
    request: &Request,
    operation: &Operation,
    path: &std::collections::BTreeMap<String, String>,
) -> Result<(Reply, bool), Problem> {
    let token = {
        let mut world = shared.world();
        let now = world.catch_up();
        bearer::check(&world, request, operation.service, now)?
    };
    let body = check_request(&shared.document, operation, path, request)?;
    let mut world = shared.world();
    let now = world.catch_up();
    let call = Call { operation, request, path, body, token, now };
    let reply = dispatch(&mut world, &call)?;
    Ok((reply, world.settings.strict))
}

//! The token of an API call: known, alive, and good for the service (platform-facts 2 and 10).

use chrono::{DateTime, Utc};

use super::scopes;
use crate::document::Service;
use crate::model::entities::Token;
use crate::model::world::World;
use crate::server::problem::Problem;
use crate::server::wire::Request;

pub(crate) fn check(world: &World, request: &Request, service: Service, now: DateTime<Utc>) -> Result<Token, Problem> {
    let Some(value) = request.bearer() else {
        let text = "header Authorization with a bearer token is missing";
        return Err(Problem::unauthorised("TOKEN_UNKNOWN", text).at("Authorization"));
    };
    let Some(token) = world.state.tokens.get(value) else {
        return Err(
            Problem::unauthorised("TOKEN_UNKNOWN", "this platform has not issued the token").at("Authorization")
        );
    };
    if token.revoked {
        return Err(Problem::unauthorised("TOKEN_INVALID", "the token has been revoked").at("Authorization"));
    }
    if token.expires <= now {
        let text = format!("the token expired at {}", token.expires.format("%Y-%m-%dT%H:%M:%SZ"));
        return Err(Problem::unauthorised("TOKEN_EXPIRED", text).at("Authorization"));
    }
    let opening = scopes::opening(service);
    if !token.scopes.iter().any(|scope| opening.contains(&scope.as_str())) {
        let text =
            format!("the token's scope is \"{}\", this service needs {}", token.scopes.join(" "), opening.join(" or "));
        return Err(Problem::forbidden("SERVICE_BLOCKED", text));
    }
    Ok(token.clone())
}

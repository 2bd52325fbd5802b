//! `/connect/token`: both grants, with the errors of RFC 6749 (platform-facts 2 and 8.3).

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::json;

use super::scopes;
use crate::model::entities::{Context, Token};
use crate::model::world::World;
use crate::sca::{self, Target};
use crate::server::wire::{Reply, Request};

/// An hour, as the guides say; clients are to honour `expires_in` all the same.
const LIFE: TimeDelta = TimeDelta::seconds(3600);

/// An error code of RFC 6749 and a sentence for the developer.
type Refusal = (&'static str, String);

pub(super) fn answer(world: &mut World, request: &Request) -> Reply {
    let reply = match grant(world, request) {
        Ok((access_token, scopes)) => Reply::ok(json!({
            "access_token": access_token,
            "expires_in": LIFE.num_seconds(),
            "token_type": "Bearer",
            "scope": scopes.join(" "),
        })),
        Err((error, description)) => {
            let body = json!({ "error": error, "error_description": description });
            Reply::json(StatusCode::BAD_REQUEST, body)
        }
    };
    reply.with("cache-control", "no-store").with("pragma", "no-cache")
}

fn grant(world: &mut World, request: &Request) -> Result<(String, Vec<String>), Refusal> {
    let now = world.catch_up();
    if request.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
        return Err(("invalid_request", "send a form: application/x-www-form-urlencoded".to_owned()));
    }
    let form = Form(request.form_pairs());
    let client = client(world, request, &form)?;
    match form.needed("grant_type")? {
        "client_credentials" => {
            let (scopes, context) = scopes::parse(form.needed("scope")?).map_err(|text| ("invalid_scope", text))?;
            Ok(issue(world, client, scopes, context, now))
        }
        "authorization_code" => exchange(world, request, &form, client, now),
        other => Err(("unsupported_grant_type", format!("there is no grant {other}"))),
    }
}

fn client(world: &World, request: &Request, form: &Form) -> Result<String, Refusal> {
    if request.header("authorization").is_some() {
        let text = "send client_id and client_secret in the form, not in the header Authorization";
        return Err(("invalid_client", text.to_owned()));
    }
    let id = form.needed("client_id")?;
    let secret = form.needed("client_secret")?;
    match world.state.application(id) {
        Some(application) if same(&application.client_secret, secret) => Ok(id.to_owned()),
        Some(_) if secret.contains(' ') => {
            Err(("invalid_client", "wrong client_secret; a + that is not encoded arrives as a space".to_owned()))
        }
        _ => Err(("invalid_client", "unknown client_id or wrong client_secret".to_owned())),
    }
}

/// Compares secrets without telling by its speed where they part.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn exchange(
    world: &mut World,
    request: &Request,
    form: &Form,
    client: String,
    now: DateTime<Utc>,
) -> Result<(String, Vec<String>), Refusal> {
    let code = form.needed("code")?;
    let redirect_uri = form.needed("redirect_uri")?;
    let known = world.state.codes.get(code).cloned().filter(|known| known.client_id == client);
    let Some(known) = known else {
        return Err(("invalid_grant", "the code is unknown or was used before".to_owned()));
    };
    if known.expires <= now {
        return Err(("invalid_grant", "the code has expired".to_owned()));
    }
    if known.redirect_uri != redirect_uri {
        return Err(("invalid_grant", "redirect_uri is not the one that the code was issued for".to_owned()));
    }
    let Some(authorisation) = world.state.authorisations.get(&known.authorisation) else {
        return Err(("invalid_grant", "the authorisation of this code is gone".to_owned()));
    };
    check_linking_headers(request, &authorisation.target, &authorisation.id)?;
    let context = authorisation.origin.holder.context;
    // The scope may be left out, or name a part of what was granted (platform-facts 8.3).
    if let Some(text) = form.get("scope").filter(|text| !text.is_empty())
        && text.split_ascii_whitespace().any(|wanted| !known.scopes.iter().any(|scope| scope == wanted))
    {
        return Err(("invalid_scope", format!("the code was issued for \"{}\"", known.scopes.join(" "))));
    }
    world.state.codes.remove(code);
    if !sca::exchanged(world, &known.authorisation, now) {
        return Err(("invalid_grant", "the customer has not approved".to_owned()));
    }
    Ok(issue(world, client, known.scopes, context, now))
}

/// The headers that tie the exchange to its consent or payment (platform-facts 8.3).
fn check_linking_headers(request: &Request, target: &Target, authorisation: &str) -> Result<(), Refusal> {
    let (names, resource) = match target {
        Target::Consent(id) => (["X-ConsentId", "X-ConsentAuthorisationId"], id),
        Target::Payment(id) | Target::Cancellation(id) => (["X-PaymentId", "X-PaymentAuthorisationId"], id),
    };
    for (name, expected) in names.into_iter().zip([resource.as_str(), authorisation]) {
        match request.header(name) {
            Some(value) if value == expected => {}
            Some(_) => {
                return Err(("invalid_grant", format!("header {name} names another resource than the code")));
            }
            None => return Err(("invalid_request", format!("header {name} is missing"))),
        }
    }
    Ok(())
}

fn issue(
    world: &mut World,
    client_id: String,
    scopes: Vec<String>,
    context: Context,
    now: DateTime<Utc>,
) -> (String, Vec<String>) {
    let value = world.state.ids.token();
    let token = Token { client_id, scopes: scopes.clone(), context, expires: now + LIFE, revoked: false };
    world.state.tokens.insert(value.clone(), token);
    (value, scopes)
}

/// The fields of the form.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    fn needed(&self, name: &str) -> Result<&str, Refusal> {
        if self.0.iter().filter(|(key, _)| key == name).count() > 1 {
            return Err(("invalid_request", format!("{name} is given more than once")));
        }
        let value = self.get(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| ("invalid_request", format!("{name} is missing")))
    }
}

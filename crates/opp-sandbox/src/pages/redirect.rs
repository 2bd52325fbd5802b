//! The bank's page of a redirect: `/connect/authorize` for the OAuth kind, `/connect/redirect` for the plain one
//! (platform-facts 8.3).

use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, StatusCode};
use minijinja::context;

use super::{error, render};
use crate::auth::scopes;
use crate::model::banks::Login;
use crate::model::entities::{Application, Code};
use crate::model::world::World;
use crate::sca::{self, Authorisation, Stage, Target};
use crate::server::wire::{Reply, Request};

/// How long a code can be exchanged.
const CODE_LIFE: TimeDelta = TimeDelta::minutes(5);

/// What the address asks for, once it has been found sound.
struct Visit {
    authorisation: String,
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    /// The scopes to grant; none for the plain redirect, which has no code.
    scopes: Option<Vec<String>>,
}

pub(crate) fn answer(world: &mut World, request: &Request) -> Reply {
    let now = world.catch_up();
    let visit = match visit(world, request) {
        Ok(visit) => visit,
        Err(text) => return error(&text),
    };
    if request.method == Method::GET {
        return ask(world, &visit);
    }
    let decision = request.form_pairs().into_iter().find_map(|(key, value)| (key == "decision").then_some(value));
    match decision.as_deref() {
        Some("approve") => approve(world, &visit, now),
        Some("deny") => {
            sca::deny_at_bank(world, &visit.authorisation, now);
            back(&visit, &[("error", "access_denied"), ("error_description", "The customer declined")])
        }
        _ => error("The form holds no decision."),
    }
}

fn ask(world: &World, visit: &Visit) -> Reply {
    let authorisation = world.state.authorisations.get(&visit.authorisation);
    let Some(authorisation) = authorisation else {
        return error("This authorisation is gone.");
    };
    let Some(bank) = world.bank(&authorisation.origin.bic) else {
        return error("This bank is gone.");
    };
    let what = match &authorisation.target {
        Target::Consent(_) => "read your accounts",
        Target::Payment(_) => "make a payment from your account",
        Target::Cancellation(_) => "cancel a payment",
    };
    render(
        StatusCode::OK,
        "approve.html",
        context! {
            bank => bank.name.trim(), password => bank.login == Login::Password, client => visit.client_id.clone(), what => what, person => authorisation.signer.clone(),
        },
    )
}

fn approve(world: &mut World, visit: &Visit, now: DateTime<Utc>) -> Reply {
    let exchange_follows = visit.scopes.is_some();
    if !sca::approve_at_bank(world, &visit.authorisation, exchange_follows, now) {
        return back(visit, &[("error", "access_denied"), ("error_description", "The session has expired")]);
    }
    let Some(scopes) = &visit.scopes else {
        return back(visit, &[]);
    };
    let code = world.state.ids.token();
    world.state.codes.insert(
        code.clone(),
        Code {
            client_id: visit.client_id.clone(),
            redirect_uri: visit.redirect_uri.clone(),
            scopes: scopes.clone(),
            authorisation: visit.authorisation.clone(),
            expires: now + CODE_LIFE,
        },
    );
    back(visit, &[("code", &code), ("scope", &scopes.join(" "))])
}

/// Sends the person back to the application.
fn back(visit: &Visit, pairs: &[(&str, &str)]) -> Reply {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    if let Some(state) = &visit.state {
        query.append_pair("state", state);
    }
    let joint = if visit.redirect_uri.contains('?') { '&' } else { '?' };
    Reply::see_other(&format!("{}{joint}{}", visit.redirect_uri, query.finish()))
}

/// Reads the address. Nobody is sent to a redirect address before it was found on the application's list.
fn visit(world: &World, request: &Request) -> Result<Visit, String> {
    let pairs = request.query_pairs();
    let get = |name: &str| pairs.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()));
    if let Some((key, value)) = pairs.iter().find(|(_, value)| value.starts_with('[') && value.ends_with(']')) {
        return Err(format!("The placeholder {value} of {key} was not replaced."));
    }
    let redirect_uri = get("redirect_uri").ok_or("redirect_uri is missing.")?;
    let plain = request.path.trim_end_matches('/').ends_with("/redirect");
    let acr = get("acr_values").unwrap_or_default();
    let named = |name: &str| acr.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix(':'));
    let id = if plain {
        get("authorisationId")
    } else {
        named("consentAuthorisationId").or(named("paymentAuthorisationId"))
    };
    let authorisation = id.and_then(|id| world.state.authorisations.get(id));
    let authorisation = authorisation.ok_or("The address names no authorisation that this bank knows.")?;
    let client_id =
        if plain { &authorisation.origin.client_id } else { get("client_id").ok_or("client_id is missing.")? };
    let application = world.state.application(client_id).filter(|_| authorisation.origin.client_id == *client_id);
    let application = application.ok_or("This application did not ask for the authorisation.")?;
    if !allows(application, redirect_uri) {
        return Err(format!("{redirect_uri} is not a redirect address of this application."));
    }
    check_open(authorisation)?;
    let scopes = if plain {
        None
    } else {
        if get("response_type") != Some("code") {
            return Err("response_type has to be code.".to_owned());
        }
        if named("idp").is_some_and(|bic| world.bank(bic).is_none_or(|bank| bank.bic != authorisation.origin.bic)) {
            return Err("acr_values names another bank than the authorisation.".to_owned());
        }
        let (scopes, context) = scopes::parse(get("scope").unwrap_or_default())?;
        if context != authorisation.origin.holder.context {
            return Err("scope names another customer context than the authorisation.".to_owned());
        }
        Some(scopes)
    };
    Ok(Visit {
        authorisation: authorisation.id.clone(),
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: get("state").map(str::to_owned),
        scopes,
    })
}

fn check_open(authorisation: &Authorisation) -> Result<(), String> {
    match &authorisation.stage {
        Stage::AtBank { approved: false, .. } => Ok(()),
        Stage::Failed { text, .. } => Err(format!("This authorisation has failed: {text}.")),
        Stage::AtBank { approved: true, .. } | Stage::Finalised => Err("This was approved before.".to_owned()),
        _ => Err("This authorisation does not lead through the bank's page.".to_owned()),
    }
}

/// Whether an application may send people to this address.
fn allows(application: &Application, redirect_uri: &str) -> bool {
    let listed = application.redirect_uris.iter().any(|known| known == redirect_uri);
    let rest = redirect_uri.strip_prefix("http://").or_else(|| redirect_uri.strip_prefix("https://"));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    listed || (application.any_local_redirect && matches!(host, "localhost" | "127.0.0.1" | "[::1]"))
}

//! The four calls of every authorisation: start, list, read the status, choose a method.

use http::StatusCode;
use serde_json::{Value, json};

use super::machine::{select, start, step};
use super::{Authorisation, Progress, Stage, Target, bankid};
use crate::model::banks::{Approach, Bank, RedirectKind};
use crate::model::entities::{Context, Origin};
use crate::model::world::World;
use crate::server::problem::Problem;
use crate::server::wire::Reply;
use crate::services::{Call, internal_bank, nok_redirect_uri, redirect_preferred};

/// POST: begins an authorisation of a target whose authorisations live at `base`.
pub(crate) fn begin(
    world: &mut World,
    call: &Call<'_>,
    target: Target,
    origin: &Origin,
    base: &str,
) -> Result<(String, Reply), Problem> {
    let nok = nok_redirect_uri(world, call)?;
    let signer = ["psu-authoriser-id", "psu-id"]
        .into_iter()
        .find_map(|name| call.request.filled_header(name))
        .unwrap_or_else(|| origin.holder.psu.clone());
    let mut origin = origin.clone();
    origin.redirect_preferred = redirect_preferred(call.request).or(origin.redirect_preferred);
    origin.nok_redirect_uri = nok.or(origin.nok_redirect_uri);
    let id = start(world, target, origin, signer, call.now);
    let path = format!("{base}/{id}");
    let mut body = json!({ "scaStatus": "received", "authorisationId": id });
    let mut approach = Approach::Redirect;
    if let Some(authorisation) = world.state.authorisations.get(&id) {
        approach = authorisation.approach;
        if let Some(bank) = world.bank(&authorisation.origin.bic) {
            body["scaMethods"] = methods(bank);
        }
    }
    body["_links"] = json!({
        "selectAuthenticationMethod": { "href": path },
        "scaStatus": { "href": path },
    });
    let reply = Reply::created(body)
        // The guide takes the next address from here, though the document declares no such header (facts 8.1).
        .with("location", &format!("{}{path}", world.addresses.api))
        .with("aspsp-sca-approach", approach.header());
    Ok((id, reply))
}

/// GET on the collection. The cancellations' list has a key of its own.
pub(crate) fn list(key: &str, ids: &[String]) -> Reply {
    Reply::ok(json!({ key: ids }))
}

/// GET on one authorisation; the challenge comes along while there is one (platform-facts 8.2).
pub(crate) fn status(world: &World, call: &Call<'_>, target: &Target, id: &str) -> Result<Reply, Problem> {
    let authorisation = find(world, target, id)?;
    Ok(Reply::ok(describe(world, call, authorisation, None)))
}

/// PUT: chooses a method.
pub(crate) fn update(
    world: &mut World,
    call: &Call<'_>,
    target: &Target,
    id: &str,
    base: &str,
) -> Result<Reply, Problem> {
    let authorisation = find(world, target, id)?;
    let bank = internal_bank(world, &authorisation.origin.bic)?;
    let body = call.body.as_ref().unwrap_or(&Value::Null);
    let Some(method) = body["authenticationMethodId"].as_str() else {
        let text = "name a method in authenticationMethodId; no bank here takes passwords or one-time codes";
        return Err(Problem::format("/authenticationMethodId", text));
    };
    if !bank.methods.iter().any(|known| known == method) {
        let text = format!("{} knows these methods: {}", bank.bic, bank.methods.join(", "));
        return Err(Problem::bad_request("SCA_METHOD_UNKNOWN", text).at("/authenticationMethodId"));
    }
    let preferred = redirect_preferred(call.request).or(authorisation.origin.redirect_preferred);
    let approach = bank.approach(preferred);
    select(world, id, method, approach, call.now)?;
    let authorisation = find(world, target, id)?;
    let reply = Reply::json(StatusCode::OK, describe(world, call, authorisation, Some(base)));
    Ok(reply.with("aspsp-sca-approach", approach.header()))
}

fn find<'a>(world: &'a World, target: &Target, id: &str) -> Result<&'a Authorisation, Problem> {
    let known = world.state.authorisations.get(id).filter(|known| known.target == *target);
    known.ok_or_else(|| Problem::unknown("there is no such authorisation of this resource"))
}

pub(crate) fn methods(bank: &Bank) -> Value {
    bank.methods.iter().map(|method| describe_method(method)).collect()
}

fn describe_method(method: &str) -> Value {
    json!({
        "authenticationType": bankid::authentication_type(method),
        "authenticationMethodId": method,
        "name": bankid::method_name(method),
    })
}

/// An authorisation as the API shows it; with a base path, also the links that follow the choice of a method.
fn describe(world: &World, call: &Call<'_>, authorisation: &Authorisation, base: Option<&str>) -> Value {
    let mut body = json!({ "scaStatus": sca_status(world, authorisation) });
    if let (Some(method), Some(_)) = (&authorisation.method, base) {
        body["chosenScaMethod"] = describe_method(method);
    }
    match &authorisation.stage {
        Stage::Step { index, round, .. } => {
            if let Some(message) = step(world, authorisation, *index).and_then(|step| step.message.as_ref()) {
                body["psuMessage"] = json!(message);
            }
            let round = round.as_ref().and_then(|round| world.state.rounds.get(round));
            if let Some(round) = round.filter(|round| round.has_token) {
                body["challengeData"] = challenge(round, authorisation.method.as_deref(), call.now);
            }
        }
        Stage::Failed { code, text } => {
            body["psuMessage"] = json!(text);
            body["tppMessages"] = json!([{ "category": "ERROR", "code": code, "text": text }]);
        }
        _ => {}
    }
    if let Some(base) = base {
        let mut links = json!({ "scaStatus": { "href": format!("{base}/{}", authorisation.id) } });
        if let (Stage::AtBank { .. }, Some(bank)) = (&authorisation.stage, world.bank(&authorisation.origin.bic)) {
            let (name, link) = match bank.redirect {
                RedirectKind::Oauth => ("scaOAuth", oauth_link(world, authorisation)),
                RedirectKind::Plain => ("scaRedirect", plain_link(world, authorisation)),
            };
            links[name] = json!({ "href": link });
        }
        body["_links"] = links;
    }
    body
}

pub(super) fn sca_status(world: &World, authorisation: &Authorisation) -> String {
    match &authorisation.stage {
        Stage::Received => "received".to_owned(),
        Stage::Step { index, .. } => {
            step(world, authorisation, *index).map_or_else(|| "started".to_owned(), |step| step.status.clone())
        }
        Stage::AtBank { progress, .. } => match progress {
            Progress::Asked => "started".to_owned(),
            Progress::SignedIn => "psuIdentified".to_owned(),
            Progress::Approved => "psuAuthenticated".to_owned(),
        },
        Stage::Finalised => "finalised".to_owned(),
        Stage::Exempted => "exempted".to_owned(),
        Stage::Failed { .. } => "failed".to_owned(),
    }
}

fn challenge(round: &bankid::Round, method: Option<&str>, now: chrono::DateTime<chrono::Utc>) -> Value {
    match method {
        Some("mbid_animated_qr_token") => json!({ "data": [round.animated(now)] }),
        Some("mbid_animated_qr_image") => {
            let animated = round.animated(now);
            json!({ "data": [animated], "image": bankid::image(&animated) })
        }
        _ => json!({ "data": [round.auto_start_token] }),
    }
}

/// The address with the platform's placeholders in it, brackets and all (platform-facts 8.3).
fn oauth_link(world: &World, authorisation: &Authorisation) -> String {
    let context = match authorisation.origin.holder.context {
        Context::Private => "private",
        Context::Corporate => "corporate",
    };
    let (api, resource, kind) = match &authorisation.target {
        Target::Consent(id) => ("accountinformation", id, "consent"),
        Target::Payment(id) | Target::Cancellation(id) => ("paymentinitiation", id, "payment"),
    };
    format!(
        "{auth}/connect/authorize?client_id=[CLIENT_ID]&scope={api}%20{context}&response_type=code\
         &redirect_uri=[TPP_REDIRECT_URI]&state=[TPP_STATE]\
         &acr_values=idp:{bic}%20{kind}Id:{resource}%20{kind}AuthorisationId:{id}",
        auth = world.addresses.auth,
        bic = authorisation.origin.bic,
        id = authorisation.id,
    )
}

fn plain_link(world: &World, authorisation: &Authorisation) -> String {
    format!(
        "{}/connect/redirect?authorisationId={}&redirect_uri=[TPP_REDIRECT_URI]&state=[TPP_STATE]",
        world.addresses.auth, authorisation.id
    )
}

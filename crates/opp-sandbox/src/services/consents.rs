//! The consent service: create, read, status, delete, and the consent's own life (platform-facts 6).

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, caller_bank, check_origin, origin};
use crate::model::agenda::Due;
use crate::model::clock::day;
use crate::model::entities::{Consent, ConsentStatus};
use crate::model::world::World;
use crate::sca::{Target, calls};
use crate::server::problem::Problem;
use crate::server::wire::Reply;

const BASE: &str = "/psd2/consent/v1/consents";

/// Accounts that a consent can name; nobody has so many, and they are compared with each other.
const MOST_ACCOUNTS: usize = 1_000;

pub(crate) fn create(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let origin = origin(world, call)?;
    let bank = caller_bank(world, call)?;
    let body = call.body.as_ref().unwrap_or(&Value::Null);
    let today = call.now.date_naive();
    let wanted = date(&body["validUntil"]).ok_or_else(|| Problem::format("/validUntil", "validUntil is no date"))?;
    if wanted < today {
        let text = format!("validUntil {wanted} lies in the past; today is {today}");
        return Err(Problem::bad_request("PERIOD_INVALID", text).at("/validUntil"));
    }
    check_access(&body["access"])?;
    if body["recurringIndicator"] == false && body["frequencyPerDay"] != 1 {
        let text = "frequencyPerDay is 1 for a consent that is used once";
        return Err(Problem::bad_request("PARAMETER_NOT_CONSISTENT", text).at("/frequencyPerDay"));
    }
    let longest = today.checked_add_days(Days::new(bank.consent_days.unsigned_abs())).unwrap_or(wanted);
    let approach = bank.approach(origin.redirect_preferred);
    let consent = Consent {
        id: world.state.ids.uuid(),
        origin,
        affiliated: call.request.filled_header("x-affiliatedaspsp-id"),
        access: body["access"].clone(),
        recurring: body["recurringIndicator"].as_bool().unwrap_or_default(),
        valid_until: wanted.min(longest),
        frequency_per_day: body["frequencyPerDay"].as_u64().and_then(|times| times.try_into().ok()).unwrap_or(u32::MAX),
        status: ConsentStatus::Received,
        last_action: today,
        authorisations: Vec::new(),
        signers: Vec::new(),
        used: BTreeMap::new(),
        used_on: today,
        exhausted_on: None,
        authorised: None,
        read: BTreeMap::new(),
    };
    let (id, path) = (consent.id.clone(), format!("{BASE}/{}", consent.id));
    if let Some(end) = end_of(consent.valid_until) {
        world.state.agenda.add(end, Due::Consent(id.clone()));
    }
    world.state.consents.insert(id.clone(), consent);
    let reply = Reply::created(json!({
        "consentStatus": "received",
        "consentId": id,
        "_links": {
            "self": { "href": path },
            "status": { "href": format!("{path}/status") },
            "startAuthorisation": { "href": format!("{path}/authorisations") },
        },
    }));
    Ok(reply.with("location", &format!("{}{path}", world.addresses.api)).with("aspsp-sca-approach", approach.header()))
}

pub(crate) fn read(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let consent = find(world, call)?;
    Ok(Reply::ok(json!({
        "access": consent.access,
        "recurringIndicator": consent.recurring,
        "validUntil": consent.valid_until,
        "frequencyPerDay": consent.frequency_per_day,
        "lastActionDate": consent.last_action,
        "consentStatus": consent.status,
        "consentId": consent.id,
        "_links": { "account": { "href": "/psd2/accountinformation/v1/accounts" } },
    })))
}

pub(crate) fn status(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    Ok(Reply::ok(json!({ "consentStatus": find(world, call)?.status })))
}

pub(crate) fn delete(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let id = find(world, call)?.id.clone();
    end(world, &id, ConsentStatus::TerminatedByTpp, call.now);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

pub(crate) fn start_authorisation(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let consent = find(world, call)?;
    check_unsigned(consent)?;
    let (id, origin) = (consent.id.clone(), consent.origin.clone());
    let (authorisation, reply) =
        calls::begin(world, call, Target::Consent(id.clone()), &origin, &authorisations_path(&id))?;
    if let Some(consent) = world.state.consents.get_mut(&id) {
        super::payments::remember(&mut consent.authorisations, authorisation);
    }
    Ok(reply)
}

/// Nobody signs what is signed, or over.
fn check_unsigned(consent: &Consent) -> Result<(), Problem> {
    if consent.status.wants_signature() {
        return Ok(());
    }
    Err(Problem::conflict(format!("the consent is {}", name(consent.status))))
}

pub(crate) fn authorisations(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    Ok(calls::list("authorisationIds", &find(world, call)?.authorisations))
}

pub(crate) fn sca_status(world: &World, call: &Call<'_>) -> Result<Reply, Problem> {
    let target = Target::Consent(find(world, call)?.id.clone());
    calls::status(world, call, &target, call.path("authorisationId"))
}

pub(crate) fn update_authorisation(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let consent = find(world, call)?;
    check_unsigned(consent)?;
    let id = consent.id.clone();
    let base = authorisations_path(&id);
    calls::update(world, call, &Target::Consent(id), call.path("authorisationId"), &base)
}

/// A signer has approved; the consent is valid once the last one has.
pub(crate) fn approved(world: &mut World, id: &str, complete: bool, now: DateTime<Utc>) {
    let Some(consent) = world.state.consents.get_mut(id).filter(|consent| consent.status.wants_signature()) else {
        return;
    };
    consent.last_action = now.date_naive();
    consent.status = if complete { ConsentStatus::Valid } else { ConsentStatus::PartiallyAuthorised };
    consent.authorised = complete.then_some(now);
    let (origin, recurring) = (consent.origin.clone(), consent.recurring);
    if !complete || !recurring {
        return;
    }
    // A new recurring consent ends the one before (platform-facts 6.3).
    let earlier: Vec<String> = world
        .state
        .consents
        .iter()
        .filter(|(_, other)| other.id != id && other.recurring && other.status == ConsentStatus::Valid)
        .filter(|(_, other)| {
            other.origin.client_id == origin.client_id
                && other.origin.bic == origin.bic
                && other.origin.holder == origin.holder
        })
        .map(|(id, _)| id.to_owned())
        .collect();
    for id in earlier {
        end(world, &id, ConsentStatus::Expired, now);
    }
}

/// A signer has declined, which is too late once all have signed.
pub(crate) fn rejected(world: &mut World, id: &str, now: DateTime<Utc>) {
    if world.state.consents.get(id).is_some_and(|consent| consent.status.wants_signature()) {
        end(world, id, ConsentStatus::Rejected, now);
    }
}

/// Its last day may be over.
pub(crate) fn wake(world: &mut World, id: &str, now: DateTime<Utc>) {
    let over = world.state.consents.get(id).is_some_and(|consent| consent.valid_until < now.date_naive());
    if over {
        end(world, id, ConsentStatus::Expired, now);
    }
}

/// Ends a consent that has not ended yet.
pub(crate) fn end(world: &mut World, id: &str, status: ConsentStatus, now: DateTime<Utc>) {
    if let Some(consent) = world.state.consents.get_mut(id).filter(|consent| !consent.status.is_final()) {
        consent.status = status;
        consent.last_action = now.date_naive();
    }
}

pub(crate) fn name(status: ConsentStatus) -> String {
    serde_json::to_value(status).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn find<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Consent, Problem> {
    let unknown = || Problem::forbidden("CONSENT_UNKNOWN", "this consent is not known for this application and bank");
    let consent = world.state.consents.get(call.path("consentId")).ok_or_else(unknown)?;
    check_origin(world, call, &consent.origin, unknown)?;
    Ok(consent)
}

fn authorisations_path(id: &str) -> String {
    format!("{BASE}/{id}/authorisations")
}

/// The rules between the fields of `access`, which no schema states (platform-facts 6.1).
fn check_access(access: &Value) -> Result<(), Problem> {
    let list = |name: &str| access[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let lists = ["accounts", "balances", "transactions"];
    if let Some(long) = lists.iter().find(|name| list(name).len() > MOST_ACCOUNTS) {
        let text = format!("access/{long} names more than {MOST_ACCOUNTS} accounts");
        return Err(Problem::format(format!("/access/{long}"), text));
    }
    let named = lists.iter().any(|name| !list(name).is_empty());
    let global = ["availableAccounts", "allPsd2"].iter().filter(|name| !access[**name].is_null()).count();
    if global > 1 || (global == 1 && named) {
        let text = "access names accounts and asks for all of them";
        return Err(Problem::bad_request("PARAMETER_NOT_CONSISTENT", text).at("/access"));
    }
    if let Some(accounts) = access["accounts"].as_array().filter(|accounts| !accounts.is_empty()) {
        for name in ["balances", "transactions"] {
            if list(name).iter().any(|reference| !accounts.contains(reference)) {
                let text = format!("access/{name} holds an account that access/accounts does not");
                return Err(Problem::bad_request("PARAMETER_NOT_CONSISTENT", text).at(format!("/access/{name}")));
            }
        }
    }
    Ok(())
}

fn date(value: &Value) -> Option<NaiveDate> {
    day(value.as_str()?)
}

/// The moment after a consent's last day.
fn end_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    Some(day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc())
}

//! `/bankid` plays the phone: it lists what waits for a person, takes a scanned code, and takes the answer.

use http::{Method, StatusCode};
use minijinja::{Value, context};

use super::ask::Ask;
use super::render;
use crate::model::world::World;
use crate::sca::bankid::{Answer, Round};
use crate::sca::{answer_by, approve_round, reject_round, scan_round};
use crate::server::wire::{Reply, Request};

/// The newest requests come first, and no more of them than a person can look through.
const SHOWN: usize = 50;

/// A code that a camera sees is an address or some hundred letters.
const LONGEST_CODE: usize = 2_048;

const GONE: &str = "This request no longer waits for an answer.";
const UNKNOWN: &str = "This code belongs to no request that waits. Animated codes are good for a few seconds only.";

pub(crate) fn answer(world: &mut World, request: &Request) -> Reply {
    let now = world.catch_up();
    if request.method == Method::GET {
        return page(world, StatusCode::OK, None);
    }
    if request.method != Method::POST {
        return Reply::empty(StatusCode::METHOD_NOT_ALLOWED).with("allow", "GET, POST");
    }
    let form = request.form_pairs();
    let get = |name: &str| form.iter().find_map(|(key, value)| (key == name).then_some(value.trim()));
    // A phone names the round by what its camera saw; a button on the page by its id.
    let code = get("code").filter(|code| (1..=LONGEST_CODE).contains(&code.len()));
    let seen = code.and_then(|code| {
        let shown = |round: &Round| round.answer == Answer::Waiting && round.is_shown_by(code, now);
        world.state.rounds.iter().find(|(_, round)| shown(round)).map(|(id, _)| id)
    });
    let round = seen.or(get("round")).unwrap_or_default().to_owned();
    let (done, otherwise) = match get("action") {
        Some("scan") => (scan_round(world, &round, now), UNKNOWN),
        Some("approve") => (approve_round(world, &round, now), GONE),
        Some("reject") => (reject_round(world, &round, now), GONE),
        _ => (false, "The form holds no action: scan, approve or reject."),
    };
    if done { Reply::see_other("/bankid") } else { page(world, StatusCode::BAD_REQUEST, Some(otherwise)) }
}

fn page(world: &World, status: StatusCode, wrong: Option<&str>) -> Reply {
    let now = world.clock.now();
    let mut waiting: Vec<_> = world.state.rounds.iter().filter(|(_, it)| it.answer == Answer::Waiting).collect();
    waiting.reverse();
    let more = waiting.len().saturating_sub(SHOWN);
    let rounds: Vec<Value> = waiting
        .into_iter()
        .take(SHOWN)
        .filter_map(|(id, round)| {
            let authorisation = world.state.authorisations.get(&round.authorisation)?;
            let application = world.state.application(&authorisation.origin.client_id)?;
            Some(context! {
                id,
                ask => Ask::of(world, authorisation)?.value(),
                client => &application.name,
                person => &authorisation.signer,
                bank => world.bank(&authorisation.origin.bic)?.name.trim(),
                has_token => round.has_token,
                scanned => round.scanned.is_some(),
                seconds => (answer_by(world, authorisation)? - now).num_seconds().max(0),
            })
        })
        .collect();
    render(world, status, "phone.html", context! { rounds, more, wrong })
}

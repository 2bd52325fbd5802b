//! `/bankid` plays the phone: it lists what waits for a person and takes the answer.

use http::{Method, StatusCode};
use minijinja::context;

use super::{error, render};
use crate::model::world::World;
use crate::sca::bankid::Answer;
use crate::sca::{approve_round, reject_round, scan_round};
use crate::server::wire::{Reply, Request};

pub(crate) fn answer(world: &mut World, request: &Request) -> Reply {
    let now = world.catch_up();
    if request.method == Method::GET {
        let rounds: Vec<_> = world
            .state
            .rounds
            .iter()
            .filter(|(_, round)| round.answer == Answer::Waiting)
            .filter_map(|(id, round)| {
                let authorisation = world.state.authorisations.get(&round.authorisation)?;
                Some(context! {
                    id => id,
                    person => authorisation.signer.clone(),
                    bank => world.bank(&authorisation.origin.bic).map(|bank| bank.name.trim()),
                    scanned => round.scanned.is_some(),
                })
            })
            .collect();
        return render(StatusCode::OK, "phone.html", context! { rounds });
    }
    let form = request.form_pairs();
    let get = |name: &str| form.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()));
    // A phone names the round by what its camera saw; a button on the page by its id.
    let seen = get("code")
        .and_then(|code| world.state.rounds.iter().find(|(_, round)| round.is_shown_by(code, now)).map(|(id, _)| id));
    let round = seen.or(get("round")).unwrap_or_default().to_owned();
    let done = match get("action") {
        Some("scan") => scan_round(world, &round, now),
        Some("approve") => approve_round(world, &round, now),
        Some("reject") => reject_round(world, &round, now),
        _ => false,
    };
    if done { Reply::see_other("/bankid") } else { error("This request no longer waits for an answer.") }
}

//! The states of an authorisation and what moves it on: a call of the client, an act of the person, or time.

use chrono::{DateTime, TimeDelta, Utc};

use super::bankid::Answer;
use super::{Authorisation, Round, Stage, Target, effects};
use crate::model::agenda::Due;
use crate::model::banks::{Approach, CountedFrom, Decoupled, EndedBy, Outcome, Step};
use crate::model::entities::Origin;
use crate::model::world::World;
use crate::server::problem::Problem;

/// How long a customer may take on the bank's page.
const AT_BANK: TimeDelta = TimeDelta::minutes(10);
/// How long BankID waits for an answer once the app is open.
const ANSWER_WITHIN: TimeDelta = TimeDelta::minutes(3);

/// What time brings to an authorisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    PersonApproves,
    NotActivated,
    TimeIsUp,
    BankIsDone,
}

/// Begins an authorisation and gives its id.
pub(super) fn start(world: &mut World, target: Target, origin: Origin, signer: String, now: DateTime<Utc>) -> String {
    let id = world.state.ids.uuid();
    let approach = world.bank(&origin.bic).map_or(Approach::Redirect, |bank| bank.approach(origin.redirect_preferred));
    let authorisation = Authorisation {
        id: id.clone(),
        target,
        origin,
        signer,
        created: now,
        approach,
        method: None,
        stage: Stage::Received,
    };
    world.state.authorisations.insert(id.clone(), authorisation);
    id
}

/// The client chooses a method, which starts the bank's own sequence.
pub(super) fn select(
    world: &mut World,
    id: &str,
    method: &str,
    approach: Approach,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let Some(authorisation) = world.state.authorisations.get_mut(id) else {
        return Err(Problem::unknown("no such authorisation"));
    };
    if authorisation.stage != Stage::Received {
        return Err(Problem::conflict("a method has been chosen for this authorisation already"));
    }
    authorisation.method = Some(method.to_owned());
    authorisation.approach = approach;
    match approach {
        Approach::Redirect => {
            authorisation.stage = Stage::AtBank { since: now, approved: false };
            world.state.agenda.add(now + AT_BANK, Due::Authorisation(id.to_owned()));
        }
        Approach::Decoupled => {
            let created = authorisation.created;
            let late = decoupled(world, id).is_some_and(|plan| {
                plan.counted_from == CountedFrom::Start && now > created + TimeDelta::seconds(plan.start_within_seconds)
            });
            if late {
                fail(world, id, "AUTHENTICATION_SESSION_EXPIRED", "BankID was not started in time", now);
            } else {
                enter_step(world, id, 0, now);
            }
        }
    }
    Ok(())
}

/// Lets time act on an authorisation up to a moment.
pub(crate) fn wake(world: &mut World, id: &str, now: DateTime<Utc>) {
    // A sequence has a handful of steps; the bound only keeps a mistake in the data from turning into a loop.
    for _ in 0..64 {
        let Some((at, event)) = next_event(world, id) else {
            return;
        };
        if at > now {
            world.state.agenda.add(at, Due::Authorisation(id.to_owned()));
            return;
        }
        match event {
            Event::PersonApproves => {
                answer(world, id, Answer::Approved);
                step_on(world, id, at);
            }
            Event::NotActivated => {
                answer(world, id, Answer::Rejected);
                fail(world, id, "BANKID_NOT_ACTIVATED", "BankID is not activated for this person", at);
            }
            Event::TimeIsUp => {
                answer(world, id, Answer::Expired);
                fail(world, id, "AUTHENTICATION_SESSION_EXPIRED", "nobody authenticated in time", at);
            }
            Event::BankIsDone => step_on(world, id, at),
        }
    }
}

/// The next thing that will happen by itself, if nobody does anything.
fn next_event(world: &World, id: &str) -> Option<(DateTime<Utc>, Event)> {
    let authorisation = world.state.authorisations.get(id)?;
    match &authorisation.stage {
        Stage::AtBank { since, .. } => Some((*since + AT_BANK, Event::TimeIsUp)),
        Stage::Step { index, since, round } => {
            let step = step(world, authorisation, *index)?;
            if step.by == EndedBy::Bank {
                return Some((*since + world.settings.bank_after, Event::BankIsDone));
            }
            let round = world.state.rounds.get(round.as_deref()?)?;
            Some(next_of_round(world, authorisation, round))
        }
        _ => None,
    }
}

fn next_of_round(world: &World, authorisation: &Authorisation, round: &Round) -> (DateTime<Utc>, Event) {
    let within = decoupled(world, &authorisation.id).map_or(30, |plan| plan.start_within_seconds);
    let deadline = match round.scanned {
        Some(scanned) => scanned + ANSWER_WITHIN,
        None => round.created + TimeDelta::seconds(within),
    };
    let person = match world.directory.outcome(&authorisation.signer) {
        Outcome::SessionExpires => None,
        Outcome::BankidNotActivated => Some((round.created + world.settings.bank_after, Event::NotActivated)),
        Outcome::Approves | Outcome::NeedsSecondSigner => {
            world.settings.person_after.map(|after| (round.created + after, Event::PersonApproves))
        }
    };
    person.filter(|(at, _)| *at <= deadline).unwrap_or((deadline, Event::TimeIsUp))
}

/// The person scans the code: the app is open, and the short deadline is met.
pub(crate) fn scan_round(world: &mut World, round: &str, now: DateTime<Utc>) -> bool {
    match world.state.rounds.get_mut(round) {
        Some(round) if round.answer == Answer::Waiting => {
            round.scanned.get_or_insert(now);
            true
        }
        _ => false,
    }
}

/// The person approves on the phone; false if there is nothing to approve any more.
pub(crate) fn approve_round(world: &mut World, round: &str, now: DateTime<Utc>) -> bool {
    let Some(id) = current_round(world, round) else {
        return false;
    };
    answer(world, &id, Answer::Approved);
    step_on(world, &id, now);
    true
}

/// The person rejects on the phone.
pub(crate) fn reject_round(world: &mut World, round: &str, now: DateTime<Utc>) -> bool {
    let Some(id) = current_round(world, round) else {
        return false;
    };
    answer(world, &id, Answer::Rejected);
    deny(world, &id, now);
    true
}

/// The customer approves on the bank's page. Without a code to exchange that is the end of it.
pub(crate) fn approve_at_bank(world: &mut World, id: &str, exchange_follows: bool, now: DateTime<Utc>) -> bool {
    let Some(authorisation) = world.state.authorisations.get_mut(id) else {
        return false;
    };
    let Stage::AtBank { approved, .. } = &mut authorisation.stage else {
        return false;
    };
    *approved = true;
    if !exchange_follows {
        finalise(world, id, now);
    }
    true
}

/// The customer says no on the bank's page.
pub(crate) fn deny_at_bank(world: &mut World, id: &str, now: DateTime<Utc>) -> bool {
    let at_bank =
        matches!(world.state.authorisations.get(id), Some(known) if matches!(known.stage, Stage::AtBank { .. }));
    if at_bank {
        deny(world, id, now);
    }
    at_bank
}

/// The client has exchanged the code of an approved authorisation.
pub(crate) fn exchanged(world: &mut World, id: &str, now: DateTime<Utc>) -> bool {
    let approved = matches!(
        world.state.authorisations.get(id),
        Some(known) if matches!(known.stage, Stage::AtBank { approved: true, .. })
    );
    if approved {
        finalise(world, id, now);
    }
    approved
}

fn enter_step(world: &mut World, id: &str, from: usize, now: DateTime<Utc>) {
    let Some(authorisation) = world.state.authorisations.get(id) else {
        return;
    };
    let signer = authorisation.signer.clone();
    let Some((index, by)) = next_step(world, authorisation, from) else {
        // A bank that asks nobody cannot ask a person whose authentication is documented to fail, either.
        return match world.directory.outcome(&signer) {
            Outcome::SessionExpires if from == 0 => {
                fail(world, id, "AUTHENTICATION_SESSION_EXPIRED", "the session has expired", now);
            }
            Outcome::BankidNotActivated if from == 0 => {
                fail(world, id, "BANKID_NOT_ACTIVATED", "BankID is not activated for this person", now);
            }
            _ => finalise(world, id, now),
        };
    };
    let round = (by != EndedBy::Bank).then(|| {
        let round = Round::new(&mut world.state.ids, id, now, by == EndedBy::Scan);
        let round_id = round.id.clone();
        world.state.rounds.insert(round_id.clone(), round);
        round_id
    });
    if let Some(authorisation) = world.state.authorisations.get_mut(id) {
        authorisation.stage = Stage::Step { index, since: now, round };
    }
    if let Some((at, _)) = next_event(world, id) {
        world.state.agenda.add(at, Due::Authorisation(id.to_owned()));
    }
}

fn step_on(world: &mut World, id: &str, now: DateTime<Utc>) {
    let next = match world.state.authorisations.get(id).map(|known| &known.stage) {
        Some(Stage::Step { index, .. }) => index + 1,
        _ => return,
    };
    enter_step(world, id, next, now);
}

/// The first step from an index on that applies to this authorisation.
fn next_step(world: &World, authorisation: &Authorisation, from: usize) -> Option<(usize, EndedBy)> {
    (from..).map_while(|index| Some((index, step(world, authorisation, index)?))).find_map(|(index, step)| {
        let applies = !step.only_for_new_creditor || effects::pays_new_creditor(world, &authorisation.target);
        applies.then_some((index, step.by))
    })
}

/// A step of the bank's sequence for what is being authorised.
pub(super) fn step<'a>(world: &'a World, authorisation: &Authorisation, index: usize) -> Option<&'a Step> {
    let plan = world.bank(&authorisation.origin.bic)?.decoupled.as_ref()?;
    match authorisation.target {
        Target::Consent(_) => plan.consent.get(index),
        Target::Payment(_) | Target::Cancellation(_) => plan.payment.get(index),
    }
}

fn decoupled<'a>(world: &'a World, id: &str) -> Option<&'a Decoupled> {
    world.bank(&world.state.authorisations.get(id)?.origin.bic)?.decoupled.as_ref()
}

fn current_round(world: &World, round: &str) -> Option<String> {
    let known = world.state.rounds.get(round).filter(|known| known.answer == Answer::Waiting)?;
    match &world.state.authorisations.get(&known.authorisation)?.stage {
        Stage::Step { round: Some(current), .. } if current == round => Some(known.authorisation.clone()),
        _ => None,
    }
}

fn answer(world: &mut World, id: &str, answer: Answer) {
    let round = match world.state.authorisations.get(id).map(|known| &known.stage) {
        Some(Stage::Step { round: Some(round), .. }) => round.clone(),
        _ => return,
    };
    if let Some(round) = world.state.rounds.get_mut(&round) {
        round.answer = answer;
    }
}

fn finalise(world: &mut World, id: &str, now: DateTime<Utc>) {
    if let Some(authorisation) = world.state.authorisations.get_mut(id) {
        authorisation.stage = Stage::Finalised;
        effects::finalised(world, id, now);
    }
}

fn deny(world: &mut World, id: &str, now: DateTime<Utc>) {
    fail(world, id, "USER_CANCEL", "the customer declined", now);
    effects::denied(world, id, now);
}

fn fail(world: &mut World, id: &str, code: &str, text: &str, now: DateTime<Utc>) {
    if let Some(authorisation) = world.state.authorisations.get_mut(id) {
        tracing::debug!(authorisation = id, code, at = %now, "authorisation failed");
        authorisation.stage = Stage::Failed { code: code.to_owned(), text: text.to_owned() };
    }
}

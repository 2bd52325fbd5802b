//! The states of an authorisation and what moves it on: a call of the client, an act of the person, or time.

use chrono::{DateTime, TimeDelta, Utc};

use super::bankid::Answer;
use super::{Authorisation, Progress, Round, Stage, Target, at_bank, effects};
use crate::model::agenda::Due;
use crate::model::banks::{Approach, CountedFrom, Decoupled, EndedBy, Step};
use crate::model::directory::Outcome;
use crate::model::entities::Origin;
use crate::model::world::World;
use crate::server::problem::Problem;

/// How long a customer may take on the bank's page.
const AT_BANK: TimeDelta = TimeDelta::minutes(10);
/// How long a code can be exchanged, which may be after the customer's time is up.
pub(crate) const EXCHANGE_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// How long BankID waits for an answer once the app is open.
const ANSWER_WITHIN: TimeDelta = TimeDelta::minutes(3);

/// What time brings to an authorisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    PersonScans,
    PersonApproves,
    PersonDeclines,
    /// On the bank's page.
    PersonDecides,
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
    if world.directory.outcome(&authorisation.signer) == Outcome::Exempted {
        authorisation.stage = Stage::Exempted;
        effects::finalised(world, id, now);
        return Ok(());
    }
    match approach {
        Approach::Redirect => {
            authorisation.stage = Stage::AtBank { since: now, progress: Progress::Asked, sign_ins: 0, opened: None };
            world.state.agenda.add(now + AT_BANK, Due::Authorisation(id.to_owned()));
        }
        Approach::Decoupled => {
            let created = authorisation.created;
            let late = decoupled(world, id).is_some_and(|plan| {
                plan.counted_from == CountedFrom::Start && now > created + TimeDelta::seconds(plan.start_within_seconds)
            });
            if late {
                expire(world, id, now);
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
            Event::PersonScans => {
                if let Some(round) = round_of(world, id) {
                    scan_round(world, &round, at);
                }
            }
            Event::PersonApproves => {
                answer(world, id, Answer::Approved);
                step_on(world, id, at);
            }
            Event::PersonDeclines => {
                answer(world, id, Answer::Rejected);
                deny(world, id, at);
            }
            Event::PersonDecides => at_bank::decide_alone(world, id, at),
            Event::NotActivated => {
                answer(world, id, Answer::Rejected);
                fail_as_documented(world, id, at);
            }
            Event::TimeIsUp => {
                answer(world, id, Answer::Expired);
                expire(world, id, at);
            }
            Event::BankIsDone => step_on(world, id, at),
        }
    }
}

/// The next thing that will happen by itself, if nobody does anything.
fn next_event(world: &World, id: &str) -> Option<(DateTime<Utc>, Event)> {
    let authorisation = world.state.authorisations.get(id)?;
    match &authorisation.stage {
        Stage::AtBank { since, progress, opened, .. } => {
            let approved = *progress == Progress::Approved;
            let end = *since + AT_BANK + if approved { EXCHANGE_WITHIN } else { TimeDelta::zero() };
            let played = opened.filter(|_| !approved);
            let decides = played.zip(world.settings.person_after).map(|(opened, after)| opened + after);
            Some(match decides.filter(|at| *at <= end) {
                Some(at) => (at, Event::PersonDecides),
                None => (end, Event::TimeIsUp),
            })
        }
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
    let within = start_within(world, authorisation);
    let deadline = deadline(round, within);
    // Whoever takes longer to decide than to open the app opens it in time all the same.
    let decides = |event| {
        world.settings.person_after.map(|after| match round.scanned {
            None if after > within => (round.created + within / 2, Event::PersonScans),
            _ => (round.created + after, event),
        })
    };
    let person = match world.directory.outcome(&authorisation.signer) {
        Outcome::SessionExpires => None,
        Outcome::BankidNotActivated => Some((round.created + world.settings.bank_after, Event::NotActivated)),
        Outcome::Declines => decides(Event::PersonDeclines),
        Outcome::Approves | Outcome::NeedsSecondSigner | Outcome::Exempted => decides(Event::PersonApproves),
    };
    person.filter(|(at, _)| *at <= deadline).unwrap_or((deadline, Event::TimeIsUp))
}

/// The short time to open the app, then the longer one to answer.
fn deadline(round: &Round, within: TimeDelta) -> DateTime<Utc> {
    round.scanned.map_or(round.created + within, |scanned| scanned + ANSWER_WITHIN)
}

fn start_within(world: &World, authorisation: &Authorisation) -> TimeDelta {
    TimeDelta::seconds(decoupled(world, &authorisation.id).map_or(30, |plan| plan.start_within_seconds))
}

/// Until when a person may still do something about an authorisation.
pub(crate) fn answer_by(world: &World, authorisation: &Authorisation) -> Option<DateTime<Utc>> {
    match &authorisation.stage {
        Stage::AtBank { since, .. } => Some(*since + AT_BANK),
        Stage::Step { round: Some(round), .. } => {
            Some(deadline(world.state.rounds.get(round)?, start_within(world, authorisation)))
        }
        _ => None,
    }
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
    if !fail_as_documented(world, &id, now) {
        step_on(world, &id, now);
    }
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

fn enter_step(world: &mut World, id: &str, from: usize, now: DateTime<Utc>) {
    let Some(authorisation) = world.state.authorisations.get(id) else {
        return;
    };
    let signer = authorisation.signer.clone();
    let Some((index, by)) = next_step(world, authorisation, from) else {
        // A bank that asks nobody cannot ask a person whose authentication is documented to fail, either.
        return match world.directory.outcome(&signer) {
            _ if from == 0 && fail_as_documented(world, id, now) => {}
            Outcome::Declines if from == 0 => deny(world, id, now),
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

fn round_of(world: &World, id: &str) -> Option<String> {
    match &world.state.authorisations.get(id)?.stage {
        Stage::Step { round, .. } => round.clone(),
        _ => None,
    }
}

fn answer(world: &mut World, id: &str, answer: Answer) {
    if let Some(round) = round_of(world, id).and_then(|round| world.state.rounds.get_mut(&round)) {
        round.answer = answer;
    }
}

pub(super) fn finalise(world: &mut World, id: &str, now: DateTime<Utc>) {
    if let Some(authorisation) = world.state.authorisations.get_mut(id) {
        authorisation.stage = Stage::Finalised;
        effects::finalised(world, id, now);
    }
}

pub(super) fn deny(world: &mut World, id: &str, now: DateTime<Utc>) {
    fail(world, id, "USER_CANCEL", "the customer declined", now);
    effects::denied(world, id, now);
}

/// Some persons fail whatever they or somebody's hand would do (platform-facts 12).
pub(super) fn fail_as_documented(world: &mut World, id: &str, now: DateTime<Utc>) -> bool {
    match world.state.authorisations.get(id).map(|known| world.directory.outcome(&known.signer)) {
        Some(Outcome::SessionExpires) => expire(world, id, now),
        Some(Outcome::BankidNotActivated) => {
            fail(world, id, "BANKID_NOT_ACTIVATED", "BankID is not activated for this person", now);
        }
        _ => return false,
    }
    true
}

fn fail(world: &mut World, id: &str, code: &str, text: &str, now: DateTime<Utc>) {
    if let Some(authorisation) = world.state.authorisations.get_mut(id) {
        tracing::debug!(authorisation = id, code, at = %now, "authorisation failed");
        authorisation.stage = Stage::Failed { code: code.to_owned(), text: text.to_owned() };
    }
}

/// Nobody answered in time.
fn expire(world: &mut World, id: &str, now: DateTime<Utc>) {
    fail(world, id, "AUTHENTICATION_SESSION_EXPIRED", "nobody authenticated in time", now);
}

//! What becomes of a payment: signed, looked at, settled or not, and what that does to accounts (platform-facts 9.1).

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::standing::Standing;
use super::{money, transfers};
use crate::model::agenda::Due;
use crate::model::banks::Milestone;
use crate::model::entities::Payment;
use crate::model::world::World;

/// The status at which money moves.
const SETTLED: &str = "ACSC";
/// How often a bank looks whether the money for an order that waits has come.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(1);
const NO_MONEY: &str = "there is not enough money on the account";
const NO_DEBTOR: &str = "the customer has no account of this number";

/// The order has come in. Whoever prefers a rejection without the money has it looked for at once.
pub(super) fn received(world: &mut World, id: &str, now: DateTime<Utc>) {
    let wanted = world.state.payments.get(id).is_some_and(|payment| payment.reject_without_funds == Some(true));
    if wanted && now.date_naive() >= execution(world, id) && !money::has_funds(world, id, now) {
        refuse(world, id, now, NO_MONEY);
    }
}

/// A signer has approved; the bank goes to work once the last one has. What nobody needs any more changes nothing.
pub(crate) fn signed(world: &mut World, id: &str, complete: bool, now: DateTime<Utc>) {
    let Some(payment) = world.state.payments.get_mut(id).filter(|payment| payment.wants_signature()) else {
        return;
    };
    if complete {
        payment.signed = Some(now);
        // What a standing order missed while nobody signed it is not made up for.
        if let Some(standing) = standing_of(payment) {
            let today = now.date_naive();
            while standing.nth(payment.executions).is_some_and(|day| day < today) {
                payment.executions += 1;
            }
        }
        wake(world, id, now);
    } else {
        "PATC".clone_into(&mut payment.status);
        payment.since = now;
    }
}

/// A signer has declined, which is too late once all have signed.
pub(crate) fn rejected(world: &mut World, id: &str, now: DateTime<Utc>) {
    if world.state.payments.get(id).is_some_and(Payment::wants_signature) {
        finish(world, id, "RJCT", now);
    }
}

/// The payment is withdrawn.
pub(crate) fn cancelled(world: &mut World, id: &str, now: DateTime<Utc>) {
    finish(world, id, "CANC", now);
}

fn finish(world: &mut World, id: &str, status: &str, now: DateTime<Utc>) {
    if let Some(payment) = world.state.payments.get_mut(id).filter(|payment| !payment.is_final()) {
        status.clone_into(&mut payment.status);
        payment.since = now;
        world.state.postings.release(id);
    }
}

/// Moves a signed payment through the bank's milestones as far as time allows.
pub(crate) fn wake(world: &mut World, id: &str, now: DateTime<Utc>) {
    while let Some((milestone, due)) = next(world, id) {
        let due = match due {
            Some(due) if due > now => {
                world.state.agenda.add(due, Due::Payment(id.to_owned()));
                return;
            }
            Some(due) => due,
            // A standing order that has nothing left to do.
            None => {
                finish(world, id, SETTLED, now);
                return;
            }
        };
        let executes = due.date_naive() >= execution(world, id);
        if executes && !money::has_funds(world, id, due) {
            if !waits_for_cover(world, id, due) {
                refuse(world, id, due, NO_MONEY);
            }
        } else if milestone.status == SETTLED {
            settle(world, id, due);
        } else {
            reach(world, id, &milestone, due);
            if executes {
                money::reserve(world, id, due);
            }
        }
    }
}

fn reach(world: &mut World, id: &str, milestone: &Milestone, at: DateTime<Utc>) {
    if let Some(payment) = world.state.payments.get_mut(id) {
        payment.status.clone_from(&milestone.status);
        payment.since = at;
        payment.milestones += 1;
    }
}

/// Whether an order without cover waits for it: until the end of the day, if the caller would rather not have it
/// rejected.
fn waits_for_cover(world: &mut World, id: &str, at: DateTime<Utc>) -> bool {
    let Some(payment) = world.state.payments.get_mut(id) else { return false };
    let today = payment.short_at.is_none_or(|before| before.date_naive() == at.date_naive());
    if payment.reject_without_funds != Some(false) || !today {
        return false;
    }
    if payment.short_at.replace(at).is_none() {
        "PDNG".clone_into(&mut payment.status);
        payment.since = at;
    }
    true
}

fn settle(world: &mut World, id: &str, at: DateTime<Utc>) {
    match money::book(world, id, at) {
        Some(paid) => note(world, id, &paid, at),
        // Nothing is called settled that was not booked.
        None => refuse(world, id, at, NO_DEBTOR),
    }
}

/// The next milestone of a signed payment and when it is due; no time at all when a standing order is over.
fn next(world: &World, id: &str) -> Option<(Milestone, Option<DateTime<Utc>>)> {
    let payment = world.state.payments.get(id).filter(|payment| !payment.is_final())?;
    let signed = payment.signed?;
    let bank = world.bank(&payment.origin.bic)?;
    let milestone = bank.payment.signed.get(payment.milestones)?.clone();
    let wait = TimeDelta::seconds(milestone.after_seconds);
    let start = match (milestone.status == SETTLED, standing_of(payment)) {
        (true, Some(standing)) => match standing.nth(payment.executions) {
            Some(day) => signed.max(midnight(day)),
            None => return Some((milestone, None)),
        },
        // What the bank does at once, it does on signing; the rest waits for the day of execution.
        (false, Some(_)) => signed,
        (_, None) if milestone.after_seconds == 0 => signed,
        (_, None) => execution_day(payment).map_or(signed, |day| signed.max(midnight(day))),
    };
    let due = start.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let again = payment.short_at.and_then(|before| before.checked_add_signed(LOOK_AGAIN));
    Some((milestone, Some(again.map_or(due, |again| due.max(again)))))
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

fn standing_of(payment: &Payment) -> Option<Standing> {
    (payment.service == "periodic-payments").then(|| Standing::of(&payment.order)).flatten()
}

/// The day that the order names, unless it is a standing one.
fn execution_day(payment: &Payment) -> Option<NaiveDate> {
    let order = &payment.order;
    let text =
        order["requestedExecutionDate"].as_str().or_else(|| order["requestedExecutionTime"].as_str()?.get(..10))?;
    text.parse().ok()
}

/// The first day on which the bank looks whether the money is there.
fn execution(world: &World, id: &str) -> NaiveDate {
    let day = |payment: &Payment| match standing_of(payment) {
        // Each execution looks for itself.
        Some(_) => Some(NaiveDate::MAX),
        None => execution_day(payment),
    };
    world.state.payments.get(id).and_then(day).unwrap_or(NaiveDate::MIN)
}

fn refuse(world: &mut World, id: &str, at: DateTime<Utc>, why: &str) {
    finish(world, id, "RJCT", at);
    if let Some(payment) = world.state.payments.get_mut(id) {
        payment.funds = Some(false);
        payment.reason = Some(why.to_owned());
        payment.elements = vec!["RJCT".to_owned(); transfers(&payment.order).len()];
    }
}

/// Writes down which transfers were paid.
fn note(world: &mut World, id: &str, paid: &[bool], at: DateTime<Utc>) {
    let Some(payment) = world.state.payments.get_mut(id) else { return };
    let done = paid.iter().filter(|paid| **paid).count();
    payment.funds = Some(done == paid.len());
    payment.reason = (done < paid.len()).then(|| NO_MONEY.to_owned());
    payment.since = at;
    payment.elements = paid.iter().map(|paid| if *paid { SETTLED } else { "RJCT" }.to_owned()).collect();
    if payment.service == "periodic-payments" {
        // One execution more, done or not; the order itself goes on.
        payment.executions += 1;
        return;
    }
    payment.milestones += 1;
    let status = match done {
        0 => "RJCT",
        all if all == paid.len() => SETTLED,
        _ => "PART",
    };
    status.clone_into(&mut payment.status);
}

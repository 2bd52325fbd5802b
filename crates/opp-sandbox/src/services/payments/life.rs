//! What becomes of a payment: signed, looked at, settled or not, and what that does to accounts (platform-facts 9.1).

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::standing::Standing;
use super::{amount_of, creditor, debtor_of, transfers};
use crate::model::accounts::{Account, addresses};
use crate::model::agenda::Due;
use crate::model::banks::Milestone;
use crate::model::entities::Payment;
use crate::model::ids::digest;
use crate::model::postings::Row;
use crate::model::products::Exchange;
use crate::model::world::World;

/// The status at which money moves.
const SETTLED: &str = "ACSC";

/// A signer has approved; the bank goes to work once the last one has.
pub(crate) fn signed(world: &mut World, id: &str, complete: bool, now: DateTime<Utc>) {
    let Some(payment) = world.state.payments.get_mut(id).filter(|payment| !payment.is_final()) else {
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

/// A signer has declined.
pub(crate) fn rejected(world: &mut World, id: &str, now: DateTime<Utc>) {
    finish(world, id, "RJCT", now);
}

/// The payment is withdrawn.
pub(crate) fn cancelled(world: &mut World, id: &str, now: DateTime<Utc>) {
    finish(world, id, "CANC", now);
}

fn finish(world: &mut World, id: &str, status: &str, now: DateTime<Utc>) {
    if let Some(payment) = world.state.payments.get_mut(id).filter(|payment| !payment.is_final()) {
        status.clone_into(&mut payment.status);
        payment.since = now;
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
        if milestone.status == SETTLED {
            settle(world, id, due);
        } else if due.date_naive() >= execution(world, id) && !has_funds(world, id, due) {
            refuse(world, id, due);
        } else if let Some(payment) = world.state.payments.get_mut(id) {
            payment.status.clone_from(&milestone.status);
            payment.since = due;
            payment.milestones += 1;
        }
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
    Some((milestone, Some(start.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC))))
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

/// Whether there is enough for a single payment, or for any element of a bulk.
fn has_funds(world: &mut World, id: &str, at: DateTime<Utc>) -> bool {
    let Some(payment) = world.state.payments.get(id).cloned() else { return false };
    // A debtor that is gone with a restored state is nobody's loss.
    let Some(account) = debtor_of(world, &payment) else { return true };
    let left = available(world, &account, at.date_naive());
    let enough = transfers(&payment.order)
        .into_iter()
        .filter_map(|transfer| cost(world, &account, transfer, at.date_naive()))
        .any(|(cost, currency, _)| cost <= of(&left, &currency));
    if let Some(payment) = world.state.payments.get_mut(id) {
        payment.funds = Some(enough);
    }
    enough
}

fn refuse(world: &mut World, id: &str, at: DateTime<Utc>) {
    finish(world, id, "RJCT", at);
    if let Some(payment) = world.state.payments.get_mut(id) {
        payment.funds = Some(false);
        payment.reason = Some("there is not enough money on the account".to_owned());
        payment.elements = vec!["RJCT".to_owned(); transfers(&payment.order).len()];
    }
}

/// What can be spent, by currency.
fn available(world: &mut World, account: &Account, day: NaiveDate) -> Vec<(String, Decimal)> {
    let view = world.ledgers.view(account, &world.state.postings, day);
    let limit = Decimal::from(account.credit_limit.unwrap_or_default());
    let balances = view.balances(&world.directory.products, day, true);
    balances.into_iter().map(|(currency, amount)| (currency, amount + limit)).collect()
}

fn of(list: &[(String, Decimal)], currency: &str) -> Decimal {
    list.iter().find(|(known, _)| known == currency).map(|(_, amount)| *amount).unwrap_or_default()
}

/// What a transfer costs the account, and at which rate.
fn cost(
    world: &World,
    account: &Account,
    transfer: &Value,
    day: NaiveDate,
) -> Option<(Decimal, String, Option<Exchange>)> {
    let (amount, currency) = amount_of(transfer)?;
    if account.currencies.iter().any(|known| known == currency) {
        return Some((amount, currency.to_owned(), None));
    }
    let own = account.currencies.first()?;
    let exchange = world.directory.products.exchange(currency, own, day)?;
    Some(((amount * exchange.rate).round_dp(2), own.clone(), Some(exchange)))
}

/// The day of execution has come: each transfer is booked on both sides or refused.
fn settle(world: &mut World, id: &str, at: DateTime<Utc>) {
    let Some(payment) = world.state.payments.get(id).cloned() else { return };
    let day = at.date_naive();
    let Some(account) = debtor_of(world, &payment) else {
        finish(world, id, SETTLED, at);
        return;
    };
    let mut left = available(world, &account, day);
    let batch = payment.order["batchBookingPreferred"].as_bool() == Some(true);
    let (mut outcomes, mut paid) = (Vec::new(), Vec::new());
    for transfer in transfers(&payment.order) {
        let Some((cost, currency, exchange)) = cost(world, &account, transfer, day) else {
            outcomes.push("RJCT".to_owned());
            continue;
        };
        let Some((_, rest)) = left.iter_mut().find(|(known, rest)| *known == currency && *rest >= cost) else {
            outcomes.push("RJCT".to_owned());
            continue;
        };
        *rest -= cost;
        outcomes.push(SETTLED.to_owned());
        credit(world, &payment, &account, transfer, day);
        paid.push(debit(world, &payment, transfer, -cost, currency, exchange, day));
    }
    if batch && paid.len() > 1 {
        paid = batched(paid);
    }
    for row in paid {
        world.state.postings.add(&account.addresses()[0], row);
    }
    note(world, id, &outcomes, at);
}

/// Writes down what came of it.
fn note(world: &mut World, id: &str, outcomes: &[String], at: DateTime<Utc>) {
    let Some(payment) = world.state.payments.get_mut(id) else { return };
    let done = outcomes.iter().filter(|outcome| *outcome == SETTLED).count();
    payment.funds = Some(done == outcomes.len());
    payment.reason = (done < outcomes.len()).then(|| "there is not enough money on the account".to_owned());
    payment.since = at;
    outcomes.clone_into(&mut payment.elements);
    if payment.service == "periodic-payments" {
        // One execution more, done or not; the order itself goes on.
        payment.executions += 1;
        return;
    }
    payment.milestones += 1;
    let status = match done {
        0 => "RJCT",
        all if all == outcomes.len() => SETTLED,
        _ => "PART",
    };
    status.clone_into(&mut payment.status);
}

fn debit(
    world: &World,
    payment: &Payment,
    transfer: &Value,
    amount: Decimal,
    currency: String,
    exchange: Option<Exchange>,
    day: NaiveDate,
) -> Row {
    let text = |name: &str| transfer[name].as_str().map(str::to_owned);
    Row {
        name: text("creditorName").unwrap_or_default(),
        text: text("remittanceInformationUnstructured").or_else(|| text("debtorAccountMessage")).unwrap_or_default(),
        structured: text("ocrRef").or_else(|| text("invoiceRef")),
        account: Some(in_transactions(&creditor(transfer))),
        exchange,
        ..row(world, payment, transfer, amount, currency, day)
    }
}

/// Money that arrives: it is there for whoever has this address, if anybody in this sandbox does.
fn credit(world: &mut World, payment: &Payment, debtor: &Account, transfer: &Value, day: NaiveDate) {
    let to = addresses(&creditor(transfer));
    let (Some(address), Some((amount, currency))) = (to.first(), amount_of(transfer)) else { return };
    let text = |name: &str| transfer[name].as_str().map(str::to_owned);
    let row = Row {
        name: debtor.owner.clone(),
        text: text("remittanceInformationUnstructured").or_else(|| text("creditorAccountMessage")).unwrap_or_default(),
        structured: text("ocrRef").or_else(|| text("invoiceRef")),
        account: Some(json!({ "iban": debtor.iban })),
        code: "PMNT-RCDT-DMCT".to_owned(),
        payment: None,
        ..row(world, payment, transfer, amount, currency.to_owned(), day)
    };
    world.state.postings.add(address, row);
}

/// What both sides have in common.
fn row(world: &World, payment: &Payment, transfer: &Value, amount: Decimal, currency: String, day: NaiveDate) -> Row {
    let hash = digest(world.state.ids.seed(), &["payment", &payment.id]);
    Row {
        id: hash[..4].iter().fold(String::new(), |text, byte| format!("{text}{byte:02X}")),
        reference: String::new(),
        made: day,
        booked: day,
        amount,
        currency,
        exchange: None,
        name: String::new(),
        text: String::new(),
        structured: None,
        code: "PMNT-ICDT-DMCT".to_owned(),
        end_to_end: transfer["endToEndIdentification"].as_str().map(str::to_owned),
        account: None,
        payment: Some(payment.id.clone()),
    }
}

/// Several debits as one, as the payer of a bulk may prefer.
fn batched(rows: Vec<Row>) -> Vec<Row> {
    let mut sums: Vec<Row> = Vec::new();
    let count = rows.len();
    for row in rows {
        match sums.iter_mut().find(|sum| sum.currency == row.currency) {
            Some(sum) => sum.amount += row.amount,
            None => sums.push(Row {
                name: String::new(),
                text: format!("Bulk of {count} payments"),
                structured: None,
                end_to_end: None,
                account: None,
                exchange: None,
                ..row
            }),
        }
    }
    sums
}

/// A reference as transactions spell it: the giro keys are `bankGiro` and `plusGiro` there (platform-facts 7.3).
fn in_transactions(reference: &Value) -> Value {
    for (order, transaction) in [("bankgiroNumber", "bankGiro"), ("plusgiroNumber", "plusGiro")] {
        if let Some(number) = reference[order].as_str() {
            return json!({ transaction: number });
        }
    }
    let mut reference = reference.clone();
    if let Some(fields) = reference.as_object_mut() {
        fields.shift_remove("clearingNumber");
    }
    reference
}

//! The money of a payment: what it costs, whether it is there, what is reserved for it, and how it is booked on both
//! sides.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{amount_of, creditor, debtor_of, transfers};
use crate::model::accounts::{Account, addresses};
use crate::model::entities::Payment;
use crate::model::ids::digest;
use crate::model::postings::Row;
use crate::model::products::Exchange;
use crate::model::world::World;

/// What a transfer takes from the debtor's account.
struct Cost {
    amount: Decimal,
    currency: String,
    exchange: Option<Exchange>,
}

/// Whether there is enough for a single payment, or for any element of a bulk. What was set aside for it is free again.
pub(super) fn has_funds(world: &mut World, id: &str, at: DateTime<Utc>) -> bool {
    world.state.postings.release(id);
    let Some(payment) = world.state.payments.get(id).cloned() else { return false };
    // Without a debtor there is nothing to look at; the order ends when it should be booked.
    let Some(account) = debtor_of(world, &payment) else { return true };
    let enough = costs(world, &payment, &account, at.date_naive()).iter().any(Option::is_some);
    if let Some(payment) = world.state.payments.get_mut(id) {
        payment.funds = Some(enough);
    }
    enough
}

/// Sets aside what a signed payment will take, so that nobody spends it in the meantime.
pub(super) fn reserve(world: &mut World, id: &str, at: DateTime<Utc>) {
    let Some(payment) = world.state.payments.get(id).cloned() else { return };
    let Some(account) = debtor_of(world, &payment) else { return };
    let costs = costs(world, &payment, &account, at.date_naive());
    let sums = costs.into_iter().flatten().map(|cost| (cost.currency, cost.amount)).collect();
    world.state.postings.hold(id, &account.addresses()[0], sums);
}

/// The day of execution has come: each transfer is booked on both sides or refused. Gives which were paid, in the order
/// of the transfers; nothing if the debtor is gone.
pub(super) fn book(world: &mut World, id: &str, at: DateTime<Utc>) -> Option<Vec<bool>> {
    world.state.postings.release(id);
    let payment = world.state.payments.get(id).cloned()?;
    let account = debtor_of(world, &payment)?;
    let day = at.date_naive();
    let costs = costs(world, &payment, &account, day);
    let paid = costs.iter().map(Option::is_some).collect();
    let mut rows = Vec::new();
    for (transfer, cost) in transfers(&payment.order).into_iter().zip(costs) {
        let Some(cost) = cost else { continue };
        credit(world, &payment, &account, transfer, day);
        rows.push(debit(world, &payment, transfer, cost, day));
    }
    if payment.order["batchBookingPreferred"].as_bool() == Some(true) && rows.len() > 1 {
        rows = batched(rows);
    }
    for row in rows {
        world.state.postings.add(&account.addresses()[0], row);
    }
    Some(paid)
}

/// What each transfer of an order takes, one after the other; none where the money does not go that far.
fn costs(world: &mut World, payment: &Payment, account: &Account, day: NaiveDate) -> Vec<Option<Cost>> {
    let mut left = available(world, account, day);
    let mut afford = |transfer: &Value| {
        let cost = cost(world, account, transfer, day)?;
        let (_, rest) = left.iter_mut().find(|(known, rest)| *known == cost.currency && *rest >= cost.amount)?;
        *rest -= cost.amount;
        Some(cost)
    };
    transfers(&payment.order).into_iter().map(&mut afford).collect()
}

/// What can be spent, by currency.
fn available(world: &mut World, account: &Account, day: NaiveDate) -> Vec<(String, Decimal)> {
    let view = world.ledgers.view(account, &world.state.postings, day);
    let limit = Decimal::from(account.credit_limit.unwrap_or_default());
    let balances = view.balances(&world.directory.products, day, true);
    balances.into_iter().map(|(currency, amount)| (currency, amount.saturating_add(limit))).collect()
}

/// What a transfer costs the account, and at which rate.
fn cost(world: &World, account: &Account, transfer: &Value, day: NaiveDate) -> Option<Cost> {
    let (amount, currency) = amount_of(transfer)?;
    if account.currencies.iter().any(|known| known == currency) {
        return Some(Cost { amount, currency: currency.to_owned(), exchange: None });
    }
    let own = account.currencies.first()?;
    let exchange = world.directory.products.exchange(currency, own, day)?;
    Some(Cost { amount: (amount * exchange.rate).round_dp(2), currency: own.clone(), exchange: Some(exchange) })
}

fn debit(world: &World, payment: &Payment, transfer: &Value, cost: Cost, day: NaiveDate) -> Row {
    let text = |name: &str| transfer[name].as_str().map(str::to_owned);
    Row {
        name: text("creditorName").unwrap_or_default(),
        text: text("remittanceInformationUnstructured").or_else(|| text("debtorAccountMessage")).unwrap_or_default(),
        structured: text("ocrRef").or_else(|| text("invoiceRef")),
        account: Some(in_transactions(&creditor(transfer))),
        exchange: cost.exchange,
        ..row(world, payment, transfer, -cost.amount, cost.currency, day)
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

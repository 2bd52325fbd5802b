//! The transactions of an account as pages show them: read, searched, cut into pages, added up.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use opp_ergonomic::{Account, Accounts, Balance, BalanceType, Error, Transaction, TransactionQuery};
use rust_decimal::Decimal;
use serde::Serialize;

/// The most transactions that are read at once: a page is no archive.
const MOST: usize = 10_000;

/// Rows on a page.
const PAGE: usize = 25;

/// A transaction as it is shown and given away.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) booking_date: Option<NaiveDate>,
    pub(crate) value_date: Option<NaiveDate>,
    /// `None` if the bank says none that can be read: the transaction is shown all the same.
    pub(crate) amount: Option<Decimal>,
    pub(crate) currency: String,
    /// The other side.
    pub(crate) counterparty: String,
    pub(crate) text: String,
    pub(crate) reference: String,
    pub(crate) entry_reference: String,
    pub(crate) transaction_id: String,
}

impl Row {
    fn of(transaction: &Transaction) -> Self {
        let owned = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
        let amount = transaction.amount();
        let currency = amount.map(|amount| amount.currency().to_string()).unwrap_or_default();
        let amount = amount.map(|amount| amount.value());
        let is_outgoing = amount.is_none_or(|amount| amount.is_sign_negative());
        let (creditor, debtor) = (transaction.creditor_name(), transaction.debtor_name());
        let counterparty = if is_outgoing { creditor.or(debtor) } else { debtor.or(creditor) };
        Self {
            booking_date: transaction.booking_date(),
            value_date: transaction.value_date(),
            amount,
            currency,
            counterparty: owned(counterparty),
            text: owned(transaction.remittance()),
            reference: owned(transaction.reference().or(transaction.end_to_end_id())),
            entry_reference: owned(transaction.entry_reference()),
            transaction_id: owned(transaction.id()),
        }
    }

    fn contains(&self, wanted: &str) -> bool {
        let texts = [&self.counterparty, &self.text, &self.reference];
        texts.iter().any(|text| text.to_lowercase().contains(wanted))
            || self.amount.is_some_and(|amount| amount.to_string().contains(wanted))
    }
}

/// Money in and out of a month; both are positive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Month {
    /// Its first day.
    pub(crate) first: NaiveDate,
    pub(crate) paid_in: Decimal,
    pub(crate) paid_out: Decimal,
}

/// What was read of an account.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Newest first.
    pub(crate) rows: Vec<Row>,
    /// Whether there is more than is read at once.
    pub(crate) is_cut: bool,
}

impl Ledger {
    /// Reads what was booked from a day to another, both included. Some banks ignore the dates, so they are looked at
    /// here too.
    pub(crate) async fn read(accounts: &Accounts, account: &str, days: (NaiveDate, NaiveDate)) -> Result<Self, Error> {
        let (from, to) = days;
        let mut transactions = accounts.transactions(account, &TransactionQuery::since(from).until(to))?;
        let mut ledger = Self::default();
        while let Some(transaction) = transactions.next().await {
            let row = Row::of(&transaction?);
            if row.booking_date.is_some_and(|day| day < from || day > to) {
                continue;
            }
            if ledger.rows.len() == MOST {
                ledger.is_cut = true;
                break;
            }
            ledger.rows.push(row);
        }
        ledger.rows.sort_by_key(|row| std::cmp::Reverse(row.booking_date));
        Ok(ledger)
    }

    /// Whether nothing is missing, so that it adds up.
    pub(crate) fn is_whole(&self) -> bool {
        !self.is_cut && self.rows.iter().all(|row| row.amount.is_some())
    }

    /// Only the rows that contain a text.
    pub(crate) fn search(mut self, wanted: &str) -> Self {
        let wanted = wanted.trim().to_lowercase();
        self.rows.retain(|row| wanted.is_empty() || row.contains(&wanted));
        self
    }

    /// The rows of a page, counted from 1, and how many pages there are.
    pub(crate) fn page(&self, page: usize) -> (&[Row], usize, usize) {
        let pages = self.rows.len().div_ceil(PAGE).max(1);
        let page = page.clamp(1, pages);
        let rows = self.rows.chunks(PAGE).nth(page - 1).unwrap_or_default();
        (rows, page, pages)
    }

    /// Money in and out by month, oldest first, of one currency.
    pub(crate) fn months(&self, currency: &str) -> Vec<Month> {
        let mut months: BTreeMap<NaiveDate, Month> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.currency == currency) {
            let first = row.booking_date.and_then(|day| day.with_day(1));
            let (Some(first), Some(amount)) = (first, row.amount) else { continue };
            let none = Month { first, paid_in: Decimal::ZERO, paid_out: Decimal::ZERO };
            let month = months.entry(first).or_insert(none);
            if amount.is_sign_negative() { month.paid_out -= amount } else { month.paid_in += amount }
        }
        months.into_values().collect()
    }

    /// The balance at the end of each day, oldest first, worked out backwards from what it is now.
    pub(crate) fn balances(
        &self,
        (from, to): (NaiveDate, NaiveDate),
        now: Decimal,
        currency: &str,
    ) -> Vec<(NaiveDate, Decimal)> {
        let mut booked: BTreeMap<NaiveDate, Decimal> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.currency == currency) {
            if let (Some(day), Some(amount)) = (row.booking_date, row.amount) {
                *booked.entry(day).or_default() += amount;
            }
        }
        let mut balance = now;
        let mut days: Vec<_> = from
            .iter_days()
            .take_while(|day| *day <= to)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .map(|day| {
                let at_its_end = (day, balance);
                balance -= booked.get(&day).copied().unwrap_or_default();
                at_its_end
            })
            .collect();
        days.reverse();
        days
    }
}

/// The balance that says what is booked, or else the best that there is, with its currency.
pub(crate) fn balance(account: &Account) -> Option<(Decimal, String)> {
    use BalanceType::{ClosingBooked, Expected, InterimAvailable, InterimBooked};
    let known: Vec<Balance> = account.balances().collect();
    let wanted = [InterimBooked, ClosingBooked, Expected, InterimAvailable];
    let best = wanted.iter().find_map(|kind| known.iter().find(|balance| balance.kind() == Some(kind)));
    let best = best.or(known.first())?;
    let amount = best.amount()?;
    Some((amount.value(), amount.currency().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(rows: &[(&str, &str, &str)]) -> Ledger {
        let row = |(day, amount, text): &(&str, &str, &str)| Row {
            booking_date: day.parse().ok(),
            amount: amount.parse().ok(),
            currency: "SEK".to_owned(),
            counterparty: (*text).to_owned(),
            ..Row::default()
        };
        Ledger { rows: rows.iter().map(row).collect(), is_cut: false }
    }

    #[test]
    fn balances_are_worked_out_backwards() {
        let ledger = ledger(&[("2026-03-03", "-30", "b"), ("2026-03-02", "100", "a"), ("2026-03-02", "-1", "a")]);
        let days = ("2026-03-01".parse().unwrap(), "2026-03-04".parse().unwrap());
        let balances: Vec<_> = ledger.balances(days, Decimal::from(70), "SEK").into_iter().map(|(_, it)| it).collect();
        assert_eq!(balances, [1, 100, 70, 70].map(Decimal::from));
    }

    #[test]
    fn a_transaction_whose_amount_cannot_be_read_is_no_part_of_a_sum_and_is_found_all_the_same() {
        let ledger = ledger(&[("2026-03-03", "-30", ""), ("2026-03-02", "a lot", "Bageri")]);
        assert!(!ledger.is_whole());
        assert_eq!(ledger.months("SEK").len(), 1);
        assert_eq!(ledger.search("bageri").rows.len(), 1);
    }

    #[test]
    fn months_add_up_what_came_and_went() {
        let ledger = ledger(&[("2026-03-03", "-30", ""), ("2026-03-02", "100", ""), ("2026-02-02", "-1.50", "")]);
        let months: Vec<_> = ledger.months("SEK").iter().map(|it| format!("{} {}", it.paid_in, it.paid_out)).collect();
        assert_eq!(months, ["0 1.50", "100 30"]);
        assert!(ledger.months("EUR").is_empty());
    }

    #[test]
    fn a_search_looks_at_names_and_amounts_and_pages_stay_in_range() {
        let found = ledger(&[("2026-03-03", "-30.25", "Bageri"), ("2026-03-02", "100", "Lön")]);
        assert_eq!(found.page(9).1, 1);
        assert_eq!(found.search("bAGE").rows.len(), 1);
        assert_eq!(ledger(&[("2026-03-03", "-30.25", "x")]).search(" 30.25 ").rows.len(), 1);
        assert_eq!(ledger(&[]).page(1), (&[][..], 1, 1));
    }
}

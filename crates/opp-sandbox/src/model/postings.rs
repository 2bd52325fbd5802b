//! What payments add to the ledgers: rows by the address that the money came from or went to.
//!
//! Money that goes to an address nobody has asked about yet lies there until somebody does, so the order of things
//! does not matter. All of it is bounded: beyond the bound the oldest row is folded into the balance of its address.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::accounts::Account;
use super::products::Exchange;
use super::shelf::{Shelf, Weight};

/// One entry as the services show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// Grows with the day of booking, so that a caller can ask for what came after.
    pub(crate) reference: String,
    pub(crate) made: NaiveDate,
    pub(crate) booked: NaiveDate,
    pub(crate) amount: Decimal,
    pub(crate) currency: String,
    pub(crate) exchange: Option<Exchange>,
    /// The other side.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) structured: Option<String>,
    pub(crate) code: String,
    pub(crate) end_to_end: Option<String>,
    /// The other side's account, as a JSON reference.
    pub(crate) account: Option<Value>,
    pub(crate) payment: Option<String>,
}

/// Where a row stands: day of booking, and its number on the ledger.
pub(crate) type Place = (NaiveDate, u32);

/// Numbers of postings begin here, above all generated ones, so that on any day they come last.
const FIRST: u32 = 90_000_000;
/// The highest number that a reference can hold.
pub(crate) const LAST: u32 = 99_999_999;

/// A place as the text that callers see.
pub(crate) fn reference((booked, number): Place) -> String {
    format!("{}{number:08}", booked.format("%Y%m%d"))
}

/// The place that a reference names.
pub(crate) fn place(reference: &str) -> Option<Place> {
    let (day, number) = (reference.get(..8)?, reference.get(8..).filter(|text| text.len() == 8)?);
    Some((NaiveDate::parse_from_str(day, "%Y%m%d").ok()?, number.parse().ok()?))
}

/// The rows of one address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Posted {
    rows: VecDeque<(u32, Row)>,
    /// What rows that are gone have left behind, by currency.
    carried: BTreeMap<String, Decimal>,
}

impl Weight for Posted {}

/// Rows are small and counted one by one; their bytes need no bound beside.
const BYTES: usize = usize::MAX;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Postings {
    lists: Shelf<Posted>,
    /// Addresses in the order in which rows came, one for each row.
    order: VecDeque<String>,
    /// What is set aside for payments that are signed and not settled yet, by payment.
    #[serde(default)]
    held: BTreeMap<String, Held>,
    capacity: usize,
    next: u32,
}

/// Money that nobody can spend any more, and that has not left its account either.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Held {
    address: String,
    /// By currency.
    sums: Vec<(String, Decimal)>,
}

impl Postings {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            lists: Shelf::new(capacity, BYTES),
            order: VecDeque::new(),
            held: BTreeMap::new(),
            capacity: capacity.max(1),
            next: 0,
        }
    }

    pub(crate) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity.max(1);
        self.lists.set_capacity(capacity, BYTES);
    }

    /// Adds a row to an address. Its reference and the number in its id follow from when it came.
    pub(crate) fn add(&mut self, address: &str, mut row: Row) {
        let number = FIRST + self.next % (LAST - FIRST);
        self.next = self.next.wrapping_add(1);
        row.reference = reference((row.booked, number));
        row.id = format!("{}{}", row.id, row.reference);
        // It becomes the youngest, so that who goes on paying is never the oldest.
        let mut list = self.lists.remove(address).unwrap_or_default();
        let at = list.rows.partition_point(|(known, row_)| (row_.booked, *known) < (row.booked, number));
        list.rows.insert(at, (number, row));
        self.lists.insert(address.to_owned(), list);
        self.order.push_back(address.to_owned());
        while self.order.len() > self.capacity {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(list) = self.lists.get_mut(&oldest)
                && let Some((_, row)) = list.rows.pop_front()
            {
                tracing::warn!(reference = row.reference, "too many postings, the oldest is folded into the balance");
                let carried = list.carried.entry(row.currency).or_default();
                *carried = carried.saturating_add(row.amount);
            }
        }
    }

    /// Sets money aside for a payment, in place of what was set aside for it before.
    pub(crate) fn hold(&mut self, payment: &str, address: &str, sums: Vec<(String, Decimal)>) {
        self.held.insert(payment.to_owned(), Held { address: address.to_owned(), sums });
    }

    /// Frees what was set aside for a payment.
    pub(crate) fn release(&mut self, payment: &str) {
        self.held.remove(payment);
    }

    /// Frees what was set aside for payments that are gone.
    pub(super) fn retain_held(&mut self, alive: impl Fn(&str) -> bool) {
        self.held.retain(|payment, _| alive(payment));
    }

    /// The rows of an account, by all its addresses, oldest first.
    pub(super) fn of<'a>(&'a self, account: &Account) -> Vec<(Place, &'a Row)> {
        let mut rows: Vec<_> = self
            .lists_of(account)
            .flat_map(|list| list.rows.iter().map(|(number, row)| ((row.booked, *number), row)))
            .collect();
        rows.sort_by_key(|(place, _)| *place);
        rows
    }

    /// What is left of rows that are gone.
    pub(super) fn carried<'a>(&'a self, account: &Account) -> impl Iterator<Item = (&'a str, Decimal)> {
        self.lists_of(account).flat_map(|list| list.carried.iter().map(|(currency, sum)| (currency.as_str(), *sum)))
    }

    /// What is set aside on an account, in each currency.
    pub(super) fn held<'a>(&'a self, account: &Account) -> impl Iterator<Item = (&'a str, Decimal)> {
        let own = account.addresses();
        let held = self.held.values().filter(move |held| own.contains(&held.address));
        held.flat_map(|held| held.sums.iter().map(|(currency, sum)| (currency.as_str(), *sum)))
    }

    fn lists_of<'a>(&'a self, account: &Account) -> impl Iterator<Item = &'a Posted> {
        account.addresses().into_iter().filter_map(|address| self.lists.get(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(amount: i64) -> Row {
        Row { amount: Decimal::from(amount), currency: "SEK".to_owned(), ..Row::default() }
    }

    #[test]
    fn beyond_the_bound_the_oldest_row_becomes_part_of_the_balance() {
        let mut postings = Postings::new(3);
        for amount in 1..=5 {
            postings.add("iban:X", row(amount));
        }
        let list = postings.lists.get("iban:X").unwrap();
        assert_eq!(list.rows.iter().map(|(_, row)| row.amount).collect::<Vec<_>>(), [3, 4, 5].map(Decimal::from));
        assert_eq!(list.carried["SEK"], Decimal::from(3));
    }

    #[test]
    fn a_reference_leads_back_to_its_place() {
        let here = (NaiveDate::from_ymd_opt(2026, 3, 16).unwrap(), 1234);
        assert_eq!(place(&reference(here)), Some(here));
        for wrong in ["", "2026031600001", "20261316000012345", "å0260316000012"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}

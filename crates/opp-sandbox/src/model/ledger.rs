//! What happens on an account: three years of believable entries and every day that the clock adds.
//!
//! A ledger follows from the seed, the account and the day on which all ledgers begin. So it is made when somebody
//! asks, extended when days pass, and forgotten when too many are in memory. Only what payments add is state.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{Datelike as _, Days, NaiveDate};
use rand::RngExt as _;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::accounts::{Account, Kind};
use super::ids::{digest, fixed_rng};
use crate::StartError;
use crate::model::banks;

/// One kind of income or spending; the fields are explained where the data is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Habit {
    name: String,
    text: String,
    day: Option<u32>,
    #[serde(default)]
    per_month: f64,
    from: u32,
    to: u32,
    #[serde(default)]
    income: bool,
    #[serde(default)]
    card: bool,
    code: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Habits {
    private: Vec<Habit>,
    savings: Vec<Habit>,
    corporate: Vec<Habit>,
}

/// A generated entry, kept small because a year has hundreds of them.
#[derive(Clone, Copy, Debug)]
struct Entry {
    made: NaiveDate,
    booked: NaiveDate,
    amount: Decimal,
    habit: u16,
}

/// One entry as the services show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// Grows with time, so that a caller can ask for what came after.
    pub(crate) reference: String,
    pub(crate) made: NaiveDate,
    pub(crate) booked: NaiveDate,
    pub(crate) amount: Decimal,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) code: String,
    pub(crate) end_to_end: Option<String>,
    /// The other side's account, as a JSON reference.
    pub(crate) account: Option<serde_json::Value>,
}

/// The ledgers in memory.
#[derive(Debug)]
pub(crate) struct Ledgers {
    habits: Arc<Habits>,
    seed: u64,
    epoch: NaiveDate,
    known: HashMap<String, Ledger>,
    order: VecDeque<String>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Ledger {
    entries: Vec<Entry>,
    next_day: Option<NaiveDate>,
}

impl Ledgers {
    pub(crate) fn new(seed: u64, epoch: NaiveDate, capacity: usize) -> Result<Self, StartError> {
        let habits: Habits = banks::read("spending.toml", include_str!("../../data/spending.toml"))?;
        Ok(Self {
            habits: Arc::new(habits),
            seed,
            epoch,
            known: HashMap::new(),
            order: VecDeque::new(),
            capacity: capacity.max(1),
        })
    }

    /// Forgets everything and begins again from another seed or day.
    pub(crate) fn restart(&mut self, seed: u64, epoch: NaiveDate) {
        self.seed = seed;
        self.epoch = epoch;
        self.known.clear();
        self.order.clear();
    }

    /// All entries of an account that were made by today, newest first: generated ones and those of payments.
    pub(crate) fn rows(
        &mut self,
        account: &Account,
        postings: &BTreeMap<String, Vec<Row>>,
        today: NaiveDate,
    ) -> Vec<Row> {
        let (seed, habits) = (self.seed, Arc::clone(&self.habits));
        let list = habits.of(account.kind);
        let ledger = self.ledger(account, today);
        let generated =
            ledger.entries.iter().enumerate().filter(|(_, entry)| entry.made <= today).filter_map(|(number, entry)| {
                Some(row(seed, account, number, entry, list.get(usize::from(entry.habit))?))
            });
        let posted = postings.get(&account.key).into_iter().flatten().filter(|row| row.made <= today).cloned();
        let mut rows: Vec<_> = generated.chain(posted).collect();
        rows.sort_by(|one, other| (other.booked, &other.reference).cmp(&(one.booked, &one.reference)));
        rows
    }

    /// Booked and expected balance: what is on the account, and what will be once pending entries are booked.
    pub(crate) fn balances(
        &mut self,
        account: &Account,
        postings: &BTreeMap<String, Vec<Row>>,
        today: NaiveDate,
    ) -> (Decimal, Decimal) {
        let opening = opening(self.seed, account);
        let ledger = self.ledger(account, today);
        let generated = ledger.entries.iter().map(|entry| (entry.made, entry.booked, entry.amount));
        let posted = postings.get(&account.key).into_iter().flatten().map(|row| (row.made, row.booked, row.amount));
        generated.chain(posted).filter(|(made, ..)| *made <= today).fold(
            (opening, opening),
            |(booked, expected), (_, on, amount)| {
                (if on <= today { booked + amount } else { booked }, expected + amount)
            },
        )
    }

    fn ledger(&mut self, account: &Account, today: NaiveDate) -> &Ledger {
        if !self.known.contains_key(&account.key) {
            while self.known.len() >= self.capacity {
                let Some(oldest) = self.order.pop_front() else {
                    break;
                };
                self.known.remove(&oldest);
            }
            self.order.push_back(account.key.clone());
        }
        let ledger = self.known.entry(account.key.clone()).or_default();
        let list = self.habits.of(account.kind);
        let mut day = ledger.next_day.unwrap_or(self.epoch);
        while day <= today {
            live_through(self.seed, account, list, day, &mut ledger.entries);
            let Some(next) = day.checked_add_days(Days::new(1)) else {
                break;
            };
            day = next;
        }
        ledger.next_day = Some(day);
        ledger
    }
}

impl Habits {
    fn of(&self, kind: Kind) -> &[Habit] {
        match kind {
            Kind::Private => &self.private,
            Kind::Savings => &self.savings,
            Kind::Corporate => &self.corporate,
        }
    }
}

/// Adds one day's entries.
fn live_through(seed: u64, account: &Account, habits: &[Habit], day: NaiveDate, entries: &mut Vec<Entry>) {
    let mut rng = fixed_rng(seed, &["day", &account.key, &day.to_string()]);
    let last_day = u32::from(day.num_days_in_month());
    for (index, habit) in habits.iter().enumerate() {
        let happens = match habit.day {
            Some(fixed) => fixed.min(last_day) == day.day(),
            None => rng.random_bool((habit.per_month / 30.0).clamp(0.0, 1.0)),
        };
        if !happens {
            continue;
        }
        let (from, to) = (i64::from(habit.from) * 100, i64::from(habit.to) * 100);
        let mut hundredths = if from < to { rng.random_range(from..=to) } else { from };
        if !habit.card && habit.from != habit.to {
            hundredths -= hundredths % 100;
        }
        if account.currency != "SEK" {
            hundredths /= 10;
        }
        let amount = Decimal::new(if habit.income { hundredths } else { -hundredths }, 2);
        // A card purchase is pending until the merchant has sent it in.
        let wait = if habit.card { rng.random_range(1..=3) } else { 0 };
        entries.push(Entry {
            made: day,
            booked: day.checked_add_days(Days::new(wait)).unwrap_or(day),
            amount,
            habit: u16::try_from(index).unwrap_or(u16::MAX),
        });
    }
}

fn opening(seed: u64, account: &Account) -> Decimal {
    let whole = fixed_rng(seed, &["opening", &account.key]).random_range(12_000..60_000_i64);
    Decimal::new(if account.currency == "SEK" { whole * 100 } else { whole * 10 }, 2)
}

fn row(seed: u64, account: &Account, number: usize, entry: &Entry, habit: &Habit) -> Row {
    let reference = format!("{}{number:07}", entry.made.format("%y%m%d"));
    let hash = digest(seed, &["entry", &account.key, &reference]);
    Row {
        id: hash[..12].iter().fold(String::new(), |text, byte| format!("{text}{byte:02X}")),
        reference,
        made: entry.made,
        booked: entry.booked,
        amount: entry.amount,
        name: habit.name.clone(),
        text: habit.text.clone(),
        code: habit.code.clone(),
        end_to_end: None,
        account: None,
    }
}

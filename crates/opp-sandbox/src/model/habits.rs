//! What people and companies do with their money, day by day: `data/spending.toml` turned into entries.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use rand::RngExt as _;
use serde::Deserialize;

use super::accounts::Account;
use super::ids::fixed_rng;
use crate::StartError;
use crate::model::directory;

/// One kind of income or spending; the fields are explained where the data is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Habit {
    pub(crate) name: String,
    pub(crate) text: String,
    day: Option<u32>,
    #[serde(default)]
    per_month: f64,
    from: u32,
    to: u32,
    #[serde(default)]
    income: bool,
    #[serde(default)]
    card: bool,
    #[serde(default)]
    pub(crate) ocr: bool,
    pub(crate) currency: Option<String>,
    pub(crate) foreign: Option<String>,
    pub(crate) bankgiro: Option<String>,
    pub(crate) plusgiro: Option<String>,
    pub(crate) iban: Option<String>,
    pub(crate) code: String,
}

#[derive(Debug)]
pub(crate) struct Habits(BTreeMap<String, Vec<Habit>>);

/// A generated entry, kept small because a year has hundreds of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(super) made: NaiveDate,
    pub(super) booked: NaiveDate,
    pub(super) hundredths: i64,
    pub(super) number: u32,
    pub(super) habit: u16,
}

impl Habits {
    pub(super) fn load() -> Result<Self, StartError> {
        Ok(Self(directory::read("spending.toml", include_str!("../../data/spending.toml"))?))
    }

    pub(super) fn of(&self, account: &Account) -> &[Habit] {
        self.0.get(&account.habits).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Adds one day's entries.
pub(super) fn live_through(seed: u64, account: &Account, habits: &[Habit], day: NaiveDate, entries: &mut Vec<Entry>) {
    let mut rng = fixed_rng(seed, &["day", &account.key, &day.to_string()]);
    for (index, habit) in habits.iter().enumerate() {
        let happens = match habit.day {
            Some(fixed) => falls_on(fixed, habit, day),
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
        if habit.currency.is_none() && account.currency != "SEK" {
            hundredths /= 10;
        }
        // A card purchase is pending until the merchant has sent it in; nothing is booked on a weekend.
        let wait = if habit.card { rng.random_range(1..=3) } else { 0 };
        entries.push(Entry {
            made: day,
            booked: banking_day(day.checked_add_days(Days::new(wait)).unwrap_or(day)),
            hundredths: if habit.income { hundredths } else { -hundredths },
            number: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            habit: u16::try_from(index).unwrap_or(u16::MAX),
        });
    }
}

/// The same day, or the Monday after a weekend.
pub(crate) fn banking_day(day: NaiveDate) -> NaiveDate {
    let wait = match day.weekday() {
        Weekday::Sat => 2,
        Weekday::Sun => 1,
        _ => 0,
    };
    day.checked_add_days(Days::new(wait)).unwrap_or(day)
}

/// The same day, or the Friday before a weekend.
pub(crate) fn banking_day_before(day: NaiveDate) -> NaiveDate {
    let back = match day.weekday() {
        Weekday::Sat => 1,
        Weekday::Sun => 2,
        _ => 0,
    };
    day.checked_sub_days(Days::new(back)).unwrap_or(day)
}

/// The day of a month, or the month's last when it is shorter.
pub(crate) fn day_of_month(month: NaiveDate, day: u32) -> NaiveDate {
    month.with_day(day.min(u32::from(month.num_days_in_month()))).unwrap_or(month)
}

/// Whether something that happens on a fixed day of the month happens today: cards know no weekend, salaries come
/// before it, bills are paid after it. Near the end of a month the day may belong to the month before or after.
fn falls_on(fixed: u32, habit: &Habit, today: NaiveDate) -> bool {
    let near = [today.checked_sub_days(Days::new(2)), Some(today), today.checked_add_days(Days::new(2))];
    near.into_iter().flatten().any(|month| {
        let nominal = day_of_month(month, fixed);
        today
            == match (habit.card, habit.income) {
                (true, _) => nominal,
                (false, true) => banking_day_before(nominal),
                (false, false) => banking_day(nominal),
            }
    })
}

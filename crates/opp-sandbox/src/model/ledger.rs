//! What happens on an account: three years of believable entries and every day that the clock adds.
//!
//! A ledger follows from the seed, the account and the day on which all ledgers begin. So it is made when somebody
//! asks, extended when days pass, and forgotten when too many are in memory. Only what payments add is state.

use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::{Days, NaiveDate};
use rand::RngExt as _;
use rust_decimal::Decimal;
use serde_json::json;

use super::accounts::Account;
use super::habits::{Entry, Habit, Habits, live_through};
use super::ids::{digest, fixed_rng};
use super::numbers::with_check_digit;
use super::postings::{Place, Postings, Row, place, reference};
use super::products::{Exchange, Products};
use crate::StartError;

/// The ledgers in memory.
#[derive(Debug)]
pub(crate) struct Ledgers {
    habits: Habits,
    seed: u64,
    epoch: NaiveDate,
    known: HashMap<String, Ledger>,
    order: VecDeque<String>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Ledger {
    /// By place.
    entries: Vec<Entry>,
    next_day: Option<NaiveDate>,
}

/// One account's ledger as it is today. Entries become rows only when they are shown.
pub(crate) struct View<'a> {
    seed: u64,
    account: &'a Account,
    habits: &'a [Habit],
    entries: &'a [Entry],
    posted: Vec<(Place, &'a Row)>,
    carried: Vec<(&'a str, Decimal)>,
    held: Vec<(&'a str, Decimal)>,
    today: NaiveDate,
}

/// An entry that has not become a row yet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    Generated(&'a Entry),
    Posted(Place, &'a Row),
}

impl Item<'_> {
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Generated(entry) => (entry.booked, entry.number),
            Self::Posted(place, _) => *place,
        }
    }

    pub(crate) fn made(&self) -> NaiveDate {
        match self {
            Self::Generated(entry) => entry.made,
            Self::Posted(_, row) => row.made,
        }
    }

    pub(crate) fn booked(&self) -> NaiveDate {
        self.place().0
    }
}

impl Ledgers {
    pub(crate) fn new(seed: u64, epoch: NaiveDate, capacity: usize) -> Result<Self, StartError> {
        Ok(Self {
            habits: Habits::load()?,
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

    /// The ledger of an account on a day: generated entries and those of payments.
    pub(crate) fn view<'a>(&'a mut self, account: &'a Account, postings: &'a Postings, today: NaiveDate) -> View<'a> {
        self.extend(account, today);
        View {
            seed: self.seed,
            account,
            habits: self.habits.of(account),
            entries: self.known.get(&account.key).map(|ledger| ledger.entries.as_slice()).unwrap_or_default(),
            posted: postings.of(account),
            carried: postings.carried(account).collect(),
            held: postings.held(account).collect(),
            today,
        }
    }

    /// Makes sure that a ledger is in memory and reaches to a day.
    fn extend(&mut self, account: &Account, today: NaiveDate) {
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
        let list = self.habits.of(account);
        let mut day = ledger.next_day.unwrap_or(self.epoch);
        if day > today {
            return;
        }
        while day <= today {
            live_through(self.seed, account, list, day, &mut ledger.entries);
            let Some(next) = day.checked_add_days(Days::new(1)) else {
                break;
            };
            day = next;
        }
        // Nearly in order already, which this sort makes use of.
        ledger.entries.sort_by_key(|entry| (entry.booked, entry.number));
        ledger.next_day = Some(day);
    }
}

impl<'a> View<'a> {
    /// What has been made by today and is wanted, newest first.
    pub(crate) fn items(&self, wanted: impl Fn(&Item<'a>) -> bool) -> Vec<Item<'a>> {
        let generated = self.entries.iter().map(Item::Generated);
        let posted = self.posted.iter().map(|(place, row)| Item::Posted(*place, row));
        let mut items: Vec<_> =
            generated.chain(posted).filter(|item| item.made() <= self.today).filter(|item| wanted(item)).collect();
        if !self.posted.is_empty() {
            items.sort_by_key(Item::place);
        }
        items.reverse();
        items
    }

    /// Where the newest booked entry stands.
    pub(crate) fn newest_booked(&self) -> Option<Place> {
        let generated = self.entries.iter().map(|entry| (entry.booked, entry.number));
        let posted = self.posted.iter().map(|(place, _)| *place);
        generated.chain(posted).filter(|(booked, _)| *booked <= self.today).max()
    }

    /// The entry with this id.
    pub(crate) fn find(&self, products: &Products, id: &str) -> Option<Row> {
        let place = place(id.get(id.len().checked_sub(16)?..)?)?;
        let item = self.items(|item| item.place() == place).into_iter().next()?;
        Some(self.row(products, &item)).filter(|row| row.id == id)
    }

    /// Whether an entry stands at this place.
    pub(crate) fn knows(&self, place: Place) -> bool {
        !self.items(|item| item.place() == place).is_empty()
    }

    /// The entry as the services show it.
    pub(crate) fn row(&self, products: &Products, item: &Item<'_>) -> Row {
        match item {
            Item::Posted(_, row) => self.in_own_currency(products, row),
            Item::Generated(entry) => self.generated(products, entry),
        }
    }

    /// What is on the account after a day, in each of its currencies; with `pending`, also what is not booked yet, and
    /// without what is set aside for signed payments.
    pub(crate) fn balances(&self, products: &Products, day: NaiveDate, pending: bool) -> Vec<(String, Decimal)> {
        let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
        for currency in &self.account.currencies {
            sums.insert(currency, opening(self.seed, self.account, currency));
        }
        let counts = |made: NaiveDate, booked: NaiveDate| if pending { made <= day } else { booked <= day };
        let mut hundredths = vec![0_i64; self.habits.len()];
        for entry in self.entries.iter().filter(|entry| counts(entry.made, entry.booked)) {
            if let Some(sum) = hundredths.get_mut(usize::from(entry.habit)) {
                *sum += entry.hundredths;
            }
        }
        for (habit, sum) in self.habits.iter().zip(hundredths) {
            add(&mut sums, self.currency_of(habit), Decimal::new(sum, 2));
        }
        let posted = self.posted.iter().filter(|((booked, _), row)| counts(row.made, *booked));
        let posted: Vec<Row> = posted.map(|(_, row)| self.in_own_currency(products, row)).collect();
        for row in &posted {
            add(&mut sums, &row.currency, row.amount);
        }
        for (currency, sum) in &self.carried {
            match self.exchanged(products, *sum, currency, day) {
                Some((sum, _)) => add(&mut sums, &self.account.currencies[0], sum),
                None => add(&mut sums, currency, *sum),
            }
        }
        for (currency, sum) in self.held.iter().filter(|_| pending) {
            add(&mut sums, currency, -*sum);
        }
        sums.into_iter().map(|(currency, sum)| (currency.to_owned(), sum)).collect()
    }

    fn currency_of<'b>(&'b self, habit: &'b Habit) -> &'b str {
        habit.currency.as_deref().unwrap_or(&self.account.currency)
    }

    /// Money that arrived in another currency, as the account holds it.
    fn in_own_currency(&self, products: &Products, row: &Row) -> Row {
        let mut row = row.clone();
        if let Some((amount, exchange)) = self.exchanged(products, row.amount, &row.currency, row.booked) {
            row.amount = amount;
            row.currency.clone_from(&exchange.target);
            row.exchange = Some(exchange);
        }
        row
    }

    /// What another currency is worth on this account; nothing for its own.
    fn exchanged(
        &self,
        products: &Products,
        amount: Decimal,
        currency: &str,
        day: NaiveDate,
    ) -> Option<(Decimal, Exchange)> {
        if self.account.currencies.iter().any(|known| known == currency) {
            return None;
        }
        let exchange = products.exchange(currency, &self.account.currencies[0], day)?;
        Some((amount.saturating_mul(exchange.rate).round_dp(2), exchange))
    }

    fn generated(&self, products: &Products, entry: &Entry) -> Row {
        let reference = reference((entry.booked, entry.number));
        let hash = digest(self.seed, &["entry", &self.account.key, &reference]);
        let number = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02X}"));
        let Some(habit) = self.habits.get(usize::from(entry.habit)) else {
            // An entry stands in a ledger only because its habit was read from the same list.
            return blank(reference, entry);
        };
        let currency = self.currency_of(habit).to_owned();
        let exchange = habit
            .foreign
            .as_ref()
            .filter(|foreign| **foreign != currency)
            .and_then(|foreign| products.exchange(foreign, &currency, entry.made));
        let account = [("bankGiro", &habit.bankgiro), ("plusGiro", &habit.plusgiro), ("iban", &habit.iban)]
            .into_iter()
            .find_map(|(key, number)| Some(json!({ key: number.as_ref()? })));
        let structured =
            habit.ocr.then(|| with_check_digit(&format!("{}{:04}", entry.made.format("%Y%m"), entry.number)));
        Row {
            id: format!("{}{reference}", number(&hash[..4])),
            reference,
            made: entry.made,
            booked: entry.booked,
            amount: Decimal::new(entry.hundredths, 2),
            currency,
            exchange,
            name: habit.name.clone(),
            text: habit.text.clone(),
            structured,
            code: habit.code.clone(),
            end_to_end: None,
            account,
            payment: None,
        }
    }
}

/// A restored state can hold any amount, which must not break the sum.
fn add<'a>(sums: &mut BTreeMap<&'a str, Decimal>, currency: &'a str, amount: Decimal) {
    let sum = sums.entry(currency).or_default();
    *sum = sum.saturating_add(amount);
}

fn blank(reference: String, entry: &Entry) -> Row {
    Row {
        id: reference.clone(),
        reference,
        made: entry.made,
        booked: entry.booked,
        amount: Decimal::new(entry.hundredths, 2),
        ..Row::default()
    }
}

/// The balance on the day on which all ledgers begin.
fn opening(seed: u64, account: &Account, currency: &str) -> Decimal {
    let (from, to) = account.opening;
    if from >= to {
        return Decimal::ZERO;
    }
    let whole = fixed_rng(seed, &["opening", &account.key, currency]).random_range(from..to);
    Decimal::new(if currency == "SEK" { whole * 100 } else { whole * 10 }, 2)
}

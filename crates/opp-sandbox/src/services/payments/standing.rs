//! On which days a standing order is executed (platform-facts 9.3).

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde_json::Value;

use crate::model::clock;
use crate::model::habits::{banking_day, banking_day_before, day_of_month};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Days(u64),
    Months(u32),
}

/// A standing order's calendar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    start: NaiveDate,
    end: Option<NaiveDate>,
    step: Step,
    /// Day of the month; that of the start when the order names none.
    day: u32,
    before_weekend: bool,
}

impl Standing {
    /// Reads the fields of an order; nothing when they make no sense.
    pub(super) fn of(order: &Value) -> Option<Self> {
        let date = |name: &str| order[name].as_str().map_or(Some(None), |text| clock::day(text).map(Some));
        let start = date("startDate")??;
        let step = match order["frequency"].as_str()? {
            "Daily" => Step::Days(1),
            "Weekly" => Step::Days(7),
            "EveryTwoWeeks" => Step::Days(14),
            "Monthly" | "monthly" => Step::Months(1),
            "EveryTwoMonths" => Step::Months(2),
            "Quarterly" => Step::Months(3),
            "SemiAnnual" => Step::Months(6),
            "Annual" => Step::Months(12),
            _ => return None,
        };
        let day = match order["dayOfExecution"].as_str() {
            None => start.day(),
            Some(text) => text.parse().ok().filter(|day| (1..=31).contains(day))?,
        };
        let before_weekend = match order["executionRule"].as_str() {
            None | Some("following") => false,
            Some("preceding") => true,
            Some(_) => return None,
        };
        Some(Self { start, end: date("endDate")?, step, day, before_weekend })
    }

    /// The day of an execution, counted from 0, moved off a weekend as the order says. The end is held against the
    /// day before it is moved.
    pub(super) fn nth(&self, count: u32) -> Option<NaiveDate> {
        let nominal = match self.step {
            Step::Days(days) => self.start.checked_add_days(Days::new(days * u64::from(count)))?,
            Step::Months(months) => {
                // The first one is the first day of execution that is not before the start.
                let skip = u32::from(day_of_month(self.start, self.day) < self.start);
                let month = self
                    .start
                    .with_day(1)?
                    .checked_add_months(Months::new(months.checked_mul(count)?.checked_add(skip)?))?;
                day_of_month(month, self.day)
            }
        };
        if self.end.is_some_and(|end| nominal > end) {
            return None;
        }
        let day = if self.before_weekend { banking_day_before(nominal) } else { banking_day(nominal) };
        // Moving back must not lead to before the start.
        Some(if day < self.start { banking_day(nominal) } else { day })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn days(order: &Value, count: u32) -> Vec<String> {
        let standing = Standing::of(order).unwrap();
        (0..count).filter_map(|index| standing.nth(index)).map(|day| day.to_string()).collect()
    }

    #[test]
    fn monthly_on_the_last_day_follows_the_length_of_the_month_and_the_weekend() {
        let order = json!({ "startDate": "2026-01-05", "frequency": "Monthly", "dayOfExecution": "31" });
        assert_eq!(days(&order, 4), ["2026-02-02", "2026-03-02", "2026-03-31", "2026-04-30"]);
        let mut before = order;
        before["executionRule"] = json!("preceding");
        assert_eq!(days(&before, 4), ["2026-01-30", "2026-02-27", "2026-03-31", "2026-04-30"]);
    }

    #[test]
    fn a_day_before_the_start_waits_for_the_next_month() {
        let order = json!({ "startDate": "2026-03-20", "frequency": "Monthly", "dayOfExecution": "5" });
        assert_eq!(days(&order, 2), ["2026-04-06", "2026-05-05"]);
    }

    #[test]
    fn nothing_is_executed_after_the_end() {
        let order = json!({ "startDate": "2026-03-16", "frequency": "Weekly", "endDate": "2026-04-01" });
        assert_eq!(days(&order, 9), ["2026-03-16", "2026-03-23", "2026-03-30"]);
    }

    proptest! {
        #[test]
        fn executions_never_go_back_and_never_leave_the_order(
            start in 0_u64..3000,
            length in 0_u64..900,
            frequency in prop::sample::select(vec![
                "Daily", "Weekly", "EveryTwoWeeks", "Monthly", "EveryTwoMonths", "Quarterly", "SemiAnnual", "Annual",
            ]),
            rule in prop::sample::select(vec!["following", "preceding"]),
            day in 1_u32..=31,
        ) {
            let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + Days::new(start);
            let end = start + Days::new(length);
            let order = json!({
                "startDate": start, "endDate": end, "frequency": frequency, "executionRule": rule,
                "dayOfExecution": day.to_string(),
            });
            let standing = Standing::of(&order).unwrap();
            let days: Vec<_> = (0..).map_while(|index| standing.nth(index)).collect();
            prop_assert!(days.is_sorted());
            prop_assert!(days.iter().all(|day| *day >= start && *day <= end + Days::new(2)));
            prop_assert!(days.iter().all(|day| day.weekday().num_days_from_monday() < 5));
            prop_assert!(days.len() as u64 <= length + 1);
        }
    }
}

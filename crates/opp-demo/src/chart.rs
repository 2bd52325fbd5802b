//! Charts as figures for a template to draw: where lines and bars are in a frame of 1,000 by 1,000, and what stands at
//! the axes. The words are text beside the drawing, so that they stay legible on a telephone.

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::Serialize;

use crate::ledger::Month;
use crate::view;

const FRAME: f64 = 1000.0;

/// A value as far up the frame as it is large.
#[derive(Debug, Clone, Copy)]
struct Scale {
    low: Decimal,
    step: Decimal,
    steps: u32,
}

impl Scale {
    /// A scale of round numbers from below the lowest value to above the highest.
    fn over(values: impl Iterator<Item = Decimal> + Clone) -> Self {
        let low = values.clone().min().unwrap_or_default();
        let high = values.max().unwrap_or_default();
        let span = (high - low).max(Decimal::ONE);
        let mut unit = Decimal::ONE;
        loop {
            for factor in [1, 2, 5] {
                let step = unit * Decimal::from(factor);
                let below = (low / step).floor() * step;
                let steps = ((high - below) / step).ceil().to_u32().unwrap_or(1).max(1);
                if step * Decimal::from(4) >= span && steps <= 5 {
                    return Self { low: below, step, steps };
                }
            }
            unit *= Decimal::TEN;
        }
    }

    fn y(&self, value: Decimal) -> f64 {
        let share = (value - self.low) / (self.step * Decimal::from(self.steps));
        FRAME - share.to_f64().unwrap_or_default() * FRAME
    }

    /// What stands at the axis, from the top down.
    fn labels(&self, currency: &str) -> Vec<String> {
        let value = |at: u32| (self.low + self.step * Decimal::from(at)).normalize();
        (0..=self.steps).rev().map(|at| whole(value(at), currency)).collect()
    }

    fn lines(&self) -> Vec<String> {
        (0..=self.steps).map(|at| number(FRAME * f64::from(at) / f64::from(self.steps))).collect()
    }
}

fn whole(value: Decimal, currency: &str) -> String {
    view::money(value, currency).replace(".00", "")
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

/// A line of the balance, day by day.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    path: String,
    area: String,
    labels: Vec<String>,
    lines: Vec<String>,
    first: String,
    last: String,
    /// The whole in a sentence.
    summary: String,
}

impl Line {
    pub(crate) fn new(days: &[(NaiveDate, Decimal)], currency: &str) -> Option<Self> {
        let ((first, start), (last, end)) = (days.first()?, days.last()?);
        let scale = Scale::over(days.iter().map(|(_, balance)| *balance));
        #[allow(clippy::cast_precision_loss, reason = "a chart has a few hundred days")]
        let x = |at: usize| FRAME * at as f64 / (days.len().max(2) - 1) as f64;
        let mut path = format!("M0 {}", number(scale.y(*start)));
        for (at, (_, balance)) in days.iter().enumerate().skip(1) {
            path.push_str(&format!("H{}V{}", number(x(at)), number(scale.y(*balance))));
        }
        let lowest = days.iter().min_by_key(|(_, balance)| *balance)?;
        let money = |value| view::money(value, currency);
        Some(Self {
            area: format!("{path}V1000H0Z"),
            path,
            labels: scale.labels(currency),
            lines: scale.lines(),
            first: view::day(*first),
            last: view::day(*last),
            summary: format!(
                "From {} on {} to {} on {}; lowest on {} with {}.",
                money(*start),
                view::day(*first),
                money(*end),
                view::day(*last),
                view::day(lowest.0),
                money(lowest.1),
            ),
        })
    }
}

/// Two bars for each month.
#[derive(Debug, Serialize)]
pub(crate) struct Bars {
    labels: Vec<String>,
    lines: Vec<String>,
    months: Vec<Pair>,
    width: String,
}

/// A month's bars, and its line in the table beside them.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    name: String,
    short: String,
    in_x: String,
    in_y: String,
    in_height: String,
    out_x: String,
    out_y: String,
    out_height: String,
    paid_in: String,
    paid_out: String,
    balance: Option<String>,
}

impl Bars {
    pub(crate) fn new(months: &[Month], balances: &[(NaiveDate, Decimal)], currency: &str) -> Option<Self> {
        let values = months.iter().flat_map(|month| [month.paid_in, month.paid_out, Decimal::ZERO]);
        let scale = Scale::over(values);
        let count = f64::from(u32::try_from(months.len()).ok().filter(|count| *count > 0)?);
        let width = FRAME / count * 0.3;
        let bar = |value| (number(scale.y(value)), number(FRAME - scale.y(value)));
        let pair = |(at, month): (u32, &Month)| {
            let left = FRAME * f64::from(at) / count;
            let ((in_y, in_height), (out_y, out_height)) = (bar(month.paid_in), bar(month.paid_out));
            let in_month = |day: &NaiveDate| day.with_day(1) == Some(month.first);
            let at_its_end = balances.iter().rev().find(|(day, _)| in_month(day));
            Pair {
                name: month.first.format("%B %Y").to_string(),
                short: month.first.format("%b").to_string(),
                in_x: number(left + width * 0.6),
                in_y,
                in_height,
                out_x: number(left + width * 1.7),
                out_y,
                out_height,
                paid_in: view::money(month.paid_in, currency),
                paid_out: view::money(month.paid_out, currency),
                balance: at_its_end.map(|(_, balance)| view::money(*balance, currency)),
            }
        };
        let months = (0..).zip(months).map(pair).collect();
        Some(Self { labels: scale.labels(currency), lines: scale.lines(), months, width: number(width) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[i64]) -> Vec<String> {
        Scale::over(values.iter().map(|value| Decimal::from(*value)))
            .labels("")
            .iter()
            .map(|it| it.replace('\u{a0}', ""))
            .collect()
    }

    #[test]
    fn axes_have_few_and_round_numbers() {
        assert_eq!(scale(&[0, 90]), ["100", "50", "0"]);
        assert_eq!(scale(&[-120, 310]), ["400", "200", "0", "\u{2212}200"]);
        assert_eq!(scale(&[0]), ["1", "0"]);
        for (low, high) in [(0, 1), (1, 7), (-5, 5), (-1_000_000, 3), (999, 1001), (17, 12_345_678)] {
            assert!(scale(&[low, high]).len() <= 6, "{low} to {high}");
        }
    }

    #[test]
    fn a_line_goes_from_edge_to_edge() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let line = Line::new(&[(day(1), Decimal::ZERO), (day(2), Decimal::from(4)), (day(3), Decimal::from(2))], "SEK");
        assert_eq!(line.unwrap().path, "M0 1000.0H500.0V0.0H1000.0V500.0");
        assert!(Line::new(&[], "SEK").is_none());
    }
}

//! Standing orders: a transfer, again and again.

use chrono::NaiveDate;
use opp_raw::types::{EndDate, ExecutionRule, PeriodicPaymentInitiationJson, StartDate};
use opp_raw::{Invalid, Read};

use super::{Desk, Transfer, nothing_left};
use crate::account_number::without_giro;
use crate::macros::{setters, taken};
use crate::services::Frequency;

/// When a standing order is carried out.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Repetition {
    frequency: Frequency,
    first: NaiveDate,
    last: Option<NaiveDate>,
    rule: Option<ExecutionRule>,
    day: Option<u8>,
}

impl Repetition {
    /// From a day on, for good.
    pub fn new(frequency: Frequency, first: NaiveDate) -> Self {
        Self { frequency, first, last: None, rule: None, day: None }
    }

    setters! {
        /// Up to a day.
        until(self, last: NaiveDate) => last = Some(last);
        /// On this day of the month, 1 to 31.
        day_of_month(self, day: u8) => day = Some(day);
        /// Before a holiday instead of after it.
        before_holidays(self) => rule = Some(ExecutionRule::Preceding);
        /// After a holiday.
        after_holidays(self) => rule = Some(ExecutionRule::Following);
    }

    #[inline]
    pub(super) fn body(&self, transfer: &Transfer, desk: Desk<'_>) -> Result<PeriodicPaymentInitiationJson, Invalid> {
        desk.not_past("startDate", self.first)?;
        if self.last.is_some_and(|last| last < self.first) {
            return Err(Invalid::new("is before startDate").within("endDate"));
        }
        let mut said = transfer.body(desk)?;
        let debtor = said.debtor_account.take().map(without_giro).transpose();
        let body = PeriodicPaymentInitiationJson {
            debtor_account: debtor.map_err(|wrong| wrong.within("debtorAccount"))?,
            start_date: Some(StartDate::from(self.first)),
            end_date: self.last.map(EndDate::from),
            execution_rule: self.rule.clone(),
            frequency: Some(self.frequency.clone()),
            day_of_execution: self.day.and_then(|day| Read::read_str(&day.to_string())),
            ..taken!(said => PeriodicPaymentInitiationJson {
                end_to_end_identification instructed_amount creditor_account creditor_agent creditor_name creditor_address
                remittance_information_unstructured
            })
        };
        nothing_left(&said, "a standing order")?;
        Ok(body)
    }
}

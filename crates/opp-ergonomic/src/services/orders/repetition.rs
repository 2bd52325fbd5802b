//! Standing orders: a transfer, again and again.

use chrono::NaiveDate;
use opp_raw::Invalid;
use opp_raw::types::{DayOfExecution, EndDate, ExecutionRule, PeriodicPaymentInitiationJson, StartDate};

use super::{Desk, Transfer, nothing_left};
use crate::account_number::without_giro;
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

    /// Up to a day.
    pub fn until(mut self, last: NaiveDate) -> Self {
        self.last = Some(last);
        self
    }

    /// On this day of the month, 1 to 31.
    pub fn day_of_month(mut self, day: u8) -> Self {
        self.day = Some(day);
        self
    }

    /// Before a holiday instead of after it.
    pub fn before_holidays(mut self) -> Self {
        self.rule = Some(ExecutionRule::Preceding);
        self
    }

    /// After a holiday.
    pub fn after_holidays(mut self) -> Self {
        self.rule = Some(ExecutionRule::Following);
        self
    }

    pub(super) fn body(&self, transfer: &Transfer, desk: Desk<'_>) -> Result<PeriodicPaymentInitiationJson, Invalid> {
        desk.not_past("startDate", self.first)?;
        if self.last.is_some_and(|last| last < self.first) {
            return Err(Invalid::new("is before startDate").within("endDate"));
        }
        let day = self.day.map(|day| DayOfExecution::try_from(day.to_string())).transpose();
        let mut said = transfer.body(desk)?;
        let debtor = said.debtor_account.take().map(without_giro).transpose();
        let mut body = PeriodicPaymentInitiationJson {
            end_to_end_identification: said.end_to_end_identification.take(),
            debtor_account: debtor.map_err(|wrong| wrong.within("debtorAccount"))?,
            instructed_amount: said.instructed_amount.take(),
            creditor_account: said.creditor_account.take(),
            creditor_agent: said.creditor_agent.take(),
            creditor_name: said.creditor_name.take(),
            creditor_address: said.creditor_address.take(),
            remittance_information_unstructured: said.remittance_information_unstructured.take(),
            start_date: Some(StartDate::from(self.first)),
            end_date: self.last.map(EndDate::from),
            execution_rule: self.rule.clone(),
            frequency: Some(self.frequency.clone()),
            day_of_execution: day.map_err(|wrong| wrong.within("dayOfExecution"))?,
            ..PeriodicPaymentInitiationJson::default()
        };
        body.extra = std::mem::take(&mut said.extra);
        nothing_left(&said, "a standing order")?;
        Ok(body)
    }
}

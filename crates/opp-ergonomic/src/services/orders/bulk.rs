//! Several transfers, signed at once.

use chrono::NaiveDate;
use opp_raw::Invalid;
use opp_raw::types::{BulkPaymentInitiationJson, PaymentInitiationBulkElementJson, RequestedExecutionDate};

use super::{Desk, Transfer, nothing_left};
use crate::account_number::{AccountNumber, without_giro};
use crate::bank_rules;
use crate::services::PaymentProduct;

/// Several transfers of one product from one account, signed at once.
#[derive(Debug, Clone)]
#[must_use]
pub struct Bulk {
    product: PaymentProduct,
    debtor: AccountNumber,
    day: Option<NaiveDate>,
    one: Option<bool>,
    transfers: Vec<Transfer>,
}

impl Bulk {
    /// From one account, by one product.
    pub fn new(product: PaymentProduct, debtor: impl Into<AccountNumber>) -> Self {
        Self { product, debtor: debtor.into(), day: None, one: None, transfers: Vec::new() }
    }

    /// One more transfer, without a payer and a day of its own.
    pub fn pay(mut self, transfer: Transfer) -> Self {
        self.transfers.push(transfer);
        self
    }

    /// The day on which all are to be carried out.
    pub fn on(mut self, day: NaiveDate) -> Self {
        self.day = Some(day);
        self
    }

    /// Whether they are to be booked as one.
    pub fn booked_as_one(mut self, one: bool) -> Self {
        self.one = Some(one);
        self
    }

    pub(super) fn product(&self) -> &PaymentProduct {
        &self.product
    }

    pub(super) fn body(&self, desk: Desk<'_>) -> Result<BulkPaymentInitiationJson, Invalid> {
        if let Some(day) = self.day {
            desk.not_past("requestedExecutionDate", day)?;
        }
        let debtor = self.debtor.clone().into();
        bank_rules::check_payer(desk.bic, &debtor)?;
        let elements = self.transfers.iter().enumerate().map(|(at, transfer)| {
            self.element(transfer, desk).map_err(|wrong| wrong.within(&format!("payments[{at}]")))
        });
        Ok(BulkPaymentInitiationJson {
            batch_booking_preferred: self.one,
            debtor_account: Some(without_giro(debtor).map_err(|wrong| wrong.within("debtorAccount"))?),
            requested_execution_date: self.day.map(RequestedExecutionDate::from),
            payments: elements.collect::<Result<Vec<_>, _>>()?.into(),
            ..BulkPaymentInitiationJson::default()
        })
    }

    fn element(&self, transfer: &Transfer, desk: Desk<'_>) -> Result<PaymentInitiationBulkElementJson, Invalid> {
        if *transfer.product() != self.product {
            return Err(Invalid::new(format!("is of another product than {}", self.product)));
        }
        let mut said = transfer.body(desk)?;
        let mut element = PaymentInitiationBulkElementJson {
            end_to_end_identification: said.end_to_end_identification.take(),
            instructed_amount: said.instructed_amount.take(),
            creditor_account: said.creditor_account.take(),
            creditor_agent: said.creditor_agent.take(),
            creditor_agent_name: said.creditor_agent_name.take(),
            creditor_name: said.creditor_name.take(),
            creditor_address: said.creditor_address.take(),
            remittance_information_unstructured: said.remittance_information_unstructured.take(),
            ..PaymentInitiationBulkElementJson::default()
        };
        element.extra = std::mem::take(&mut said.extra);
        nothing_left(&said, "a bulk")?;
        Ok(element)
    }
}

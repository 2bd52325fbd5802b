//! Several transfers, signed at once.

use chrono::NaiveDate;
use opp_raw::Invalid;
use opp_raw::types::{BulkPaymentInitiationJson, PaymentInitiationBulkElementJson, RequestedExecutionDate};

use super::{Desk, Transfer, nothing_left};
use crate::account_number::{AccountNumber, without_giro};
use crate::bank_rules;
use crate::macros::{setters, taken};
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

    setters! {
        /// The day on which all are to be carried out.
        on(self, day: NaiveDate) => day = Some(day);
        /// Whether they are to be booked as one.
        booked_as_one(self, one: bool) => one = Some(one);
    }

    pub(super) fn product(&self) -> &PaymentProduct {
        &self.product
    }

    #[inline]
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

    #[inline]
    fn element(&self, transfer: &Transfer, desk: Desk<'_>) -> Result<PaymentInitiationBulkElementJson, Invalid> {
        if *transfer.product() != self.product {
            return Err(Invalid::new(format!("is of another product than {}", self.product)));
        }
        let mut said = transfer.body(desk)?;
        let element = taken!(said => PaymentInitiationBulkElementJson {
            end_to_end_identification instructed_amount creditor_account creditor_agent creditor_agent_name creditor_name
            creditor_address remittance_information_unstructured
        });
        nothing_left(&said, "a bulk")?;
        Ok(element)
    }
}

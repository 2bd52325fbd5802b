//! What a payment says, product by product. Orders are put together from types that are right by themselves; when one is
//! handed over it is held against the calendar, the bank's rules and the document.

mod bulk;
mod draft;
mod repetition;

use chrono::NaiveDate;
use opp_raw::types::{PaymentInitiationJson, PaymentInitiationRequest};
use opp_raw::{Check as _, Invalid};
use serde_json::{Map, Value};

use super::{PaymentProduct, PaymentService};
use crate::macros::variants;

pub use bulk::Bulk;
pub use draft::{Draft, Giro, Transfer};
pub use repetition::Repetition;

/// A payment to be handed over.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Order {
    /// From account to account, once.
    Transfer(Transfer),
    /// To a giro number, once.
    Giro(Giro),
    /// From account to account, again and again.
    Standing(Transfer, Repetition),
    /// Several transfers, signed at once.
    Bulk(Bulk),
}

/// Where and when an order is handed over: what it is held against beside the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) bic: &'a str,
    /// By the calendar of Greenwich, which is never ahead of that of a Nordic bank: no day of the bank's is refused.
    pub(crate) today: NaiveDate,
}

impl Desk<'_> {
    fn not_past(self, field: &str, day: NaiveDate) -> Result<(), Invalid> {
        if day < self.today { Err(Invalid::new("is past").within(field)) } else { Ok(()) }
    }
}

impl Order {
    pub(crate) fn service(&self) -> PaymentService {
        match self {
            Self::Transfer(_) | Self::Giro(_) => PaymentService::Payments,
            Self::Standing(..) => PaymentService::PeriodicPayments,
            Self::Bulk(_) => PaymentService::BulkPayments,
        }
    }

    pub(crate) fn product(&self) -> PaymentProduct {
        match self {
            Self::Transfer(transfer) | Self::Standing(transfer, _) => transfer.product().clone(),
            Self::Giro(giro) => giro.product().clone(),
            Self::Bulk(bulk) => bulk.product().clone(),
        }
    }

    /// What goes out, held against the calendar, the bank's rules and the document.
    #[inline]
    pub(crate) fn body(&self, desk: Desk<'_>) -> Result<PaymentInitiationRequest, Invalid> {
        let body: PaymentInitiationRequest = match self {
            Self::Transfer(transfer) => transfer.body(desk)?.into(),
            Self::Giro(giro) => giro.body(desk)?.into(),
            Self::Standing(transfer, terms) => terms.body(transfer, desk)?.into(),
            Self::Bulk(bulk) => bulk.body(desk)?.into(),
        };
        body.check()?;
        Ok(body)
    }
}

variants! { Order: Transfer(Transfer) Giro(Giro) Bulk(Bulk) }

/// Refuses a transfer that says what this form of order has no field for: nothing gets lost on the way.
#[inline]
fn nothing_left(transfer: &PaymentInitiationJson, form: &str) -> Result<(), Invalid> {
    let left = serde_json::to_string(transfer).and_then(|json| serde_json::from_str::<Map<String, Value>>(&json));
    match left.map_err(|_| Invalid::new("cannot be written as JSON"))?.keys().next() {
        Some(field) => Err(Invalid::new(format!("cannot be said in {form}")).within(field)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

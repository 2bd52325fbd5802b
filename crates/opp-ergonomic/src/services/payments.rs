//! Payments: create, look at, cancel. Signing them is the flow's.

use std::fmt;

use opp_raw::reqwest::StatusCode;
use opp_raw::types::{
    self, PaymentId, PaymentInitiationCancelResponse202, PaymentProduct, PaymentService, TransactionStatus,
};
use opp_raw::{ByteStream, Bytes, Invalid, Read};
use serde::{Deserialize, Serialize};

use super::orders::{Desk, Order};
use super::view::view;
use crate::bank::Bank;
use crate::caller::Caller;
use crate::error::Error;
use crate::money::Amount;
use crate::reply::Reply;

/// Payments at a bank.
#[derive(Debug, Clone)]
pub struct Payments {
    caller: Caller,
    bank: Bank,
}

/// What names a payment: an id means nothing without service and product, so keep all three.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PaymentKey {
    pub(crate) service: PaymentService,
    pub(crate) product: PaymentProduct,
    pub(crate) id: PaymentId,
}

impl PaymentKey {
    /// The key of a payment that was created earlier.
    pub fn new(service: &PaymentService, product: &PaymentProduct, id: &str) -> Result<Self, Invalid> {
        let id = PaymentId::try_from(id).map_err(|invalid| invalid.within("paymentId"))?;
        Ok(Self { service: service.clone(), product: product.clone(), id })
    }

    /// The id alone.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// How it is repeated or grouped: the first part of its path.
    pub fn service(&self) -> &PaymentService {
        &self.service
    }

    /// Which way the money goes: the second part of its path.
    pub fn product(&self) -> &PaymentProduct {
        &self.product
    }
}

/// How far a payment has come, in a word of ISO 20022, each of which [`TransactionStatus`](opp_raw::types::TransactionStatus) explains.
/// [`stage`](Self::stage) tells what it means to a shop.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PaymentStatus(TransactionStatus);

/// What a status means to a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PaymentStage {
    /// Anything may come of it. `ACTC` is here, before and after signing.
    Open,
    /// More people have to sign.
    NeedsMoreSigners,
    /// The bank carries it out. It may rest here for minutes, in sandboxes for good, and may still fail.
    InProgress,
    /// Some of a bulk is accepted: look at each.
    Partial,
    /// The money has left the payer's account.
    Paid,
    /// Nothing came of it.
    Failed,
    /// It was taken back.
    Cancelled,
}

impl PaymentStatus {
    /// Reads the platform's word for it.
    pub fn read(word: &str) -> Self {
        Self(Read::read_str(word).unwrap_or_else(|| TransactionStatus::Unknown(word.to_owned())))
    }

    /// The platform's word for it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What it means to a shop. Only what is settled counts as paid.
    pub fn stage(&self) -> PaymentStage {
        match &self.0 {
            TransactionStatus::Acsc | TransactionStatus::Accc => PaymentStage::Paid,
            TransactionStatus::Acsp | TransactionStatus::Acwp => PaymentStage::InProgress,
            TransactionStatus::Patc => PaymentStage::NeedsMoreSigners,
            TransactionStatus::Part => PaymentStage::Partial,
            TransactionStatus::Rjct => PaymentStage::Failed,
            TransactionStatus::Canc => PaymentStage::Cancelled,
            _ => PaymentStage::Open,
        }
    }

    fn of(raw: Option<&TransactionStatus>) -> Result<Self, Error> {
        raw.cloned().map(Self).ok_or_else(|| Error::missing("transactionStatus"))
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A payment that was just created, and waits for the user.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPayment {
    key: PaymentKey,
    raw: types::PaymentInitiationResponse,
}

impl NewPayment {
    /// What names it: keep it before anything else is done.
    pub fn key(&self) -> &PaymentKey {
        &self.key
    }

    /// How far it has come.
    pub fn status(&self) -> Result<PaymentStatus, Error> {
        PaymentStatus::of(self.raw.transaction_status.as_ref())
    }

    /// All that the platform said.
    pub fn raw(&self) -> &types::PaymentInitiationResponse {
        &self.raw
    }
}

view! {
    /// A payment as the bank gives it back; many leave much of it out.
    PaymentDetails(PaymentInitiationInformationResponse) {
        /// Who is paid.
        creditor_name: creditor_name,
        /// What it is for.
        remittance: remittance_information_unstructured,
        /// The payer's reference.
        end_to_end_id: end_to_end_identification,
    }
}

impl PaymentDetails {
    /// How far it has come.
    pub fn status(&self) -> Result<PaymentStatus, Error> {
        PaymentStatus::of(self.0.transaction_status.as_ref())
    }

    /// What is paid.
    pub fn amount(&self) -> Option<Amount> {
        Amount::read(self.0.instructed_amount.as_ref()?)
    }
}

/// What came of a cancellation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cancellation {
    /// The payment is gone.
    Done,
    /// The user has to sign it: start a flow for the cancellation.
    NeedsSignature(Box<PaymentInitiationCancelResponse202>),
}

impl Payments {
    pub(crate) fn new(caller: Caller, bank: Bank) -> Self {
        Self { caller, bank }
    }

    /// Holds a payment against everything that [`create`](Self::create) holds it against, and sends nothing: before it
    /// is shown to somebody who is to agree to it.
    #[inline]
    pub fn check(&self, order: &Order) -> Result<(), Invalid> {
        order.body(self.desk()).map(drop)
    }

    fn desk(&self) -> Desk<'_> {
        Desk { bic: self.bank.bic(), today: self.caller.core.clock.now().date_naive() }
    }

    /// Hands a payment to the bank. No money moves before the user has signed.
    ///
    /// There is no idempotency: if the error's [`outcome`](Error::outcome) is
    /// [`Unknown`](crate::Outcome::Unknown), it may exist.
    pub async fn create(&self, order: impl Into<Order>) -> Result<Reply<NewPayment>, Error> {
        let order = order.into();
        let (service, product) = (order.service(), order.product());
        let body = order.body(self.desk())?;
        let call = self.caller.begin();
        let reply = call.end(call.initiate_payment(&service, &product, &body).await)?;
        reply.try_map(|answer| new_payment(service, product, answer))
    }

    /// Hands over a body that was made elsewhere: pain.001, or the multipart form of a periodic payment, for which
    /// [`opp_raw::Multipart`] helps. It goes out as it is, held against nothing.
    pub async fn create_bytes(
        &self,
        service: &PaymentService,
        product: &PaymentProduct,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Result<Reply<NewPayment>, Error> {
        let body = body.into();
        let call = self.caller.begin();
        let reply = call.end(call.initiate_payment_raw(service, product, content_type, body).await)?;
        reply.try_map(|answer| new_payment(service.clone(), product.clone(), answer))
    }

    /// A payment as the bank gives it back. HANDSESS has no such call; ask for the status there.
    pub async fn get(&self, key: &PaymentKey) -> Result<Reply<PaymentDetails>, Error> {
        let PaymentKey { service, product, id } = key;
        let call = self.caller.begin();
        Ok(call.end(call.get_payment_information(service, product, id).await)?.map(PaymentDetails))
    }

    /// A payment in the form in which it was handed over, such as pain.001, by its media type: `application/xml`.
    pub async fn get_bytes(&self, key: &PaymentKey, accept: &str) -> Result<Reply<ByteStream>, Error> {
        let PaymentKey { service, product, id } = key;
        let call = self.caller.streaming().begin();
        call.end(call.get_payment_information_stream(service, product, id, accept).await)
    }

    /// How far a payment has come.
    pub async fn status(&self, key: &PaymentKey) -> Result<Reply<PaymentStatus>, Error> {
        let PaymentKey { service, product, id } = key;
        let call = self.caller.begin();
        let reply = call.end(call.get_payment_initiation_status(service, product, id).await)?;
        reply.try_map(|answer| PaymentStatus::of(answer.transaction_status.as_ref()))
    }

    /// Takes a payment back, if the bank lets it: many do not, and answer 405 with `CANCELLATION_INVALID`
    /// (platform-facts 8.4).
    pub async fn cancel(&self, key: &PaymentKey) -> Result<Reply<Cancellation>, Error> {
        let PaymentKey { service, product, id } = key;
        let call = self.caller.begin();
        let answer = call.cancel_payment(service, product, id).await;
        // 202 asks for a signature, whatever its body says.
        let gone = answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::NO_CONTENT);
        let needs = |answer| Cancellation::NeedsSignature(Box::new(answer));
        Ok(call.end(answer)?.map(|answer| if gone { Cancellation::Done } else { needs(answer) }))
    }

    /// The ids of all signatures that were started: how to pick up the thread after a lost answer.
    pub async fn authorisations(&self, key: &PaymentKey) -> Result<Reply<Vec<String>>, Error> {
        let PaymentKey { service, product, id } = key;
        let call = self.caller.begin();
        let reply = call.end(call.get_payment_initiation_authorisation(service, product, id).await)?;
        Ok(reply.map(|list| list.authorisation_ids.iter().map(|id| id.as_str().to_owned()).collect()))
    }

    /// The ids of all signatures that were started on the cancellation.
    pub async fn cancellation_authorisations(&self, key: &PaymentKey) -> Result<Reply<Vec<String>>, Error> {
        let PaymentKey { service, product, id } = key;
        let call = self.caller.begin();
        let list = call.get_payment_initiation_cancellation_authorisation_information(service, product, id).await;
        let reply = call.end(list)?;
        Ok(reply.map(|list| list.cancellation_ids.iter().map(|id| id.as_str().to_owned()).collect()))
    }
}

#[inline]
fn new_payment(
    service: PaymentService,
    product: PaymentProduct,
    raw: types::PaymentInitiationResponse,
) -> Result<NewPayment, Error> {
    let id = raw.payment_id.clone().ok_or_else(|| Error::missing("paymentId"))?;
    Ok(NewPayment { key: PaymentKey { service, product, id }, raw })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_settled_is_paid() {
        let all = "RCVD PDNG ACTC ACCP ACWC ACWP ACSP ACSC ACCC ACFC PATC PART RJCT CANC NEWS";
        let paid = all.split(' ').filter(|word| PaymentStatus::read(word).stage() == PaymentStage::Paid);
        assert_eq!(paid.collect::<Vec<_>>(), ["ACSC", "ACCC"]);
        assert_eq!(PaymentStatus::read("ACTC").stage(), PaymentStage::Open);
        assert_eq!(PaymentStatus::read("PATC").stage(), PaymentStage::NeedsMoreSigners);
    }

    #[test]
    fn a_key_stays_the_same_through_a_file() {
        let key =
            PaymentKey::new(&PaymentService::Payments, &PaymentProduct::Unknown("instant".into()), "a/b").unwrap();
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<PaymentKey>(&json).unwrap(), key);
    }
}

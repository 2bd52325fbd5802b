//! A single payment: to an account or to a giro number.

use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use opp_raw::types::{
    self, AccountReferenceWithGiro, Address, Bicfi, PaymentInitiationJson, PaymentInitiationSwedishGiroJson,
};
use opp_raw::{Invalid, Read};

use super::{Desk, Order, Repetition};
use crate::account_number::{AccountNumber, without_giro};
use crate::bank_rules;
use crate::giro::{CreditorReference, GiroNumber, Ocr};
use crate::money::{Amount, Currency};
use crate::services::PaymentProduct;
use crate::text::TextRule;

type Change<B> = Arc<dyn Fn(&mut B) + Send + Sync>;

/// A payment as it is put together: a [`Transfer`] or a [`Giro`]. What breaks a rule is refused when it is handed over,
/// with the field's name.
#[derive(Clone)]
#[must_use]
pub struct Draft<To: Payee> {
    to: To,
    amount: Amount,
    name: String,
    said: Said,
    change: Option<Change<To::Body>>,
}

/// What may be said of any payment.
#[derive(Clone, Default)]
struct Said {
    debtor: Option<AccountNumber>,
    message: Option<String>,
    own_message: Option<String>,
    end_to_end_id: Option<String>,
    invoice: Option<String>,
    day: Option<NaiveDate>,
}

/// From account to account: domestic, SEPA or international; once, or again and again.
///
/// ```
/// use opp_ergonomic::{Bban, Clearing, Iban, Transfer};
///
/// let rent = Transfer::domestic("8400 SEK".parse()?, Iban::new("SE45 5000 0000 0583 9825 7466")?, "Anna Åkesson")
///     .from(Iban::new("SE81 6000 0000 0004 0197 5231")?)
///     .message("Rent for May");
/// // HANDSESS wants national numbers, and the payee's with its clearing number apart.
/// let rent = Transfer::domestic("8400 SEK".parse()?, (Clearing::new("1000")?, Bban::new("401975231")?), "Anna Åkesson")
///     .from(Bban::new("403333911")?);
/// # Ok::<(), opp_ergonomic::Invalid>(())
/// ```
pub type Transfer = Draft<ToAccount>;

/// To a Swedish bankgiro or plusgiro, with exactly one of OCR number and invoice text.
///
/// ```
/// use opp_ergonomic::{Bankgiro, Giro, Iban, Ocr};
///
/// let bill = Giro::new("845 SEK".parse()?, Bankgiro::new("991-2346")?, "Kustbandets Elnät AB")
///     .ocr(Ocr::new("1234567897")?)
///     .from(Iban::new("SE45 5000 0000 0583 9825 7466")?);
/// # Ok::<(), opp_ergonomic::Invalid>(())
/// ```
pub type Giro = Draft<ToGiro>;

/// Who is paid, and with it the body that goes out. It is ours to implement.
pub trait Payee {
    /// The body.
    type Body;
}

/// An account.
#[derive(Clone)]
pub struct ToAccount {
    product: PaymentProduct,
    account: AccountNumber,
    bank: Option<String>,
    bank_name: Option<String>,
    address: Option<Address>,
    reference: Option<CreditorReference>,
}

/// A giro number.
#[derive(Clone)]
pub struct ToGiro {
    number: GiroNumber,
    ocr: Option<Ocr>,
}

impl Payee for ToAccount {
    type Body = PaymentInitiationJson;
}

impl Payee for ToGiro {
    type Body = PaymentInitiationSwedishGiroJson;
}

impl<To: Payee> Draft<To> {
    fn to(to: To, amount: Amount, name: &str) -> Self {
        Self { to, amount, name: name.to_owned(), said: Said::default(), change: None }
    }

    /// The payer's account. It is required, even where the user chooses another while signing.
    pub fn from(mut self, debtor: impl Into<AccountNumber>) -> Self {
        self.said.debtor = Some(debtor.into());
        self
    }

    /// What it is for, as the payee reads it.
    pub fn message(mut self, text: &str) -> Self {
        self.said.message = Some(text.to_owned());
        self
    }

    /// What it is for, as the payer reads it.
    pub fn own_message(mut self, text: &str) -> Self {
        self.said.own_message = Some(text.to_owned());
        self
    }

    /// A reference of yours that goes all the way.
    pub fn end_to_end_id(mut self, id: &str) -> Self {
        self.said.end_to_end_id = Some(id.to_owned());
        self
    }

    /// The invoice that is paid, by its number: to a giro, or in a SEPA transfer.
    pub fn invoice(mut self, number: &str) -> Self {
        self.said.invoice = Some(number.to_owned());
        self
    }

    /// The day on which it is to be carried out; at once unless set.
    pub fn on(mut self, day: NaiveDate) -> Self {
        self.said.day = Some(day);
        self
    }

    /// Changes the body before it goes out: what the methods here do not reach, or a rule that a bank has given up.
    /// What it sets is held against the document alone.
    pub fn with(mut self, change: impl Fn(&mut To::Body) + Send + Sync + 'static) -> Self {
        self.change = Some(Arc::new(change));
        self
    }

    fn amount(&self) -> Result<Option<types::Amount>, Invalid> {
        self.amount.payable().map(Some).map_err(|wrong| wrong.within("instructedAmount"))
    }

    fn debtor(&self, desk: Desk<'_>) -> Result<Option<AccountReferenceWithGiro>, Invalid> {
        let Some(debtor) = self.said.debtor.clone().map(AccountReferenceWithGiro::from) else { return Ok(None) };
        bank_rules::check_payer(desk.bic, &debtor)?;
        Ok(Some(debtor))
    }

    fn day(&self, desk: Desk<'_>) -> Result<Option<String>, Invalid> {
        let field = "requestedExecutionDate";
        self.said.day.map(|day| desk.not_past(field, day).map(|()| day.to_string())).transpose()
    }

    fn changed(&self, mut body: To::Body) -> To::Body {
        if let Some(change) = &self.change {
            change(&mut body);
        }
        body
    }
}

impl Transfer {
    /// Within a country. Whether a bank wants IBANs or national numbers differs (platform-facts 11).
    pub fn domestic(amount: Amount, creditor: impl Into<AccountNumber>, name: &str) -> Self {
        Self::by(PaymentProduct::Domestic, amount, creditor, name)
    }

    /// Euro.
    pub fn sepa(amount: Amount, creditor: impl Into<AccountNumber>, name: &str) -> Self {
        Self::by(PaymentProduct::SepaCreditTransfers, amount, creditor, name)
    }

    /// Abroad. Needs the bank's BIC, and mostly an address.
    pub fn international(amount: Amount, creditor: impl Into<AccountNumber>, name: &str) -> Self {
        Self::by(PaymentProduct::International, amount, creditor, name)
    }

    /// By any product that a bank offers.
    pub fn by(product: PaymentProduct, amount: Amount, creditor: impl Into<AccountNumber>, name: &str) -> Self {
        let account = creditor.into();
        let to = ToAccount { product, account, bank: None, bank_name: None, address: None, reference: None };
        Self::to(to, amount, name)
    }

    /// The payee's bank by its BIC.
    pub fn creditor_bank(mut self, bic: &str) -> Self {
        self.to.bank = Some(bic.to_owned());
        self
    }

    /// The name of the payee's bank.
    pub fn creditor_bank_name(mut self, name: &str) -> Self {
        self.to.bank_name = Some(name.to_owned());
        self
    }

    /// The payee's address.
    pub fn creditor_address(mut self, address: Address) -> Self {
        self.to.address = Some(address);
        self
    }

    /// The payee's reference, in a SEPA transfer.
    pub fn reference(mut self, reference: CreditorReference) -> Self {
        self.to.reference = Some(reference);
        self
    }

    /// Makes it a standing order.
    #[must_use]
    pub fn repeated(self, terms: Repetition) -> Order {
        Order::Standing(self, terms)
    }

    pub(super) fn product(&self) -> &PaymentProduct {
        &self.to.product
    }

    pub(super) fn body(&self, desk: Desk<'_>) -> Result<PaymentInitiationJson, Invalid> {
        let to = &self.to;
        if to.product == PaymentProduct::SepaCreditTransfers && self.amount.currency() != Currency::EUR {
            return Err(Invalid::new("is EUR in a SEPA credit transfer").within("instructedAmount.currency"));
        }
        let account = without_giro(to.account.clone().into());
        let bank = to.bank.as_deref().map(Bicfi::try_from).transpose();
        let body = PaymentInitiationJson {
            instructed_amount: self.amount()?,
            debtor_account: self.debtor(desk)?,
            creditor_account: Some(account.map_err(|wrong| wrong.within("creditorAccount"))?),
            creditor_agent: bank.map_err(|wrong| wrong.within("creditorAgent"))?,
            creditor_agent_name: TextRule::CREDITOR_BANK_NAME.write(to.bank_name.as_deref())?,
            creditor_name: TextRule::CREDITOR_NAME.write(Some(&self.name))?,
            creditor_address: to.address.clone(),
            remittance_information_unstructured: TextRule::REMITTANCE.write(self.said.message.as_deref())?,
            debtor_account_message: TextRule::OWN_MESSAGE.write(self.said.own_message.as_deref())?,
            end_to_end_identification: TextRule::END_TO_END.write(self.said.end_to_end_id.as_deref())?,
            invoice_ref: TextRule::INVOICE.at_most(35).write(self.said.invoice.as_deref())?,
            ocr_ref: to.reference.as_ref().and_then(|reference| Read::read_str(reference.as_str())),
            requested_execution_date: self.day(desk)?,
            ..PaymentInitiationJson::default()
        };
        check_references(&to.product, &body)?;
        bank_rules::check_order(desk.bic, &to.product, &body)?;
        Ok(self.changed(body))
    }
}

impl Giro {
    /// To a giro number, and the name behind it.
    pub fn new(amount: Amount, giro: impl Into<GiroNumber>, name: &str) -> Self {
        Self::to(ToGiro { number: giro.into(), ocr: None }, amount, name)
    }

    /// The invoice that is paid, by its OCR number.
    pub fn ocr(mut self, number: Ocr) -> Self {
        self.to.ocr = Some(number);
        self
    }

    pub(super) fn body(&self, desk: Desk<'_>) -> Result<PaymentInitiationSwedishGiroJson, Invalid> {
        let body = PaymentInitiationSwedishGiroJson {
            instructed_amount: self.amount()?,
            debtor_account: self.debtor(desk)?,
            creditor_giro: Some(self.to.number.clone().into()),
            creditor_name: TextRule::CREDITOR_NAME.write(Some(&self.name))?,
            creditor_account_message: TextRule::GIRO_MESSAGE.write(self.said.message.as_deref())?,
            debtor_account_message: TextRule::OWN_MESSAGE.write(self.said.own_message.as_deref())?,
            end_to_end_identification: TextRule::END_TO_END.write(self.said.end_to_end_id.as_deref())?,
            invoice_ref: TextRule::INVOICE.write(self.said.invoice.as_deref())?,
            ocr_ref: self.to.ocr.as_ref().and_then(|number| Read::read_str(number.as_str())),
            requested_execution_date: self.day(desk)?,
            ..PaymentInitiationSwedishGiroJson::default()
        };
        Ok(self.changed(body))
    }
}

impl<To: Payee> fmt::Debug for Draft<To> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("amount", &self.amount).field("day", &self.said.day).finish_non_exhaustive()
    }
}

/// The references of a SEPA credit transfer: one of them, and in no other (platform-facts 9.3).
fn check_references(product: &PaymentProduct, body: &PaymentInitiationJson) -> Result<(), Invalid> {
    let says = match (product, &body.invoice_ref, &body.ocr_ref) {
        (_, None, None)
        | (PaymentProduct::SepaCreditTransfers, Some(_), None)
        | (PaymentProduct::SepaCreditTransfers, None, Some(_)) => return Ok(()),
        (PaymentProduct::SepaCreditTransfers, ..) => "cannot stand beside ocrRef: one of them says what is paid",
        _ => "is for SEPA credit transfers: use Transfer::message",
    };
    Err(Invalid::new(says).within(if body.invoice_ref.is_some() { "invoiceRef" } else { "ocrRef" }))
}

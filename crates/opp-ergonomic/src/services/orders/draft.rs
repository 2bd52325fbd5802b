//! A single payment: to an account or to a giro number.

use std::sync::Arc;

use chrono::NaiveDate;
use opp_raw::types::{Address, PaymentInitiationJson, PaymentInitiationSwedishGiroJson};
use opp_raw::{Invalid, Read, Text};

use super::{Desk, Order, Repetition};
use crate::account_number::{AccountNumber, without_giro};
use crate::bank_rules;
use crate::giro::{CreditorReference, GiroNumber, Ocr};
use crate::macros::{setters, taken};
use crate::money::{Amount, Currency};
use crate::secret::print_only;
use crate::services::PaymentProduct;
use crate::text::{PRINTABLE, SEPA};

type Change<B> = Arc<dyn Fn(&mut B) + Send + Sync>;

/// A payment as it is put together: a [`Transfer`] or a [`Giro`]. What breaks a rule is refused when it is handed over,
/// with the field's name: a name has 70 characters at most, a message 140, an end-to-end id 35 (platform-facts 9.3).
#[derive(Clone)]
#[must_use]
pub struct Draft<Body> {
    product: PaymentProduct,
    payee: AccountNumber,
    amount: Amount,
    day: Option<NaiveDate>,
    /// What else was said, unchecked: the body of a transfer has a place for all of it.
    said: PaymentInitiationJson,
    change: Option<Change<Body>>,
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
pub type Transfer = Draft<PaymentInitiationJson>;

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
pub type Giro = Draft<PaymentInitiationSwedishGiroJson>;

impl<Body> Draft<Body> {
    fn to(product: PaymentProduct, amount: Amount, payee: AccountNumber, name: &str) -> Self {
        let said = PaymentInitiationJson { creditor_name: Read::read_str(name), ..PaymentInitiationJson::default() };
        Self { product, payee, amount, day: None, said, change: None }
    }

    setters! {
        /// The payer's account. It is required, even where the user chooses another while signing.
        from(self, debtor: impl Into<AccountNumber>) => said.debtor_account = Some(debtor.into().into());
        /// What it is for, as the payee reads it.
        message(self, text: &str) => said.remittance_information_unstructured = Read::read_str(text);
        /// What it is for, as the payer reads it.
        own_message(self, text: &str) => said.debtor_account_message = Read::read_str(text);
        /// A reference of yours that goes all the way.
        end_to_end_id(self, id: &str) => said.end_to_end_identification = Read::read_str(id);
        /// The invoice that is paid, by its number: to a giro, or in a SEPA transfer.
        invoice(self, number: &str) => said.invoice_ref = Read::read_str(number);
        /// The day on which it is to be carried out; at once unless set.
        on(self, day: NaiveDate) => day = Some(day);
        /// Changes the body before it goes out: what the methods here do not reach, or a rule that a bank has given up.
        /// What it sets is held against the document alone.
        with(self, change: impl Fn(&mut Body) + Send + Sync + 'static) => change = Some(Arc::new(change));
    }

    /// What was said, held against the calendar, the payer's bank, and what may stand in a text; `message` is the field
    /// for what the payee reads.
    fn said(&self, desk: Desk<'_>, message: &str) -> Result<PaymentInitiationJson, Invalid> {
        let mut said = self.said.clone();
        said.instructed_amount = Some(self.amount.payable().map_err(|wrong| wrong.within("instructedAmount"))?);
        if let Some(debtor) = &said.debtor_account {
            bank_rules::check_payer(desk.bic, debtor)?;
        }
        if let Some(day) = self.day {
            desk.not_past("requestedExecutionDate", day)?;
            said.requested_execution_date = Some(day.to_string());
        }
        for (field, text, charset) in [
            ("creditorName", said.creditor_name.as_ref().map(Text::as_str), PRINTABLE),
            ("creditorAgentName", said.creditor_agent_name.as_ref().map(Text::as_str), PRINTABLE),
            (message, said.remittance_information_unstructured.as_ref().map(Text::as_str), PRINTABLE),
            ("debtorAccountMessage", said.debtor_account_message.as_ref().map(Text::as_str), PRINTABLE),
            ("endToEndIdentification", said.end_to_end_identification.as_ref().map(Text::as_str), SEPA),
            ("invoiceRef", said.invoice_ref.as_ref().map(Text::as_str), PRINTABLE),
        ] {
            if let Some(text) = text {
                charset.check(field, text)?;
            }
        }
        Ok(said)
    }

    pub(super) fn product(&self) -> &PaymentProduct {
        &self.product
    }

    fn changed(&self, mut body: Body) -> Body {
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

    /// Abroad. Needs the BIC of the payee's bank, and mostly the payee's address. Banks that list `cross-border` instead
    /// want that product, by [`by`](Self::by), and a quote: its id goes into the header `FX-Quote-Id`, by
    /// [`Session::with_header`](crate::Session::with_header) (platform-facts 3, 4.1).
    pub fn international(amount: Amount, creditor: impl Into<AccountNumber>, name: &str) -> Self {
        Self::by(PaymentProduct::International, amount, creditor, name)
    }

    /// By any product that a bank offers.
    pub fn by(product: PaymentProduct, amount: Amount, creditor: impl Into<AccountNumber>, name: &str) -> Self {
        Self::to(product, amount, creditor.into(), name)
    }

    setters! {
        /// The payee's bank by its BIC.
        creditor_bank(self, bic: &str) => said.creditor_agent = Read::read_str(bic);
        /// The name of the payee's bank.
        creditor_bank_name(self, name: &str) => said.creditor_agent_name = Read::read_str(name);
        /// The payee's address.
        creditor_address(self, address: Address) => said.creditor_address = Some(address);
        /// The payee's reference, in a SEPA transfer.
        reference(self, reference: CreditorReference) => said.ocr_ref = Read::read_str(reference.as_str());
    }

    /// Makes it a standing order.
    #[must_use]
    pub fn repeated(self, terms: Repetition) -> Order {
        Order::Standing(self, terms)
    }

    #[inline]
    pub(super) fn body(&self, desk: Desk<'_>) -> Result<PaymentInitiationJson, Invalid> {
        if self.product == PaymentProduct::SepaCreditTransfers && self.amount.currency() != Currency::EUR {
            return Err(Invalid::new("is EUR in a SEPA credit transfer").within("instructedAmount.currency"));
        }
        let account = without_giro(self.payee.clone().into()).map_err(|wrong| wrong.within("creditorAccount"))?;
        let body = PaymentInitiationJson {
            creditor_account: Some(account),
            ..self.said(desk, "remittanceInformationUnstructured")?
        };
        check_references(&self.product, &body)?;
        bank_rules::check_order(desk.bic, &self.product, &body)?;
        Ok(self.changed(body))
    }
}

impl Giro {
    /// To a giro number, and the name behind it.
    pub fn new(amount: Amount, giro: impl Into<GiroNumber>, name: &str) -> Self {
        Self::to(PaymentProduct::SwedishGiro, amount, AccountNumber::Giro(giro.into()), name)
    }

    setters! {
        /// The invoice that is paid, by its OCR number.
        ocr(self, number: Ocr) => said.ocr_ref = Read::read_str(number.as_str());
    }

    #[inline]
    pub(super) fn body(&self, desk: Desk<'_>) -> Result<PaymentInitiationSwedishGiroJson, Invalid> {
        let mut said = self.said(desk, "creditorAccountMessage")?;
        let message = said.remittance_information_unstructured.take();
        let AccountNumber::Giro(giro) = self.payee.clone() else { return Err(Invalid::new("is no giro number")) };
        Ok(self.changed(PaymentInitiationSwedishGiroJson {
            creditor_giro: Some(giro.into()),
            creditor_account_message: message.and_then(|text| Read::read_str(text.as_str())),
            ocr_ref: said.ocr_ref.take().and_then(|text| Read::read_str(text.as_str())),
            invoice_ref: said.invoice_ref.take().and_then(|text| Read::read_str(text.as_str())),
            ..taken!(said => PaymentInitiationSwedishGiroJson {
                end_to_end_identification debtor_account instructed_amount creditor_name requested_execution_date
                debtor_account_message
            })
        }))
    }
}

print_only!(Transfer { amount, day });
print_only!(Giro { amount, day });

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

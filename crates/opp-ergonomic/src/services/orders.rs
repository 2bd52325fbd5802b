//! What a payment says, product by product. What the document demands is checked when it is handed over; what a single
//! bank wants is in platform-facts 9.3 and 11.

use chrono::NaiveDate;
use opp_raw::types::{
    AccountReference, AccountReferenceWithGiro, Address, Amount, BulkPaymentInitiationJson, DayOfExecution, EndDate,
    ExecutionRule, FrequencyCode, GiroReference, PaymentInitiationBulkElementJson, PaymentInitiationJson,
    PaymentInitiationRequest, PaymentInitiationSwedishGiroJson, PeriodicPaymentInitiationJson, RequestedExecutionDate,
    StartDate,
};
use opp_raw::{Check, Invalid};

use super::view::words;
use super::{PaymentProduct, PaymentService};

/// A payment to be handed over.
#[derive(Debug, Clone)]
pub struct Order {
    service: PaymentService,
    product: PaymentProduct,
    body: Result<PaymentInitiationRequest, Invalid>,
}

impl Order {
    pub(crate) fn service(&self) -> PaymentService {
        self.service.clone()
    }

    pub(crate) fn product(&self) -> PaymentProduct {
        self.product.clone()
    }

    pub(crate) fn build(self) -> Result<PaymentInitiationRequest, Invalid> {
        let body = self.body?;
        body.check()?;
        Ok(body)
    }
}

/// Remembers the first value that breaks a rule, so that a builder is not interrupted.
fn set<T>(slot: &mut Option<T>, mistake: &mut Option<Invalid>, field: &str, text: &str)
where
    T: TryFrom<String, Error = Invalid>,
{
    match T::try_from(text.to_owned()) {
        Ok(value) => *slot = Some(value),
        Err(invalid) => {
            mistake.get_or_insert(invalid.within(field));
        }
    }
}

fn no_mistake<T>(body: T, mistake: Option<Invalid>) -> Result<T, Invalid> {
    mistake.map_or(Ok(body), Err)
}

/// From account to account: domestic, SEPA or international; once, or again and again.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Transfer {
    product: PaymentProduct,
    body: PaymentInitiationJson,
    mistake: Option<Invalid>,
}

impl Transfer {
    /// Within a country. Whether a bank wants IBANs or national numbers differs (platform-facts 11).
    pub fn domestic(amount: impl Into<Amount>, creditor: impl Into<AccountReference>, name: &str) -> Self {
        Self::new(PaymentProduct::Domestic, amount.into(), creditor.into(), name)
    }

    /// Euro.
    pub fn sepa(amount: impl Into<Amount>, creditor: impl Into<AccountReference>, name: &str) -> Self {
        let amount = amount.into();
        let euro = amount.currency.as_ref().is_some_and(|currency| currency.as_str() == "EUR");
        let mut transfer = Self::new(PaymentProduct::SepaCreditTransfers, amount, creditor.into(), name);
        if !euro {
            let mistake = Invalid::new("is EUR for a SEPA credit transfer").within("instructedAmount.currency");
            transfer.mistake.get_or_insert(mistake);
        }
        transfer
    }

    /// Abroad. Needs the bank's BIC, and mostly an address.
    pub fn international(amount: impl Into<Amount>, creditor: impl Into<AccountReference>, name: &str) -> Self {
        Self::new(PaymentProduct::International, amount.into(), creditor.into(), name)
    }

    /// By any product that a bank offers.
    pub fn by(
        product: PaymentProduct,
        amount: impl Into<Amount>,
        creditor: impl Into<AccountReference>,
        name: &str,
    ) -> Self {
        Self::new(product, amount.into(), creditor.into(), name)
    }

    fn new(product: PaymentProduct, amount: Amount, creditor: AccountReference, name: &str) -> Self {
        let body = PaymentInitiationJson {
            instructed_amount: Some(amount),
            creditor_account: Some(creditor),
            ..PaymentInitiationJson::default()
        };
        let mut transfer = Self { product, body, mistake: None };
        set(&mut transfer.body.creditor_name, &mut transfer.mistake, "creditorName", name);
        transfer
    }

    /// The payer's account. It is required, even where the user chooses another while signing.
    pub fn from(mut self, debtor: impl Into<AccountReferenceWithGiro>) -> Self {
        self.body.debtor_account = Some(debtor.into());
        self
    }

    /// What it is for, as the payee reads it.
    pub fn message(mut self, text: &str) -> Self {
        let field = "remittanceInformationUnstructured";
        set(&mut self.body.remittance_information_unstructured, &mut self.mistake, field, text);
        self
    }

    /// What it is for, as the payer reads it.
    pub fn own_message(mut self, text: &str) -> Self {
        set(&mut self.body.debtor_account_message, &mut self.mistake, "debtorAccountMessage", text);
        self
    }

    /// A reference of yours that goes all the way.
    pub fn end_to_end_id(mut self, id: &str) -> Self {
        set(&mut self.body.end_to_end_identification, &mut self.mistake, "endToEndIdentification", id);
        self
    }

    /// The day on which it is to be carried out; at once unless set.
    pub fn on(mut self, day: NaiveDate) -> Self {
        self.body.requested_execution_date = Some(day.to_string());
        self
    }

    /// The payee's bank by its BIC.
    pub fn creditor_bank(mut self, bic: &str) -> Self {
        set(&mut self.body.creditor_agent, &mut self.mistake, "creditorAgent", bic);
        self
    }

    /// The name of the payee's bank.
    pub fn creditor_bank_name(mut self, name: &str) -> Self {
        set(&mut self.body.creditor_agent_name, &mut self.mistake, "creditorAgentName", name);
        self
    }

    /// The payee's address.
    pub fn creditor_address(mut self, address: Address) -> Self {
        self.body.creditor_address = Some(address);
        self
    }

    /// Changes any field of the body that goes out: what the methods here do not reach.
    pub fn with(mut self, change: impl FnOnce(&mut PaymentInitiationJson)) -> Self {
        change(&mut self.body);
        self
    }

    /// Makes it a standing order.
    pub fn repeated(self, terms: Repetition) -> Order {
        let product = self.product;
        // A standing order has fewer fields: one that it lacks must not get lost on the way.
        let lost = [
            ("debtorAccountMessage", self.body.debtor_account_message.is_some()),
            ("requestedExecutionDate", self.body.requested_execution_date.is_some()),
            ("creditorAgentName", self.body.creditor_agent_name.is_some()),
        ];
        let lost = lost.iter().find(|(_, is_set)| *is_set);
        let mistake = lost.map(|(name, _)| Invalid::new("is not possible for a standing order").within(name));
        let debtor = self.body.debtor_account.map(|debtor| AccountReference {
            iban: debtor.iban,
            bban: debtor.bban,
            clearing_number: debtor.clearing_number,
            currency: debtor.currency,
            ..AccountReference::default()
        });
        let body = PeriodicPaymentInitiationJson {
            end_to_end_identification: self.body.end_to_end_identification,
            debtor_account: debtor,
            instructed_amount: self.body.instructed_amount,
            creditor_account: self.body.creditor_account,
            creditor_agent: self.body.creditor_agent,
            creditor_name: self.body.creditor_name,
            creditor_address: self.body.creditor_address,
            remittance_information_unstructured: self.body.remittance_information_unstructured,
            start_date: Some(StartDate::from(terms.first)),
            end_date: terms.last.map(EndDate::from),
            execution_rule: terms.rule,
            frequency: Some(terms.frequency.raw()),
            day_of_execution: terms.day,
            ..PeriodicPaymentInitiationJson::default()
        };
        let mistake = self.mistake.or(terms.mistake).or(mistake);
        let body = no_mistake(PaymentInitiationRequest::PeriodicPaymentInitiationJson(body), mistake);
        Order { service: PaymentService::PeriodicPayments, product, body }
    }
}

impl From<Transfer> for Order {
    fn from(transfer: Transfer) -> Self {
        let body = PaymentInitiationRequest::PaymentInitiationJson(transfer.body);
        Self { service: PaymentService::Payments, product: transfer.product, body: no_mistake(body, transfer.mistake) }
    }
}

words! {
    /// How often a standing order is carried out.
    Frequency {
        /// Each day.
        Daily = "Daily",
        /// Each week.
        Weekly = "Weekly",
        /// Each second week.
        EveryTwoWeeks = "EveryTwoWeeks",
        /// Each month.
        Monthly = "Monthly",
        /// Each second month.
        EveryTwoMonths = "EveryTwoMonths",
        /// Four times a year.
        Quarterly = "Quarterly",
        /// Twice a year.
        SemiAnnual = "SemiAnnual",
        /// Once a year.
        Annual = "Annual",
    }
}

impl Frequency {
    fn raw(&self) -> FrequencyCode {
        self.as_str().parse().unwrap_or_else(|_| FrequencyCode::Unknown(self.as_str().to_owned()))
    }
}

/// When a standing order is carried out.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Repetition {
    frequency: Frequency,
    first: NaiveDate,
    last: Option<NaiveDate>,
    rule: Option<ExecutionRule>,
    day: Option<DayOfExecution>,
    mistake: Option<Invalid>,
}

impl Repetition {
    /// From a day on, for good.
    pub fn new(frequency: Frequency, first: NaiveDate) -> Self {
        Self { frequency, first, last: None, rule: None, day: None, mistake: None }
    }

    /// Up to a day.
    pub fn until(mut self, last: NaiveDate) -> Self {
        if last < self.first {
            self.mistake.get_or_insert(Invalid::new("is before startDate").within("endDate"));
        }
        self.last = Some(last);
        self
    }

    /// On this day of the month, 1 to 31.
    pub fn day_of_month(mut self, day: u8) -> Self {
        set(&mut self.day, &mut self.mistake, "dayOfExecution", &day.to_string());
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
}

/// To a Swedish bankgiro or plusgiro, with exactly one of OCR number and invoice text.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Giro {
    body: PaymentInitiationSwedishGiroJson,
    mistake: Option<Invalid>,
}

impl Giro {
    /// To a giro number, of which the check digit is the caller's to check, and the name behind it.
    pub fn new(amount: impl Into<Amount>, giro: impl Into<GiroReference>, name: &str) -> Self {
        let body = PaymentInitiationSwedishGiroJson {
            instructed_amount: Some(amount.into()),
            creditor_giro: Some(giro.into()),
            ..PaymentInitiationSwedishGiroJson::default()
        };
        let mut giro = Self { body, mistake: None };
        set(&mut giro.body.creditor_name, &mut giro.mistake, "creditorName", name);
        giro
    }

    /// The invoice by its OCR number, a text of digits in which leading zeros count.
    pub fn ocr(mut self, reference: &str) -> Self {
        set(&mut self.body.ocr_ref, &mut self.mistake, "ocrRef", reference);
        self
    }

    /// The invoice by a text.
    pub fn invoice(mut self, reference: &str) -> Self {
        set(&mut self.body.invoice_ref, &mut self.mistake, "invoiceRef", reference);
        self
    }

    /// The payer's account, which is required.
    pub fn from(mut self, debtor: impl Into<AccountReferenceWithGiro>) -> Self {
        self.body.debtor_account = Some(debtor.into());
        self
    }

    /// What it is for, as the payer reads it.
    pub fn own_message(mut self, text: &str) -> Self {
        set(&mut self.body.debtor_account_message, &mut self.mistake, "debtorAccountMessage", text);
        self
    }

    /// What it is for, as the payee reads it.
    pub fn message(mut self, text: &str) -> Self {
        set(&mut self.body.creditor_account_message, &mut self.mistake, "creditorAccountMessage", text);
        self
    }

    /// A reference of yours that goes all the way.
    pub fn end_to_end_id(mut self, id: &str) -> Self {
        set(&mut self.body.end_to_end_identification, &mut self.mistake, "endToEndIdentification", id);
        self
    }

    /// The day on which it is to be carried out; at once unless set.
    pub fn on(mut self, day: NaiveDate) -> Self {
        self.body.requested_execution_date = Some(day.to_string());
        self
    }

    /// Changes any field of the body that goes out.
    pub fn with(mut self, change: impl FnOnce(&mut PaymentInitiationSwedishGiroJson)) -> Self {
        change(&mut self.body);
        self
    }
}

impl From<Giro> for Order {
    fn from(mut giro: Giro) -> Self {
        if giro.body.ocr_ref.is_some() == giro.body.invoice_ref.is_some() {
            let rule = "or invoiceRef: a giro payment has exactly one of them";
            giro.mistake.get_or_insert(Invalid::new(rule).within("ocrRef"));
        }
        let body = PaymentInitiationRequest::PaymentInitiationSwedishGiroJson(giro.body);
        let body = no_mistake(body, giro.mistake);
        Self { service: PaymentService::Payments, product: PaymentProduct::SwedishGiro, body }
    }
}

/// Several transfers of one product from one account, signed at once.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Bulk {
    product: PaymentProduct,
    body: BulkPaymentInitiationJson,
    mistake: Option<Invalid>,
}

impl Bulk {
    /// From one account, by one product.
    pub fn new(product: PaymentProduct, debtor: impl Into<AccountReference>) -> Self {
        let debtor_account = Some(debtor.into());
        let body = BulkPaymentInitiationJson { debtor_account, ..BulkPaymentInitiationJson::default() };
        Self { product, body, mistake: None }
    }

    /// One more transfer, of which the payer's account is left out.
    pub fn pay(mut self, transfer: Transfer) -> Self {
        let name = format!("payments[{}]", self.body.payments.len());
        let mistake = transfer.mistake.map(|mistake| mistake.within(&name));
        let other = transfer.product != self.product || transfer.body.debtor_account.is_some();
        let other = other.then(|| Invalid::new("has a product or a payer of its own").within(&name));
        self.mistake = self.mistake.or(mistake).or(other);
        self.body.payments.push(PaymentInitiationBulkElementJson {
            end_to_end_identification: transfer.body.end_to_end_identification,
            instructed_amount: transfer.body.instructed_amount,
            creditor_account: transfer.body.creditor_account,
            creditor_agent: transfer.body.creditor_agent,
            creditor_agent_name: transfer.body.creditor_agent_name,
            creditor_name: transfer.body.creditor_name,
            creditor_address: transfer.body.creditor_address,
            remittance_information_unstructured: transfer.body.remittance_information_unstructured,
            ..PaymentInitiationBulkElementJson::default()
        });
        self
    }

    /// The day on which all are to be carried out.
    pub fn on(mut self, day: NaiveDate) -> Self {
        self.body.requested_execution_date = Some(RequestedExecutionDate::from(day));
        self
    }

    /// Whether they are to be booked as one.
    pub fn booked_as_one(mut self, one: bool) -> Self {
        self.body.batch_booking_preferred = Some(one);
        self
    }
}

impl From<Bulk> for Order {
    fn from(bulk: Bulk) -> Self {
        let body = PaymentInitiationRequest::BulkPaymentInitiationJson(bulk.body);
        Self { service: PaymentService::BulkPayments, product: bulk.product, body: no_mistake(body, bulk.mistake) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn amount(amount: &str, currency: &str) -> Amount {
        Amount { amount: amount.parse().ok(), currency: currency.parse().ok(), ..Amount::default() }
    }

    fn iban(iban: &str) -> AccountReference {
        AccountReference { iban: iban.parse().ok(), ..AccountReference::default() }
    }

    fn payer() -> AccountReferenceWithGiro {
        AccountReferenceWithGiro {
            iban: "SE3750000000054400047881".parse().ok(),
            ..AccountReferenceWithGiro::default()
        }
    }

    fn invoice() -> Giro {
        Giro::new(sek(), giro(), "Elbolaget").from(payer())
    }

    fn sek() -> Amount {
        amount("12.50", "SEK")
    }

    fn giro() -> GiroReference {
        GiroReference {
            giro_number: "5050-1055".parse().ok(),
            giro_type: "BANKGIRO".parse().ok(),
            ..GiroReference::default()
        }
    }

    fn written(order: impl Into<Order>) -> Value {
        serde_json::to_value(order.into().build().unwrap()).unwrap()
    }

    fn refused(order: impl Into<Order>) -> String {
        order.into().build().unwrap_err().field().to_owned()
    }

    #[test]
    fn a_domestic_transfer_is_written_as_the_platform_wants_it() {
        let transfer = Transfer::domestic(sek(), iban("SE2550000000054400047903"), "Anna Åkesson").from(payer());
        let body = written(transfer.message("Hyra").on("2026-12-01".parse().unwrap()));
        assert_eq!(
            body,
            json!({
                "instructedAmount": {"currency": "SEK", "amount": "12.50"},
                "debtorAccount": {"iban": "SE3750000000054400047881"},
                "creditorAccount": {"iban": "SE2550000000054400047903"},
                "creditorName": "Anna Åkesson",
                "remittanceInformationUnstructured": "Hyra",
                "requestedExecutionDate": "2026-12-01",
            })
        );
    }

    #[test]
    fn a_giro_payment_has_exactly_one_reference() {
        assert_eq!(written(invoice().ocr("0012345674"))["ocrRef"], "0012345674");
        assert_eq!(refused(invoice()), "ocrRef");
        assert_eq!(refused(invoice().ocr("18").invoice("x")), "ocrRef");
    }

    #[test]
    fn a_standing_order_has_its_terms() {
        let terms = Repetition::new(Frequency::Monthly, "2026-12-01".parse().unwrap()).day_of_month(28);
        let transfer = || Transfer::domestic(sek(), iban("SE2550000000054400047903"), "Anna").from(payer());
        let order = transfer().repeated(terms.clone());
        assert_eq!(order.service(), PaymentService::PeriodicPayments);
        let body = written(order);
        assert_eq!((&body["frequency"], &body["dayOfExecution"]), (&json!("Monthly"), &json!("28")));
        assert_eq!(refused(transfer().own_message("x").repeated(terms.clone())), "debtorAccountMessage");
        assert_eq!(refused(transfer().repeated(terms.until("2026-11-30".parse().unwrap()))), "endDate");
    }

    #[test]
    fn a_bulk_names_the_payment_that_is_wrong() {
        let good = || Transfer::domestic(sek(), iban("SE2550000000054400047903"), "Anna");
        let bulk = || Bulk::new(PaymentProduct::Domestic, iban("SE3750000000054400047881"));
        assert_eq!(written(bulk().pay(good()).pay(good()))["payments"].as_array().unwrap().len(), 2);
        assert_eq!(
            refused(bulk().pay(good()).pay(good().message(&"x".repeat(141)))),
            "payments[1].remittanceInformationUnstructured"
        );
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        let to = || iban("SE2550000000054400047903");
        assert_eq!(refused(Transfer::domestic(sek(), to(), &"x".repeat(71))), "creditorName");
        assert_eq!(refused(Transfer::sepa(sek(), to(), "Anna")), "instructedAmount.currency");
        assert_eq!(refused(Transfer::domestic(sek(), to(), "Anna")), "debtorAccount");
        let unsaid = Transfer::domestic(Amount::default(), to(), "Anna").from(payer());
        assert_eq!(refused(unsaid), "instructedAmount.currency");
    }
}

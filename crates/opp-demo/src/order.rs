//! An order as somebody fills it in: read field by field, so that all mistakes are told at once, in their words.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use opp_ergonomic::{
    Account, AccountNumber, Amount, Bankgiro, Bban, Clearing, Currency, Giro, GiroNumber, Iban, Invalid, Ocr, Order,
    PaymentProduct, Plusgiro, Session, Transfer,
};
use serde::{Deserialize, Serialize};

/// What is wrong, by field; `form` stands for none of them.
pub(crate) type Mistakes = BTreeMap<&'static str, String>;

/// The fields of the form.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Form {
    /// `account`, `bankgiro` or `plusgiro`.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) to: String,
    pub(crate) clearing: String,
    pub(crate) amount: String,
    pub(crate) ocr: String,
    pub(crate) invoice: String,
    pub(crate) message: String,
    pub(crate) day: String,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// From which account, at which bank.
pub(crate) struct Payer<'a> {
    pub(crate) session: &'a Session,
    pub(crate) account: &'a Account,
    pub(crate) products: &'a [String],
    pub(crate) currency: Currency,
    /// Whether account numbers are real, and so are their check digits.
    pub(crate) is_live: bool,
}

impl Payer<'_> {
    /// By which product money goes to an account, if it does.
    pub(crate) fn product(&self) -> Option<PaymentProduct> {
        let has = |product: &PaymentProduct| self.products.iter().any(|known| known == product.as_str());
        let sepa = has(&PaymentProduct::SepaCreditTransfers) && self.currency == Currency::EUR;
        if sepa {
            return Some(PaymentProduct::SepaCreditTransfers);
        }
        Some(PaymentProduct::Domestic).filter(has)
    }

    pub(crate) fn pays_giro(&self) -> bool {
        self.products.iter().any(|known| known == PaymentProduct::SwedishGiro.as_str())
            && self.currency == Currency::SEK
    }

    /// The order that a form describes, held against the rules of the platform and of the bank.
    pub(crate) fn order(&self, form: &Form) -> Result<(Order, Amount), Mistakes> {
        let mut wrong = Mistakes::new();
        let amount = self.amount(form).map_err(|text| wrong.insert("amount", text)).ok();
        let day = day(form).map_err(|text| wrong.insert("day", text)).ok().flatten();
        if form.name.trim().is_empty() {
            wrong.insert("name", "Say who is paid.".to_owned());
        }
        if form.to.trim().is_empty() {
            wrong.insert("to", "Write the number that is paid to.".to_owned());
            return Err(wrong);
        }
        let order = match form.kind.as_str() {
            "account" => self.transfer(form, amount, day, &mut wrong),
            "bankgiro" | "plusgiro" if self.pays_giro() => self.giro(form, amount, day, &mut wrong),
            _ => {
                wrong.insert("kind", "Choose where the money goes.".to_owned());
                None
            }
        };
        let (Some(order), Some(amount), true) = (order, amount, wrong.is_empty()) else { return Err(wrong) };
        match self.session.payments().check(&order) {
            Ok(()) => Ok((order, amount)),
            Err(invalid) => Err(Mistakes::from([words(&invalid)])),
        }
    }

    fn amount(&self, form: &Form) -> Result<Amount, String> {
        let digits: String = form.amount.chars().filter(|sign| !sign.is_whitespace()).collect();
        let value = digits.replace(',', ".").parse().ok();
        let amount = value.and_then(|value| Amount::new(value, self.currency).ok());
        let amount = amount.filter(|amount| amount.payable().is_ok());
        amount.ok_or_else(|| format!("Write an amount in {} above zero, such as 249.50.", self.currency))
    }

    fn transfer(
        &self,
        form: &Form,
        amount: Option<Amount>,
        day: Option<NaiveDate>,
        wrong: &mut Mistakes,
    ) -> Option<Order> {
        let to = self.account_number(form).map_err(|(field, text)| wrong.insert(field, text)).ok();
        let product = self.product();
        if product.is_none() {
            wrong.insert("kind", "This bank pays to no other account from this one.".to_owned());
        }
        let mut transfer = Transfer::by(product?, amount?, to?, form.name.trim()).from(self.number(wrong)?);
        if !form.message.trim().is_empty() {
            transfer = transfer.message(form.message.trim());
        }
        if let Some(day) = day {
            transfer = transfer.on(day);
        }
        Some(transfer.into())
    }

    fn giro(&self, form: &Form, amount: Option<Amount>, day: Option<NaiveDate>, wrong: &mut Mistakes) -> Option<Order> {
        let to = match form.kind.as_str() {
            "bankgiro" => Bankgiro::new(&form.to).map(GiroNumber::from),
            _ => Plusgiro::new(&form.to).map(GiroNumber::from),
        };
        let to = to.map_err(|invalid| wrong.insert("to", format!("This number {}.", invalid.rule()))).ok();
        let (ocr, invoice) = (form.ocr.trim(), form.invoice.trim());
        let reference = match (ocr.is_empty(), invoice.is_empty()) {
            (false, true) => Ocr::new(ocr).map(Some).map_err(|invalid| format!("This number {}.", invalid.rule())),
            (true, false) => Ok(None),
            _ => Err("Give the OCR number of the invoice, or its own number, and not both.".to_owned()),
        };
        let reference = reference.map_err(|text| wrong.insert("ocr", text)).ok();
        let mut giro = Giro::new(amount?, to?, form.name.trim()).from(self.number(wrong)?);
        giro = match reference? {
            Some(ocr) => giro.ocr(ocr),
            None => giro.invoice(invoice),
        };
        if let Some(day) = day {
            giro = giro.on(day);
        }
        Some(giro.into())
    }

    /// The number of the account that pays.
    fn number(&self, wrong: &mut Mistakes) -> Option<AccountNumber> {
        let number = self.account.as_payer(self.session.bank());
        if number.is_none() {
            wrong.insert("form", "The bank does not name this account in a way that could pay.".to_owned());
        }
        number
    }

    /// An IBAN begins with two letters; anything else is a national number.
    fn account_number(&self, form: &Form) -> Result<AccountNumber, (&'static str, String)> {
        let said = |invalid: &Invalid| format!("This number {}.", invalid.rule());
        if form.to.trim().chars().take(2).all(|sign| sign.is_ascii_alphabetic()) {
            let iban = if self.is_live { Iban::new(&form.to) } else { Iban::test_number(&form.to) };
            return iban.map(AccountNumber::from).map_err(|invalid| ("to", said(&invalid)));
        }
        let bban = Bban::new(&form.to).map_err(|invalid| ("to", said(&invalid)))?;
        if form.clearing.trim().is_empty() {
            return Ok(bban.into());
        }
        let clearing = Clearing::new(&form.clearing).map_err(|invalid| ("clearing", said(&invalid)))?;
        Ok((clearing, bban).into())
    }
}

fn day(form: &Form) -> Result<Option<NaiveDate>, String> {
    match form.day.trim() {
        "" => Ok(None),
        day => day.parse().map(Some).map_err(|_| "Write a day such as 2026-12-01, or nothing.".to_owned()),
    }
}

/// A rule of the platform or the bank that is broken, by the field of ours that it is about.
fn words(invalid: &Invalid) -> (&'static str, String) {
    let says = |field, text: &str| (field, text.to_owned());
    match invalid.field() {
        field if field.starts_with("instructedAmount") => ("amount", format!("This amount {}.", invalid.rule())),
        field if field.contains("clearing") => {
            says("clearing", "This bank wants the payee's clearing number and national number.")
        }
        field if field.starts_with("creditorAccount") || field.starts_with("creditorGiro") => {
            ("to", format!("This number {}.", invalid.rule()))
        }
        "creditorName" => ("name", format!("This name {}.", invalid.rule())),
        "remittanceInformationUnstructured" => says("message", "This is longer than the bank hands on."),
        "requestedExecutionDate" => says("day", "Choose today or a later day."),
        "ocrRef" | "invoiceRef" => ("ocr", format!("This reference {}.", invalid.rule())),
        _ => ("form", format!("The bank wants more than this page asks for: {invalid}.")),
    }
}

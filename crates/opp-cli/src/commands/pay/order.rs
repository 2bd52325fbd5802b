//! Payments by the options of the command line.

use opp_ergonomic::{Bankgiro, CreditorReference, GiroNumber, Ocr, Plusgiro, Transfer};

use super::Handling;
use super::form::{Creditor, Form, Home, Payer, Purpose, amount, at, digits};
use super::paper::{Paper, Shown};
use crate::exit::Failure;

/// Pay within a country, from account to account
///
/// Banks differ in the numbers that they want: most take IBANs, HANDSESS takes national numbers and the payee's with
/// --clearing.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Domestic {
    /// How much, such as 845.50
    #[arg(value_parser = digits)]
    amount: String,
    /// The currency
    #[arg(long, default_value = "SEK")]
    currency: String,
    #[command(flatten)]
    payee: Creditor,
    /// The clearing number that goes with a national number
    #[arg(long, value_name = "NUMBER")]
    clearing: Option<String>,
    /// The payee's bank, by its BIC
    #[arg(long, value_name = "BIC")]
    to_bank: Option<String>,
    #[command(flatten)]
    purpose: Purpose,
    #[command(flatten)]
    payer: Payer,
}

/// Pay a Swedish bill to a bankgiro or a plusgiro
#[derive(Debug, Clone, clap::Args)]
#[command(group = clap::ArgGroup::new("giro").required(true), group = clap::ArgGroup::new("bill").required(true))]
pub(crate) struct Giro {
    /// How much in kronor, such as 845.50
    #[arg(value_parser = digits)]
    amount: String,
    /// The bankgiro number of the payee
    #[arg(long, value_name = "NUMBER", group = "giro")]
    bankgiro: Option<String>,
    /// The plusgiro number of the payee
    #[arg(long, value_name = "NUMBER", group = "giro")]
    plusgiro: Option<String>,
    /// The payee's name
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The OCR number of the bill
    #[arg(long, value_name = "NUMBER", group = "bill")]
    ocr: Option<String>,
    /// The number of the bill, or a text, if it has no OCR number
    #[arg(long, value_name = "TEXT", group = "bill")]
    invoice: Option<String>,
    #[command(flatten)]
    purpose: Purpose,
    #[command(flatten)]
    payer: Payer,
}

/// Pay in euro within the single payments area
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Sepa {
    /// How much in euro, such as 845.50
    #[arg(value_parser = digits)]
    amount: String,
    #[command(flatten)]
    payee: Creditor,
    /// The payee's bank, by its BIC
    #[arg(long, value_name = "BIC")]
    to_bank: Option<String>,
    /// The name of the payee's bank
    #[arg(long, value_name = "NAME")]
    to_bank_name: Option<String>,
    /// What it is for, as the payee reads it
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["invoice", "creditor_reference"])]
    message: Option<String>,
    /// The number of the bill
    #[arg(long, value_name = "TEXT", conflicts_with = "creditor_reference")]
    invoice: Option<String>,
    /// The payee's reference, which begins with RF
    #[arg(long, value_name = "NUMBER")]
    creditor_reference: Option<String>,
    #[command(flatten)]
    payer: Payer,
    #[command(flatten)]
    home: Home,
}

/// Pay abroad
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct International {
    /// How much, such as 845.50
    #[arg(value_parser = digits)]
    amount: String,
    /// The currency, such as USD
    #[arg(long)]
    currency: String,
    #[command(flatten)]
    payee: Creditor,
    /// The payee's bank, by its BIC
    #[arg(long, value_name = "BIC")]
    to_bank: String,
    /// The name of the payee's bank
    #[arg(long, value_name = "NAME")]
    to_bank_name: Option<String>,
    /// What it is for, as the payee reads it
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    payer: Payer,
    #[command(flatten)]
    home: Home,
}

type Read = Result<(Paper, Handling), Failure>;

impl Domestic {
    pub(super) fn read(self) -> Read {
        let amount = amount(&self.amount, &self.currency)?;
        let to = self.payer.account("--to", &self.payee.to, self.clearing.as_deref())?;
        let mut form = Form::new(amount, &self.payee.name, Shown::account(&to));
        let mut order = Transfer::domestic(amount, to, &self.payee.name);
        if let Some(bic) = &self.to_bank {
            form.text("Payee's bank", bic);
            order = order.creditor_bank(bic);
        }
        let order = self.purpose.complete(order, &mut form);
        let order = self.payer.complete(order, &mut form, self.purpose.message.as_deref())?;
        Ok((form.paper(order), self.payer.handling))
    }
}

impl Giro {
    pub(super) fn read(self) -> Read {
        let amount = amount(&self.amount, "SEK")?;
        let giro = match (&self.bankgiro, &self.plusgiro) {
            (Some(number), _) => GiroNumber::from(Bankgiro::new(number).map_err(|wrong| at("--bankgiro", &wrong))?),
            (_, number) => {
                let number = number.as_deref().unwrap_or_default();
                Plusgiro::new(number).map_err(|wrong| at("--plusgiro", &wrong))?.into()
            }
        };
        let mut form = Form::new(amount, &self.name, Shown::giro(&giro));
        let mut order = opp_ergonomic::Giro::new(amount, giro, &self.name);
        if let Some(text) = &self.ocr {
            let ocr = Ocr::new(text).map_err(|wrong| at("--ocr", &wrong))?;
            form.text("OCR number", ocr.as_str());
            order = order.ocr(ocr);
        }
        if let Some(text) = &self.invoice {
            order = order.invoice(form.text("Invoice", text));
        }
        let order = self.purpose.complete(order, &mut form);
        let order = self.payer.complete(order, &mut form, self.purpose.message.as_deref())?;
        Ok((form.paper(order), self.payer.handling))
    }
}

impl Sepa {
    pub(super) fn read(self) -> Read {
        let amount = amount(&self.amount, "EUR")?;
        let to = self.payer.account("--to", &self.payee.to, None)?;
        let mut form = Form::new(amount, &self.payee.name, Shown::account(&to));
        let mut order = Transfer::sepa(amount, to, &self.payee.name);
        if let Some(bic) = &self.to_bank {
            order = order.creditor_bank(form.text("Payee's bank", bic));
        }
        if let Some(name) = &self.to_bank_name {
            order = order.creditor_bank_name(form.text("Its name", name));
        }
        if let Some(text) = &self.invoice {
            order = order.invoice(form.text("Invoice", text));
        }
        if let Some(text) = &self.creditor_reference {
            let reference = CreditorReference::new(text).map_err(|wrong| at("--creditor-reference", &wrong))?;
            form.text("Payee's reference", reference.as_str());
            order = order.reference(reference);
        }
        if let Some(address) = self.home.address(&mut form)? {
            order = order.creditor_address(address);
        }
        let order = self.payer.complete(order, &mut form, self.message.as_deref())?;
        Ok((form.paper(order), self.payer.handling))
    }
}

impl International {
    pub(super) fn read(self) -> Read {
        let amount = amount(&self.amount, &self.currency)?;
        let to = self.payer.account("--to", &self.payee.to, None)?;
        let mut form = Form::new(amount, &self.payee.name, Shown::account(&to));
        let mut order = Transfer::international(amount, to, &self.payee.name);
        order = order.creditor_bank(form.text("Payee's bank", &self.to_bank));
        if let Some(name) = &self.to_bank_name {
            order = order.creditor_bank_name(form.text("Its name", name));
        }
        if let Some(address) = self.home.address(&mut form)? {
            order = order.creditor_address(address);
        }
        let order = self.payer.complete(order, &mut form, self.message.as_deref())?;
        Ok((form.paper(order), self.payer.handling))
    }
}

//! What the options of all payments have in common: who pays, who is paid, and the form that they fill.

use chrono::NaiveDate;
use opp_ergonomic::{
    AccountNumber, Address, Amount, Bban, Clearing, Draft, GiroNumber, Iban, Invalid, Order, Plusgiro, Secret,
};

use super::Handling;
use super::paper::{Paper, Shown, What};
use crate::exit::Failure;

/// The number of an account, which is not printed by itself.
#[allow(clippy::unnecessary_wraps, reason = "it is what the parser of the command line calls")]
fn number(text: &str) -> Result<Secret, String> {
    Ok(Secret::from(text))
}

/// An amount as it is typed, without its currency.
pub(super) fn digits(text: &str) -> Result<String, String> {
    let is_number = text.bytes().any(|sign| sign.is_ascii_digit())
        && text.bytes().all(|sign| sign.is_ascii_digit() || sign == b'.');
    if is_number { Ok(text.to_owned()) } else { Err("an amount has digits and a point, such as 845.50".to_owned()) }
}

/// Who pays, and what holds for every kind of payment.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "The payer")]
pub(super) struct Payer {
    /// The account that is paid from: IBAN, or national number where the bank wants that
    #[arg(long, value_name = "ACCOUNT", value_parser = number, required_unless_present = "from_plusgiro")]
    from: Option<Secret>,
    /// The plusgiro that is paid from, which NDEASESS wants of companies
    #[arg(long, value_name = "NUMBER", conflicts_with = "from")]
    from_plusgiro: Option<String>,
    /// The day on which it is carried out; at once unless given
    #[arg(long, value_name = "DATE")]
    on: Option<NaiveDate>,
    /// A reference of yours that goes all the way to the payee
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// Take IBANs with wrong check digits, as some test accounts of the platform have; not in production
    #[arg(long)]
    test_numbers: bool,
    #[command(flatten)]
    pub(super) handling: Handling,
}

/// The payee's account and name.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Creditor {
    /// The payee's account: IBAN, or national number where the bank wants that
    #[arg(long, value_name = "ACCOUNT", value_parser = number)]
    pub(super) to: Secret,
    /// The payee's name
    #[arg(long, value_name = "NAME")]
    pub(super) name: String,
}

/// What a payment within the country is for. Elsewhere there is only the payee's side of it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Purpose {
    /// What it is for, as the payee reads it
    #[arg(long, value_name = "TEXT")]
    pub(super) message: Option<String>,
    /// What it is for, as you read it
    #[arg(long, value_name = "TEXT")]
    own_message: Option<String>,
}

/// Where the payee lives.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "The payee's address")]
pub(super) struct Home {
    /// The street, without the number
    #[arg(long, value_name = "NAME", requires = "country")]
    street: Option<String>,
    /// The number of the house
    #[arg(long, value_name = "NUMBER", requires = "country")]
    building: Option<String>,
    /// The postcode
    #[arg(long, value_name = "CODE", requires = "country")]
    postcode: Option<String>,
    /// The town
    #[arg(long, value_name = "NAME", requires = "country")]
    city: Option<String>,
    /// The country in two letters, such as FI
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
}

impl Payer {
    /// Reads the number of an account.
    pub(super) fn account(
        &self,
        option: &str,
        text: &Secret,
        clearing: Option<&str>,
    ) -> Result<AccountNumber, Failure> {
        let text = text.expose().trim();
        let signs: Vec<u8> = text.bytes().take(4).collect();
        let is_iban = matches!(signs[..], [a, b, c, d]
            if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit());
        let number = match (is_iban, clearing) {
            (true, Some(_)) => {
                return Err(Failure::usage("--clearing goes with a national number, and --to has an IBAN"));
            }
            (true, None) if self.test_numbers => Iban::test_number(text).map(AccountNumber::from),
            (true, None) => Iban::new(text).map(AccountNumber::from),
            (false, None) => Bban::new(text).map(AccountNumber::from),
            (false, Some(clearing)) => {
                let clearing = Clearing::new(clearing).map_err(|wrong| at("--clearing", &wrong))?;
                Bban::new(text).map(|bban| (clearing, bban).into())
            }
        };
        number.map_err(|wrong| at(option, &wrong))
    }

    fn debtor(&self) -> Result<AccountNumber, Failure> {
        match (&self.from, &self.from_plusgiro) {
            (Some(text), _) => self.account("--from", text, None),
            (None, number) => {
                let number = Plusgiro::new(number.as_deref().unwrap_or_default());
                Ok(GiroNumber::from(number.map_err(|wrong| at("--from-plusgiro", &wrong))?).into())
            }
        }
    }

    /// Adds to an order what all of them may have.
    pub(super) fn complete<Body>(
        &self,
        mut order: Draft<Body>,
        form: &mut Form,
        message: Option<&str>,
    ) -> Result<Draft<Body>, Failure> {
        if let Some(text) = message {
            order = order.message(form.text("Message", text));
        }
        if let Some(text) = &self.reference {
            order = order.end_to_end_id(form.text("Reference", text));
        }
        let debtor = self.debtor()?;
        form.lines.push(("From", Shown::account(&debtor)));
        order = order.from(debtor);
        form.is_test = self.test_numbers;
        form.text("On", &self.on.map_or_else(|| "at once".to_owned(), |day| day.to_string()));
        Ok(match self.on {
            Some(day) => order.on(day),
            None => order,
        })
    }
}

impl Purpose {
    /// Adds to an order what the payer reads.
    pub(super) fn complete<Body>(&self, order: Draft<Body>, form: &mut Form) -> Draft<Body> {
        match &self.own_message {
            Some(text) => order.own_message(form.text("Own message", text)),
            None => order,
        }
    }
}

impl Home {
    /// The address, if a country is given, which it needs.
    pub(super) fn address(&self, form: &mut Form) -> Result<Option<Address>, Failure> {
        let Some(country) = &self.country else { return Ok(None) };
        let mut address = Address::builder().country(country.as_str());
        if let Some(street) = &self.street {
            address = address.street(street.as_str());
        }
        if let Some(number) = &self.building {
            address = address.building_number(number.as_str());
        }
        if let Some(code) = &self.postcode {
            address = address.postal_code(code.as_str());
        }
        if let Some(city) = &self.city {
            address = address.city(city.as_str());
        }
        let parts = [&self.street, &self.building, &self.postcode, &self.city, &self.country];
        form.text("Address", &parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "));
        let address = address.build();
        Ok(Some(address.map_err(|wrong| Failure::from(wrong.within("creditorAddress")))?))
    }
}

/// A payment that is being filled in.
pub(super) struct Form {
    lines: Vec<(&'static str, Shown)>,
    amount: Amount,
    creditor: String,
    is_test: bool,
}

impl Form {
    pub(super) fn new(amount: Amount, name: &str, account: Shown) -> Self {
        let lines = vec![
            ("Amount", Shown::Text(amount.to_string())),
            ("To", Shown::Text(name.to_owned())),
            ("Account", account),
        ];
        Self { lines, amount, creditor: name.to_owned(), is_test: false }
    }

    /// Writes something down, and gives it back to go into the order.
    pub(super) fn text<'a>(&mut self, title: &'static str, text: &'a str) -> &'a str {
        self.lines.push((title, Shown::Text(text.to_owned())));
        text
    }

    pub(super) fn paper(self, order: impl Into<Order>) -> Paper {
        Paper {
            what: What::Order(Box::new(order.into())),
            lines: self.lines,
            amount: Some(self.amount.to_string()),
            creditor: Some(self.creditor),
            is_test: self.is_test,
        }
    }
}

/// An amount in a currency, which can be paid.
pub(super) fn amount(number: &str, currency: &str) -> Result<Amount, Failure> {
    let amount: Amount = format!("{number} {currency}").parse()?;
    amount.payable()?;
    Ok(amount)
}

/// Something is wrong with the number that an option gives. The number itself is not repeated.
pub(super) fn at(option: &str, wrong: &Invalid) -> Failure {
    Failure::usage(format!("{option} {}", wrong.rule()))
}

//! A payment on paper: what goes to the bank, and what is shown of it beforehand.

use opp_ergonomic::raw::Bytes;
use opp_ergonomic::{AccountNumber, GiroNumber, Order, PaymentProduct, PaymentService};

/// A payment that is put together and not yet handed over.
pub(super) struct Paper {
    pub(super) what: What,
    /// Title and text of each thing that it says, in the order in which a form has them.
    pub(super) lines: Vec<(&'static str, Shown)>,
    /// What is kept of it on this machine beside its id.
    pub(super) amount: Option<String>,
    pub(super) creditor: Option<String>,
    /// Whether numbers with wrong check digits were let through.
    pub(super) is_test: bool,
}

/// What goes out.
pub(super) enum What {
    Order(Box<Order>),
    /// A body that was made elsewhere.
    Bytes {
        service: PaymentService,
        product: PaymentProduct,
        media: String,
        body: Bytes,
    },
}

/// A text of the form.
pub(super) enum Shown {
    Text(String),
    /// The number of an account, of which the beginning is kept back where nobody looks: output may go to a log.
    Number {
        kind: &'static str,
        number: String,
    },
}

impl Shown {
    pub(super) fn account(account: &AccountNumber) -> Self {
        let (kind, number) = match account {
            AccountNumber::Iban(iban) => ("", groups(iban.as_str())),
            AccountNumber::Bban(bban, None) => ("", bban.as_str().to_owned()),
            AccountNumber::Bban(bban, Some(clearing)) => ("", format!("{} {}", clearing.as_str(), bban.as_str())),
            AccountNumber::Giro(giro) => return Self::giro(giro),
            _ => ("", String::new()),
        };
        Self::Number { kind, number }
    }

    pub(super) fn giro(giro: &GiroNumber) -> Self {
        let (kind, number) = match giro {
            GiroNumber::Bankgiro(number) => ("bankgiro ", number.to_string()),
            GiroNumber::Plusgiro(number) => ("plusgiro ", number.to_string()),
        };
        Self::Number { kind, number }
    }

    /// The text, for somebody who looks at it or for a log.
    pub(super) fn text(&self, is_attended: bool) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number { kind, number } if is_attended => format!("{kind}{number}"),
            Self::Number { kind, number } => format!("{kind}…{}", last_four(number)),
        }
    }
}

/// Four characters each, as on a card.
fn groups(iban: &str) -> String {
    let signs: Vec<char> = iban.chars().collect();
    signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn last_four(number: &str) -> String {
    let signs: Vec<char> = number.chars().filter(char::is_ascii_alphanumeric).collect();
    signs.iter().skip(signs.len().saturating_sub(4)).collect()
}

#[cfg(test)]
mod tests {
    use opp_ergonomic::{Bankgiro, Iban};

    use super::*;

    #[test]
    fn a_number_is_whole_for_people_and_short_for_logs() {
        let account = AccountNumber::from(Iban::new("SE4550000000058398257466").unwrap());
        assert_eq!(Shown::account(&account).text(true), "SE45 5000 0000 0583 9825 7466");
        assert_eq!(Shown::account(&account).text(false), "…7466");
        let giro = GiroNumber::from(Bankgiro::new("991-2346").unwrap());
        assert_eq!(Shown::giro(&giro).text(true), "bankgiro 991-2346");
        assert_eq!(Shown::giro(&giro).text(false), "bankgiro …2346");
    }
}

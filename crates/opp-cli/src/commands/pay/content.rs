//! What a file of payments says, as far as a person needs it to agree: how many, how much, to whom.

use std::collections::BTreeMap;

use opp_ergonomic::raw::types;
use opp_ergonomic::{Amount, Currency, PaymentService};
use roxmltree::{Document, Node};
use serde_json::Value;

use super::file::Format;
use crate::exit::Failure;

/// The names that are shown; the others are counted.
const NAMES: usize = 3;

/// What was found in a file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Content {
    pub(super) count: usize,
    /// Payments whose amount cannot be read: the sum is then not the whole.
    unread: usize,
    sums: BTreeMap<Currency, Amount>,
    pub(super) creditors: Vec<String>,
    /// Whether it has a plan of repetitions.
    standing: bool,
}

impl Content {
    pub(super) async fn read(format: Format, media: &str, bytes: &[u8]) -> Result<Self, Failure> {
        match format {
            Format::Pain001 => Self::of_xml(bytes),
            Format::Json => Self::of_json(bytes),
            Format::Multipart => Self::of_form(media, bytes).await,
        }
    }

    fn of_xml(bytes: &[u8]) -> Result<Self, Failure> {
        let text = std::str::from_utf8(bytes).map_err(|_| Failure::usage("it is not written in UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The error names a place and no content.
        let document = Document::parse(text).map_err(|error| Failure::usage(format!("it is no XML: {error}")))?;
        if !document.descendants().any(|node| node.has_tag_name_of("CstmrCdtTrfInitn")) {
            return Err(Failure::usage("it is XML and no pain.001: there is no CstmrCdtTrfInitn in it"));
        }
        let mut content = Self::default();
        for transfer in document.descendants().filter(|node| node.has_tag_name_of("CdtTrfTxInf")) {
            let amount = transfer.descendants().find(|node| node.has_tag_name_of("InstdAmt"));
            let amount = amount
                .and_then(|node| format!("{} {}", node.text()?.trim(), node.attribute("Ccy")?).parse::<Amount>().ok());
            let creditor = transfer.children().find(|node| node.has_tag_name_of("Cdtr"));
            let name = creditor.and_then(|node| node.children().find(|node| node.has_tag_name_of("Nm"))?.text());
            content.add(amount, name);
        }
        content.checked()
    }

    fn of_json(bytes: &[u8]) -> Result<Self, Failure> {
        let order: Value =
            serde_json::from_slice(bytes).map_err(|error| Failure::usage(format!("it is no JSON: {error}")))?;
        let list = match &order["payments"] {
            Value::Array(list) => list.iter().collect(),
            _ => vec![&order],
        };
        let mut content = Self { standing: order["startDate"].is_string(), ..Self::default() };
        for transfer in list {
            let amount = serde_json::from_value::<types::Amount>(transfer["instructedAmount"].clone()).ok();
            content.add(amount.as_ref().and_then(Amount::read), transfer["creditorName"].as_str());
        }
        content.checked()
    }

    async fn of_form(media: &str, bytes: &[u8]) -> Result<Self, Failure> {
        let wrong = |error: multer::Error| Failure::usage(format!("it is no multipart form: {error}"));
        let boundary = multer::parse_boundary(media).map_err(wrong)?;
        let whole = bytes.to_vec();
        let stream = futures_util::stream::once(async move { Ok::<_, std::io::Error>(whole) });
        let mut form = multer::Multipart::new(stream, boundary);
        let mut content = None;
        while let Some(part) = form.next_field().await.map_err(wrong)? {
            let part = part.bytes().await.map_err(wrong)?;
            if Format::of(&part) == Some(Format::Pain001) {
                if content.is_some() {
                    return Err(Failure::usage("several parts of the form are pain.001 documents, and one is allowed"));
                }
                content = Some(Self::of_xml(&part)?);
            }
        }
        let content = content.ok_or_else(|| Failure::usage("no part of the form is a pain.001 document"))?;
        Ok(Self { standing: true, ..content })
    }

    fn add(&mut self, amount: Option<Amount>, creditor: Option<&str>) {
        self.count += 1;
        self.creditors.extend(creditor.map(str::to_owned));
        let Some(amount) = amount else {
            self.unread += 1;
            return;
        };
        let sum = self.sums.get(&amount.currency()).copied();
        match sum.map_or(Some(amount), |sum| sum.checked_add(amount)) {
            Some(sum) => drop(self.sums.insert(amount.currency(), sum)),
            None => self.unread += 1,
        }
    }

    /// A file without a payment is a mistake.
    fn checked(self) -> Result<Self, Failure> {
        if self.count == 0 { Err(Failure::usage("there is no payment in it")) } else { Ok(self) }
    }

    /// The kind of order that it is.
    pub(super) fn service(&self, format: Format) -> PaymentService {
        match (self.standing, self.count, format) {
            (true, ..) => PaymentService::PeriodicPayments,
            (false, 1, _) => PaymentService::Payments,
            _ => PaymentService::BulkPayments,
        }
    }

    /// All amounts, added up by currency.
    pub(super) fn sum(&self) -> String {
        let mut sums: Vec<_> = self.sums.values().map(Amount::to_string).collect();
        if self.unread > 0 {
            sums.push(format!("{} that cannot be read", self.unread));
        }
        sums.join(" and ")
    }

    /// The first of those who are paid.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<_> = self.creditors.iter().take(NAMES).cloned().collect();
        match self.creditors.len().saturating_sub(NAMES) {
            0 => {}
            more => names.push(format!("and {more} more")),
        }
        names.join(", ")
    }
}

/// Names without their namespaces: each edition of pain.001 has one of its own.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(transfers: &[(&str, &str, &str)]) -> String {
        let one = |(amount, currency, name): &(&str, &str, &str)| {
            format!(
                "<CdtTrfTxInf><Amt><InstdAmt Ccy=\"{currency}\">{amount}</InstdAmt></Amt><Cdtr><Nm>{name}</Nm></Cdtr></CdtTrfTxInf>"
            )
        };
        let all: String = transfers.iter().map(one).collect();
        format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.03\"><CstmrCdtTrfInitn><PmtInf>{all}</PmtInf></CstmrCdtTrfInitn></Document>"
        )
    }

    #[test]
    fn the_amounts_of_a_file_are_added_up_by_currency() {
        let text = xml(&[("0.10", "SEK", "Anna"), ("0.20", "SEK", "Bo"), ("7", "EUR", "Eva"), ("1", "EUR", "Åke")]);
        let content = Content::of_xml(text.as_bytes()).unwrap();
        assert_eq!(content.sum(), "8.00 EUR and 0.30 SEK");
        assert_eq!(content.names(), "Anna, Bo, Eva, and 1 more");
        assert_eq!(content.service(Format::Pain001), PaymentService::BulkPayments);
    }

    #[test]
    fn an_amount_that_cannot_be_read_is_not_left_out_in_silence() {
        let content = Content::of_xml(xml(&[("1.00", "SEK", "Anna"), ("much", "SEK", "Bo")]).as_bytes()).unwrap();
        assert_eq!(content.sum(), "1.00 SEK and 1 that cannot be read");
    }

    #[test]
    fn a_file_that_pays_nobody_is_refused() {
        let told = |bytes: &[u8]| Content::of_xml(bytes).unwrap_err().text;
        assert_eq!(told(xml(&[]).as_bytes()), "there is no payment in it");
        assert_eq!(told(b"<camt/>"), "it is XML and no pain.001: there is no CstmrCdtTrfInitn in it");
        assert!(told(b"<a><b></a>").starts_with("it is no XML"), "{}", told(b"<a><b></a>"));
    }
}

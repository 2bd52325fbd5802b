//! Transactions in the formats of accountants: camt.052, 053 and 054 as XML, MT940 and MT942 as text. The document
//! declares them (platform-facts 7.3); which of them an account gives follows from what was asked for.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::json;

use super::media;
use crate::model::accounts::Account;
use crate::model::postings::Row;
use crate::model::products::Exchange;
use crate::server::problem::Problem;

/// What a list of entries amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Booked entries only: camt.053, MT940.
    Statement,
    /// With pending ones: camt.052, MT942.
    Interim,
    /// What is new: camt.054, MT942.
    Notification,
}

impl Kind {
    pub(super) fn of(delta: bool, pending: bool) -> Self {
        match (delta, pending) {
            (true, _) => Self::Notification,
            (false, true) => Self::Interim,
            (false, false) => Self::Statement,
        }
    }
}

/// Entries of a period, oldest first, with what was on the account before and after.
pub(super) struct Statement<'a> {
    pub(super) kind: Kind,
    pub(super) account: &'a Account,
    pub(super) rows: &'a [Row],
    /// By currency.
    pub(super) opening: Vec<(String, Decimal)>,
    pub(super) closing: Vec<(String, Decimal)>,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) today: NaiveDate,
    pub(super) created: DateTime<Utc>,
}

#[derive(Serialize)]
struct Balance {
    code: &'static str,
    amount: String,
    side: &'static str,
    day: NaiveDate,
}

#[derive(Serialize)]
struct Entry<'a> {
    reference: &'a str,
    id: &'a str,
    amount: String,
    side: &'static str,
    status: &'static str,
    booked: NaiveDate,
    value: NaiveDate,
    code: Vec<&'a str>,
    end_to_end: Option<&'a str>,
    exchange: Option<&'a Exchange>,
    name: &'a str,
    iban: Option<&'a str>,
    other: Option<&'a str>,
    text: &'a str,
    structured: Option<&'a str>,
}

#[derive(Serialize)]
struct Part<'a> {
    currency: &'a str,
    balances: Vec<Balance>,
    entries: Vec<Entry<'a>>,
}

impl Statement<'_> {
    /// As XML. An account of several currencies has a statement for each.
    pub(super) fn camt(&self) -> Result<String, Problem> {
        let (message, root, part) = match self.kind {
            Kind::Interim => ("camt.052", "BkToCstmrAcctRpt", "Rpt"),
            Kind::Statement => ("camt.053", "BkToCstmrStmt", "Stmt"),
            Kind::Notification => ("camt.054", "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
        };
        let card = self.account.masked_pan.as_ref();
        let values = json!({
            "message": message,
            "root": root,
            "part": part,
            "id": format!("SBX{}", self.created.format("%Y%m%d%H%M%S")),
            "created": self.created.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "from": self.from,
            "to": self.to,
            "account": {
                "iban": card.is_none().then_some(&self.account.iban),
                "other": card,
                "name": self.account.name,
                "owner": self.account.owner,
                "bic": self.account.bic,
            },
            "statements": self.opening.iter().map(|(currency, _)| self.part(currency)).collect::<Vec<_>>(),
        });
        media::xml("camt.xml", &values)
    }

    fn part<'a>(&'a self, currency: &'a str) -> Part<'a> {
        let balance = |code, list, day| {
            let amount = of(list, currency);
            Balance { code, amount: plain(amount), side: side(amount), day }
        };
        let balances = match self.kind {
            Kind::Statement => vec![balance("OPBD", &self.opening, self.from), balance("CLBD", &self.closing, self.to)],
            Kind::Interim => vec![balance("ITBD", &self.closing, self.to)],
            Kind::Notification => Vec::new(),
        };
        let entries = self.rows.iter().filter(|row| row.currency == currency).map(|row| self.entry(row)).collect();
        Part { currency, balances, entries }
    }

    fn entry<'a>(&self, row: &'a Row) -> Entry<'a> {
        let number = |key: &str| row.account.as_ref().and_then(|account| account[key].as_str());
        let booked = row.booked <= self.today;
        let mut code: Vec<&str> = row.code.split('-').collect();
        code.resize(3, "OTHR");
        Entry {
            reference: &row.reference,
            id: &row.id,
            amount: plain(row.amount),
            side: side(row.amount),
            status: if booked { "BOOK" } else { "PDNG" },
            booked: row.booked,
            value: if booked { row.booked } else { row.made },
            code,
            end_to_end: row.end_to_end.as_deref(),
            exchange: row.exchange.as_ref(),
            name: &row.name,
            iban: number("iban"),
            other: ["bban", "bankGiro", "plusGiro"].into_iter().find_map(number),
            text: &row.text,
            structured: row.structured.as_deref(),
        }
    }

    /// As SWIFT text, with the line ends of SWIFT.
    pub(super) fn mt(&self) -> String {
        let lines: Vec<String> =
            self.opening.iter().enumerate().flat_map(|(index, (currency, _))| self.message(index, currency)).collect();
        lines.iter().fold(String::new(), |text, line| text + line + "\r\n")
    }

    fn message(&self, index: usize, currency: &str) -> Vec<String> {
        let rows = || self.rows.iter().filter(|row| row.currency == currency);
        let account = self.account.masked_pan.as_ref().unwrap_or(&self.account.iban);
        let mut lines = vec![
            format!(":20:SBX{}", self.created.format("%y%m%d%H%M%S")),
            format!(":25:{}", swift(account).replace(' ', "")),
            format!(":28C:{}/{}", self.created.format("%j"), index + 1),
        ];
        let balance = |tag: &str, day: NaiveDate, amount: Decimal| {
            format!(":{tag}:{}{}{currency}{}", mark(amount), day.format("%y%m%d"), comma(amount))
        };
        if self.kind == Kind::Statement {
            lines.push(balance("60F", self.from, of(&self.opening, currency)));
        } else {
            lines.push(format!(":34F:{currency}0,"));
            lines.push(format!(":13D:{}+0000", self.created.format("%y%m%d%H%M")));
        }
        for row in rows() {
            let value = if row.booked <= self.today { row.booked } else { row.made };
            lines.push(format!(
                ":61:{}{}{}{}N{}{}//{}",
                value.format("%y%m%d"),
                value.format("%m%d"),
                mark(row.amount),
                comma(row.amount),
                if row.code.starts_with("PMNT-CCRD") { "MSC" } else { "TRF" },
                row.end_to_end.as_deref().map_or("NONREF".to_owned(), |text| cut(&swift(text), 16)),
                row.reference,
            ));
            let text = format!("{} {} {}", row.name, row.text, row.structured.as_deref().unwrap_or_default());
            let words: Vec<char> = swift(text.trim()).chars().collect();
            let chunks: Vec<String> = words.chunks(65).take(6).map(|chunk| chunk.iter().collect()).collect();
            lines.push(format!(":86:{}", chunks.join("\r\n")));
        }
        if self.kind == Kind::Statement {
            lines.push(balance("62F", self.to, of(&self.closing, currency)));
        } else {
            for (tag, negative) in [("90D", true), ("90C", false)] {
                let amounts: Vec<_> =
                    rows().map(|row| row.amount).filter(|amount| amount.is_sign_negative() == negative).collect();
                let sum: Decimal = amounts.iter().sum();
                lines.push(format!(":{tag}:{}{currency}{}", amounts.len(), comma(sum)));
            }
        }
        lines.push("-".to_owned());
        lines
    }
}

fn of(list: &[(String, Decimal)], currency: &str) -> Decimal {
    list.iter().find(|(known, _)| known == currency).map(|(_, amount)| *amount).unwrap_or_default()
}

fn side(amount: Decimal) -> &'static str {
    if amount.is_sign_negative() { "DBIT" } else { "CRDT" }
}

fn mark(amount: Decimal) -> char {
    if amount.is_sign_negative() { 'D' } else { 'C' }
}

fn plain(amount: Decimal) -> String {
    format!("{:.2}", amount.abs())
}

fn comma(amount: Decimal) -> String {
    plain(amount).replace('.', ",")
}

fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

/// Text in the letters that SWIFT has; a colon or a dash at the beginning of a line would be taken for a field.
fn swift(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            'å' | 'ä' | 'á' | 'à' => 'a',
            'ö' | 'ó' => 'o',
            'é' | 'è' => 'e',
            'ü' => 'u',
            'Å' | 'Ä' => 'A',
            'Ö' => 'O',
            'É' => 'E',
            'Ü' => 'U',
            letter if letter.is_ascii_alphanumeric() || "/?().,'+ ".contains(letter) => letter,
            _ => ' ',
        })
        .collect()
}

//! A page of transactions, read as it arrives: entries come out one by one, and only what is around them is kept. So
//! a page of any length fits into memory.

use opp_raw::types::{TransactionDetails, TransactionsResponse200Json};

/// The largest entry, and the most that may stand around the entries.
const LIMIT: usize = 8 << 20;

/// Takes a page apart. It knows just enough JSON to find where the entries are; what they say is read elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    /// What is open: braces by the key that was last read in them, brackets.
    open: Vec<Open>,
    /// Where the present entry began, in depth; the list of entries is one less.
    entry: Vec<u8>,
    rest: Vec<u8>,
    text: Option<Text>,
    key: Vec<u8>,
}

#[derive(Debug)]
enum Open {
    Object { key: Option<Vec<u8>>, wants_key: bool },
    Array { entries: bool },
}

#[derive(Debug)]
struct Text {
    escaped: bool,
    is_key: bool,
}

/// A page that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It ends too early, or is no JSON.
    Syntax,
    /// A part of it is larger than is sensible.
    TooLarge,
}

impl Splitter {
    /// Takes the next bytes and gives each entry that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut found: impl FnMut(TransactionDetails)) -> Result<(), Broken> {
        for &byte in bytes {
            self.step(byte, &mut found)?;
        }
        if self.entry.len() > LIMIT || self.rest.len() > LIMIT { Err(Broken::TooLarge) } else { Ok(()) }
    }

    /// What stands around the entries, at the end.
    pub(crate) fn finish(self) -> Result<TransactionsResponse200Json, Broken> {
        if !self.open.is_empty() || self.text.is_some() {
            return Err(Broken::Syntax);
        }
        if self.rest.iter().all(u8::is_ascii_whitespace) {
            return Ok(TransactionsResponse200Json::default()); // 204: no entries at all.
        }
        serde_json::from_slice(&self.rest).map_err(|_| Broken::Syntax)
    }

    fn in_entries(&self) -> bool {
        self.open.iter().any(|open| matches!(open, Open::Array { entries: true }))
    }

    /// Whether a bracket that opens here opens a list of entries: `transactions.booked` or `transactions.pending`.
    fn at_entries(&self) -> bool {
        let key = |open: &Open| match open {
            Open::Object { key, .. } => key.clone().unwrap_or_default(),
            Open::Array { .. } => Vec::new(),
        };
        match &self.open[..] {
            [outer, inner] => key(outer) == b"transactions" && matches!(&key(inner)[..], b"booked" | b"pending"),
            _ => false,
        }
    }

    fn step(&mut self, byte: u8, found: &mut impl FnMut(TransactionDetails)) -> Result<(), Broken> {
        if let Some(text) = &mut self.text {
            let ends = byte == b'"' && !text.escaped;
            text.escaped = byte == b'\\' && !text.escaped;
            if ends {
                if text.is_key {
                    let name = std::mem::take(&mut self.key);
                    if let Some(Open::Object { key, wants_key }) = self.open.last_mut() {
                        (*key, *wants_key) = (Some(name), false);
                    }
                }
                self.text = None;
            } else if text.is_key {
                self.key.push(byte);
            }
            self.keep(byte);
            return Ok(());
        }
        match byte {
            b'"' => {
                let is_key = matches!(self.open.last(), Some(Open::Object { wants_key: true, .. }));
                self.text = Some(Text { escaped: false, is_key });
                self.keep(byte);
            }
            b'{' => {
                self.keep(byte);
                self.open.push(Open::Object { key: None, wants_key: true });
            }
            b'[' => {
                let entries = self.at_entries();
                self.keep(byte);
                self.open.push(Open::Array { entries });
            }
            b'}' | b']' => {
                if matches!(self.open.last(), Some(Open::Array { entries: true })) {
                    self.emit(found)?;
                }
                let fits = match self.open.pop() {
                    Some(Open::Object { .. }) => byte == b'}',
                    Some(Open::Array { .. }) => byte == b']',
                    None => false,
                };
                if !fits {
                    return Err(Broken::Syntax);
                }
                self.keep(byte);
            }
            b',' if matches!(self.open.last(), Some(Open::Array { entries: true })) => self.emit(found)?,
            b',' => {
                if let Some(Open::Object { wants_key, .. }) = self.open.last_mut() {
                    *wants_key = true;
                }
                self.keep(byte);
            }
            _ => self.keep(byte),
        }
        Ok(())
    }

    fn keep(&mut self, byte: u8) {
        if self.in_entries() { self.entry.push(byte) } else { self.rest.push(byte) }
    }

    fn emit(&mut self, found: &mut impl FnMut(TransactionDetails)) -> Result<(), Broken> {
        let entry = std::mem::take(&mut self.entry);
        let entry = entry.trim_ascii();
        if entry.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice(entry) {
            Ok(entry) => found(entry),
            // JSON that is no entry, such as null, spoils nothing.
            Err(_) if serde_json::from_slice::<serde::de::IgnoredAny>(entry).is_ok() => {
                tracing::debug!("an entry that is none was passed over");
            }
            Err(_) => return Err(Broken::Syntax),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"{"account":{"iban":"SE1"},"transactions":{"booked":[
        {"transactionId":"1","remittanceInformationUnstructured":"a ] } \" , [ {"},
        {"transactionId":"2","currencyExchange":[{"sourceCurrency":"SEK"}],"booked":["x"]}, null],
        "pending":[],"_links":{"next":{"href":"/psd2/x?booked=[1,2]"}}},"balances":[{"balanceType":"expected"}]}"#;

    fn split(page: &str, at: usize) -> Result<(Vec<String>, TransactionsResponse200Json), Broken> {
        let (mut splitter, mut ids) = (Splitter::default(), Vec::new());
        let mut found = |entry: TransactionDetails| ids.push(entry.transaction_id.unwrap_or_default());
        let (first, second) = page.as_bytes().split_at(at);
        splitter.feed(first, &mut found)?;
        splitter.feed(second, &mut found)?;
        Ok((ids, splitter.finish()?))
    }

    #[test]
    fn entries_come_out_wherever_the_bytes_are_cut() {
        for at in 0..PAGE.len() {
            let (ids, rest) = split(PAGE, at).unwrap();
            assert_eq!(ids, ["1", "2"], "cut at {at}");
            let report = rest.transactions.unwrap();
            assert!(report.booked.is_empty());
            let next = report.links.unwrap().next.unwrap().href.unwrap();
            assert_eq!(next.as_str(), "/psd2/x?booked=[1,2]");
            assert_eq!(rest.balances.len(), 1);
        }
    }

    #[test]
    fn a_page_that_breaks_off_is_no_page() {
        for at in 1..PAGE.len() {
            assert!(split(&PAGE[..at], 0).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn nothing_at_all_is_an_empty_page() {
        let (ids, rest) = split("", 0).unwrap();
        assert!(ids.is_empty() && rest.transactions.is_none());
    }

    #[test]
    fn what_is_no_json_is_no_page() {
        for page in ["<html></html>", "]", "{]", r#"{"transactions":{"booked":[{"a":}]}}"#] {
            assert!(split(page, 0).is_err(), "{page}");
        }
    }
}

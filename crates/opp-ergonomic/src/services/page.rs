//! A page of transactions, read as it arrives: entries come out one by one, and only what is around them is kept. So
//! a page of any length fits into memory.

use opp_raw::types::{TransactionDetails, TransactionsResponse200Json};
use serde::de::{DeserializeOwned, IgnoredAny};

/// The largest entry, and the most that may stand around the entries.
const LIMIT: usize = 8 << 20;

/// Takes a page apart. It knows just enough JSON to find where the entries are; what they say is read elsewhere.
#[derive(Default)]
pub(crate) struct Splitter {
    /// The braces and brackets that are open.
    open: Vec<u8>,
    /// Within a text: whether the next sign is escaped.
    text: Option<bool>,
    /// Whether a text that begins here is a key, and the key as far as it has come.
    wants_key: bool,
    key: Vec<u8>,
    /// The keys that the outermost two objects are at.
    path: [Vec<u8>; 2],
    /// Whether the third bracket holds entries: `transactions.booked` or `transactions.pending`.
    entries: bool,
    entry: Vec<u8>,
    rest: Vec<u8>,
}

/// A page that cannot be read: it ends too early, is no JSON, or a part of it is larger than is sensible.
#[derive(Debug)]
pub(crate) struct Broken;

impl Splitter {
    /// Takes the next bytes and gives each entry that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut found: impl FnMut(TransactionDetails)) -> Result<(), Broken> {
        for &byte in bytes {
            self.step(byte, &mut found)?;
        }
        if self.entry.len() > LIMIT || self.rest.len() > LIMIT { Err(Broken) } else { Ok(()) }
    }

    /// What stands around the entries, at the end.
    #[inline]
    pub(crate) fn finish(self) -> Result<TransactionsResponse200Json, Broken> {
        if !self.open.is_empty() || self.text.is_some() {
            return Err(Broken);
        }
        if self.rest.iter().all(u8::is_ascii_whitespace) {
            return Ok(TransactionsResponse200Json::default()); // 204: no entries at all.
        }
        read(&self.rest)
    }

    fn step(&mut self, byte: u8, found: &mut impl FnMut(TransactionDetails)) -> Result<(), Broken> {
        if let Some(escaped) = self.text {
            self.text = (escaped || byte != b'"').then_some(byte == b'\\' && !escaped);
            self.spell(byte);
            self.keep(byte);
            return Ok(());
        }
        let between_entries = self.entries && self.open.len() == 3;
        match byte {
            b'"' => self.text = Some(false),
            b':' => self.wants_key = false,
            b',' if between_entries => return self.emit(found),
            b',' => self.wants_key = self.open.last() == Some(&b'{'),
            b'{' | b'[' => {
                self.keep(byte);
                self.open.push(byte);
                self.wants_key = byte == b'{';
                let listed = self.path[0] == b"transactions" && matches!(&self.path[1][..], b"booked" | b"pending");
                self.entries |= listed && self.open == b"{{[";
                return Ok(());
            }
            b'}' | b']' => {
                if between_entries {
                    self.emit(found)?;
                    self.entries = false;
                }
                let opened = if byte == b'}' { b'{' } else { b'[' };
                if self.open.pop() != Some(opened) {
                    return Err(Broken);
                }
            }
            _ => {}
        }
        self.keep(byte);
        Ok(())
    }

    /// Takes a sign of a text, if that is a key of one of the outermost two objects.
    fn spell(&mut self, byte: u8) {
        let Some(at @ (0 | 1)) = self.open.len().checked_sub(1).filter(|_| self.wants_key) else { return };
        if self.text.is_some() {
            self.key.push(byte);
        } else {
            self.path[at] = std::mem::take(&mut self.key);
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.entries { self.entry.push(byte) } else { self.rest.push(byte) }
    }

    fn emit(&mut self, found: &mut impl FnMut(TransactionDetails)) -> Result<(), Broken> {
        let entry = std::mem::take(&mut self.entry);
        let entry = entry.trim_ascii();
        if entry.is_empty() {
            return Ok(());
        }
        match read(entry) {
            Ok(entry) => found(entry),
            // JSON that is no entry, such as null, spoils nothing; an entry that cannot be read is not left out.
            Err(_) if !entry.starts_with(b"{") && read::<IgnoredAny>(entry).is_ok() => {
                tracing::debug!("an entry that is none was passed over");
            }
            Err(broken) => return Err(broken),
        }
        Ok(())
    }
}

/// Reads from text rather than bytes, as the layer below does: each type is compiled for one source alone.
fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Broken> {
    let text = std::str::from_utf8(json).map_err(|_| Broken)?;
    serde_json::from_str(text).map_err(|_| Broken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

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

    proptest! {
        #[test]
        fn what_comes_out_is_what_json_says(page in page(), cut in any::<prop::sample::Index>()) {
            let text = page.to_string();
            let at = (0..=cut.index(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let (ids, rest) = split(&text, at).unwrap();
            let listed = ["booked", "pending"].iter().filter_map(|kind| page["transactions"][kind].as_array()).flatten();
            let listed = listed.map(|entry| entry["transactionId"].as_str().unwrap_or_default().to_owned());
            prop_assert_eq!(ids, listed.collect::<Vec<_>>());
            prop_assert!(rest.transactions.is_none_or(|report| report.booked.is_empty() && report.pending.is_empty()));
        }

        #[test]
        fn no_bytes_panic(bytes in "[\\[\\]{},:\"\\\\ abtransactionsbooked0-9]{0,60}") {
            let _ = split(&bytes, 0);
        }
    }

    /// A page with anything in it, of which the keys that count may stand where they do not.
    fn page() -> impl Strategy<Value = Value> {
        let key = || prop::sample::select(vec!["transactions", "booked", "pending", "transactionId", "a\"}]{[", "é"]);
        let leaf = prop_oneof![Just(json!(null)), any::<i32>().prop_map(Value::from), ".{0,6}".prop_map(Value::from)];
        let noise = leaf.prop_recursive(3, 12, 3, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::hash_map(key().prop_map(str::to_owned), inner, 0..3).prop_map(|map| json!(map)),
            ]
        });
        let entry = (".{0,6}", noise.clone()).prop_map(|(id, noise)| json!({"details": noise, "transactionId": id}));
        let entries = || prop::collection::vec(entry.clone(), 0..4);
        (entries(), entries(), noise).prop_map(|(booked, pending, noise)| {
            json!({"account": noise, "transactions": {"booked": booked, "pending": pending}, "balances": []})
        })
    }
}

//! Transactions of an account: what to ask for, and the answer as a stream over all pages.

use std::collections::{HashSet, VecDeque};

use chrono::NaiveDate;
use futures_core::Stream;
use opp_raw::operations::GET_TRANSACTION_LIST;
use opp_raw::types::{AccountId, BookingStatus, DateFrom, DateTo, HrefType};
use opp_raw::{ByteStream, Invalid};

use super::Balance;
use super::page::Splitter;
use super::view::view;
use crate::caller::Caller;
use crate::error::Error;
use crate::macros::setters;
use crate::money::Amount;
use crate::reply::{Warning, warnings};
use crate::secret::print_only;
use crate::store::{Allowance, Endpoint};
use crate::transport::Record;

/// What to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct TransactionQuery {
    status: BookingStatus,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    after_entry: Option<String>,
    delta: Option<bool>,
}

impl TransactionQuery {
    /// Booked transactions from this day on, that day included. How far back a bank goes, its details say.
    pub fn since(day: NaiveDate) -> Self {
        Self { from: Some(day), ..Self::new() }
    }

    /// Booked transactions that came after this entry; a bank may not know how.
    pub fn after_entry(reference: &str) -> Self {
        Self { after_entry: Some(reference.to_owned()), ..Self::new() }
    }

    /// Booked transactions that came since the last call; a bank may not know how.
    pub fn delta() -> Self {
        Self { delta: Some(true), ..Self::new() }
    }

    fn new() -> Self {
        Self { status: BookingStatus::Booked, from: None, to: None, after_entry: None, delta: None }
    }

    setters! {
        /// Up to this day, that day included; today unless set.
        until(self, day: NaiveDate) => to = Some(day);
        /// Pending ones instead of, or with, those that are booked, which every bank has.
        status(self, status: BookingStatus) => status = status;
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => Err(Invalid::new("is before dateFrom").within("dateTo")),
            _ => Ok(()),
        }
    }

    pub(crate) async fn send(
        &self,
        raw: &opp_raw::Client,
        account: &AccountId,
        format: ReportFormat,
    ) -> Result<opp_raw::Response<ByteStream>, opp_raw::Error> {
        let Self { status, delta, .. } = self;
        let (from, to) = (self.from.map(DateFrom::from), self.to.map(DateTo::from));
        let (from, to, after) = (from.as_ref(), to.as_ref(), self.after_entry.as_deref());
        raw.get_transaction_list_stream(account, status, from, to, *delta, after, None, format.0).await
    }
}

view! {
    /// A transaction. Banks fill in what they have, and none has a key that is always there (platform-facts 7.3).
    Transaction(TransactionDetails) {
        /// The key for its details, if it has one.
        id: transaction_id,
        /// The bank's reference of the entry.
        entry_reference: entry_reference,
        /// The reference that the payer gave.
        end_to_end_id: end_to_end_id,
        /// Who was paid.
        creditor_name: creditor_name,
        /// Who has paid.
        debtor_name: debtor_name,
        /// What it was for.
        remittance: remittance_information_unstructured,
        /// The structured reference, such as an OCR number.
        reference: remittance_information_structured,
    }
}

impl Transaction {
    /// The day on which it was booked.
    pub fn booking_date(&self) -> Option<NaiveDate> {
        self.0.booking_date.as_ref()?.day()
    }

    /// The day from which it counts.
    pub fn value_date(&self) -> Option<NaiveDate> {
        self.0.value_date.as_ref()?.day()
    }

    /// The amount; negative if the account was debited.
    pub fn amount(&self) -> Option<Amount> {
        Amount::read(self.0.transaction_amount.as_ref()?)
    }
}

/// Where a stream of pages stands.
enum Next {
    First,
    Link(String),
    End,
}

/// Transactions as they arrive, page after page. Entries are held one part of a page at a time.
pub struct Transactions {
    caller: Caller,
    account: AccountId,
    query: TransactionQuery,
    /// What the first page spends; those that follow are part of it.
    allowance: Allowance,
    next: Next,
    seen: HashSet<String>,
    page: Option<(ByteStream, Splitter)>,
    ready: VecDeque<Transaction>,
    balances: Vec<Balance>,
    warnings: Vec<Warning>,
    /// The call that the present page is the answer to.
    call: Record,
}

// Neither ids nor entries.
print_only!(Transactions { query });

impl Transactions {
    pub(crate) fn new(
        caller: &Caller,
        account: AccountId,
        query: TransactionQuery,
        allowance: Allowance,
    ) -> Result<Self, Invalid> {
        query.check()?;
        Ok(Self {
            caller: caller.streaming(),
            account,
            query,
            allowance,
            next: Next::First,
            seen: HashSet::new(),
            page: None,
            ready: VecDeque::new(),
            balances: Vec::new(),
            warnings: Vec::new(),
            call: Record::default(),
        })
    }

    /// The next transaction, or `None` after the last. An error ends it. The future can be dropped: the next one goes
    /// on where this one was.
    pub async fn next(&mut self) -> Option<Result<Transaction, Error>> {
        while self.ready.is_empty() {
            match self.advance().await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    (self.next, self.page) = (Next::End, None);
                    return Some(Err(error));
                }
            }
        }
        self.ready.pop_front().map(Ok)
    }

    /// All that are left, in memory.
    pub async fn collect(mut self) -> Result<Vec<Transaction>, Error> {
        let mut all = Vec::new();
        while let Some(transaction) = self.next().await {
            all.push(transaction?);
        }
        Ok(all)
    }

    /// As a stream, for whoever has adapters for those.
    pub fn into_stream(self) -> impl Stream<Item = Result<Transaction, Error>> {
        futures_util::stream::unfold(self, |mut this| async move { Some((this.next().await?, this)) })
    }

    /// The balances that came with the last page, if the bank sends them along.
    pub fn balances(&self) -> &[Balance] {
        &self.balances
    }

    /// What the bank has remarked on the pages that were read to their end, each once.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The `X-Request-ID` of the call for the last page, once there was one.
    pub fn request_id(&self) -> Option<&str> {
        self.call.request_id.as_deref()
    }

    /// Reads a little further; `false` at the very end.
    async fn advance(&mut self) -> Result<bool, Error> {
        let Some((stream, splitter)) = &mut self.page else { return self.turn().await };
        if let Some(part) = stream.next_part().await {
            let ready = &mut self.ready;
            let part = part.map_err(|error| Error::from(error).of(&self.call))?;
            let fed = splitter.feed(&part, |entry| ready.push_back(Transaction(entry)));
            fed.map_err(|_| Error::unreadable("is a page that makes no sense").of(&self.call))?;
        } else {
            let Some((_, splitter)) = self.page.take() else { return Ok(false) };
            let broken = |_| Error::unreadable("is a page that breaks off").of(&self.call);
            let rest = splitter.finish().map_err(broken)?;
            if rest.transactions.is_none() && rest.links.is_some_and(|links| links.download.is_some()) {
                let how = "is a link to a download instead of transactions: ask for fewer days, or follow the link \
                           with Session::raw";
                return Err(Error::unreadable(how).of(&self.call));
            }
            for warning in warnings(&rest.tpp_messages) {
                if !self.warnings.contains(&warning) {
                    self.warnings.push(warning);
                }
            }
            self.balances = rest.balances.into_iter().map(Balance).collect();
            let report = rest.transactions.unwrap_or_default();
            // Entries that stood where no list was expected.
            let late = report.booked.into_iter().chain(report.pending);
            self.ready.extend(late.map(Transaction));
            let href = |link: HrefType| link.href.map(|href| href.as_str().to_owned());
            let link = report.links.and_then(|links| links.next).and_then(href).filter(|link| !link.is_empty());
            self.next = link.map_or(Next::End, Next::Link);
        }
        Ok(true)
    }

    /// Opens the next page; `false` if there is none.
    async fn turn(&mut self) -> Result<bool, Error> {
        let (account, query, json) = (&self.account, &self.query, ReportFormat::JSON);
        let first = matches!(self.next, Next::First);
        let toll = self.allowance.toll(Some(account.as_str()), Endpoint::Transactions).filter(|_| first);
        let call = self.caller.begin_counted(toll);
        let reply = match &self.next {
            Next::End => return Ok(false),
            Next::First => call.end(query.send(&call, account, json).await)?,
            Next::Link(link) if self.seen.contains(link) => {
                return Err(Error::unreadable("leads back to a page that was read before").of(&self.call));
            }
            Next::Link(link) => call.end(call.follow_stream(&GET_TRANSACTION_LIST, link, json.0).await)?,
        };
        if let Next::Link(link) = std::mem::replace(&mut self.next, Next::End) {
            self.seen.insert(link);
        }
        self.call = reply.call().clone();
        self.page = Some((reply.into_inner(), Splitter::default()));
        Ok(true)
    }
}

/// The form of a report that is downloaded, by its media type: one of these (platform-facts 7.3), or what else a bank has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportFormat(pub &'static str);

impl ReportFormat {
    /// camt.052, .053 or .054, whichever the bank has.
    pub const CAMT: Self = Self("application/xml");
    /// MT940 or MT942.
    pub const MT94X: Self = Self("application/text");
    /// JSON, as it came.
    pub const JSON: Self = Self("application/json");
}

//! The flow: what is known of a signature under way. `machine.rs` moves it on.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ask::Subject;
use super::method::{Device, Method};
use super::step::{Ending, Failure, Step};
use crate::bank::Bank;
use crate::macros::setters;
use crate::reply::Warning;
use crate::secret::{Secret, print_only};
use crate::token::PsuContext;

/// How many remarks are kept; beyond them it is the last that changes.
const MOST_WARNINGS: usize = 32;

/// How far it has come; later ones are further down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    Start,
    Find,
    Choose(Vec<Method>),
    Select,
    Poll,
    Confirm { exempted: bool, times: u32 },
    Done(Ending),
}

/// Whether the user is at the bank's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Visit {
    None,
    /// There, and to come back with what has this hash; whether a code is expected then.
    Away {
        state_hash: String,
        exchange: bool,
    },
    Back,
}

/// A signature under way. It makes no calls: [`ask`](Self::ask) says what to do, [`answer`](Self::answer) takes what
/// came of it, [`step`](Self::step) says what to show. Store it after every answer: it goes on where it was.
///
/// What is stored has no secret in it: neither token nor code nor what was shown, the `state` only as a hash, nothing of
/// the user, whom you give again when you go on, and no text of the bank but the names of methods while the user chooses.
#[derive(Clone, Serialize, Deserialize)]
#[must_use]
pub struct Flow {
    pub(super) subject: Subject,
    pub(super) bank: Bank,
    pub(super) context: PsuContext,
    pub(super) device: Device,
    pub(super) label: Option<String>,
    pub(super) preferred: Vec<String>,
    pub(super) redirect_uri: Option<String>,
    pub(super) link_headers: Option<(String, String)>,
    started: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) poll_every: Option<Duration>,
    pub(super) phase: Phase,
    /// A write is under way, whose answer may come until then.
    pub(super) sent: Option<DateTime<Utc>>,
    /// How many more answers are taken.
    pub(super) answers_left: u32,
    /// How many starts nothing came of.
    #[serde(default)]
    pub(super) starts: u32,
    /// New each time that it is stored: tells what one process has written from what another has.
    #[serde(default)]
    pub(super) stamp: u64,
    pub(super) authorisation: Option<String>,
    pub(super) method: Option<String>,
    pub(super) status: Option<String>,
    pub(super) rounds: u32,
    pub(super) warnings: Vec<Warning>,
    pub(super) visit: Visit,
    /// With what error the user came back: the end, unless the bank says that it was signed before.
    #[serde(default)]
    pub(super) turned_back: Option<Failure>,
    /// Whether there is something on the user's screen that is not stored.
    pub(super) showing: bool,
    /// What is not stored: the client knows it, or nobody else may.
    #[serde(skip)]
    pub(super) client_id: String,
    #[serde(skip)]
    pub(super) code: Option<(Secret, Option<String>)>,
    #[serde(skip)]
    pub(super) step: Option<Step>,
}

print_only!(Flow { subject, phase, status });

impl Flow {
    /// The signature of something, at a bank, to be finished within ten minutes from now. A session has bank and time
    /// at hand: [`Session::flow`](crate::Session::flow).
    pub fn new(subject: Subject, bank: Bank, device: Device, now: DateTime<Utc>) -> Self {
        let flow = Self {
            subject,
            bank,
            context: PsuContext::Private,
            device,
            label: None,
            preferred: Vec::new(),
            redirect_uri: None,
            link_headers: None,
            started: now,
            until: now,
            poll_every: None,
            phase: Phase::Start,
            sent: None,
            answers_left: 0,
            starts: 0,
            stamp: 0,
            authorisation: None,
            method: None,
            status: None,
            rounds: 0,
            warnings: Vec::new(),
            visit: Visit::None,
            turned_back: None,
            showing: false,
            client_id: String::new(),
            code: None,
            step: None,
        };
        flow.within(Duration::from_mins(10))
    }

    /// How long all of it may take, from the beginning; a day at most.
    pub fn within(mut self, time: Duration) -> Self {
        let time = time.min(Duration::from_hours(24));
        let until = TimeDelta::from_std(time).ok().and_then(|time| self.started.checked_add_signed(time));
        self.until = until.unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.allow_answers();
        self
    }

    /// Eight times as many as polling makes until the deadline, since several may look at once: the end is certain even if
    /// the clock stands still.
    fn allow_answers(&mut self) {
        let time = (self.until - self.started).to_std().unwrap_or_default();
        let every = self.interval().clamp(Duration::from_millis(10), Duration::from_secs(1));
        let polls = 8 * time.as_millis() / every.as_millis();
        self.answers_left = u32::try_from(polls).unwrap_or(u32::MAX).saturating_add(100);
    }

    setters! {
        /// Where banks are to send the user back to: one of the addresses that are registered for the application.
        redirect(self, uri: &str) => redirect_uri = Some(uri.to_owned());
        /// The application's id, for the bank's page. Only without a [`Signing`](super::Signing), which gives its
        /// client's.
        client_id(self, id: &str) => client_id = id.to_owned();
        /// Whose accounts it is about: those of a person unless set. Only without a [`Signing`](super::Signing), which
        /// knows its user.
        in_context(self, context: PsuContext) => context = context;
        /// A note of yours that is stored with it, such as the number of the order or of the user's session: whoever
        /// comes back from the bank without a cookie is known by it. It is stored in clear, so nothing personal.
        with_label(self, label: &str) => label = Some(label.to_owned());
        /// Ids of methods to be taken rather than what suits the device, best first. Where the bank lists none, the
        /// first of them is named.
        prefer(self, methods: &[&str]) => preferred = methods.iter().map(|id| (*id).to_owned()).collect();
        /// The names of the headers that tie the code to what is signed and to its authorisation. For consents and
        /// payments they are known; what a cancellation wants is not documented, and a payment's are sent.
        link_headers(self, subject: &str, authorisation: &str) => link_headers =
            Some((subject.to_owned(), authorisation.to_owned()));
    }

    /// How often to poll, rather than every second, and every other second while the user is at the bank.
    pub fn poll_every(mut self, time: Duration) -> Self {
        self.poll_every = Some(time);
        self.allow_answers();
        self
    }

    /// What is signed.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The bank, as it was spoken to from the beginning: go on with the same.
    pub fn bank(&self) -> &Bank {
        &self.bank
    }

    /// Your note of [`with_label`](Self::with_label).
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The id of the authorisation, once it was started.
    pub fn authorisation(&self) -> Option<&str> {
        self.authorisation.as_deref()
    }

    /// When it will have expired.
    pub fn deadline(&self) -> DateTime<Utc> {
        self.until
    }

    /// The bank's own word for where it stands, and how many times the user was asked to do something.
    pub fn progress(&self) -> (Option<&str>, u32) {
        (self.status.as_deref(), self.rounds)
    }

    /// What the bank has remarked in all answers of this signature, each once, the first ones and the last. A
    /// [`Signing`](super::Signing) notes it; whoever makes the calls has it in their answers. Of what was stored the
    /// codes are left.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    pub(super) fn note(&mut self, warnings: &[Warning]) {
        for new in warnings {
            let mut known = self.warnings.iter_mut().filter(|known| known.code == new.code);
            if let Some(known) = known.find(|known| known.text == new.text || known.text.is_none()) {
                // One that was stored gets its text back.
                known.text.clone_from(&new.text);
            } else {
                self.warnings.truncate(MOST_WARNINGS - 1);
                self.warnings.push(new.clone());
            }
        }
    }

    /// How it ended, once it has.
    pub fn ending(&self) -> Option<&Ending> {
        match &self.phase {
            Phase::Done(ending) => Some(ending),
            _ => None,
        }
    }
}

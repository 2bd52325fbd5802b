//! The machine with the calls put in: asks what it asks for, over the one path to the network.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_core::Stream;
use futures_util::stream::try_unfold;
use opp_raw::Invalid;

use super::ask::{Answer, Ask};
use super::calls;
use super::flow::Flow;
use super::machine::Question;
use super::redirect::Callback;
use super::slot::{Slot, Ticket};
use super::step::{Ending, Failure, Step};
use crate::error::{Error, Outcome};
use crate::session::Session;
use crate::token::TokenError;

/// For how long a write is taken to be under way whose sender is not heard of, beyond what a call may take.
const GRACE: TimeDelta = TimeDelta::seconds(5);

/// A flow under way, for a user at a bank.
///
/// An error does not end it: call again, or store [`flow`](Self::flow) and go on later, unless the platform has refused
/// what was asked for. Futures can be dropped at any time: a write that was perhaps sent is not sent again.
#[derive(Debug)]
#[must_use]
pub struct Signing {
    session: Session,
    flow: Flow,
    shown: Option<Step>,
    kept: Option<Slot>,
    /// Whether the write that is under way is this one's.
    writing: bool,
    /// How long the platform asks to be left alone.
    pause: Duration,
    /// The time of day at which this began, and of the clock that nobody sets.
    began: (DateTime<Utc>, Duration),
}

impl Signing {
    pub(crate) fn new(session: Session, mut flow: Flow, kept: Option<Slot>) -> Result<Self, Error> {
        if flow.bank() != session.bank() {
            return Err(Invalid::new("is not the one that the flow was begun with").within("bank").into());
        }
        session.caller.core.endpoint.client_id().clone_into(&mut flow.client_id);
        let began = (session.caller.core.clock.now(), session.caller.core.clock.monotonic());
        Ok(Self { session, flow, shown: None, kept, writing: false, pause: Duration::ZERO, began })
    }

    /// The flow, as it is now.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Keeps it in the client's store from here on, after each answer and before each write: any replica can go on with
    /// it ([`Client::resume`](crate::Client::resume)), and several may look at once. It stays there until ten minutes
    /// after its deadline. It is kept once: in two places each would begin it.
    pub async fn keep(&mut self) -> Result<Ticket, Error> {
        if self.kept.is_some() {
            return Err(Invalid::new("is kept already, under the ticket that was given then").within("flow").into());
        }
        let now = self.now();
        let (mut slot, ticket) = Slot::new(self.session.caller.core.store.clone());
        slot.save(&mut self.flow, now).await?;
        self.kept = Some(slot);
        Ok(ticket)
    }

    /// Takes the user's choice of a method.
    pub async fn choose(&mut self, method: &str) -> Result<(), Error> {
        Ok(self.decide(|flow, _| flow.choose(method)).await??)
    }

    /// Takes the user back from the bank's page. A `state` that is used or another's changes nothing.
    pub async fn callback(&mut self, callback: &Callback) -> Result<(), Error> {
        let taken = self.decide(|flow, now| flow.callback(callback, now)).await?;
        taken.map(drop).map_err(|_| Error::no_flow())
    }

    /// Calls it off.
    pub async fn cancel(&mut self) -> Result<(), Error> {
        self.decide(|flow, _| drop(flow.cancel())).await
    }

    /// The next thing to show, as soon as there is something new; `None` after the last, which is [`Step::Done`].
    pub async fn next(&mut self) -> Result<Option<Step>, Error> {
        loop {
            let step = self.flow.tick(self.now());
            if self.shown.as_ref() != Some(&step) {
                self.shown = Some(step.clone());
                return Ok(Some(step));
            }
            if matches!(step, Step::Done(_)) {
                return Ok(None);
            }
            self.advance().await?;
        }
    }

    /// All steps to the end, each of which is shown, in a plain loop. What the bank has remarked meanwhile,
    /// [`Flow::warnings`] says.
    pub async fn finish(&mut self, mut show: impl FnMut(&Step)) -> Result<Ending, Error> {
        loop {
            if let Some(step) = self.next().await? {
                show(&step);
            }
            if let Some(ending) = self.flow.ending() {
                return Ok(ending.clone());
            }
        }
    }

    /// The same as a stream, which ends after the last step or the first error. It only borrows the signing: once the
    /// stream has ended or was dropped, [`Flow::warnings`] says what the bank has remarked, [`choose`](Self::choose)
    /// takes the user's choice, and another stream goes on where this one was.
    pub fn steps(&mut self) -> impl Stream<Item = Result<Step, Error>> {
        try_unfold(self, async |signing| Ok(signing.next().await?.map(|step| (step, signing))))
    }

    /// What to show now, after one look at the bank: for a page that asks again by itself, each second or so. Begins
    /// what is to be begun, and waits for nobody.
    pub async fn look(&mut self) -> Result<Step, Error> {
        loop {
            let asked = self.flow.ask()?;
            // One read for each look: a start that was lost is looked up in this one, and made up for in the next.
            let last = !matches!(asked, Ask::Start | Ask::Select(_) | Ask::Exchange(_) | Ask::Nothing);
            if !matches!(asked, Ask::Choose | Ask::Nothing) {
                self.act(asked, false).await?;
            }
            let step = self.flow.tick(self.now());
            if last || !matches!(step, Step::Wait { .. }) {
                return Ok(step);
            }
        }
    }

    /// Does one thing that the flow asks for, when the time for it has come.
    pub async fn advance(&mut self) -> Result<(), Error> {
        let asked = self.flow.ask()?;
        self.act(asked, true).await
    }

    async fn act(&mut self, asked: Ask, waits: bool) -> Result<(), Error> {
        match &asked {
            Ask::Nothing => return Ok(()),
            Ask::Choose => return Err(Invalid::new("is to be chosen first").within("authenticationMethodId").into()),
            Ask::Await { until } if !self.writing && self.now() < *until => return self.watch(waits).await,
            Ask::Start | Ask::Select(_) if !self.claim().await? => return Ok(()),
            // A bank that has just lost a start is given a moment, too: it may still be at it.
            Ask::Find => self.wait(self.flow.interval(), waits).await,
            Ask::Poll { after } | Ask::Confirm { after } => self.wait(*after, waits).await,
            _ => {}
        }
        let question = self.flow.question();
        let answer = self.call(&asked).await;
        self.writing = false;
        match answer {
            Ok(answer) => self.take(question, answer).await,
            Err(error) => self.fail(&asked, question, error).await,
        }
    }

    async fn call(&mut self, asked: &Ask) -> Result<Answer, Error> {
        let (session, subject) = (&self.session, self.flow.subject());
        let id = self.flow.authorisation().unwrap_or_default();
        let reply = match asked {
            Ask::Start => calls::start(session, subject).await?,
            Ask::Find => calls::find(session, subject).await?,
            Ask::Select(method) => calls::select(session, subject, id, method).await?,
            Ask::Poll { .. } => calls::poll(session, subject, id).await?,
            Ask::Confirm { .. } => calls::confirm(session, subject).await?,
            Ask::Exchange(exchange) => {
                self.flow.sent(self.now());
                self.session.caller.core.endpoint.exchange(exchange).await.map_err(Error::exchange)?;
                return Ok(Answer::Exchanged);
            }
            // The future that was sending was dropped, or its process: nobody knows what came of it.
            Ask::Await { .. } | Ask::Choose | Ask::Nothing => return Ok(Answer::Lost),
        };
        self.flow.note(&reply.warnings);
        Ok(reply.value)
    }

    /// Notes that a write is about to be sent; false if another process has gone on meanwhile, or time is up: whoever
    /// was told that it is over is not to find something to sign.
    async fn claim(&mut self) -> Result<bool, Error> {
        let now = self.now();
        if matches!(self.flow.tick(now), Step::Done(_)) {
            return Ok(false);
        }
        let mut flow = self.flow.clone();
        let call = TimeDelta::from_std(self.session.caller.total()).ok().and_then(|call| call.checked_add(&GRACE));
        flow.sent(call.and_then(|call| now.checked_add_signed(call)).unwrap_or(DateTime::<Utc>::MAX_UTC));
        if let Some(slot) = &mut self.kept
            && !slot.save(&mut flow, now).await?
        {
            self.flow.overtake(slot.load_newer().await?);
            return Ok(false);
        }
        (self.flow, self.writing) = (flow, true);
        Ok(true)
    }

    /// Looks whether another process has had the answer that it waits for.
    async fn watch(&mut self, waits: bool) -> Result<(), Error> {
        self.wait(Duration::from_secs(1), waits).await;
        if let Some(slot) = &mut self.kept {
            self.flow.overtake(slot.load().await?);
        }
        Ok(())
    }

    /// Takes what a call has told. It counts here even if it cannot be stored: nobody tells it again.
    async fn take(&mut self, question: Question, answer: Answer) -> Result<(), Error> {
        let now = self.now();
        let take = |flow: &mut Flow| flow.answer_to(question, answer.clone(), now);
        match &mut self.kept {
            Some(slot) => slot.change(&mut self.flow, now, take).await?,
            None => take(&mut self.flow),
        }
        Ok(())
    }

    /// Does what somebody else decides. It has happened once it is stored, and not before: until then another process
    /// may have done so, and the code of a callback goes out once.
    async fn decide<T>(&mut self, mut change: impl FnMut(&mut Flow, DateTime<Utc>) -> T) -> Result<T, Error> {
        let (now, mut flow) = (self.now(), self.flow.clone());
        let done = match &mut self.kept {
            Some(slot) => slot.change(&mut flow, now, |flow| change(flow, now)).await?,
            None => change(&mut flow, now),
        };
        self.flow = flow;
        Ok(done)
    }

    /// What an error means to the flow, and whether it is the caller's too.
    async fn fail(&mut self, asked: &Ask, question: Question, error: Error) -> Result<(), Error> {
        let refused = |code: Option<&str>| Answer::Refused(Failure { code: code.map(str::to_owned), message: None });
        let answer = match (asked, error.outcome()) {
            (Ask::Exchange(_), Some(Outcome::Rejected)) if error.token().is_some_and(TokenError::is_refused) => {
                refused(error.token().and_then(TokenError::code))
            }
            // A code may be used up or not: whether it was signed, polling tells.
            (Ask::Exchange(_), _) | (_, Some(Outcome::Unknown | Outcome::Accepted)) => {
                return self.take(question, Answer::Lost).await;
            }
            (_, Some(Outcome::Rejected)) if !is_passing(&error) => refused(error.codes().next()),
            (Ask::Start | Ask::Select(_), _) => Answer::NotSent,
            // A read that may go better the next time: the deadline says when it is enough.
            _ if error.is_retryable() || error.is_rate_limited() => {
                self.pause = error.retry_after().unwrap_or(self.flow.interval());
                return self.take(question, Answer::Lost).await;
            }
            _ => return Err(error),
        };
        self.take(question, answer).await?;
        Err(error)
    }

    /// Waits until it is time, and no longer than the flow lives. However long the platform asks to be left alone, half
    /// of what is left stays for another look: the user signs meanwhile, and is not to be told that nobody did.
    async fn wait(&mut self, time: Duration, waits: bool) {
        let left = (self.flow.deadline() - self.now()).to_std().unwrap_or_default();
        let time = time.max(std::mem::take(&mut self.pause).min(left / 2));
        if waits && !time.is_zero() {
            tokio::time::sleep(time.min(left)).await;
        }
    }

    /// The time of day, as it would be if nobody had set the clock since this began.
    fn now(&self) -> DateTime<Utc> {
        let passed = self.session.caller.core.clock.monotonic().saturating_sub(self.began.1);
        self.began.0.checked_add_signed(TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX)).unwrap_or(self.began.0)
    }
}

/// Whether a refused write says nothing about what was asked: the token was over, or there were too many calls.
fn is_passing(error: &Error) -> bool {
    let token = error.status() == Some(401) && error.codes().all(|code| code.starts_with("TOKEN_"));
    token || error.is_rate_limited()
}

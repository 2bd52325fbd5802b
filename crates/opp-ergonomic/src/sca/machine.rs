//! The machine. It goes from one phase to a later one and never back (but to a start of which nothing came), and it
//! ends: by an answer, by its deadline, or when it has had more answers than any signature needs.

use std::mem::Discriminant;
use std::time::Duration;

use chrono::{DateTime, Utc};
use opp_raw::Invalid;

use super::ask::{Answer, Ask};
use super::flow::{Flow, Phase, Visit};
use super::method::{self, Method};
use super::step::{Ending, Failure, PromptKind, Standing, Step};

/// How often a start is made up for of which nothing came: who has taken none by then is out of order.
const MOST_STARTS: u32 = 3;

/// What a process has asked for, to be told from what another has asked for since.
pub(super) type Question = (Discriminant<Phase>, Option<DateTime<Utc>>);

impl Flow {
    /// What to do next.
    pub fn ask(&self) -> Result<Ask, Invalid> {
        Ok(match (&self.phase, self.sent) {
            (Phase::Start | Phase::Select, Some(until)) => Ask::Await { until },
            (Phase::Start, None) => Ask::Start,
            (Phase::Find, _) => Ask::Find,
            (Phase::Choose(_), _) => Ask::Choose,
            (Phase::Select, None) => Ask::Select(self.method.clone().unwrap_or_else(|| method::MBID.to_owned())),
            (Phase::Poll, _) => match self.code_exchange()? {
                Some(exchange) => Ask::Exchange(exchange),
                None => Ask::Poll { after: self.interval() },
            },
            (Phase::Confirm { times: 0, .. }, _) => Ask::Confirm { after: Duration::ZERO },
            (Phase::Confirm { .. }, _) => Ask::Confirm { after: self.interval() },
            (Phase::Done(_), _) => Ask::Nothing,
        })
    }

    /// How long to wait between two reads.
    pub(super) fn interval(&self) -> Duration {
        let away = matches!(self.visit, Visit::Away { .. });
        self.poll_every.unwrap_or(Duration::from_secs(if away { 2 } else { 1 }))
    }

    /// Notes that what was asked for is on its way, and until when an answer may come. Store the flow after this and
    /// before a write: then nobody sends it a second time, whatever happens to this process.
    pub fn sent(&mut self, until: DateTime<Utc>) {
        match self.phase {
            Phase::Start | Phase::Select => self.sent = Some(until),
            // Good once, whatever comes of it.
            Phase::Poll => self.code = None,
            _ => {}
        }
    }

    /// What to show now.
    pub fn step(&self) -> Step {
        let kind = match &self.phase {
            Phase::Done(ending) => return Step::Done(ending.clone()),
            Phase::Choose(methods) => return Step::ChooseMethod { methods: methods.clone() },
            Phase::Poll => match &self.step {
                Some(step) => return step.clone(),
                None if matches!(self.visit, Visit::Away { .. }) => PromptKind::AtBank,
                None if self.showing => PromptKind::GoOn,
                None => PromptKind::Wait,
            },
            Phase::Start | Phase::Find | Phase::Select => PromptKind::Prepare,
            Phase::Confirm { .. } => PromptKind::Wait,
        };
        Step::wait(kind)
    }

    pub(super) fn show(&mut self, step: Step) {
        self.showing = !matches!(step, Step::Wait { .. });
        self.step = Some(step);
    }

    /// Takes the user's choice. What was not offered is refused.
    pub fn choose(&mut self, id: &str) -> Result<(), Invalid> {
        if !matches!(&self.phase, Phase::Choose(offered) if offered.iter().any(|method| method.id == id)) {
            return Err(Invalid::new("was not offered").within("authenticationMethodId"));
        }
        self.method = Some(id.to_owned());
        self.phase = Phase::Select;
        Ok(())
    }

    /// Calls it off. What was signed already stays signed: then this does nothing.
    pub fn cancel(&mut self) -> Step {
        if !matches!(self.phase, Phase::Confirm { .. } | Phase::Done(_)) {
            self.end(Ending::Cancelled);
        }
        self.step()
    }

    /// Looks at the clock: for when nothing is asked, as while the user chooses.
    pub fn tick(&mut self, now: DateTime<Utc>) -> Step {
        if now >= self.until || self.answers_left == 0 {
            match self.phase {
                Phase::Done(_) => {}
                // It is signed: only what came of it is not known.
                Phase::Confirm { exempted, .. } => self.settle(exempted, Standing::Open(String::new())),
                _ => {
                    let turned_back = self.turned_back.take();
                    self.end(turned_back.map_or(Ending::Expired, Ending::Failed));
                }
            }
        }
        self.step()
    }

    /// What is being asked: the phase, and until when an answer to a write may come.
    pub(super) fn question(&self) -> Question {
        (std::mem::discriminant(&self.phase), self.sent)
    }

    /// Takes the answer to a question. Another process may have gone on since: then one that only says that there is
    /// nothing to be had is about what is over, and not about the write that may be under way now.
    pub(super) fn answer_to(&mut self, asked: Question, answer: Answer, now: DateTime<Utc>) {
        let says_nothing = matches!(answer, Answer::Lost | Answer::NotSent | Answer::Refused(_));
        if !says_nothing || self.question() == asked {
            self.answer(answer, now);
        }
    }

    /// Takes an answer, and says what to show. One that was not asked for changes nothing. One that comes late still
    /// counts: what was signed is signed.
    #[inline]
    pub fn answer(&mut self, answer: Answer, now: DateTime<Utc>) -> Step {
        self.answers_left = self.answers_left.saturating_sub(1);
        match (&self.phase, answer) {
            (Phase::Start | Phase::Find, Answer::Started(answer)) => self.started(&answer),
            (Phase::Start, Answer::Lost) => self.phase = Phase::Find,
            (Phase::Find, Answer::Found(ids)) => self.found(&ids),
            (Phase::Select, Answer::Selected(answer, approach)) => self.selected(&answer, approach.as_ref()),
            (Phase::Select, Answer::Lost) => self.phase = Phase::Poll,
            (Phase::Poll, Answer::Polled(answer)) => self.polled(&answer),
            (Phase::Poll, Answer::Exchanged | Answer::Lost) => self.code = None,
            (&Phase::Confirm { exempted, times }, Answer::Confirmed(resource)) => {
                self.confirmed(exempted, times, &resource);
            }
            (&Phase::Confirm { exempted, times }, Answer::Lost) => self.wait_on(exempted, times, String::new()),
            (phase, Answer::Refused(failure)) if !matches!(phase, Phase::Confirm { .. } | Phase::Done(_)) => {
                self.end(Ending::Failed(failure));
            }
            (Phase::Start | Phase::Select, Answer::NotSent) => {}
            // It has not been asked for: a write that is under way still is.
            _ => return self.tick(now),
        }
        self.sent = None;
        self.tick(now)
    }

    /// Picks up the thread of a start whose answer was lost.
    #[inline]
    fn found(&mut self, ids: &[String]) {
        match ids {
            [] if self.starts < MOST_STARTS => (self.phase, self.starts) = (Phase::Start, self.starts + 1),
            [] => self.fail("NOT_STARTED"),
            [only] if only.trim().is_empty() => self.fail("NO_AUTHORISATION_ID"),
            [only] => {
                self.authorisation = Some(only.clone());
                self.choose_method(Vec::new());
            }
            // Which of them is ours, nobody can tell; none of them was set going by us.
            _ => self.fail("SEVERAL_AUTHORISATIONS"),
        }
    }

    #[inline]
    pub(super) fn choose_method(&mut self, mut offered: Vec<Method>) {
        self.method = method::choose(&offered, &self.preferred, self.device);
        offered.truncate(method::MOST_OFFERED);
        self.phase = if self.method.is_some() { Phase::Select } else { Phase::Choose(offered) };
    }

    /// Takes what another process has made of it, and keeps what only this one knows.
    #[inline]
    pub(super) fn overtake(&mut self, newer: Self) {
        let old = std::mem::replace(self, newer);
        (self.client_id, self.code) = (old.client_id, old.code);
        self.note(&old.warnings);
        if (self.status == old.status, &self.visit) == (true, &old.visit) {
            self.step = old.step;
        }
    }

    pub(super) fn fail(&mut self, code: &str) {
        self.end(Ending::Failed(Failure::code(code)));
    }

    pub(super) fn end(&mut self, ending: Ending) {
        self.phase = Phase::Done(ending);
        (self.code, self.step, self.sent) = (None, None, None);
    }
}

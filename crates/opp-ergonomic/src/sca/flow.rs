//! The machine itself. It goes from one phase to a later one and never back, and it ends: by an answer, by its
//! deadline, or when it has had more answers than any signature needs.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use opp_raw::types::{
    AspspScaApproach, ChallengeData, HrefType, ScaStatus, ScaStatusResponse, StartScaprocessResponse,
    UpdatePsuDataResponse,
};
use opp_raw::{Invalid, types};
use serde::{Deserialize, Serialize};

use super::method::{self, Device, Method};
use super::redirect::{self, Callback, CallbackError, fill_link, flow_key};
use super::step::{Ending, Failure, Heard, Prompt, PromptKind, Standing, Step, show};
use crate::bank::Bank;
use crate::secret::Secret;
use crate::services::{ConsentStatus, PaymentKey, PaymentStage, PaymentStatus};
use crate::token::CodeExchange;

/// How often a signed consent or payment is looked at that has not moved yet.
const CONFIRMATIONS: u32 = 15;

/// What is to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Subject {
    /// A consent, by its id.
    Consent(String),
    /// A payment.
    Payment(PaymentKey),
    /// That a payment is taken back.
    Cancellation(PaymentKey),
}

/// What the flow wants done next.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Ask {
    /// Start an authorisation (POST): answer with [`Answer::Started`]. It is a write.
    Start,
    /// Nothing, until the user has chosen: [`Flow::choose`].
    Choose,
    /// Select this method (PUT): answer with [`Answer::Selected`]. It is a write, and the bank's clock starts.
    Select(String),
    /// Read the authorisation (GET), after a while: answer with [`Answer::Polled`].
    Poll {
        /// How long to wait before.
        after: Duration,
    },
    /// Exchange the code of the callback: answer with [`Answer::Exchanged`]. It is good once.
    Exchange(CodeExchange),
    /// Read the status of what was signed (GET), after a while: answer with [`Answer::Confirmed`].
    Confirm {
        /// How long to wait before.
        after: Duration,
    },
    /// Nothing: it is over.
    Nothing,
}

/// What came of what was asked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// The authorisation was started.
    Started(Box<StartScaprocessResponse>),
    /// A method was selected; with the approach of the answer's headers.
    Selected(Box<UpdatePsuDataResponse>, Option<AspspScaApproach>),
    /// Where the authorisation stands.
    Polled(Box<ScaStatusResponse>),
    /// The code was exchanged.
    Exchanged,
    /// Where the consent or payment stands.
    Confirmed(Resource),
    /// There was no answer, and nobody knows what came of the question. Nothing is repeated: polling will tell.
    Lost,
    /// It was refused.
    Refused(Failure),
}

/// The status of what was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// Of a consent.
    Consent(ConsentStatus),
    /// Of a payment, to be cancelled or not.
    Payment(PaymentStatus),
}

/// How far it has come; later ones are further down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    Start,
    Choose,
    Select,
    Poll,
    Confirm { exempted: bool, times: u32 },
    Done(Ending),
}

/// A signature under way. Store it after every answer: it goes on where it was.
///
/// What is stored has no secret in it: neither token nor code nor what was shown, the `state` only as a hash, and
/// nothing of the user, whom you give again when you go on.
#[derive(Clone, Serialize, Deserialize)]
#[must_use]
pub struct Flow {
    subject: Subject,
    bank: Bank,
    device: Device,
    preferred: Vec<String>,
    client_id: String,
    redirect_uri: Option<String>,
    link_headers: Option<(String, String)>,
    started: DateTime<Utc>,
    until: DateTime<Utc>,
    poll_every: Option<Duration>,
    phase: Phase,
    /// How many more answers are taken.
    answers_left: u32,
    authorisation: Option<String>,
    methods: Vec<Method>,
    method: Option<String>,
    status: Option<String>,
    rounds: u32,
    /// Whether the user is at the bank's page, and whether a code is expected back.
    away: bool,
    exchange: bool,
    state_hash: Option<String>,
    returned: bool,
    /// What must not be stored.
    #[serde(skip)]
    code: Option<(Secret, Option<String>)>,
    #[serde(skip)]
    step: Option<Step>,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("subject", &self.subject)
            .field("phase", &self.phase)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Flow {
    /// The signature of something, at a bank, to be finished within ten minutes from now.
    pub fn new(subject: Subject, bank: Bank, device: Device, now: DateTime<Utc>) -> Self {
        let flow = Self {
            subject,
            bank,
            device,
            preferred: Vec::new(),
            client_id: String::new(),
            redirect_uri: None,
            link_headers: None,
            started: now,
            until: now,
            poll_every: None,
            phase: Phase::Start,
            answers_left: 0,
            authorisation: None,
            methods: Vec::new(),
            method: None,
            status: None,
            rounds: 0,
            away: false,
            exchange: false,
            state_hash: None,
            returned: false,
            code: None,
            step: None,
        };
        flow.within(Duration::from_mins(10))
    }

    /// How long all of it may take, from the beginning.
    pub fn within(mut self, time: Duration) -> Self {
        let time = time.min(Duration::from_hours(24));
        self.until = self.started + TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX);
        self.allow_answers();
        self
    }

    /// Twice as many as polling makes until the deadline: the end is certain even if the clock stands still.
    fn allow_answers(&mut self) {
        let time = (self.until - self.started).as_seconds_f64().max(0.0);
        let every = self.poll_every.map_or(1.0, |every| every.as_secs_f64()).clamp(0.01, 1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let polls = (2.0 * time / every) as u32;
        self.answers_left = polls.saturating_add(100);
    }

    /// Where banks are to send the user back to: one of the addresses that are registered for the application.
    pub fn redirect(mut self, client_id: &str, uri: &str) -> Self {
        client_id.clone_into(&mut self.client_id);
        self.redirect_uri = Some(uri.to_owned());
        self
    }

    /// Ids of methods to be taken rather than what suits the device, best first. Where the bank lists none, the first
    /// of them is named.
    pub fn prefer(mut self, methods: &[&str]) -> Self {
        self.preferred = methods.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    /// How often to poll, rather than every second, and every other second while the user is at the bank.
    pub fn poll_every(mut self, time: Duration) -> Self {
        self.poll_every = Some(time);
        self.allow_answers();
        self
    }

    /// The names of the headers that tie the code to what is signed and to its authorisation. For consents and
    /// payments they are known; what a cancellation wants is not documented, and a payment's are sent.
    pub fn link_headers(mut self, subject: &str, authorisation: &str) -> Self {
        self.link_headers = Some((subject.to_owned(), authorisation.to_owned()));
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

    /// How it ended, once it has.
    pub fn ending(&self) -> Option<&Ending> {
        match &self.phase {
            Phase::Done(ending) => Some(ending),
            _ => None,
        }
    }

    /// The key to keep it under while the user is at the bank: [`Callback::flow_key`] finds it again.
    pub fn key(&self) -> Option<String> {
        self.state_hash.as_deref().map(flow_key)
    }

    /// What to do next.
    pub fn ask(&self) -> Result<Ask, Invalid> {
        Ok(match &self.phase {
            Phase::Start => Ask::Start,
            Phase::Choose => Ask::Choose,
            Phase::Select => Ask::Select(self.method.clone().unwrap_or_else(|| method::MBID.to_owned())),
            Phase::Poll => match self.code_exchange()? {
                Some(exchange) => Ask::Exchange(exchange),
                None => Ask::Poll { after: self.interval() },
            },
            Phase::Confirm { times: 0, .. } => Ask::Confirm { after: Duration::ZERO },
            Phase::Confirm { .. } => Ask::Confirm { after: self.interval() },
            Phase::Done(_) => Ask::Nothing,
        })
    }

    fn interval(&self) -> Duration {
        self.poll_every.unwrap_or(Duration::from_secs(if self.away { 2 } else { 1 }))
    }

    fn code_exchange(&self) -> Result<Option<CodeExchange>, Invalid> {
        let (Some((code, scope)), Some(uri)) = (&self.code, &self.redirect_uri) else { return Ok(None) };
        let (id, names) = match &self.subject {
            Subject::Consent(id) => (id.as_str(), ("X-ConsentId", "X-ConsentAuthorisationId")),
            Subject::Payment(key) | Subject::Cancellation(key) => {
                (key.id(), ("X-PaymentId", "X-PaymentAuthorisationId"))
            }
        };
        let names = self.link_headers.as_ref().map_or(names, |(subject, own)| (subject.as_str(), own.as_str()));
        let mut exchange = CodeExchange::new(code.clone(), uri)
            .header(names.0, id)?
            .header(names.1, self.authorisation.as_deref().unwrap_or_default())?;
        if let Some(scope) = scope {
            exchange = exchange.scope(scope);
        }
        Ok(Some(exchange))
    }

    /// What to show now.
    pub fn step(&self) -> Step {
        let kind = match &self.phase {
            Phase::Done(ending) => return Step::Done(ending.clone()),
            Phase::Choose => return Step::ChooseMethod { methods: self.methods.clone() },
            Phase::Poll => match &self.step {
                Some(step) => return step.clone(),
                None if self.away => PromptKind::AtBank,
                None => PromptKind::Wait,
            },
            Phase::Start | Phase::Select => PromptKind::Prepare,
            Phase::Confirm { .. } => PromptKind::Wait,
        };
        Step::Wait { prompt: Prompt { kind, message: None } }
    }

    /// Takes the user's choice. What was not offered is refused.
    pub fn choose(&mut self, id: &str) -> Result<(), Invalid> {
        if self.phase != Phase::Choose || self.methods.iter().all(|method| method.id != id) {
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
                _ => self.end(Ending::Expired),
            }
        }
        self.step()
    }

    /// Takes an answer, and says what to show. One that was not asked for changes nothing. One that comes late still
    /// counts: what was signed is signed.
    pub fn answer(&mut self, answer: Answer, now: DateTime<Utc>) -> Step {
        self.answers_left = self.answers_left.saturating_sub(1);
        match (&self.phase, answer) {
            (Phase::Start, Answer::Started(answer)) => self.started(&answer),
            (Phase::Select, Answer::Selected(answer, approach)) => self.selected(&answer, approach.as_ref()),
            (Phase::Select, Answer::Lost) => self.phase = Phase::Poll,
            (Phase::Poll, Answer::Polled(answer)) => {
                let message = answer.extra.read::<String>("psuMessage");
                let heard = Heard::new(message.as_deref(), &answer.tpp_messages);
                self.hear(answer.sca_status.as_ref(), answer.challenge_data.as_ref(), heard);
            }
            // Good once, whatever came of it; if nobody knows, polling will tell.
            (Phase::Poll, Answer::Exchanged | Answer::Lost) => self.code = None,
            (Phase::Confirm { exempted, times }, Answer::Confirmed(resource)) => {
                let (exempted, times) = (*exempted, *times);
                self.confirmed(exempted, times, &resource);
            }
            (Phase::Confirm { exempted, times }, Answer::Lost) => {
                let (exempted, times) = (*exempted, *times);
                self.wait_on(exempted, times, String::new());
            }
            (Phase::Start | Phase::Choose | Phase::Select | Phase::Poll, Answer::Refused(failure)) => {
                self.end(Ending::Failed(failure));
            }
            _ => {}
        }
        self.tick(now)
    }

    fn started(&mut self, answer: &StartScaprocessResponse) {
        let Some(id) = &answer.authorisation_id else {
            return self.end(Ending::Failed(Failure::code("NO_AUTHORISATION_ID")));
        };
        self.authorisation = Some(id.as_str().to_owned());
        let links = answer.links.as_ref();
        let (oauth, plain) =
            (links.and_then(|links| links.sca_o_auth.as_ref()), links.and_then(|links| links.sca_redirect.as_ref()));
        let chosen = answer.chosen_sca_method.as_ref().and_then(|method| method.authentication_method_id.as_ref());
        self.methods = method::offered(&answer.sca_methods);
        let begun = oauth.is_some()
            || plain.is_some()
            || answer.challenge_data.is_some()
            || (chosen.is_some() && self.methods.is_empty())
            || answer.sca_status.as_ref().is_some_and(is_final);
        if begun {
            self.method = chosen.map(|id| id.as_str().to_owned());
            self.phase = Phase::Poll;
            let heard =
                Heard::new(answer.psu_message.as_ref().map(types::PsuMessageText::as_str), &answer.tpp_messages);
            self.hear(answer.sca_status.as_ref(), answer.challenge_data.as_ref(), heard);
            self.send_away(oauth, plain);
            return;
        }
        self.method = method::choose(&self.methods, &self.preferred, self.device);
        self.phase = if self.method.is_some() { Phase::Select } else { Phase::Choose };
    }

    fn selected(&mut self, answer: &UpdatePsuDataResponse, approach: Option<&AspspScaApproach>) {
        if approach == Some(&AspspScaApproach::Embedded) {
            return self.end(Ending::Failed(Failure::code("EMBEDDED")));
        }
        if let Some(chosen) =
            answer.chosen_sca_method.as_ref().and_then(|method| method.authentication_method_id.as_ref())
        {
            self.method = Some(chosen.as_str().to_owned());
        }
        self.phase = Phase::Poll;
        let heard = Heard::new(answer.psu_message.as_ref().map(types::PsuMessageText::as_str), &answer.tpp_messages);
        self.hear(answer.sca_status.as_ref(), answer.challenge_data.as_ref(), heard);
        // The header decides; where it is missing, the links do (platform-facts 8.1).
        if approach != Some(&AspspScaApproach::Decoupled) {
            let links = answer.links.as_ref();
            self.send_away(
                links.and_then(|links| links.sca_o_auth.as_ref()),
                links.and_then(|links| links.sca_redirect.as_ref()),
            );
        }
    }

    /// Takes the bank's word for where the signature stands.
    fn hear(&mut self, status: Option<&ScaStatus>, challenge: Option<&ChallengeData>, heard: Heard) {
        match status {
            Some(ScaStatus::Finalised) => return self.phase = Phase::Confirm { exempted: false, times: 0 },
            Some(ScaStatus::Exempted) => return self.phase = Phase::Confirm { exempted: true, times: 0 },
            Some(ScaStatus::Failed) => return self.end(Ending::Failed(heard.failure())),
            _ => {}
        }
        // A bank that falls back to the beginning has not: an answer has overtaken another.
        let news = status.filter(|status| {
            self.status.as_deref() != Some(status.as_str())
                && (self.status.is_none() || **status != ScaStatus::Received)
        });
        if let Some(status) = news {
            self.status = Some(status.as_str().to_owned());
            self.rounds += u32::from(kind(status) != PromptKind::Wait);
        }
        let kind =
            self.status.as_deref().and_then(opp_raw::Read::read_str).map_or(PromptKind::Wait, |status| kind(&status));
        let prompt = Prompt { kind, message: heard.message };
        if let Some(step) = show(challenge, self.method.as_deref(), self.device, prompt.clone()) {
            self.step = Some(step);
        } else if news.is_some() && !self.away {
            // What was shown belongs to what is over.
            let kind = match kind {
                PromptKind::Wait => PromptKind::Wait,
                // The first challenge is only late; in a later round the bank may give none at all.
                _ if self.rounds > 1 => PromptKind::OpenApp,
                _ => PromptKind::Prepare,
            };
            self.step = Some(Step::Wait { prompt: Prompt { kind, ..prompt } });
        }
    }

    /// Sends the user to the bank's page, if there is a link to one.
    fn send_away(&mut self, oauth: Option<&HrefType>, plain: Option<&HrefType>) {
        let Some(link) = oauth.or(plain).and_then(|link| link.href.as_ref()).map(types::HrefEntry::as_str) else {
            return;
        };
        if self.phase != Phase::Poll {
            return;
        }
        let Some(uri) = self.redirect_uri.clone() else {
            return self.end(Ending::Failed(Failure::code("NO_REDIRECT_URI")));
        };
        let state = redirect::new_state();
        let mut link = link.to_owned();
        // A code is exchanged only for somebody who was sent for it.
        if oauth.is_some() && !redirect::carries_state(&link) {
            link.push_str(if link.contains('?') { "&state=[TPP_STATE]" } else { "?state=[TPP_STATE]" });
        }
        self.state_hash = Some(redirect::hash_state(state.expose()));
        self.exchange = oauth.is_some();
        let bic = self.bank.bic();
        let values = [
            ("CLIENT_ID", self.client_id.as_str()),
            ("TPP_REDIRECT_URI", uri.as_str()),
            (redirect::STATE, state.expose()),
            // Documented with and without its second I.
            ("BICFI", bic),
            ("BICIFI", bic),
        ];
        match fill_link(&link, &values) {
            Ok(url) => {
                self.away = true;
                let prompt = Prompt { kind: PromptKind::AtBank, message: None };
                self.step = Some(Step::Redirect { url: Secret::new(url), prompt });
            }
            Err(_) => self.end(Ending::Failed(Failure::code("BAD_REDIRECT_LINK"))),
        }
    }

    /// Takes the user back. Whoever comes without this flow's `state`, or a second time, is turned away, and nothing
    /// changes.
    pub fn callback(&mut self, callback: &Callback, now: DateTime<Utc>) -> Result<Step, CallbackError> {
        let Some(hash) = &self.state_hash else {
            return Err(if self.returned { CallbackError::AlreadyUsed } else { CallbackError::NotExpected });
        };
        let given = callback.state.as_ref().map(|state| redirect::hash_state(state.expose())).unwrap_or_default();
        if !redirect::same_hash(hash, &given) {
            return Err(CallbackError::WrongState);
        }
        self.state_hash = None;
        self.returned = true;
        self.away = false;
        if self.phase == Phase::Poll {
            self.step = Some(Step::Wait { prompt: Prompt { kind: PromptKind::Wait, message: None } });
            match &callback.error {
                Some(error) => {
                    let failure = Failure { code: Some(error.clone()), message: callback.description.clone() };
                    self.end(Ending::Failed(failure));
                }
                // Without a code there is nothing to exchange: whether it was signed, polling tells.
                None if self.exchange => {
                    self.code = callback.code.clone().map(|code| (code, callback.scope.clone()));
                }
                None => {}
            }
        }
        Ok(self.tick(now))
    }

    fn confirmed(&mut self, exempted: bool, times: u32, resource: &Resource) {
        let failed = |word: &str| Err(Failure::code(word));
        let verdict = match (resource, &self.subject) {
            (Resource::Consent(status), Subject::Consent(_)) => match status {
                ConsentStatus::Valid => Ok(Some(Standing::Valid)),
                ConsentStatus::PartiallyAuthorised => Ok(Some(Standing::NeedsMoreSigners)),
                status if status.is_over() => failed(status.as_str()),
                _ => Ok(None),
            },
            (Resource::Payment(status), Subject::Payment(_)) => match status.stage() {
                PaymentStage::Paid => Ok(Some(Standing::Paid)),
                PaymentStage::InProgress => Ok(Some(Standing::InProgress)),
                PaymentStage::Partial => Ok(Some(Standing::Partial)),
                PaymentStage::NeedsMoreSigners => Ok(Some(Standing::NeedsMoreSigners)),
                PaymentStage::Failed | PaymentStage::Cancelled => failed(status.as_str()),
                PaymentStage::Open => Ok(None),
            },
            (Resource::Payment(status), Subject::Cancellation(_)) => match status.stage() {
                PaymentStage::Cancelled => Ok(Some(Standing::Cancelled)),
                PaymentStage::NeedsMoreSigners => Ok(Some(Standing::NeedsMoreSigners)),
                // It came too late.
                PaymentStage::Paid => failed(status.as_str()),
                _ => Ok(None),
            },
            _ => Ok(None),
        };
        match verdict {
            Ok(Some(standing)) => self.settle(exempted, standing),
            Err(failure) => self.end(Ending::Failed(failure)),
            Ok(None) => {
                let word = match resource {
                    Resource::Consent(status) => status.as_str(),
                    Resource::Payment(status) => status.as_str(),
                };
                self.wait_on(exempted, times, word.to_owned());
            }
        }
    }

    fn wait_on(&mut self, exempted: bool, times: u32, status: String) {
        if times + 1 >= CONFIRMATIONS {
            self.settle(exempted, Standing::Open(status));
        } else {
            self.phase = Phase::Confirm { exempted, times: times + 1 };
        }
    }

    fn settle(&mut self, exempted: bool, standing: Standing) {
        self.end(if exempted { Ending::Exempted(standing) } else { Ending::Finalised(standing) });
    }

    fn end(&mut self, ending: Ending) {
        self.phase = Phase::Done(ending);
        (self.code, self.step) = (None, None);
    }
}

fn is_final(status: &ScaStatus) -> bool {
    matches!(status, ScaStatus::Finalised | ScaStatus::Exempted | ScaStatus::Failed)
}

/// What a status asks of the user.
fn kind(status: &ScaStatus) -> PromptKind {
    match status {
        ScaStatus::AuthenticationStarted => PromptKind::Authenticate,
        ScaStatus::AuthoriseCreditorAccountStarted => PromptKind::ApproveCreditor,
        ScaStatus::Started => PromptKind::Sign,
        _ => PromptKind::Wait,
    }
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;

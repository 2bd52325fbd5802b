//! The machine with the calls put in: asks what it asks for, over the one path to the network.

use std::time::Duration;

use futures_core::Stream;
use opp_raw::types::{
    AuthorisationId, AuthorisationRequest, CancellationId, ConsentId, ScaStatusResponse, SelectPsuAuthenticationMethod,
    StartScaprocessResponse, UpdatePsuDataResponse,
};
use opp_raw::{Invalid, Response};

use super::flow::{Answer, Ask, Flow, Resource, Subject};
use super::redirect::{Callback, CallbackError};
use super::step::{Ending, Failure, Step};
use crate::error::{Error, Outcome};
use crate::services::PaymentKey;
use crate::session::Session;

/// A flow under way, for a user at a bank.
///
/// An error does not end it: [`flow`](Self::flow) is as it was before the call, to be stored and gone on with, unless
/// the platform has refused what was asked for. Futures can be dropped at any time: a method that was perhaps selected
/// is not selected again.
#[derive(Debug)]
#[must_use]
pub struct Signing {
    session: Session,
    flow: Flow,
    shown: Option<Step>,
    /// Whether a write was sent whose answer has not come.
    writing: bool,
}

impl Signing {
    pub(crate) fn new(session: Session, flow: Flow) -> Result<Self, Invalid> {
        if flow.bank() != session.bank() {
            return Err(Invalid::new("is not the one that the flow was begun with").within("bank"));
        }
        Ok(Self { session, flow, shown: None, writing: false })
    }

    /// The flow, to be stored.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Takes the user's choice of a method.
    pub fn choose(&mut self, method: &str) -> Result<(), Invalid> {
        self.flow.choose(method)
    }

    /// Takes the user back from the bank's page.
    pub fn callback(&mut self, callback: &Callback) -> Result<(), CallbackError> {
        self.flow.callback(callback, self.session.clock().now()).map(drop)
    }

    /// Calls it off.
    pub fn cancel(&mut self) {
        self.flow.cancel();
    }

    /// The next thing to show, as soon as there is something new; `None` after the last, which is
    /// [`Step::Done`].
    pub async fn next(&mut self) -> Result<Option<Step>, Error> {
        loop {
            let step = self.flow.tick(self.session.clock().now());
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

    /// All steps to the end, each of which is shown, in a plain loop.
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

    /// The same as a stream, which ends after the last step or the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Step, Error>> + Send {
        futures_util::stream::unfold(Some(self), |signing| async move {
            let mut signing = signing?;
            match signing.next().await {
                Ok(step) => Some((Ok(step?), Some(signing))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// Does one thing that the flow asks for.
    pub async fn advance(&mut self) -> Result<(), Error> {
        let answer = match self.flow.ask()? {
            Ask::Nothing => return Ok(()),
            Ask::Choose => return Err(Invalid::new("is to be chosen first").within("authenticationMethodId").into()),
            Ask::Start => self.start().await,
            // The future of the last attempt was dropped: nobody knows what came of it.
            Ask::Select(_) if self.writing => Ok(Answer::Lost),
            Ask::Select(method) => {
                self.writing = true;
                self.select(method).await
            }
            Ask::Exchange(exchange) => {
                let endpoint = &self.session.caller().core().endpoint;
                let exchanged = endpoint.exchange(&exchange).await;
                match exchanged {
                    Ok(()) => Ok(Answer::Exchanged),
                    Err(error) if error.is_refused() => {
                        let failure = Failure::code(error.code().unwrap_or("invalid_grant"));
                        self.take(Answer::Refused(failure));
                        Err(error.into())
                    }
                    // The code may be used up or not; whether it was signed, polling tells.
                    Err(_) => Ok(Answer::Lost),
                }
            }
            Ask::Poll { after } => {
                wait(after).await;
                self.poll().await
            }
            Ask::Confirm { after } => {
                wait(after).await;
                self.confirm().await
            }
        };
        self.writing = false;
        match answer {
            Ok(answer) => self.take(answer),
            Err(error) => return self.fail(error),
        }
        Ok(())
    }

    fn take(&mut self, answer: Answer) {
        self.flow.answer(answer, self.session.clock().now());
    }

    /// What an error means to the flow, and whether it is the caller's too.
    fn fail(&mut self, error: Error) -> Result<(), Error> {
        let selecting = matches!(self.flow.ask(), Ok(Ask::Select(_)));
        match error.outcome() {
            Some(Outcome::Rejected) => {
                let mut failure = Failure::code("");
                failure.code = error.codes().next().map(str::to_owned);
                self.take(Answer::Refused(failure));
            }
            Some(Outcome::Unknown | Outcome::Accepted) if selecting => {
                self.take(Answer::Lost);
                return Ok(());
            }
            // A read that may go better the next time: the deadline says when it is enough.
            None if error.is_retryable() => {
                self.take(Answer::Lost);
                return Ok(());
            }
            _ => {}
        }
        Err(error)
    }

    async fn start(&self) -> Result<Answer, Error> {
        let caller = self.session.caller();
        let reply = match self.flow.subject() {
            Subject::Consent(id) => {
                let id = consent(id)?;
                caller.call(async |raw| raw.start_consent_authorisation(&id, None).await).await?
            }
            Subject::Payment(key) => {
                let PaymentKey { service, product, id } = key;
                caller.call(async |raw| raw.start_payment_authorisation(service, product, id, None).await).await?
            }
            Subject::Cancellation(key) => {
                let PaymentKey { service, product, id } = key;
                let send = async |raw: opp_raw::Client| {
                    raw.start_payment_initiation_cancellation_authorisation(service, product, id).await
                };
                caller.call(send).await?
            }
        };
        let answer: StartScaprocessResponse = reply.into_inner();
        Ok(Answer::Started(Box::new(answer)))
    }

    async fn select(&self, method: String) -> Result<Answer, Error> {
        let method = method.try_into().map_err(|wrong: Invalid| wrong.within("authenticationMethodId"))?;
        let body = SelectPsuAuthenticationMethod { authentication_method_id: Some(method), ..Default::default() };
        let body = AuthorisationRequest::SelectPsuAuthenticationMethod(body);
        let mut approach = None;
        let mut note = |response: Response<UpdatePsuDataResponse>| {
            approach.clone_from(&response.headers().aspsp_sca_approach);
            response
        };
        let (caller, own) = (self.session.caller(), self.own()?);
        let reply = match self.flow.subject() {
            Subject::Consent(id) => {
                let id = consent(id)?;
                caller.call(async |raw| raw.update_consents_psu_data(&id, &own, &body).await.map(&mut note)).await?
            }
            Subject::Payment(key) => {
                let PaymentKey { service, product, id } = key;
                let send = async |raw: opp_raw::Client| {
                    raw.update_payment_psu_data(service, product, id, &own, &body).await.map(&mut note)
                };
                caller.call(send).await?
            }
            Subject::Cancellation(key) => {
                let (PaymentKey { service, product, id }, own) = (key, self.own_cancellation()?);
                let send = async |raw: opp_raw::Client| {
                    raw.update_payment_cancellation_psu_data(service, product, id, &own, &body).await.map(&mut note)
                };
                caller.call(send).await?
            }
        };
        Ok(Answer::Selected(Box::new(reply.into_inner()), approach))
    }

    async fn poll(&self) -> Result<Answer, Error> {
        let (caller, own) = (self.session.caller(), self.own()?);
        let reply = match self.flow.subject() {
            Subject::Consent(id) => {
                let id = consent(id)?;
                caller.call(async |raw| raw.get_consent_sca_status(&id, &own).await).await?
            }
            Subject::Payment(key) => {
                let PaymentKey { service, product, id } = key;
                let send = async |raw: opp_raw::Client| {
                    raw.get_payment_initiation_sca_status(service, product, id, &own).await
                };
                caller.call(send).await?
            }
            Subject::Cancellation(key) => {
                let (PaymentKey { service, product, id }, own) = (key, self.own_cancellation()?);
                let send = async |raw: opp_raw::Client| {
                    raw.get_payment_cancellation_sca_status(service, product, id, &own).await
                };
                caller.call(send).await?
            }
        };
        let answer: ScaStatusResponse = reply.into_inner();
        Ok(Answer::Polled(Box::new(answer)))
    }

    async fn confirm(&self) -> Result<Answer, Error> {
        let resource = match self.flow.subject() {
            Subject::Consent(id) => Resource::Consent(self.session.consents().status(id).await?.into_inner()),
            Subject::Payment(key) | Subject::Cancellation(key) => {
                Resource::Payment(self.session.payments().status(key).await?.into_inner())
            }
        };
        Ok(Answer::Confirmed(resource))
    }

    fn own(&self) -> Result<AuthorisationId, Invalid> {
        let id = self.flow.authorisation().unwrap_or_default();
        AuthorisationId::try_from(id).map_err(|wrong| wrong.within("authorisationId"))
    }

    fn own_cancellation(&self) -> Result<CancellationId, Invalid> {
        let id = self.flow.authorisation().unwrap_or_default();
        CancellationId::try_from(id).map_err(|wrong| wrong.within("cancellationId"))
    }
}

fn consent(id: &str) -> Result<ConsentId, Invalid> {
    ConsentId::try_from(id).map_err(|wrong| wrong.within("consentId"))
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

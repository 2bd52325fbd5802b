//! The calls of a signature: each the same for consents, payments and cancellations, at a path of its own.

use opp_raw::Invalid;
use opp_raw::types::{AuthorisationId, AuthorisationRequest, CancellationId, ConsentId, SelectPsuAuthenticationMethod};

use super::ask::{Answer, Resource, Subject};
use crate::error::Error;
use crate::reply::Reply;
use crate::services::PaymentKey;
use crate::session::Session;

type Told = Result<Reply<Answer>, Error>;

/// What is signed, as it stands in paths.
enum Place<'a> {
    Consent(ConsentId),
    Payment(&'a PaymentKey),
    Cancellation(&'a PaymentKey),
}

impl<'a> Place<'a> {
    fn of(subject: &'a Subject) -> Result<Self, Invalid> {
        Ok(match subject {
            Subject::Consent(id) => Self::Consent(read("consentId", id)?),
            Subject::Payment(key) => Self::Payment(key),
            Subject::Cancellation(key) => Self::Cancellation(key),
        })
    }
}

fn read<'a, T: TryFrom<&'a str, Error = Invalid>>(field: &str, text: &'a str) -> Result<T, Invalid> {
    T::try_from(text).map_err(|wrong| wrong.within(field))
}

/// An authorisation of something, as it stands in paths. Only cancellations call its id otherwise.
fn own(id: &str) -> Result<(AuthorisationId, CancellationId), Invalid> {
    Ok((read("authorisationId", id)?, read("authorisationId", id)?))
}

pub(super) async fn start(session: &Session, subject: &Subject) -> Told {
    let (place, call) = (Place::of(subject)?, session.caller.begin());
    let answer = match &place {
        Place::Consent(id) => call.start_consent_authorisation(id, None).await,
        Place::Payment(PaymentKey { service, product, id }) => {
            call.start_payment_authorisation(service, product, id, None).await
        }
        Place::Cancellation(PaymentKey { service, product, id }) => {
            // Without a body, and called with its type as the others are (platform-facts 8.1); the document has none.
            let call = call.with_header("Content-Type", "application/json")?;
            call.start_payment_initiation_cancellation_authorisation(service, product, id).await
        }
    };
    Ok(call.end(answer)?.map(|answer| Answer::Started(Box::new(answer))))
}

pub(super) async fn find(session: &Session, subject: &Subject) -> Told {
    let ids = match subject {
        Subject::Consent(id) => session.consents().authorisations(id).await?,
        Subject::Payment(key) => session.payments().authorisations(key).await?,
        Subject::Cancellation(key) => session.payments().cancellation_authorisations(key).await?,
    };
    Ok(ids.map(Answer::Found))
}

pub(super) async fn select(session: &Session, subject: &Subject, id: &str, method: &str) -> Told {
    let (place, (own, other), call) = (Place::of(subject)?, own(id)?, session.caller.begin());
    let method = Some(read("authenticationMethodId", method)?);
    let body = SelectPsuAuthenticationMethod { authentication_method_id: method, ..Default::default() };
    let body = AuthorisationRequest::SelectPsuAuthenticationMethod(body);
    let answer = match &place {
        Place::Consent(id) => call.update_consents_psu_data(id, &own, &body).await,
        Place::Payment(PaymentKey { service, product, id }) => {
            call.update_payment_psu_data(service, product, id, &own, &body).await
        }
        Place::Cancellation(PaymentKey { service, product, id }) => {
            call.update_payment_cancellation_psu_data(service, product, id, &other, &body).await
        }
    };
    let approach = answer.as_ref().ok().and_then(|answer| answer.headers().aspsp_sca_approach.clone());
    Ok(call.end(answer)?.map(|answer| Answer::Selected(Box::new(answer), approach)))
}

pub(super) async fn poll(session: &Session, subject: &Subject, id: &str) -> Told {
    let (place, (own, other), call) = (Place::of(subject)?, own(id)?, session.caller.begin());
    let answer = match &place {
        Place::Consent(id) => call.get_consent_sca_status(id, &own).await,
        Place::Payment(PaymentKey { service, product, id }) => {
            call.get_payment_initiation_sca_status(service, product, id, &own).await
        }
        Place::Cancellation(PaymentKey { service, product, id }) => {
            call.get_payment_cancellation_sca_status(service, product, id, &other).await
        }
    };
    Ok(call.end(answer)?.map(|answer| Answer::Polled(Box::new(answer))))
}

pub(super) async fn confirm(session: &Session, subject: &Subject) -> Told {
    let reply = match subject {
        Subject::Consent(id) => session.consents().status(id).await?.map(Resource::Consent),
        Subject::Payment(key) | Subject::Cancellation(key) => {
            session.payments().status(key).await?.map(Resource::Payment)
        }
    };
    Ok(reply.map(Answer::Confirmed))
}

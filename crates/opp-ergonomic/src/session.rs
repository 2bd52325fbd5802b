//! A bank and a user, given once: what every call of a flow is made with.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use opp_raw::Invalid;
use opp_raw::reqwest::header::{HeaderName, HeaderValue};
use opp_raw::types::{ConsentId, RequestHeaders};

use crate::bank::Bank;
use crate::clock::Clock;
use crate::error::Error;
use crate::psu::Psu;
use crate::reply::{Noted, Reply};
use crate::sca::{Flow, Signing};
use crate::services::{Accounts, Consents, Payments, ValidConsent};
use crate::token::PsuContext;
use crate::transport::{CallOptions, Core, Transport};

/// Makes calls. Services hold one and only say what to ask.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    core: Arc<Core>,
    raw: opp_raw::Client,
    context: PsuContext,
    options: CallOptions,
}

impl Caller {
    pub(crate) fn new(core: Arc<Core>, raw: opp_raw::Client) -> Self {
        Self { core, raw, context: PsuContext::Private, options: CallOptions::default() }
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    pub(crate) fn raw(&self) -> opp_raw::Client {
        self.raw.with_hook(self.transport())
    }

    fn transport(&self) -> Arc<Transport> {
        Arc::new(Transport::new(Arc::clone(&self.core), self.context, self.options.clone()))
    }

    /// A caller that sends these headers, in the context that they belong to.
    pub(crate) fn for_user(&self, context: PsuContext, headers: RequestHeaders) -> Self {
        Self { context, raw: self.raw.with_headers(headers), ..self.clone() }
    }

    /// One call, from its arguments to its answer or its error.
    pub(crate) async fn call<T, F, R>(&self, ask: F) -> Result<Reply<T>, Error>
    where
        T: Noted,
        F: FnOnce(opp_raw::Client) -> R,
        R: Future<Output = Result<opp_raw::Response<T>, opp_raw::Error>>,
    {
        let transport = self.transport();
        match ask(self.raw.with_hook(Arc::clone(&transport) as _)).await {
            Ok(response) => Ok(Reply::new(response, transport.record().clone())),
            Err(error) => Err(Error::from_call(error, transport.record().clone())),
        }
    }

    /// A caller whose answers take as long as they take, once they have begun.
    pub(crate) fn streaming(&self) -> Self {
        Self { options: CallOptions { streaming: true, ..self.options.clone() }, ..self.clone() }
    }

    pub(crate) fn with_request_id(&self, id: &str) -> Result<Self, Invalid> {
        let wrong = |_| Invalid::new("has a value that no header can carry").within("X-Request-ID");
        let request_id = Some(HeaderValue::try_from(id).map_err(wrong)?);
        Ok(Self { options: CallOptions { request_id, ..self.options.clone() }, ..self.clone() })
    }

    pub(crate) fn with_header(&self, name: &str, value: &str) -> Result<Self, Invalid> {
        let wrong = |rule: &str| Invalid::new(rule).within(name);
        let parsed = HeaderName::try_from(name).map_err(|_| wrong("is no name of a header"))?;
        let mut value = HeaderValue::try_from(value).map_err(|_| wrong("has a value that no header can carry"))?;
        value.set_sensitive(true);
        let mut caller = self.clone();
        caller.options.headers.insert(parsed, value);
        Ok(caller)
    }

    pub(crate) fn with_deadline(&self, deadline: Duration) -> Self {
        Self { options: CallOptions { deadline: Some(deadline), ..self.options.clone() }, ..self.clone() }
    }
}

/// What is done at one bank for one user. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    caller: Caller,
    clock: Arc<dyn Clock>,
    bank: Bank,
    psu: Psu,
}

impl Session {
    pub(crate) fn new(caller: &Caller, clock: Arc<dyn Clock>, bank: Bank, psu: Psu) -> Result<Self, Error> {
        let mut headers = psu.headers()?;
        bank.write(&mut headers)?;
        let caller = caller.for_user(psu.context(), headers);
        Ok(Self { caller, clock, bank, psu })
    }

    /// Consents: the user's permission to read accounts.
    pub fn consents(&self) -> Consents {
        Consents::new(self.caller.clone(), Arc::clone(&self.clock))
    }

    /// Accounts and what happened on them, under a consent that is valid.
    pub fn accounts(&self, consent: &ValidConsent) -> Accounts {
        let mut headers = self.caller.raw.headers().clone();
        headers.consent_id = ConsentId::try_from(consent.id()).ok();
        Accounts::new(self.caller.for_user(self.psu.context(), headers), consent, self.psu.is_present())
    }

    /// Payments.
    pub fn payments(&self) -> Payments {
        Payments::new(self.caller.clone())
    }

    /// Goes on with a signature, or begins it: the flow says where it is.
    pub fn sign(&self, flow: Flow) -> Result<Signing, Error> {
        Ok(Signing::new(self.clone(), flow)?)
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The bank.
    pub fn bank(&self) -> &Bank {
        &self.bank
    }

    /// The user.
    pub fn psu(&self) -> &Psu {
        &self.psu
    }

    /// The client underneath, with every operation and every field, for this bank and this user.
    pub fn raw(&self) -> opp_raw::Client {
        self.caller.raw()
    }

    /// A clone whose calls all have this `X-Request-ID`: yours, if you are a platform yourself.
    pub fn with_request_id(&self, id: &str) -> Result<Self, Error> {
        Ok(Self { caller: self.caller.with_request_id(id)?, ..self.clone() })
    }

    /// A clone that sends one more header, such as `X-Feature-Flags`.
    pub fn with_header(&self, name: &str, value: &str) -> Result<Self, Error> {
        Ok(Self { caller: self.caller.with_header(name, value)?, ..self.clone() })
    }

    /// A clone whose calls take no longer than this, repetitions included.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self { caller: self.caller.with_deadline(deadline), ..self.clone() }
    }
}

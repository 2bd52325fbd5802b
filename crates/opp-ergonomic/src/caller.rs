//! Who makes calls: what holds for all of them, and what a clone changes for its own.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use opp_raw::Invalid;
use opp_raw::types::RequestHeaders;

use crate::error::Error;
use crate::reply::{Noted, Reply};
use crate::store::Toll;
use crate::token::PsuContext;
use crate::transport::{CallOptions, Core, REQUEST_ID, Transport};

/// Makes calls. Services hold one and only say what to ask.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) core: Arc<Core>,
    raw: opp_raw::Client,
    options: CallOptions,
}

impl Caller {
    pub(crate) fn new(core: Arc<Core>, raw: opp_raw::Client) -> Self {
        let options = CallOptions { context: PsuContext::Private, own_id: false, deadline: None, streaming: false };
        Self { core, raw, options }
    }

    pub(crate) fn raw(&self) -> opp_raw::Client {
        self.raw.with_hook(self.transport())
    }

    /// How long a call may take.
    pub(crate) fn total(&self) -> Duration {
        self.options.deadline.unwrap_or(self.core.times.total)
    }

    pub(crate) fn headers(&self) -> &RequestHeaders {
        self.raw.headers()
    }

    fn transport(&self) -> Arc<Transport> {
        Arc::new(Transport::new(Arc::clone(&self.core), self.options, None))
    }

    /// A caller that sends these headers, in the context that they belong to.
    pub(crate) fn for_user(&self, context: PsuContext, headers: RequestHeaders) -> Self {
        let raw = self.raw.with_headers(headers);
        Self { core: Arc::clone(&self.core), raw, options: CallOptions { context, ..self.options } }
    }

    /// The client underneath for one call, whose result [`Call::end`] takes.
    pub(crate) fn begin(&self) -> Call {
        self.begin_counted(None)
    }

    /// The same for a call that is counted, if it is.
    pub(crate) fn begin_counted(&self, toll: Option<Toll>) -> Call {
        let transport = Arc::new(Transport::new(Arc::clone(&self.core), self.options, toll));
        Call { raw: self.raw.with_hook(Arc::clone(&transport) as _), transport }
    }

    /// A caller whose answers take as long as they take, once they have begun.
    pub(crate) fn streaming(&self) -> Self {
        Self { options: CallOptions { streaming: true, ..self.options }, ..self.clone() }
    }

    pub(crate) fn with_header(&self, name: &str, value: &str) -> Result<Self, Invalid> {
        let own_id = self.options.own_id || name.eq_ignore_ascii_case(REQUEST_ID);
        let options = CallOptions { own_id, ..self.options };
        Ok(Self { raw: self.raw.with_header(name, value)?, options, ..self.clone() })
    }

    pub(crate) fn with_deadline(&self, deadline: Duration) -> Self {
        Self { options: CallOptions { deadline: Some(deadline), ..self.options }, ..self.clone() }
    }
}

/// One call, and the record of it.
pub(crate) struct Call {
    raw: opp_raw::Client,
    transport: Arc<Transport>,
}

impl Deref for Call {
    type Target = opp_raw::Client;

    fn deref(&self) -> &opp_raw::Client {
        &self.raw
    }
}

impl Call {
    /// What came of it.
    pub(crate) fn end<T: Noted>(
        &self,
        result: Result<opp_raw::Response<T>, opp_raw::Error>,
    ) -> Result<Reply<T>, Error> {
        let record = self.transport.record().clone();
        match result {
            Ok(response) => Ok(Reply::new(response, record)),
            Err(error) => Err(Error::from_call(error, record)),
        }
    }
}

/// The setters of whatever holds a [`Caller`] in a field of that name: for the calls of a clone, not for others.
macro_rules! per_call {
    ($name:ident { $($same:ident),* }) => {
        impl $name {
            /// A clone whose calls all have this `X-Request-ID`: yours, if you are a platform yourself.
            pub fn with_request_id(&self, id: &str) -> Result<Self, $crate::Error> {
                Ok(Self { caller: self.caller.with_header("X-Request-ID", id)?, $($same: self.$same.clone()),* })
            }

            /// A clone that sends one more header, such as `X-Feature-Flags`.
            pub fn with_header(&self, name: &str, value: &str) -> Result<Self, $crate::Error> {
                Ok(Self { caller: self.caller.with_header(name, value)?, $($same: self.$same.clone()),* })
            }

            /// A clone whose calls take no longer than this, repetitions included.
            #[must_use]
            pub fn with_deadline(&self, deadline: std::time::Duration) -> Self {
                Self { caller: self.caller.with_deadline(deadline), $($same: self.$same.clone()),* }
            }
        }
    };
}
pub(crate) use per_call;

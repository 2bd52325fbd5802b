//! Answers: what was asked for, the id of the call, and warnings that came with the success.

use std::ops::Deref;

use opp_raw::types::{self, TppMessage2Xx};
use opp_raw::{ByteStream, List, Response};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::secret::print_only;
use crate::transport::Record;

/// A successful answer. It is the value to whoever reads it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply<T> {
    /// What was asked for.
    pub value: T,
    /// The `X-Request-ID` of the call: what the platform's support asks for.
    pub request_id: String,
    /// What the bank wants to be known although it said yes, such as a creditor on a watch list.
    pub warnings: Vec<Warning>,
    call: Record,
}

/// A remark that came with a success.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Warning {
    /// The word to decide by, such as `CREDITOR_ACCOUNT_FLAGGED`.
    pub code: Option<String>,
    /// An explanation for developers. It is neither printed nor serialised: it is a bank's, and may name anybody.
    #[serde(skip)]
    pub text: Option<String>,
}

print_only!(Warning { code });

impl<T> Reply<T> {
    pub(crate) fn new(response: Response<T>, call: Record) -> Self
    where
        T: Noted,
    {
        let told = response.headers().x_request_id.as_ref().or(call.request_id.as_ref());
        let request_id = told.cloned().unwrap_or_default();
        let value = response.into_inner();
        Self { warnings: warnings(value.notes()), value, request_id, call }
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        Reply { value: change(self.value), request_id: self.request_id, warnings: self.warnings, call: self.call }
    }

    /// A change that an answer may not allow: the error is then one of this call.
    pub(crate) fn try_map<U>(self, change: impl FnOnce(T) -> Result<U, Error>) -> Result<Reply<U>, Error> {
        let value = change(self.value).map_err(|error| error.of(&self.call))?;
        Ok(Reply { value, request_id: self.request_id, warnings: self.warnings, call: self.call })
    }

    /// The call that this is the answer to.
    pub(crate) fn call(&self) -> &Record {
        &self.call
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// Not in [`Reply::new`], which is compiled for each answer there is.
pub(crate) fn warnings(notes: &[TppMessage2Xx]) -> Vec<Warning> {
    let read = |note: &TppMessage2Xx| Warning {
        code: note.code.as_ref().map(|code| code.as_str().to_owned()),
        text: note.text.as_ref().map(|text| text.as_str().to_owned()),
    };
    notes.iter().map(read).collect()
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// What may carry remarks.
pub(crate) trait Noted {
    fn notes(&self) -> &[TppMessage2Xx] {
        &[]
    }
}

macro_rules! noted {
    ($($with:ident)*; $($without:ty),*) => {
        $(impl Noted for types::$with {
            fn notes(&self) -> &[TppMessage2Xx] {
                let list: &List<_> = &self.tpp_messages;
                list
            }
        })*
        $(impl Noted for $without {})*
    };
}

noted! {
    ConsentsResponse201 ConsentInformationResponse200Json ConsentStatusResponse200 AccountList
    ReadAccountBalanceResponse200 TransactionsResponse200Json PaymentInitiationResponse
    PaymentInitiationCancelResponse202 PaymentInitiationInformationResponse Authorisations StartScaprocessResponse
    UpdatePsuDataResponse ScaStatusResponse PaymentInitiationStatusResponse200Json;
    (), ByteStream, types::AspspList, types::Aspsp, types::CityList, types::City, types::CountryList, types::Country,
    types::AccountDetails, types::TransactionDetails, types::CancellationList
}

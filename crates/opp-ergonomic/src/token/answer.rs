//! What the token endpoint answers, as tolerantly as what banks answer is read.
//!
//! The OAuth library has types of its own for this. They want a `token_type`, and a life as a number. It reads through
//! layers that serde compiles for each type anew, which is why nothing is derived here: its own types made the crate a
//! tenth larger to compile, in lines of LLVM IR.

use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, ErrorResponse, RefreshToken, Scope, TokenResponse};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::secret::print_only;

/// A token, and for how long it is good: seconds, as a number or as text.
#[derive(Clone, Serialize)]
pub(super) struct Answer {
    access_token: AccessToken,
    expires_in: Option<Duration>,
}

print_only!(Answer { expires_in });

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Box::<RawValue>::deserialize(deserializer)?;
        let body: Value = serde_json::from_slice(body.get().as_bytes()).map_err(D::Error::custom)?;
        let token = body["access_token"].as_str().ok_or_else(|| D::Error::missing_field("access_token"))?;
        let seconds = &body["expires_in"];
        let seconds = seconds.as_f64().or_else(|| seconds.as_str()?.trim().parse().ok());
        Ok(Self {
            access_token: AccessToken::new(token.to_owned()),
            expires_in: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        })
    }
}

impl TokenResponse for Answer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// There is none to be read: what is no token is an error before the OAuth library sees it.
#[derive(Debug, Clone, Serialize)]
pub(super) enum Refusal {}

impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("is not read"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl ErrorResponse for Refusal {}

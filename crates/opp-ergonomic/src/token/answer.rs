//! What the token endpoint answers, as tolerantly as what banks answer is read.

use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, ErrorResponse, RefreshToken, Scope, TokenResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::print_only;

/// A token, and for how long it is good: seconds, as a number or as text. The library's own type wants them as a number
/// and a `token_type` beside it, and makes the crate 8 percent larger to compile, in lines of LLVM IR.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Answer {
    access_token: AccessToken,
    #[serde(default)]
    expires_in: Value,
}

print_only!(Answer { expires_in });

impl TokenResponse for Answer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        let text = || self.expires_in.as_str()?.trim().parse().ok();
        Duration::try_from_secs_f64(self.expires_in.as_f64().or_else(text)?).ok()
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// There is none to be read: what is no token is an error before the OAuth library sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl ErrorResponse for Refusal {}

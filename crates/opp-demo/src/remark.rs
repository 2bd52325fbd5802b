//! What banks remark although they say yes. It is kept with what it is about, so that it can be read after a redirect or
//! a restart; only templates print it, which escape.

use opp_ergonomic::Warning;
use opp_ergonomic::sca::Ending;
use serde::{Deserialize, Serialize};

/// As long as the platform lets a text be (platform-facts 10).
const LONGEST: usize = 512;
/// How many are kept of one thing.
const MOST: usize = 32;

/// A remark of a bank.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remark {
    code: Option<String>,
    /// In the bank's words.
    text: Option<String>,
    /// In ours, where the bank's are for programmers.
    advice: Option<String>,
}

impl std::fmt::Debug for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remark").field("code", &self.code).finish_non_exhaustive()
    }
}

impl From<&Warning> for Remark {
    fn from(warning: &Warning) -> Self {
        let short = |text: &String| text.chars().take(LONGEST).collect();
        let advice = match warning.code.as_deref() {
            Some("CREDITOR_ACCOUNT_FLAGGED") => {
                Some("The payee is on a watch list for fraud. Be sure whom you pay before you sign.")
            }
            _ => None,
        };
        Self {
            code: warning.code.as_ref().map(short),
            text: warning.text.as_ref().map(short),
            advice: advice.map(str::to_owned),
        }
    }
}

/// Adds what is not known yet. What a failure says itself is no remark.
pub(crate) fn add(known: &mut Vec<Remark>, warnings: &[Warning], ending: Option<&Ending>) {
    for warning in warnings {
        let new = Remark::from(warning);
        let is_known = |old: &Remark| old.code == new.code && (new.text.is_none() || old.text == new.text);
        let is_said = matches!(ending, Some(Ending::Failed(failure)) if failure.says(warning));
        if !is_said && !known.iter().any(is_known) && known.len() < MOST {
            known.push(new);
        }
    }
}

//! The caprices: what the real platform does now and then, on request. Each has a short text form, the same in the
//! header `X-Sandbox-Caprice`, in the control API and in the scenarios: a name, some with `=value`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// One way in which a call goes otherwise than one hopes.
///
/// ```
/// use opp_sandbox::Caprice;
/// assert_eq!("rate-limit=3".parse(), Ok(Caprice::RateLimit { retry_after: Some(3) }));
/// assert_eq!(Caprice::UnknownValues.to_string(), "unknown-values");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Caprice {
    /// `latency=MS`: the answer takes longer.
    Latency(Duration),
    /// `reset` or `reset=before`: the connection is reset, after the work has been done or before.
    Reset {
        /// Whether the platform has done what was asked: then the outcome is unknown only to the caller.
        done: bool,
    },
    /// `truncated-body` or `truncated-body=BYTES`: the connection ends inside the body; half of it without a number.
    TruncatedBody(Option<usize>),
    /// `slow-drip=MS`: the body comes in twenty pieces with a pause between them.
    SlowDrip(Duration),
    /// `rate-limit` or `rate-limit=SECONDS`: 429, without or with `Retry-After`.
    RateLimit {
        /// The value of `Retry-After`.
        retry_after: Option<u32>,
    },
    /// `html-error=STATUS`: a gateway answers with a status from 500 to 599 and a page of HTML; nothing was done.
    HtmlError(StatusCode),
    /// `token-expired`: the token of the call expires, for good.
    TokenExpired,
    /// `token-revoked`: the token of the call is revoked, for good.
    TokenRevoked,
    /// `consent-expired`: the consent of the call expires, for good.
    ConsentExpired,
    /// `frequency-exhausted`: the consent of the call has no call without the customer left until midnight.
    FrequencyExhausted,
    /// `unknown-values`: values of enumerations that no document names.
    UnknownValues,
    /// `unknown-fields`: every object has a member that no document names.
    UnknownFields,
    /// `late-challenge` or `late-challenge=N`: the challenge is null in the first N answers that should hold it.
    LateChallenge(u32),
    /// `string-links`: links are texts instead of objects.
    StringLinks,
    /// `absolute-links`: links have scheme and host.
    AbsoluteLinks,
    /// `foreign-links`: links lead to another host.
    ForeignLinks,
    /// `bare-lists`: lists without the object around them.
    BareLists,
    /// `duplicate-transactions`: the first transaction of a page comes once more at its end.
    DuplicateTransactions,
    /// `missing-ids`: transactions without any id. Accounts and consents keep theirs: no bank is known to leave them out,
    /// and nothing could be done without them.
    MissingIds,
    /// `remark=TEXT`: a success of the API comes with a warning in `tppMessages`, of 512 characters at most. Several come
    /// one after another; in the header a text has no comma.
    Remark(String),
}

/// A text that names no caprice; says what would.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no caprice \"{text}\"; {hint}")]
pub struct UnknownCaprice {
    text: String,
    hint: String,
}

/// Text form and meaning of each caprice, for the control API.
pub(crate) const CATALOGUE: [(&str, &str); 20] = [
    ("latency=MS", "the answer takes MS milliseconds longer, at most 60000"),
    ("reset", "the connection is reset after the work was done; reset=before: before it"),
    ("truncated-body", "the connection ends in the middle of the body; truncated-body=BYTES: after BYTES"),
    ("slow-drip=MS", "the body comes in twenty pieces, MS milliseconds apart, at most 5000"),
    ("rate-limit", "429 without Retry-After; rate-limit=SECONDS: with it"),
    ("html-error=STATUS", "a gateway's HTML page with a status from 500 to 599; nothing was done"),
    ("token-expired", "the call's token expires"),
    ("token-revoked", "the call's token is revoked"),
    ("consent-expired", "the call's consent expires"),
    ("frequency-exhausted", "the consent has no call without PSU-IP-Address left until midnight: 429 ACCESS_EXCEEDED"),
    ("unknown-values", "values of enumerations that no document names"),
    ("unknown-fields", "a member that no document names, in every object"),
    ("late-challenge", "challengeData is null once; late-challenge=N: in the first N answers that should hold it"),
    ("string-links", "links are texts instead of objects with href"),
    ("absolute-links", "links have scheme and host"),
    ("foreign-links", "links lead to https://api.elsewhere.example"),
    ("bare-lists", "lists come without the object around them"),
    ("duplicate-transactions", "the first transaction of a page comes again at its end"),
    ("missing-ids", "transactions without transactionId, entryReference and endToEndId"),
    ("remark=TEXT", "a success has one more warning in tppMessages, at most 512 characters"),
];

const LONGEST_LATENCY: u64 = 60_000;
const LONGEST_PAUSE: u64 = 5_000;
const LONGEST_REMARK: usize = 512;

impl FromStr for Caprice {
    type Err = UnknownCaprice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (text, None),
        };
        read(name, value).ok_or_else(|| {
            let known = CATALOGUE.iter().find(|(form, _)| form.split('=').next() == Some(name));
            let hint = match known {
                Some((form, meaning)) => format!("write {form}: {meaning}"),
                None => format!("these are known: {}", CATALOGUE.map(|(form, _)| form).join(", ")),
            };
            UnknownCaprice { text: text.chars().take(80).collect(), hint }
        })
    }
}

fn read(name: &str, value: Option<&str>) -> Option<Caprice> {
    let milliseconds = |most: u64| {
        let value = value?.parse().ok().filter(|value| *value <= most)?;
        Some(Duration::from_millis(value))
    };
    Some(match (name, value) {
        ("latency", Some(_)) => Caprice::Latency(milliseconds(LONGEST_LATENCY)?),
        ("reset", None | Some("after")) => Caprice::Reset { done: true },
        ("reset", Some("before")) => Caprice::Reset { done: false },
        ("truncated-body", None) => Caprice::TruncatedBody(None),
        ("truncated-body", Some(bytes)) => Caprice::TruncatedBody(Some(bytes.parse().ok()?)),
        ("slow-drip", Some(_)) => Caprice::SlowDrip(milliseconds(LONGEST_PAUSE)?),
        ("rate-limit", None) => Caprice::RateLimit { retry_after: None },
        ("rate-limit", Some(seconds)) => Caprice::RateLimit { retry_after: Some(seconds.parse().ok()?) },
        ("html-error", Some(status)) => {
            Caprice::HtmlError(status.parse().ok().filter(|status: &StatusCode| (500..600).contains(&status.as_u16()))?)
        }
        ("late-challenge", None) => Caprice::LateChallenge(1),
        ("late-challenge", Some(times)) => Caprice::LateChallenge(times.parse().ok()?),
        ("token-expired", None) => Caprice::TokenExpired,
        ("token-revoked", None) => Caprice::TokenRevoked,
        ("consent-expired", None) => Caprice::ConsentExpired,
        ("frequency-exhausted", None) => Caprice::FrequencyExhausted,
        ("unknown-values", None) => Caprice::UnknownValues,
        ("unknown-fields", None) => Caprice::UnknownFields,
        ("string-links", None) => Caprice::StringLinks,
        ("absolute-links", None) => Caprice::AbsoluteLinks,
        ("foreign-links", None) => Caprice::ForeignLinks,
        ("bare-lists", None) => Caprice::BareLists,
        ("duplicate-transactions", None) => Caprice::DuplicateTransactions,
        ("missing-ids", None) => Caprice::MissingIds,
        ("remark", Some(text)) if (1..=LONGEST_REMARK).contains(&text.chars().count()) => {
            Caprice::Remark(text.to_owned())
        }
        _ => return None,
    })
}

impl fmt::Display for Caprice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(time) => write!(formatter, "latency={}", time.as_millis()),
            Self::Reset { done: true } => formatter.write_str("reset"),
            Self::Reset { done: false } => formatter.write_str("reset=before"),
            Self::TruncatedBody(None) => formatter.write_str("truncated-body"),
            Self::TruncatedBody(Some(bytes)) => write!(formatter, "truncated-body={bytes}"),
            Self::SlowDrip(pause) => write!(formatter, "slow-drip={}", pause.as_millis()),
            Self::RateLimit { retry_after: None } => formatter.write_str("rate-limit"),
            Self::RateLimit { retry_after: Some(seconds) } => write!(formatter, "rate-limit={seconds}"),
            Self::HtmlError(status) => write!(formatter, "html-error={}", status.as_u16()),
            Self::TokenExpired => formatter.write_str("token-expired"),
            Self::TokenRevoked => formatter.write_str("token-revoked"),
            Self::ConsentExpired => formatter.write_str("consent-expired"),
            Self::FrequencyExhausted => formatter.write_str("frequency-exhausted"),
            Self::UnknownValues => formatter.write_str("unknown-values"),
            Self::UnknownFields => formatter.write_str("unknown-fields"),
            Self::LateChallenge(1) => formatter.write_str("late-challenge"),
            Self::LateChallenge(times) => write!(formatter, "late-challenge={times}"),
            Self::StringLinks => formatter.write_str("string-links"),
            Self::AbsoluteLinks => formatter.write_str("absolute-links"),
            Self::ForeignLinks => formatter.write_str("foreign-links"),
            Self::BareLists => formatter.write_str("bare-lists"),
            Self::DuplicateTransactions => formatter.write_str("duplicate-transactions"),
            Self::MissingIds => formatter.write_str("missing-ids"),
            Self::Remark(text) => write!(formatter, "remark={text}"),
        }
    }
}

impl From<Caprice> for String {
    fn from(caprice: Caprice) -> Self {
        caprice.to_string()
    }
}

impl TryFrom<String> for Caprice {
    type Error = UnknownCaprice;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A comma-separated list, as in the header.
pub(crate) fn read_list(text: &str) -> Result<Vec<Caprice>, UnknownCaprice> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_catalogue_is_read_and_written_back() {
        for (form, _) in CATALOGUE {
            let text = form.replace("MS", "20").replace("STATUS", "502");
            assert_eq!(text.parse::<Caprice>().map(|caprice| caprice.to_string()), Ok(text));
        }
    }

    #[test]
    fn a_wrong_value_is_told_what_would_be_right() {
        let error = "html-error=200".parse::<Caprice>().unwrap_err().to_string();
        assert!(error.contains("500 to 599"), "{error}");
        assert!("latency=99999999".parse::<Caprice>().is_err());
        assert!(
            "remark=".parse::<Caprice>().is_err() && format!("remark={}", "a".repeat(513)).parse::<Caprice>().is_err()
        );
        assert!("no-such".parse::<Caprice>().unwrap_err().to_string().contains("slow-drip"));
    }
}

//! The way to the bank's page and back: placeholders, the `state` that ties the return to the flow, and the callback.

use std::error::Error as StdError;
use std::fmt;

use opp_raw::reqwest::Url;
use opp_raw::{Invalid, encode};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::secret::{Secret, print_only};
use crate::store::digest;
use crate::token::PsuContext;

/// The longest link that is looked into: no browser and no server takes one as long.
const LONGEST_LINK: usize = 1 << 14;

/// Replaces the placeholders of a link, as text and percent-encoded, before any parser of URLs sees the brackets
/// (platform-facts 8.3). Every occurrence is replaced once: what a value looks like does not matter. What then is no
/// address, or leads to something else than a page, is refused, as is a link that is longer than 16 KiB. It comes back
/// as a browser would send it, in ASCII without spaces or control characters: it fits into a header.
pub fn fill_link(link: &str, values: &[(&str, &str)]) -> Result<String, Invalid> {
    if link.len() > LONGEST_LINK {
        return Err(Invalid::new("is longer than any address").within("scaLink"));
    }
    let mut filled = String::with_capacity(link.len() + 128);
    let mut rest = link;
    while let Some((at, length, value)) = first_placeholder(rest, values) {
        filled.push_str(&rest[..at]);
        filled.push_str(&encode(value));
        rest = &rest[at + length..];
    }
    filled.push_str(rest);
    let url = Url::parse(&filled).map_err(|_| Invalid::new("is no address").within("scaLink"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Invalid::new("does not lead to a page").within("scaLink"));
    }
    Ok(url.into())
}

/// The placeholder that comes first, with its place, its length and its value. Some library on the way may have
/// encoded its brackets.
fn first_placeholder<'v>(text: &str, values: &[(&str, &'v str)]) -> Option<(usize, usize, &'v str)> {
    let forms = values.iter().flat_map(|(name, value)| {
        [format!("[{name}]"), format!("%5B{name}%5D"), format!("%5b{name}%5d")].map(|form| (form, *value))
    });
    forms.filter_map(|(form, value)| Some((text.find(&form)?, form.len(), value))).min_by_key(|(at, ..)| *at)
}

pub(super) const STATE: &str = "TPP_STATE";

pub(super) fn has_placeholder(link: &str, name: &str) -> bool {
    first_placeholder(link, &[(name, "")]).is_some()
}

/// The link for somebody who acts for a company: some have been given the scope of persons (platform-facts 8.3).
pub(super) fn for_company(link: &str) -> String {
    let Some((page, query)) = link.split_once('?') else { return link.to_owned() };
    let (private, corporate) = (PsuContext::Private.as_str(), PsuContext::Corporate.as_str());
    let pairs = query.split('&').map(|pair| match pair.strip_prefix("scope=") {
        Some(scope) => format!("scope={}", scope.replace(private, corporate)),
        None => pair.to_owned(),
    });
    format!("{page}?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// A new `state`: 244 random bits.
pub(super) fn new_state() -> Secret {
    Secret::new(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
}

/// What of a `state` may be stored.
pub(super) fn hash_state(state: &str) -> String {
    digest(&["state", state])
}

/// Compares without telling by its duration how much was right.
pub(super) fn same_hash(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// What the user came back with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Callback {
    pub(super) state: Option<Secret>,
    pub(super) code: Option<Secret>,
    /// The scope that came along, if any.
    pub scope: Option<String>,
    /// The error that came along, if any, such as `access_denied`.
    pub error: Option<String>,
    /// What the error means, in the words of whoever has sent it.
    pub description: Option<String>,
}

impl Callback {
    /// Reads the address that was called, whole, or its query alone.
    pub fn parse(address: &str) -> Self {
        let query = address.split_once('?').map_or(address, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let mut callback = Self { state: None, code: None, scope: None, error: None, description: None };
        let Ok(url) = Url::parse(&format!("https://callback.invalid/?{query}")) else { return callback };
        for (name, value) in url.query_pairs().filter(|(_, value)| !value.is_empty()) {
            let value = value.into_owned();
            match &*name {
                "state" => _ = callback.state.get_or_insert(Secret::new(value)),
                "code" => _ = callback.code.get_or_insert(Secret::new(value)),
                "scope" => _ = callback.scope.get_or_insert(value),
                "error" => _ = callback.error.get_or_insert(value),
                "error_description" => _ = callback.description.get_or_insert(value),
                _ => {}
            }
        }
        callback
    }

    /// What says to which flow this belongs; `None` if there is no `state`, and then it belongs to none.
    pub(super) fn state_hash(&self) -> Option<String> {
        self.state.as_ref().map(|state| hash_state(state.expose()))
    }

    /// Whether a `state` came along. Without one it belongs to no signature; some banks lead back so.
    pub fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// Whether a code came along.
    pub fn has_code(&self) -> bool {
        self.code.is_some()
    }
}

print_only!(Callback { code, error });

/// Why a callback was not taken. The flow is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackError {
    /// Its `state` is missing or another flow's: somebody may be trying to slip a signature of theirs under.
    WrongState,
    /// It came before.
    AlreadyUsed,
    /// The flow has sent nobody to the bank.
    NotExpected,
}

impl fmt::Display for CallbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongState => "the callback's state is not that of this flow: do not go on with it",
            Self::AlreadyUsed => "the callback was taken before: poll the flow",
            Self::NotExpected => "the flow waits for no callback",
        })
    }
}

impl StdError for CallbackError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINK: &str = "https://auth.example/connect/authorize?client_id=[CLIENT_ID]&scope=accountinformation%20private\
        &redirect_uri=[TPP_REDIRECT_URI]&state=[TPP_STATE]&acr_values=idp:ESSESESS";

    #[test]
    fn values_are_encoded_as_text() {
        let values = [("CLIENT_ID", "a b"), ("TPP_REDIRECT_URI", "https://x.example/?a=1&b=2"), (STATE, "s/+=")];
        let filled = fill_link(LINK, &values).unwrap();
        assert!(filled.contains("client_id=a%20b&scope=accountinformation%20private&"), "{filled}");
        assert!(
            filled.contains("redirect_uri=https%3A%2F%2Fx.example%2F%3Fa%3D1%26b%3D2&state=s%2F%2B%3D&"),
            "{filled}"
        );
    }

    #[test]
    fn brackets_that_were_encoded_on_the_way_are_found() {
        let filled = fill_link("https://x.example/?state=%5BTPP_STATE%5D&c=%5bTPP_STATE%5d", &[(STATE, "1")]).unwrap();
        assert_eq!(filled, "https://x.example/?state=1&c=1");
    }

    #[test]
    fn a_link_fits_into_a_header_whatever_the_bank_has_put_into_it() {
        let filled = fill_link(" https://x.example/\r\nå ?state=[TPP_STATE]\t&q=\"å", &[(STATE, "1")]).unwrap();
        assert_eq!(filled, "https://x.example/%C3%A5%20?state=1&q=%22%C3%A5");
    }

    #[test]
    fn a_link_of_megabytes_is_refused() {
        let link = format!("https://x.example/?{}", "[BICFI]".repeat(1 << 20));
        assert_eq!(fill_link(&link, &[("BICFI", "ESSESESS"), (STATE, "1")]).unwrap_err().field(), "scaLink");
    }

    #[test]
    fn a_link_that_leads_to_no_page_is_refused() {
        for link in ["javascript:alert([TPP_STATE])", "data:text/html,x", "nowhere"] {
            assert_eq!(fill_link(link, &[(STATE, "1")]).unwrap_err().field(), "scaLink", "{link}");
        }
    }

    #[test]
    fn success_denial_and_a_missing_code_are_told_apart() {
        let success = Callback::parse("https://x.example/back?code=c%2F1&scope=accountinformation+private&state=s#top");
        assert_eq!(success.code.as_ref().unwrap().expose(), "c/1");
        assert_eq!(success.scope.as_deref(), Some("accountinformation private"));
        let denial = Callback::parse("error=access_denied&error_description=No&state=s");
        assert_eq!((denial.error.as_deref(), denial.has_code()), (Some("access_denied"), false));
        let missing = Callback::parse("https://x.example/back");
        assert!(missing.state_hash().is_none() && !missing.has_code() && missing.error.is_none());
    }

    #[test]
    fn a_callback_shows_neither_code_nor_state() {
        let shown = format!("{:?}", Callback::parse("code=s3cret&state=st4te"));
        assert!(!shown.contains("s3cret") && !shown.contains("st4te"), "{shown}");
    }

    #[test]
    fn no_two_states_are_the_same() {
        assert_ne!(new_state().expose(), new_state().expose());
        assert_eq!(new_state().expose().len(), 64);
    }

    proptest! {
        #[test]
        fn a_value_never_becomes_a_placeholder_or_a_parameter(uri in ".{0,40}", state in ".{0,40}") {
            let uri = format!("{uri}[TPP_STATE]%5BTPP_STATE%5D&state=x");
            let values = [("CLIENT_ID", "id"), ("TPP_REDIRECT_URI", uri.as_str()), (STATE, state.as_str())];
            let url = Url::parse(&fill_link(LINK, &values).unwrap()).unwrap();
            let pairs: Vec<_> = url.query_pairs().collect();
            let read = |name: &str| pairs.iter().filter(|pair| pair.0 == name).map(|pair| &*pair.1).collect::<Vec<_>>();
            prop_assert_eq!(read("redirect_uri"), vec![uri.as_str()]);
            prop_assert_eq!(read("state"), vec![state.as_str()]);
        }

        #[test]
        fn no_callback_panics(address in ".{0,80}") {
            let _ = Callback::parse(&address).state_hash();
        }
    }
}

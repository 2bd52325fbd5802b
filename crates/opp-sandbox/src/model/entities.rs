//! What the state is made of: applications, tokens, codes, consents, payments. Authorisations and BankID rounds
//! belong to [`crate::sca`].

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shelf::Weight;

/// A client of the platform, as registered in its portal.
#[derive(Clone, Serialize, Deserialize)]
pub struct Application {
    /// What customers read on the bank's page.
    #[serde(default)]
    pub name: String,
    /// The OAuth client id.
    pub client_id: String,
    /// The OAuth client secret.
    pub client_secret: String,
    /// Addresses to which a customer may be sent back, compared exactly.
    pub redirect_uris: Vec<String>,
    /// Accept any redirect address on this machine, whatever its port and path.
    pub any_local_redirect: bool,
}

impl Application {
    /// Whether customers may be sent to this address.
    pub(crate) fn allows(&self, redirect_uri: &str) -> bool {
        let listed = self.redirect_uris.iter().any(|known| known == redirect_uri);
        listed || (self.any_local_redirect && is_local(redirect_uri))
    }
}

/// Whether an address leads to this machine. What stands before the host or is no port, as in `localhost:80@evil`,
/// makes it another; a fragment would swallow what is added behind it.
fn is_local(uri: &str) -> bool {
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '\\']).next()).unwrap_or_default();
    let with_port = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let host = with_port.map_or(authority, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") && !uri.contains('#')
}

impl std::fmt::Debug for Application {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Application")
            .field("name", &self.name)
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// Whose money it is (platform-facts 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Context {
    Private,
    Corporate,
}

impl Context {
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Corporate => "corporate",
        }
    }
}

/// An access token that was handed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) context: Context,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) revoked: bool,
}

/// An authorization code that waits for its exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) authorisation: String,
    pub(crate) expires: DateTime<Utc>,
}

/// Who stands behind a consent or a payment, as the caller named them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) context: Context,
    /// `PSU-ID`, or the bank's default person.
    pub(crate) psu: String,
    /// `PSU-Corporate-ID`.
    pub(crate) company: Option<String>,
}

impl Holder {
    /// Whose accounts are meant: the company's or the person's.
    pub(crate) fn key(&self) -> &str {
        self.company.as_deref().unwrap_or(&self.psu)
    }
}

/// What every resource of the platform knows about its origin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub(crate) client_id: String,
    pub(crate) bic: String,
    pub(crate) holder: Holder,
    /// `TPP-Redirect-Preferred` of the call that created it.
    pub(crate) redirect_preferred: Option<bool>,
    /// `TPP-Nok-Redirect-URI`: where the customer goes who has declined or failed.
    pub(crate) nok_redirect_uri: Option<String>,
}

/// A consent's place in its life (platform-facts 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ConsentStatus {
    Received,
    PartiallyAuthorised,
    Valid,
    Rejected,
    Expired,
    RevokedByPsu,
    TerminatedByTpp,
}

impl ConsentStatus {
    /// Whether a signature would still do something.
    pub(crate) fn wants_signature(self) -> bool {
        matches!(self, Self::Received | Self::PartiallyAuthorised)
    }

    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Received | Self::PartiallyAuthorised | Self::Valid)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) id: String,
    pub(crate) origin: Origin,
    pub(crate) affiliated: Option<String>,
    /// The body's `access`, as it was sent.
    pub(crate) access: Value,
    pub(crate) recurring: bool,
    pub(crate) valid_until: NaiveDate,
    pub(crate) frequency_per_day: u32,
    pub(crate) status: ConsentStatus,
    pub(crate) last_action: NaiveDate,
    pub(crate) authorisations: Vec<String>,
    /// Signers who have approved so far.
    pub(crate) signers: Vec<String>,
    /// Calls without the customer on the day of `used_on`, by what was read.
    pub(crate) used: BTreeMap<String, u32>,
    pub(crate) used_on: NaiveDate,
    /// The day for which a caprice has used up all calls without the customer.
    pub(crate) exhausted_on: Option<NaiveDate>,
    /// When the last signer approved.
    pub(crate) authorised: Option<DateTime<Utc>>,
    /// Up to where each account has been read, for `deltaList`: an entry reference by account key.
    pub(crate) read: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) origin: Origin,
    /// `payments`, `bulk-payments` or `periodic-payments`.
    pub(crate) service: String,
    pub(crate) product: String,
    /// The body as JSON, also when it was sent as something else.
    pub(crate) order: Value,
    /// The body as it was sent, when it was XML or multipart: media type and text.
    pub(crate) raw: Option<(String, String)>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) status: String,
    /// Since when it has this status.
    pub(crate) since: DateTime<Utc>,
    /// `TPP-Rejection-NoFunds-Preferred`: reject it at once without the money, or let it wait for cover.
    pub(crate) reject_without_funds: Option<bool>,
    /// When the bank last looked for the money in vain.
    pub(crate) short_at: Option<DateTime<Utc>>,
    /// When it was signed completely.
    pub(crate) signed: Option<DateTime<Utc>>,
    /// How many milestones after the signature are behind it.
    pub(crate) milestones: usize,
    /// Whether the money was there when the bank looked.
    pub(crate) funds: Option<bool>,
    /// Why the bank did not do it.
    pub(crate) reason: Option<String>,
    /// What became of each element of a bulk order.
    pub(crate) elements: Vec<String>,
    /// How often a standing order has been due.
    pub(crate) executions: u32,
    pub(crate) authorisations: Vec<String>,
    pub(crate) cancellations: Vec<String>,
    pub(crate) signers: Vec<String>,
}

impl Payment {
    /// An order as it comes in, with nothing done about it yet.
    pub(crate) fn new(
        id: String,
        origin: Origin,
        (service, product): (&str, &str),
        order: Value,
        status: String,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            origin,
            service: service.to_owned(),
            product: product.to_owned(),
            order,
            raw: None,
            created: now,
            status,
            since: now,
            reject_without_funds: None,
            short_at: None,
            signed: None,
            milestones: 0,
            funds: None,
            reason: None,
            elements: Vec::new(),
            executions: 0,
            authorisations: Vec::new(),
            cancellations: Vec::new(),
            signers: Vec::new(),
        }
    }

    pub(crate) fn is_final(&self) -> bool {
        matches!(self.status.as_str(), "ACSC" | "ACCC" | "RJCT" | "CANC" | "PART")
    }

    /// Whether a signature would still do something.
    pub(crate) fn wants_signature(&self) -> bool {
        !self.is_final() && self.signed.is_none()
    }

    /// The path below the API host at which the payment lives.
    pub(crate) fn path(&self) -> String {
        format!("/psd2/paymentinitiation/v1/{}/{}/{}", self.service, self.product, self.id)
    }
}

impl Origin {
    /// What the caller's headers can make large.
    pub(crate) fn weight(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.holder.psu.len() + optional(&self.holder.company) + optional(&self.nok_redirect_uri)
    }
}

impl Weight for Token {}

impl Weight for Code {
    fn weight(&self) -> usize {
        512 + self.redirect_uri.len()
    }
}

impl Weight for Consent {
    fn weight(&self) -> usize {
        1024 + self.origin.weight() + json_weight(&self.access)
    }
}

impl Weight for Payment {
    fn weight(&self) -> usize {
        let raw = self.raw.as_ref().map_or(0, |(_, text)| text.len());
        1024 + self.origin.weight() + json_weight(&self.order) + raw
    }
}

/// Roughly the bytes of a JSON value in memory.
fn json_weight(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(json_weight).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| 64 + name.len() + json_weight(value)).sum(),
        _ => 0,
    };
    32 + inside
}

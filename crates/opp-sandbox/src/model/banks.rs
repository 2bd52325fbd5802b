//! What makes one bank different from another, as `data/banks.toml` says it; the fields are explained there, too.

use serde::Deserialize;

use super::accounts::Plan;

/// How a bank authenticates (platform-facts 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Approach {
    Decoupled,
    Redirect,
}

impl Approach {
    /// As the header `ASPSP-SCA-Approach` spells it.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Decoupled => "DECOUPLED",
            Self::Redirect => "REDIRECT",
        }
    }
}

/// Which link a redirect bank gives: one with a code to exchange, or one without (platform-facts 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RedirectKind {
    Oauth,
    Plain,
}

/// How a person proves on the bank's page who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Login {
    /// A personal number, then BankID.
    #[default]
    BankId,
    /// A user name and a password.
    Password,
    /// A user id and a code from the bank's app.
    Codes,
}

impl Login {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BankId => "bankid",
            Self::Password => "password",
            Self::Codes => "codes",
        }
    }
}

/// The bank's own page in a redirect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// White text has to be legible on it.
    pub(crate) colour: String,
    #[serde(default)]
    pub(crate) login: Login,
    /// The only people whom the page lets in, beside whom the caller names; empty for anybody.
    #[serde(default)]
    pub(crate) persons: Vec<String>,
    /// Whether the customer chooses the debtor's account while signing.
    #[serde(default)]
    pub(crate) chooses_debtor: bool,
    /// How often a customer signs in for a consent that lists no accounts.
    #[serde(default = "once")]
    pub(crate) sign_ins_without_account_list: u32,
}

fn once() -> u32 {
    1
}

/// What ends a step of a decoupled sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EndedBy {
    /// A person scans a new token and approves.
    Scan,
    /// A person approves in the app, for which the bank sends no token.
    Sign,
    /// The bank, by itself.
    Bank,
}

/// One status between `received` and `finalised`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) status: String,
    pub(crate) by: EndedBy,
    /// Shown to the customer as `psuMessage`.
    pub(crate) message: Option<String>,
    /// Skipped when the debtor has paid this creditor before.
    #[serde(default)]
    pub(crate) only_for_new_creditor: bool,
}

/// From when the time to start BankID counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CountedFrom {
    /// The call that starts the authorisation.
    Start,
    /// The call that selects the method.
    Update,
}

/// A bank's decoupled sequences.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decoupled {
    pub(crate) start_within_seconds: i64,
    pub(crate) counted_from: CountedFrom,
    pub(crate) consent: Vec<Step>,
    pub(crate) payment: Vec<Step>,
}

/// One status that a signed payment reaches, so long after the signature.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Milestone {
    pub(crate) status: String,
    pub(crate) after_seconds: i64,
}

/// How payments move at a bank.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentHabits {
    pub(crate) created: String,
    pub(crate) signed: Vec<Milestone>,
}

/// Kinds of calls that a bank may want a header on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CallKind {
    /// A consent or a payment.
    Create,
    /// Accounts, and how far a consent or a payment has come.
    Read,
    /// All that belongs to an authorisation.
    Authorise,
    Other,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequiredHeader {
    pub(crate) header: String,
    pub(crate) on: Vec<CallKind>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Affiliated {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// How the bank's IBANs are built.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IbanPlan {
    pub(crate) country: String,
    /// What every national number of the bank begins with.
    pub(crate) bank: String,
    /// Length of the national number.
    pub(crate) length: usize,
}

/// How far back a bank goes, beyond `history_days` and `history_rows` (platform-facts 6.4 and 11).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct History {
    /// For accounts in other currencies than the bank's own.
    pub(crate) foreign_days: Option<i64>,
    pub(crate) corporate_days: Option<i64>,
    /// How many rows a company gets for a single day.
    pub(crate) corporate_day_rows: Option<usize>,
    /// Refuses what goes beyond, instead of leaving it out without a word.
    #[serde(default)]
    pub(crate) refuses: bool,
    /// How far back it goes shortly after the customer has authenticated.
    pub(crate) extended_days: Option<i64>,
    #[serde(default)]
    pub(crate) extended_minutes: i64,
}

/// One bank; the fields are explained where the data is.
#[expect(clippy::struct_excessive_bools, reason = "each is one habit of a bank, none excludes another")]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bank {
    pub(crate) bic: String,
    pub(crate) name: String,
    pub(crate) country: String,
    pub(crate) city: String,
    pub(crate) postal_code: String,
    pub(crate) street: String,
    pub(crate) company_number: String,
    pub(crate) phone: String,
    pub(crate) website: String,
    pub(crate) products: Vec<String>,
    pub(crate) currency: String,
    pub(crate) clearing: String,
    pub(crate) iban: IbanPlan,
    /// Length of an account number at a bank whose accounts are named by `bban`.
    #[serde(default)]
    pub(crate) number_digits: usize,
    /// The first is what a caller without a preference gets.
    pub(crate) approaches: Vec<Approach>,
    pub(crate) redirect: RedirectKind,
    #[serde(default = "bankid_methods")]
    pub(crate) methods: Vec<String>,
    pub(crate) page: Page,
    #[serde(default)]
    pub(crate) sticky_redirect_preferred: bool,
    /// Who authenticates when the caller names nobody.
    pub(crate) default_psu: String,
    /// The key by which the bank's accounts are named: `iban` or `bban`.
    pub(crate) debtor_key: String,
    /// Documented accounts; they belong to the default person.
    #[serde(default)]
    pub(crate) accounts: Vec<String>,
    #[serde(default = "yes")]
    pub(crate) corporate: bool,
    /// Lengths that a `PSU-Corporate-ID` may have; empty for any.
    #[serde(default)]
    pub(crate) corporate_id_digits: Vec<usize>,
    #[serde(default)]
    pub(crate) required_headers: Vec<RequiredHeader>,
    #[serde(default)]
    pub(crate) affiliated: Vec<Affiliated>,
    #[serde(default)]
    pub(crate) transaction_details: bool,
    #[serde(default = "yes")]
    pub(crate) get_payment: bool,
    #[serde(default)]
    pub(crate) omits_currency: bool,
    #[serde(default)]
    pub(crate) omits_transaction_id: bool,
    /// Named in the details of an account, one level deep (platform-facts 7.1).
    #[serde(default)]
    pub(crate) wraps_details: bool,
    /// Answers 204 where another bank answers an empty list.
    #[serde(default)]
    pub(crate) empty_is_204: bool,
    /// Writes the address of a download with its host and without a scheme.
    #[serde(default)]
    pub(crate) bare_download: bool,
    /// Account numbers with a dash, a comma and blanks in them.
    #[serde(default)]
    pub(crate) spaced_bban: bool,
    /// Knows `entryReferenceFrom` and `deltaList`.
    #[serde(default)]
    pub(crate) delta: bool,
    #[serde(default)]
    pub(crate) ignores_dates: bool,
    #[serde(default)]
    pub(crate) ignores_booking_status: bool,
    /// Companies have a giro number of Plusgirot rather than Bankgirot.
    #[serde(default)]
    pub(crate) plusgiro: bool,
    #[serde(default = "three_years")]
    pub(crate) history_days: i64,
    pub(crate) history_rows: Option<usize>,
    #[serde(default)]
    pub(crate) history: History,
    #[serde(default = "private_accounts")]
    pub(super) private_accounts: Vec<String>,
    #[serde(default = "corporate_accounts")]
    pub(super) corporate_accounts: Vec<String>,
    /// What the two lists above mean.
    #[serde(skip)]
    pub(crate) plan: Plan,
    #[serde(default = "hundred")]
    pub(crate) page_rows: usize,
    /// The longest consent; `validUntil` beyond it is shortened (platform-facts 6.1).
    #[serde(default = "half_a_year")]
    pub(crate) consent_days: i64,
    pub(crate) decoupled: Option<Decoupled>,
    pub(crate) payment: PaymentHabits,
}

fn yes() -> bool {
    true
}

/// The methods of Swedish banks (platform-facts 8.2); the plain one first, since guides take the first.
fn bankid_methods() -> Vec<String> {
    ["mbid", "mbid_same_device", "mbid_animated_qr_token", "mbid_animated_qr_image"].map(str::to_owned).to_vec()
}

fn private_accounts() -> Vec<String> {
    ["salary", "savings", "household"].map(str::to_owned).to_vec()
}

fn corporate_accounts() -> Vec<String> {
    ["business", "tax"].map(str::to_owned).to_vec()
}

fn three_years() -> i64 {
    3 * 365
}

fn hundred() -> usize {
    100
}

fn half_a_year() -> i64 {
    180
}

impl Bank {
    /// The approach that a caller gets who sent this `TPP-Redirect-Preferred`.
    pub(crate) fn approach(&self, redirect_preferred: Option<bool>) -> Approach {
        let wanted = redirect_preferred.map(|yes| if yes { Approach::Redirect } else { Approach::Decoupled });
        let first = self.approaches.first().copied().unwrap_or(Approach::Redirect);
        wanted.filter(|wanted| self.approaches.contains(wanted)).unwrap_or(first)
    }
}

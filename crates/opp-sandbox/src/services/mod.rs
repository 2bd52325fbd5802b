//! The four services of the API host, one module each, and what their calls have in common.

pub(crate) mod accounts;
pub(crate) mod consents;
pub(crate) mod directory;
mod media;
pub(crate) mod payments;
mod statements;
pub(crate) mod transactions;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::document::{Operation, Service};
use crate::model::banks::{Bank, CallKind};
use crate::model::entities::{Context, Holder, Origin, Token};
use crate::model::world::World;
use crate::server::problem::Problem;
use crate::server::wire::{Reply, Request};

/// A call that has passed the token and the document.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) request: &'a Request,
    pub(crate) path: &'a BTreeMap<String, String>,
    /// The JSON body, if there is one.
    pub(crate) body: Option<Value>,
    pub(crate) token: Token,
    pub(crate) now: DateTime<Utc>,
}

impl Call<'_> {
    /// A variable of the path; the document guarantees that it is there.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn query(&self, name: &str) -> Option<String> {
        self.request.query_pairs().into_iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    pub(crate) fn bic(&self) -> &str {
        self.request.header("x-bicfi").unwrap_or_default()
    }

    fn kind(&self) -> CallKind {
        match self.operation.id.as_str() {
            "createConsent" | "initiatePayment" => CallKind::Create,
            id if id.contains("Authorisation") || id.ends_with("PsuData") || id.ends_with("ScaStatus") => {
                CallKind::Authorise
            }
            id if id.ends_with("Status") || self.operation.service == Service::Accounts => CallKind::Read,
            _ => CallKind::Other,
        }
    }
}

/// Answers a call: the table of all operations.
pub(crate) fn dispatch(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    if call.operation.service != Service::Directory {
        check_bank_headers(world, call)?;
    }
    match call.operation.id.as_str() {
        "getASPSPList" => Ok(directory::banks(world, call)),
        "getASPSPDetails" => directory::bank(world, call),
        "getCityList" => Ok(directory::cities(world, call)),
        "getCityDetails" => directory::city(world, call),
        "getCountriesList" => Ok(directory::countries(world, call)),
        "getCountryDetails" => directory::country(world, call),
        "createConsent" => consents::create(world, call),
        "getConsentInformation" => consents::read(world, call),
        "getConsentStatus" => consents::status(world, call),
        "deleteConsent" => consents::delete(world, call),
        "startConsentAuthorisation" => consents::start_authorisation(world, call),
        "getConsentAuthorisation" => consents::authorisations(world, call),
        "getConsentScaStatus" => consents::sca_status(world, call),
        "updateConsentsPsuData" => consents::update_authorisation(world, call),
        "getAccountList" => accounts::list(world, call),
        "readAccountDetails" => accounts::details(world, call),
        "getBalances" => accounts::balances(world, call),
        "getTransactionList" => transactions::list(world, call),
        "getTransactionDetails" => transactions::details(world, call),
        "initiatePayment" => payments::create(world, call),
        "getPaymentInformation" => payments::read(world, call),
        "getPaymentInitiationStatus" => payments::status(world, call),
        "cancelPayment" => payments::cancel(world, call),
        id if id.contains("ancellation") => payments::cancellation_authorisation(world, call),
        id if id.contains("Payment") => payments::authorisation(world, call),
        other => Err(Problem::internal(format!("the operation {other} is in the document and not in the sandbox"))),
    }
}

/// What each bank wants on each kind of call: an existing bank, its headers, its customers.
fn check_bank_headers(world: &World, call: &Call<'_>) -> Result<(), Problem> {
    let bank = caller_bank(world, call)?;
    let kind = call.kind();
    for required in bank.required_headers.iter().filter(|required| required.on.contains(&kind)) {
        if call.request.filled_header(&required.header).is_none() {
            let text = format!("{} requires the header {} on this call", bank.bic, required.header);
            return Err(Problem::format(required.header.clone(), text));
        }
    }
    Ok(())
}

pub(crate) fn caller_bank<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Bank, Problem> {
    world.bank(call.bic()).ok_or_else(|| {
        let text = format!("header X-BicFi: \"{}\" is no bank of this platform", call.bic());
        Problem::bad_request("PARAMETER_NOT_SUPPORTED", text).at("X-BicFi")
    })
}

/// A bank that stands in the state; a restored dump may name one that is gone.
pub(crate) fn internal_bank<'a>(world: &'a World, bic: &str) -> Result<&'a Bank, Problem> {
    world.bank(bic).ok_or_else(|| Problem::internal(format!("the bank {bic} is gone")))
}

pub(crate) fn redirect_preferred(request: &Request) -> Option<bool> {
    request.header("tpp-redirect-preferred").and_then(|text| text.parse().ok())
}

/// Notes who creates a consent or payment: application, bank, customer.
pub(crate) fn origin(world: &World, call: &Call<'_>) -> Result<Origin, Problem> {
    let bank = caller_bank(world, call)?;
    check_affiliated(bank, call)?;
    let company = match call.token.context {
        Context::Private => None,
        Context::Corporate => Some(company(bank, call)?),
    };
    Ok(Origin {
        client_id: call.token.client_id.clone(),
        bic: bank.bic.clone(),
        holder: Holder {
            context: call.token.context,
            psu: call.request.filled_header("psu-id").unwrap_or_else(|| bank.default_psu.clone()),
            company,
        },
        redirect_preferred: redirect_preferred(call.request),
        nok_redirect_uri: nok_redirect_uri(world, call)?,
    })
}

/// The savings bank behind a bank, if the call names one.
fn check_affiliated(bank: &Bank, call: &Call<'_>) -> Result<(), Problem> {
    const NAME: &str = "X-AffiliatedASPSP-ID";
    match call.request.filled_header(NAME) {
        Some(id) if bank.affiliated.iter().all(|one| one.id != id) => {
            let text = format!("header {NAME}: {} has no affiliated bank {id}", bank.bic);
            Err(Problem::bad_request("PARAMETER_NOT_SUPPORTED", text).at(NAME))
        }
        _ => Ok(()),
    }
}

/// Another way back for customers who decline or fail, if the application may send anybody there.
pub(crate) fn nok_redirect_uri(world: &World, call: &Call<'_>) -> Result<Option<String>, Problem> {
    let Some(uri) = call.request.filled_header("tpp-nok-redirect-uri") else {
        return Ok(None);
    };
    if world.state.application(&call.token.client_id).is_some_and(|application| application.allows(&uri)) {
        return Ok(Some(uri));
    }
    let text = format!("header TPP-Nok-Redirect-URI: {uri} is not a redirect address of this application");
    Err(Problem::bad_request("PARAMETER_NOT_SUPPORTED", text).at("TPP-Nok-Redirect-URI"))
}

fn company(bank: &Bank, call: &Call<'_>) -> Result<String, Problem> {
    if !bank.corporate {
        return Err(Problem::bad_request("SERVICE_INVALID", format!("{} serves no companies", bank.bic)));
    }
    let Some(id) = call.request.filled_header("psu-corporate-id") else {
        let text = "header PSU-Corporate-ID is missing; a token of the corporate context needs it";
        return Err(Problem::format("PSU-Corporate-ID", text));
    };
    let lengths = &bank.corporate_id_digits;
    let digits = id.chars().filter(char::is_ascii_digit).count();
    if !lengths.is_empty() && !lengths.contains(&digits) {
        let text = format!("header PSU-Corporate-ID: {} takes numbers of {lengths:?} digits", bank.bic);
        return Err(Problem::unauthorised("CORPORATE_ID_INVALID", text).at("PSU-Corporate-ID"));
    }
    Ok(id)
}

/// Whether a later call fits the resource: same application, bank and context, same redirect preference where the
/// bank insists. `unknown` is what a stranger gets to see.
pub(crate) fn check_origin(
    world: &World,
    call: &Call<'_>,
    origin: &Origin,
    unknown: impl Fn() -> Problem,
) -> Result<(), Problem> {
    let bank = internal_bank(world, &origin.bic)?;
    if origin.client_id != call.token.client_id || caller_bank(world, call)?.bic != bank.bic {
        return Err(unknown());
    }
    if origin.holder.context != call.token.context {
        let text = format!("the token is for {} customers, this is not", call.token.context.scope());
        return Err(Problem::forbidden("SERVICE_BLOCKED", text));
    }
    let now = redirect_preferred(call.request).unwrap_or(true);
    if bank.sticky_redirect_preferred && now != origin.redirect_preferred.unwrap_or(true) {
        let text = format!("{} wants TPP-Redirect-Preferred to stay what it was when this was created", bank.bic);
        return Err(Problem::bad_request("PARAMETER_NOT_CONSISTENT", text).at("TPP-Redirect-Preferred"));
    }
    Ok(())
}

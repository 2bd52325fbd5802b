//! The address of the bank's page: who sends whom, for which authorisation, and where back to (platform-facts 8.3).

use chrono::{DateTime, Utc};

use crate::auth::scopes;
use crate::model::banks::{Approach, RedirectKind};
use crate::model::entities::Code;
use crate::model::world::World;
use crate::sca::{Authorisation, EXCHANGE_WITHIN, Target};
use crate::server::wire::{Reply, Request};

/// What stands in the link until the application has put its own values there (platform-facts 8.3).
const PLACEHOLDERS: [&str; 3] = ["[CLIENT_ID]", "[TPP_REDIRECT_URI]", "[TPP_STATE]"];

/// What the address asks for, once it has been found sound.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) authorisation: String,
    client_id: String,
    /// What the application calls itself.
    pub(super) client: String,
    redirect_uri: String,
    /// Where a customer goes who has declined or failed; the same unless the application has named another address.
    nok_redirect_uri: String,
    state: Option<String>,
    /// The scopes to grant; none for the plain redirect, which has no code.
    scopes: Option<Vec<String>>,
}

impl Visit {
    /// Reads the address. Nobody is sent to a redirect address before it was found on the application's list.
    pub(super) fn read(world: &World, request: &Request) -> Result<Self, String> {
        let pairs = request.query_pairs();
        let get = |name: &str| pairs.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()));
        if let Some((key, value)) = pairs.iter().find(|(_, value)| PLACEHOLDERS.contains(&value.as_str())) {
            return Err(format!("The placeholder {value} of {key} was not replaced."));
        }
        let redirect_uri = get("redirect_uri").ok_or("redirect_uri is missing.")?;
        let plain = request.path.trim_end_matches('/').ends_with("/redirect");
        let acr = get("acr_values").unwrap_or_default();
        let named = |name: &str| acr.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix(':'));
        let id = if plain {
            get("authorisationId")
        } else {
            named("consentAuthorisationId").or(named("paymentAuthorisationId"))
        };
        let authorisation = id.and_then(|id| world.state.authorisations.get(id));
        let authorisation = authorisation.ok_or("The address names no authorisation that this bank knows.")?;
        let client_id =
            if plain { &authorisation.origin.client_id } else { get("client_id").ok_or("client_id is missing.")? };
        let application = world.state.application(client_id).filter(|_| authorisation.origin.client_id == *client_id);
        let application = application.ok_or("This application did not ask for the authorisation.")?;
        if !application.allows(redirect_uri) {
            return Err(format!("{redirect_uri} is not a redirect address of this application."));
        }
        check_kind(world, authorisation, plain)?;
        // It was on the list when it was named; a restored state may have another list.
        let nok = authorisation.origin.nok_redirect_uri.as_deref().filter(|uri| application.allows(uri));
        let scopes = if plain {
            None
        } else {
            if get("response_type") != Some("code") {
                return Err("response_type has to be code.".to_owned());
            }
            if named("idp").is_some_and(|bic| world.bank(bic).is_none_or(|bank| bank.bic != authorisation.origin.bic)) {
                return Err("acr_values names another bank than the authorisation.".to_owned());
            }
            let (kind, resource) = match &authorisation.target {
                Target::Consent(id) => ("consentId", id),
                Target::Payment(id) | Target::Cancellation(id) => ("paymentId", id),
            };
            if named(kind).is_some_and(|named| named != resource) {
                return Err("acr_values names another resource than the authorisation's.".to_owned());
            }
            let (scopes, context) = scopes::parse(get("scope").unwrap_or_default())?;
            if context != authorisation.origin.holder.context {
                return Err("scope names another customer context than the authorisation.".to_owned());
            }
            Some(scopes)
        };
        Ok(Self {
            authorisation: authorisation.id.clone(),
            client_id: client_id.to_owned(),
            client: application.name.clone(),
            redirect_uri: redirect_uri.to_owned(),
            nok_redirect_uri: nok.unwrap_or(redirect_uri).to_owned(),
            state: get("state").map(str::to_owned),
            scopes,
        })
    }

    /// Whether the redirect is the plain kind, without a code.
    pub(super) fn is_plain(&self) -> bool {
        self.scopes.is_none()
    }

    /// The way back after an approval: with a code, unless the redirect is a plain one.
    pub(super) fn approved(&self, world: &mut World, now: DateTime<Utc>) -> String {
        let Some(scopes) = &self.scopes else {
            return self.back(&self.redirect_uri, &[]);
        };
        let code = world.state.ids.token();
        let entry = Code {
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            scopes: scopes.clone(),
            authorisation: self.authorisation.clone(),
            expires: now + EXCHANGE_WITHIN,
        };
        world.state.codes.insert(code.clone(), entry);
        self.back(&self.redirect_uri, &[("code", &code), ("scope", &scopes.join(" "))])
    }

    /// The way back without one. RFC 6749 has one code for everything that a customer can fail at.
    pub(super) fn refused(&self, why: &str) -> String {
        self.back(&self.nok_redirect_uri, &[("error", "access_denied"), ("error_description", why)])
    }

    fn back(&self, target: &str, pairs: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        let query = query.finish();
        let joint = match (query.is_empty(), target.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        format!("{target}{joint}{query}")
    }
}

/// Sends the person on.
pub(super) fn see_other(target: &str) -> Reply {
    Reply::see_other(target).with("cache-control", "no-store").with("referrer-policy", "no-referrer")
}

fn check_kind(world: &World, authorisation: &Authorisation, plain: bool) -> Result<(), String> {
    let leads_here = authorisation.approach == Approach::Redirect && authorisation.method.is_some();
    let kind = world.bank(&authorisation.origin.bic).map(|bank| bank.redirect);
    if leads_here && kind == Some(if plain { RedirectKind::Plain } else { RedirectKind::Oauth }) {
        return Ok(());
    }
    Err("This authorisation does not lead through this page.".to_owned())
}

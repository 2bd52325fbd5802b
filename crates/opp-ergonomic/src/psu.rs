//! Whom one acts for: the user, in the platform's words the PSU.

use std::net::IpAddr;

use opp_raw::types::RequestHeaders;
use opp_raw::{Builder, Invalid};
use uuid::Uuid;

use crate::macros::setters;
use crate::secret::print_only;
use crate::token::PsuContext;

/// The user, given once and the same for all calls of a flow.
///
/// ```
/// use opp_ergonomic::Psu;
///
/// let psu = Psu::private().id("199311219639").ip("192.0.2.7".parse()?).user_agent("Mozilla/5.0");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
///
/// The address says that the user is there and asked for the calls; leave it out for what runs unattended, which is
/// counted against the consent's `frequencyPerDay`. Nothing of a user is printed but the context.
#[derive(Clone, PartialEq)]
#[must_use]
pub struct Psu {
    context: PsuContext,
    is_present: bool,
    /// Remembers the first value that breaks a rule: it refuses whatever is to be done for this user.
    headers: Builder<RequestHeaders>,
}

impl Psu {
    /// Somebody with accounts of their own.
    pub fn private() -> Self {
        Self { context: PsuContext::Private, is_present: false, headers: RequestHeaders::builder() }
    }

    /// Somebody who acts for a company: banks want its number, in Sweden of ten digits, at ESSESESS that of its
    /// agreement, of fourteen (platform-facts 11).
    pub fn corporate(corporate_id: &str) -> Self {
        let headers = RequestHeaders::builder().psu_corporate_id(corporate_id);
        Self { context: PsuContext::Corporate, is_present: false, headers }
    }

    setters! {
        /// How the bank knows the user: in Sweden the personal number in twelve digits. Best given always: the platform
        /// tells the consents of users apart by it (platform-facts 3).
        id(self, id: &str) => headers = self.headers.psu_id(id);
        /// The kind of the id, where a bank knows several.
        id_type(self, id_type: &str) => headers = self.headers.psu_id_type(id_type);
        /// The kind of the company's number, where a bank knows several.
        corporate_id_type(self, id_type: &str) => headers = self.headers.psu_corporate_id_type(id_type);
        /// Who signs, where several have to and it is not the one of the id.
        authoriser(self, id: &str) => headers = self.headers.psu_authoriser_id(id);
        /// The port that the user's own request came from.
        port(self, port: u16) => headers = self.headers.psu_ip_port(port.to_string());
        /// The user's `User-Agent`, unchanged.
        user_agent(self, user_agent: &str) => headers = self.headers.psu_user_agent(user_agent);
        /// The user's `Accept-Language`: a bank may choose the language of its messages by it.
        language(self, accept_language: &str) => headers = self.headers.psu_accept_language(accept_language);
        /// The user's `Accept`, unchanged.
        accept(self, accept: &str) => headers = self.headers.psu_accept(accept);
        /// The user's `Accept-Charset`, unchanged.
        accept_charset(self, charset: &str) => headers = self.headers.psu_accept_charset(charset);
        /// The user's `Accept-Encoding`, unchanged.
        accept_encoding(self, encoding: &str) => headers = self.headers.psu_accept_encoding(encoding);
        /// The method of the user's own request: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
        http_method(self, method: &str) => headers = self.headers.psu_http_method(method);
        /// The user's device, or the app on it; the same until the app is removed.
        device(self, device: Uuid) => headers = self.headers.psu_device_id(device.to_string());
    }

    /// The address that the user's own request came from, IPv4 or IPv6. Never invent one.
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.is_present = true;
        // An IPv4 address in the clothes of the other version is told as what it is.
        self.headers = self.headers.psu_ip_address(ip.to_canonical().to_string());
        self
    }

    /// Where the user is, in degrees; only with their permission.
    pub fn location(mut self, latitude: f64, longitude: f64) -> Self {
        self.headers = self.headers.psu_geo_location(format!("GEO:{latitude:.6};{longitude:.6}"));
        self
    }

    /// Whose accounts.
    pub fn context(&self) -> PsuContext {
        self.context
    }

    /// Whether the user is there and asked for the calls.
    pub fn is_present(&self) -> bool {
        self.is_present
    }

    pub(crate) fn headers(&self) -> Result<RequestHeaders, Invalid> {
        let headers = self.headers.clone().build()?;
        let names = ["PSU-ID", "PSU-Corporate-ID", "PSU-Authoriser-ID"];
        match names.into_iter().find(|name| headers.header(name).is_some_and(|value| value.is_empty())) {
            Some(name) => Err(Invalid::new("is empty").within(name)),
            None => Ok(headers),
        }
    }
}

print_only!(Psu { context });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_told_in_headers() {
        let device = Uuid::from_u128(7);
        let psu = Psu::corporate("5566778899").id("199311219639").ip("::ffff:192.0.2.7".parse().unwrap()).port(4711);
        let psu = psu.device(device).location(59.329_323_7, 18.068_580_8).language("sv").http_method("POST");
        let psu = psu.accept("text/html").accept_charset("utf-8").accept_encoding("br").id_type("NATIONAL");
        let psu = psu.corporate_id_type("ORG");
        let headers = psu.headers().unwrap();
        let header = |name| headers.header(name).unwrap_or_default();
        assert_eq!(header("PSU-ID"), "199311219639");
        assert_eq!(header("PSU-Corporate-ID"), "5566778899");
        assert_eq!(header("PSU-IP-Address"), "192.0.2.7");
        assert_eq!(header("PSU-IP-Port"), "4711");
        assert_eq!(header("PSU-Geo-Location"), "GEO:59.329324;18.068581");
        assert_eq!(header("PSU-Device-ID"), device.to_string());
        assert_eq!(header("PSU-Http-Method"), "POST");
        assert_eq!(header("PSU-Accept-Language"), "sv");
        assert_eq!(header("PSU-Accept"), "text/html");
        assert_eq!(header("PSU-Accept-Charset"), "utf-8");
        assert_eq!(header("PSU-Accept-Encoding"), "br");
        assert_eq!(header("PSU-ID-Type"), "NATIONAL");
        assert_eq!(header("PSU-Corporate-ID-Type"), "ORG");
    }

    #[test]
    fn ipv6_is_an_address_too() {
        let headers = Psu::private().ip("2001:db8::1".parse().unwrap()).headers().unwrap();
        assert_eq!(headers.header("PSU-IP-Address").as_deref(), Some("2001:db8::1"));
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        let refusal = Psu::private().id("").headers().unwrap_err();
        assert_eq!(refusal.to_string(), "PSU-ID is empty");
        assert_eq!(Psu::private().location(f64::NAN, 18.0).headers().unwrap_err().field(), "PSU-Geo-Location");
    }

    #[test]
    fn a_user_is_not_printed() {
        let psu = Psu::private().id("199311219639").ip("192.0.2.7".parse().unwrap()).user_agent("Canary");
        let printed = format!("{psu:?}");
        assert!(!printed.contains("1993") && !printed.contains("192.0") && !printed.contains("Canary"), "{printed}");
    }
}

//! Whom one acts for: the user, in the platform's words the PSU.

use std::fmt;
use std::net::IpAddr;

use opp_raw::Invalid;
use opp_raw::types::{PsuGeoLocation, PsuHttpMethod, RequestHeaders};
use uuid::Uuid;

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
    ip: Option<IpAddr>,
    headers: RequestHeaders,
    mistake: Option<Invalid>,
}

impl Psu {
    /// Somebody with accounts of their own.
    pub fn private() -> Self {
        Self::new(PsuContext::Private)
    }

    /// Somebody who acts for a company: banks want its number.
    pub fn corporate(corporate_id: &str) -> Self {
        let mut psu = Self::new(PsuContext::Corporate);
        psu.headers.psu_corporate_id = psu.read("PSU-Corporate-ID", corporate_id);
        psu
    }

    fn new(context: PsuContext) -> Self {
        Self { context, ip: None, headers: RequestHeaders::default(), mistake: None }
    }

    /// How the bank knows the user: in Sweden the personal number in twelve digits.
    pub fn id(mut self, id: &str) -> Self {
        self.headers.psu_id = self.read("PSU-ID", id);
        self
    }

    /// The kind of the id, where a bank knows several.
    pub fn id_type(mut self, id_type: &str) -> Self {
        self.headers.psu_id_type = Some(id_type.to_owned());
        self
    }

    /// The kind of the company's number, where a bank knows several.
    pub fn corporate_id_type(mut self, id_type: &str) -> Self {
        self.headers.psu_corporate_id_type = Some(id_type.to_owned());
        self
    }

    /// Who signs, where several have to and it is not the one of the id.
    pub fn authoriser(mut self, id: &str) -> Self {
        self.headers.psu_authoriser_id = self.read("PSU-Authoriser-ID", id);
        self
    }

    /// The address that the user's own request came from, IPv4 or IPv6. Never invent one.
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        // An IPv4 address in the clothes of the other version is told as what it is.
        self.headers.psu_ip_address = Some(ip.to_canonical().to_string());
        self
    }

    /// The port that the user's own request came from.
    pub fn port(mut self, port: u16) -> Self {
        self.headers.psu_ip_port = Some(port.to_string());
        self
    }

    /// The user's `User-Agent`, unchanged.
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        self.headers.psu_user_agent = Some(user_agent.to_owned());
        self
    }

    /// The user's `Accept-Language`: a bank may choose the language of its messages by it.
    pub fn language(mut self, accept_language: &str) -> Self {
        self.headers.psu_accept_language = Some(accept_language.to_owned());
        self
    }

    /// The user's `Accept`, unchanged.
    pub fn accept(mut self, accept: &str) -> Self {
        self.headers.psu_accept = Some(accept.to_owned());
        self
    }

    /// The user's `Accept-Charset`, unchanged.
    pub fn accept_charset(mut self, charset: &str) -> Self {
        self.headers.psu_accept_charset = Some(charset.to_owned());
        self
    }

    /// The user's `Accept-Encoding`, unchanged.
    pub fn accept_encoding(mut self, encoding: &str) -> Self {
        self.headers.psu_accept_encoding = Some(encoding.to_owned());
        self
    }

    /// The method of the user's own request: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub fn http_method(mut self, method: &str) -> Self {
        self.headers.psu_http_method = self.read::<PsuHttpMethod>("PSU-Http-Method", method);
        self
    }

    /// The user's device, or the app on it; the same until the app is removed.
    pub fn device(mut self, device: Uuid) -> Self {
        self.headers.psu_device_id = Some(device.to_string());
        self
    }

    /// Where the user is, in degrees; only with their permission.
    pub fn location(mut self, latitude: f64, longitude: f64) -> Self {
        let text = format!("GEO:{latitude:.6};{longitude:.6}");
        self.headers.psu_geo_location = self.read::<PsuGeoLocation>("PSU-Geo-Location", &text);
        self
    }

    /// Reads a value, and remembers the first that breaks a rule: it refuses whatever is to be done for this user.
    fn read<T>(&mut self, name: &str, text: &str) -> Option<T>
    where
        T: std::str::FromStr<Err = Invalid>,
    {
        let read = if text.is_empty() { Err(Invalid::new("is empty")) } else { text.parse() };
        read.map_err(|invalid: Invalid| self.mistake.get_or_insert(invalid.within(name)).clone()).ok()
    }

    /// Whose accounts.
    pub fn context(&self) -> PsuContext {
        self.context
    }

    /// Whether the user is there and asked for the calls.
    pub fn is_present(&self) -> bool {
        self.ip.is_some()
    }

    pub(crate) fn headers(&self) -> Result<RequestHeaders, Invalid> {
        match &self.mistake {
            Some(mistake) => Err(mistake.clone()),
            None => Ok(self.headers.clone()),
        }
    }
}

impl fmt::Debug for Psu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Psu").field("context", &self.context).finish_non_exhaustive()
    }
}

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

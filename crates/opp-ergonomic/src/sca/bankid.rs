//! Links that open BankID, in both documented forms (platform-facts 8.2), and the text of its QR code.

use opp_raw::encode;

use crate::secret::Secret;

/// What a bank has given to start BankID with. It is worth nothing without the user, and stays out of logs all the
/// same.
///
/// ```
/// use opp_ergonomic::sca::bankid::AutoStart;
///
/// let start = AutoStart::new("46f6aa68-a520-49d8-9be7-f0726d038c26");
/// assert_eq!(start.qr(), "bankid:///?autostarttoken=46f6aa68-a520-49d8-9be7-f0726d038c26");
/// assert!(start.app_link(Some("https://shop.example/done")).ends_with("&redirect=https%3A%2F%2Fshop.example%2Fdone"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AutoStart(Secret);

impl AutoStart {
    /// Takes the token of the challenge.
    pub fn new(token: &str) -> Self {
        Self(Secret::new(encode(token)))
    }

    /// The text of the QR code, for a telephone that is held before a screen.
    pub fn qr(&self) -> String {
        format!("bankid:///?autostarttoken={}", self.0.expose())
    }

    /// The link that telephones and tablets prefer: it opens the app, or a page that offers it. Where the user is to
    /// come back to is necessary on iOS; on a desktop give `None`.
    pub fn app_link(&self, back: Option<&str>) -> String {
        self.link("https://app.bankid.com/", back)
    }

    /// The link with BankID's own scheme: for programs on a desktop, and for telephones whose browser does not know
    /// the other.
    pub fn scheme_link(&self, back: Option<&str>) -> String {
        self.link("bankid:///", back)
    }

    fn link(&self, base: &str, back: Option<&str>) -> String {
        let back = back.map_or_else(|| "null".to_owned(), encode);
        format!("{base}?autostarttoken={}&redirect={back}", self.0.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_documented_forms_lead_back_to_the_page() {
        let start = AutoStart::new("token-1");
        let back = Some("https://shop.example/done?order=7&x=å");
        let encoded = "https%3A%2F%2Fshop.example%2Fdone%3Forder%3D7%26x%3D%C3%A5";
        assert_eq!(start.app_link(back), format!("https://app.bankid.com/?autostarttoken=token-1&redirect={encoded}"));
        assert_eq!(start.scheme_link(back), format!("bankid:///?autostarttoken=token-1&redirect={encoded}"));
    }

    #[test]
    fn on_a_desktop_nothing_leads_back() {
        let start = AutoStart::new("token-1");
        assert_eq!(start.app_link(None), "https://app.bankid.com/?autostarttoken=token-1&redirect=null");
        assert_eq!(start.scheme_link(None), "bankid:///?autostarttoken=token-1&redirect=null");
    }

    #[test]
    fn a_token_cannot_add_parameters_and_is_not_printed() {
        let start = AutoStart::new("a&redirect=https://evil.example/#");
        assert_eq!(start.qr().matches('&').count(), 0);
        assert_eq!(format!("{start:?}"), "AutoStart([redacted])");
    }
}

//! Texts that go to a bank: what may stand in them. How long they may be, the document says.

use opp_raw::Invalid;

/// Which characters a text may have.
#[derive(Clone, Copy)]
pub(crate) enum Charset {
    /// What can be printed, in any script. Domestic payments in the Nordic countries take their own letters.
    Printable,
    /// What every SEPA bank takes: letters and digits of ASCII, blanks and `/-?:().,'+` (platform-facts 9.3).
    Sepa,
}

impl Charset {
    fn has(self, sign: char) -> bool {
        match self {
            Self::Printable => !sign.is_control(),
            Self::Sepa => sign.is_ascii_alphanumeric() || " /-?:().,'+".contains(sign),
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::Printable => "has control characters, such as a line break",
            Self::Sepa => "has characters that not every bank takes: use a-z, A-Z, 0-9, blanks and /-?:().,'+",
        }
    }

    /// Refuses a text that says nothing, or has other characters.
    pub(crate) fn check(self, field: &str, text: &str) -> Result<(), Invalid> {
        let rule = match text {
            _ if text.trim().is_empty() => "is empty",
            _ if !text.chars().all(|sign| self.has(sign)) => self.rule(),
            _ => return Ok(()),
        };
        Err(Invalid::new(rule).within(field))
    }
}

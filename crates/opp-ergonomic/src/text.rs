//! Texts that go to a bank: what may stand in them. How long they may be, the document says.

use opp_raw::Invalid;

/// The characters that a text may have.
pub(crate) struct Charset {
    has: fn(char) -> bool,
    rule: &'static str,
}

/// What can be printed, in any script. Domestic payments in the Nordic countries take their own letters.
pub(crate) const PRINTABLE: Charset =
    Charset { has: |sign| !sign.is_control(), rule: "has control characters, such as a line break" };

/// What every SEPA bank takes: letters and digits of ASCII, blanks and `/-?:().,'+` (platform-facts 9.3).
pub(crate) const SEPA: Charset = Charset {
    has: |sign| sign.is_ascii_alphanumeric() || " /-?:().,'+".contains(sign),
    rule: "has characters that not every bank takes: use a-z, A-Z, 0-9, blanks and /-?:().,'+",
};

impl Charset {
    /// Refuses a text that says nothing, or has other characters.
    pub(crate) fn check(&self, field: &str, text: &str) -> Result<(), Invalid> {
        let rule = match text {
            _ if text.trim().is_empty() => "is empty",
            _ if !text.chars().all(self.has) => self.rule,
            _ => return Ok(()),
        };
        Err(Invalid::new(rule).within(field))
    }
}

//! Texts that go to a bank: how long they may be and what may stand in them.

use opp_raw::{Invalid, Read};

/// Which characters a text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Charset {
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
}

/// What one field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextRule {
    field: &'static str,
    longest: usize,
    charset: Charset,
}

impl TextRule {
    /// Who is paid.
    pub const CREDITOR_NAME: Self = Self::new("creditorName", 70, Charset::Printable);
    /// The name of the payee's bank.
    pub const CREDITOR_BANK_NAME: Self = Self::new("creditorAgentName", 70, Charset::Printable);
    /// What the payee reads.
    pub const REMITTANCE: Self = Self::new("remittanceInformationUnstructured", 140, Charset::Printable);
    /// What the payee reads, in a giro payment.
    pub const GIRO_MESSAGE: Self = Self::new("creditorAccountMessage", 140, Charset::Printable);
    /// What the payer reads.
    pub const OWN_MESSAGE: Self = Self::new("debtorAccountMessage", 140, Charset::Printable);
    /// What both sides find it by.
    pub const END_TO_END: Self = Self::new("endToEndIdentification", 35, Charset::Sepa);
    /// The number of an invoice that has no OCR number. Of the two lengths that are documented the shorter one.
    pub const INVOICE: Self = Self::new("invoiceRef", 25, Charset::Printable);

    /// A rule for a field.
    pub const fn new(field: &'static str, longest: usize, charset: Charset) -> Self {
        Self { field, longest, charset }
    }

    /// The same with fewer characters, as some banks have it: 10 at SWEDSESS for a payee at another bank.
    #[must_use]
    pub const fn at_most(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    /// Refuses a text that breaks the rule. Characters are counted, not bytes.
    pub fn check(&self, text: &str) -> Result<(), Invalid> {
        let wrong = |rule: String| Err(Invalid::new(rule).within(self.field));
        if text.trim().is_empty() {
            return wrong("is empty".to_owned());
        }
        if text.chars().count() > self.longest {
            return wrong(format!("is longer than {} characters", self.longest));
        }
        if !text.chars().all(|sign| self.charset.has(sign)) {
            return wrong(self.charset.rule().to_owned());
        }
        Ok(())
    }

    /// The field, if there is a text for it that keeps the rule.
    pub(crate) fn write<T: Read>(&self, text: Option<&str>) -> Result<Option<T>, Invalid> {
        text.map(|text| self.check(text).map(|()| T::read_str(text))).transpose().map(Option::flatten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rule: TextRule, text: &str) -> String {
        rule.check(text).unwrap_err().to_string()
    }

    #[test]
    fn letters_are_counted_and_not_bytes() {
        assert!(TextRule::CREDITOR_NAME.check(&"ö".repeat(70)).is_ok());
        assert_eq!(refused(TextRule::CREDITOR_NAME, &"o".repeat(71)), "creditorName is longer than 70 characters");
    }

    #[test]
    fn swedish_letters_are_taken_where_they_arrive() {
        assert!(TextRule::CREDITOR_NAME.check("Åkessons Äpplen & Öl").is_ok());
        let strange = "endToEndIdentification has characters that not every bank takes";
        assert!(refused(TextRule::END_TO_END, "Å-1").starts_with(strange));
        assert!(TextRule::END_TO_END.check("A-1 (Malmo) +46").is_ok());
    }

    #[test]
    fn nothing_and_line_breaks_are_refused() {
        assert_eq!(refused(TextRule::INVOICE, "  "), "invoiceRef is empty");
        assert!(refused(TextRule::REMITTANCE, "one\ntwo").contains("control characters"));
    }

    #[test]
    fn a_bank_may_take_less() {
        let rule = TextRule::REMITTANCE.at_most(10);
        assert!(rule.check("0123456789").is_ok());
        assert!(rule.check("01234567890").is_err());
    }
}

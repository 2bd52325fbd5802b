//! Cells of files that spreadsheets open: they take a text that begins like a formula for one, and whoever sends money
//! chooses that text.

/// The signs that formulas begin with, and how wide they are written in East Asia.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A text as no spreadsheet computes it: an apostrophe stands wherever a cell may begin like a formula. A number stays
/// one.
///
/// Cells begin after semicolons and tabs as well. Where the comma is a decimal point, as in most of Europe, spreadsheets
/// split lines there and mind no quotation marks within.
pub(crate) fn harmless(text: &str) -> String {
    if is_number(text) {
        return text.to_owned();
    }
    let mut begins = true;
    let mut harmless = String::with_capacity(text.len());
    for letter in text.chars() {
        if begins && FORMULA.contains(&letter) {
            harmless.push('\'');
        }
        // Blanks and quotation marks may be dropped before the cell is looked at.
        begins = matches!(letter, ';' | '\t' | '\r' | '\n') || begins && (letter.is_whitespace() || letter == '"');
        harmless.push(letter);
    }
    harmless
}

/// Whether these are digits and points alone, perhaps with a minus: nothing that could do harm.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_text_that_begins_like_a_formula_is_none() {
        for text in
            ["=HYPERLINK(\"x\")", "+46 70 174 06 05", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "＝1+1", "-1e5", "-"]
        {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        assert_eq!(harmless("\t=A1"), "\t'=A1");
        assert_eq!(harmless("\r\n =A1"), "\r\n '=A1");
        assert_eq!(harmless("\"=A1"), "\"'=A1");
    }

    #[test]
    fn a_cell_that_begins_within_a_text_is_no_formula_either() {
        assert_eq!(harmless("Lunch;=A1"), "Lunch;'=A1");
        assert_eq!(harmless("Lunch; \"@A1\tx\t+1"), "Lunch; \"'@A1\tx\t'+1");
    }

    #[test]
    fn numbers_and_other_texts_stay_as_they_are() {
        for text in ["", "-123.45", "0", "12.50", "2031-01-13", "Lunch = 12", "a-b@c", "Åkeri AB, -5 %", "1,-"] {
            assert_eq!(harmless(text), text);
        }
    }
}

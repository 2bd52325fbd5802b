//! Amounts, and numbers with check digits: IBAN (ISO 13616, modulo 97) and what Swedish giros and OCR references use (modulo 10).

use rust_decimal::Decimal;

/// A positive amount as the document means it: 14 digits, and behind a point as many decimals as the currency has, which
/// is two for all that the banks pay in.
pub(crate) fn amount(text: &str) -> Option<Decimal> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = digits(whole, 14) && digits(decimals, 2);
    text.parse().ok().filter(|amount| well_formed && *amount > Decimal::ZERO)
}

/// Puts country and check digits before a national number.
pub(crate) fn iban(country: &str, national: &str) -> String {
    let check = 98 - remainder(&format!("{national}{country}00"));
    format!("{country}{check:02}{national}")
}

/// Whether a text is an IBAN with the right check digits; blanks are allowed, as people write them.
pub(crate) fn is_iban(text: &str) -> bool {
    let text: String = text.chars().filter(|letter| *letter != ' ').collect();
    let well_formed = (8..=34).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    well_formed && remainder(&format!("{}{}", &text[4..], &text[..4])) == 1
}

fn remainder(text: &str) -> u32 {
    text.chars()
        .filter_map(|letter| letter.to_digit(36))
        .fold(0, |rest, value| if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 })
}

/// Whether the last digit of a number is its check digit; anything but digits is passed over.
pub(crate) fn has_check_digit(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|letter| letter.to_digit(10)).collect();
    digits.len() > 1 && weighted(&digits, 0).is_multiple_of(10)
}

/// A number with its check digit behind it.
pub(crate) fn with_check_digit(number: &str) -> String {
    let digits: Vec<u32> = number.chars().filter_map(|letter| letter.to_digit(10)).collect();
    format!("{number}{}", (10 - weighted(&digits, 1) % 10) % 10)
}

/// The sum of the digits, every other one doubled; `shift` is 0 when the last one is the check digit.
fn weighted(digits: &[u32], shift: usize) -> u32 {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| if (index + shift).is_multiple_of(2) { *digit } else { doubled(*digit) })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_follow_iso_13616() {
        assert_eq!(iban("SE", "50000000058398257466"), "SE4550000000058398257466");
        assert!(is_iban("SE45 5000 0000 0583 9825 7466"));
        assert!(!is_iban("SE4650000000058398257466"));
        assert!(!is_iban("ÅÄÖ"));
    }

    #[test]
    fn references_and_giros_end_in_a_check_digit() {
        assert!(has_check_digit("1234567897") && has_check_digit("991-2346"));
        assert!(!has_check_digit("1234567898"));
        assert_eq!(with_check_digit("123456789"), "1234567897");
    }
}

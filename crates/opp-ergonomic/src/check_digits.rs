//! Check digits: what a mistyped number gives itself away by.

/// A number as it was typed, without what only makes it readable.
pub(crate) fn compact(text: &str) -> String {
    text.chars().filter(|sign| !matches!(sign, '-' | ' ')).collect()
}

/// The remainder of ISO 7064, letters counting from ten.
pub(crate) fn mod_97(first: &str, last: &str) -> u32 {
    first.chars().chain(last.chars()).filter_map(|sign| sign.to_digit(36)).fold(0, |rest, digit| {
        let shift = if digit > 9 { 100 } else { 10 };
        (rest * shift + digit) % 97
    })
}

/// Whether the last digit checks the others: every second one counts twice, and the sum ends in nought.
pub(crate) fn luhn(digits: &str) -> bool {
    let sum: Option<u32> = digits.chars().rev().enumerate().try_fold(0, |sum, (at, digit)| {
        let digit = digit.to_digit(10)?;
        let twice = if at % 2 == 1 { digit * 2 } else { digit };
        Some(sum + twice / 10 + twice % 10)
    });
    sum.is_some_and(|sum| sum % 10 == 0)
}

//! Colours, and texts from elsewhere made harmless.

use anstyle::{AnsiColor, Effects, Style};

pub(crate) const BAD: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();
pub(crate) const NAME: Style = Style::new().effects(Effects::BOLD);
/// What a camera reads well, whatever the colours of the terminal are.
pub(crate) const CODE: Style =
    AnsiColor::Black.on_default().bg_color(Some(anstyle::Color::Ansi(AnsiColor::BrightWhite)));

/// A text without what a terminal would take for an order: banks and creditors write these texts.
pub(crate) fn plain(text: &str) -> String {
    let harmless = |sign: char| if (sign.is_control() && sign != '\n') || turns(sign) { ' ' } else { sign };
    text.chars().map(harmless).collect()
}

/// Whether a sign is invisible and makes those around it stand in another order than they are in, or on another line:
/// an amount could be read as a different one.
fn turns(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same on one line: of several, the second could pass for one of ours.
pub(crate) fn line(text: &str) -> String {
    plain(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_a_bank_moves_no_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\u{9b}c"), "a [2Jb c");
        assert_eq!(plain("1\u{202e}00\u{2066}.5\u{2028}"), "1 00 .5 ");
        assert_eq!(plain("\u{5e9}\u{5dc}\u{5d5}\u{5dd} Åke"), "\u{5e9}\u{5dc}\u{5d5}\u{5dd} Åke");
    }
}

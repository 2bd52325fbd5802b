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
    let harmless = |sign: char| if sign.is_control() && sign != '\n' { ' ' } else { sign };
    text.chars().map(harmless).collect()
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
    }
}

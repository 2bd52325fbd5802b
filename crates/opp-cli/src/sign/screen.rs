//! What a signature looks like in a terminal: drawn in place each second, or line by line where there is no terminal.

use chrono::{DateTime, Utc};
use console::Term;
use opp_ergonomic::sca::{Prompt, Step, qr};

use crate::app::App;
use crate::exit::Failure;
use crate::style;

/// The part of the terminal in which a step is drawn.
pub(super) struct Screen {
    /// None where nobody looks.
    terminal: Option<Term>,
    until: DateTime<Utc>,
    step: Option<Step>,
    /// Lines that are drawn now.
    drawn: usize,
    said: String,
}

impl Screen {
    pub(super) fn new(is_attended: bool, until: DateTime<Utc>) -> Self {
        Self { terminal: is_attended.then(Term::stderr), until, step: None, drawn: 0, said: String::new() }
    }

    /// Whether the user is at the bank's page.
    pub(super) fn is_away(&self) -> bool {
        matches!(self.step, Some(Step::Redirect { .. }))
    }

    /// Shows a step in place of the one before.
    pub(super) fn show(&mut self, step: Step, app: &mut App) -> Result<(), Failure> {
        if self.terminal.is_none() {
            // The frames of an animation are not each worth a line.
            let text = sentences(&step);
            if text != self.said {
                app.out.say(&text)?;
                self.said = text;
            }
        } else if let Step::Redirect { url, .. } = &step {
            // A long address is to stay whole, for whoever copies it.
            self.clear();
            app.out.say(&format!("Open this address in your browser:\n\n{}\n", url.expose()))?;
        }
        self.step = Some(step);
        self.redraw();
        Ok(())
    }

    /// Draws once more, with the time that is left now.
    pub(super) fn redraw(&mut self) {
        let (Some(terminal), Some(step)) = (&self.terminal, &self.step) else { return };
        let left = (self.until - Utc::now()).num_seconds().max(0);
        let (rows, columns) = terminal.size();
        let mut picture = picture(step, usize::from(rows), usize::from(columns));
        let prompt = prompt(step).map(said).unwrap_or_default();
        picture.push_str(&format!("{}  {}:{:02} left, Ctrl-C to stop", prompt, left / 60, left % 60));
        self.clear();
        let Some(terminal) = &self.terminal else { return };
        terminal.write_line(&picture).ok();
        self.drawn = picture
            .lines()
            .map(|line| console::measure_text_width(line).div_ceil(usize::from(columns).max(1)).max(1))
            .sum();
    }

    /// Takes away what is drawn.
    pub(super) fn clear(&mut self) {
        if let Some(terminal) = &self.terminal {
            terminal.clear_last_lines(std::mem::take(&mut self.drawn)).ok();
        }
    }
}

/// The code of a step, if it has one and there is room for it, with a link as the other way.
fn picture(step: &Step, rows: usize, columns: usize) -> String {
    let Step::ShowQr { payload, animated, .. } = step else { return links(step) };
    let Ok(code) = qr::terminal(payload.expose()) else { return links(step) };
    let (height, width) =
        (code.lines().count(), code.lines().map(|line| line.chars().count()).max().unwrap_or_default());
    if height + 3 > rows || width > columns {
        let advice = format!("Make the window larger to see the QR code: {width} columns, {} lines.\n", height + 3);
        return advice + &links(step);
    }
    let style = style::CODE;
    let mut drawn = String::new();
    for line in code.lines() {
        if console::colors_enabled_stderr() {
            drawn.push_str(&format!("{style}{line}{style:#}\n"));
        } else {
            // Most terminals are dark, and a camera wants the code's dark parts to be.
            drawn.extend(line.chars().map(inverse).chain(['\n']));
        }
    }
    // Frames of an animation are no links.
    if *animated { drawn } else { drawn + &links(step) }
}

/// The other half of a drawn character.
fn inverse(sign: char) -> char {
    match sign {
        '█' => ' ',
        '▀' => '▄',
        '▄' => '▀',
        _ => '█',
    }
}

/// What can be opened instead of looked at.
fn links(step: &Step) -> String {
    match step {
        Step::ShowQr { payload, animated: false, .. } => format!("Or open {}\n", style::plain(payload.expose())),
        Step::OpenLink { start, .. } => format!("Open {}\n", start.scheme_link(None)),
        Step::ShowImage { image, .. } if image.src().starts_with("https://") => {
            format!("Open {}\n", style::plain(image.src()))
        }
        Step::ShowImage { .. } => {
            "The bank has sent a picture, which a terminal cannot show: choose another way with --method.\n".to_owned()
        }
        _ => String::new(),
    }
}

fn prompt(step: &Step) -> Option<&Prompt> {
    match step {
        Step::ShowQr { prompt, .. }
        | Step::ShowImage { prompt, .. }
        | Step::OpenLink { prompt, .. }
        | Step::Redirect { prompt, .. }
        | Step::Wait { prompt } => Some(prompt),
        _ => None,
    }
}

fn said(prompt: &Prompt) -> String {
    match &prompt.message {
        Some(message) => format!("{} {}", prompt.kind, style::line(message)),
        None => prompt.kind.to_string(),
    }
}

/// A step in words, for where nothing can be drawn.
fn sentences(step: &Step) -> String {
    let mut text = prompt(step).map(said).unwrap_or_default();
    match step {
        Step::Redirect { url, .. } => text.push_str(&format!(" Open {}", url.expose())),
        _ => text.extend(links(step).lines().flat_map(|line| [" ", line])),
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mark in a corner of every code, seven dark modules wide, behind a border of four light ones.
    const MARK: &str = "    █▀▀▀▀▀█";

    #[test]
    fn what_a_camera_takes_for_dark_is_dark() {
        let code = qr::terminal("bankid:///?autostarttoken=1").unwrap();
        let corner = code.lines().nth(2).unwrap();
        assert!(corner.starts_with(MARK), "{corner}");
        // With colours, what is drawn is black on white; without them it is left out of what is drawn in white.
        assert_eq!(style::CODE.get_fg_color(), Some(anstyle::AnsiColor::Black.into()));
        assert_eq!(style::CODE.get_bg_color(), Some(anstyle::AnsiColor::BrightWhite.into()));
        assert_eq!(MARK.chars().map(inverse).collect::<String>(), "████ ▄▄▄▄▄ ");
    }
}

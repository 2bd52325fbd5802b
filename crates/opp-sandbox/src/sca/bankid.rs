//! BankID rounds: what a phone would be asked, and the codes that lead it there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use qrcode::{Color, QrCode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The methods of the Swedish BankID, with the type that each is listed under (platform-facts 8.2).
pub(crate) fn authentication_type(method: &str) -> &'static str {
    match method {
        "mbid_animated_qr_token" => "CHIP_OTP",
        "mbid_animated_qr_image" => "PHOTO_OTP",
        _ => "PUSH_OTP",
    }
}

pub(crate) fn method_name(method: &str) -> &'static str {
    match method {
        "mbid" => "Mobilt BankID",
        "mbid_same_device" => "Mobilt BankID på samma enhet",
        "mbid_animated_qr_token" => "Mobilt BankID, animerad QR-kod",
        "mbid_animated_qr_image" => "Mobilt BankID, animerad QR-bild",
        _ => "Bankens egen inloggning",
    }
}

/// What the person did with a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer {
    Waiting,
    Approved,
    Rejected,
    /// Nobody came in time.
    Expired,
}

/// One order at BankID: a person is asked once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(crate) id: String,
    pub(crate) authorisation: String,
    pub(crate) auto_start_token: String,
    qr_start_token: String,
    qr_start_secret: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) scanned: Option<DateTime<Utc>>,
    pub(crate) answer: Answer,
    /// Whether the bank passes a token on; without one the person opens the app unasked.
    pub(crate) has_token: bool,
}

impl Round {
    pub(crate) fn new(
        ids: &mut crate::model::ids::Ids,
        authorisation: &str,
        created: DateTime<Utc>,
        has_token: bool,
    ) -> Self {
        Self {
            id: ids.uuid(),
            authorisation: authorisation.to_owned(),
            auto_start_token: ids.uuid(),
            qr_start_token: ids.uuid(),
            qr_start_secret: ids.key(),
            created,
            scanned: None,
            answer: Answer::Waiting,
            has_token,
        }
    }

    /// What the animated QR code says at this moment: BankID's own construction, an HMAC over the seconds since the
    /// order began, so that a photograph of the code is worth nothing a moment later.
    pub(crate) fn animated(&self, now: DateTime<Utc>) -> String {
        animated(&self.qr_start_token, &self.qr_start_secret, (now - self.created).num_seconds().max(0))
    }

    /// Whether a scanned text belongs to this round; an animated code only within a few seconds of its life.
    pub(crate) fn is_shown_by(&self, text: &str, now: DateTime<Utc>) -> bool {
        let mine = |rest: &str| rest.starts_with(&self.qr_start_token);
        text.contains(&self.auto_start_token)
            || (text.strip_prefix("bankid.").is_some_and(mine)
                && (0..=5).any(|ago| self.animated(now - chrono::TimeDelta::seconds(ago)) == text))
    }
}

fn animated(token: &str, secret: &str, seconds: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new(); // HMAC takes keys of any length.
    };
    mac.update(seconds.to_string().as_bytes());
    let code = mac.finalize().into_bytes().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("bankid.{token}.{seconds}.{code}")
}

/// A QR code as a PNG inside a data URI, ready for an `<img src>`.
pub(crate) fn image(text: &str) -> Option<String> {
    Some(format!("data:image/png;base64,{}", STANDARD.encode(png(text)?)))
}

fn png(text: &str) -> Option<Vec<u8>> {
    const SCALE: usize = 4;
    const BORDER: usize = 4;
    let code = QrCode::new(text.as_bytes()).ok()?;
    let (colours, width) = (code.to_colors(), code.width());
    let side = (width + 2 * BORDER) * SCALE;
    let dark = |x: usize, y: usize| {
        let (column, line) = ((x / SCALE).checked_sub(BORDER), (y / SCALE).checked_sub(BORDER));
        matches!((column, line), (Some(c), Some(l))
            if c < width && l < width && colours.get(l * width + c) == Some(&Color::Dark))
    };
    let pixels: Vec<u8> = (0..side * side).map(|at| if dark(at % side, at / side) { 0 } else { 255 }).collect();
    let mut bytes = Vec::new();
    let side = u32::try_from(side).ok()?;
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::animated;

    /// The example of BankID's own documentation.
    #[test]
    fn an_animated_code_is_made_as_bankid_does() {
        let (token, secret) = ("67df3917-fa0d-44e5-b327-edcc928297f8", "d28db9a7-4cde-429e-a983-359be676944c");
        for (second, code) in [
            (0, "dc69358e712458a66a7525beef148ae8526b1c71610eff2c16cdffb4cdac9bf8"),
            (1, "949d559bf23403952a94d103e67743126381eda00f0b3cbddbf7c96b1adcbce2"),
            (2, "a9e5ec59cb4eee4ef4117150abc58fad7a85439a6a96ccbecc3668b41795b3f3"),
        ] {
            assert_eq!(animated(token, secret, second), format!("bankid.{token}.{second}.{code}"));
        }
    }
}

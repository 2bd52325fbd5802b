//! Payments from a file: pain.001, the form of a standing order, or the API's own JSON.

use std::path::PathBuf;

use opp_ergonomic::raw::{Bytes, Read as _};
use opp_ergonomic::{PaymentProduct, PaymentService};

use super::Handling;
use super::content::Content;
use super::paper::{Paper, Shown, What};
use crate::app::App;
use crate::exit::Failure;

/// Hand over a file with one payment or many
///
/// A pain.001 document, the multipart form of a standing order, or JSON as the API has it. The file goes out byte by
/// byte; what it says is read only to be shown.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// The file; - is standard input
    file: PathBuf,
    /// What is in it; seen by its beginning unless given
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Which way the money goes
    #[arg(long, value_name = "WORD", default_value = "domestic")]
    product: String,
    /// One payment, many at once, or again and again: payments, bulk-payments or periodic-payments. Unless given it
    /// follows from the file
    #[arg(long, value_name = "WORD")]
    service: Option<String>,
    #[command(flatten)]
    handling: Handling,
}

/// The forms in which the platform takes payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// XML after ISO 20022
    #[value(name = "pain.001")]
    Pain001,
    /// A form whose parts are XML and the plan of a standing order
    Multipart,
    /// The API's own
    Json,
}

impl Format {
    /// What bytes look like.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        match text {
            [b'<', ..] => Some(Self::Pain001),
            [b'-', b'-', ..] => Some(Self::Multipart),
            [b'{', ..] => Some(Self::Json),
            _ => None,
        }
    }

    /// The media type with which they go out. The boundary of a form is its own first line.
    pub(crate) fn media(self, bytes: &[u8]) -> Option<String> {
        Some(match self {
            Self::Pain001 => "application/xml".to_owned(),
            Self::Json => "application/json".to_owned(),
            Self::Multipart => {
                let line = bytes.trim_ascii_start().split(|byte| *byte == b'\n').next()?;
                let boundary = std::str::from_utf8(line).ok()?.trim_end().strip_prefix("--")?;
                let fits = |sign: char| sign.is_ascii_alphanumeric() || "'()+_,-./:=?".contains(sign);
                let is_one = (1..=70).contains(&boundary.len()) && boundary.chars().all(fits);
                is_one.then(|| format!("multipart/form-data; boundary=\"{boundary}\""))?
            }
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Pain001 => "pain.001",
            Self::Multipart => "multipart form",
            Self::Json => "JSON",
        }
    }
}

impl Args {
    pub(super) async fn read(self, app: &mut App) -> Result<(Paper, Handling), Failure> {
        let name = self.file.display().to_string();
        let bytes = app.content(&self.file).await?;
        let unclear = || {
            Failure::usage(format!("{name} is neither XML nor a multipart form nor JSON"))
                .hint("Say with --format what it is.")
        };
        let format = self.format.or_else(|| Format::of(&bytes)).ok_or_else(unclear)?;
        let media = format
            .media(&bytes)
            .ok_or_else(|| Failure::usage(format!("{name} does not begin with the boundary of a multipart form")))?;
        let content = Content::read(format, &media, &bytes).await.map_err(|wrong| wrong.about(&name))?;
        let service = match &self.service {
            Some(word) => PaymentService::read_str(word).unwrap_or(PaymentService::Payments),
            None => content.service(format),
        };
        let product = PaymentProduct::read_str(&self.product).unwrap_or(PaymentProduct::Domestic);
        let mut lines = vec![
            ("File", Shown::Text(format!("{name}, {}", format.as_str()))),
            ("Payments", Shown::Text(content.count.to_string())),
            ("Amount", Shown::Text(content.sum())),
        ];
        if !content.creditors.is_empty() {
            lines.push(("To", Shown::Text(content.names())));
        }
        lines.push(("Product", Shown::Text(format!("{product}, as {service}"))));
        let paper = Paper {
            amount: Some(content.sum()),
            creditor: Some(content.names()),
            is_test: false,
            lines,
            what: What::Bytes { service, product, media, body: Bytes::from(bytes) },
        };
        Ok((paper, self.handling))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_beginning() {
        for (text, format) in [
            ("\u{feff}<?xml version=\"1.0\"?>", Some(Format::Pain001)),
            ("\n <Document/>", Some(Format::Pain001)),
            ("--x\r\nContent-Disposition: form-data", Some(Format::Multipart)),
            (" {\"payments\":[]}", Some(Format::Json)),
            ("MT101", None),
            ("", None),
        ] {
            assert_eq!(Format::of(text.as_bytes()), format, "{text}");
        }
    }

    #[test]
    fn the_boundary_of_a_form_is_its_first_line() {
        let media = Format::Multipart.media(b"--ab/c\r\nContent-Type: x\r\n");
        assert_eq!(media.as_deref(), Some("multipart/form-data; boundary=\"ab/c\""));
        for wrong in ["--\r\n", "--a\"b\r\n", "-- a\r\n", "x"] {
            assert_eq!(Format::Multipart.media(wrong.as_bytes()), None, "{wrong}");
        }
    }
}

//! `multipart/form-data` bodies as bytes: the standing order whose payment comes as XML.

use crate::{Bytes, Check, Invalid};

/// Puts the parts of a form into one body. What comes out goes to an operation's `…_raw` method.
///
/// ```
/// let form = opp_raw::Multipart::new()
///     .part("xml_sct", "application/xml", "<Document/>")
///     .build();
/// assert!(form.0.starts_with("multipart/form-data; boundary="));
/// ```
#[derive(Default)]
#[must_use = "a form does nothing until `build` is called"]
pub struct Multipart {
    parts: Vec<(String, String, Bytes)>,
}

/// Names and media types of the parts; their content is the caller's alone.
impl std::fmt::Debug for Multipart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.parts.iter().map(|(name, media, _)| (name, media))).finish()
    }
}

impl Multipart {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part. Name and media type are identifiers, so anything but their characters is dropped.
    pub fn part(mut self, name: &str, media: &str, content: impl Into<Bytes>) -> Self {
        let plain = |text: &str| text.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect();
        self.parts.push((plain(name), plain(media), content.into()));
        self
    }

    /// Adds a JSON part after holding it against the document's rules.
    pub fn json<T: serde::Serialize + Check>(self, name: &str, value: &T) -> Result<Self, Invalid> {
        value.check().map_err(|invalid| invalid.within(name))?;
        let content = serde_json::to_vec(value).map_err(|_| Invalid::new("cannot be written as JSON").within(name))?;
        Ok(self.part(name, "application/json", content))
    }

    /// The `Content-Type` with its boundary, and the body.
    pub fn build(self) -> (String, Bytes) {
        // A random boundary stands in no content.
        let boundary = format!("opp-{}", uuid::Uuid::new_v4().simple());
        let mut body = Vec::new();
        for (name, media, content) in &self.parts {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: {media}\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body.into())
    }
}

//! Which of several formats a caller wants, and the XML that some of them are.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde_json::Value;

use crate::server::problem::Problem;
use crate::server::wire::Request;

pub(super) const JSON: &str = "application/json";
pub(super) const XML: &str = "application/xml";
pub(super) const TEXT: &str = "application/text";
pub(super) const MULTIPART: &str = "multipart/form-data";

const TEMPLATES: [(&str, &str); 3] = [
    ("camt.xml", include_str!("../../templates/camt.xml")),
    ("pain001.xml", include_str!("../../templates/pain001.xml")),
    ("pain002.xml", include_str!("../../templates/pain002.xml")),
];

/// The format among those on offer that `Accept` prefers: by `q`, then by its own order. The first one on offer is for
/// callers who take anything.
pub(super) fn preferred(request: &Request, offered: &[&'static str]) -> &'static str {
    let mut ranges: Vec<(f32, String)> = Vec::new();
    for value in request.headers.get_all("accept") {
        for range in value.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
            let media = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            ranges.push((weight, media));
        }
    }
    ranges.retain(|(weight, _)| *weight > 0.0);
    ranges.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let matches = |range: &str, media: &str| {
        range == "*/*"
            || range == media
            || range.strip_suffix('*').is_some_and(|kind| kind.ends_with('/') && media.starts_with(kind))
    };
    ranges
        .iter()
        .find_map(|(_, range)| offered.iter().find(|media| matches(range, media)).copied())
        .or(offered.first().copied())
        .unwrap_or(JSON)
}

/// Fills in one of the XML templates.
pub(super) fn xml(name: &str, values: &Value) -> Result<String, Problem> {
    let broken = |error: minijinja::Error| Problem::internal(format!("the template {name} is broken: {error:#}"));
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(broken)?;
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_syntax(syntax);
    environment.set_formatter(|out, _, value| {
        if !value.is_undefined() && !value.is_none() {
            out.write_str(&escape(&value.to_string()))?;
        }
        Ok(())
    });
    for (name, text) in TEMPLATES {
        environment.add_template(name, text).map_err(broken)?;
    }
    environment.get_template(name).and_then(|template| template.render(Serde(values))).map_err(broken)
}

/// Text as XML can hold it; characters that XML forbids altogether become blanks.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(' '),
            letter if letter < ' ' || matches!(letter, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;

    fn accepting(accept: &'static str) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static(accept));
        Request { method: Method::GET, path: "/".to_owned(), query: String::new(), headers, body: bytes::Bytes::new() }
    }

    #[test]
    fn the_heaviest_range_wins_and_then_the_first() {
        for (accept, expected) in [
            ("*/*", JSON),
            ("application/*", JSON),
            ("application/xml", XML),
            ("application/xml, application/json", XML),
            ("application/xml;q=0.5, application/json", JSON),
            ("application/json;q=0, application/text", TEXT),
            ("text/html, */*;q=0.1", JSON),
        ] {
            assert_eq!(preferred(&accepting(accept), &[JSON, XML, TEXT]), expected, "{accept}");
        }
    }
}

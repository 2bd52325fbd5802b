//! What a person sees: the bank's page of a redirect, and the phone.
//!
//! `visit` reads the address that brought somebody here, `redirect` is the conversation on the bank's page, `ask` puts
//! into words what is asked for, `phone` plays the BankID app. The pages are plain forms without any script.

mod ask;
pub(crate) mod phone;
pub(crate) mod redirect;
mod visit;

use http::StatusCode;
use minijinja::{Environment, Value};

use crate::StartError;
use crate::model::world::World;
use crate::server::wire::Reply;

const TEMPLATES: [(&str, &str); 9] = [
    ("style.css", include_str!("../../templates/style.css")),
    ("layout.html", include_str!("../../templates/layout.html")),
    ("bank.html", include_str!("../../templates/bank.html")),
    ("ask.html", include_str!("../../templates/ask.html")),
    ("sign-in.html", include_str!("../../templates/sign-in.html")),
    ("approve.html", include_str!("../../templates/approve.html")),
    ("ended.html", include_str!("../../templates/ended.html")),
    ("error.html", include_str!("../../templates/error.html")),
    ("phone.html", include_str!("../../templates/phone.html")),
];

/// Nothing but the page's own style; no script could run even if one found its way into a page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// The templates, parsed once.
pub(crate) struct Pages(Environment<'static>);

impl Pages {
    pub(crate) fn load() -> Result<Self, StartError> {
        let mut environment = Environment::new();
        for (name, text) in TEMPLATES {
            environment.add_template(name, text).map_err(|error| StartError::Data(name, error.to_string()))?;
        }
        Ok(Self(environment))
    }
}

/// Renders a page; escaping is on for all of them because their names end in `.html`.
fn render(world: &World, status: StatusCode, name: &str, values: Value) -> Reply {
    let html = world.pages.0.get_template(name).and_then(|template| template.render(values));
    let (status, html) = match html {
        Ok(html) => (status, html),
        Err(error) => {
            tracing::error!(%error, name, "a page is broken");
            (StatusCode::INTERNAL_SERVER_ERROR, format!("<!doctype html><p>The page {name} is broken.</p>"))
        }
    };
    Reply::page(status, html)
        .with("cache-control", "no-store")
        .with("content-security-policy", POLICY)
        // Not `no-referrer`: a form sent from such a page says `Origin: null`, as one of another site may.
        .with("referrer-policy", "same-origin")
        .with("x-content-type-options", "nosniff")
}

/// A page that says what is wrong with the address that brought the person here.
fn error(world: &World, text: &str) -> Reply {
    render(world, StatusCode::BAD_REQUEST, "error.html", minijinja::context! { text })
}

#[cfg(test)]
mod tests {
    use crate::model::directory::Directory;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn white_text_is_legible_on_every_banks_colour_and_the_colour_stands_out_at_night() {
        for bank in Directory::load().unwrap().banks {
            let own = luminance(&bank.page.colour) + 0.05;
            assert!(1.05 / own >= 4.5, "{}: {}", bank.bic, 1.05 / own);
            let night = own / (luminance("#12161c") + 0.05);
            assert!(night >= 3.0, "{}: {night}", bank.bic);
        }
    }
}

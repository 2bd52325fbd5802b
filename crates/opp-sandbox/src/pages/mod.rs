//! What a person sees: the bank's page of a redirect, and the phone.

pub(crate) mod phone;
pub(crate) mod redirect;

use http::StatusCode;
use minijinja::{Environment, Value};

use crate::server::wire::Reply;

const TEMPLATES: [(&str, &str); 4] = [
    ("layout.html", include_str!("../../templates/layout.html")),
    ("approve.html", include_str!("../../templates/approve.html")),
    ("error.html", include_str!("../../templates/error.html")),
    ("phone.html", include_str!("../../templates/phone.html")),
];

/// Renders a page; escaping is on for all of them because their names end in `.html`.
fn render(status: StatusCode, name: &str, values: Value) -> Reply {
    let mut environment = Environment::new();
    for (name, text) in TEMPLATES {
        if let Err(error) = environment.add_template(name, text) {
            tracing::error!(%error, name, "a page template is broken");
        }
    }
    match environment.get_template(name).and_then(|template| template.render(values)) {
        Ok(html) => Reply::page(status, html).with("cache-control", "no-store"),
        Err(error) => {
            Reply::page(StatusCode::INTERNAL_SERVER_ERROR, format!("<p>The page {name} is broken: {error}</p>"))
        }
    }
}

/// A page that says what is wrong with the address that brought the person here.
fn error(text: &str) -> Reply {
    render(StatusCode::BAD_REQUEST, "error.html", minijinja::context! { text })
}

//! Templates, and how numbers and days are written in them.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use minijinja::Environment;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::app::App;
use crate::guest::Guest;

/// Names end in `.html`, so everything that is put into one is escaped.
const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("../templates/layout.html")),
    ("problem.html", include_str!("../templates/problem.html")),
    ("remarks.html", include_str!("../templates/remarks.html")),
    ("trouble.html", include_str!("../templates/trouble.html")),
    ("unread.html", include_str!("../templates/unread.html")),
    ("banks.html", include_str!("../templates/banks.html")),
    ("bank.html", include_str!("../templates/bank.html")),
    ("sign.html", include_str!("../templates/sign.html")),
    ("step.html", include_str!("../templates/step.html")),
    ("picture.html", include_str!("../templates/picture.html")),
    ("accounts.html", include_str!("../templates/accounts.html")),
    ("transactions.html", include_str!("../templates/transactions.html")),
    ("charts.html", include_str!("../templates/charts.html")),
    ("pay.html", include_str!("../templates/pay.html")),
    ("pay-form.html", include_str!("../templates/pay-form.html")),
    ("confirm.html", include_str!("../templates/confirm.html")),
    ("payment.html", include_str!("../templates/payment.html")),
    ("payment-status.html", include_str!("../templates/payment-status.html")),
    ("consents.html", include_str!("../templates/consents.html")),
];

static VIEWS: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut views = Environment::new();
    for (name, text) in TEMPLATES {
        if let Err(error) = views.add_template(name, text) {
            tracing::error!(%error, name, "a template is broken");
        }
    }
    views
});

fn render(name: &str, values: Value) -> Result<String, minijinja::Error> {
    VIEWS.get_template(name)?.render(minijinja::value::Serde(values))
}

/// Values for a template: `values! { name, other => expression, ..more }`, of anything that can be serialised.
macro_rules! values {
    (@value $name:ident) => { serde_json::to_value(&$name) };
    (@value $name:ident $value:expr) => { serde_json::to_value(&$value) };
    ($(..$more:expr),+ $(,)?) => { $crate::view::merged([$($more),+]) };
    ($($name:ident $(=> $value:expr)?,)+ $(..$more:expr),+ $(,)?) => {
        $crate::view::merged([$crate::view::values! { $($name $(=> $value)?),+ } $(, $more)+])
    };
    ($($name:ident $(=> $value:expr)?),+ $(,)?) => {
        // What cannot be serialised is not there.
        serde_json::Value::Object(serde_json::Map::from_iter(
            [$((stringify!($name).to_owned(), $crate::view::values!(@value $name $($value)?).unwrap_or_default())),+]
        ))
    };
}
pub(crate) use values;

/// Values of several maps; what is named twice is the first one's.
pub(crate) fn merged<const N: usize>(maps: [Value; N]) -> Value {
    let mut all = Map::new();
    for (name, value) in maps.into_iter().rev().filter_map(|map| map.as_object().cloned()).flatten() {
        all.insert(name, value);
    }
    all.into()
}

/// A page for a guest.
pub(crate) fn page(app: &App, guest: &Guest, name: &str, values: Value) -> Response {
    let simulated = app.platform.sandbox.is_some();
    bare(name, values! { token => guest.token, simulated, live => app.platform.is_live, ..values })
}

/// A page that knows neither guest nor platform.
pub(crate) fn bare(name: &str, values: Value) -> Response {
    match render(name, values) {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, name, "a page cannot be shown");
            let text = Html("<!doctype html><title>Error</title><p>This page is broken. We have been told.");
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

/// Part of a page, to be put into one that is open.
pub(crate) fn part(name: &str, values: Value) -> String {
    render(name, values).unwrap_or_else(|error| {
        tracing::error!(%error, name, "a part of a page cannot be shown");
        String::new()
    })
}

/// An amount with its thousands apart, two decimals at least, and a true minus.
pub(crate) fn money(amount: Decimal, currency: &str) -> String {
    let text = format!("{:.*}", usize::try_from(amount.scale().max(2)).unwrap_or(2), amount.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, "00"));
    let sign = if amount.is_sign_negative() && !amount.is_zero() { "\u{2212}" } else { "" };
    format!("{sign}{}.{rest}\u{a0}{currency}", grouped(whole, 3, true)).trim_end().to_owned()
}

/// A number in groups: an amount from the right, an account number from the left.
pub(crate) fn grouped(text: &str, size: usize, from_the_right: bool) -> String {
    let signs: Vec<char> = text.chars().collect();
    let first = if from_the_right { signs.len() % size } else { 0 };
    let mut groups: Vec<String> = Vec::new();
    if first > 0 {
        groups.push(signs[..first].iter().collect());
    }
    groups.extend(signs[first..].chunks(size).map(|group| group.iter().collect()));
    groups.join("\u{a0}")
}

/// A day as people write it.
pub(crate) fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// A moment as people write it.
pub(crate) fn moment(moment: DateTime<Utc>) -> String {
    moment.format("%-d %B %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_easy_to_read() {
        let read = |text: &str| money(text.parse().unwrap(), "SEK");
        assert_eq!(read("1234567.5"), "1\u{a0}234\u{a0}567.50\u{a0}SEK");
        assert_eq!(read("-12"), "\u{2212}12.00\u{a0}SEK");
        assert_eq!(read("0"), "0.00\u{a0}SEK");
        assert_eq!(read("-0.00"), "0.00\u{a0}SEK");
        assert_eq!(read("123.456"), "123.456\u{a0}SEK");
    }

    #[test]
    fn account_numbers_are_read_in_fours() {
        assert_eq!(
            grouped("SE3750000000054400047881", 4, false).replace('\u{a0}', " "),
            "SE37 5000 0000 0544 0004 7881"
        );
    }

    #[test]
    fn every_template_can_be_read() {
        assert_eq!(VIEWS.templates().count(), TEMPLATES.len());
    }
}

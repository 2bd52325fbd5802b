//! Rules side by side: whether a value that was fine is now refused.

use serde_json::Value;

use super::{Place, arrow};
use crate::diff::model::Rules;
use crate::diff::{Action, Kind};

/// Notes every rule that differs. `part` says of what, if not of the whole place.
pub(super) fn compare(place: &mut Place<'_>, part: &str, rust: &str, old: &Rules, new: &Rules, sent: bool) {
    let mut keys: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (was, is) = (old.get(key), new.get(key));
        if was == is {
            continue;
        }
        let action = match (was, is) {
            (None, _) => Action::Added,
            (_, None) => Action::Removed,
            _ => Action::Changed,
        };
        let name = if key == "x-opp-sensitive" { "sensitive" } else { key };
        let rule = if part.is_empty() { name.to_owned() } else { format!("{part} {name}") };
        let detail = match (was, is) {
            (Some(was), Some(is)) => arrow(&show(was), &show(is)),
            (was, is) => was.or(is).map(show).unwrap_or_default(),
        };
        place.note(Kind::Rule, action, &rule, detail, rust.to_owned(), breaks(key, was, is, part.is_empty(), sent));
    }
}

/// `whole` is false for the rules of a field that has no type of its own.
fn breaks(key: &str, old: Option<&Value>, new: Option<&Value>, whole: bool, sent: bool) -> bool {
    let dated =
        |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|f| matches!(f, "date" | "date-time"));
    match key {
        // The conversions from and to dates are gone.
        "format" if whole && dated(old) => true,
        // So is `Display`.
        "x-opp-sensitive" => whole && new.and_then(Value::as_bool) == Some(true),
        _ if !sent => false,
        // Only of types is it checked how many fields there are.
        "minProperties" if !whole => false,
        "minLength" | "minimum" | "minItems" | "minProperties" => {
            new.is_some() && number(new) > number(old).or(Some(f64::NEG_INFINITY))
        }
        "maxLength" | "maximum" | "maxItems" => new.is_some() && number(new) < number(old).or(Some(f64::INFINITY)),
        "exclusiveMinimum" | "exclusiveMaximum" => new.is_some_and(|value| *value != Value::Bool(false)),
        // Other formats of a field, and steps of a number, are not checked.
        "format" => whole && matches!(new.and_then(Value::as_str), Some("date" | "date-time" | "uuid")),
        "multipleOf" => false,
        // Whether one pattern takes all that another takes is not for us to find out.
        _ => new.is_some(),
    }
}

fn number(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_f64)
}

fn show(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

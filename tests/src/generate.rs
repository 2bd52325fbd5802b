//! Values made from the schemas of the document, valid ones and such as banks send.

use std::cell::RefCell;
use std::collections::HashMap;

use proptest::prelude::*;
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Number, Value, json};

use crate::document::{Document, Place, component};

/// A runner that tries the same values every time; `PROPTEST_CASES` overrides how many.
#[must_use]
pub fn runner(cases: u32) -> TestRunner {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Makes strategies from schemas; those of components are made once.
#[derive(Debug)]
pub struct Generator<'a> {
    document: &'a Document,
    made: RefCell<HashMap<&'a str, BoxedStrategy<Value>>>,
}

impl<'a> Generator<'a> {
    /// For the schemas of a document.
    #[must_use]
    pub fn new(document: &'a Document) -> Self {
        Self { document, made: RefCell::default() }
    }

    /// Valid values of a component.
    pub fn component(&self, name: &'a str) -> BoxedStrategy<Value> {
        if let Some(made) = self.made.borrow().get(name) {
            return made.clone();
        }
        let made = self.valid(&self.document.schemas()[name]);
        self.made.borrow_mut().insert(name, made.clone());
        made
    }

    /// Valid values of a schema.
    pub fn valid(&self, schema: &'a Value) -> BoxedStrategy<Value> {
        if let Some(name) = component(schema) {
            return self.component(name);
        }
        if let Some(values) = schema["enum"].as_array() {
            return prop::sample::select(values.clone()).boxed();
        }
        let branches = ["oneOf", "anyOf"].iter().find_map(|key| schema[*key].as_array());
        match schema["type"].as_str() {
            Some("object") => match branches {
                // Alternatives beside properties: one of them, and all of the object's own.
                Some(branches) => {
                    let own = self.object(schema);
                    let one = prop::strategy::Union::new(branches.iter().map(|branch| self.valid(branch)));
                    (own, one).prop_map(|(own, one)| merged(own, one)).boxed()
                }
                None => self.object(schema),
            },
            Some("array") => prop::collection::vec(self.valid(&schema["items"]), 0..4).prop_map(Value::Array).boxed(),
            Some("integer" | "number") => {
                let min = schema["minimum"].as_i64().unwrap_or(-5);
                (min..i64::from(i32::MAX)).prop_map(|n| json!(n)).boxed()
            }
            Some("boolean") => any::<bool>().prop_map(Value::Bool).boxed(),
            Some("string") => text(schema).prop_map(Value::String).boxed(),
            _ => match branches {
                Some(branches) => prop::strategy::Union::new(branches.iter().map(|branch| self.valid(branch))).boxed(),
                None => any_json().prop_filter("null says nothing", |value| !value.is_null()).boxed(),
            },
        }
    }

    fn object(&self, schema: &'a Value) -> BoxedStrategy<Value> {
        let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
        let fields: Vec<BoxedStrategy<Option<(String, Value)>>> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, property)| {
                let required = required(name);
                let name = name.clone();
                let field = self.valid(property).prop_map(move |value| (name.clone(), value));
                if required { field.prop_map(Some).boxed() } else { prop::option::of(field).boxed() }
            })
            .collect();
        let other = match schema.get("additionalProperties").filter(|schema| schema.is_object()) {
            Some(schema) => self.valid(schema),
            None => any_json(),
        };
        let other = prop::option::weighted(0.2, other.prop_map(|value| ("xOther".to_owned(), value)));
        let other = if schema["additionalProperties"] == false { Just(None).boxed() } else { other.boxed() };
        let least = schema["minProperties"].as_u64().unwrap_or(0);
        (fields, other)
            .prop_map(|(fields, other)| fields.into_iter().flatten().chain(other).collect::<Map<_, _>>())
            .prop_filter("minProperties", move |map| map.len() as u64 >= least)
            .prop_map(Value::Object)
            .boxed()
    }
}

fn merged(mut own: Value, one: Value) -> Value {
    if let (Value::Object(own), Value::Object(one)) = (&mut own, one) {
        own.extend(one);
    }
    own
}

/// Valid text of a schema.
pub fn text(schema: &Value) -> BoxedStrategy<String> {
    let bound = |key: &str| schema[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let (min, max) = (bound("minLength").unwrap_or(0), bound("maxLength").unwrap_or(4096));
    let digits = |range: std::ops::Range<u32>| range.prop_map(|n| format!("{n:02}"));
    match schema["format"].as_str() {
        Some("date") => {
            return (1990..2090u32, digits(1..13), digits(1..29)).prop_map(|(y, m, d)| format!("{y}-{m}-{d}")).boxed();
        }
        Some("date-time") => {
            return (1990..2090u32, digits(1..13), digits(0..24), digits(0..60))
                .prop_map(|(y, m, h, s)| format!("{y}-{m}-07T{h}:30:{s}+01:00"))
                .boxed();
        }
        Some("uuid") => {
            return string_regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}").unwrap().boxed();
        }
        Some("uri" | "url") => return string_regex("https://[a-z]{1,12}\\.example/[a-z0-9]{0,12}").unwrap().boxed(),
        _ => {}
    }
    let fits = move |text: &String| (min..=max).contains(&text.chars().count());
    match schema["pattern"].as_str() {
        Some(pattern) => {
            let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
            string_regex(pattern).expect("a pattern").prop_filter("length", fits).boxed()
        }
        None => string_regex(&format!("[ -~åäöÅÄÖ€]{{{min},{}}}", max.min(min + 24))).unwrap().boxed(),
    }
}

/// Any JSON there is, small.
pub fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| json!(n)),
        any::<u64>().prop_map(|n| json!(n)),
        (-1e9..1e9f64).prop_map(|n| Number::from_f64(n).map_or(Value::Null, Value::Number)),
        "\\PC{0,12}".prop_map(Value::String),
        prop::sample::select(vec!["", "true", "12", "-3.50", "null", "2026-11-21", "..", "{}"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(("[a-zA-Z_]{1,8}", inner), 0..4)
                .prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
    .boxed()
}

/// What a bank may make of a value, with nothing lost: the same has to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    /// A number as text.
    NumberAsText,
    /// A flag as text, in capitals or not.
    FlagAsText,
    /// One value as a list of one.
    ListOfOne,
    /// A list of one as its element.
    OnlyElement,
    /// An object that stands for one of its fields as that field: the address of a link, a list.
    Bare,
    /// An object within the wrapper that the document names.
    Wrapped,
    /// A null for every field that is missing.
    Nulls,
}

/// All of them.
pub const TWISTS: [Twist; 7] = [
    Twist::NumberAsText,
    Twist::FlagAsText,
    Twist::ListOfOne,
    Twist::OnlyElement,
    Twist::Bare,
    Twist::Wrapped,
    Twist::Nulls,
];

impl Twist {
    /// The value as a bank may write it, if the twist applies to it.
    #[must_use]
    pub fn apply(self, document: &Document, place: &Place<'_>, value: &Value) -> Option<Value> {
        let declared = |kind: &str| place.schema["type"] == kind;
        if place.schema["type"].is_null() {
            // What may be anything stays as it is.
            return None;
        }
        match (self, value) {
            (Self::NumberAsText, Value::Number(number)) if declared("integer") => Some(json!(number.to_string())),
            (Self::FlagAsText, Value::Bool(flag)) if declared("boolean") => {
                Some(json!(if *flag { "true" } else { "FALSE" }))
            }
            // A list of one object that a list stands for is that list.
            (Self::ListOfOne, Value::Object(_)) if bare(document, place.schema).is_some() => None,
            (Self::ListOfOne, value) if !value.is_array() && !value.is_null() => Some(json!([value])),
            (Self::OnlyElement, Value::Array(items)) if items.len() == 1 && !items[0].is_array() => {
                Some(items[0].clone()).filter(|item| !item.is_null())
            }
            (Self::Bare, Value::Object(map)) if map.len() == 1 => Some(map.get(bare(document, place.schema)?)?.clone())
                .filter(|inner| !inner.is_object() && !inner.is_null()),
            (Self::Wrapped, Value::Object(map)) if !map.is_empty() => {
                Some(json!({ place.schema["x-opp-unwrap"].as_str()?: value }))
            }
            (Self::Nulls, Value::Object(map)) => {
                let mut whole = map.clone();
                for name in document.properties(place.schema).keys().filter(|name| !map.contains_key(**name)) {
                    whole.insert((*name).to_owned(), Value::Null);
                }
                Some(Value::Object(whole)).filter(|whole| whole != value)
            }
            _ => None,
        }
    }
}

/// The field that stands for the whole object: the one that the document names, or the list of an object that is
/// nothing but a list, whatever links and messages go with it.
fn bare<'a>(document: &'a Document, schema: &'a Value) -> Option<&'a str> {
    if let Some(name) = schema["x-opp-bare"].as_str() {
        return Some(name);
    }
    let beside = |name: &str| ["_", "tpp", "psu"].iter().any(|start| name.starts_with(start));
    let mut content = document.properties(schema).into_iter().filter(|(name, _)| !beside(name));
    match (content.next(), content.next()) {
        (Some((name, property)), None) if property["type"] == "array" => Some(name),
        _ => None,
    }
}

/// Something that a bank sends in place of a value: the kinds that the platform has been seen with, and noise.
pub fn oddity() -> BoxedStrategy<Value> {
    prop_oneof![
        2 => any_json(),
        1 => Just(Value::Null),
        1 => "[A-Z_]{1,12}".prop_map(|text| json!(format!("NEW_{text}"))),
        1 => Just(json!("x".repeat(700))),
        1 => Just(json!("2026-11-21T10:00:00Z")),
        1 => Just(json!("1249.10")),
        1 => Just(json!(1249)),
        1 => Just(json!("true")),
        1 => Just(json!({"object": {"for": "text"}})),
        1 => Just(json!("https://bank.example/link")),
        1 => Just(json!(["one"])),
    ]
    .boxed()
}

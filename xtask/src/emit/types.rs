//! The types: structs, texts with rules, open enums and choices.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::{Context, Result};
use heck::ToUpperCamelCase;
use serde_json::{Map, Value};

use super::shape::{Field, Shapes};
use super::{HEAD, docs};
use crate::automaton::Automaton;
use crate::document::walk::{Unsupported, join, schema_ref, text};
use crate::normalise::{Normal, headers};

/// Emits `types.rs`.
pub fn emit(normal: &Normal, shapes: &Shapes) -> Result<String> {
    let mut out = String::from(HEAD);
    // Documents without any such type leave an import unused.
    out.push_str(
        "//! The types of the document. Every field is optional and every enum open when it is read; what is to be sent\n\
         //! is built with `builder()` and held against the document's rules.\n\n\
         #![allow(clippy::all, clippy::pedantic, non_local_definitions, unused_imports)]\n\n\
         use serde_json::Value;\n\n\
         use crate::check::{builder, unchecked};\n\
         use crate::value::{Extra, List, Map, Number, Text, choice, integer, object, open_enum, request_headers, response_headers};\n\n",
    );
    let (mut unchecked, mut kinds) = (Vec::new(), String::new());
    for (name, schema) in normal.schemas() {
        let pointer = join("/components/schemas", name);
        if schema.get("oneOf").is_some() {
            choice(&mut out, name, schema);
        } else if [headers::REQUEST, headers::RESPONSE].contains(&name)
            || schema.get("properties").is_some_and(|p| p.as_object().is_some_and(|p| !p.is_empty()))
        {
            let none = Vec::new();
            // A document without headers has both types all the same, with nothing in them.
            let bare = schema.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty);
            let Some(fields) = shapes.structs.get(name).or(bare.then_some(&none)) else {
                let what = format!("progenitor made no struct of {name}");
                return Err(Unsupported::new(&pointer, what, "Give the schema another name with `x-opp-name`.").into());
            };
            object(&mut out, normal, name, schema, fields);
            if !normal.written.contains(name) {
                unchecked.push(name);
            }
        } else if schema.get("enum").is_some() {
            open_enum(&mut out, name, schema);
        } else {
            match text(schema, "type") {
                Some("integer" | "number") => integer(&mut out, name, schema),
                _ => text_type(&mut out, &mut kinds, &normal.automata, name, schema)?,
            }
        }
    }
    let _ = writeln!(out, "unchecked! {{ {} }}\n", wrap(&unchecked));
    let _ = writeln!(
        out,
        "/// What tells the types of text apart: each is the `K` of a [`Text`].\npub mod kind {{\n    \
         use crate::value::{{Automaton, Format, kind}};\n\n{kinds}}}"
    );
    Ok(out)
}

fn wrap(names: &[&str]) -> String {
    let mut out = String::new();
    let mut width = 0;
    for name in names {
        if width + name.len() > 100 {
            out.push_str("\n    ");
            width = 0;
        }
        width += name.len() + 2;
        out.push_str(name);
        out.push_str(", ");
    }
    out.trim_end_matches(", ").to_owned()
}

fn description(schema: &Value) -> &str {
    text(schema, "description")
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .unwrap_or("Not described by the document.")
}

/// The fields in the order of the document: banks keep to it, and readers find what belongs together side by side.
fn ordered<'a>(properties: &'a Map<String, Value>, fields: &'a [Field]) -> Vec<(&'a Field, &'a Value)> {
    let mut ordered: Vec<_> = properties
        .iter()
        .filter_map(|(wire, property)| Some((fields.iter().find(|f| f.wire == *wire)?, property)))
        .collect();
    ordered.dedup_by_key(|(field, _)| &field.wire);
    ordered
}

fn object(out: &mut String, normal: &Normal, name: &str, schema: &Value, fields: &[Field]) {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: BTreeSet<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let ordered = ordered(properties, fields);
    out.push_str(&docs::lines(description(schema), 0));
    out.push_str("#[derive(Clone, Default, PartialEq)]\n");
    out.push_str("#[cfg_attr(feature = \"schemars\", derive(schemars::JsonSchema))]\n");
    let _ = writeln!(out, "pub struct {name} {{");
    for (field, property) in &ordered {
        out.push_str(&docs::lines(&docs::of_property(&normal.root, property), 4));
        if field.ident != field.wire {
            let _ = writeln!(out, "    #[cfg_attr(feature = \"schemars\", schemars(rename = {:?}))]", field.wire);
        }
        let kind = if field.collection { field.kind.clone() } else { format!("Option<{}>", field.kind) };
        let _ = writeln!(out, "    pub {}: {kind},", field.ident);
    }
    out.push_str("    /// What came beyond the document.\n");
    out.push_str("    #[cfg_attr(feature = \"schemars\", schemars(skip))]\n");
    out.push_str("    pub extra: Extra,\n}\n");
    let list: Vec<String> = ordered.iter().map(|(field, _)| format!("{}: {:?}", field.ident, field.wire)).collect();
    let bare = text(schema, "x-opp-bare")
        .or_else(|| only_list(properties))
        .and_then(|bare| ordered.iter().find(|(field, _)| field.wire == bare))
        .map(|(field, _)| format!(" bare {}", field.ident))
        .unwrap_or_default();
    let wrapped = text(schema, "x-opp-unwrap").map(|key| format!(" wrapped {key:?}")).unwrap_or_default();
    let list = wrap(&list.iter().map(String::as_str).collect::<Vec<_>>());
    let kind = match name {
        headers::REQUEST => "request_headers",
        headers::RESPONSE => "response_headers",
        _ => "object",
    };
    let _ = writeln!(out, "{kind}! {{ {name} {{ {list} }}{bare}{wrapped} }}");
    if normal.written.contains(name) {
        // Which headers are required differs from operation to operation.
        let strict = name != headers::REQUEST;
        builder(out, name, schema, &ordered, |wire| strict && required.contains(wire));
    }
    out.push('\n');
}

/// The list of an object that is nothing but a list, with links and messages to the TPP or PSU: a bank may send the list
/// alone.
fn only_list(properties: &Map<String, Value>) -> Option<&str> {
    let mut content =
        properties.iter().filter(|(name, _)| !["_", "tpp", "psu"].iter().any(|aside| name.starts_with(aside)));
    match (content.next(), content.next()) {
        (Some((name, property)), None) if text(property, "type") == Some("array") => Some(name),
        _ => None,
    }
}

fn builder(out: &mut String, name: &str, schema: &Value, fields: &[(&Field, &Value)], required: impl Fn(&str) -> bool) {
    let _ = writeln!(out, "builder! {{ {name} {{");
    for (field, property) in fields {
        let mut line = format!("    {}: {} = {:?}", field.ident, field.kind, field.wire);
        if required(&field.wire) {
            line.push_str(" !required");
        }
        let bound = |key: &str| property.get(key).and_then(Value::as_u64);
        if let (Some("array"), true) = (text(property, "type"), bound("minItems").or(bound("maxItems")).is_some()) {
            let max = bound("maxItems").map_or_else(|| "0xffff_ffff".to_owned(), |max| max.to_string());
            let _ = write!(line, " [{}..={max}]", bound("minItems").unwrap_or(0));
        }
        let _ = writeln!(out, "{line};");
    }
    let groups = schema.get("x-opp-one-of").and_then(Value::as_array);
    let known = |wire: &Value| {
        let (field, _) = fields.iter().find(|(field, _)| Some(field.wire.as_str()) == wire.as_str())?;
        Some(format!("{:?}", field.wire))
    };
    out.push('}');
    if let Some(groups) = groups {
        let groups: Vec<String> = groups
            .iter()
            .map(|group| group.as_array().into_iter().flatten().filter_map(known).collect::<Vec<_>>().join(", "))
            .map(|group| format!("[{group}]"))
            .collect();
        let _ = write!(out, " one of {}", groups.join(" "));
    }
    if let Some(least) = schema.get("minProperties").and_then(Value::as_u64).filter(|least| *least > 0) {
        let all: Vec<_> = fields.iter().map(|(field, _)| format!("{:?}", field.wire)).collect();
        let _ = write!(out, " least {least} of [{}]", all.join(", "));
    }
    out.push_str(" }\n");
}

fn choice(out: &mut String, name: &str, schema: &Value) {
    let branches: Vec<&str> =
        schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().filter_map(schema_ref).collect();
    out.push_str(&docs::lines(description(schema), 0));
    out.push_str("#[derive(Debug, Clone, PartialEq)]\n#[non_exhaustive]\n");
    let _ = writeln!(out, "pub enum {name} {{");
    for branch in &branches {
        let _ = writeln!(out, "    /// See [`{branch}`].\n    {branch}({branch}),");
    }
    out.push_str("}\n");
    let _ = writeln!(out, "choice! {{ {name} {{ {} }} }}\n", wrap(&branches));
}

fn open_enum(out: &mut String, name: &str, schema: &Value) {
    let values: Vec<&str> =
        schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let variants = variants(&values);
    out.push_str(&docs::lines(description(schema), 0));
    out.push_str("#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[non_exhaustive]\n");
    let _ = writeln!(out, "pub enum {name} {{");
    for (variant, value) in variants.iter().zip(&values) {
        let _ = writeln!(out, "    /// `{value}`\n    {variant},");
    }
    out.push_str("    /// A value that the document does not know, as it came.\n    Unknown(String),\n}\n");
    let list: Vec<String> =
        variants.iter().zip(&values).map(|(variant, value)| format!("{variant} = {value:?}")).collect();
    let _ =
        writeln!(out, "open_enum! {{ {name} {{ {} }} }}\n", wrap(&list.iter().map(String::as_str).collect::<Vec<_>>()));
}

/// A variant for each value: an identifier, and each one different.
pub fn variants(values: &[&str]) -> Vec<String> {
    let mut taken = BTreeSet::from(["Unknown".to_owned(), "Self".to_owned()]);
    values
        .iter()
        .map(|value| {
            let mut base = value.to_upper_camel_case();
            base.retain(char::is_alphanumeric);
            if base.is_empty() || base.starts_with(|c: char| c.is_numeric()) {
                base = format!("Value{base}");
            }
            let mut unique = base.clone();
            let mut next = 2;
            while !taken.insert(unique.clone()) {
                unique = format!("{base}{next}");
                next += 1;
            }
            unique
        })
        .collect()
}

/// The type of a text, and the kind that makes it one of its own.
fn text_type(
    out: &mut String,
    kinds: &mut String,
    automata: &BTreeMap<String, Automaton>,
    name: &str,
    schema: &Value,
) -> Result<()> {
    out.push_str(&docs::lines(description(schema), 0));
    let _ = writeln!(out, "pub type {name} = Text<kind::{name}>;\n");
    let mut rules = String::new();
    for (key, rule) in [("minLength", "min"), ("maxLength", "max")] {
        if let Some(bound) = schema.get(key).and_then(Value::as_u64) {
            let _ = write!(rules, ", {rule}({bound})");
        }
    }
    if let Some(pattern) = text(schema, "pattern") {
        let automaton = automata.get(pattern).with_context(|| format!("the pattern of {name} has no automaton"))?;
        let _ = write!(rules, ", pattern({pattern:?}, {})", automaton.emit("    "));
    }
    let (format, time) = match text(schema, "format") {
        Some("date") => (", format(Format::Date)", "; Dated"),
        Some("date-time") => (", format(Format::DateTime)", "; Timed"),
        Some("uuid") => (", format(Format::Uuid)", ""),
        _ => ("", ""),
    };
    let secret = schema.get("x-opp-sensitive").and_then(Value::as_bool) == Some(true);
    let (hidden, shown) = if secret { (", secret()", "") } else { ("", "; Shown") };
    let _ = writeln!(kinds, "    kind! {{ {name}{rules}{format}{hidden}{shown}{time} }}");
    Ok(())
}

fn integer(out: &mut String, name: &str, schema: &Value) {
    out.push_str(&docs::lines(description(schema), 0));
    out.push_str("#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n");
    let _ = writeln!(out, "pub struct {name}(i64);");
    let bound = |key: &str, exclusive: &str, step: i64, otherwise: &str| {
        let value = schema.get(key).and_then(Value::as_i64);
        let beyond = match schema.get(exclusive) {
            Some(Value::Bool(true)) => value.map(|v| v.saturating_add(step)),
            Some(Value::Number(number)) => number.as_i64().map(|v| v.saturating_add(step)),
            _ => value,
        };
        beyond.map_or_else(|| otherwise.to_owned(), |v| v.to_string())
    };
    let min = bound("minimum", "exclusiveMinimum", 1, "i64::MIN");
    let max = bound("maximum", "exclusiveMaximum", -1, "i64::MAX");
    let _ = writeln!(out, "integer!({name}, {min}, {max});\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_around_one_list_may_come_without_the_object() {
        let properties = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let accounts = properties(
            &serde_json::json!({"accounts": {"type": "array"}, "tppMessages": {"type": "array"}, "_links": {}}),
        );
        assert_eq!(only_list(&accounts), Some("accounts"));
        let report = properties(&serde_json::json!({"booked": {"type": "array"}, "pending": {"type": "array"}}));
        assert_eq!(only_list(&report), None);
    }

    #[test]
    fn every_value_gets_a_variant_of_its_own() {
        assert_eq!(
            variants(&["ACSC", "allAccounts", "swedish-giro", "01", "unknown", "self", "a-b", "aB", "+"]),
            ["Acsc", "AllAccounts", "SwedishGiro", "Value01", "Unknown2", "Self2", "AB", "AB2", "Value"]
        );
    }
}

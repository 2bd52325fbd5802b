//! What is to be sent is held against the document before it leaves: whatever the document forbids is refused, by the
//! name of the field.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use heck::ToUpperCamelCase;
use opp_raw::types::{self, *};
use opp_raw::{Builder, Check, Invalid};
use opp_tests::document::{Document, component};
use opp_tests::generate::{Generator, runner, text};
use opp_tests::subjects;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

/// The component schemas that the JSON of requests is made of.
fn sent(document: &Document) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for operation in document.operations() {
        for (_, entry) in operation.request_media() {
            document.reach(&entry["schema"], &mut found);
        }
    }
    let reachable = document.reachable();
    found.retain(|name| reachable.contains(name));
    // Alternatives beside the properties of an object are parts of it, and nothing by themselves.
    for schema in document.schemas().values().filter(|schema| schema.get("properties").is_some()) {
        for part in schema["oneOf"].as_array().into_iter().flatten().filter_map(component) {
            found.remove(part);
        }
    }
    found
}

/// A place as errors name it: `payments[2].instructedAmount`.
fn field(pointer: &str) -> String {
    let mut name = String::new();
    for part in pointer.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(index) => name.push_str(&format!("[{index}]")),
            Err(_) if name.is_empty() => name.push_str(part),
            Err(_) => name.push_str(&format!(".{part}")),
        }
    }
    name
}

/// A schema whose pattern has to match the whole text, as the document means it.
fn anchored(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(pattern) = schema["pattern"].as_str() {
        schema["pattern"] = json!(format!("^(?:{pattern})$"));
    }
    schema
}

/// Texts near to what a schema allows, and whether it does.
fn candidates(document: &Document, schema: &Value, given: &str) -> Vec<(String, bool)> {
    let length = |key: &str| schema[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let mut texts = vec![given.to_owned()];
    texts.extend(length("maxLength").map(|max| "A".repeat(max + 1)));
    texts.extend(length("maxLength").map(|max| "Å".repeat(max)));
    texts.extend(length("minLength").filter(|min| *min > 0).map(|min| "A".repeat(min - 1)));
    if schema.get("pattern").is_some() {
        texts.extend([format!(" {given}"), format!("{given}\n"), format!("x{given}"), format!("{given}!"), "§".into()]);
    }
    match schema["format"].as_str() {
        Some("date") => {
            texts.extend(["2026-02-30", "21.11.2026", "2026-1-1", "2026-11-21T10:00:00Z", ""].map(str::to_owned));
        }
        Some("date-time") => texts.extend(["2026-11-21", "now", "2026-11-21T25:00:00Z"].map(str::to_owned)),
        _ => {}
    }
    if schema.get("enum").is_some() {
        texts.extend(["NEW_VALUE".to_owned(), format!("{given} "), given.to_lowercase() + "x"]);
    }
    let validator = document.validator(&anchored(schema));
    texts.into_iter().map(|text| (text.clone(), validator.is_valid(&json!(text)))).collect()
}

/// Texts that begin as one that fits a pattern, or differ from it in one place, and whether they fit.
fn neighbours(document: &Document, schema: &Value, given: &str) -> Vec<(String, bool)> {
    if schema.get("pattern").is_none() {
        return Vec::new();
    }
    let mut texts = Vec::new();
    for (place, letter) in given.char_indices() {
        let (before, after) = (&given[..place], &given[place + letter.len_utf8()..]);
        texts.extend([before.to_owned(), format!("{before}{after}"), format!("{before}{letter}{letter}{after}")]);
        texts.extend(["0", "9", "A", "O", "Z", "a", "-", ".", "é", "٣"].map(|other| format!("{before}{other}{after}")));
    }
    let validator = document.validator(&anchored(schema));
    texts.into_iter().map(|text| (text.clone(), validator.is_valid(&json!(text)))).collect()
}

#[test]
fn what_the_document_allows_is_allowed() {
    let document = Document::read();
    let generator = Generator::new(&document);
    let types = subjects::components();
    for name in sent(&document) {
        let kind = &types[name];
        let run = runner(32).run(&generator.component(name), |value| {
            let subject = kind.read(&value).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(subject.check(), Ok(()), "{}", value);
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{name} as {}: {error}", kind.name));
    }
}

#[test]
fn a_field_that_is_required_is_missed_by_its_name() {
    let document = Document::read();
    let generator = Generator::new(&document);
    let types = subjects::components();
    let count = std::cell::Cell::new(0);
    for name in sent(&document) {
        let (schema, kind) = (&document.schemas()[name], &types[name]);
        let run = runner(16).run(&generator.component(name), |value| {
            for place in document.places(schema, &value) {
                for required in place.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    let mut whole = value.clone();
                    let Some(Value::Object(map)) = whole.pointer_mut(&place.pointer) else { continue };
                    map.shift_remove(required);
                    let invalid = kind.read(&whole).unwrap().check();
                    let wanted = field(&format!("{}/{required}", place.pointer));
                    prop_assert_eq!(invalid.as_ref().map_err(Invalid::field), Err(wanted.as_str()), "{}", whole);
                    prop_assert!(invalid.is_err_and(|invalid| invalid.rule() == "is required"));
                    count.set(count.get() + 1);
                }
            }
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{name} as {}: {error}", kind.name));
    }
    assert!(count.get() > 500, "only {} fields", count.get());
}

#[test]
fn a_text_or_number_that_breaks_a_rule_is_refused_by_its_name() {
    let document = Document::read();
    let generator = Generator::new(&document);
    let types = subjects::components();
    let mut rules = BTreeSet::new();
    for name in sent(&document) {
        let (schema, kind) = (&document.schemas()[name], &types[name]);
        let mut runner = runner(16);
        for _ in 0..16 {
            let value = generator.component(name).new_tree(&mut runner).unwrap().current();
            for place in document.places(schema, &value) {
                let mut bad: Vec<Value> = Vec::new();
                match value.pointer(&place.pointer) {
                    // An enum takes what the document does not know: banks are ahead of it. Parsing text is strict.
                    Some(Value::String(given)) if place.schema.get("enum").is_none() => {
                        let all = candidates(&document, place.schema, given);
                        bad.extend(all.into_iter().filter(|(_, valid)| !valid).map(|(text, _)| text.into()));
                    }
                    Some(Value::Number(_)) => {
                        bad.extend(place.schema["minimum"].as_i64().map(|least| json!(least - 1)));
                    }
                    Some(Value::Object(_)) if place.schema["minProperties"].is_u64() => bad.push(json!({})),
                    _ => {}
                }
                for bad in bad {
                    let mut whole = value.clone();
                    *whole.pointer_mut(&place.pointer).unwrap() = bad.clone();
                    let Err(invalid) = kind.read(&whole).unwrap().check() else {
                        panic!("{} takes {bad} for {:?}, against {}", kind.name, place.pointer, place.schema);
                    };
                    assert_eq!(invalid.field(), field(&place.pointer), "{}: {invalid} in {whole}", kind.name);
                    let said = invalid.to_string();
                    let quoted = bad.as_str().is_some_and(|bad| bad.len() > 6 && said.contains(bad));
                    assert!(!quoted, "the value itself is in: {said}");
                    let keys = ["minLength", "maxLength", "pattern", "format", "minimum", "minProperties"];
                    rules.extend(keys.into_iter().filter(|key| place.schema.get(*key).is_some()));
                }
            }
        }
    }
    // Without any of these the test would have checked less than the document asks for.
    for rule in ["minLength", "maxLength", "pattern", "format", "minimum", "minProperties"] {
        assert!(rules.contains(rule), "no {rule} was tried");
    }
}

#[test]
fn text_is_parsed_strictly_for_every_type_of_text() {
    let document = Document::read();
    let strict = subjects::strict();
    let mut open: BTreeSet<&str> = strict.keys().copied().collect();
    // Component schemas by their type; parameters and inline schemas by the name that they give to theirs.
    let mut wanted: Vec<(Vec<String>, &Value)> = Vec::new();
    for (name, kind) in subjects::components() {
        let schema = &document.schemas()[name];
        wanted.push((vec![kind.name.to_owned()], schema));
        for (property, inner) in schema["properties"].as_object().into_iter().flatten() {
            let short = property.to_upper_camel_case();
            let given = |schema: &Value| schema["x-opp-name"].as_str().map(str::to_owned);
            if component(inner).is_none() {
                let names = given(inner).into_iter().chain([format!("{}{short}", kind.name), short]);
                wanted.push((names.collect(), inner));
            }
            wanted.extend(given(&inner["items"]).map(|name| (vec![name], &inner["items"])));
        }
        for (property, inner) in schema["items"]["properties"].as_object().into_iter().flatten() {
            wanted.push((vec![property.to_upper_camel_case()], inner));
        }
    }
    for operation in document.operations() {
        for parameter in &operation.parameters {
            wanted.push((vec![parameter["name"].as_str().unwrap().to_upper_camel_case()], &parameter["schema"]));
        }
        for (_, response) in &operation.responses {
            for (name, header) in response["headers"].as_object().into_iter().flatten() {
                wanted.push((vec![name.to_upper_camel_case()], &document.follow(header)["schema"]));
            }
        }
    }
    let mut runner = runner(8);
    for (names, schema) in wanted {
        let known: Vec<_> = names.iter().filter_map(|name| strict.get_key_value(name.as_str())).collect();
        let keys = ["enum", "pattern", "minLength", "maxLength", "format", "x-opp-sensitive"];
        // Text without any rule is `String` where it has no name of its own.
        let inline = names.len() > 1 && keys.iter().all(|key| schema.get(*key).is_none());
        if schema["type"] != "string" || known.is_empty() || inline {
            continue;
        }
        let mut texts = Vec::new();
        match schema["enum"].as_array() {
            Some(values) => {
                for value in values.iter().filter_map(Value::as_str) {
                    texts.extend(candidates(&document, schema, value));
                }
            }
            None => {
                for _ in 0..8 {
                    let given = text(schema).new_tree(&mut runner).unwrap().current();
                    texts.extend(candidates(&document, schema, &given));
                    texts.extend(neighbours(&document, schema, &given));
                }
            }
        }
        // A short name may belong to another schema of that name; then the long one is this schema's.
        let keeps = |parse: &subjects::Strict| {
            let wrong = texts.iter().find(|(text, valid)| match parse(text) {
                Ok(same) => !valid || same != *text,
                Err(_) => *valid,
            });
            wrong.map(|(text, valid)| format!("{text:?} is {}", if *valid { "refused" } else { "taken" }))
        };
        let verdicts: Vec<_> = known.iter().map(|(name, parse)| (**name, keeps(parse))).collect();
        let right: Vec<_> = verdicts.iter().filter(|(_, wrong)| wrong.is_none()).map(|(name, _)| *name).collect();
        assert!(!right.is_empty(), "{schema}: {verdicts:?}");
        for name in right {
            open.remove(name);
        }
    }
    // Codes of errors are many enums in the document and one type.
    open.remove("MessageCode");
    assert!(open.is_empty(), "not checked: {open:?}");
}

#[test]
fn every_error_code_of_the_document_is_known() {
    let document = Document::read();
    let mut count = 0;
    for (name, schema) in document.schemas().iter().filter(|(name, _)| name.starts_with("MessageCode")) {
        for code in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !name.ends_with("2XX") {
                assert!(code.parse::<MessageCode>().is_ok(), "{code}");
                count += 1;
            }
        }
    }
    assert!(count > 100);
    assert!("NEW_CODE".parse::<MessageCode>().is_err());
}

#[test]
fn a_builder_says_which_field_was_wrong_and_why() {
    let wrong = Amount::builder().currency("sek").amount("12.00").build().unwrap_err();
    assert_eq!((wrong.field(), wrong.rule()), ("currency", "does not match [A-Z]{3}"));
    let missing = Amount::builder().currency("SEK").build().unwrap_err();
    assert_eq!(missing.to_string(), "amount is required");
    // The pattern is not anchored in the document, and means the whole amount nevertheless.
    let anchored = Amount::builder().currency("SEK").amount("12.00 kr").build().unwrap_err();
    assert_eq!(anchored.field(), "amount");
    // The first mistake is what is reported.
    let first = Amount::builder().amount("x").currency("y").build().unwrap_err();
    assert_eq!(first.field(), "amount");
    let whole = json!({"instructedAmount": {"currency": "SEK"}});
    let whole: PaymentInitiationSwedishGiroJson = serde_json::from_value(whole).unwrap();
    let debtor = AccountReferenceWithGiro::builder().iban("SE4550000000058398257466").build().unwrap();
    let deep = Builder::from(whole).debtor_account(debtor).creditor_name("Elnät AB").build().unwrap_err();
    assert_eq!(deep.to_string(), "instructedAmount.amount is required");
}

#[test]
fn a_mistake_in_a_list_names_the_element() {
    let reference = |iban: &str| serde_json::from_value::<AccountReference>(json!({ "iban": iban })).unwrap();
    let accounts = vec![reference("SE4550000000058398257466"), reference("no iban")];
    let wrong = AccountAccess::builder().accounts(accounts).build().unwrap_err();
    assert_eq!(wrong.field(), "accounts[1].iban");
}

#[test]
fn a_value_that_was_read_is_mended_by_a_builder() {
    let read: Amount = serde_json::from_value(json!({"currency": "SEK", "amount": "12,00"})).unwrap();
    assert_eq!(read.check().unwrap_err().field(), "amount");
    let mended = Builder::from(read).amount("12.00").build().unwrap();
    assert_eq!(mended.amount.unwrap().as_str(), "12.00");
}

#[test]
fn a_value_that_did_not_fit_is_replaced_by_one_that_does() {
    let read: Amount = serde_json::from_value(json!({"currency": "SEK", "amount": {"value": "12.00"}})).unwrap();
    let mended = Builder::from(read.clone()).amount("12.00").build().unwrap();
    assert_eq!(serde_json::to_string(&mended).unwrap(), r#"{"currency":"SEK","amount":"12.00"}"#);
    let mut by_hand = read;
    by_hand.amount = mended.amount;
    assert_eq!(by_hand.check().unwrap_err().to_string(), "amount is given twice: take it out of `extra`");
    by_hand.extra.remove("amount");
    assert!(by_hand.check().is_ok());
}

#[test]
fn dates_are_days_of_the_calendar_and_nothing_else() {
    for bad in ["2026-02-29", "2026-13-01", "20261121", "2026-11-21T10:00:00Z", " 2026-11-21"] {
        let wrong = Consents::builder().valid_until(bad).build().unwrap_err();
        assert_eq!(wrong.field(), "validUntil", "{bad}");
    }
    let day = "2028-02-29".parse::<ValidUntil>().unwrap().day().unwrap();
    assert_eq!(day.to_string(), "2028-02-29");
}

/// An enum of a request can be given what the document does not know, but only by that name.
#[test]
fn an_unknown_value_of_an_enum_is_sent_only_when_it_is_named_so() {
    let wrong = GiroReference::builder().giro_number("5555-5551").giro_type("GIRO").build().unwrap_err();
    assert_eq!(wrong.field(), "giroType");
    let named = types::GiroType::Unknown("GIRO".into());
    let right = GiroReference::builder().giro_number("5555-5551").giro_type(named).build().unwrap();
    assert_eq!(serde_json::to_value(right).unwrap()["giroType"], "GIRO");
}

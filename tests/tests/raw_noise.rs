//! Values as banks send them, for every schema: nothing fails to read, nothing is lost, and what is written another
//! way is read as the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use opp_raw::types;
use opp_tests::document::Document;
use opp_tests::generate::{Generator, TWISTS, any_json, oddity, runner};
use opp_tests::kept::lost;
use opp_tests::subjects::{self, Subject, Type};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value, json};

/// Runs a check with generated values of every component.
fn each_component(
    cases: u32,
    check: impl Fn(&Document, &Value, &Type, &Value, &Value, prop::sample::Index) -> Result<(), String>,
) {
    let document = Document::read();
    let generator = Generator::new(&document);
    for (name, kind) in subjects::components() {
        let schema = &document.schemas()[name];
        let values = (generator.component(name), oddity(), any::<prop::sample::Index>());
        let run = runner(cases).run(&values, |(value, odd, index)| {
            check(&document, schema, &kind, &value, &odd, index).map_err(TestCaseError::fail)
        });
        run.unwrap_or_else(|error| panic!("{name} as {}: {error}", kind.name));
    }
}

fn read(kind: &Type, value: &Value) -> Result<Box<dyn Subject>, String> {
    kind.read(value).map_err(|error| format!("{} does not read {value}: {error}", kind.name))
}

/// Reading again what was written gives the same.
fn stable(kind: &Type, subject: &dyn Subject) -> Result<(), String> {
    let once = subject.json();
    let twice = read(kind, &once)?.json();
    if once == twice { Ok(()) } else { Err(format!("{once}\nis written again as\n{twice}")) }
}

#[test]
fn every_component_and_every_type_is_in_the_table() {
    let document = Document::read();
    let table = subjects::components();
    let reachable = document.reachable();
    assert_eq!(table.keys().copied().collect::<BTreeSet<_>>(), reachable);

    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/opp-raw/src/generated/types.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let generated: BTreeSet<_> = source
        .lines()
        .filter_map(|line| ["pub struct ", "pub enum ", "pub type "].iter().find_map(|start| line.strip_prefix(start)))
        .filter_map(|line| line.split([' ', '(', ';']).next())
        .collect();
    let inline = subjects::inline();
    let mut named: BTreeSet<_> = inline.iter().map(|kind| kind.name).collect();
    for kind in table.values() {
        let bare = kind.name.rsplit('<').next().unwrap_or(kind.name).trim_end_matches(['>', ' ']).trim();
        named.insert(bare);
    }
    named.retain(|name| !["String", "bool", "i64"].contains(name));
    assert_eq!(named, generated);
}

#[test]
fn generated_values_are_valid() {
    let document = Document::read();
    let generator = Generator::new(&document);
    for name in document.reachable() {
        let validator = document.validator(&document.schemas()[name]);
        let run = runner(12).run(&generator.component(name), |value| {
            let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            prop_assert!(errors.is_empty(), "{value}: {errors:?}");
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Beyond that nothing is lost: what the document has a place for is in that place, and written as it was.
#[test]
fn a_valid_value_is_written_as_it_was_read() {
    each_component(16, |_, _, kind, value, _, _| {
        let after = read(kind, value)?.json();
        if after == *value { Ok(()) } else { Err(format!("{value}\nbecame\n{after}")) }
    });
}

#[test]
fn what_is_written_another_way_is_read_as_the_same() {
    let applied = std::cell::RefCell::new(Vec::new());
    each_component(20, |document, schema, kind, value, _, index| {
        let places = document.places(schema, value);
        for twist in TWISTS {
            let possible: Vec<_> = places
                .iter()
                .filter_map(|place| Some((place, twist.apply(document, place, value.pointer(&place.pointer)?)?)))
                // What has no place of its own stays as it came, and the types of Rust itself are as strict as ever.
                .filter(|(place, _)| !place.pointer.contains("/xOther"))
                .filter(|(place, _)| !place.pointer.is_empty() || !["bool", "i64", "String"].contains(&kind.name))
                .collect();
            if possible.is_empty() {
                continue;
            }
            let (place, twisted) = &possible[index.index(possible.len())];
            let mut whole = value.clone();
            *whole.pointer_mut(&place.pointer).unwrap() = twisted.clone();
            let after = read(kind, &whole)?.json();
            if after != *value {
                return Err(format!("{twist:?} at {:?}: {whole}\nbecame\n{after}", place.pointer));
            }
            if !applied.borrow().contains(&twist) {
                applied.borrow_mut().push(twist);
            }
        }
        Ok(())
    });
    assert_eq!(applied.borrow().len(), TWISTS.len(), "some twists were never tried: {applied:?}");
}

#[test]
fn whatever_stands_in_a_place_is_read_and_nothing_is_lost() {
    each_component(32, |document, schema, kind, value, odd, index| {
        // At the very root there may be no place for what does not fit.
        let mut places = document.places(schema, value);
        places.retain(|place| !place.pointer.is_empty());
        if places.is_empty() {
            return Ok(());
        }
        let mut whole = value.clone();
        *whole.pointer_mut(&places[index.index(places.len())].pointer).unwrap() = odd.clone();
        let subject = read(kind, &whole)?;
        stable(kind, &*subject)?;
        lost(&whole, &subject.json()).map_or(Ok(()), Err)
    });
}

#[test]
fn any_object_is_read_where_an_object_is_expected() {
    each_component(32, |document, schema, kind, value, odd, index| {
        let properties: Vec<_> = document.properties(schema).into_keys().collect();
        if properties.is_empty() {
            return Ok(());
        }
        let Value::Object(mut whole) = value.clone() else { return Ok(()) };
        // Noise under the names that are known, and under one that is not.
        for name in properties.iter().take(1 + index.index(properties.len())) {
            whole.insert((*name).to_owned(), odd.clone());
        }
        whole.insert("notInTheDocument".into(), odd.clone());
        let whole = Value::Object(whole);
        let subject = read(kind, &whole)?;
        stable(kind, &*subject)?;
        lost(&whole, &subject.json()).map_or(Ok(()), Err)
    });
}

#[test]
fn one_bad_element_loses_no_list() {
    let lists = std::cell::Cell::new(0);
    each_component(20, |document, schema, kind, value, odd, index| {
        let places = document.places(schema, value);
        let all: Vec<_> = places.iter().filter(|p| value.pointer(&p.pointer).is_some_and(Value::is_array)).collect();
        if all.is_empty() {
            return Ok(());
        }
        lists.set(lists.get() + 1);
        let mut whole = value.clone();
        let list = whole.pointer_mut(&all[index.index(all.len())].pointer).and_then(Value::as_array_mut).unwrap();
        list.insert(index.index(list.len() + 1), odd.clone());
        let subject = read(kind, &whole)?;
        lost(&whole, &subject.json()).map_or(Ok(()), Err)
    });
    assert!(lists.get() > 100, "only {} lists were tried", lists.get());
}

#[test]
fn an_enum_keeps_a_value_that_the_document_does_not_know() {
    let places = std::cell::Cell::new(0);
    each_component(20, |document, schema, kind, value, _, index| {
        let all = document.places(schema, value);
        for place in all.iter().filter(|place| place.schema.get("enum").is_some()) {
            places.set(places.get() + 1);
            let strange = ["NEW_VALUE", "", " acsc ", "Ünknown", "ACSC\n"][index.index(5)];
            let mut whole = value.clone();
            *whole.pointer_mut(&place.pointer).unwrap() = json!(strange);
            let after = read(kind, &whole)?.json();
            if after != whole {
                return Err(format!("{whole}\nbecame\n{after}"));
            }
        }
        Ok(())
    });
    assert!(places.get() > 500, "only {} enums were tried", places.get());
}

/// Types that stand for no component: their places are those of the document's parameters and inline schemas, and any
/// text has to go through them.
#[test]
fn inline_types_keep_whatever_text_they_are_given() {
    for kind in subjects::inline() {
        let run = runner(32).run(&any_json(), |value| {
            let Ok(subject) = kind.read(&value) else {
                // Texts and enums are no lists and objects; everything else reads objects.
                let scalar = value.is_string() || value.is_boolean() || value.is_number();
                let object = value.is_object() && kind.read(&json!({})).is_ok();
                let text = scalar && kind.read(&json!("x")).is_ok();
                prop_assert!(!object && !text, "{} does not read {value}", kind.name);
                return Ok(());
            };
            let what = lost(&value, &subject.json());
            prop_assert!(what.is_none(), "{}: {}", kind.name, what.unwrap_or_default());
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{}: {error}", kind.name));
    }
}

#[test]
fn nothing_at_all_is_an_empty_object() {
    let document = Document::read();
    for (name, kind) in subjects::components() {
        if document.properties(&document.schemas()[name]).is_empty() {
            continue;
        }
        let subject = kind.read(&json!({})).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(subject.json(), json!({}), "{name}");
    }
}

#[test]
fn of_a_field_that_comes_twice_the_last_value_counts() {
    let written = |text: &str| serde_json::to_string(&serde_json::from_str::<types::Amount>(text).unwrap()).unwrap();
    assert_eq!(written(r#"{"amount": {"value": "1"}, "x": 1, "amount": "2"}"#), r#"{"amount":"2","x":1}"#);
    assert_eq!(written(r#"{"amount": "1", "amount": {"value": "2"}}"#), r#"{"amount":{"value":"2"}}"#);
    assert_eq!(written(r#"{"amount": {"value": "1"}, "amount": null}"#), "{}");
}

#[test]
fn a_date_with_a_time_behind_it_is_that_day() {
    for text in ["2026-11-21", "2026-11-21T10:00:00Z", "2026-11-21T00:00:00.000+01:00", "2026-11-21 10:00"] {
        let details: types::TransactionDetails = serde_json::from_value(json!({"bookingDate": text})).unwrap();
        let date = details.booking_date.unwrap();
        assert_eq!(date.day().unwrap().to_string(), "2026-11-21");
        assert_eq!(date.as_str(), text);
    }
}

#[test]
fn money_keeps_every_digit_that_it_came_with() {
    for amount in ["1249.10", "0.10", "99999999999999.999", "-0.00"] {
        let text: types::Amount = serde_json::from_str(&format!("{{\"amount\":\"{amount}\"}}")).unwrap();
        assert_eq!(text.amount.unwrap().as_str(), amount);
    }
    let number: types::Amount = serde_json::from_str("{\"amount\":1249.5}").unwrap();
    assert_eq!(number.amount.unwrap().as_str(), "1249.5");
}

/// Where the document has a place for the unknown, it is found there under its name.
#[test]
fn what_is_beyond_the_document_is_found_under_its_name() {
    let links = json!({"self": {"href": "/a"}, "download": "/b", "zip": {"href": "/c"}});
    let response: types::PaymentInitiationResponse =
        serde_json::from_value(json!({"_links": links, "newField": {"a": 1}, "transactionStatus": {"no": "text"}}))
            .unwrap();
    assert_eq!(response.extra.get("newField"), Some(&json!({"a": 1})));
    assert_eq!(response.extra.get("transactionStatus"), Some(&json!({"no": "text"})));
    let links = response.links.unwrap();
    let download: types::HrefType = links.extra.read("download").unwrap();
    assert_eq!(download.href.unwrap().as_str(), "/b");
    let list: types::AccountList =
        serde_json::from_value(json!({"accounts": [{"iban": "SE1", "new": 1}, 7, {"resourceId": "2"}]})).unwrap();
    assert_eq!(list.accounts.len(), 2);
    assert_eq!(list.accounts.misfits().collect::<Vec<_>>(), [&json!(7)]);
    assert_eq!(list.accounts[0].extra.get("new"), Some(&json!(1)));
}

#[test]
fn text_that_is_no_json_is_an_error_and_never_a_panic() {
    for kind in subjects::components().values() {
        for broken in ["", "{", "{\"a\":", "[1,", "nul", "<html>"] {
            assert!(serde_json::from_str::<Map<String, Value>>(broken).is_err());
            assert!(kind.read_text(broken).is_err(), "{} reads {broken}", kind.name);
        }
    }
}

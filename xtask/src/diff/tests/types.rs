//! Types, fields, values and rules.

use serde_json::json;

use super::*;

#[test]
fn fields_come_freely_unless_build_demands_them() {
    let name = format!("{ANSWER}/properties/name");
    harmless(&added(&name), Kind::Field, Action::Added, "answer", "name");
    breaks(&removed(&name), Kind::Field, Action::Removed, "answer", "name");
    breaks(&added(&format!("{ORDER}/properties/text")), Kind::Field, Action::Added, "order", "text");
    assert_eq!(find(&removed(&name), Kind::Field, Action::Removed, "answer", "name").rust, "Answer::name");
}

#[test]
fn a_field_of_another_type_breaks() {
    let diff = changed(&format!("{ANSWER}/properties/name"), json!({"type": "integer"}));
    assert_eq!(find(&diff, Kind::Field, Action::Changed, "answer", "name").detail, "String → i64");
    assert!(diff.breaks());
}

#[test]
fn requiredness_breaks_only_where_something_is_sent() {
    breaks(&changed(&format!("{ORDER}/required/-"), json!("note")), Kind::Field, Action::Changed, "order", "note");
    harmless(&removed(&format!("{ORDER}/required/0")), Kind::Field, Action::Changed, "order", "text");
    let read = changed(&format!("{ANSWER}/required"), json!(["name"]));
    harmless(&read, Kind::Field, Action::Changed, "answer", "name");
}

#[test]
fn enums_are_open_so_values_come_freely_and_go_with_a_break() {
    let values = format!("{ANSWER}/properties/state/enum");
    harmless(&changed(&format!("{values}/-"), json!("new")), Kind::Value, Action::Added, "answer.state", "new");
    let diff = removed(&format!("{values}/1"));
    breaks(&diff, Kind::Value, Action::Removed, "answer.state", "shut");
    assert_eq!(find(&diff, Kind::Value, Action::Removed, "answer.state", "shut").rust, "State::Shut");
}

#[test]
fn a_value_whose_variant_gets_another_name_breaks() {
    // Both would be `AB`: the second gets a number, and is now the other.
    let values = format!("{ANSWER}/properties/state/enum");
    let old = with(base(), &values, json!(["a-b", "aB"]));
    let diff = compare(&old, &with(base(), &values, json!(["aB", "a-b"]))).unwrap();
    breaks(&diff, Kind::Value, Action::Changed, "answer.state", "aB");
}

#[test]
fn rules_break_when_they_tighten_for_what_is_sent() {
    let rule = |key: &str| format!("{ORDER}/properties/text/{key}");
    breaks(&changed(&rule("maxLength"), json!(35)), Kind::Rule, Action::Changed, "order.text", "maxLength");
    harmless(&changed(&rule("maxLength"), json!(140)), Kind::Rule, Action::Changed, "order.text", "maxLength");
    breaks(&changed(&rule("minLength"), json!(1)), Kind::Rule, Action::Added, "order.text", "minLength");
    breaks(&changed(&rule("pattern"), json!("[a-z]*")), Kind::Rule, Action::Added, "order.text", "pattern");
    breaks(&changed(&rule("x-opp-sensitive"), json!(true)), Kind::Rule, Action::Added, "order.text", "sensitive");
}

#[test]
fn an_object_that_may_no_longer_be_empty_breaks_who_sends_it() {
    let least = format!("{ORDER}/minProperties");
    breaks(&changed(&least, json!(1)), Kind::Rule, Action::Added, "order", "minProperties");
    let read = changed(&format!("{ANSWER}/minProperties"), json!(1));
    harmless(&read, Kind::Rule, Action::Added, "answer", "minProperties");
}

#[test]
fn rules_for_what_is_only_read_break_nobody() {
    let diff = changed("/components/schemas/day/maxLength", json!(10));
    harmless(&diff, Kind::Rule, Action::Added, "day", "maxLength");
}

#[test]
fn a_date_that_becomes_text_loses_its_conversions() {
    let old = with(base(), "/components/schemas/day/maxLength", json!(10));
    let new = with(base(), "/components/schemas/day", json!({"type": "string", "maxLength": 10}));
    breaks(&compare(&old, &new).unwrap(), Kind::Rule, Action::Removed, "day", "format");
}

#[test]
fn the_length_of_a_list_is_a_rule_of_its_field() {
    let bound = format!("{ORDER}/properties/tags/maxItems");
    breaks(&changed(&bound, json!(3)), Kind::Rule, Action::Changed, "order", "tags maxItems");
    harmless(&changed(&bound, json!(9)), Kind::Rule, Action::Changed, "order", "tags maxItems");
}

#[test]
fn types_come_freely_and_go_with_a_break() {
    let day = format!("{ANSWER}/properties/day");
    breaks(&removed(&day), Kind::Type, Action::Removed, "day", "");
    harmless(&added(&day), Kind::Type, Action::Added, "day", "");
}

#[test]
fn a_type_that_becomes_another_kind_breaks() {
    let diff = changed("/components/schemas/day", json!({"type": "string", "enum": ["monday"]}));
    assert_eq!(find(&diff, Kind::Type, Action::Changed, "day", "kind").detail, "text → enum");
    assert!(diff.breaks());
}

#[test]
fn a_type_that_is_no_longer_sent_loses_its_builder() {
    let body = format!("{POST}/requestBody/content/application~1json/schema");
    let read = with(base(), &format!("{ANSWER}/properties/order"), json!({"$ref": "#/components/schemas/order"}));
    let diff = compare(&read, &with(read.clone(), &body, json!({"$ref": "#/components/schemas/answer"}))).unwrap();
    // The answer holds the order, so both are sent now.
    assert!(diff.changes.iter().all(|c| (c.kind, c.part.as_str()) != (Kind::Type, "use") || !c.breaking));
    let none = with(read.clone(), &body, json!({"type": "object", "properties": {"else": {"type": "string"}}}));
    breaks(&compare(&read, &none).unwrap(), Kind::Type, Action::Changed, "order", "use");
}

#[test]
fn a_schema_that_moved_and_keeps_its_name_in_rust_is_no_difference() {
    let state = format!("{ANSWER}/properties/state");
    let mut new = with(base(), "/components/schemas/state", base().pointer(&state).unwrap().clone());
    new = with(new, &state, json!({"$ref": "#/components/schemas/state"}));
    assert_eq!(compare(&base(), &new).unwrap().changes, []);
}

#[test]
fn a_schema_with_another_name_is_told_as_one_rename() {
    let state = format!("{ANSWER}/properties/state");
    let mut new = with(base(), "/components/schemas/condition", base().pointer(&state).unwrap().clone());
    new = with(new, &state, json!({"$ref": "#/components/schemas/condition"}));
    let diff = compare(&base(), &new).unwrap();
    assert_eq!(find(&diff, Kind::Type, Action::Changed, "condition", "name").detail, "State → Condition");
    breaks(&diff, Kind::Field, Action::Changed, "answer", "state");
    assert_eq!(diff.changes.len(), 2, "{diff:#?}");
}

#[test]
fn choices_come_freely_and_go_with_a_break() {
    let body = format!("{POST}/requestBody/content/application~1json/schema");
    let text = |name: &str| json!({"type": "object", "required": [name], "properties": {name: {"type": "string"}}});
    let document = |names: &[&str]| {
        let mut document = base();
        for name in names {
            document["components"]["schemas"][*name] = text(name);
        }
        let branches = names.iter().map(|name| json!({"$ref": format!("#/components/schemas/{name}")}));
        with(document, &body, json!({"oneOf": branches.collect::<Vec<_>>()}))
    };
    let (two, three) = (document(&["cat", "dog"]), document(&["cat", "dog", "eel"]));
    harmless(&compare(&two, &three).unwrap(), Kind::Value, Action::Added, "makeA request", "Eel");
    breaks(&compare(&three, &two).unwrap(), Kind::Value, Action::Removed, "makeA request", "Eel");
}

//! Operations and their parts.

use serde_json::json;

use super::*;

#[test]
fn operations_come_freely_and_go_with_a_break() {
    let diff = removed("/paths/~1a~1{id}");
    breaks(&diff, Kind::Operation, Action::Removed, "getA", "");
    harmless(&added("/paths/~1a~1{id}"), Kind::Operation, Action::Added, "getA", "");
    assert_eq!(find(&diff, Kind::Operation, Action::Removed, "getA", "").rust, "get_a");
}

#[test]
fn another_id_breaks_if_it_gives_another_method() {
    let other = changed(&format!("{GET}/operationId"), json!("readA"));
    breaks(&other, Kind::Operation, Action::Changed, "readA", "id");
    assert_eq!(other.summary(), "operations ~1; 1 change breaks users");
    let spelt = changed(&format!("{GET}/operationId"), json!("get-a"));
    assert!(!spelt.breaks(), "{spelt:#?}");
}

#[test]
fn another_path_leaves_the_method_as_it_is() {
    let mut new = base();
    let item = new["paths"].as_object_mut().unwrap().shift_remove("/a").unwrap();
    new["paths"]["/v2/a"] = item;
    let diff = compare(&base(), &new).unwrap();
    harmless(&diff, Kind::Operation, Action::Changed, "makeA", "address");
}

#[test]
fn another_tag_moves_the_operation_to_another_service() {
    let diff = changed(&format!("{GET}/tags/0"), json!("B service"));
    harmless(&diff, Kind::Operation, Action::Changed, "getA", "service");
}

#[test]
fn a_service_that_only_changed_its_name_is_one_group() {
    let mut new = with(base(), &format!("{GET}/tags/0"), json!("The A service"));
    new = with(new, &format!("{POST}/tags/0"), json!("The A service"));
    assert_eq!(compare(&base(), &new).unwrap().changes, []);
}

#[test]
fn a_host_of_its_own_is_told_of_the_operation() {
    let diff = changed(&format!("{GET}/servers"), json!([{"url": "https://other.example.com"}]));
    harmless(&diff, Kind::Operation, Action::Changed, "getA", "server");
    find(&diff, Kind::Server, Action::Added, "servers", "other");
}

#[test]
fn path_parameters_may_change_their_name_but_not_their_order() {
    let path = |path: &str, names: [&str; 2]| {
        let mut document = base();
        let parameters =
            names.map(|n| json!({"name": n, "in": "path", "required": true, "schema": {"type": "string"}}));
        document["paths"] = json!({path: {"get": {
            "operationId": "getB", "parameters": parameters, "responses": {"204": {"description": ""}}
        }}});
        document
    };
    let old = path("/b/{x}/{y}", ["x", "y"]);
    let diff = compare(&old, &path("/b/{x}/{z}", ["x", "z"])).unwrap();
    harmless(&diff, Kind::Path, Action::Changed, "getB", "z");
    let diff = compare(&old, &path("/b/{y}/{x}", ["x", "y"])).unwrap();
    breaks(&diff, Kind::Path, Action::Changed, "getB", "x");
}

#[test]
fn query_parameters_are_arguments_whether_they_come_go_or_change() {
    let limit = format!("{GET}/parameters/1");
    breaks(&removed(&limit), Kind::Query, Action::Removed, "getA", "limit");
    breaks(&added(&limit), Kind::Query, Action::Added, "getA", "limit");
    let kind = changed(&format!("{limit}/schema/type"), json!("boolean"));
    breaks(&kind, Kind::Query, Action::Changed, "getA", "limit");
    breaks(&kind, Kind::Signature, Action::Changed, "getA", "get_a");
    let needed = changed(&format!("{limit}/required"), json!(true));
    assert_eq!(find(&needed, Kind::Query, Action::Changed, "getA", "limit").detail, "optional → required");
    assert!(needed.breaks());
}

#[test]
fn a_list_that_is_sent_in_another_way_is_told() {
    let list = |explode: bool| json!({"name": "ids", "in": "query", "explode": explode, "schema": {"type": "array", "items": {"type": "string"}}});
    let old = with(base(), &format!("{GET}/parameters/1"), list(true));
    let new = with(base(), &format!("{GET}/parameters/1"), list(false));
    harmless(&compare(&old, &new).unwrap(), Kind::Query, Action::Changed, "getA", "ids");
}

#[test]
fn a_header_breaks_when_calls_without_it_are_refused() {
    let header =
        |required: bool| json!({"name": "X-New", "in": "header", "required": required, "schema": {"type": "string"}});
    let parameters = format!("{POST}/parameters/-");
    harmless(&changed(&parameters, header(false)), Kind::Header, Action::Added, "makeA", "X-New");
    breaks(&changed(&parameters, header(true)), Kind::Header, Action::Added, "makeA", "X-New");
    let needed = changed(&format!("{POST}/parameters/0/required"), json!(true));
    breaks(&needed, Kind::Header, Action::Changed, "makeA", "X-Trace");
}

#[test]
fn a_header_that_another_operation_still_has_goes_without_a_break() {
    harmless(&removed(&format!("{POST}/parameters/0")), Kind::Header, Action::Removed, "makeA", "X-Trace");
    let other = |name: &str| json!({"name": name, "in": "header", "schema": {"type": "string"}});
    let new = with(base(), &format!("{POST}/parameters/0"), other("X-Other"));
    let new = with(new, &format!("{GET}/parameters/2"), other("X-Other"));
    let diff = compare(&base(), &new).unwrap();
    breaks(&diff, Kind::Field, Action::Removed, "request headers", "X-Trace");
}

#[test]
fn a_document_without_headers_keeps_the_struct_of_headers() {
    let mut new = without(&format!("{POST}/parameters/0"));
    new["paths"]["/a/{id}"]["get"]["parameters"].as_array_mut().unwrap().remove(2);
    let diff = compare(&base(), &new).unwrap();
    breaks(&diff, Kind::Field, Action::Removed, "request headers", "X-Trace");
    assert!(diff.changes.iter().all(|change| change.kind != Kind::Type), "{diff:#?}");
}

#[test]
fn a_body_is_an_argument() {
    let body = format!("{POST}/requestBody");
    breaks(&removed(&body), Kind::Body, Action::Removed, "makeA", "");
    breaks(&added(&body), Kind::Body, Action::Added, "makeA", "");
    breaks(&changed(&format!("{body}/required"), json!(false)), Kind::Body, Action::Changed, "makeA", "");
}

#[test]
fn a_media_type_beside_json_brings_a_method_and_takes_it_away() {
    let xml = format!("{POST}/requestBody/content/application~1xml");
    let diff = changed(&xml, json!({"schema": {"type": "string"}}));
    harmless(&diff, Kind::Media, Action::Added, "makeA", "application/xml");
    harmless(&diff, Kind::Signature, Action::Added, "makeA", "make_a_raw");
    let back = compare(&with(base(), &xml, json!({})), &base()).unwrap();
    breaks(&back, Kind::Media, Action::Removed, "makeA", "application/xml");
    breaks(&back, Kind::Signature, Action::Removed, "makeA", "make_a_raw");
}

#[test]
fn an_answer_of_another_type_changes_the_signature() {
    let schema = format!("{GET}/responses/200/content/application~1json/schema");
    let diff = changed(&schema, json!({"$ref": "#/components/schemas/order"}));
    let signature = find(&diff, Kind::Signature, Action::Changed, "getA", "get_a");
    assert_eq!(signature.detail, "(&str, Option<i64>) -> Answer → (&str, Option<i64>) -> Order");
    assert!(signature.breaking);
}

#[test]
fn statuses_come_and_go_freely() {
    harmless(&removed(&format!("{POST}/responses/400")), Kind::Status, Action::Removed, "makeA", "400");
    let diff = changed(&format!("{POST}/responses/202"), json!({"description": ""}));
    harmless(&diff, Kind::Status, Action::Added, "makeA", "202");
}

#[test]
fn a_scope_breaks_when_tokens_for_it_are_refused() {
    breaks(&removed(&format!("{POST}/security/0")), Kind::Scope, Action::Removed, "makeA", "a");
    harmless(&added(&format!("{POST}/security/0")), Kind::Scope, Action::Added, "makeA", "a");
    breaks(&changed(&format!("{GET}/security"), json!([{"oauth": ["a"]}])), Kind::Scope, Action::Added, "getA", "a");
}

//! Headers: one typed value for all that a request may carry, one for all that an answer may carry.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::document::walk::{operations, schemas, schemas_mut, text};

use super::union::union;

/// The component whose properties are the header parameters of all operations.
pub const REQUEST: &str = "RequestHeaders";
/// The component whose properties are the response headers of all operations.
pub const RESPONSE: &str = "ResponseHeaders";

/// Makes both components. A header has one type, whichever operation names it; names differ in case only by accident.
pub fn lift_headers(root: &mut Value) -> Result<()> {
    let known = schemas(root).cloned().unwrap_or_default();
    let (mut request, mut response) = (Properties::default(), Properties::default());
    operations(root, |_, _, operation, _| {
        for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            if text(parameter, "in") == Some("header") {
                request.add(text(parameter, "name").unwrap_or_default(), parameter, &known);
            }
        }
        for answer in operation.get("responses").and_then(Value::as_object).into_iter().flat_map(Map::values) {
            for (name, header) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
                response.add(name, header, &known);
            }
        }
    });
    crate::document::walk::operations_mut(root, |_, _, operation| {
        for answer in
            operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
        {
            if let Some(map) = answer.as_object_mut() {
                map.shift_remove("headers");
            }
        }
    });
    let request = request.into_schema("Every header that the document gives to a request, each typed.");
    let response = response.into_schema("Every header that the document gives to an answer, read tolerantly.");
    schemas_mut(root).insert(REQUEST.into(), request);
    schemas_mut(root).insert(RESPONSE.into(), response);
    Ok(())
}

/// Headers that the HTTP layer sets by itself.
pub fn is_transport(name: &str) -> bool {
    ["accept", "authorization", "content-type"].contains(&name.to_ascii_lowercase().as_str())
}

#[derive(Default)]
struct Properties {
    /// Lower-case name to the name as first written, and the schema.
    found: BTreeMap<String, (String, Value)>,
}

impl Properties {
    fn add(&mut self, name: &str, parameter: &Value, known: &Map<String, Value>) {
        if is_transport(name) {
            return;
        }
        let mut schema = parameter.get("schema").cloned().unwrap_or_else(|| json!({"type": "string"}));
        if let (Some(map), Some(description)) = (schema.as_object_mut(), parameter.get("description")) {
            // The parameter tells more than its schema does, but a reference stands alone.
            if !map.contains_key("$ref") {
                map.insert("description".into(), description.clone());
            }
        }
        match self.found.get_mut(&name.to_ascii_lowercase()) {
            Some((_, existing)) => *existing = union(existing, &schema, known),
            None => {
                self.found.insert(name.to_ascii_lowercase(), (name.to_owned(), schema));
            }
        }
    }

    fn into_schema(self, description: &str) -> Value {
        let properties: Map<String, Value> = self.found.into_values().collect();
        json!({"type": "object", "description": description, "properties": properties})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_is_one_property_whatever_its_case() {
        let mut root = json!({"paths": {
            "/a": {"get": {"parameters": [
                {"in": "header", "name": "PSU-Corporate-ID", "schema": {"type": "string", "maxLength": 10}},
                {"in": "header", "name": "Authorization", "schema": {"type": "string"}}
            ], "responses": {"200": {"headers": {"Location": {"schema": {"type": "string"}}}}}}},
            "/b": {"get": {"parameters": [{"in": "header", "name": "PSU-Corporate-Id", "schema": {"type": "string"}}], "responses": {}}}
        }});
        lift_headers(&mut root).unwrap();
        let properties = &root["components"]["schemas"]["RequestHeaders"]["properties"];
        assert_eq!(properties, &json!({"PSU-Corporate-ID": {"type": "string"}}));
        assert!(root["components"]["schemas"]["ResponseHeaders"]["properties"].get("Location").is_some());
    }
}

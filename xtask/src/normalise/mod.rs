//! From the corrected document to what progenitor can take and the emitters can rely on.
//!
//! A correction says what is true of the platform and is data. A normalisation is what code generation needs, and is
//! a named function here, written for the kind of thing and not for the one place, with a test of its own.

pub mod compose;
pub mod errors;
pub mod headers;
pub mod hoist;
pub mod names;
pub mod operations;
pub mod patterns;
pub mod repair;
pub mod resolve;
pub mod servers;
pub mod structure;
pub mod union;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Map, Value};

use crate::automaton::Automaton;
use crate::document::walk::{component, schemas, text};
use operations::Operation;
use servers::Server;

/// The document after all passes.
#[derive(Debug, Clone)]
pub struct Normal {
    /// An `OpenAPI` document in which every schema that needs a name has one, and everything else is plain.
    pub root: Value,
    /// The operations as facts.
    pub operations: Vec<Operation>,
    /// The hosts; the first is the API itself.
    pub servers: Vec<Server>,
    /// What takes the texts that match a pattern, by pattern.
    pub automata: BTreeMap<String, Automaton>,
    /// Names of the types that a request may hold: these get builders and checks.
    pub written: BTreeSet<String>,
}

impl Normal {
    /// The named schemas, sorted by name.
    pub fn schemas(&self) -> BTreeMap<&str, &Value> {
        schemas(&self.root).into_iter().flatten().map(|(name, schema)| (name.as_str(), schema)).collect()
    }
}

/// A pass that may refuse, naming the place.
type Pass = fn(&mut Value) -> Result<()>;

/// Mends what every reader of the document needs mended; the bundle that others read gets these too.
pub fn repair(root: &mut Value) {
    repair::operation_ids(root);
    repair::responses(root);
    repair::required_lists(root);
    repair::types(root);
    repair::patterns(root);
}

/// Runs every pass in order.
pub fn normalise(document: &Value) -> Result<Normal> {
    structure::check(document)?;
    let mut root = document.clone();
    repair(&mut root);
    let passes: [(&str, Pass); 19] = [
        ("references", resolve::references),
        ("schema_references", |root| resolve::schema_references(root)),
        ("path_parameters", |root| {
            repair::path_parameters(root);
            Ok(())
        }),
        ("note_errors", operations::note_errors),
        ("collect_codes", errors::collect_codes),
        ("drop_errors", errors::drop_errors),
        ("drop_schemas_of_bytes", compose::drop_schemas_of_bytes),
        ("choices_of_bodies", compose::choices_of_bodies),
        ("flatten_all_of", compose::flatten_all_of),
        ("merge_choices", compose::merge_choices),
        ("one_answer", compose::one_answer),
        ("flags", names::flags),
        ("enum_values", names::enum_values),
        ("sensitive_items", names::sensitive_items),
        ("lift_headers", headers::lift_headers),
        ("inline_shapeless", names::inline_shapeless),
        ("pascal", names::pascal),
        ("hoist", hoist::hoist),
        ("prune", |root| names::prune(root, &[headers::REQUEST, headers::RESPONSE, errors::CODES])),
    ];
    for (name, pass) in passes {
        pass(&mut root).map_err(|error| error.context(format!("pass {name}")))?;
    }
    let servers = servers::split_servers(&mut root)?;
    let operations = operations::collect(&root)?;
    let automata = patterns::automata(&mut root)?;
    let written = written(&root);
    Ok(Normal { root, operations, servers, automata, written })
}

/// The types reached from request bodies and request headers.
fn written(root: &Value) -> BTreeSet<String> {
    fn reach(value: &Value, known: &Map<String, Value>, found: &mut BTreeSet<String>) {
        if let Some(name) = text(value, "$ref").and_then(|r| component(r, "schemas")) {
            if found.insert(name.to_owned())
                && let Some(schema) = known.get(name)
            {
                reach(schema, known, found);
            }
            return;
        }
        match value {
            Value::Object(map) => map.values().for_each(|inner| reach(inner, known, found)),
            Value::Array(items) => items.iter().for_each(|inner| reach(inner, known, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    let Some(known) = schemas(root) else { return found };
    crate::document::walk::operations(root, |_, _, operation, _| {
        if let Some(body) = operation.get("requestBody") {
            reach(body, known, &mut found);
        }
    });
    if let Some(kept) = root.get("x-opp-keep") {
        reach(kept, known, &mut found);
    }
    found.insert(headers::REQUEST.to_owned());
    if let Some(schema) = known.get(headers::REQUEST) {
        reach(schema, known, &mut found);
    }
    found
}

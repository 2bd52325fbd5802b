//! Patterns that the generated code holds texts against.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::automaton::Automaton;
use crate::document::walk::{each_schema_mut, schemas_mut, text};

/// The automata of all patterns, by pattern.
///
/// A pattern that cannot be made into one, or would be read otherwise than by ECMAScript, whose they are, is refused: a
/// check that is quietly left out, or means something else, is worse than none. An automaton knows neither look-around
/// nor back-references, and takes time in proportion to the text. No edition needs more so far.
pub fn automata(root: &mut Value) -> Result<BTreeMap<String, Automaton>> {
    let mut automata = BTreeMap::new();
    for (name, schema) in schemas_mut(root) {
        let mut patterns = Vec::new();
        each_schema_mut(schema, &mut |schema| patterns.extend(text(schema, "pattern").map(str::to_owned)));
        for pattern in patterns {
            let automaton = Automaton::of(&pattern).with_context(|| {
                format!("#/components/schemas/{name}: the pattern `{pattern}` cannot be checked at run time")
            })?;
            automata.insert(pattern, automaton);
        }
    }
    Ok(automata)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(pattern: &str) -> Result<BTreeMap<String, Automaton>> {
        automata(&mut json!({"components": {"schemas": {"a": {"properties": {"b": {"pattern": pattern}}}}}}))
    }

    #[test]
    fn what_both_engines_read_alike_is_kept() {
        for pattern in [r"^RF[0-9]{2}[A-Z0-9]+$", r"-?[0-9]{1,14}(\.[0-9]{1,3})?", r"^\d{2}\w$", r"\\s"] {
            outcome(pattern).unwrap();
        }
    }

    #[test]
    fn what_they_read_differently_is_refused_by_name() {
        for pattern in [r"^(?=a)b$", r"(a)\1", r"\s+", r"a\b"] {
            let refusal = format!("{:#}", outcome(pattern).unwrap_err());
            assert!(refusal.contains("#/components/schemas/a") && refusal.contains(pattern), "{refusal}");
        }
    }
}

//! Patterns that the generated code can hold a text against.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::document::walk::{each_schema_mut, text};

/// What both engines take and read differently: to ECMAScript these know all of Unicode.
const READ_DIFFERENTLY: [&str; 4] = [r"\s", r"\S", r"\b", r"\B"];

/// Refuses patterns that the engine of the raw crate would not take, or would read otherwise than ECMAScript, whose they
/// are: a check that is quietly left out, or means something else, is worse than none.
///
/// That engine has neither look-around nor back-references, builds in a third of the time of one that has, and takes
/// time in proportion to the text. No edition needs more so far.
pub fn read_alike(root: &mut Value) -> Result<()> {
    let Some(schemas) = root.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return Ok(()) };
    for (name, schema) in schemas {
        let mut refused = None;
        each_schema_mut(schema, &mut |schema| {
            let Some(pattern) = text(schema, "pattern") else { return };
            let escapes = pattern.replace(r"\\", "");
            if regex_lite::Regex::new(pattern).is_err()
                || READ_DIFFERENTLY.iter().any(|escape| escapes.contains(escape))
            {
                refused = Some(pattern.to_owned());
            }
        });
        if let Some(pattern) = refused {
            bail!(
                "#/components/schemas/{name}: the pattern `{pattern}` cannot be checked at run time as ECMAScript means it; \
                 say the same in a correction without look-around, back-references and classes of Unicode, or remove it there"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(pattern: &str) -> Result<()> {
        read_alike(&mut json!({"components": {"schemas": {"a": {"properties": {"b": {"pattern": pattern}}}}}}))
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
            let refusal = outcome(pattern).unwrap_err().to_string();
            assert!(refusal.contains("#/components/schemas/a") && refusal.contains(pattern), "{refusal}");
        }
    }
}

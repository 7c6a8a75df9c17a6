//! What Anthropic's strict mode does otherwise than OpenAI's: fewer keywords, no schema that holds itself, and limits of what may be open.
//! See <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>.

use std::collections::BTreeMap;

use super::{
    SchemaError, fail,
    merge::resolve,
    tree::{Fields, Tree},
};

/// Keywords that it takes as they stand.
const KEPT: [&str; 4] = ["type", "description", "enum", "const"];

/// The most properties that may be left out.
const OPTIONAL: usize = 24;

/// The most places where there is a choice of types.
const UNIONS: usize = 16;

/// Whether a keyword may stay. A list may be told that it must hold something, and no more.
pub(super) fn keeps(name: &str, value: &Tree) -> bool {
    KEPT.contains(&name)
        || (name == "minItems" && matches!(value, Tree::Scalar(json) if json == "0" || json == "1"))
}

/// The format of a string that it takes and OpenAI's does not.
pub(super) fn is_format(name: &str) -> bool {
    name == "uri"
}

/// Refuses a schema that has been rewritten and holds itself, or leaves too much open.
pub(super) fn check(root: &Tree) -> Result<(), SchemaError> {
    let mut walk = Walk { root, seen: BTreeMap::new(), optional: 0, unions: 0 };
    walk.schema(root, "")?;
    if walk.optional > OPTIONAL {
        let reason = format!("{} properties may be left out, and {OPTIONAL} are allowed", walk.optional);
        return Err(fail("", reason));
    }
    if walk.unions > UNIONS {
        let reason =
            format!("there is a choice of types in {} places, and {UNIONS} are allowed", walk.unions);
        return Err(fail("", reason));
    }
    Ok(())
}

struct Walk<'a> {
    root: &'a Tree,
    /// References that were followed, and whether they have been followed to their end.
    seen: BTreeMap<&'a str, bool>,
    optional: usize,
    unions: usize,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Tree, path: &str) -> Result<(), SchemaError> {
        let Tree::Object(fields) = schema else { return Ok(()) };
        if let Some(reference) = schema.field("$ref").and_then(Tree::text) {
            return self.reference(reference, path);
        }
        let is_union = |(name, value): &(String, Tree)| {
            name == "anyOf" || (name == "type" && matches!(value, Tree::Array(_)))
        };
        self.unions += usize::from(fields.iter().any(is_union));
        self.optional += left_out(schema);
        for (name, value) in fields {
            let at = format!("{path}/{name}");
            match (name.as_str(), value) {
                // Definitions count where they are used.
                ("properties", Tree::Object(named)) => self.named(named, &at)?,
                ("items", schema) => self.schema(schema, &at)?,
                ("anyOf", Tree::Array(variants)) => {
                    variants.iter().try_for_each(|variant| self.schema(variant, &at))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn named(&mut self, schemas: &'a Fields, path: &str) -> Result<(), SchemaError> {
        schemas.iter().try_for_each(|(name, schema)| self.schema(schema, &format!("{path}/{name}")))
    }

    fn reference(&mut self, reference: &'a str, path: &str) -> Result<(), SchemaError> {
        match self.seen.get(reference) {
            Some(true) => return Ok(()),
            Some(false) => return Err(fail(path, "it holds itself; say how deep it may be")),
            None => {}
        }
        self.seen.insert(reference, false);
        let target = resolve(self.root, reference).map_err(|reason| fail(path, reason))?;
        self.schema(target, path)?;
        self.seen.insert(reference, true);
        Ok(())
    }
}

/// How many properties of an object may be left out.
fn left_out(schema: &Tree) -> usize {
    let Some(Tree::Object(properties)) = schema.field("properties") else { return 0 };
    let required = match schema.field("required") {
        Some(Tree::Array(names)) => names.len(),
        _ => 0,
    };
    properties.len().saturating_sub(required)
}

#[cfg(test)]
mod tests;

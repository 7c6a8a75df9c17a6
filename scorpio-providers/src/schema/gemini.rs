//! JSON schemas in the subset that Gemini takes: nearly all of it stays as it is.

use super::{
    SchemaError, fail,
    tree::{Fields, Tree},
};

/// Deeper schemas are refused.
const MAX_DEPTH: usize = 128;

/// Keywords that Gemini refuses or mishandles, and that say nothing a description could not.
const DROPPED: [&str; 13] = [
    "$schema",
    "$id",
    "$comment",
    "$anchor",
    "title",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "discriminator",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "unevaluatedProperties",
];

/// Keywords whose values are schemas by name.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];

/// The schema as Gemini takes it.
pub(super) fn rewrite(schema: &Tree, path: &str, depth: usize) -> Result<Tree, SchemaError> {
    if depth > MAX_DEPTH {
        return Err(fail(path, "it is nested too deep"));
    }
    let Tree::Object(fields) = schema else { return Ok(schema.clone()) };
    let mut rewritten = Fields::new();
    for (name, value) in fields {
        let at = format!("{path}/{name}");
        match name.as_str() {
            name if DROPPED.contains(&name) => {}
            "const" => rewritten.push(("enum".to_owned(), Tree::Array(vec![value.clone()]))),
            "oneOf" => rewritten.push(("anyOf".to_owned(), each(value, &at, depth)?)),
            "anyOf" | "allOf" | "prefixItems" => rewritten.push((name.clone(), each(value, &at, depth)?)),
            "items" | "additionalProperties" => {
                rewritten.push((name.clone(), rewrite(value, &at, depth + 1)?))
            }
            name if NAMED.contains(&name) => rewritten.push((name.to_owned(), by_name(value, &at, depth)?)),
            _ => rewritten.push((name.clone(), value.clone())),
        }
    }
    Ok(Tree::Object(rewritten))
}

fn each(schemas: &Tree, path: &str, depth: usize) -> Result<Tree, SchemaError> {
    let Tree::Array(schemas) = schemas else { return Err(fail(path, "it must be a list")) };
    let rewrite = |(index, schema)| rewrite(schema, &format!("{path}/{index}"), depth + 1);
    schemas.iter().enumerate().map(rewrite).collect::<Result<_, _>>().map(Tree::Array)
}

fn by_name(schemas: &Tree, path: &str, depth: usize) -> Result<Tree, SchemaError> {
    let Tree::Object(schemas) = schemas else { return Err(fail(path, "it must be an object")) };
    let rewrite = |(name, schema): &(String, Tree)| {
        Ok((name.clone(), rewrite(schema, &format!("{path}/{name}"), depth + 1)?))
    };
    schemas.iter().map(rewrite).collect::<Result<_, _>>().map(Tree::Object)
}

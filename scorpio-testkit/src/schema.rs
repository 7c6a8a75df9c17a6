//! The subsets of JSON Schema that vendors take, as far as they are told apart by what is in a schema.

use serde_json::Value;

use crate::json::{field, items, text};

/// What strict mode of OpenAI refuses.
const NOT_OPENAI: [&str; 6] = ["default", "oneOf", "allOf", "not", "patternProperties", "$schema"];

/// What Anthropic refuses in the shape of an answer and in strict tools.
const NOT_ANTHROPIC: [&str; 9] = [
    "default",
    "oneOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "$schema",
];

/// What Gemini refuses in JSON Schema.
const NOT_GEMINI: [&str; 5] = ["oneOf", "const", "exclusiveMinimum", "exclusiveMaximum", "discriminator"];

/// The strict mode of OpenAI: objects are closed and name all their properties as required, and not every word is known.
pub(crate) fn openai(schema: &Value) -> Result<(), String> {
    if !field(schema, "anyOf").is_null() {
        return Err("schema must not have 'anyOf' at the top level.".to_owned());
    }
    walk(schema, "", &mut |schema, context| {
        forbid(schema, context, &NOT_OPENAI)?;
        if text(schema, "type") == "array" && field(schema, "items").is_null() {
            return Err(format!("In context=({context}), array schema missing items."));
        }
        let Some(properties) = field(schema, "properties").as_object() else { return Ok(()) };
        closed(schema, context)?;
        let required = items(field(schema, "required"));
        match properties.keys().find(|name| !required.iter().any(|known| known == name.as_str())) {
            Some(missing) => Err(format!(
                "In context=({context}), 'required' is required to be supplied and to be an array including every key in properties. Missing '{missing}'."
            )),
            None => Ok(()),
        }
    })
}

/// The strict mode of Anthropic: objects are closed, and at most 24 properties are optional.
pub(crate) fn anthropic(schema: &Value) -> Result<(), String> {
    let mut optional = 0;
    walk(schema, "", &mut |schema, context| {
        forbid(schema, context, &NOT_ANTHROPIC)?;
        if text(schema, "type") == "object" {
            if field(schema, "additionalProperties") != &Value::Bool(false) {
                return Err(
                    "For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned()
                );
            }
            let properties = field(schema, "properties").as_object().map_or(0, serde_json::Map::len);
            optional += properties.saturating_sub(items(field(schema, "required")).len());
        }
        Ok(())
    })?;
    match optional {
        0..=24 => Ok(()),
        _ => Err(format!("Schemas contains too many optional parameters ({optional}), maximum is 24")),
    }
}

/// The JSON Schema of Gemini.
pub(crate) fn gemini(schema: &Value) -> Result<(), String> {
    walk(schema, "", &mut |schema, context| forbid(schema, context, &NOT_GEMINI))
}

fn forbid(schema: &Value, context: &str, words: &[&str]) -> Result<(), String> {
    match words.iter().find(|word| !field(schema, word).is_null()) {
        Some(word) => Err(format!("In context=({context}), '{word}' is not permitted.")),
        None => Ok(()),
    }
}

fn closed(schema: &Value, context: &str) -> Result<(), String> {
    match field(schema, "additionalProperties") {
        Value::Bool(false) => Ok(()),
        _ => Err(format!(
            "In context=({context}), 'additionalProperties' is required to be supplied and to be false."
        )),
    }
}

type Check<'a> = dyn FnMut(&Value, &str) -> Result<(), String> + 'a;

/// Visits a schema and those in it. The names of properties are none of its words.
fn walk(schema: &Value, context: &str, check: &mut Check<'_>) -> Result<(), String> {
    if !schema.is_object() {
        return Ok(());
    }
    check(schema, context)?;
    for words in ["properties", "$defs", "definitions"] {
        for (name, inner) in field(schema, words).as_object().into_iter().flatten() {
            walk(inner, &format!("{context}'{words}', '{name}', "), check)?;
        }
    }
    for word in ["items", "additionalProperties"] {
        walk(field(schema, word), &format!("{context}'{word}', "), check)?;
    }
    for words in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        for (place, inner) in items(field(schema, words)).iter().enumerate() {
            walk(inner, &format!("{context}'{words}', '{place}', "), check)?;
        }
    }
    Ok(())
}

//! The names of fields, which Google takes in two spellings.

use serde_json::Value;

/// What is the program's own, and not the wire's.
const FREE: [&str; 6] =
    ["args", "response", "parametersJsonSchema", "responseJsonSchema", "properties", "labels"];

/// The value with all names of the wire as in `functionCall`, also where it says `function_call`.
pub(super) fn camel(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let name = spelled(name);
                let value = if FREE.contains(&name.as_str()) { value.clone() } else { camel(value) };
                (name, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.iter().map(camel).collect(),
        _ => value.clone(),
    }
}

/// A name as in `functionCall`.
pub(super) fn spelled(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.extend(letters);
        name
    })
}

//! Looking into JSON of which nothing is known: what is not there is null.

use serde_json::Value;

static NULL: Value = Value::Null;

/// The field of an object, or null.
pub(crate) fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&NULL)
}

/// A value some fields deep, or null.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, name| field(value, name))
}

/// The text of a field, or nothing.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    field(value, name).as_str().unwrap_or_default()
}

/// The items of a list, or none.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text, as it is or in a list of parts that have a `text`.
pub(crate) fn said(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(|part| text(part, "text")).collect(),
        _ => String::new(),
    }
}

/// Sets a field of an object; of anything else nothing.
pub(crate) fn set(value: &mut Value, name: &str, new: impl Into<Value>) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(name.to_owned(), new.into());
    }
}

/// The value without the fields of this name, however deep.
pub(crate) fn without(value: &Value, name: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| *key != name);
            Value::Object(kept.map(|(key, value)| (key.clone(), without(value, name))).collect())
        }
        Value::Array(items) => items.iter().map(|item| without(item, name)).collect(),
        _ => value.clone(),
    }
}

//! The arguments of tool calls on their way back to a model.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::json;

/// The arguments as the text of a JSON object: as the model wrote them if they are one. Servers that read them back choke on anything
/// else, and would refuse the whole history from then on, so such a text is wrapped in an object.
pub(crate) fn as_object(arguments: &str) -> Cow<'_, str> {
    if arguments.trim().is_empty() {
        return "{}".into();
    }
    // What is space to Rust is more than what is space to JSON, so the text is checked as it is sent.
    let is_object = arguments.trim_start().starts_with('{');
    if is_object && serde_json::from_str::<IgnoredAny>(arguments).is_ok() {
        return arguments.into();
    }
    let mut object = b"{".to_vec();
    json::string_field(&mut object, "invalid_arguments", arguments);
    object.push(b'}');
    String::from_utf8_lossy(&object).into_owned().into()
}

#[cfg(test)]
mod tests;

//! The arguments of tool calls on their way back to a model.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::json;

/// The arguments as the text of a JSON object: as the model wrote them if they are one. Servers that read them back choke on anything
/// else, and would refuse the whole history from then on, so such a text is wrapped in an object.
pub(crate) fn as_object(arguments: &str) -> Cow<'_, str> {
    let trimmed = arguments.trim();
    if trimmed.is_empty() {
        return "{}".into();
    }
    if trimmed.starts_with('{') && serde_json::from_str::<IgnoredAny>(trimmed).is_ok() {
        return arguments.into();
    }
    let mut object = b"{".to_vec();
    json::string_field(&mut object, "invalid_arguments", arguments);
    object.push(b'}');
    String::from_utf8_lossy(&object).into_owned().into()
}

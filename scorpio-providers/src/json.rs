//! JSON written by hand into one buffer.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use scorpio_core::{Json, model::ModelError};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::http::invalid;

/// Appends `text` as a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    value(out, text);
}

/// Appends a value that has a JSON form: a number, a string.
pub(crate) fn value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing to memory cannot fail, and neither can giving a string or a number its JSON form.
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}

/// Appends a comma, unless a list or an object has just begun.
pub(crate) fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), None | Some(b'[' | b'{')) {
        out.push(b',');
    }
}

/// Appends a comma if need be, and the key of a field.
pub(crate) fn key(out: &mut Vec<u8>, name: &str) {
    comma(out);
    string(out, name);
    out.push(b':');
}

/// Appends a field whose value is a string.
pub(crate) fn string_field(out: &mut Vec<u8>, name: &str, text: &str) {
    key(out, name);
    string(out, text);
}

/// Appends a field whose value is JSON already.
pub(crate) fn raw_field(out: &mut Vec<u8>, name: &str, json: &str) {
    key(out, name);
    out.extend_from_slice(json.as_bytes());
}

/// Fields of a provider's own that a program adds to a request.
pub(crate) type Extra<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Reads fields that a program adds. Those of `reserved` are refused.
pub(crate) fn extra<'a>(extra: Option<&'a Json>, reserved: &[&str]) -> Result<Extra<'a>, ModelError> {
    let Some(json) = extra else { return Ok(Extra::new()) };
    let fields: Extra<'_> = serde_json::from_str(json.get())
        .map_err(|error| invalid("the extra fields must be a JSON object").with_source(error))?;
    match reserved.iter().find(|name| fields.contains_key(**name)) {
        Some(name) => Err(invalid(format!("the extra fields may not set `{name}`"))),
        None => Ok(fields),
    }
}

/// The object with each of `wanted` that it lacks.
pub(crate) fn with_fields<'a>(object: &'a Json, wanted: &[(&str, &str)]) -> Cow<'a, str> {
    let text = object.get();
    let Ok(RawFields(fields)) = serde_json::from_str(text) else { return text.into() };
    let has = |name: &str| fields.iter().any(|(known, _)| known == name);
    if wanted.iter().all(|(name, _)| has(name)) {
        return text.into();
    }
    let mut out = b"{".to_vec();
    fields.iter().for_each(|(name, value)| raw_field(&mut out, name, value.get()));
    for (name, value) in wanted.iter().filter(|(name, _)| !has(name)) {
        raw_field(&mut out, name, value);
    }
    out.push(b'}');
    String::from_utf8_lossy(&out).into_owned().into()
}

/// Gives the fields of an object to `each`, in their order, with their values as they were written. Nothing is kept of them, as there may
/// be very many. What is no object has none.
pub(crate) fn each_field<'a>(object: &'a str, each: impl FnMut(&str, &'a RawValue)) {
    struct Each<F>(F);

    impl<'de, F: FnMut(&str, &'de RawValue)> Visitor<'de> for Each<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                (self.0)(&name, value);
            }
            Ok(())
        }
    }

    let _ = serde_json::Deserializer::from_str(object).deserialize_map(Each(each));
}

/// The fields of an object, in their order, with their values as they were written.
#[derive(Debug, Default)]
pub(crate) struct RawFields(pub(crate) Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for RawFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = RawFields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawFields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(RawFields(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

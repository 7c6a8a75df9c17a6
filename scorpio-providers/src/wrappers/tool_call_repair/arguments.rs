//! Arguments of calls.

use std::collections::BTreeMap;

use scorpio_core::Json;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wrappers::mend;

/// Arguments that were mended, and what was wrong with them.
pub(super) struct Mended {
    pub(super) arguments: String,
    pub(super) what: Vec<&'static str>,
}

/// The arguments as they were meant for a tool of this schema. None if there is nothing to mend, or no way to.
pub(super) fn mended(arguments: &str, schema: Option<&Json>) -> Option<Mended> {
    // No arguments at all are none.
    if arguments.trim().is_empty() {
        return None;
    }
    let (object, done) = mend::object(arguments)?;
    let done = [(done.fence, "markdown fence"), (done.string, "JSON string"), (done.syntax, "JSON syntax")];
    let mut what: Vec<&str> = done.iter().filter(|(is_done, _)| *is_done).map(|(_, what)| *what).collect();
    let unwrapped = schema.and_then(|schema| unwrapped(&object, schema));
    if unwrapped.is_some() {
        what.push("JSON string in an argument");
    }
    let arguments = unwrapped.unwrap_or_else(|| object.into_owned());
    (!what.is_empty()).then_some(Mended { arguments, what })
}

/// The object with those of its strings read that hold what the schema wants in their place. None if there are none.
fn unwrapped(object: &str, schema: &Json) -> Option<String> {
    let schema: Schema<'_> = serde_json::from_str(schema.get()).ok()?;
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(object).ok()?;
    let mut changed = false;
    for (name, value) in &mut members {
        let Some(property) = schema.properties.get(name) else { continue };
        let property: Property<'_> = serde_json::from_str(property.get()).unwrap_or_default();
        let (wants_list, wants_object) = (property.is("array"), property.is("object"));
        if !(wants_list || wants_object) || property.is("string") {
            continue;
        }
        let Ok(text) = serde_json::from_str::<String>(value.get()) else { continue };
        let fits = |json: &RawValue| match json.get().as_bytes().first() {
            Some(b'[') => wants_list,
            Some(b'{') => wants_object,
            _ => false,
        };
        if let Some(inner) = RawValue::from_string(text.trim().to_owned()).ok().filter(|json| fits(json)) {
            *value = inner;
            changed = true;
        }
    }
    changed.then(|| serde_json::to_string(&members).ok()).flatten()
}

/// As much of a schema as is looked at.
#[derive(Deserialize)]
struct Schema<'a> {
    #[serde(borrow, default)]
    properties: BTreeMap<String, &'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Property<'a> {
    #[serde(borrow, default, rename = "type")]
    types: Option<Types<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Types<'a> {
    One(&'a str),
    #[serde(borrow)]
    Several(Vec<&'a str>),
}

impl Property<'_> {
    fn is(&self, wanted: &str) -> bool {
        match &self.types {
            Some(Types::One(one)) => *one == wanted,
            Some(Types::Several(several)) => several.contains(&wanted),
            None => false,
        }
    }
}

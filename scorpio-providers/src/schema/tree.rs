//! JSON that keeps the order of its fields: a model writes the fields of its answer in the order of the schema.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::value::RawValue;

/// The fields of an object, in order.
pub(super) type Fields = Vec<(String, Tree)>;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    Object(Fields),
    Array(Vec<Tree>),
    String(String),
    /// A number, a truth value or null, as JSON.
    Scalar(String),
}

impl Tree {
    pub(super) fn object<const N: usize>(fields: [(&str, Tree); N]) -> Self {
        Self::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub(super) fn string(text: &str) -> Self {
        Self::String(text.to_owned())
    }

    pub(super) fn null() -> Self {
        Self::Scalar("null".to_owned())
    }

    pub(super) fn null_schema() -> Self {
        Self::object([("type", Self::string("null"))])
    }

    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_text(&self, text: &str) -> bool {
        self.text() == Some(text)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(json) if json == "null")
    }

    /// The type of the value in the words of JSON schema.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Object(_) => "object",
            Self::Array(_) => "array",
            Self::String(_) => "string",
            Self::Scalar(json) => match json.as_str() {
                "null" => "null",
                "true" | "false" => "boolean",
                number if !number.contains(['.', 'e', 'E']) => "integer",
                _ => "number",
            },
        }
    }

    /// How many values it consists of.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Object(fields) => 1 + fields.iter().map(|(_, value)| value.size()).sum::<usize>(),
            Self::Array(values) => 1 + values.iter().map(Self::size).sum::<usize>(),
            Self::String(_) | Self::Scalar(_) => 1,
        }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Self::Array(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Self::String(text) => serializer.serialize_str(text),
            Self::Scalar(json) => {
                let raw = RawValue::from_string(json.clone()).map_err(serde::ser::Error::custom)?;
                raw.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        serde_json::to_string(&value).map(Tree::Scalar).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::string(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::null())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Tree::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut fields = Fields::new();
        while let Some(field) = map.next_entry::<String, Tree>()? {
            fields.push(field);
        }
        // Of a name that is given twice, the last counts.
        let mut known = HashSet::new();
        let is_last: Vec<bool> = fields.iter().rev().map(|(name, _)| known.insert(name.as_str())).collect();
        let mut is_last = is_last.into_iter().rev();
        fields.retain(|_| is_last.next().unwrap_or(true));
        Ok(Tree::Object(fields))
    }
}

//! JSON kept as the text it arrived in, and enums that are told apart by a `type` field without losing that text.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A JSON value, stored verbatim and cheap to clone.
///
/// ```
/// use scorpio_core::Json;
/// let json: Json = serde_json::from_str(r#"{"b": 1,  "a": 1.0}"#).unwrap();
/// assert_eq!(json.get(), r#"{"b": 1,  "a": 1.0}"#);
/// ```
#[derive(Clone)]
pub struct Json(Arc<RawValue>);

impl Json {
    /// Serializes `value`.
    ///
    /// # Errors
    ///
    /// When `value` has no JSON form, such as a map whose keys are not strings.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self::from)
    }

    /// `null`.
    pub fn null() -> Self {
        Self::from(RawValue::NULL.to_owned())
    }

    /// A JSON string.
    pub fn string(text: &str) -> Self {
        Self::new(text).unwrap_or_else(|_| Self::null())
    }

    /// Checks that `text` is one JSON value and takes it as it stands.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn parse(text: impl Into<String>) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text.into()).map(Self::from)
    }

    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Reads it as a `T`.
    ///
    /// # Errors
    ///
    /// When the value does not have that shape.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.get())
    }

    /// The text of a JSON string, and the JSON text of anything else: what a model or a person is shown.
    pub fn display_text(&self) -> String {
        let text = self.get();
        // Reading what is no string as one would cost the making of an error.
        let string = if text.starts_with('"') { self.to().ok() } else { None };
        string.unwrap_or_else(|| text.to_owned())
    }
}

impl From<Box<RawValue>> for Json {
    fn from(raw: Box<RawValue>) -> Self {
        Self(raw.into())
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        Self::new(value).unwrap_or_else(|_| Self::null())
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::null()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from)
    }
}

/// The `type` field of an object, borrowed from its text.
#[derive(Deserialize)]
pub(crate) struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) tag: std::borrow::Cow<'a, str>,
}

/// An object with its `type` field in front.
#[derive(Serialize)]
pub(crate) struct Tagged<'a, T> {
    #[serde(rename = "type")]
    pub(crate) tag: &'static str,
    #[serde(flatten)]
    pub(crate) content: &'a T,
}

/// Declares an enum of structs that is told apart by a `type` field, keeps raw JSON inside its variants intact, and keeps
/// objects of an unknown type verbatim. Serde's own tagged enums buffer their content, which would lose both.
macro_rules! tagged_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident($content:ty) = $tag:literal,)* }) => {
        $(#[$meta])*
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant($content),)*
            /// Something a newer version wrote, kept as it was.
            Unknown($crate::Json),
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(content) => {
                        $crate::json::Tagged { tag: $tag, content }.serialize(serializer)
                    })*
                    Self::Unknown(json) => json.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error;
                let json = $crate::Json::deserialize(deserializer)?;
                let text = json.get();
                let tag: $crate::json::Tag<'_> = serde_json::from_str(text).map_err(D::Error::custom)?;
                match tag.tag.as_ref() {
                    $($tag => serde_json::from_str(text).map(Self::$variant).map_err(D::Error::custom),)*
                    _ => Ok(Self::Unknown(json)),
                }
            }
        }
    };
}
pub(crate) use tagged_enum;

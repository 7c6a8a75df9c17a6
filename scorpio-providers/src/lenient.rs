//! Values that are read whatever their type is: what was expected is taken, anything else counts as absent.

mod list;

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

pub(crate) use self::list::{First, List};

/// A text; empty when there is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A number that is not negative.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Option<u64>);

impl Number {
    pub(crate) fn or_zero(self) -> u64 {
        self.0.unwrap_or(0)
    }
}

/// The content of a message: a text, or a list of parts as Mistral sends it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content<'a> {
    pub(crate) text: Text<'a>,
    pub(crate) thinking: Text<'a>,
}

/// What to make of the values that may come. Whatever a type does not name counts as absent.
trait Lenient<'de>: Default {
    fn from_borrowed(text: &'de str) -> Self {
        Self::from_text(text)
    }

    fn from_text(_text: &str) -> Self {
        Self::default()
    }

    fn from_number(_number: f64) -> Self {
        Self::default()
    }

    fn from_unsigned(_number: u64) -> Self {
        Self::default()
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl<'de: 'a, 'a> Lenient<'de> for Text<'a> {
    fn from_borrowed(text: &'de str) -> Self {
        Self(Cow::Borrowed(text))
    }

    fn from_text(text: &str) -> Self {
        Self(Cow::Owned(text.to_owned()))
    }
}

impl<'de> Lenient<'de> for Number {
    fn from_unsigned(number: u64) -> Self {
        Self(Some(number))
    }

    fn from_number(number: f64) -> Self {
        // Such casts saturate; what is negative counts as absent.
        Self((number >= 0.0).then_some(number as u64))
    }
}

impl<'de: 'a, 'a> Lenient<'de> for Content<'a> {
    fn from_borrowed(text: &'de str) -> Self {
        Self { text: Text::from_borrowed(text), ..Self::default() }
    }

    fn from_text(text: &str) -> Self {
        Self { text: Text::from_text(text), ..Self::default() }
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut content = Self::default();
        while let Some(part) = list.next_element::<ContentPart<'a>>()? {
            append(&mut content.text, &part.text);
            append(&mut content.thinking, &part.thinking.text);
        }
        Ok(content)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContentPart<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    thinking: Thinking<'a>,
}

/// A text, or a list of parts that have one.
#[derive(Default)]
struct Thinking<'a> {
    text: Text<'a>,
}

impl<'de: 'a, 'a> Lenient<'de> for Thinking<'a> {
    fn from_borrowed(text: &'de str) -> Self {
        Self { text: Text::from_borrowed(text) }
    }

    fn from_text(text: &str) -> Self {
        Self { text: Text::from_text(text) }
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Part<'a> {
            #[serde(borrow)]
            text: Text<'a>,
        }
        let mut thinking = Self::default();
        while let Some(part) = list.next_element::<Part<'a>>()? {
            append(&mut thinking.text, &part.text);
        }
        Ok(thinking)
    }
}

fn append<'a>(text: &mut Text<'a>, more: &Text<'a>) {
    if text.is_empty() {
        text.0 = more.0.clone();
    } else if !more.is_empty() {
        text.0.to_mut().push_str(&more.0);
    }
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Visitor<'de> for LenientVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        Ok(T::from_borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::from_text(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::from_unsigned(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::from_number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::from_number(number))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_none<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

macro_rules! deserialize_leniently {
    ($($name:ty),*) => {$(
        impl<'de: 'a, 'a> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(LenientVisitor(PhantomData))
            }
        }
    )*};
}

deserialize_leniently!(Text<'a>, Content<'a>, Thinking<'a>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests;

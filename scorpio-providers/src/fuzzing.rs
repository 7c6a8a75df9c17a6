//! Every parser of what others wrote, and what must hold of it whatever the bytes are: it gives a value or a typed error, and no cut of
//! the bytes makes a difference. The mutation tests and the fuzzers call the same checks; a check that fails panics.
//!
//! This is no part of the public interface: it may change at any time.

mod mutate;
mod stored;
mod streams;
mod texts;

pub use self::mutate::mutate;
pub use crate::random::Random;

/// A parser, or a family of parsers that read the same bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its folder of seeds.
    pub name: &'static str,
    /// Gives it these bytes, and panics when something does not hold.
    pub check: fn(&[u8]),
}

/// Every parser.
pub const TARGETS: [Target; 13] = [
    Target { name: "sse", check: streams::sse },
    Target { name: "chat", check: streams::chat },
    Target { name: "responses", check: streams::responses },
    Target { name: "messages", check: streams::messages },
    Target { name: "gemini", check: streams::gemini },
    Target { name: "arguments", check: texts::arguments },
    Target { name: "errors", check: texts::errors },
    Target { name: "headers", check: texts::headers },
    Target { name: "registry", check: texts::registry },
    Target { name: "cassette", check: texts::cassette },
    Target { name: "schema", check: texts::schema },
    Target { name: "stored", check: stored::stored },
    Target { name: "posted", check: stored::posted },
];

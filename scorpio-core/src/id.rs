//! Identifiers. Ids that Scorpio makes are UUIDv7, so they sort by time; ids that a client or a model may choose are
//! short strings that are checked at the door.

use std::{fmt, ops::Deref, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a string is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: {reason}")]
pub struct InvalidId {
    kind: &'static str,
    reason: &'static str,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later in order than every id made before it in this process.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The UUID inside.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let reason = "it must be a UUID";
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId { kind: $label, reason })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// A new id: a UUIDv7 in its usual spelling.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                let mut spelling = Uuid::encode_buffer();
                let spelling: &str = Uuid::now_v7().hyphenated().encode_lower(&mut spelling);
                Self(spelling.into())
            }

            /// Takes an id that somebody else chose.
            ///
            /// # Errors
            ///
            /// When it is empty, longer than 128 bytes, `.` or `..`, or holds anything but ASCII letters, digits
            /// and `-_.:|`.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                check_text_id(text).map(|()| Self(text.into())).map_err(|reason| InvalidId { kind: $label, reason })
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn check_text_id(text: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:|".contains(&byte);
    match text {
        "" => Err("it is empty"),
        "." | ".." => Err("it is a path segment"),
        _ if text.len() > 128 => Err("it is longer than 128 bytes"),
        _ if !text.bytes().all(allowed) => Err("it may hold only ASCII letters, digits and -_.:|"),
        _ => Ok(()),
    }
}

uuid_id!(
    /// One answer to one input.
    ///
    /// ```
    /// use scorpio_core::RunId;
    /// let id = RunId::new();
    /// assert_eq!(id.to_string().parse(), Ok(id));
    /// ```
    RunId,
    "run id"
);
uuid_id!(
    /// A person or a guest.
    UserId,
    "user id"
);
uuid_id!(
    /// One sign-in of a user: the family of its refresh tokens.
    AuthSessionId,
    "sign-in id"
);
text_id!(
    /// A durable thread of messages. Clients may choose it.
    ///
    /// ```
    /// use scorpio_core::SessionId;
    /// assert_eq!(SessionId::parse("chat-7").unwrap().as_str(), "chat-7");
    /// assert!(SessionId::parse("../etc").is_err());
    /// ```
    SessionId,
    "session id"
);
text_id!(
    /// A message of a session. Clients may choose it.
    MessageId,
    "message id"
);
text_id!(
    /// Whom a session belongs to. Programs without users leave it at [`OwnerId::local`].
    OwnerId,
    "owner id"
);
text_id!(
    /// A collection of texts that are searched together. Each owner has collections of their own.
    CollectionId,
    "collection id"
);
text_id!(
    /// A document of a collection. Clients may choose it.
    DocumentId,
    "document id"
);
text_id!(
    /// A text of a collection with its embedding.
    VectorId,
    "vector id"
);

impl OwnerId {
    /// The owner of everything in a program that has no users.
    pub fn local() -> Self {
        Self("local".into())
    }
}

impl From<UserId> for OwnerId {
    fn from(user: UserId) -> Self {
        Self(user.to_string().into())
    }
}

/// The id of a tool call, as the model or its provider chose it. It is only unique within a turn.
///
/// ```
/// use scorpio_core::ToolCallId;
/// assert_eq!(ToolCallId::from("call_1").as_str(), "call_1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToolCallId(Arc<str>);

impl ToolCallId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ToolCallId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for ToolCallId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for ToolCallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a tool. Cloning it is cheap, and it compares with texts.
///
/// ```
/// use scorpio_core::ToolName;
/// let name = ToolName::from("find_orders");
/// assert!(name == "find_orders" && name.starts_with("find"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToolName(Arc<str>);

impl ToolName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ToolCallId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Deref for ToolName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ToolName {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for ToolName {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl PartialEq<str> for ToolName {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for ToolName {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

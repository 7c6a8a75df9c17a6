//! What a program needs models for.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error};

/// What a program needs a model for. A role without a model of its own has that of [`Role::Chat`].
///
/// ```
/// use scorpio_providers::Role;
/// assert_eq!(Role::Title.to_string(), "title");
/// assert_eq!(Role::ALL.len(), 5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Talking with people.
    Chat,
    /// Thinking for long before an answer.
    Reasoning,
    /// Short texts on the side, such as the title of a chat: a small and cheap model will do.
    Title,
    /// Writing documents.
    Artifact,
    /// Making plans, and keeping to them.
    Planner,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Chat, Self::Reasoning, Self::Title, Self::Artifact, Self::Planner];

    /// The spelling used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Reasoning => "reasoning",
            Self::Title => "title",
            Self::Artifact => "artifact",
            Self::Planner => "planner",
        }
    }
}

/// Read by hand, and not derived, so that errors in maps keyed by roles can say where they are.
impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let role = Self::ALL.into_iter().find(|role| role.as_str() == name);
        role.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join("`, `");
            D::Error::custom(format!("unknown role `{name}`, expected one of `{known}`"))
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

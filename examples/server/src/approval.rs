//! Which tools an answer may use without asking its reader.

use std::{fmt, str::FromStr};

use scorpio_core::tool::{ApprovalPolicy, Approve, ProposedCall, Verdict};

/// Which tools ask for approval.
///
/// ```
/// use scorpio_server::Approval;
/// assert_eq!("destructive".parse(), Ok(Approval::Destructive));
/// assert_eq!(Approval::default(), Approval::Declared);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Approval {
    /// Those that declare that they need it.
    #[default]
    Declared,
    /// Those, and all that write or send something out, which tools do unless they declare otherwise.
    Destructive,
    /// All.
    All,
    /// None, whatever they declare.
    None,
}

impl Approval {
    /// Every choice.
    pub const ALL: [Self; 4] = [Self::Declared, Self::Destructive, Self::All, Self::None];

    /// Its spelling in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Destructive => "destructive",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no [`Approval`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is one of declared, destructive, all and none")]
pub struct UnknownApproval;

impl FromStr for Approval {
    type Err = UnknownApproval;

    fn from_str(text: &str) -> Result<Self, UnknownApproval> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text).ok_or(UnknownApproval)
    }
}

impl ApprovalPolicy for Approval {
    fn verdict(&self, call: &ProposedCall<'_>) -> Verdict {
        match self {
            Self::Declared => Approve::declared().verdict(call),
            Self::Destructive => Approve::destructive().verdict(call),
            Self::All => Approve::all().verdict(call),
            Self::None => Verdict::Allow,
        }
    }
}

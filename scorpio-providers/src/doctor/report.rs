//! What the doctor found.

use std::fmt;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// It is as it should be.
    Fine,
    /// It may be what was wanted, and may not.
    Doubtful,
    /// It will not work.
    Wrong,
}

impl Severity {
    /// A word for it: `ok`, `doubtful` or `wrong`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Doubtful => "doubtful",
            Self::Wrong => "wrong",
        }
    }
}

/// Something that the doctor found. `Display` gives it as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, such as "the provider `openai`".
    pub subject: String,
    /// What is said about it, and what to do. It never holds a key.
    pub text: String,
}

impl Finding {
    pub(super) fn new(severity: Severity, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { severity, subject: subject.into(), text: text.into() }
    }

    pub(super) fn fine(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Severity::Fine, subject, text)
    }

    pub(super) fn doubtful(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Severity::Doubtful, subject, text)
    }

    pub(super) fn wrong(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Severity::Wrong, subject, text)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut subject = self.subject.chars();
        // A sentence begins with a capital letter.
        let first = subject.next().map(|c| c.to_ascii_uppercase());
        write!(f, "{}{} {}", first.map(String::from).unwrap_or_default(), subject.as_str(), self.text)
    }
}

/// What the doctor found. `Display` gives a line for each finding, the worst of each provider with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// In the order of the providers' names.
    pub findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// Whether nothing is wrong. What is doubtful may be as it should be.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Wrong)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, finding) in self.findings.iter().enumerate() {
            let line = if position == 0 { "" } else { "\n" };
            write!(f, "{line}{:<8}  {finding}", finding.severity.as_str())?;
        }
        Ok(())
    }
}

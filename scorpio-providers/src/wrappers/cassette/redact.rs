//! Keeps secrets out of what is written: those that it is told, and what looks like one.

use std::{borrow::Cow, collections::HashMap, fmt, sync::LazyLock};

use regex_lite::Regex;
use scorpio_core::model::ModelEvent;
use secrecy::{ExposeSecret, SecretString};

const REDACTED: &str = "[redacted]";

/// How deep JSON within strings of JSON is looked into.
const DEPTH: u32 = 4;

/// Values that look like secrets wherever they stand. The first group, if there is one, is kept.
const VALUES: [&str; 6] = [
    // Of headers, command lines and addresses, such as `x-api-key: …` or `?key=…`.
    r#"(?i)((?:authorization|proxy-authorization|x-api-key|api[-_]?key|x-goog-api-key|x-auth-token|access_token|refresh_token|client_secret|(?:set-)?cookie)["']?\s*[:=]\s*["']?(?:(?:bearer|basic)\s+)?)[^\s"'&,;}]{8,}"#,
    r"(?i)([?&](?:key|token)=)[^\s&#]{8,}",
    r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{16,}",
    // Of OpenAI, Anthropic, Groq, Google, GitHub, Slack, AWS, Hugging Face and xAI.
    r"()\b(?:sk-[A-Za-z0-9_-]{16,}|gsk_[A-Za-z0-9]{20,}|AIza[A-Za-z0-9_-]{30,}|gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|hf_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|ya29\.[A-Za-z0-9_-]{20,})",
    // JSON web tokens.
    r"()\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    r"()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
];

/// Names of fields whose value is a secret whatever it looks like.
const NAMES: &str = r"(?i)^(?:authorization|proxy-authorization|x-api-key|api[-_]?key|x-goog-api-key|x-auth-token|access_token|refresh_token|client_secret|password|(?:set-)?cookie)$";

// The patterns are tested, so each of them is one.
static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| VALUES.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect());
static SECRET_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NAMES).ok());

/// Takes secrets out of texts and of JSON. What holds none stays as it is, byte for byte.
#[derive(Clone, Default)]
pub(super) struct Redactor {
    /// The longest first, so that no piece of one is left when it holds another.
    secrets: Vec<SecretString>,
}

impl Redactor {
    pub(super) fn add(&mut self, secret: SecretString) {
        if !secret.expose_secret().is_empty() {
            self.secrets.push(secret);
            self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        }
    }

    /// Whether one of the secrets that it was told stands in `text`.
    pub(super) fn is_told(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.expose_secret()))
    }

    /// `text` without secrets, also where it is JSON that escapes them.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.text_within(text, DEPTH)
    }

    /// `json`, valid JSON, without secrets. Only the strings that hold one change.
    pub(super) fn json(&self, json: &str) -> String {
        self.json_within(json, DEPTH)
    }

    /// The events without secrets that are spread over several deltas, which no look at a single one would find.
    pub(super) fn events(&self, events: &[ModelEvent]) -> Vec<ModelEvent> {
        let mut texts: HashMap<u32, String> = HashMap::new();
        for event in events {
            if let ModelEvent::Delta { index, text } = event {
                texts.entry(*index).or_default().push_str(text);
            }
        }
        // The whole text stands in the first delta then, and the others are empty.
        let mut changed: HashMap<u32, String> = HashMap::new();
        for (index, text) in texts {
            if let Cow::Owned(redacted) = self.text(&text) {
                changed.insert(index, redacted);
            }
        }
        let redact = |event: &ModelEvent| match event {
            ModelEvent::Delta { index, .. } if changed.contains_key(index) => {
                let text = changed.get_mut(index).map(std::mem::take).unwrap_or_default();
                ModelEvent::Delta { index: *index, text: text.into() }
            }
            other => other.clone(),
        };
        events.iter().map(redact).collect()
    }

    fn text_within<'a>(&self, text: &'a str, depth: u32) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        let is_json = text.trim_start().starts_with(['{', '[', '"']);
        if depth > 0 && is_json && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() {
            let redacted = self.json_within(&text, depth - 1);
            if redacted != *text {
                text = Cow::Owned(redacted);
            }
        }
        for secret in &self.secrets {
            if text.contains(secret.expose_secret()) {
                text = Cow::Owned(text.replace(secret.expose_secret(), REDACTED));
            }
        }
        for pattern in &*PATTERNS {
            if let Cow::Owned(redacted) = pattern.replace_all(&text, format!("${{1}}{REDACTED}")) {
                // What has been redacted already may match again.
                if redacted != *text {
                    text = Cow::Owned(redacted);
                }
            }
        }
        text
    }

    fn json_within(&self, json: &str, depth: u32) -> String {
        let mut out = String::with_capacity(json.len());
        let mut rest = json;
        let mut is_secret = false;
        while let Some(start) = rest.find('"') {
            let (before, from) = rest.split_at(start);
            let (literal, after) = from.split_at(literal_length(from));
            // A value, and no name, follows a name at once.
            is_secret &= before.trim() == ":";
            out.push_str(before);
            match serde_json::from_str::<String>(literal) {
                Ok(text) => {
                    let is_name = after.trim_start().starts_with(':');
                    let redacted = match self.text_within(&text, depth) {
                        _ if is_secret && !is_name && !text.is_empty() => Some(REDACTED.to_owned()),
                        Cow::Owned(redacted) => Some(redacted),
                        Cow::Borrowed(_) => None,
                    };
                    match redacted.and_then(|text| serde_json::to_string(&text).ok()) {
                        Some(redacted) => out.push_str(&redacted),
                        None => out.push_str(literal),
                    }
                    is_secret = is_name && SECRET_NAME.as_ref().is_some_and(|name| name.is_match(&text));
                }
                // Half of a surrogate pair is no text, but valid JSON.
                Err(_) => {
                    out.push_str(&self.text_within(literal, 0));
                    is_secret = false;
                }
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// How many bytes the string literal has that `json` begins with.
fn literal_length(json: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    json.len()
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("secrets", &self.secrets.len()).finish()
    }
}

#[cfg(test)]
mod tests;

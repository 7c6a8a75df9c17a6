//! What was asked, and what was thought of it.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    conversation::Conversation,
    json::text,
    rule::Refusal,
    wire::{Route, Wire},
};

/// The headers whose value is a secret.
const SECRET_HEADERS: [&str; 4] = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];

/// A request as it arrived.
///
/// ```
/// use scorpio_testkit::{Request, Turn};
///
/// /// An answer that depends on what was said.
/// fn direct(request: &Request) -> Turn {
///     match request.conversation().last_user() {
///         "Hello" => Turn::text("Hello yourself"),
///         _ => Turn::text("What?"),
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) route: Route,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) body: Value,
    pub(crate) conversation: OnceLock<Conversation>,
}

impl Request {
    /// Reads a request. What is not JSON has a body of null.
    pub(crate) fn read(method: &Method, uri: Uri, headers: HeaderMap, bytes: Bytes) -> Option<Self> {
        let route = Route::of(method, &uri)?;
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Some(Self { route, uri, headers, bytes, body, conversation: OnceLock::new() })
    }

    /// The wire that it is on.
    pub fn wire(&self) -> Wire {
        self.route.wire
    }

    /// The model that is asked.
    pub fn model(&self) -> &str {
        self.route.model.as_deref().unwrap_or_else(|| text(&self.body, "model"))
    }

    /// Where it was sent.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, or null when it is not JSON.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The body as it was written.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What was said before, in the same form on every wire.
    pub fn conversation(&self) -> &Conversation {
        self.conversation.get_or_init(|| Conversation::new(self.wire().conversation(&self.body)))
    }

    /// Whether the answer is to be streamed.
    pub fn streams(&self) -> bool {
        self.route.streams.unwrap_or_else(|| self.body.get("stream") == Some(&Value::Bool(true)))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A request and what came of it.
///
/// ```
/// use scorpio_testkit::{Asked, Verdict};
///
/// # fn see(asked: &Asked) {
/// assert!(matches!(asked.verdict, Verdict::Answered { .. }), "{}", asked.to_json());
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Asked {
    /// The request.
    pub request: Request,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a request.
///
/// ```
/// use scorpio_testkit::Verdict;
///
/// let verdict = Verdict::Answered { turn: 0, transformations: vec![] };
/// assert_eq!(verdict.refusal(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It keeps the rules, and was answered.
    Answered {
        /// Which turn of the script was played, from 0.
        turn: usize,
        /// What was left out of the history, in the vendor's form.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        transformations: Vec<Value>,
    },
    /// It keeps the rules, and a fault of the script came in place of the answer or in the middle of it.
    Faulted {
        /// Which turn of the script was played, from 0.
        turn: usize,
        /// The fault, as it stands in a script.
        fault: Value,
    },
    /// It breaks a rule.
    Refused(Refusal),
    /// It keeps the rules, but the script has no turn for it.
    OutOfScript {
        /// The words of the answer that it got.
        message: String,
    },
}

impl Verdict {
    /// Why it was refused, if it was.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether it kept the rules and the script had a turn for it.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Answered { .. } | Self::Faulted { .. })
    }
}

impl Asked {
    /// Everything as JSON, with the keys of the API masked.
    pub fn to_json(&self) -> Value {
        let request = &self.request;
        let mut headers = Map::new();
        for (name, value) in request.headers() {
            let value = String::from_utf8_lossy(value.as_bytes());
            let is_secret = SECRET_HEADERS.contains(&name.as_str());
            let shown = if is_secret { "***".into() } else { value };
            headers.insert(name.to_string(), shown.into());
        }
        let mut all = json!({
            "wire": request.wire(),
            "model": request.model(),
            "path": request.uri().path(),
            "headers": headers,
            "body": request.body(),
        });
        if let (Some(all), Ok(Value::Object(verdict))) =
            (all.as_object_mut(), serde_json::to_value(&self.verdict))
        {
            all.extend(verdict);
        }
        all
    }
}

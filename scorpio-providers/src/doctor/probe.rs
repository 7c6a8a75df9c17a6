//! Asks a provider for the list of its models.

use std::time::{Duration, Instant, SystemTime};

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue},
};
use scorpio_core::model::ModelError;

use crate::{
    http::{Connection, Endpoint, Timeouts},
    registry::{KeySource, Listing, ProviderKind},
};

/// The most bytes of a list. Those of the large providers are 100 KB.
const LARGEST: usize = 8 << 20;

/// How long a provider may take.
pub(crate) struct Patience {
    connect: Duration,
    total: Duration,
}

impl Patience {
    pub(crate) const DOCTOR: Self = Self { connect: Duration::from_secs(5), total: Duration::from_secs(12) };
    /// For what is looked for without anybody having asked.
    pub(crate) const SEARCH: Self =
        Self { connect: Duration::from_millis(500), total: Duration::from_secs(1) };
}

/// The way to a provider's list of models.
pub(crate) struct Probe {
    pub(super) kind: ProviderKind,
    pub(super) key: Option<KeySource>,
    pub(super) has_key: bool,
    endpoint: Endpoint,
    base: Url,
    path: &'static [&'static str],
    query: Option<&'static str>,
}

/// What a provider said.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where.
    pub(super) address: String,
    /// The models that it has. `None` when the answer is no such list.
    pub(crate) models: Option<Vec<String>>,
    /// Whether models are used under the names in that list. Those of an Azure are used under the names of their deployments.
    pub(super) names_are_models: bool,
    /// Whether the answer is a web page.
    pub(super) is_page: bool,
    /// How long it took.
    pub(super) took: Duration,
    /// How far this machine's clock is ahead of the server's, in seconds.
    pub(super) clock_ahead: Option<i64>,
}

impl Probe {
    /// Prepares to ask.
    ///
    /// # Errors
    ///
    /// When the address or the key cannot be used.
    pub(crate) fn new(listing: Listing, patience: Patience) -> Result<Self, ModelError> {
        let Listing { kind, base_url, path, query, header, key, key_header, key_source } = listing;
        let mut connection = Connection::new(&base_url);
        let has_key = key.is_some();
        connection.api_key = key.map(Into::into);
        connection.key_header = key_header;
        let Patience { connect, total } = patience;
        connection.timeouts = Timeouts { connect, headers: total, total, ..Timeouts::default() };
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let (endpoint, base) = connection.build(headers)?;
        Ok(Self { kind, key: key_source, has_key, endpoint, base, path, query })
    }

    /// Where the provider is: without a query, which may hold a key.
    pub(super) fn address(&self) -> String {
        shown(&self.base)
    }

    /// Asks for the list.
    pub(crate) async fn ask(&self, now: fn() -> SystemTime) -> Result<Found, ModelError> {
        self.ask_at(&self.base, now).await
    }

    /// Whether the list is there if `/v1` is added to the address, which is what most often lacks.
    pub(super) async fn is_under_v1(&self) -> bool {
        if self.kind != ProviderKind::OpenAi {
            return false;
        }
        let mut base = self.base.clone();
        add(&mut base, &["v1"]);
        self.ask_at(&base, SystemTime::now).await.is_ok_and(|found| found.models.is_some())
    }

    async fn ask_at(&self, base: &Url, now: fn() -> SystemTime) -> Result<Found, ModelError> {
        let mut url = base.clone();
        add(&mut url, self.path);
        if self.query.is_some() && url.query().is_none() {
            url.set_query(self.query);
        }
        let begun = Instant::now();
        let fetched = self.endpoint.exchange(Method::GET, url, HeaderMap::new(), Vec::new(), LARGEST).await?;
        let media_type = fetched.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_page = media_type.is_some_and(|media_type| media_type.contains("html"))
            || fetched.body.trim_ascii_start().starts_with(b"<");
        Ok(Found {
            address: shown(base),
            models: models(&fetched.body),
            names_are_models: self.kind != ProviderKind::Azure,
            is_page,
            took: begun.elapsed(),
            clock_ahead: clock_ahead(&fetched.headers, now()),
        })
    }
}

/// The names in a list of models, in each of the forms that there are: OpenAI's and Anthropic's `data[].id`, Gemini's and Ollama's
/// `models[].name`.
fn models(body: &[u8]) -> Option<Vec<String>> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let list = body.get("data").or_else(|| body.get("models")).or(body.is_array().then_some(&body))?;
    let name = |item: &serde_json::Value| {
        let name = item.get("id").or_else(|| item.get("name"))?.as_str()?;
        Some(name.strip_prefix("models/").unwrap_or(name).to_owned())
    };
    Some(list.as_array()?.iter().filter_map(name).collect())
}

fn clock_ahead(headers: &HeaderMap, now: SystemTime) -> Option<i64> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let there = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let here = Timestamp::try_from(now).ok()?;
    Some(here.as_second() - there.as_second())
}

fn add(url: &mut Url, segments: &[&str]) {
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
}

fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    String::from(url).trim_end_matches('/').to_owned()
}

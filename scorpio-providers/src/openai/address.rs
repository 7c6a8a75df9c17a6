//! Where the requests to an OpenAI, an Azure or a compatible server go.

use reqwest::Url;
use scorpio_core::model::ModelError;

use crate::http::invalid;

/// Which of OpenAI's APIs is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenAiApi {
    /// Responses: reasoning goes on from turn to turn.
    Responses,
    /// Chat Completions, which nearly every server speaks.
    ChatCompletions,
}

impl OpenAiApi {
    const fn path(self) -> &'static [&'static str] {
        match self {
            Self::Responses => &["responses"],
            Self::ChatCompletions => &["chat", "completions"],
        }
    }
}

/// An address.
#[derive(Debug, Clone)]
pub(super) enum Address {
    /// One for all models.
    Fixed(Url),
    /// One for each deployment of an Azure of the older shape.
    Deployments { base: Url, api: OpenAiApi },
}

impl Address {
    /// The address of `api` under a base address.
    pub(super) fn fixed(mut base: Url, api: OpenAiApi) -> Self {
        add_path(&mut base, api.path().iter().copied());
        Self::Fixed(base)
    }

    /// The address of an Azure of today, under which it looks like OpenAI.
    pub(super) fn azure(mut base: Url, api: OpenAiApi) -> Self {
        if !base.path().trim_end_matches('/').ends_with("/openai/v1") {
            add_path(&mut base, ["openai", "v1"]);
        }
        Self::fixed(base, api)
    }

    /// The addresses of deployments of Azure, by the version of its API.
    pub(super) fn deployments(mut base: Url, api_version: &str, api: OpenAiApi) -> Self {
        base.query_pairs_mut().append_pair("api-version", api_version);
        Self::Deployments { base, api }
    }

    /// The address that answers for `model`.
    pub(super) fn url(&self, model: &str) -> Result<Url, ModelError> {
        match self {
            Self::Fixed(url) => Ok(url.clone()),
            Self::Deployments { .. } if model.contains(['/', '?', '#']) || model.starts_with('.') => {
                Err(invalid(format!("`{model}` is no name of a deployment")))
            }
            Self::Deployments { base, api } => {
                let mut url = base.clone();
                add_path(
                    &mut url,
                    ["openai", "deployments", model].into_iter().chain(api.path().iter().copied()),
                );
                Ok(url)
            }
        }
    }

    /// The address without its query, which may hold a key.
    pub(super) fn shown(&self) -> String {
        let (Self::Fixed(url) | Self::Deployments { base: url, .. }) = self;
        let mut url = url.clone();
        url.set_query(None);
        url.into()
    }
}

/// Adds segments to the path of a base address.
fn add_path<'a>(url: &mut Url, segments: impl IntoIterator<Item = &'a str>) {
    // Only addresses that cannot be a base have no path, and those were refused.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
}

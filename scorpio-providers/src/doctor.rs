//! Says of each provider of a registry what is wrong with it and what to do about it, by asking the providers themselves.

mod diagnosis;
mod models;
mod probe;
mod report;

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use futures::future::join_all;
use scorpio_core::model::ModelError;

pub(crate) use self::probe::{Found, Patience, Probe};
pub use self::report::{Finding, Report, Severity};
use self::{diagnosis::diagnose, models::missing};
use crate::{
    TokenSource,
    environment::Environment,
    registry::{ModelRegistry, Provider, ProviderSettings},
};

/// Asks every provider of `registry` which models it has, which costs nothing, and says what is wrong: a key that is missing or refused, an
/// address where nobody answers or somebody else does, a certificate, a clock, a model that the provider does not have.
///
/// ```
/// use scorpio_providers::{ModelRegistry, Role, doctor};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), scorpio_core::model::ModelError> {
/// let registry = ModelRegistry::builder().role(Role::Chat, "scripted:demo").build()?;
/// let report = doctor(&registry).await;
/// assert!(report.is_healthy(), "{report}");
/// # Ok(()) }
/// ```
///
/// Keys and addresses that the registry takes from the environment are read anew. It takes as long as the slowest provider, and no longer
/// than 25 seconds.
///
/// # Cancel safety
///
/// Dropping the future ends the requests; nothing is changed by them.
pub async fn doctor(registry: &ModelRegistry) -> Report {
    let examinations = examinations(registry, &Environment::process());
    examine(examinations, SystemTime::now).await
}

/// A provider, and what is to be found out about it.
struct Examination {
    provider: Arc<str>,
    /// The models that are used, and for what.
    models: Vec<(String, String)>,
    way: Way,
}

/// How something can be found out about a provider.
enum Way {
    /// By asking for its models.
    List(Box<Probe>),
    /// By asking for a token: it has no list of the models that may be used.
    Token(Box<dyn TokenSource>),
    /// In no way: there is nothing more to say than this.
    None(Finding),
}

impl Way {
    fn to(settings: &ProviderSettings, environment: &Environment<'_>) -> Result<Self, ModelError> {
        #[cfg(any(feature = "anthropic", feature = "gemini"))]
        if settings.is_on_vertex(environment) {
            let credentials = settings.credentials()?;
            let credentials = credentials.map_or_else(|| environment.google_credentials(), Ok)?;
            return Ok(Self::Token(Box::new(credentials)));
        }
        Ok(Self::List(Box::new(Probe::new(settings.listing(environment)?, Patience::DOCTOR)?)))
    }
}

fn examinations(registry: &ModelRegistry, environment: &Environment<'_>) -> Vec<Examination> {
    let examination = |(provider, settings): (&Arc<str>, &Provider)| {
        let subject = format!("the provider `{provider}`");
        let way = match settings {
            Provider::Scripted => Way::None(Finding::fine(subject, "follows a script and needs nothing.")),
            Provider::Ready(_) => {
                Way::None(Finding::fine(subject, "was made by the program itself, and is not examined."))
            }
            Provider::Settings(settings) => Way::to(settings, environment)
                .unwrap_or_else(|error| Way::None(diagnosis::not_set_up(subject, settings, &error))),
        };
        Examination { provider: Arc::clone(provider), models: models_of(registry, provider), way }
    };
    registry.providers().iter().map(examination).collect()
}

/// The models of a provider that the registry uses, each with what for.
fn models_of(registry: &ModelRegistry, provider: &str) -> Vec<(String, String)> {
    let mut models: BTreeSet<(String, String)> = BTreeSet::new();
    for entry in registry.entries() {
        let of_provider = entry.names.iter().filter(|name| name.provider() == provider);
        models.extend(of_provider.map(|name| (name.model().to_owned(), entry.what.clone())));
    }
    models.into_iter().collect()
}

async fn examine(examinations: Vec<Examination>, now: fn() -> SystemTime) -> Report {
    let examined = examinations.into_iter().map(async |examination| {
        let Examination { provider, models, way } = examination;
        let subject = format!("the provider `{provider}`");
        let probe = match way {
            Way::List(probe) => probe,
            Way::Token(source) => return vec![diagnosis::token(subject, source.token().await.map(drop))],
            Way::None(finding) => return vec![finding],
        };
        let found = probe.ask(now).await;
        let mut findings = diagnose(&subject, &probe, &found).await;
        if let Ok(found) = &found {
            findings.extend(missing(&provider, &models, found));
        }
        findings
    });
    Report::new(join_all(examined).await.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests;

//! What an answer, or the lack of one, says about how a provider is set up.

use scorpio_core::model::{ModelError, ModelErrorKind};

use super::{Finding, Found, Probe};
use crate::registry::{KeySource, ProviderKind, ProviderSettings};

/// How far clocks may be apart, in seconds, before certificates and signed requests suffer.
const CLOCK: i64 = 5 * 60;

/// The provider could not even be asked.
pub(super) fn not_set_up(subject: String, settings: &ProviderSettings, error: &ModelError) -> Finding {
    let what_to_do = match (&settings.key, settings.kind.key_variables()) {
        (Some(KeySource::File(_)), _) => "Put the key, and nothing else, into that file.".to_owned(),
        (Some(KeySource::Variable(name)), _) => format!("Set {name} to the key, or name another variable."),
        (None, [first, ..]) => format!("Set {first} to a key of the provider."),
        (None, []) => "Mend that, and ask again.".to_owned(),
    };
    Finding::wrong(subject, format!("cannot be set up: {error}. {what_to_do}"))
}

/// What there is to say of a provider on Vertex AI, which has no list of the models that may be used.
pub(super) fn token(subject: String, token: Result<(), ModelError>) -> Finding {
    match token {
        Ok(()) => Finding::fine(
            subject,
            "is on Vertex AI, and its credentials get a token. Which models may be used there shows when they are asked.",
        ),
        Err(error) => {
            Finding::wrong(subject, format!("is on Vertex AI, and its credentials get no token: {error}."))
        }
    }
}

/// What there is to say about an answer, or about what came in its place.
pub(super) async fn diagnose(
    subject: &str,
    probe: &Probe,
    found: &Result<Found, ModelError>,
) -> Vec<Finding> {
    match found {
        Ok(found) => [Some(answered(subject, found)), clock(found)].into_iter().flatten().collect(),
        Err(error) => vec![failed(subject, probe, error).await],
    }
}

fn answered(subject: &str, found: &Found) -> Finding {
    let Found { address, models, is_page, took, .. } = found;
    match models {
        Some(models) => {
            let (count, took) = (models.len(), took.as_millis());
            let s = if count == 1 { "" } else { "s" };
            Finding::fine(subject, format!("answers at {address}, in {took} ms, with {count} model{s}."))
        }
        None if *is_page => Finding::wrong(
            subject,
            format!(
                "answers at {address} with a web page: that is not the address of its API. Mend the base URL."
            ),
        ),
        None => Finding::wrong(
            subject,
            format!(
                "answers at {address} with something that is no list of models. Mend the base URL, or its kind."
            ),
        ),
    }
}

pub(super) fn clock(found: &Found) -> Option<Finding> {
    let ahead = found.clock_ahead.filter(|seconds| seconds.abs() > CLOCK)?;
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    let minutes = ahead.abs() / 60;
    let text = format!(
        "is {minutes} minutes {direction} that of {}: certificates and signed requests may be refused. Set the clock.",
        found.address
    );
    Some(Finding::doubtful("the clock of this machine", text))
}

async fn failed(subject: &str, probe: &Probe, error: &ModelError) -> Finding {
    let address = probe.address();
    let wrong = |text: String| Finding::wrong(subject, text);
    let doubtful = |text: String| Finding::doubtful(subject, text);
    match error.kind() {
        ModelErrorKind::Auth if !probe.has_key => wrong(format!(
            "wants a key at {address}, and none is set up: {error}. Name the variable that holds it."
        )),
        ModelErrorKind::Auth => {
            let source =
                probe.key.as_ref().map_or_else(|| "the key".to_owned(), |key| format!("the key from {key}"));
            wrong(format!("refuses {source} at {address}: {error}. Put in a key that is valid there."))
        }
        ModelErrorKind::Quota => wrong(format!(
            "takes the key, but its account has no quota left: {error}. Add credit, or raise the limit."
        )),
        ModelErrorKind::RateLimited => {
            doubtful(format!("answers at {address}, but refuses for now: {error}. Ask again in a while."))
        }
        ModelErrorKind::NotFound if probe.is_under_v1().await => {
            wrong(format!("is not at {address}, but at {address}/v1. Add `/v1` to the base URL."))
        }
        ModelErrorKind::NotFound if is_page(error) => wrong(format!(
            "has nothing at {address} but a web page that says so: {error}. Mend the base URL."
        )),
        ModelErrorKind::NotFound => doubtful(format!(
            "has no list of models at {address}: {error}. If it answers all the same, nothing is wrong; if not, mend the base URL."
        )),
        ModelErrorKind::Timeout => wrong(format!(
            "does not answer at {address}: {error}. See whether the address is right and what a firewall or a proxy lets through."
        )),
        ModelErrorKind::Unreachable => {
            let start = match probe.kind {
                ProviderKind::Ollama => "Start it with `ollama serve`, or set OLLAMA_HOST to where it is.",
                _ => {
                    "See whether the address is right, the server runs, and HTTPS_PROXY, if there is one, leads there."
                }
            };
            wrong(format!("cannot be reached at {address}: {error}. {start}"))
        }
        ModelErrorKind::Configuration if error.to_string().contains("certificate") => wrong(format!(
            "cannot be trusted at {address}: {error}. If the certificate is of an authority of your own, add that to those that the \
             system trusts; if it is said to be expired or not yet valid, look at this machine's clock."
        )),
        ModelErrorKind::Overloaded => {
            doubtful(format!("has a fault of its own at {address}: {error}. Ask again in a while."))
        }
        _ => wrong(format!("cannot be used at {address}: {error}.")),
    }
}

fn is_page(error: &ModelError) -> bool {
    error.body().is_some_and(|body| body.trim_start().starts_with('<'))
}

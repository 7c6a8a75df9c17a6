//! Compares the models that are used with those that a provider has.

use super::{Finding, Found};

/// How many names are proposed in place of one that is not there.
const PROPOSED: usize = 3;

/// How like another a name must be to be proposed, from 0 to 1.
const LIKE: f64 = 0.6;

/// A finding for each model that the provider does not have. `models` come with what they are used for.
pub(super) fn missing(provider: &str, models: &[(String, String)], found: &Found) -> Vec<Finding> {
    if !found.names_are_models {
        return Vec::new();
    }
    // A list without any model says nothing about any.
    let Some(known) = found.models.as_ref().filter(|known| !known.is_empty()) else { return Vec::new() };
    let absent = models.iter().filter(|(model, _)| !has(known, model));
    let finding = |(model, what): &(String, String)| {
        let proposed = nearest(known, model);
        let instead = match proposed.as_slice() {
            [] => format!("It has {} others.", known.len()),
            names => format!("Did you mean `{}`?", names.join("`, `")),
        };
        let text = format!("uses `{provider}:{model}`, which the provider does not have. {instead}");
        Finding::wrong(what, text)
    };
    absent.map(finding).collect()
}

/// Ollama adds `:latest` where no tag is named.
fn has(known: &[String], model: &str) -> bool {
    known.iter().any(|known| known == model || known.strip_suffix(":latest") == Some(model))
}

/// The names that are most like `model`, the likest first.
fn nearest<'a>(known: &'a [String], model: &str) -> Vec<&'a str> {
    let likeness = |name: &'a String| (strsim::jaro_winkler(name, model), name.as_str());
    let mut like: Vec<(f64, &str)> =
        known.iter().map(likeness).filter(|(likeness, _)| *likeness >= LIKE).collect();
    like.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    like.into_iter().take(PROPOSED).map(|(_, name)| name).collect()
}

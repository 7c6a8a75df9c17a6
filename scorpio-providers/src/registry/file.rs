//! The TOML form of a registry. What is wrong with a file is told with its line and key, and with what is allowed there.

mod written;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use scorpio_core::{PriceTable, model::ModelError};
use toml::Spanned;

use self::written::{Written, WrittenChoice, WrittenProvider};
use super::{
    ModelChoice, ModelRegistryBuilder, ProviderSettings, invalid,
    name::ModelName,
    set_up::{provider_of_environment, unknown},
};

/// The most bytes of a file.
const LARGEST: u64 = 1 << 20;

/// What the file at `path` describes. Files that it names are looked for beside it.
pub(super) fn read(path: &Path) -> Result<ModelRegistryBuilder, ModelError> {
    let unreadable = |error: std::io::Error| {
        invalid(format!("{} cannot be read: {error}", path.display())).with_source(error)
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(invalid(format!("{} is larger than {LARGEST} bytes", path.display())));
    }
    parse(&std::fs::read_to_string(path).map_err(unreadable)?, Some(path))
}

/// What the text describes.
pub(super) fn parse(toml: &str, path: Option<&Path>) -> Result<ModelRegistryBuilder, ModelError> {
    let place = Place { toml, path };
    let broken = |error: toml::de::Error, key: &str| place.error(error.span(), key, error.message());
    let parsed = toml::Deserializer::parse(toml).map_err(|error| broken(error, ""))?;
    let written: Written = serde_path_to_error::deserialize(parsed).map_err(|error| {
        let key = key_of(error.path());
        broken(error.into_inner(), &key)
    })?;
    place.check(&written)?;
    Ok(written.describe(path.and_then(Path::parent)))
}

/// The path of a key, without what only the deserializer knows of.
fn key_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut key = String::new();
    for segment in path {
        match segment {
            Segment::Map { key: name } if name.starts_with("$__") => {}
            Segment::Map { key: name } => {
                let dot = if key.is_empty() { "" } else { "." };
                let is_bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
                let quote = if is_bare { "" } else { "\"" };
                key.push_str(&format!("{dot}{quote}{name}{quote}"));
            }
            Segment::Seq { index } => key.push_str(&format!("[{index}]")),
            _ => {}
        }
    }
    key
}

/// A text that something may be wrong with.
struct Place<'a> {
    toml: &'a str,
    path: Option<&'a Path>,
}

impl Place<'_> {
    fn error(&self, span: Option<Range<usize>>, key: &str, wrong: &str) -> ModelError {
        let file = self.path.map_or_else(|| "the TOML text".to_owned(), |path| path.display().to_string());
        let before = span.and_then(|span| self.toml.get(..span.start));
        let line = before.map(|before| format!(", line {}", before.matches('\n').count() + 1));
        let colon = if key.is_empty() { "" } else { ": " };
        invalid(format!("{file}{}{colon}{key}: {}", line.unwrap_or_default(), wrong.replace('\n', "; ")))
    }

    /// Checks what depends on several places of the file.
    fn check(&self, written: &Written) -> Result<(), ModelError> {
        let declared = || written.providers.keys().map(AsRef::as_ref);
        for (key, names) in written.names() {
            for name in names.get_ref().as_ref() {
                let is_known = declared().any(|declared| declared == name.provider())
                    || provider_of_environment(name.provider()).is_some();
                if !is_known {
                    let wrong = unknown(name.provider(), declared());
                    return Err(self.error(Some(names.span()), &key, &wrong));
                }
            }
        }
        for (position, choice) in written.models.iter().enumerate() {
            let is_same = |other: &&WrittenChoice| other.id.get_ref() == choice.id.get_ref();
            if written.models.iter().take(position).any(|other| is_same(&other)) {
                let wrong = format!("there are two choices with the id `{}`", choice.id.get_ref().as_ref());
                return Err(self.error(Some(choice.id.span()), &format!("models[{position}].id"), &wrong));
            }
        }
        Ok(())
    }
}

impl Written {
    /// Every place that names models.
    fn names(&self) -> impl Iterator<Item = (String, &Spanned<written::Names>)> {
        let of_roles =
            self.roles.iter().map(|(role, of_role)| (format!("roles.{role}.model"), &of_role.model));
        let of_choices =
            self.models.iter().enumerate().map(|(at, choice)| (format!("models[{at}].model"), &choice.model));
        of_roles.chain(of_choices)
    }

    fn describe(self, folder: Option<&Path>) -> ModelRegistryBuilder {
        let mut builder = ModelRegistryBuilder::new();
        for (name, provider) in self.providers {
            builder = builder.provider(name.as_ref(), provider.settings(folder));
        }
        for (role, of_role) in self.roles {
            builder = builder.role(role, of_role.model.into_inner().assignment(of_role.parameters));
        }
        for choice in self.models {
            let assignment = choice.model.into_inner().assignment(choice.parameters);
            let mut described = ModelChoice::new(choice.id.into_inner().as_ref(), choice.name, assignment);
            described.description = choice.description.map(Arc::from);
            builder = builder.choice(described.with_audience(choice.audience));
        }
        for (models, options) in self.options {
            builder = builder.options(models.as_ref(), options.into());
        }
        let prices = self.prices.into_iter();
        builder
            .prices(prices.fold(PriceTable::new(), |table, (model, price)| table.with(model, price.into())))
    }
}

impl WrittenProvider {
    fn settings(self, folder: Option<&Path>) -> ProviderSettings {
        let mut settings = ProviderSettings::new(self.kind);
        settings.attempts = self.attempts;
        settings.base_url = self.base_url.map(|url| url.as_ref().to_owned());
        if let Some(name) = self.api_key_env {
            settings = settings.with_key_variable(name.as_ref());
        }
        let beside = |path: PathBuf| folder.map_or_else(|| path.clone(), |folder| folder.join(&path));
        (settings.project, settings.location) = (self.project, self.location);
        settings.credentials_file = self.credentials_file.map(beside);
        if let Some(path) = self.api_key_file {
            settings = settings.with_key_file(beside(path));
        }
        settings
    }
}

impl AsRef<[ModelName]> for written::Names {
    fn as_ref(&self) -> &[ModelName] {
        &self.0
    }
}

#[cfg(test)]
mod tests;

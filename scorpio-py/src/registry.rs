//! The registry of models, and the doctor that looks at it.

use std::path::PathBuf;

use pyo3::{IntoPyObjectExt, prelude::*};
use scorpio_core::PriceTable;
use scorpio_providers::{Audience, ConfiguredModel, ModelRegistry, Role};

use crate::{
    error,
    operation::{Answer, Operation},
};

/// A registry.
#[derive(Debug)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct ModelsCore(ModelRegistry);

/// A model of a registry, with what goes along with its calls, and with the prices that are known.
#[derive(Debug)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct ModelCore {
    pub(crate) configured: ConfiguredModel,
    pub(crate) prices: PriceTable,
}

/// `(id, name, description, audience)`, as `_registry` reads it.
type WrittenChoice = (String, String, Option<String>, &'static str);

#[pymethods]
impl ModelsCore {
    /// The registry that the file describes.
    #[staticmethod]
    fn read(path: PathBuf) -> PyResult<Self> {
        ModelRegistry::read(path).map(Self).map_err(error::invalid)
    }

    /// The registry that the text describes.
    #[staticmethod]
    fn parse(toml: &str) -> PyResult<Self> {
        ModelRegistry::parse(toml).map(Self).map_err(error::invalid)
    }

    /// The registry that the environment allows.
    #[staticmethod]
    fn from_env() -> PyResult<Self> {
        scorpio_providers::from_env().map(Self).map_err(error::invalid)
    }

    /// The model of a role.
    fn role(&self, name: &str) -> PyResult<ModelCore> {
        let role = Role::ALL.into_iter().find(|role| role.as_str() == name);
        let role = role.ok_or_else(|| error::invalid(format!("{name:?} is no role")))?;
        self.model(self.0.role(role))
    }

    /// The model of a choice.
    fn chosen(&self, id: &str) -> PyResult<ModelCore> {
        self.model(self.0.chosen(id))
    }

    /// What people may choose.
    fn choices(&self) -> Vec<WrittenChoice> {
        let written = self.0.choices().iter().map(|choice| {
            let audience = if choice.is_for(Audience::Guests) { "guests" } else { "registered" };
            let description = choice.description.as_deref().map(str::to_owned);
            (choice.id.to_string(), choice.name.to_string(), description, audience)
        });
        written.collect()
    }

    /// Asks every provider, and answers with what was found: `(severity, subject, text, sentence)` each, as `_registry` reads it.
    fn doctor(&self) -> PyResult<Operation> {
        let registry = self.0.clone();
        Operation::spawn(async move {
            let report = scorpio_providers::doctor(&registry).await;
            let findings: Vec<_> = report
                .findings
                .into_iter()
                .map(|finding| {
                    (
                        finding.severity.as_str(),
                        finding.subject.clone(),
                        finding.text.clone(),
                        finding.to_string(),
                    )
                })
                .collect();
            let answer: Answer = Box::new(move |py| findings.clone().into_py_any(py));
            answer
        })
    }
}

impl ModelsCore {
    fn model(&self, found: Result<&ConfiguredModel, scorpio_core::model::ModelError>) -> PyResult<ModelCore> {
        let configured = found.map_err(error::invalid)?.clone();
        Ok(ModelCore { configured, prices: self.0.prices().clone() })
    }
}

#[pymethods]
impl ModelCore {
    /// `provider:name`.
    #[getter]
    fn name(&self) -> String {
        self.configured.model().to_string()
    }
}

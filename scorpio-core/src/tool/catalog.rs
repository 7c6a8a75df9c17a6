//! The tools of a run, found by name, with a cache of what they look like on each wire.

use std::collections::HashMap;

use super::{SharedTool, ToolSpec};
use crate::{ErrorKind, ScorpioError, Surface, model::Encoded};

/// Tools in a fixed order, each name once.
///
/// ```
/// use scorpio_core::{tool, tool::{ToolCatalog, erase}};
/// /// Add two numbers.
/// #[tool]
/// fn add(a: f64, b: f64) -> f64 { a + b }
/// let catalog = ToolCatalog::new(vec![erase(add)]).unwrap();
/// assert!(catalog.get("add").is_some());
/// ```
#[derive(Debug, Default)]
pub struct ToolCatalog {
    tools: Vec<SharedTool>,
    by_name: HashMap<String, usize>,
    encoded: Encoded,
}

impl ToolCatalog {
    /// A catalog of `tools`.
    ///
    /// # Errors
    ///
    /// When two have the same name, or a name is not one that every provider takes.
    pub fn new(tools: Vec<SharedTool>) -> Result<Self, ScorpioError> {
        let mut by_name = HashMap::with_capacity(tools.len());
        for (index, tool) in tools.iter().enumerate() {
            let spec = tool.spec();
            if !spec.has_valid_name() {
                return Err(invalid(format!(
                    "`{}` is no name for a tool: it must match ^[A-Za-z_][A-Za-z0-9_-]{{0,63}}$.",
                    spec.name
                )));
            }
            if by_name.insert(spec.name.clone(), index).is_some() {
                return Err(invalid(format!("There are two tools named `{}`.", spec.name)));
            }
        }
        Ok(Self { tools, by_name, encoded: Encoded::default() })
    }

    /// The tool of this name.
    pub fn get(&self, name: &str) -> Option<&SharedTool> {
        self.by_name.get(name).and_then(|index| self.tools.get(*index))
    }

    /// What the tools declare, in order.
    pub fn specs(&self) -> impl ExactSizeIterator<Item = &ToolSpec> {
        self.tools.iter().map(|tool| tool.spec())
    }

    /// The tools, in order.
    pub fn tools(&self) -> &[SharedTool] {
        &self.tools
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// Its encodings.
    pub fn encoded(&self) -> &Encoded {
        &self.encoded
    }
}

fn invalid(message: String) -> ScorpioError {
    ScorpioError::new(ErrorKind::BadRequest, Surface::Tool, message)
}

use scorpio_core::toolset;
use std::sync::Arc;

struct Orders;

#[toolset]
impl Orders {
    /// Nobody to ask.
    #[tool]
    fn free() {}

    /// Alone.
    #[tool]
    fn alone(&mut self) {}

    /// Shared.
    #[tool]
    fn shared(self: Arc<Self>) {}

    /// Once.
    #[tool]
    fn find(&self) {}

    /// Twice.
    #[tool(name = "find")]
    fn find_again(&self) {}
}

struct Empty;

#[toolset]
impl Empty {
    fn count(&self) -> usize {
        0
    }
}

#[toolset(name = "empty")]
impl Empty {}

#[toolset]
impl Clone for Empty {
    fn clone(&self) -> Self {
        Empty
    }
}

fn main() {}

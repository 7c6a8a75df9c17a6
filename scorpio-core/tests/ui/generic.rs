use scorpio_core::{tool, toolset};

/// Generic.
#[tool]
fn generic<T: ToString>(value: T) -> String {
    value.to_string()
}

/// Generic in disguise.
#[tool]
fn disguised(value: impl ToString) -> String {
    value.to_string()
}

/// Nobody knows what.
#[tool]
fn nameless() -> impl serde::Serialize {
    1
}

struct Box<T>(T);

#[toolset]
impl<T: Send + Sync + 'static> Box<T> {
    /// Generic.
    #[tool]
    fn show(&self) -> String {
        String::new()
    }
}

fn main() {}

use scorpio_core::{tool, toolset};

struct Orders;

#[tool]
impl Orders {
    fn count(&self) -> usize {
        0
    }
}

/// Count.
#[toolset]
fn count() -> usize {
    0
}

#[tool]
struct Other;

fn main() {}

use scorpio_core::{tool, toolset};

#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

#[tool(description = "")]
fn subtract(a: f64, b: f64) -> f64 {
    a - b
}

struct Orders;

#[toolset]
impl Orders {
    #[tool]
    fn count(&self) -> usize {
        0
    }
}

fn main() {}

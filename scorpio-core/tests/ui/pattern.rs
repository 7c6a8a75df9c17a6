use scorpio_core::tool;

/// Add two numbers.
#[tool]
fn add((a, b): (f64, f64), _: u8, ref c: String) -> f64 {
    a + b
}

fn main() {}

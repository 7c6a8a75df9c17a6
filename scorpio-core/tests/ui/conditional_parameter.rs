use scorpio_core::tool;

/// Sometimes more.
#[tool]
fn more(a: f64, #[cfg(unix)] b: f64) -> f64 {
    a
}

fn main() {}

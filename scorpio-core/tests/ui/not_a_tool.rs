use scorpio_core::tool::erase;

fn add(a: f64, b: f64) -> f64 {
    a + b
}

fn main() {
    erase(add);
}

use scorpio_core::tool;

struct Orders;

impl Orders {
    /// Count the orders.
    #[tool]
    fn count(&self) -> usize {
        0
    }
}

fn main() {}

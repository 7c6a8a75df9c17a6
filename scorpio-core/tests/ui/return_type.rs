use scorpio_core::{tool, tool::ToolError};

struct Order;

/// Cannot be told to a model.
#[tool]
fn find() -> Order {
    Order
}

/// Cannot be told to a model, if it is found.
#[tool]
async fn find_again() -> Result<Order, ToolError> {
    Ok(Order)
}

/// The error is none.
#[tool]
fn error() -> Result<u8, String> {
    Ok(1)
}

type Answer = Result<u8, ToolError>;

/// The result does not look like one.
#[tool]
fn disguised() -> Answer {
    Ok(1)
}

fn main() {}

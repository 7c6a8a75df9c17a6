//! Sums that a model should not do in its head.

mod expression;
mod function;
mod number;

use scorpio_core::{tool, tool::ToolError};

/// How long an expression may be, in characters.
const LONGEST: usize = 1_000;

/// Evaluate an arithmetic expression, exactly where that is possible.
///
/// Operators: + - * / % (remainder, with the sign of the divisor) ^ (power), and parentheses.
/// Constants: pi, e. Angles are in radians.
/// Functions: sqrt, cbrt, abs, round(x) or round(x, digits), floor, ceil, min, max, sin, cos, tan, asin, acos, atan, exp, ln,
/// log(x) to base 10 or log(x, base), log2, log10.
#[tool(pure, trusted)]
pub fn calculate(
    /// Such as `12*34` or `sqrt(2) * (1 + 0.5)^3`, at most 1,000 characters. Numbers have no thousands separators.
    expression: String,
) -> Result<String, ToolError> {
    if expression.chars().nth(LONGEST).is_some() {
        return Err(ToolError::new(format!("The expression is longer than {LONGEST} characters.")));
    }
    match expression::evaluate(&expression) {
        Ok(number) => Ok(number.to_string()),
        Err(problem) => {
            let before = expression.get(..problem.at).unwrap_or(&expression);
            let character = before.chars().count() + 1;
            Err(ToolError::new(format!("{} (at character {character} of the expression).", problem.message)))
        }
    }
}

#[cfg(test)]
mod tests;

//! The functions and constants that an expression can name.

use std::{cmp::Ordering, f64::consts};

use super::number::{Number, Reason};

/// Each function, and how it is used.
const FUNCTIONS: [(&str, &str); 21] = [
    ("sqrt", "sqrt(x)"),
    ("cbrt", "cbrt(x)"),
    ("abs", "abs(x)"),
    ("round", "round(x) or round(x, digits) with -15 to 15 digits"),
    ("floor", "floor(x)"),
    ("ceil", "ceil(x)"),
    ("min", "min(x, …)"),
    ("max", "max(x, …)"),
    ("sin", "sin(x)"),
    ("cos", "cos(x)"),
    ("tan", "tan(x)"),
    ("asin", "asin(x)"),
    ("acos", "acos(x)"),
    ("atan", "atan(x)"),
    ("exp", "exp(x)"),
    ("ln", "ln(x)"),
    ("log", "log(x) or log(x, base)"),
    ("log2", "log2(x)"),
    ("log10", "log10(x)"),
    ("pow", "pow(x, y)"),
    ("mod", "mod(x, y)"),
];

/// The value of a name without parentheses.
pub(super) fn constant(name: &str) -> Option<Number> {
    let value = match name {
        "pi" | "π" => consts::PI,
        "e" => consts::E,
        "tau" | "τ" => consts::TAU,
        _ => return None,
    };
    Number::float(value).ok()
}

/// How a function is used, if there is one of this name.
pub(super) fn usage(name: &str) -> Option<&'static str> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, usage)| *usage)
}

/// The names of all functions.
pub(super) fn names() -> String {
    FUNCTIONS.map(|(name, _)| name).join(", ")
}

/// The result of a function; `None` when it takes other arguments, or does not exist.
pub(super) fn call(name: &str, arguments: &[Number]) -> Option<Result<Number, Reason>> {
    Some(match (name, arguments) {
        ("sqrt", [x]) => Number::float(x.to_f64().sqrt()),
        ("cbrt", [x]) => Number::float(x.to_f64().cbrt()),
        ("abs", [x]) => x.abs(),
        ("round", [x]) => x.round(),
        ("round", [x, digits]) => {
            round_to(*x, digits.to_integer().filter(|digits| (-15..=15).contains(digits))?)
        }
        ("floor", [x]) => x.floor(),
        ("ceil", [x]) => x.ceil(),
        ("min", [first, rest @ ..]) => Ok(extreme(*first, rest, Ordering::Less)),
        ("max", [first, rest @ ..]) => Ok(extreme(*first, rest, Ordering::Greater)),
        ("sin", [x]) => Number::float(without_noise(x.to_f64(), x.to_f64().sin())),
        ("cos", [x]) => Number::float(without_noise(x.to_f64(), x.to_f64().cos())),
        ("tan", [x]) => tangent(x.to_f64()),
        ("asin", [x]) => Number::float(x.to_f64().asin()),
        ("acos", [x]) => Number::float(x.to_f64().acos()),
        ("atan", [x]) => Number::float(x.to_f64().atan()),
        ("exp", [x]) => Number::float(x.to_f64().exp()),
        ("ln", [x]) => logarithm(*x, f64::ln),
        ("log" | "log10", [x]) => logarithm(*x, f64::log10),
        ("log2", [x]) => logarithm(*x, f64::log2),
        ("log", [x, base]) => logarithm(*x, f64::ln).and_then(|x| x.divide(logarithm(*base, f64::ln)?)),
        ("pow", [x, y]) => x.power(*y),
        ("mod", [x, y]) => x.remainder(*y),
        _ => return None,
    })
}

fn round_to(x: Number, digits: i128) -> Result<Number, Reason> {
    let scale = Number::integer(10).power(Number::integer(digits))?;
    x.multiply(scale)?.round()?.divide(scale)
}

fn extreme(first: Number, rest: &[Number], wanted: Ordering) -> Number {
    rest.iter().fold(first, |best, next| if next.compare(best) == wanted { *next } else { best })
}

fn logarithm(x: Number, function: impl Fn(f64) -> f64) -> Result<Number, Reason> {
    if x.to_f64() <= 0.0 {
        return Err("Only numbers above zero have a logarithm");
    }
    Number::float(function(x.to_f64()))
}

fn tangent(x: f64) -> Result<Number, Reason> {
    if without_noise(x, x.cos()) == 0.0 {
        return Err("The tangent is not defined there");
    }
    Number::float(without_noise(x, x.tan()))
}

/// Zero for a result that is nothing but the rounding of the angle: the sine of the `pi` that fits into a double is not zero.
fn without_noise(angle: f64, result: f64) -> f64 {
    if result.abs() < angle.abs() * f64::EPSILON { 0.0 } else { result }
}

use scorpio_core::{
    Trust,
    tool::{Effects, RetryClass, ToolContext, erase},
};

use super::calculate;

fn result(expression: &str) -> String {
    calculate::function(expression.to_owned()).unwrap_or_else(|error| panic!("{expression}: {error}"))
}

fn error(expression: &str) -> String {
    let result = calculate::function(expression.to_owned());
    result.err().unwrap_or_else(|| panic!("{expression} has a result")).message().to_owned()
}

#[test]
fn results() {
    for (expression, expected) in [
        ("12*34", "408"),
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("10 - 4 - 3", "3"),
        ("100 / 10 / 2", "5"),
        ("7 / 2", "3.5"),
        ("-7 / 2", "-3.5"),
        ("-2^2", "-4"),
        ("(-2)^2", "4"),
        ("2^-2", "0.25"),
        ("2^3^2", "512"),
        ("2**10", "1024"),
        ("--3", "3"),
        ("3 - -3", "6"),
        ("+5", "5"),
        ("7 % 3", "1"),
        ("-7 % 3", "2"),
        ("7 % -3", "-2"),
        ("5.5 % 0.1", "0"),
        ("2e3 + .5 + 1.", "2001.5"),
        ("1.5E-3", "0.0015"),
        ("6 × 7 ÷ 2 − 1", "20"),
        ("  1 +\t1\n", "2"),
        ("0", "0"),
        ("-0", "0"),
    ] {
        assert_eq!(result(expression), expected, "{expression}");
    }
}

#[test]
fn fractions_stay_exact() {
    for (expression, expected) in [
        ("0.1 + 0.2", "0.3"),
        ("0.1 + 0.2 - 0.3", "0"),
        ("1/3 + 1/3 + 1/3", "1"),
        ("(1/3) * 3", "1"),
        ("19.99 * 3", "59.97"),
        ("1 - 0.9", "0.1"),
        ("round(2.675, 2)", "2.68"),
        ("1/1024", "0.0009765625"),
        ("1/3", "0.333333333333333"),
        ("2/3", "0.666666666666667"),
        ("123456789012345678 + 0.25", "123456789012345678.25"),
        ("9007199254740993 * 3", "27021597764222979"),
        ("2^100", "1267650600228229401496703205376"),
        ("2^100 % 7", "2"),
    ] {
        assert_eq!(result(expression), expected, "{expression}");
    }
}

#[test]
fn what_does_not_fit_becomes_a_float() {
    for (expression, expected) in [
        ("2^127", "1.70141183460469e38"),
        ("10^30 * 10^30", "1e60"),
        ("1/10^20", "1e-20"),
        ("-3 * 10^40", "-3e40"),
        ("1.5e300 * 2", "3e300"),
        ("123456789.5e20", "12345678950000000000000000000"),
        ("10^20 * 1.5e-300", "1.5e-280"),
        ("2^0.5", "1.4142135623731"),
        ("170141183460469231731687303715884105727 + 1", "1.70141183460469e38"),
        ("-170141183460469231731687303715884105727 - 2", "-1.70141183460469e38"),
        ("(-1)^170141183460469231731687303715884105727", "-1"),
        ("1e-400", "0"),
    ] {
        assert_eq!(result(expression), expected, "{expression}");
    }
}

#[test]
fn functions_and_constants() {
    for (expression, expected) in [
        ("sqrt(16)", "4"),
        ("sqrt(2)", "1.4142135623731"),
        ("cbrt(-27)", "-3"),
        ("abs(-3.5)", "3.5"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(1234, -2)", "1200"),
        ("round(pi, 4)", "3.1416"),
        ("floor(-1.5)", "-2"),
        ("ceil(-1.5)", "-1"),
        ("ceil(1.2)", "2"),
        ("min(3, 1/2, 2)", "0.5"),
        ("max(3, pi, 2)", "3.14159265358979"),
        ("max(1)", "1"),
        ("sin(pi)", "0"),
        ("sin(pi/6)", "0.5"),
        ("cos(pi/2)", "0"),
        ("tan(pi/4)", "1"),
        ("sin(1e-20)", "1e-20"),
        ("atan(1) * 4", "3.14159265358979"),
        ("asin(1) + acos(1)", "1.5707963267949"),
        ("exp(1)", "2.71828182845905"),
        ("ln(e)", "1"),
        ("log(1000)", "3"),
        ("log(8, 2)", "3"),
        ("log2(1024) + log10(100)", "12"),
        ("SQRT(4) * PI", "6.28318530717959"),
        ("2 * π", "6.28318530717959"),
        ("pow(2, 3) + mod(7, 4)", "11"),
    ] {
        assert_eq!(result(expression), expected, "{expression}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (expression, expected) in [
        ("", "The expression ends where a number was expected (at character 1"),
        ("2 +", "The expression ends where a number was expected (at character 4"),
        ("1/0", "Division by zero (at character 2"),
        ("0^-1", "Division by zero (at character 2"),
        ("5 % (1-1)", "Division by zero (at character 3"),
        ("sqrt(-1)", "There is no real result (at character 1"),
        ("(-8)^(1/3)", "There is no real result"),
        ("10^400", "The result is too large (at character 3"),
        ("1e400", "The result is too large (at character 1"),
        ("ln(0)", "Only numbers above zero have a logarithm"),
        ("log(2, 1)", "Division by zero"),
        ("tan(pi/2)", "The tangent is not defined there"),
        ("2(3)", "write `*` between them (at character 2"),
        ("2pi", "write `*` between them (at character 2"),
        ("1,000 * 2", "numbers are written without it (at character 2"),
        ("1 + 1 = 2", "only one side of an equation can be calculated (at character 7"),
        ("1)", "This `)` closes nothing (at character 2"),
        ("(1", "A `(` is not closed (at character 3"),
        ("(1]", "`]` where `)` was expected (at character 3"),
        ("1 & 2", "`&` is no operator"),
        ("* 2", "`*` where a number was expected (at character 1"),
        ("1.2.3", "A number has one decimal point (at character 4"),
        (".", "This is no number"),
        ("50% + 1", "for per cent write `/100` (at character 5"),
        ("50%", "for per cent write `/100`"),
        ("sin + 1", "`sin` is a function; it is used as sin(x) (at character 1"),
        ("round(1, 2.5)", "`round` is used as round(x) or round(x, digits)"),
        ("min()", "`min` is used as min(x, …)"),
        ("sqrt(1, 2)", "`sqrt` is used as sqrt(x)"),
        ("2 * foo(1)", "`foo` is unknown; there are pi, e, tau, and sqrt"),
        ("ä + x", "`ä` is unknown"),
        ("π + x", "`x` is unknown; there are pi, e, tau, and sqrt, cbrt, abs, round, floor, ceil, min, max"),
    ] {
        let error = error(expression);
        assert!(error.contains(expected), "{expression}: {error}");
    }
    assert!(error("π + x").ends_with("(at character 5 of the expression)."), "{}", error("π + x"));
}

#[test]
fn hostile_expressions_are_refused_quickly() {
    for hostile in
        ["(".repeat(1_000), "-".repeat(1_000), "2^".repeat(500), "sqrt(".repeat(200), "((1+".repeat(250)]
    {
        assert!(error(&hostile).contains("nested more than 64 deep"), "{hostile}");
    }
    assert_eq!(result(&format!("{}1{}", "(".repeat(64), ")".repeat(64))), "1");
    assert_eq!(error(&"1".repeat(1_001)), "The expression is longer than 1000 characters.");
    assert!(error("9^9^9^9").contains("too large"));
    assert_eq!(result(&vec!["1"; 500].join("+")), "500");
    assert!(error(&format!("1{}", "0".repeat(998))).contains("too large"));
}

/// Any text has a result or an error; the pieces are such as get far into the parser.
#[test]
fn nothing_makes_it_panic() {
    const PIECES: [&str; 32] = [
        "1",
        "0",
        "9",
        "170141183460469231731687303715884105727",
        "0.1",
        ".",
        "e",
        "1e308",
        "1e-308",
        "5e-324",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "(",
        ")",
        ",",
        "sqrt(",
        "round(",
        "min(",
        "log(",
        "tan(",
        "floor(",
        "ceil(",
        "mod(",
        "abs(",
        "pi",
        " ",
        "é",
        "−",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut results = 0;
    for _ in 0..20_000 {
        let mut expression = String::new();
        for _ in 0..(state >> 60) + 1 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            expression.push_str(PIECES[(state % 32) as usize]);
        }
        results += usize::from(calculate::function(expression).is_ok());
    }
    assert!(results > 200, "{results}");
}

#[tokio::test]
async fn models_get_it_as_a_tool() {
    let tool = erase(calculate);
    let spec = tool.spec();
    assert_eq!(spec.name, "calculate");
    assert_eq!((spec.retry, spec.effects, spec.trust), (RetryClass::Pure, Effects::None, Trust::Trusted));
    let cx = ToolContext::detached();
    let answer = tool.call(&cx, r#"{"expression": "12*34"}"#).await.unwrap();
    assert_eq!(answer.json.display_text(), "408");
    let error = tool.call(&cx, r#"{"expression": "12*x9"}"#).await.unwrap_err();
    assert!(error.message().starts_with("`x9` is unknown"), "{error}");
}

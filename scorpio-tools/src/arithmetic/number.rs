//! Numbers that stay exact as long as they can: fractions of 128-bit integers, then floating point.

use std::{cmp::Ordering, fmt};

/// Why an operation has no result.
pub(super) type Reason = &'static str;

const BY_ZERO: Reason = "Division by zero";
const NOT_REAL: Reason = "There is no real result";
const TOO_LARGE: Reason = "The result is too large";

/// How many digits of a floating-point number are shown. All of them are right for one operation on doubles, and rounding to them
/// hides the error of a few.
const DIGITS: usize = 15;

/// How many decimal places of a fraction are shown exactly.
const PLACES: u32 = 15;

#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Exact(Fraction),
    /// Always finite.
    Float(f64),
}

/// In lowest terms, with a denominator above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Number {
    pub(super) fn integer(value: i128) -> Self {
        Self::Exact(Fraction { numerator: value, denominator: 1 })
    }

    pub(super) fn float(value: f64) -> Result<Self, Reason> {
        if value.is_nan() {
            return Err(NOT_REAL);
        }
        if value.is_infinite() {
            return Err(TOO_LARGE);
        }
        Ok(Self::Float(value))
    }

    /// Reads digits with at most one point and an optional exponent, as Rust writes them.
    pub(super) fn parse(text: &str) -> Result<Self, Reason> {
        if let Some(exact) = Fraction::parse(text) {
            return Ok(Self::Exact(exact));
        }
        Self::float(text.parse().map_err(|_| "This is no number")?)
    }

    pub(super) fn to_f64(self) -> f64 {
        match self {
            Self::Exact(fraction) => fraction.to_f64(),
            Self::Float(value) => value,
        }
    }

    /// The value of a whole number.
    pub(super) fn to_integer(self) -> Option<i128> {
        match self {
            Self::Exact(Fraction { numerator, denominator: 1 }) => Some(numerator),
            _ => None,
        }
    }

    pub(super) fn negate(self) -> Result<Self, Reason> {
        Self::integer(0).subtract(self)
    }

    pub(super) fn add(self, other: Self) -> Result<Self, Reason> {
        self.combine(other, Fraction::add, |a, b| a + b)
    }

    pub(super) fn subtract(self, other: Self) -> Result<Self, Reason> {
        self.combine(other, |a, b| a.add(b.negate()?), |a, b| a - b)
    }

    pub(super) fn multiply(self, other: Self) -> Result<Self, Reason> {
        self.combine(other, Fraction::multiply, |a, b| a * b)
    }

    pub(super) fn divide(self, other: Self) -> Result<Self, Reason> {
        if other.is_zero() {
            return Err(BY_ZERO);
        }
        self.combine(other, |a, b| a.multiply(b.invert()?), |a, b| a / b)
    }

    /// What is left of a division with a whole result rounded down, so that it has the sign of the divisor.
    pub(super) fn remainder(self, other: Self) -> Result<Self, Reason> {
        if other.is_zero() {
            return Err(BY_ZERO);
        }
        self.combine(other, Fraction::remainder, |a, b| {
            let rest = a % b;
            if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
        })
    }

    pub(super) fn power(self, exponent: Self) -> Result<Self, Reason> {
        let whole = exponent.to_integer();
        if self.is_zero() && exponent.to_f64() < 0.0 {
            return Err(BY_ZERO);
        }
        if let (Self::Exact(base), Some(whole)) = (self, whole)
            && let Some(power) = base.power(whole)
        {
            return Ok(Self::Exact(power));
        }
        Self::float(self.to_f64().powf(exponent.to_f64()))
    }

    pub(super) fn floor(self) -> Result<Self, Reason> {
        self.map(Fraction::floor, f64::floor)
    }

    pub(super) fn ceil(self) -> Result<Self, Reason> {
        self.map(|x| x.negate()?.floor()?.negate(), f64::ceil)
    }

    /// To the nearest whole number; halves away from zero.
    pub(super) fn round(self) -> Result<Self, Reason> {
        self.map(Fraction::round, f64::round)
    }

    pub(super) fn abs(self) -> Result<Self, Reason> {
        if self.to_f64() < 0.0 { self.negate() } else { Ok(self) }
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        if let (Self::Exact(a), Self::Exact(b)) = (self, other)
            && let Some(ordering) = a.compare(b)
        {
            return ordering;
        }
        self.to_f64().total_cmp(&other.to_f64())
    }

    fn is_zero(self) -> bool {
        match self {
            Self::Exact(fraction) => fraction.numerator == 0,
            Self::Float(value) => value == 0.0,
        }
    }

    fn map(
        self,
        exact: impl Fn(Fraction) -> Option<Fraction>,
        float: impl Fn(f64) -> f64,
    ) -> Result<Self, Reason> {
        if let Self::Exact(fraction) = self
            && let Some(result) = exact(fraction)
        {
            return Ok(Self::Exact(result));
        }
        Self::float(float(self.to_f64()))
    }

    fn combine(
        self,
        other: Self,
        exact: impl Fn(Fraction, Fraction) -> Option<Fraction>,
        float: impl Fn(f64, f64) -> f64,
    ) -> Result<Self, Reason> {
        if let (Self::Exact(a), Self::Exact(b)) = (self, other)
            && let Some(result) = exact(a, b)
        {
            return Ok(Self::Exact(result));
        }
        Self::float(float(self.to_f64(), other.to_f64()))
    }
}

/// Every operation is `None` when its result does not fit.
impl Fraction {
    fn new(numerator: i128, denominator: i128) -> Option<Self> {
        let divisor = greatest_common_divisor(numerator, denominator)?;
        let (numerator, denominator) = (numerator.checked_div(divisor)?, denominator.checked_div(divisor)?);
        if denominator < 0 {
            return Some(Self {
                numerator: numerator.checked_neg()?,
                denominator: denominator.checked_neg()?,
            });
        }
        Some(Self { numerator, denominator })
    }

    fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: i128 = format!("{whole}{decimals}").parse().ok()?;
        let exponent = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(decimals.len()).ok()?)?;
        let scale = 10_i128.checked_pow(exponent.unsigned_abs())?;
        if exponent < 0 { Self::new(digits, scale) } else { Self::new(digits.checked_mul(scale)?, 1) }
    }

    fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    fn negate(self) -> Option<Self> {
        Some(Self { numerator: self.numerator.checked_neg()?, ..self })
    }

    fn invert(self) -> Option<Self> {
        Self::new(self.denominator, self.numerator)
    }

    fn add(self, other: Self) -> Option<Self> {
        let divisor = greatest_common_divisor(self.denominator, other.denominator)?;
        let factor = other.denominator.checked_div(divisor)?;
        let other_factor = self.denominator.checked_div(divisor)?;
        let sum =
            self.numerator.checked_mul(factor)?.checked_add(other.numerator.checked_mul(other_factor)?)?;
        Self::new(sum, self.denominator.checked_mul(factor)?)
    }

    fn multiply(self, other: Self) -> Option<Self> {
        // Cancelled first, so that the products stay small.
        let left = Self::new(self.numerator, other.denominator)?;
        let right = Self::new(other.numerator, self.denominator)?;
        let numerator = left.numerator.checked_mul(right.numerator)?;
        Self::new(numerator, left.denominator.checked_mul(right.denominator)?)
    }

    fn remainder(self, other: Self) -> Option<Self> {
        let times = self.multiply(other.invert()?)?.floor()?;
        self.add(other.multiply(times)?.negate()?)
    }

    fn power(self, exponent: i128) -> Option<Self> {
        let mut base = if exponent < 0 { self.invert()? } else { self };
        let mut left = exponent.unsigned_abs();
        let mut power = Self { numerator: 1, denominator: 1 };
        loop {
            if left & 1 == 1 {
                power = power.multiply(base)?;
            }
            left >>= 1;
            if left == 0 {
                return Some(power);
            }
            base = base.multiply(base)?;
        }
    }

    fn floor(self) -> Option<Self> {
        Some(Self { numerator: self.numerator.checked_div_euclid(self.denominator)?, denominator: 1 })
    }

    fn round(self) -> Option<Self> {
        if self.numerator < 0 {
            return self.negate()?.round()?.negate();
        }
        let half = Self { numerator: 1, denominator: 2 };
        self.add(half)?.floor()
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        let left = self.numerator.checked_mul(other.denominator)?;
        Some(left.cmp(&other.numerator.checked_mul(self.denominator)?))
    }

    /// As many decimal places as it has, if they are few.
    fn decimal(self) -> Option<String> {
        let mut places = 0;
        let mut scale = 1_i128;
        while scale.checked_rem(self.denominator)? != 0 {
            scale = scale.checked_mul(10)?;
            places += 1;
            if places > PLACES {
                return None;
            }
        }
        let digits = self.numerator.checked_mul(scale.checked_div(self.denominator)?)?;
        let sign = if digits < 0 { "-" } else { "" };
        let digits = digits.unsigned_abs().to_string();
        Some(format!("{sign}{}", with_point(&digits, digits.len() as i64 - i64::from(places))))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = match self {
            Self::Exact(fraction) => fraction.decimal(),
            Self::Float(_) => None,
        };
        f.write_str(&exact.unwrap_or_else(|| float_text(self.to_f64())))
    }
}

fn greatest_common_divisor(a: i128, b: i128) -> Option<i128> {
    let (mut a, mut b) = (a.checked_abs()?, b.checked_abs()?);
    while b != 0 {
        (a, b) = (b, a.checked_rem(b)?);
    }
    Some(a.max(1))
}

/// Rounded to the digits that are right, without zeros at the end; with an exponent where there would be many zeros.
fn float_text(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let text = format!("{:.*e}", DIGITS - 1, value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let exponent: i64 = exponent.parse().unwrap_or(0);
    match digits {
        "" => "0".to_owned(),
        digits if (-7..21).contains(&exponent) => format!("{sign}{}", with_point(digits, exponent + 1)),
        digits => format!("{sign}{}e{exponent}", with_point(digits, 1)),
    }
}

/// Puts the point after `before` of the digits. There may be fewer digits than that, and it may be in front of all of them.
fn with_point(digits: &str, before: i64) -> String {
    let count = digits.len() as i64;
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    if before <= 0 {
        return format!("0.{}{digits}", zeros(-before));
    }
    match usize::try_from(before).ok().and_then(|before| digits.split_at_checked(before)) {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, decimals)) => format!("{whole}.{decimals}"),
        None => format!("{digits}{}", zeros(before - count)),
    }
}

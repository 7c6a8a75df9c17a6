//! Vectors of length one: the only ones that are stored and searched with.

use std::{fmt, ops::Deref};

use crate::store::{StoreError, StoreErrorKind};

/// How many products are summed side by side, so that the compiler can use the processor's vector instructions.
const LANES: usize = 16;

/// How far from one the square of a length may be for the vector to be taken as it is: what was stored comes back bit by bit.
const TOLERANCE: f64 = 1e-5;

/// The direction of a vector: its numbers are scaled so that its length is one, and the cosine of two is their dot product.
///
/// ```
/// use scorpio_core::store::UnitVector;
/// let vector = UnitVector::new(vec![3.0, 4.0]).unwrap();
/// assert_eq!(&*vector, [0.6, 0.8]);
/// assert!(UnitVector::new(vec![0.0, 0.0]).is_err());
/// ```
#[derive(Clone, PartialEq)]
pub struct UnitVector(Box<[f32]>);

impl UnitVector {
    /// The direction of `numbers`.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`] when there are none, when one is not finite, and when all are zero: such a vector has no
    /// direction.
    pub fn new(numbers: Vec<f32>) -> Result<Self, StoreError> {
        let invalid = |message: String| Err(StoreError::new(StoreErrorKind::Invalid, message));
        if numbers.is_empty() {
            return invalid("a vector has no numbers".to_owned());
        }
        if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
            return invalid(format!("number {at} of a vector is not finite"));
        }
        let squares: f64 = numbers.iter().map(|number| f64::from(*number).powi(2)).sum();
        if squares == 0.0 {
            return invalid("a vector of zeros has no direction".to_owned());
        }
        if (squares - 1.0).abs() <= TOLERANCE {
            return Ok(Self(numbers.into()));
        }
        let length = squares.sqrt();
        #[allow(clippy::cast_possible_truncation, reason = "the quotient is between -1 and 1")]
        let scaled = numbers.iter().map(|number| (f64::from(*number) / length) as f32);
        Ok(Self(scaled.collect()))
    }

    /// How many numbers it has.
    pub fn dimensions(&self) -> usize {
        self.0.len()
    }

    /// Checks that it is as long as the vectors of its collection.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`], with both lengths in the message.
    pub fn expect_dimensions(&self, dimensions: usize) -> Result<(), StoreError> {
        let found = self.dimensions();
        if found == dimensions {
            return Ok(());
        }
        let message =
            format!("the vectors of this collection have {dimensions} numbers, and this one has {found}");
        Err(StoreError::new(StoreErrorKind::Invalid, message))
    }

    /// The cosine of the angle to another vector of length one that has as many numbers: 1 in the same direction, -1 in the opposite.
    pub fn cosine(&self, other: &[f32]) -> f32 {
        let mut sums = [0.0_f32; LANES];
        let (left, right) = (self.0.as_chunks::<LANES>(), other.as_chunks::<LANES>());
        for (left, right) in left.0.iter().zip(right.0) {
            for (sum, (left, right)) in sums.iter_mut().zip(left.iter().zip(right)) {
                *sum += left * right;
            }
        }
        let rest: f32 = left.1.iter().zip(right.1).map(|(left, right)| left * right).sum();
        (sums.iter().sum::<f32>() + rest).clamp(-1.0, 1.0)
    }
}

impl Deref for UnitVector {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl fmt::Debug for UnitVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitVector({} numbers)", self.dimensions())
    }
}

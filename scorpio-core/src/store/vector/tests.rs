use super::{Nearest, UnitVector};
use crate::{VectorId, store::StoreErrorKind};

#[test]
fn a_vector_without_a_direction_is_refused() {
    for (numbers, why) in [
        (vec![], "a vector has no numbers"),
        (vec![0.0; 3], "a vector of zeros has no direction"),
        (vec![1.0, f32::NAN], "number 1 of a vector is not finite"),
        (vec![f32::INFINITY], "number 0 of a vector is not finite"),
    ] {
        let error = UnitVector::new(numbers).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (StoreErrorKind::Invalid, why));
    }
}

#[test]
fn the_largest_and_the_smallest_numbers_have_a_direction() {
    for number in [f32::MAX, f32::MIN_POSITIVE, -1e-40] {
        let vector = UnitVector::new(vec![number, number]).unwrap();
        assert!((vector[0].abs() - 0.5_f32.sqrt()).abs() < 1e-6, "{number}");
    }
}

#[test]
fn a_unit_vector_is_taken_bit_by_bit() {
    let vector = UnitVector::new((1..=300).map(|number| number as f32).collect()).unwrap();
    assert_eq!(UnitVector::new(vector.to_vec()).unwrap(), vector);
}

#[test]
fn the_cosine_is_that_of_the_definition_at_every_length() {
    for length in 1..70 {
        let make = |step: f32| (0..length).map(|at| (at as f32 * step).sin() + 0.1).collect::<Vec<f32>>();
        let (left, right) = (make(0.7), make(1.3));
        let dot: f64 = left.iter().zip(&right).map(|(l, r)| f64::from(*l) * f64::from(*r)).sum();
        let norm = |v: &[f32]| v.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
        let expected = dot / (norm(&left) * norm(&right));
        let found = UnitVector::new(left).unwrap().cosine(&UnitVector::new(right).unwrap());
        assert!((f64::from(found) - expected).abs() < 1e-5, "{length}: {found} {expected}");
    }
}

#[test]
fn the_best_are_kept_in_order_with_the_lowest_id_first_among_equals() {
    let mut nearest = Nearest::new(3, Some(0.2));
    for (id, score) in [("e", 0.5), ("d", 0.5), ("a", 0.1), ("c", 0.5), ("b", 0.5), ("f", 0.9), ("g", 0.3)] {
        nearest.offer(score, &VectorId::parse(id).unwrap(), || ());
    }
    let found: Vec<_> = nearest.into_sorted().map(|(score, id, ())| (id.to_string(), score)).collect();
    assert_eq!(found, [("f".to_owned(), 0.9), ("b".to_owned(), 0.5), ("c".to_owned(), 0.5)]);
}

#[test]
fn of_none_wanted_none_is_kept() {
    let mut nearest = Nearest::new(0, None);
    nearest.offer(1.0, &VectorId::new(), || ());
    assert_eq!(nearest.into_sorted().count(), 0);
}

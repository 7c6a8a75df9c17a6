use super::Spread;

#[test]
fn the_middle_of_an_odd_and_of_an_even_number_of_figures() {
    let odd = Spread::of([3.0, 1.0, 2.0].into_iter());
    assert_eq!(odd, Spread { min: 1.0, median: 2.0, max: 3.0 });
    let even = Spread::of([4.0, 1.0, 3.0, 2.0].into_iter());
    assert_eq!(even, Spread { min: 1.0, median: 2.5, max: 4.0 });
    let one = Spread::of([1.5].into_iter());
    assert_eq!(one, Spread { min: 1.5, median: 1.5, max: 1.5 });
    assert!(Spread::of([].into_iter()).median.is_nan());
}

use mongodb::bson::doc;

use super::History;

fn history(seqs: &[i64]) -> History {
    seqs.iter().copied().collect()
}

fn seqs(history: &History) -> Vec<i64> {
    (-1..=20).filter(|seq| history.contains(*seq)).collect()
}

#[test]
fn numbers_that_follow_each_other_are_one_range() {
    for numbers in [&[][..], &[1], &[1, 2, 3], &[2, 3, 7], &[1, 4, 5, 6, 9]] {
        assert_eq!(seqs(&history(numbers)), numbers);
        assert_eq!(history(numbers).last(), numbers.last().copied().unwrap_or_default());
    }
    assert_eq!(history(&[1, 2, 3, 7, 8]).0.len(), 2);
}

#[test]
fn a_cut_leaves_what_comes_before() {
    let numbers = [1, 2, 5, 6, 7, 11];
    for after in 0..=12 {
        let mut cut = history(&numbers);
        cut.cut(after);
        let left: Vec<i64> = numbers.iter().copied().filter(|seq| *seq <= after).collect();
        assert_eq!(cut, history(&left), "after {after}");
    }
}

#[test]
fn a_filter_names_only_what_comes_after() {
    let history = history(&[1, 2, 5, 6, 7]);
    let all = doc! { "$or": [{ "seq": { "$gte": 1_i64, "$lte": 2_i64 } }, { "seq": { "$gte": 5_i64, "$lte": 7_i64 } }] };
    assert_eq!(history.after(0), Some(all));
    assert_eq!(history.after(2), Some(doc! { "seq": { "$gte": 5_i64, "$lte": 7_i64 } }));
    assert_eq!(history.after(5), Some(doc! { "seq": { "$gte": 6_i64, "$lte": 7_i64 } }));
    assert_eq!(history.after(7), None);
    assert_eq!(history.after(i64::MAX), None);
}

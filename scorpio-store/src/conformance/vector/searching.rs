use std::sync::Arc;

use scorpio_core::store::VectorStore;

use super::{add, at_angle, found, query};

pub(super) async fn the_nearest_come_first(store: Arc<dyn VectorStore>) {
    let angles = [("far", 170.0), ("near", 5.0), ("side", 90.0), ("same", 0.0), ("other-side", -60.0)];
    add(&*store, angles.map(|(id, degrees)| at_angle(id, degrees)).to_vec()).await;
    assert_eq!(found(&*store, query(10)).await, ["same", "near", "other-side", "side", "far"]);
    assert_eq!(found(&*store, query(2)).await, ["same", "near"]);
}

pub(super) async fn equally_near_ones_come_by_id(store: Arc<dyn VectorStore>) {
    let ids = ["d", "B", "a", "c", "e"];
    add(&*store, ids.map(|id| at_angle(id, 40.0)).to_vec()).await;
    assert_eq!(found(&*store, query(10)).await, ["B", "a", "c", "d", "e"]);
    assert_eq!(found(&*store, query(3)).await, ["B", "a", "c"]);
}

pub(super) async fn the_score_is_the_cosine(store: Arc<dyn VectorStore>) {
    let angles = [0.0_f32, 30.0, 60.0, 90.0, 135.0, 180.0];
    add(&*store, angles.iter().map(|degrees| at_angle(&format!("a{degrees:03}"), *degrees)).collect()).await;
    let hits = store.query(query(10)).await.unwrap();
    assert_eq!(hits.len(), angles.len());
    for (hit, degrees) in hits.iter().zip(angles) {
        assert!((hit.score - degrees.to_radians().cos()).abs() < 1e-5, "{degrees}: {}", hit.score);
        assert!((-1.0..=1.0).contains(&hit.score));
    }
}

pub(super) async fn no_more_than_the_limit_are_found(store: Arc<dyn VectorStore>) {
    add(&*store, (0..50_u8).map(|at| at_angle(&format!("r{at:02}"), at.into())).collect()).await;
    for limit in [1, 7, 49, 50, 51, usize::MAX] {
        let expected: Vec<String> = (0..limit.min(50)).map(|at| format!("r{at:02}")).collect();
        assert_eq!(found(&*store, query(limit)).await, expected);
    }
}

pub(super) async fn a_limit_of_none_finds_none(store: Arc<dyn VectorStore>) {
    add(&*store, vec![at_angle("a", 0.0)]).await;
    assert!(found(&*store, query(0)).await.is_empty());
}

pub(super) async fn a_minimum_score_leaves_out_what_is_below(store: Arc<dyn VectorStore>) {
    add(&*store, vec![at_angle("a", 10.0), at_angle("b", 50.0), at_angle("c", 70.0), at_angle("d", 100.0)])
        .await;
    assert_eq!(found(&*store, query(10).with_min_score(0.5)).await, ["a", "b"]);
    assert_eq!(found(&*store, query(1).with_min_score(0.5)).await, ["a"]);
    assert_eq!(found(&*store, query(10).with_min_score(-1.0)).await.len(), 4);
    assert!(found(&*store, query(10).with_min_score(0.999)).await.is_empty());
}

pub(super) async fn a_filter_is_applied_before_the_limit(store: Arc<dyn VectorStore>) {
    let near = (0..40_u8).map(|at| at_angle(&format!("near{at:02}"), 1.0).with_metadata("language", "en"));
    let far = (0..3_u8)
        .map(|at| at_angle(&format!("far{at}"), 120.0 + f32::from(at)).with_metadata("language", "pt"));
    add(&*store, near.chain(far).collect()).await;
    assert_eq!(found(&*store, query(3).with_filter("language", "pt")).await, ["far0", "far1", "far2"]);
    assert!(found(&*store, query(3).with_filter("language", "de")).await.is_empty());
}

pub(super) async fn a_filter_wants_all_of_its_values(store: Arc<dyn VectorStore>) {
    let records = vec![
        at_angle("both", 50.0).with_metadata("language", "en").with_metadata("year", "2026"),
        at_angle("language", 10.0).with_metadata("language", "en"),
        at_angle("year", 10.0).with_metadata("language", "pt").with_metadata("year", "2026"),
        at_angle("none", 0.0),
    ];
    add(&*store, records).await;
    let both = query(10).with_filter("language", "en").with_filter("year", "2026");
    assert_eq!(found(&*store, both).await, ["both"]);
    assert_eq!(found(&*store, query(10).with_filter("language", "en")).await, ["language", "both"]);
}

pub(super) async fn names_of_metadata_are_not_patterns(store: Arc<dyn VectorStore>) {
    let records = vec![
        at_angle("dotted", 0.0).with_metadata("a.b", "x"),
        at_angle("plain", 1.0).with_metadata("a", "x"),
    ];
    add(&*store, records).await;
    assert_eq!(found(&*store, query(10).with_filter("a.b", "x")).await, ["dotted"]);
    for (name, value) in
        [("a%", "x"), ("$.a", "x"), ("a", "X"), ("a", "%"), ("A", "x"), ("b", "x"), ("a", "")]
    {
        assert!(found(&*store, query(10).with_filter(name, value)).await.is_empty(), "{name} {value}");
    }
}

pub(super) async fn an_empty_collection_has_no_hits(store: Arc<dyn VectorStore>) {
    assert!(found(&*store, query(10)).await.is_empty());
}

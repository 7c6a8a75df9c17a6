use super::{BlobKey, BlobPut, BlobRange};
use crate::store::StoreErrorKind;

#[test]
fn keys_that_mean_the_same_everywhere_are_taken() {
    let long = "a".repeat(255);
    for key in ["a", "a/b", "A-Z_0.9=@+,", "2026/11/26/0193.png", &long] {
        assert_eq!(BlobKey::parse(key).unwrap().as_str(), key);
    }
}

#[test]
fn keys_that_could_lead_astray_are_refused() {
    let (long_part, long) = ("a".repeat(256), "a/".repeat(512) + "a");
    let hostile = [
        "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", ".hidden", "a/.b", "a\\b", "..\\a",
        "C:a", "a\0b", "a\nb", "a b", "a%2e%2e", "%2e%2e/a", "é", "．．/a", "a#1", "a?b", "a*", "~/a",
        "$HOME", &long_part, &long,
    ];
    for key in hostile {
        let error = BlobKey::parse(key).expect_err(key);
        assert_eq!(error.kind(), StoreErrorKind::Invalid, "{key:?}");
        assert!(error.to_string().starts_with("not a valid blob key: "), "{error}");
    }
}

#[test]
fn a_folder_is_whole_parts() {
    let key = |text| BlobKey::parse(text).unwrap();
    assert!(key("a/b").is_in(&key("a")));
    assert!(key("a/b/c").is_in(&key("a")));
    assert!(!key("ab").is_in(&key("a")));
    assert!(!key("a").is_in(&key("a")));
}

#[test]
fn ranges_are_those_of_http() {
    assert_eq!(BlobRange::Within(2..5).of(10).unwrap(), 2..5);
    assert_eq!(BlobRange::Within(2..50).of(10).unwrap(), 2..10);
    assert_eq!(BlobRange::From(9).of(10).unwrap(), 9..10);
    assert_eq!(BlobRange::Last(50).of(10).unwrap(), 0..10);
    for empty in [BlobRange::Within(10..20), BlobRange::Within(3..3), BlobRange::From(10), BlobRange::Last(0)]
    {
        assert_eq!(empty.of(10).unwrap_err().kind(), StoreErrorKind::Invalid, "{empty:?}");
    }
    assert!(BlobRange::Last(1).of(0).is_err());
}

#[test]
fn content_types_fit_into_a_header() {
    let long = "a".repeat(256);
    for content_type in ["", "text/plain\r\nx: y", " text/plain", "text/plàin", &long] {
        assert!(BlobPut::new().with_content_type(content_type).expect_valid().is_err(), "{content_type:?}");
    }
    assert!(BlobPut::new().with_content_type("text/plain; charset=utf-8").expect_valid().is_ok());
}

use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn refuses_what_is_no_origin() {
    for text in [
        "",
        "*",
        "null",
        "example.com",
        "ftp://example.com",
        "https://",
        "https://a.com/x",
        "https://u@a.com",
    ] {
        assert!(text.parse::<Origin>().is_err(), "{text}");
    }
    for text in ["https://a.com?x", "https://a.com/#x", "https://*.a.com", "http://a.com:99999"] {
        assert!(text.parse::<Origin>().is_err(), "{text}");
    }
}

#[test]
fn forgets_case_and_the_usual_port() {
    let parse = |text: &str| text.parse::<Origin>().unwrap();
    assert_eq!(parse("http://Localhost:80"), parse("http://localhost/"));
    assert_eq!(parse("http://[::1]:8080").as_str(), "http://[::1]:8080");
    assert_ne!(parse("https://a.com"), parse("http://a.com"));
    assert_ne!(parse("https://a.com"), parse("https://a.com:444"));
}

#[test]
fn tells_own_pages_from_strangers() {
    let public: Origin = "https://chat.example.com".parse().unwrap();
    let listed = ["https://app.example.com".parse().unwrap()];
    let table: &[(&[(&str, &str)], bool)] = &[
        (&[], true),
        (&[("origin", "https://chat.example.com")], true),
        (&[("origin", "https://chat.example.com"), ("sec-fetch-site", "same-origin")], true),
        (&[("origin", "https://app.example.com"), ("sec-fetch-site", "same-site")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("origin", "https://chat.example.com"), ("sec-fetch-site", "cross-site")], false),
        (&[("origin", "https://evil.com")], false),
        (&[("origin", "http://chat.example.com")], false),
        (&[("origin", "https://chat.example.com.evil.com")], false),
        (&[("origin", "null")], false),
        (&[("origin", "https://chat.example.com"), ("origin", "https://evil.com")], false),
        (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], false),
    ];
    for (pairs, expected) in table {
        assert_eq!(is_own_page(&headers(pairs), Some(&public), &listed), *expected, "{pairs:?}");
    }
    let local = headers(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]);
    assert!(is_own_page(&local, None, &[]));
    let other_port = headers(&[("origin", "http://127.0.0.1:9090"), ("host", "127.0.0.1:8080")]);
    assert!(!is_own_page(&other_port, None, &[]));
    // The browser knows better than a proxy that has changed the `Host`.
    let pairs =
        &[("origin", "https://chat.local"), ("host", "10.0.0.7:8080"), ("sec-fetch-site", "same-origin")];
    assert!(is_own_page(&headers(pairs), None, &[]));
    let cross_site =
        &[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")];
    assert!(!is_own_page(&headers(cross_site), None, &[]));
}

use axum::http::HeaderValue;

use super::*;

fn seen(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for line in forwarded {
        headers.append("x-forwarded-for", HeaderValue::from_static(line));
    }
    let trusted: Vec<IpAddr> = trusted.iter().map(|text| text.parse().unwrap()).collect();
    ClientAddress::of(Some(peer.parse().unwrap()), &headers, &trusted).to_string()
}

#[test]
fn believes_only_what_trusted_proxies_wrote() {
    assert_eq!(seen("203.0.113.9", &["1.1.1.1"], &[]), "203.0.113.9");
    assert_eq!(seen("10.0.0.1", &["1.1.1.1, 203.0.113.9"], &["10.0.0.1"]), "203.0.113.9");
    assert_eq!(
        seen("10.0.0.1", &["1.1.1.1, 203.0.113.9", "10.0.0.2"], &["10.0.0.1", "10.0.0.2"]),
        "203.0.113.9"
    );
    assert_eq!(seen("10.0.0.1", &["junk, 203.0.113.9"], &["10.0.0.1"]), "203.0.113.9");
    assert_eq!(seen("10.0.0.1", &[], &["10.0.0.1"]), "10.0.0.1");
    assert_eq!(seen("::ffff:10.0.0.1", &["203.0.113.9"], &["10.0.0.1"]), "203.0.113.9");
}

#[test]
fn takes_an_ipv6_network_as_one_client() {
    assert_eq!(seen("2001:db8:1:2:aaaa::1", &[], &[]), "2001:db8:1:2::");
    assert_eq!(seen("2001:db8:1:2:bbbb::1", &[], &[]), "2001:db8:1:2::");
}

use super::*;

#[test]
fn knows_the_loopback_interface() {
    let is_loopback = |url: &str| super::is_loopback(&url.parse().unwrap());
    assert!(is_loopback("http://127.0.0.1:11434/v1"));
    assert!(is_loopback("http://127.9.9.9/v1"));
    assert!(is_loopback("http://[::1]:8000/v1"));
    assert!(is_loopback("http://localhost/v1"));
    assert!(!is_loopback("http://192.168.0.7/v1"));
    assert!(!is_loopback("https://api.openai.com/v1"));
}

#[test]
fn offers_both_versions_of_http() {
    let config = tls(&"http://127.0.0.1/".parse().unwrap()).unwrap();
    assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

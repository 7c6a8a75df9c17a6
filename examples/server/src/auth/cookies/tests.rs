use super::*;

fn with_cookies(lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
    }
    headers
}

#[test]
fn over_tls_the_cookie_is_bound_to_the_host() {
    let token = RefreshToken::generate().unwrap();
    let https = Settings::new().with_public_url("https://chat.example.com".parse().unwrap());
    let header = set(&token, 60, &https).unwrap();
    let expected =
        format!("__Host-refresh={}; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure", token.expose());
    assert_eq!(header.to_str().unwrap(), expected);
    assert!(header.is_sensitive());
    let plain = set(&token, 60, &Settings::new()).unwrap();
    assert!(plain.to_str().unwrap().starts_with("scorpio-refresh="));
    assert!(!plain.to_str().unwrap().contains("Secure"));
}

#[test]
fn reads_the_one_cookie_and_no_other() {
    let settings = Settings::new();
    let token = RefreshToken::generate().unwrap();
    let pair = format!("scorpio-refresh={}", token.expose());
    let found = |lines: &[&str]| read(&with_cookies(lines), &settings).map(|found| found.hash());
    assert_eq!(found(&[&format!("a=b; {pair}; c=d")]), Some(token.hash()));
    assert_eq!(found(&["a=b", &pair]), Some(token.hash()));
    assert_eq!(found(&[&pair, &pair]), None);
    assert_eq!(found(&["scorpio-refresh=short"]), None);
    assert_eq!(found(&["xscorpio-refresh=a", "__Host-refresh=b"]), None);
    assert_eq!(found(&[]), None);
}

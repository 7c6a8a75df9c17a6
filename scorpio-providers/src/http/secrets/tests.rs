use super::*;

#[test]
fn takes_secrets_out() {
    let mut secrets = Secrets::default();
    secrets.add(&"sk-0123456789\n".into());
    secrets.add(&"short".into());
    let text = secrets.redact("Incorrect API key: sk-0123456789, not sk-0123456789. short");
    assert_eq!(text, "Incorrect API key: [redacted], not [redacted]. short");
    assert_eq!(format!("{secrets:?}"), "Secrets { count: 1 }");
}

#[test]
fn takes_the_last_tokens_out() {
    let secrets = Secrets::default();
    for number in [0, 1, 1, 1, 2, 3, 4] {
        secrets.add_token(&format!("a-token-{number}\n").into());
    }
    secrets.add_token(&"short".into());
    let text = secrets.redact("a-token-0 a-token-1 a-token-4 short");
    assert_eq!(text, "a-token-0 [redacted] [redacted] short");
    assert_eq!(format!("{secrets:?}"), "Secrets { count: 4 }");
}

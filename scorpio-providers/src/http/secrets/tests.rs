use super::*;

#[test]
fn takes_secrets_out() {
    let mut secrets = Secrets::default();
    secrets.add("sk-0123456789".to_owned().into());
    secrets.add("short".to_owned().into());
    let text = secrets.redact("Incorrect API key: sk-0123456789, not sk-0123456789. short");
    assert_eq!(text, "Incorrect API key: [redacted], not [redacted]. short");
    assert_eq!(format!("{secrets:?}"), "Secrets { count: 1 }");
}

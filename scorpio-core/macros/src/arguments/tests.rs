use std::time::Duration;

use syn::parse_str;

use super::{Arguments, is_tool_name, parse_duration};

fn error(source: &str) -> String {
    parse_str::<Arguments>(source).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn everything_at_once() {
    let arguments: Arguments = parse_str(
        r#"name = "find-orders", description = concat!("a", "b"), effects = "egress", idempotent, trusted,
           timeout = "1500ms", output_limit = 65_536, blocking, crate = crate::core,"#,
    )
    .unwrap();
    assert_eq!(arguments.name.as_ref().unwrap().value(), "find-orders");
    assert_eq!(arguments.timeout, Some(Duration::from_millis(1500)));
    assert_eq!(arguments.output_limit, Some(65536));
    assert!(arguments.blocking.is_some() && arguments.core.is_some() && arguments.description.is_some());
    let calls = arguments.spec_calls(&syn::parse_quote!(::c)).to_string().replace(' ', "");
    assert_eq!(
        calls,
        ".with_effects(::c::tool::Effects::Egress).with_retry(::c::tool::RetryClass::Idempotent)\
         .with_trust(::c::Trust::Trusted).with_timeout(::core::time::Duration::new(1u64,500000000u32))\
         .with_output_limit(65536usize)"
    );
}

#[test]
fn pure_means_no_effects_unless_it_says_which() {
    let calls = |source| {
        let arguments: Arguments = parse_str(source).unwrap();
        arguments.spec_calls(&syn::parse_quote!(c)).to_string().replace(' ', "")
    };
    assert!(calls("pure").contains("Effects::None"));
    assert!(calls("pure, effects = \"read_private\"").contains("Effects::ReadPrivate"));
    assert_eq!(calls(""), "");
}

#[test]
fn mistakes_are_named() {
    assert!(error("pure, pure").contains("`pure` stands here twice"));
    assert!(error("timeout").contains("`timeout` takes a value"));
    assert!(error("pure = true").contains("`pure` takes no value"));
    assert!(error("description = \" \"").contains("empty description"));
    assert!(error("output_limit = 0").contains("more than zero"));
    assert!(error("timeout = 0").contains("more than zero"));
    assert!(error("timeout = 1.5").contains("number of seconds"));
    assert!(error("pure, effects = \"write\"").contains("`pure` tool has no such effects"));
    assert!(error("effects = \"reads\"").contains("\"read_private\""));
    assert!(error("name = \"find orders\"").contains("letters, digits"));
    assert!(error("retries = 3").contains("unknown argument `retries`"));
}

#[test]
fn durations() {
    assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
    assert_eq!(parse_duration("30 s"), Some(Duration::from_secs(30)));
    for wrong in ["", "s", "30", "30h", "1.5s", "-1s", "99999999999999999999s", "18446744073709551615m"] {
        assert_eq!(parse_duration(wrong), None, "{wrong}");
    }
}

#[test]
fn names() {
    assert!(is_tool_name("_a-1") && is_tool_name(&"a".repeat(64)));
    assert!(!is_tool_name("") && !is_tool_name("1a") && !is_tool_name("a b") && !is_tool_name("größe"));
    assert!(!is_tool_name(&"a".repeat(65)));
}

use super::*;

fn refused(name: &str) -> String {
    let error = model(name).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration);
    error.to_string()
}

#[test]
fn errors_say_what_is_known_and_what_is_missing() {
    assert!(refused("gpt-5-mini").contains("write `openai:gpt-5-mini`"));
    assert!(refused("acme:x").contains("there is no provider `acme`: known are `openai:…`, `anthropic:…`"));
    assert!(refused("openai:").contains("names no model of `openai`"));
    assert!(refused("scripted:other").contains("only `scripted:demo`"));
}

#[test]
fn the_demo_is_known() {
    assert_eq!(model("scripted:demo").unwrap().to_string(), "scripted:demo");
}

#[cfg(feature = "openai")]
#[test]
fn the_name_of_a_model_may_hold_colons() {
    let model = model("ollama:llama3.2:3b").unwrap();
    assert_eq!((&**model.provider().id(), &**model.name()), ("ollama", "llama3.2:3b"));
}

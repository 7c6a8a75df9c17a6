use super::*;

fn dialect(url: &str) -> Dialect {
    let is_openai = Dialect::is_openai(&url.parse().unwrap());
    Dialect { is_openai, instructions_role: None, reasoning_summaries: false, legacy_max_tokens: false }
}

#[test]
fn openai_wants_developers_where_its_documentation_says_so() {
    let openai = dialect("https://eu.api.openai.com/v1");
    for model in ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5-mini", "gpt-5.4-nano", "gpt-10"] {
        assert_eq!(openai.instructions_role(model), InstructionsRole::Developer, "{model}");
    }
    for model in ["gpt-4o", "gpt-4.1-mini", "gpt-3.5-turbo", "chatgpt-4o-latest", "omni", "gpt-oss-120b", ""]
    {
        assert_eq!(openai.instructions_role(model), InstructionsRole::System, "{model}");
    }
}

#[test]
fn others_get_what_everybody_knows() {
    for url in [
        "http://127.0.0.1:11434/v1",
        "https://openrouter.ai/api/v1",
        "https://evil-api.openai.com.example/v1",
    ] {
        assert_eq!(dialect(url).instructions_role("gpt-5"), InstructionsRole::System, "{url}");
    }
    let chosen =
        Dialect { instructions_role: Some(InstructionsRole::Developer), ..dialect("http://127.0.0.1/v1") };
    assert_eq!(chosen.instructions_role("any"), InstructionsRole::Developer);
}

#[test]
fn capabilities_follow_the_name() {
    let openai = dialect("https://api.openai.com/v1");
    assert_eq!(openai.capabilities("gpt-5-mini"), Capabilities::all());
    assert!(!openai.capabilities("gpt-4o").reasoning);
    assert!(!openai.capabilities("gpt-3.5-turbo").vision);
    assert!(openai.capabilities("gpt-4-turbo").vision);
    assert!(!dialect("http://127.0.0.1/v1").capabilities("llama").documents);
}

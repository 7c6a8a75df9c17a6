use super::*;

#[test]
fn what_models_can_do_by_their_names() {
    for (model, reasoning, json_schema, tokens) in [
        ("claude-instant-1.2", false, false, 4_096),
        ("claude-3-haiku-20240307", false, false, 4_096),
        ("claude-3-5-sonnet-v2@20241022", false, false, 8_192),
        ("claude-3-7-sonnet-20250219", true, false, 32_000),
        ("claude-sonnet-4-20250514", true, false, 32_000),
        ("claude-opus-4@20250514", true, false, 32_000),
        ("claude-opus-4-1-20250805", true, true, 32_000),
        ("claude-sonnet-4-5", true, true, 32_000),
        ("claude-sonnet-5-5", true, true, 32_000),
        ("something-new", true, true, 32_000),
    ] {
        let can = capabilities(model);
        assert_eq!((can.reasoning, can.json_schema), (reasoning, json_schema), "{model}");
        assert_eq!(max_output_tokens(model), tokens, "{model}");
    }
}

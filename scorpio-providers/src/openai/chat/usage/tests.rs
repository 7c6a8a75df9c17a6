use super::*;

fn counts(json: &str) -> [u64; 5] {
    let raw = RawValue::from_string(json.to_owned()).unwrap();
    let usage = usage(&raw);
    assert_eq!(usage.raw.unwrap().get(), json);
    [usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning]
}

#[test]
fn input_excludes_what_the_cache_gave_and_took() {
    let json = r#"{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,
        "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10,"audio_tokens":0},
        "completion_tokens_details":{"reasoning_tokens":20}}"#;
    assert_eq!(counts(json), [30, 60, 10, 30, 20]);
}

#[test]
fn knows_the_dialects() {
    let deepseek = r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}"#;
    assert_eq!(counts(deepseek), [36, 64, 0, 5, 0]);
    let moonshot = r#"{"prompt_tokens":100,"completion_tokens":5,"cached_tokens":64}"#;
    assert_eq!(counts(moonshot), [36, 64, 0, 5, 0]);
    let xai = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#;
    assert_eq!(counts(xai), [10, 0, 0, 25, 20]);
}

#[test]
fn tolerates_what_makes_no_sense() {
    assert_eq!(counts("{}"), [0; 5]);
    assert_eq!(counts("7"), [0; 5]);
    assert_eq!(
        counts(r#"{"prompt_tokens":-5,"completion_tokens":null,"prompt_tokens_details":null}"#),
        [0; 5]
    );
    assert_eq!(counts(r#"{"prompt_tokens":"9","completion_tokens":2.0}"#), [0, 0, 0, 2, 0]);
    assert_eq!(
        counts(r#"{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":50}}"#),
        [0, 5, 0, 0, 0]
    );
    assert_eq!(counts(r#"{"prompt_tokens":1e400}"#), [0; 5]);
}

use scorpio_core::{Usage, model::ModelParameters};

use super::*;
use crate::registry::{Audience, KeySource, ModelRegistry, ProviderKind, Role};

fn refused(toml: &str) -> String {
    ModelRegistry::parse(toml).unwrap_err().to_string()
}

const WHOLE: &str = r#"
[providers.groq]
kind = "openai"
base_url = "https://api.groq.com/openai/v1"
api_key_env = "GROQ_API_KEY"

[providers.box]
kind = "ollama"
base_url = "http://box:11434"
api_key_file = "box.key"

[roles.chat]
model = ["scripted:demo", "ollama:llama3.2"]

[roles.reasoning]
model = "groq:openai/gpt-oss-120b"
parameters = { max_output_tokens = 9000, temperature = 1, reasoning_effort = "high", parallel_tool_calls = false, prompt_cache = "long", extra = { service_tier = "flex", seeds = [1, 2] } }

[[models]]
id = "demo"
name = "Demo"
model = "scripted:demo"

[[models]]
id = "deep"
name = "Deep"
description = "For hard questions."
model = "groq:openai/gpt-oss-120b"
for = "registered"

[prices."groq:openai/gpt-oss-*"]
input = 0.25
output = 2
"#;

#[test]
fn everything_is_read() {
    let builder = parse(WHOLE, Some(Path::new("conf/models.toml"))).unwrap();
    let description = format!("{builder:?}");
    assert!(description.contains("conf/box.key"), "{description}");
    let registry = builder.build().unwrap();
    let names: Vec<_> = registry.entries().map(|entry| entry.names.len()).collect();
    assert_eq!(names, [2, 1, 1, 1]);
    assert_eq!(registry.role(Role::Chat).unwrap().model().to_string(), "scripted:demo");
    let deep = registry.choice("deep").unwrap();
    assert_eq!((&*deep.name, deep.description.as_deref()), ("Deep", Some("For hard questions.")));
    assert_eq!(deep.audience, Audience::Registered);
    let cost = registry.prices().cost("groq:openai/gpt-oss-20b", &Usage::new(1_000_000, 500_000));
    assert_eq!(cost, Some(1.25));
}

#[test]
fn parameters_are_read() {
    let toml = r#"
        [roles.chat]
        model = "scripted:demo"
        [roles.chat.parameters]
        max_output_tokens = 9000
        temperature = 1
        reasoning_effort = "high"
        parallel_tool_calls = false
        prompt_cache = "long"
        extra = { service_tier = "flex", seeds = [1, 2] }
    "#;
    let registry = ModelRegistry::parse(toml).unwrap();
    let parameters = registry.role(Role::Chat).unwrap().parameters();
    let expected: ModelParameters = serde_json::from_str(
        r#"{"max_output_tokens": 9000, "temperature": 1.0, "reasoning_effort": "high", "parallel_tool_calls": false,
            "prompt_cache": "long", "extra": {"seeds":[1,2],"service_tier":"flex"}}"#,
    )
    .unwrap();
    assert_eq!(
        (parameters.max_output_tokens, parameters.temperature),
        (expected.max_output_tokens, expected.temperature)
    );
    assert_eq!(parameters.prompt_cache, expected.prompt_cache);
    assert_eq!(
        (&parameters.reasoning_effort, parameters.parallel_tool_calls),
        (&expected.reasoning_effort, Some(false))
    );
    let extra: serde_json::Value = parameters.extra.as_ref().unwrap().to().unwrap();
    assert_eq!(extra, expected.extra.as_ref().unwrap().to::<serde_json::Value>().unwrap());
}

#[test]
fn what_is_wrong_is_told_with_its_line_its_key_and_what_is_allowed() {
    let cases = [
        (
            "[rolls.chat]\nmodel = \"scripted:demo\"",
            "line 1",
            "unknown field `rolls`, expected one of `providers`, `roles`, `models`, `options`, `prices`",
        ),
        (
            "[roles.chat]\nmodel = \"scripted:demo\"\nmodle = 1",
            "line 3: roles.chat",
            "unknown field `modle`, expected `model` or `parameters`",
        ),
        (
            "\n[roles.chef]\nmodel = \"scripted:demo\"",
            "line 2: roles",
            "unknown role `chef`, expected one of `chat`, `reasoning`, `title`, `artifact`, `planner`",
        ),
        ("[roles.chat]\nmodel = 5", "line 2: roles.chat.model", "expected the name of a model"),
        ("[roles.chat]\nmodel = []", "line 2: roles.chat.model", "the list is empty"),
        ("[roles.chat]\nmodel = \"gpt-5\"", "line 2: roles.chat.model", "`gpt-5` names no provider"),
        (
            "[roles.chat]\nmodel = \"scripted:demo\"\n[roles.title]\nmodel = \"acme:x\"",
            "line 4: roles.title.model",
            "there is no provider `acme`",
        ),
        ("[roles.chat]", "line 1: roles.chat", "missing field `model`"),
        (
            "[options.\"gpt\"]\nthink_tags = true",
            "line 1",
            "`gpt` is neither the name of a model nor the beginning of one",
        ),
        (
            "[options.\"a:*\"]\nthink_tags = 1",
            "line 2: options.\"a:*\".think_tags",
            "expected `true`, `false`, or a table",
        ),
        (
            "[options.\"a:*\"]\nthink_tags = { opens = \"<t>\" }",
            "line 2: options.\"a:*\".think_tags",
            "unknown field `opens`, expected one of `open`, `close`",
        ),
        (
            "[options.\"a:*\"]\ntools = \"shouted\"",
            "line 2: options.\"a:*\".tools",
            "unknown variant `shouted`, expected `native` or `prompt`",
        ),
        (
            "[roles.chat]\nmodel = \"scripted:demo\"\nparameters = { temprature = 1 }",
            "line 3: roles.chat.parameters",
            "unknown field `temprature`, expected one of `max_output_tokens`",
        ),
        (
            "[[models]]\nid = \"a b\"\nname = \"A\"\nmodel = \"scripted:demo\"",
            "line 2: models[0].id",
            "`a b` is no id",
        ),
        (
            "[[models]]\nid = \"a\"\nname = \"A\"\nmodel = \"scripted:demo\"\nfor = \"admins\"",
            "line 5: models[0].for",
            "unknown variant `admins`, expected `guests` or `registered`",
        ),
        (
            "[[models]]\nid = \"a\"\nname = \"A\"\nmodel = \"scripted:demo\"\n[[models]]\nid = \"a\"\nname = \"A\"\nmodel = \"scripted:demo\"",
            "line 6: models[1].id",
            "two choices with the id `a`",
        ),
        (
            "[providers.groq]\nkind = \"grok\"",
            "line 2: providers.groq.kind",
            "unknown variant `grok`, expected",
        ),
        (
            "[providers.groq]\nkind = \"openai\"\nbase_url = \"groq.com\"",
            "line 3: providers.groq.base_url",
            "begins with `https://`",
        ),
        (
            "[providers.\"My Server\"]\nkind = \"openai\"",
            "line 1: providers",
            "`My Server` is no name for a provider",
        ),
        ("[prices.\"openai:*\"]\ninput = -1", "line 2: prices.\"openai:*\".input", "0 or more"),
        ("[prices.\"openai:*\"]\ninput = nan", "line 2: prices.\"openai:*\".input", "0 or more"),
        (
            "[prices.\"openai:*\"]\ninputs = 1",
            "line 2: prices.\"openai:*\"",
            "unknown field `inputs`, expected one of `input`, `cache_read`, `cache_write`, `output`",
        ),
        ("[roles.chat\nmodel = 1", "line 1", "unclosed table"),
        ("a = 1\na = 2", "line 2", "duplicate key"),
    ];
    for (toml, place, wrong) in cases {
        let error = refused(toml);
        assert!(error.starts_with(&format!("the TOML text, {place}")), "{toml}\n{error}");
        assert!(error.contains(wrong), "{toml}\n{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn a_key_in_a_file_is_refused_and_not_repeated() {
    let inline = "[providers.groq]\nkind = \"openai\"\napi_key = \"gsk_0123456789\"";
    let error = refused(inline);
    assert!(error.contains("line 3: providers.groq.api_key: a key has no place in this file"), "{error}");
    assert!(error.contains("`api_key_env`") && error.contains("`api_key_file`"), "{error}");
    let misplaced = "[providers.groq]\nkind = \"openai\"\napi_key_env = \"gsk_0123456789\"";
    let refused_name = refused(misplaced);
    assert!(refused_name.contains("the name of a variable"), "{refused_name}");
    for error in [error, refused_name] {
        assert!(!error.contains("gsk_"), "{error}");
    }
}

#[test]
fn a_file_is_named_in_its_errors() {
    let path = std::env::temp_dir().join(format!("scorpio-models-{}.toml", uuid::Uuid::now_v7()));
    let missing = ModelRegistry::read(&path).unwrap_err().to_string();
    assert!(missing.contains(&format!("{} cannot be read: ", path.display())), "{missing}");
    std::fs::write(&path, "[roles.chat]\nmodel = 1").unwrap();
    let wrong = ModelRegistry::read(&path).unwrap_err().to_string();
    assert!(wrong.starts_with(&format!("{}, line 2: roles.chat.model: ", path.display())), "{wrong}");
    std::fs::write(&path, vec![b'#'; 1 << 21]).unwrap();
    assert!(ModelRegistry::read(&path).unwrap_err().to_string().contains("larger than"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_provider_is_as_it_is_written() {
    let builder = parse(WHOLE, None).unwrap().build().unwrap();
    let settings = |name: &str| match builder.providers().get(name) {
        Some(crate::registry::Provider::Settings(settings)) => settings.clone(),
        other => panic!("{other:?}"),
    };
    let groq = settings("groq");
    assert_eq!(
        (groq.kind, groq.key),
        (ProviderKind::OpenAi, Some(KeySource::Variable("GROQ_API_KEY".into())))
    );
    assert_eq!(settings("box").kind, ProviderKind::Ollama);
}

#[tokio::test]
async fn options_are_read_and_count_for_their_models() {
    let toml = r#"
        [roles.chat]
        model = "scripted:large"
        [roles.title]
        model = "scripted:small"
        [roles.planner]
        model = "scripted:other"

        [options."scripted:*"]
        think_tags = true
        [options."scripted:sm*"]
        think_tags = { open = "[think]", close = "[/think]", starts_inside = true, anywhere = true }
        tools = "prompt"
        repair_tool_calls = true
        [options."scripted:other"]
    "#;
    let script = scorpio_core::model::Scripted::new();
    let registry =
        ModelRegistryBuilder::parse(toml).unwrap().ready_provider(Arc::new(script.clone())).build().unwrap();
    let answers = [
        (Role::Chat, "<think>a</think>b", "b"),
        (Role::Title, "a[/think]b[think]c[/think]d", "bd"),
        (Role::Planner, "<think>a</think>b", "<think>a</think>b"),
    ];
    for (role, said, expected) in answers {
        let _ = script.clone().text(said);
        let model = registry.role(role).unwrap().model();
        let request = scorpio_core::model::ModelRequest::new(Arc::clone(model.name()), Default::default());
        let provider = model.provider();
        let answer = scorpio_core::model::complete(&**provider, request, &Default::default()).await.unwrap();
        assert_eq!(answer.text(), expected, "{role}");
        let wrapped = format!("{provider:?}");
        assert_eq!(
            wrapped.starts_with("ToolCallRepair { provider: PromptedTools { provider: ThinkTags"),
            role == Role::Title
        );
    }
}

use super::*;

fn from(variables: &[(&str, &str)]) -> Result<ModelRegistry, String> {
    let get =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    of_environment(&Environment::new(&get)).map_err(|error| error.to_string())
}

fn chat(registry: &ModelRegistry) -> String {
    registry.role(Role::Chat).unwrap().model().to_string()
}

#[test]
fn without_a_key_there_is_the_demo() {
    for variables in [&[][..], &[("OPENAI_API_KEY", "")], &[("OPENAI_API_KEY", " ")]] {
        assert_eq!(chat(&from(variables).unwrap()), "scripted:demo");
    }
}

#[test]
fn a_key_brings_a_model() {
    let registry = from(&[("OPENAI_API_KEY", "sk-0123456789")]).unwrap();
    assert_eq!(chat(&registry), "openai:gpt-5-mini");
    assert_eq!(&*registry.choices()[0].id, "openai:gpt-5-mini");
    registry.check().unwrap();
}

#[test]
fn a_file_wins_and_is_named_when_it_is_wrong() {
    let path = std::env::temp_dir().join(format!("scorpio-from-env-{}.toml", uuid::Uuid::now_v7()));
    let file = path.to_str().unwrap();
    let variables = [("OPENAI_API_KEY", "sk-0123456789"), ("SCORPIO_MODELS", file)];
    assert!(from(&variables).unwrap_err().starts_with("SCORPIO_MODELS: "));
    std::fs::write(&path, "[roles.chat]\nmodel = \"openai:from-the-file\"").unwrap();
    // The key is one of these variables, and not one of the process.
    assert_eq!(chat(&from(&variables).unwrap()), "openai:from-the-file");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_it_waits_for_may_move_between_threads() {
    fn is_send(_: impl Send) {}
    is_send(discover());
}

#[test]
fn several_keys_bring_several_models_to_choose_from() {
    let keys = [
        ("ANTHROPIC_AUTH_TOKEN", "sk-ant-0123456789"),
        ("OPENAI_API_KEY", "sk-0123456789"),
        ("GOOGLE_API_KEY", "AIza0123456789"),
    ];
    let registry = from(&keys).unwrap();
    let ids: Vec<&str> = registry.choices().iter().map(|choice| &*choice.id).collect();
    assert_eq!(ids, ["openai:gpt-5-mini", "anthropic:claude-sonnet-5", "gemini:gemini-3.6-flash"]);
    registry.check().unwrap();
    assert_eq!(chat(&from(&keys[..1]).unwrap()), "anthropic:claude-sonnet-5");
}

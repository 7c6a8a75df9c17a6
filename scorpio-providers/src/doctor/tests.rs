use super::*;
use crate::registry::{ProviderKind, ProviderSettings, Role};

fn found(models: &[&str]) -> Found {
    let models = Some(models.iter().map(|model| (*model).to_owned()).collect());
    let took = std::time::Duration::from_millis(7);
    Found {
        address: "http://x/v1".into(),
        models,
        names_are_models: true,
        is_page: false,
        took,
        clock_ahead: None,
    }
}

fn missing_of(model: &str, known: &[&str]) -> Option<String> {
    let used = [(model.to_owned(), "the role `chat`".to_owned())];
    missing("openai", &used, &found(known)).first().map(ToString::to_string)
}

#[test]
fn a_model_that_is_not_there_is_told_with_those_that_are_like_it() {
    let known = ["gpt-5-mini", "gpt-5", "gpt-5-nano", "whisper-1", "dall-e-3"];
    assert_eq!(missing_of("gpt-5-mini", &known), None);
    assert_eq!(
        missing_of("gpt-5-mni", &known).unwrap(),
        "The role `chat` uses `openai:gpt-5-mni`, which the provider does not have. Did you mean `gpt-5-mini`, `gpt-5`, `gpt-5-nano`?"
    );
    assert!(missing_of("zzz", &known).unwrap().ends_with("It has 5 others."));
    // A list without any says nothing.
    assert_eq!(missing_of("gpt-5-mini", &[]), None);
    assert_eq!(missing_of("llama3.2", &["llama3.2:latest"]), None);
}

#[test]
fn a_key_that_is_missing_is_told_with_the_variable_to_set() {
    let settings = ProviderSettings::new(ProviderKind::OpenAi).with_base_url("http://x/v1");
    let registry = ModelRegistry::builder()
        .provider("groq", settings.with_key_variable("GROQ_API_KEY"))
        .role(Role::Chat, "openai:gpt-5-mini")
        .role(Role::Title, "groq:small")
        .build()
        .unwrap();
    let none = |_: &str| None;
    let found = examinations(&registry, &Environment::new(&none));
    let told: Vec<String> = found
        .into_iter()
        .filter_map(|one| match one.way {
            Way::None(finding) => Some(finding.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            "The provider `groq` cannot be set up: GROQ_API_KEY is not set. Set GROQ_API_KEY to the key, or name another variable.",
            "The provider `openai` cannot be set up: OPENAI_API_KEY is not set. Set OPENAI_API_KEY to a key of the provider.",
        ]
    );
}

#[test]
fn a_clock_that_is_far_off_is_told() {
    let mut far = found(&["a"]);
    for (seconds, told) in
        [(0, None), (-299, None), (720, Some("12 minutes ahead of")), (-720, Some("12 minutes behind"))]
    {
        far.clock_ahead = Some(seconds);
        let finding = diagnosis::clock(&far);
        assert_eq!(finding.is_some(), told.is_some(), "{seconds}");
        if let (Some(finding), Some(told)) = (finding, told) {
            assert!(finding.text.contains(told) && finding.severity == Severity::Doubtful, "{finding}");
        }
    }
}

#[test]
fn the_words_say_how_bad_it_is() {
    let report = Report::new(vec![
        Finding::fine("the provider `a`", "answers."),
        Finding::wrong("the role `b`", "does not."),
    ]);
    assert_eq!(report.to_string(), "ok        The provider `a` answers.\nwrong     The role `b` does not.");
    assert!(!report.is_healthy());
    assert!(Report::new(vec![Finding::doubtful("x", "y")]).is_healthy());
}

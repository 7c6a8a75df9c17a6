use std::sync::Arc;

use scorpio_core::model::{Demo, LlmProvider, Scripted};

use super::*;
use crate::environment::Environment;

fn built(builder: ModelRegistryBuilder, variables: &[(&str, &str)]) -> Result<ModelRegistry, String> {
    let get =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    builder.build_in(&Environment::new(&get)).map_err(|error| {
        assert_eq!(error.kind(), ModelErrorKind::Configuration);
        error.to_string()
    })
}

fn refused(builder: ModelRegistryBuilder) -> String {
    built(builder, &[]).unwrap_err()
}

#[test]
fn a_role_without_a_model_of_its_own_has_that_of_the_chat() {
    let registry = ModelRegistry::builder().role(Role::Chat, "scripted:demo");
    let registry = built(registry.role(Role::Title, "ollama:tiny"), &[]).unwrap();
    for role in Role::ALL {
        let expected = if role == Role::Title { "ollama:tiny" } else { "scripted:demo" };
        assert_eq!(registry.role(role).unwrap().model().to_string(), expected, "{role}");
    }
    assert!(registry.has_role(Role::Title) && !registry.has_role(Role::Planner));
}

#[test]
fn a_model_that_cannot_be_set_up_is_named_with_its_role_and_the_reason() {
    let registry = ModelRegistry::builder().role(Role::Chat, "scripted:demo");
    let registry = registry.role(Role::Planner, "openai:gpt-5-mini");
    let registry = registry
        .choice(ModelChoice::new("fast", "Fast", "scripted:nothing"))
        .choice(ModelChoice::new("demo", "Demo", "scripted:demo"));
    let registry = built(registry, &[]).unwrap();
    assert_eq!(
        registry.check().unwrap_err().to_string(),
        "the model of the role `planner`, openai:gpt-5-mini: OPENAI_API_KEY is not set\n\
         the model of the choice `fast`, scripted:nothing: there is no such script, only `scripted:demo`"
    );
    assert!(registry.role(Role::Planner).is_err() && registry.chosen("fast").is_err());
    // The others are not held back by it.
    assert!(registry.role(Role::Chat).is_ok() && registry.chosen("demo").is_ok());
}

#[test]
fn a_key_goes_to_no_address_but_the_one_it_is_meant_for() {
    let builder = || {
        let here = ProviderSettings::new(ProviderKind::OpenAi).with_base_url("http://127.0.0.1:1/v1");
        let there = here.clone().with_key_variable("THERE_KEY");
        ModelRegistry::builder()
            .provider("here", here)
            .provider("there", there)
            .role(Role::Chat, "here:any")
            .role(Role::Title, "there:any")
    };
    let registry = built(builder(), &[("OPENAI_API_KEY", "sk-0123456789")]).unwrap();
    assert!(registry.role(Role::Chat).is_ok());
    let error = registry.role(Role::Title).unwrap_err().to_string();
    assert_eq!(error, "the model of the role `title`, there:any: THERE_KEY is not set");
    assert!(!format!("{registry:?}").contains("sk-0123456789"));

    let get = |name: &str| (name == "OPENAI_API_KEY").then(|| "sk-0123456789".to_owned());
    let environment = Environment::new(&get);
    let here = ProviderSettings::new(ProviderKind::OpenAi).with_base_url("http://127.0.0.1:1/v1");
    assert_eq!(here.listing(&environment).unwrap().key, None);
    let usual = ProviderSettings::new(ProviderKind::OpenAi);
    assert_eq!(usual.listing(&environment).unwrap().key.as_deref(), Some("sk-0123456789"));
}

#[test]
fn a_key_may_be_in_a_file() {
    let folder = std::env::temp_dir().join(format!("scorpio-key-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir(&folder).unwrap();
    let with = |name: &str, content: Option<&str>| {
        let file = folder.join(name);
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let settings = ProviderSettings::new(ProviderKind::OpenAi).with_key_file(file);
        let builder = ModelRegistry::builder().provider("acme", settings).role(Role::Chat, "acme:any");
        built(builder, &[]).unwrap().check().map_err(|error| error.to_string())
    };
    assert_eq!(with("good", Some("sk-0123456789\n")), Ok(()));
    assert!(with("missing", None).unwrap_err().contains("the key cannot be read from "));
    assert!(with("empty", Some(" \n")).unwrap_err().contains("holds no key"));
    let two = with("two", Some("sk-0123456789\nsk-9876543210")).unwrap_err();
    assert!(two.contains("holds more than a key") && !two.contains("sk-"), "{two}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let builder = ModelRegistry::builder;
    assert!(refused(builder()).contains("there is no model"));
    assert!(
        refused(builder().role(Role::Title, "scripted:demo")).contains("say which one has the role `chat`")
    );
    assert!(refused(builder().role(Role::Chat, "gpt-5-mini")).contains("`gpt-5-mini` names no provider"));
    assert!(refused(builder().role(Role::Chat, "openai:")).contains("names no model of `openai`"));
    assert!(refused(builder().role(Role::Chat, ":x")).contains("names no provider before the colon"));
    let unknown = refused(builder().role(Role::Title, "acme:x").role(Role::Chat, "scripted:demo"));
    assert!(unknown.contains("the role `title`: there is no provider `acme`"), "{unknown}");
    assert!(unknown.contains("`anthropic`, `anthropic-vertex`, `azure`, `gemini`, `gemini-vertex`, `ollama`, `openai`, `scripted`"), "{unknown}");
    let twice = builder().choice(ModelChoice::new("a", "A", "scripted:demo")).choice(ModelChoice::new(
        "a",
        "B",
        "scripted:demo",
    ));
    assert!(refused(twice).contains("two choices with the id `a`"));
    let bad_id = builder().choice(ModelChoice::new("a b", "A", "scripted:demo"));
    assert!(refused(bad_id).contains("`a b` is no id"));
    let settings = ProviderSettings::new(ProviderKind::OpenAi);
    let bad_name = builder().provider("My Server", settings).role(Role::Chat, "scripted:demo");
    assert!(refused(bad_name).contains("`My Server` is no name for a provider"));
    let closed = ModelChoice::new("a", "A", "scripted:demo").with_audience(Audience::Registered);
    assert!(refused(builder().choice(closed)).contains("guests have no model to choose"));
}

#[test]
fn the_first_choice_for_somebody_is_their_default_and_that_for_guests_is_the_chat() {
    let deep = ModelChoice::new("deep", "Deep", "ollama:deep").with_audience(Audience::Registered);
    let builder =
        ModelRegistry::builder().choice(deep).choice(ModelChoice::new("demo", "Demo", "scripted:demo"));
    let registry = built(builder, &[]).unwrap();
    let default = |audience| registry.choices_of(audience).next().unwrap().id.to_string();
    assert_eq!((default(Audience::Guests), default(Audience::Registered)), ("demo".into(), "deep".into()));
    assert_eq!(registry.role(Role::Chat).unwrap().model().to_string(), "scripted:demo");
}

#[test]
fn without_choices_there_is_the_model_of_the_chat() {
    for (name, shown) in [("scripted:demo", "Demo"), ("ollama:llama3.2:3b", "llama3.2:3b")] {
        let registry = built(ModelRegistry::builder().role(Role::Chat, name), &[]).unwrap();
        let [choice] = registry.choices() else { panic!("{registry:?}") };
        assert_eq!((&*choice.id, &*choice.name), (name, shown));
        assert_eq!(registry.chosen(name).unwrap().model().to_string(), name);
    }
}

#[test]
fn one_model_for_everybody_leaves_the_rest_as_it_was() {
    let builder = ModelRegistry::builder()
        .choice(ModelChoice::new("a", "A", "ollama:a"))
        .role(Role::Title, "ollama:tiny")
        .only("scripted:demo");
    let registry = built(builder, &[]).unwrap();
    assert_eq!(registry.choices().len(), 1);
    assert_eq!(registry.role(Role::Chat).unwrap().model().to_string(), "scripted:demo");
    assert_eq!(registry.role(Role::Title).unwrap().model().to_string(), "ollama:tiny");
}

#[test]
fn models_of_a_provider_share_it() {
    let provider: Arc<dyn LlmProvider> = Arc::new(Scripted::new().text("Hi."));
    let builder = ModelRegistry::builder()
        .ready_provider(Arc::clone(&provider))
        .role(Role::Chat, "scripted:one")
        .role(Role::Title, "scripted:two");
    let registry = built(builder, &[]).unwrap();
    for role in [Role::Chat, Role::Title] {
        assert!(Arc::ptr_eq(registry.role(role).unwrap().model().provider(), &provider));
    }
    let builder = ModelRegistry::builder().role(Role::Chat, "ollama:a").role(Role::Title, "ollama:b");
    let registry = built(builder, &[]).unwrap();
    let of = |role| Arc::clone(registry.role(role).unwrap().model().provider());
    assert!(Arc::ptr_eq(&of(Role::Chat), &of(Role::Title)));
}

#[test]
fn a_model_is_a_registry_of_itself() {
    let registry = ModelRegistry::from(Model::new(Demo::new(), "demo"));
    assert_eq!(&*registry.choices()[0].id, "scripted:demo");
    assert_eq!(registry.chosen("scripted:demo").unwrap().model().to_string(), "scripted:demo");
    assert!(registry.check().is_ok());
}

#[tokio::test]
async fn the_second_of_a_chain_answers_when_the_first_does_not() {
    use scorpio_core::{Agent, model::ScriptedTurn};
    let broke = ScriptedTurn::new().refuse(ModelError::new(ModelErrorKind::Quota, "no money"));
    let provider = Scripted::new().turn(broke).text("I can help.");
    let builder = ModelRegistry::builder()
        .ready_provider(Arc::new(provider))
        .role(Role::Chat, Assignment::new("scripted:large").or("scripted:small"));
    let registry = built(builder, &[]).unwrap();
    let model = registry.role(Role::Chat).unwrap().model();
    assert_eq!(model.to_string(), "scripted:large");
    let agent = Agent::builder("test").with_model(model.clone()).build().unwrap();
    assert_eq!(agent.run("Can you?").await.unwrap().text(), "I can help.");

    let six = (0..5).fold(Assignment::new("scripted:demo"), |six, _| six.or("scripted:demo"));
    let registry = built(ModelRegistry::builder().role(Role::Chat, six), &[]).unwrap();
    assert!(registry.check().unwrap_err().to_string().contains("at most 5"));
}

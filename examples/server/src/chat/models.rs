//! Which models somebody may choose, which one answers, and what is remembered of that.

use scorpio_core::{
    ErrorKind, Json, Origin, Surface,
    model::Capabilities,
    store::{NewSession, Session, SessionPatch, User, UserKind},
};
use scorpio_providers::{Audience, ModelChoice};
use serde::{Deserialize, Serialize};

use crate::{
    App,
    app::is_demo,
    problem::{FieldError, Problem, Result},
};

/// What the model is called in the metadata of a message.
pub(super) const MODEL: &str = "model";

/// The models, as the API shows them to somebody.
#[derive(Debug, Serialize)]
pub(super) struct Models {
    /// The one that answers when none is chosen.
    default: String,
    /// Those that they may choose.
    models: Vec<ModelView>,
    /// Those that they may not, and why.
    locked: Vec<LockedModel>,
}

#[derive(Debug, Serialize)]
struct ModelView {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    demo: bool,
    capabilities: CapabilitiesView,
}

#[derive(Debug, Serialize)]
struct LockedModel {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct CapabilitiesView {
    tools: bool,
    vision: bool,
    reasoning: bool,
    documents: bool,
}

impl From<Capabilities> for CapabilitiesView {
    fn from(capabilities: Capabilities) -> Self {
        let Capabilities { tools, vision, reasoning, documents, .. } = capabilities;
        Self { tools, vision, reasoning, documents }
    }
}

/// What a chat remembers, in the metadata of its session.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Remembered {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

/// The model that wrote an answer, in the metadata of a message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AnsweredBy<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    /// What its provider calls the model that answered in place of the one that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    fell_back_to: Option<&'a str>,
}

/// What somebody may choose.
pub(super) fn list(app: &App, user: &User) -> Models {
    let audience = audience(user);
    let (open, locked): (Vec<_>, Vec<_>) =
        app.models().choices().iter().partition(|choice| choice.is_for(audience));
    Models {
        default: open.first().map(|choice| choice.id.to_string()).unwrap_or_default(),
        models: open.into_iter().filter_map(|choice| view(app, choice)).collect(),
        locked: locked.into_iter().map(locked_view).collect(),
    }
}

fn view(app: &App, choice: &ModelChoice) -> Option<ModelView> {
    let model = app.agent(&choice.id)?.model();
    Some(ModelView {
        id: choice.id.to_string(),
        name: choice.name.to_string(),
        description: choice.description.as_deref().map(str::to_owned),
        demo: is_demo(model),
        capabilities: model.provider().capabilities(model.name()).into(),
    })
}

fn locked_view(choice: &ModelChoice) -> LockedModel {
    let description = choice.description.as_deref().map(str::to_owned);
    LockedModel {
        id: choice.id.to_string(),
        name: choice.name.to_string(),
        description,
        reason: "Sign up to use this model.",
    }
}

/// The model that answers a post: the one that is asked for, the one that answered last in this chat, or the first of those that this
/// user may choose.
pub(super) fn choose<'a>(
    app: &'a App,
    user: &User,
    asked: Option<&str>,
    session: Option<&Session>,
) -> Result<&'a ModelChoice> {
    let audience = audience(user);
    if let Some(id) = asked {
        let choice = app.models().choice(id).ok_or_else(|| no_such_model(app, audience, id))?;
        return if choice.is_for(audience) { Ok(choice) } else { Err(locked(choice)) };
    }
    // A model may have left the registry, and a user may have lost what they had.
    let remembered = session.and_then(remembered).and_then(|id| app.models().choice(&id));
    let first = || app.models().choices_of(audience).next();
    let choice = remembered.filter(|choice| choice.is_for(audience)).or_else(first);
    choice.ok_or_else(|| Problem::internal("there is no model to choose"))
}

fn no_such_model(app: &App, audience: Audience, id: &str) -> Problem {
    let shown: String = id.chars().take(128).collect();
    let known: Vec<&str> = app.models().choices_of(audience).map(|choice| &*choice.id).collect();
    let message = format!("there is no model `{shown}`; there is `{}`", known.join("`, `"));
    Problem::bad_request(Surface::Model, vec![FieldError::new("model", message)])
}

fn locked(choice: &ModelChoice) -> Problem {
    let detail =
        format!("The model \u{201c}{}\u{201d} is for registered users. Sign up to use it.", choice.name);
    Problem::new(ErrorKind::Forbidden, Surface::Model, detail)
}

fn audience(user: &User) -> Audience {
    match user.kind {
        UserKind::Registered => Audience::Registered,
        // Guests, and kinds that a later core may add.
        _ => Audience::Guests,
    }
}

/// The id of the model that answered last in a chat.
pub(super) fn remembered(session: &Session) -> Option<String> {
    session.metadata.as_ref().and_then(|metadata| metadata.to::<Remembered>().ok())?.model
}

/// The same session, to be made with this model in its memory.
pub(super) fn remembering(new: NewSession, choice: &ModelChoice) -> NewSession {
    new.with_metadata(note(choice))
}

/// What a session has to be told for it to remember this model, if it does not already.
pub(super) fn patch(session: &Session, choice: &ModelChoice) -> Option<SessionPatch> {
    if remembered(session).as_deref() == Some(&*choice.id) {
        return None;
    }
    let mut patch = SessionPatch::default();
    patch.metadata = Some(note(choice));
    Some(patch)
}

/// The metadata that says which model was chosen: of a session, and of a user's message.
pub(super) fn note(choice: &ModelChoice) -> Json {
    Json::new(&Remembered { model: Some(choice.id.to_string()) }).unwrap_or_default()
}

/// The model that was chosen to answer a message, as its metadata says it.
pub(super) fn noted(metadata: Option<&Json>) -> Option<String> {
    metadata?.to::<Remembered>().ok()?.model
}

/// The metadata of an answer: who was asked for it, and who wrote it. None when nothing is known of either.
pub(super) fn answered_by(app: &App, chosen: Option<&str>, origin: Option<&Origin>) -> Option<Json> {
    let choice = chosen.and_then(|id| app.models().choice(id));
    let wrote = origin.map(|origin| &*origin.model);
    let name = choice.map(|choice| &*choice.name).or(wrote)?;
    let fell_back_to = choice.zip(origin).filter(|(choice, origin)| !is_first(choice, origin)).and(wrote);
    Json::new(&AnsweredBy { id: choice.map(|choice| &*choice.id), name, fell_back_to }).ok()
}

/// Whether it was the model that is asked first.
fn is_first(choice: &ModelChoice, origin: &Origin) -> bool {
    let mut names = choice.assignment.names();
    let key = format!("{}:{}", origin.provider, origin.model);
    names.next().is_some_and(|first| first == key)
}

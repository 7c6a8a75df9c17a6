//! Turns the thinking that a model writes into its text, between tags, into reasoning.

mod history;
mod text;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use scorpio_core::{
    Part,
    model::{
        CallContext, Capabilities, LlmProvider, ModelError, ModelEvent, ModelRequest, ModelStream, PartKind,
        ProviderId, WireKey,
    },
};

use self::text::Text;
use super::rewrite::{Output, Rewrite, Rewritten};

/// The tags, and where they count.
#[derive(Debug, Clone)]
struct Tags {
    open: String,
    close: String,
    starts_inside: bool,
    anywhere: bool,
}

/// A provider whose models write their thinking between tags into the text, as DeepSeek-R1, QwQ and their kin do where the server does not
/// take it out. It becomes [reasoning](PartKind::Reasoning), as it streams.
///
/// | setting | default |
/// |---|---|
/// | [`with_tags`](Self::with_tags) | `<think>` and `</think>` |
/// | [`with_starts_inside`](Self::with_starts_inside) | no: a closing tag alone is text |
/// | [`with_anywhere`](Self::with_anywhere) | no: only at the beginning of a text, and right after other thinking |
///
/// Tags count at the beginning alone, because that is where models think; an answer that speaks of `<think>`, in a block of code
/// or elsewhere, stays as it is. Tags may be split over deltas at any place, and no more is held back than what may become a tag, and
/// white space before it. White space at the beginning of the thinking and between it and the text is left out, and so is thinking that is empty.
///
/// What goes back to the model has no thinking in it, as the makers of these models ask: reasoning is not sent as text by any
/// provider, and answers of the history that begin with tags, from before there was this wrapper, lose what stands between them.
///
/// ```
/// use scorpio_core::{Agent, model::{Model, Scripted}};
/// use scorpio_providers::ThinkTags;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let provider = ThinkTags::new(Scripted::new().text("<think>\nTwo and forty.\n</think>\n\nIt is 42."));
/// let agent = Agent::builder("thinker").with_model(Model::new(provider, "any")).build()?;
/// assert_eq!(agent.run("What is 2 + 40?").await?.text(), "It is 42.");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ThinkTags {
    provider: Arc<dyn LlmProvider>,
    tags: Arc<Tags>,
}

impl ThinkTags {
    /// Finds the thinking of the models of `provider`.
    pub fn new(provider: impl LlmProvider) -> Self {
        Self::shared(Arc::new(provider))
    }

    /// Finds the thinking of the models of a provider that others use too.
    pub fn shared(provider: Arc<dyn LlmProvider>) -> Self {
        let (open, close) = ("<think>".to_owned(), "</think>".to_owned());
        Self { provider, tags: Arc::new(Tags { open, close, starts_inside: false, anywhere: false }) }
    }

    /// Sets the tags. One that is empty stays what it was.
    #[must_use]
    pub fn with_tags(mut self, open: impl Into<String>, close: impl Into<String>) -> Self {
        let tags = Arc::make_mut(&mut self.tags);
        for (tag, set) in [(&mut tags.open, open.into()), (&mut tags.close, close.into())] {
            if !set.is_empty() {
                *tag = set;
            }
        }
        self
    }

    /// Sets whether an answer begins with thinking without an opening tag, as with models whose template has written it already. All of an
    /// answer that has no closing tag is reasoning then. When the provider itself tells of reasoning first, the text does not begin inside.
    #[must_use]
    pub fn with_starts_inside(mut self, inside: bool) -> Self {
        Arc::make_mut(&mut self.tags).starts_inside = inside;
        self
    }

    /// Sets whether tags count in the middle of a text too, blocks of code among it.
    #[must_use]
    pub fn with_anywhere(mut self, anywhere: bool) -> Self {
        Arc::make_mut(&mut self.tags).anywhere = anywhere;
        self
    }
}

#[async_trait]
impl LlmProvider for ThinkTags {
    fn id(&self) -> &ProviderId {
        self.provider.id()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        let mut capabilities = self.provider.capabilities(model);
        capabilities.reasoning = true;
        capabilities
    }

    fn wire(&self, model: &str) -> WireKey {
        self.provider.wire(model)
    }

    async fn stream(&self, mut request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError> {
        if let Some(transcript) = history::without_thinking(&request.transcript, &self.tags) {
            request.transcript = transcript;
        }
        let stream = self.provider.stream(request, cx).await?;
        let thinking = Thinking { tags: Arc::clone(&self.tags), texts: Vec::new(), begun: false };
        Ok(Box::pin(Rewritten::new(stream, thinking)))
    }
}

impl fmt::Debug for ThinkTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThinkTags").field("provider", &self.provider).field("tags", &self.tags).finish()
    }
}

/// The texts of an answer that are open, by the provider's numbers.
struct Thinking {
    tags: Arc<Tags>,
    texts: Vec<(u32, Text)>,
    /// A part has begun.
    begun: bool,
}

impl Thinking {
    fn text(&mut self, index: u32) -> Option<&mut Text> {
        self.texts.iter_mut().find(|(known, _)| *known == index).map(|(_, text)| text)
    }
}

impl Rewrite for Thinking {
    fn event(&mut self, event: ModelEvent, out: &mut Output) {
        match event {
            ModelEvent::PartStart { index, kind: PartKind::Text } => {
                let starts_inside = self.tags.starts_inside && !self.begun;
                self.begun = true;
                self.texts.push((index, Text::new(Arc::clone(&self.tags), starts_inside)));
            }
            ModelEvent::PartStart { .. } => {
                self.begun = true;
                out.pass(event);
            }
            ModelEvent::Delta { index, text: delta } => match self.text(index) {
                Some(text) => text.push(delta, out),
                None => out.pass(ModelEvent::Delta { index, text: delta }),
            },
            ModelEvent::PartEnd { index, part } => {
                match (self.texts.iter().position(|(known, _)| *known == index), *part) {
                    (Some(position), Part::Text(part)) => self.texts.swap_remove(position).1.end(part, out),
                    (_, part) => out.pass(ModelEvent::PartEnd { index, part: Box::new(part) }),
                }
            }
            event => out.pass(event),
        }
    }

    fn broken(&mut self, out: &mut Output) {
        for (_, text) in &mut self.texts {
            text.give_out(out);
        }
    }
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<ThinkTags>();
};

//! From a post to a run: who may, whether it is there already, whether it fits the quota, and only then the model.

use scorpio_core::{
    Agent, ErrorKind, Json, Message, MessageId, OwnerId, Role, RunId, RunRequest, ScorpioError, SessionId,
    Surface,
    store::{NewSession, RunRecord, Session, StoreErrorKind, StoredMessage, User},
};
use scorpio_providers::ModelChoice;

use super::{
    approvals, history, models,
    request::{Action, ChatRequest, PostedDecision},
    stream::{self, Since},
    title,
};
use crate::{
    App,
    auth::{Allowance, QuotaView, SignedIn},
    problem::{Problem, Result},
};

/// The answer to a post.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) run: AnsweringRun,
    pub(super) quota: QuotaView,
    /// The metadata that says who writes an answer that began with this post.
    pub(super) model: Option<Json>,
}

/// Whether the answer began with this post.
#[derive(Debug)]
pub(super) enum AnsweringRun {
    New(Box<RunRecord>),
    /// The message was posted before.
    Known(Box<RunRecord>),
    /// An answer that waited goes on.
    Continued(Box<RunRecord>, Since),
}

/// Somebody's chat, and what goes with it.
struct Desk<'a> {
    app: &'a App,
    owner: OwnerId,
    user: &'a User,
    allowance: Allowance<'a>,
    chat: SessionId,
    /// The id of the model that is asked for.
    model: Option<String>,
}

pub(super) async fn answer(app: &App, signed_in: &SignedIn, request: ChatRequest) -> Result<Answer> {
    let allowance = Allowance::of(app, &signed_in.user);
    let (owner, user) = (signed_in.owner(), &signed_in.user);
    let desk = Desk { app, owner, user, allowance, chat: request.chat, model: request.model };
    match request.action {
        Action::Submit(message) => desk.submit(message).await,
        Action::Regenerate { message, asked } => desk.regenerate(message, asked).await,
        Action::Decide { message, decisions } => desk.decide(&message, decisions).await,
    }
}

impl Desk<'_> {
    async fn submit(&self, message: Message) -> Result<Answer> {
        let session = self.session().await?;
        let choice = self.choose(session.as_ref())?;
        if session.is_some()
            && let Some(known) = self.known(&message.id).await?
        {
            return Ok(known);
        }
        self.app.runs().expect_open()?;
        let (session, is_new) = match session {
            Some(session) => (session, false),
            None => self.open(&message, choice).await?,
        };
        // The chat's birth is part of the key: a chat that is deleted and made again does not make its messages free.
        let key = format!("{} {} {}", self.chat, session.created_at, message.id);
        let quota = match self.allowance.spend(key).await {
            Ok(quota) => quota,
            Err(refused) => {
                if is_new {
                    self.app.store().delete_session(&self.owner, &self.chat).await?;
                }
                return Err(refused);
            }
        };
        let id = message.id.clone();
        let asked = message.clone().with_metadata(models::note(choice));
        let request = self.agent(choice)?.run(asked).session(&self.chat).owner(self.owner.clone());
        match begin(self.app, request).await {
            Ok(run) => {
                self.remember(&session, choice).await?;
                if is_new {
                    title::generate(self.app, self.owner.clone(), &session, &message);
                }
                self.begun(run, quota, choice).await
            }
            // The same message was posted twice at once, and the other post was quicker.
            Err(error) if error.kind() == ErrorKind::Conflict => match self.known(&id).await? {
                Some(known) => Ok(known),
                None => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    async fn regenerate(&self, message: Option<MessageId>, asked: Option<Message>) -> Result<Answer> {
        let session = self.session().await?.ok_or_else(Problem::no_such_chat)?;
        let choice = self.choose(Some(&session))?;
        self.app.runs().expect_open()?;
        let history = history::all(self.app, &self.owner, &self.chat).await?;
        let at = question(&history, message.as_ref())?;
        let (before, rest) = history.split_at_checked(at).unwrap_or_default();
        let question = rest.first().ok_or_else(Problem::no_such_chat)?;
        // An answer that is written anew is a message; one that nothing came of, at this version, is paid for.
        let key = format!("{} {} again {}", self.chat, session.created_at, session.version);
        let quota = self.allowance.spend(key).await?;
        let edited =
            asked.filter(|asked| asked.id == question.message.id && asked.parts != question.message.parts);
        // The question is asked anew, with what was chosen for it; the answer before is forgotten with it.
        let asked = edited.unwrap_or_else(|| question.message.clone()).with_metadata(models::note(choice));
        let request =
            self.agent(choice)?.run(asked).branch_after(before.last().map_or(0, |stored| stored.seq));
        let run = begin(self.app, request.session(&self.chat).owner(self.owner.clone())).await?;
        self.remember(&session, choice).await?;
        self.begun(run, quota, choice).await
    }

    /// Goes on with an answer, as its reader has decided. The same decisions may be posted again.
    async fn decide(&self, message: &MessageId, decisions: Vec<PostedDecision>) -> Result<Answer> {
        self.session().await?.ok_or_else(Problem::no_such_chat)?;
        let run = self.app.store().run_of_message(&self.owner, &self.chat, message).await?;
        let run = run.ok_or_else(approvals::no_such_approval)?.id;
        let asked: Vec<&str> = decisions.iter().map(|decision| decision.id.as_str()).collect();
        for posted in &decisions {
            approvals::decide_again(self.app, self.user, &self.chat, posted).await?;
        }
        let record = self.app.store().run(&self.owner, run).await?.ok_or_else(Problem::no_such_chat)?;
        let since = stream::behind_questions(self.app, &record, &asked).await?;
        let model = history::model_of_run(self.app, &record).await?;
        let quota = self.allowance.view().await?;
        Ok(Answer { run: AnsweringRun::Continued(Box::new(record), since), quota, model })
    }

    /// The model that is to answer, which this user may choose.
    fn choose(&self, session: Option<&Session>) -> Result<&ModelChoice> {
        models::choose(self.app, self.user, self.model.as_deref(), session)
    }

    fn agent(&self, choice: &ModelChoice) -> Result<&Agent> {
        self.app.agent(&choice.id).ok_or_else(|| Problem::internal("a choice has no agent"))
    }

    /// Lets the chat remember the model.
    async fn remember(&self, session: &Session, choice: &ModelChoice) -> Result<()> {
        if let Some(patch) = models::patch(session, choice) {
            self.app.store().update_session(&self.owner, &self.chat, patch).await?;
        }
        Ok(())
    }

    async fn begun(&self, run: RunId, quota: QuotaView, choice: &ModelChoice) -> Result<Answer> {
        let model = models::answered_by(self.app, Some(&choice.id), None);
        let record = self.app.store().run(&self.owner, run).await?.ok_or_else(Problem::no_such_chat)?;
        Ok(Answer { run: AnsweringRun::New(Box::new(record)), quota, model })
    }

    async fn session(&self) -> Result<Option<Session>> {
        Ok(self.app.store().session(&self.owner, &self.chat).await?)
    }

    /// The answer to a message that was posted before. It costs nothing.
    async fn known(&self, message: &MessageId) -> Result<Option<Answer>> {
        let Some(record) = self.app.store().run_of_message(&self.owner, &self.chat, message).await? else {
            return Ok(None);
        };
        let quota = self.allowance.view().await?;
        Ok(Some(Answer { run: AnsweringRun::Known(Box::new(record)), quota, model: None }))
    }

    /// Makes the chat. The answer tells whether it was made here.
    async fn open(&self, first: &Message, choice: &ModelChoice) -> Result<(Session, bool)> {
        self.allowance.check().await?;
        let new =
            NewSession::new(self.chat.clone(), self.owner.clone()).with_title(title::first_words(first));
        let new = models::remembering(new, choice);
        match self.app.store().create_session(new).await {
            Ok(session) => Ok((session, true)),
            Err(error) if error.kind() == StoreErrorKind::AlreadyExists => {
                // It is somebody else's, unless another post of this user was quicker.
                Ok((self.session().await?.ok_or_else(Problem::no_such_chat)?, false))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Where the message stands whose answer is to be written anew: the one that is named, the one before the answer that is named, or the last.
fn question(history: &[StoredMessage], named: Option<&MessageId>) -> Result<usize> {
    let is_asked = |stored: &StoredMessage| stored.message.role == Role::User;
    let end = match named {
        Some(id) => history.iter().position(|stored| stored.message.id == *id).map(|at| at + 1),
        None => Some(history.len()),
    };
    let at = end.and_then(|end| history.get(..end)).and_then(|history| history.iter().rposition(is_asked));
    at.ok_or_else(|| {
        Problem::new(ErrorKind::NotFound, Surface::Chat, "There is no such message in this chat.")
    })
}

/// Begins a run in a task of its own: a client that goes away in the middle of it changes nothing.
async fn begin(app: &App, request: RunRequest) -> Result<RunId, ScorpioError> {
    let shared = app.clone();
    let begun = tokio::spawn(async move { request.begin().await.map(|stream| shared.runs().drive(stream)) });
    begun.await.unwrap_or_else(|cause| {
        let detail = "Something went wrong. Please try again later.";
        Err(ScorpioError::new(ErrorKind::Internal, Surface::Chat, detail).with_source(cause))
    })
}

#[cfg(test)]
mod tests;

//! What a running tool knows and can say.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ToolError;
use crate::{Json, OwnerId, RunId, SessionId, ToolCallId, store::Statement};

/// Values of the program, one of each type, that travel with a run to its tools: the current user, a connection.
///
/// ```
/// use scorpio_core::tool::Extensions;
/// struct User(&'static str);
/// let mut extensions = Extensions::new();
/// extensions.insert(User("Ada"));
/// assert_eq!(extensions.get::<User>().unwrap().0, "Ada");
/// ```
#[derive(Clone, Default)]
pub struct Extensions(Option<Arc<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>>);

impl Extensions {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value; one of the same type is replaced.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        let map = self.0.get_or_insert_with(Arc::default);
        Arc::make_mut(map).insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// The value of this type.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let value = self.0.as_ref()?.get(&TypeId::of::<T>())?;
        Arc::clone(value).downcast().ok()
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.as_ref().map_or(0, |map| map.len());
        f.debug_struct("Extensions").field("count", &count).finish()
    }
}

/// Something that a tool says while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolEvent {
    /// How far it is.
    Progress {
        /// The call.
        call_id: ToolCallId,
        /// Whatever describes it.
        progress: Json,
    },
    /// Data for the user interface.
    Data {
        /// What it is.
        name: String,
        /// A later one of the same name and id replaces it.
        id: Option<String>,
        /// The data.
        data: Json,
    },
}

/// What a tool is given besides its arguments. Cloning it is cheap.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ToolContext {
    run: RunId,
    session: SessionId,
    owner: OwnerId,
    call_id: ToolCallId,
    idempotency_key: Arc<str>,
    cancel: CancellationToken,
    deadline: Option<Instant>,
    events: Option<mpsc::UnboundedSender<ToolEvent>>,
    extensions: Extensions,
    statements: Statements,
}

/// What a transactional tool has to say to the database, once it has answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statements(Option<Arc<Mutex<Vec<Statement>>>>);

impl Statements {
    pub(crate) fn collect() -> Self {
        Self(Some(Arc::default()))
    }

    pub(crate) fn take(&self) -> Vec<Statement> {
        let taken = |statements: &Arc<Mutex<Vec<Statement>>>| {
            std::mem::take(&mut *statements.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.0.as_ref().map(taken).unwrap_or_default()
    }
}

impl ToolContext {
    /// A context for calling a tool by hand, as tests do.
    pub fn detached() -> Self {
        Self {
            run: RunId::new(),
            session: SessionId::new(),
            owner: OwnerId::local(),
            call_id: ToolCallId::from("call"),
            idempotency_key: "detached".into(),
            cancel: CancellationToken::new(),
            deadline: None,
            events: None,
            extensions: Extensions::new(),
            statements: Statements::collect(),
        }
    }

    pub(crate) fn of_run(
        run: RunId,
        session: SessionId,
        owner: OwnerId,
        cancel: CancellationToken,
        events: mpsc::UnboundedSender<ToolEvent>,
        extensions: Extensions,
    ) -> Self {
        let events = Some(events);
        let (call_id, idempotency_key) = (ToolCallId::from(""), Arc::default());
        let statements = Statements::default();
        Self {
            run,
            session,
            owner,
            call_id,
            idempotency_key,
            cancel,
            deadline: None,
            events,
            extensions,
            statements,
        }
    }

    pub(crate) fn of_turn(&self, cancel: CancellationToken) -> Self {
        Self { cancel, ..self.clone() }
    }

    pub(crate) fn of_call(&self, call_id: ToolCallId, idempotency_key: Arc<str>, deadline: Instant) -> Self {
        Self { call_id, idempotency_key, deadline: Some(deadline), ..self.clone() }
    }

    /// For a transactional tool, which may speak to the database of the store.
    pub(crate) fn with_statements(mut self, statements: Statements) -> Self {
        self.statements = statements;
        self
    }

    /// The run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The session of the run.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// Whose session it is.
    pub fn owner(&self) -> &OwnerId {
        &self.owner
    }

    /// The call.
    pub fn call_id(&self) -> &ToolCallId {
        &self.call_id
    }

    /// A key that is the same at every attempt of this call and of no other call: the one to give to a service that
    /// takes an `Idempotency-Key`.
    pub fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    /// Cancelled when the run is. The future of an async tool is dropped as well; a blocking tool has to look.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }

    /// When the tool's time is up.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Tells those who watch how far the tool is.
    pub fn progress(&self, progress: impl Into<Json>) {
        self.send(ToolEvent::Progress { call_id: self.call_id.clone(), progress: progress.into() });
    }

    /// Sends data to the user interface. It is for those who watch and not part of the history. A later one of the same name and
    /// `id` replaces it.
    pub fn emit_data(&self, name: impl Into<String>, id: Option<String>, data: Json) {
        self.send(ToolEvent::Data { name: name.into(), id, data });
    }

    /// Says something to the database of the store, in the transaction that records this call's answer: both happen, or neither does. If the
    /// tool fails, nothing is said. For tools of the class [`Transactional`](crate::tool::RetryClass::Transactional).
    ///
    /// # Errors
    ///
    /// When the tool is of another class.
    pub fn execute(&self, statement: Statement) -> Result<(), ToolError> {
        let Some(statements) = &self.statements.0 else {
            return Err(ToolError::new(
                "The tool is not transactional, so it cannot write to the store's database.",
            ));
        };
        statements.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
        Ok(())
    }

    /// What was said to the database so far: how a tool is tested that is called by hand.
    pub fn executed(&self) -> Vec<Statement> {
        let listed = |statements: &Arc<Mutex<Vec<Statement>>>| {
            statements.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        self.statements.0.as_ref().map(listed).unwrap_or_default()
    }

    /// The value of this type that the program attached to the run.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.extensions.get()
    }

    fn send(&self, event: ToolEvent) {
        if let Some(events) = &self.events {
            // Nobody listens once the run is over; what a leftover tool says then is of no use.
            let _ = events.send(event);
        }
    }
}

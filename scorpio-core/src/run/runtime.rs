//! What any process may do with the runs in a store: tell them something, look at them, and go on with those whose process is gone.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    decisions::Decisions,
    driver::{Resume, resume},
    emitter::Queue,
    live,
    settle::{Presumed, settle},
    stream::{RunHandle, RunStream},
};
use crate::{
    Agent, ErrorKind, Message, OwnerId, Result, RunId, ScorpioError, SessionId, Surface,
    store::{Claimable, Decision, EventLog, RunRecord, RunStatus, Signal, Store, ToolExecution},
    tool::Extensions,
};

/// How many runs are looked for at a time.
const BATCH: usize = 64;

/// How often a worker looks for runs to go on with, unless set.
const INTERVAL: Duration = Duration::from_secs(5);

type MakeExtensions = Arc<dyn Fn(&RunRecord) -> Extensions + Send + Sync>;
type Drive = Arc<dyn Fn(RunStream) + Send + Sync>;

/// The runs in a store, for any number of processes that share it.
///
/// ```
/// use std::sync::Arc;
/// use scorpio_core::{Agent, OwnerId, Runtime, model::{Model, Scripted}, store::{MemoryStore, Store}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
/// let model = Model::new(Scripted::new().text("Hello."), "any");
/// let agent = Agent::builder("greeter").with_model(model).store(Arc::clone(&store)).build()?;
///
/// // When the program starts: whatever a process that is gone has left goes on here.
/// let runtime = Runtime::new(store).agent(agent.clone());
/// assert_eq!(runtime.recover().await?, 0);
/// let worker = runtime.start();
///
/// agent.run("Hi.").await?;
/// worker.stop().await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Runtime {
    store: Arc<dyn Store>,
    log: Option<Arc<dyn EventLog>>,
    agents: HashMap<String, Agent>,
    interval: Duration,
    extensions: Option<MakeExtensions>,
    drive: Option<Drive>,
    sole: bool,
}

impl Runtime {
    /// The runs in `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            log: None,
            agents: HashMap::new(),
            interval: INTERVAL,
            extensions: None,
            drive: None,
            sole: false,
        }
    }

    /// Adds an agent whose runs may go on here. Runs know their agents by name.
    #[must_use]
    pub fn agent(mut self, agent: Agent) -> Self {
        self.agents.insert(agent.name().to_owned(), agent);
        self
    }

    /// Sets the log to which runs that end here without an agent say so.
    #[must_use]
    pub fn event_log(mut self, log: Arc<dyn EventLog>) -> Self {
        self.log = Some(log);
        self
    }

    /// Sets how often a worker looks for runs to go on with. Unset, it is 5 seconds.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(10));
        self
    }

    /// Sets how the values are made that tools reach, for a run that goes on here: values do not outlive a process.
    #[must_use]
    pub fn extensions(mut self, make: impl Fn(&RunRecord) -> Extensions + Send + Sync + 'static) -> Self {
        self.extensions = Some(Arc::new(make));
        self
    }

    /// Sets who drives the runs that go on here: it is handed each as a stream, and polls it to its end. Unset, each has a task of its own.
    #[must_use]
    pub fn drive_with(mut self, drive: impl Fn(RunStream) + Send + Sync + 'static) -> Self {
        self.drive = Some(Arc::new(drive));
        self
    }

    /// Says that no other process can be using the store, as with a file that this process has locked: whoever else holds a run is dead, and
    /// [`Runtime::recover`] need not wait until leases have run out.
    #[must_use]
    pub fn sole_user(mut self) -> Self {
        self.sole = true;
        self
    }

    /// Goes on with the runs that nobody drives and that have something to do, each in a task of its own. Answers how many.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    pub async fn recover(&self) -> Result<usize> {
        let mut which = Claimable::new(BATCH).of_agents(self.agents.keys().cloned());
        if self.sole {
            which = which.sole_holder(live::holder());
        }
        let mut taken = 0;
        for record in self.store.claimable_runs(which).await? {
            taken += usize::from(self.go_on(record).await);
        }
        Ok(taken)
    }

    /// Takes a run over and drives it in a task of its own. Answers whether it did.
    async fn go_on(&self, record: RunRecord) -> bool {
        let Some(agent) = self.agents.get(record.machine.agent()) else { return false };
        if record.status == RunStatus::Running && live::is_live(record.id) {
            return false;
        }
        let run = record.id;
        let extensions = self.extensions.as_ref().map(|make| make(&record)).unwrap_or_default();
        let (handle, queue) = (RunHandle::new(run), self.drive.as_ref().map(|_| Queue::default()));
        let request = Resume {
            agent: Arc::clone(agent.definition()),
            owner: record.owner,
            handle: handle.clone(),
            extensions,
            output: None,
            dead: self.sole.then_some(record.holder),
            queue: queue.clone(),
        };
        match (resume(request).await, &self.drive, queue) {
            (Ok(resumed), Some(drive), Some(queue)) => {
                drive(RunStream::new(handle, queue, Box::pin(resumed.drive())));
                true
            }
            (Ok(resumed), ..) => {
                tokio::spawn(async move {
                    if let Err(error) = resumed.drive().await {
                        tracing::warn!(%run, error = ?error, "a run that was taken up failed");
                    }
                });
                true
            }
            (Err(error), ..) => {
                // Another process was quicker, most often.
                tracing::debug!(%run, error = ?error, "a run could not be taken up");
                false
            }
        }
    }

    /// Keeps looking for runs to go on with, until the worker is stopped or dropped.
    pub fn start(&self) -> Worker {
        let stop = CancellationToken::new();
        let (runtime, stopped) = (self.clone(), stop.clone());
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = runtime.recover().await {
                    tracing::warn!(error = ?error, "runs to go on with could not be looked for; trying again");
                }
                tokio::select! {
                    () = stopped.cancelled() => return,
                    () = tokio::time::sleep(runtime.interval) => {}
                }
            }
        });
        Worker { stop, task: Some(task) }
    }

    /// A run of `owner`.
    ///
    /// # Errors
    ///
    /// When there is none, or the store cannot be asked.
    pub async fn run(&self, owner: &OwnerId, run: RunId) -> Result<RunRecord> {
        self.store.run(owner, run).await?.ok_or_else(no_such_run)
    }

    /// The calls of a session that wait for somebody's decision, with what is asked about each.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    pub async fn approvals(&self, owner: &OwnerId, session: &SessionId) -> Result<Vec<ToolExecution>> {
        let Some(record) = self.store.live_run(owner, session).await? else { return Ok(Vec::new()) };
        let calls = record.machine.executions().iter();
        Ok(calls.filter(|call| call.awaits_decision()).cloned().collect())
    }

    /// Stops a run, whichever process drives it. What was done is kept. One that waits for somebody ends at once.
    ///
    /// # Errors
    ///
    /// When `owner` has no such live run, or the store fails.
    pub async fn stop(&self, owner: &OwnerId, run: RunId) -> Result<()> {
        self.store.send_signal(owner, run, &Signal::Stop).await?;
        let record = self.run(owner, run).await?;
        if record.status == RunStatus::Waiting {
            settle(&self.store, self.log.as_ref(), &record, Presumed::Alive, Vec::new()).await?;
        }
        Ok(())
    }

    /// Adds a message to a run, whichever process drives it: the model sees it at its next turn.
    ///
    /// # Errors
    ///
    /// When `owner` has no such live run, or the store fails.
    pub async fn steer(&self, owner: &OwnerId, run: RunId, message: impl Into<Message>) -> Result<()> {
        let message = message.into();
        self.store.send_signal(owner, run, &Signal::Steer { message }).await?;
        Ok(())
    }

    /// Decides about a call that waits, by the id that the model gave it or by that of the approval, in the name of `by`. If its run waits
    /// and its agent is known here, it goes on here; otherwise in a process that looks for such runs.
    ///
    /// # Errors
    ///
    /// When `owner` has no such live run, nobody is asked about this call, somebody has decided already, or the store fails.
    pub async fn decide(
        &self,
        owner: &OwnerId,
        run: RunId,
        call: &str,
        decision: Decision,
        by: Option<String>,
    ) -> Result<()> {
        let mut decisions = Decisions::default();
        decisions.by = by;
        decisions.add(call, decision);
        decisions.send(&*self.store, owner, run).await?;
        let record = self.run(owner, run).await?;
        if record.status == RunStatus::Waiting {
            self.go_on(record).await;
        }
        Ok(())
    }
}

fn no_such_run() -> ScorpioError {
    ScorpioError::new(ErrorKind::NotFound, Surface::Chat, "There is no such run.")
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("store", &self.store)
            .field("agents", &self.agents.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A task that looks for runs to go on with. Dropping it ends it; runs that it has taken up go on.
#[derive(Debug)]
#[must_use = "a worker that is dropped works no more"]
pub struct Worker {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Worker {
    /// Ends it, and waits until it has ended.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // It does not fail, and what it took up goes on without it.
            let _ = task.await;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

//! The task behind all subscriptions of a store: it subscribes, hands on, notices when the server is gone, and comes back.

use std::{collections::HashMap, sync::Arc, time::Duration};

use ::redis::{
    Msg,
    aio::{PubSubSink, PubSubStream},
};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use scorpio_core::store::{Delivery, StoreError, StoreErrorKind};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::{Instant, timeout},
};

use crate::redis::{
    RedisOptions,
    connection::Connection,
    error::{store_error, timeout as timed_out},
};

/// How often a quiet connection is asked whether it is there, and topics that nobody listens to are left.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long to wait between attempts to come back.
const PAUSE: Duration = Duration::from_millis(200);

type Receiver = broadcast::Receiver<Delivery>;

struct Request {
    channel: String,
    answer: oneshot::Sender<Result<Receiver, StoreError>>,
}

/// Where to subscribe.
pub(in crate::redis) struct Hub {
    settings: Settings,
    requests: std::sync::Mutex<Option<mpsc::Sender<Request>>>,
}

#[derive(Clone)]
struct Settings {
    connection: Connection,
    backlog: usize,
    patience: Duration,
}

impl Hub {
    pub(in crate::redis) fn new(connection: Connection, options: &RedisOptions) -> Self {
        let settings = Settings { connection, backlog: options.backlog, patience: options.patience };
        Self { settings, requests: std::sync::Mutex::new(None) }
    }

    pub(super) async fn subscribe(&self, channel: String) -> Result<Receiver, StoreError> {
        // The task may end between the look and the request: then there is a new one.
        for _ in 0..2 {
            let (answer, answered) = oneshot::channel();
            let request = Request { channel: channel.clone(), answer };
            if self.requests().send(request).await.is_err() {
                continue;
            }
            if let Ok(answer) = answered.await {
                return answer;
            }
        }
        Err(StoreError::new(StoreErrorKind::Unavailable, "the subscriptions have ended"))
    }

    /// The way to the task, which is started if it does not run.
    fn requests(&self) -> mpsc::Sender<Request> {
        let mut requests = self.requests.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*requests {
            Some(sender) if !sender.is_closed() => sender.clone(),
            _ => {
                let (sender, receiver) = mpsc::channel(64);
                *requests = Some(sender.clone());
                tokio::spawn(Task { settings: self.settings.clone(), topics: HashMap::new() }.run(receiver));
                sender
            }
        }
    }
}

struct Task {
    settings: Settings,
    topics: HashMap<String, broadcast::Sender<Delivery>>,
}

/// A connection that is in use.
struct Line {
    sink: PubSubSink,
    messages: PubSubStream,
}

/// Why a connection is not used any more.
enum End {
    Broken,
    /// Nobody listens.
    Idle,
}

impl Task {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut lost_at = Instant::now();
        loop {
            match self.connect().await {
                Ok(mut line) => match self.serve(&mut line, &mut requests).await {
                    End::Idle => return,
                    End::Broken => {
                        tracing::warn!("the connection of Redis' subscriptions broke; it is made again");
                        lost_at = Instant::now();
                    }
                },
                Err(error) => {
                    tracing::debug!(error = ?error, "Redis' subscriptions cannot connect");
                    let error = Arc::new(error);
                    self.refuse(&mut requests, &error).await;
                    if self.topics.is_empty() || lost_at.elapsed() >= self.settings.patience {
                        // The channels close, which tells those who listen.
                        requests.close();
                        while let Some(request) = requests.recv().await {
                            let _ = request.answer.send(Err(again(&error)));
                        }
                        return;
                    }
                }
            }
        }
    }

    /// Makes the connection and subscribes to what was subscribed to before. Whoever listens may have missed something.
    async fn connect(&mut self) -> Result<Line, StoreError> {
        let (mut sink, messages) = self.settings.connection.pub_sub().await?.split();
        self.topics.retain(|_, sender| sender.receiver_count() > 0);
        for (channel, sender) in &self.topics {
            self.settings.in_time(sink.subscribe(channel)).await?;
            let _ = sender.send(Delivery::Lost { at_least: 0 });
        }
        Ok(Line { sink, messages })
    }

    /// Refuses those who ask while there is no connection.
    async fn refuse(&self, requests: &mut mpsc::Receiver<Request>, error: &Arc<StoreError>) {
        let until = Instant::now() + PAUSE;
        while let Ok(Some(request)) = tokio::time::timeout_at(until, requests.recv()).await {
            let _ = request.answer.send(Err(again(error)));
        }
        // When nobody can ask any more, those who listen still wait.
        tokio::time::sleep_until(until).await;
    }

    async fn serve(&mut self, line: &mut Line, requests: &mut mpsc::Receiver<Request>) -> End {
        loop {
            let is_alive = tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.accept(line, request).await,
                    None if self.is_deserted() => return End::Idle,
                    None => self.wait_for_message(line).await,
                },
                message = line.messages.next() => self.hand_on(line, message).await,
                () = tokio::time::sleep(HEARTBEAT) => match self.is_deserted() {
                    // Whoever asks from here on starts a new task.
                    true => return End::Idle,
                    false => self.check(line).await,
                },
            };
            if !is_alive {
                return End::Broken;
            }
        }
    }

    /// The store is gone; those who listen still do.
    async fn wait_for_message(&mut self, line: &mut Line) -> bool {
        match timeout(HEARTBEAT, line.messages.next()).await {
            Ok(message) => self.hand_on(line, message).await,
            Err(_) => self.check(line).await,
        }
    }

    async fn accept(&mut self, line: &mut Line, request: Request) -> bool {
        let Request { channel, answer } = request;
        let confirmed = match self.topics.contains_key(&channel) {
            true => self.settings.in_time(line.sink.ping::<::redis::Value>()).await.map(drop),
            false => self.settings.in_time(line.sink.subscribe(&channel)).await,
        };
        if let Err(error) = confirmed {
            let _ = answer.send(Err(error));
            return false;
        }
        // What was published before is here by now, and not for the one who asks.
        while let Some(Some(message)) = line.messages.next().now_or_never() {
            self.distribute(&message);
        }
        let new = || broadcast::channel(self.settings.backlog).0;
        let _ = answer.send(Ok(self.topics.entry(channel).or_insert_with(new).subscribe()));
        true
    }

    async fn hand_on(&mut self, line: &mut Line, message: Option<Msg>) -> bool {
        let Some(message) = message else { return false };
        if self.distribute(&message) {
            return true;
        }
        let channel = message.get_channel_name();
        self.topics.remove(channel);
        self.settings.in_time(line.sink.unsubscribe(channel)).await.is_ok()
    }

    /// Answers whether there is somebody who listens.
    fn distribute(&self, message: &Msg) -> bool {
        let delivery = Delivery::Message(Bytes::copy_from_slice(message.get_payload_bytes()));
        let sender = self.topics.get(message.get_channel_name());
        sender.is_none_or(|sender| sender.send(delivery).is_ok())
    }

    async fn check(&mut self, line: &mut Line) -> bool {
        let deserted: Vec<_> = self.topics.extract_if(|_, sender| sender.receiver_count() == 0).collect();
        for (channel, _) in deserted {
            if self.settings.in_time(line.sink.unsubscribe(channel)).await.is_err() {
                return false;
            }
        }
        self.settings.in_time(line.sink.ping::<::redis::Value>()).await.is_ok()
    }

    fn is_deserted(&self) -> bool {
        self.topics.values().all(|sender| sender.receiver_count() == 0)
    }
}

impl Settings {
    async fn in_time<T>(&self, work: impl Future<Output = ::redis::RedisResult<T>>) -> Result<T, StoreError> {
        timeout(self.connection.timeout(), work).await.map_err(|_| timed_out())?.map_err(store_error)
    }
}

/// The same error for one more who asks.
fn again(error: &Arc<StoreError>) -> StoreError {
    StoreError::new(error.kind(), error.to_string()).with_source(Arc::clone(error))
}

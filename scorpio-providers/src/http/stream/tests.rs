//! The clock of a response, in virtual time.

#![cfg(feature = "openai")]

use std::time::Duration;

use futures::{
    StreamExt,
    channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded},
};
use http_body::Frame;
use scorpio_core::model::ModelErrorKind;
use tokio::time::{Instant, sleep};

use super::*;
use crate::{http::Timeouts, openai::chat::ChatAnswer, sse::SseLimits};

const TOKEN: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// A body that a test speaks.
struct Spoken(UnboundedReceiver<&'static str>);

impl http_body::Body for Spoken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_next_unpin(cx).map(|text| text.map(|text| Ok(Frame::data(text.into()))))
    }
}

fn stream() -> (UnboundedSender<&'static str>, ResponseStream<ChatAnswer>) {
    let (say, said) = unbounded();
    let decoder = Decoder::of_events(ChatAnswer::new(7, Default::default()), SseLimits::default());
    let clock = Clock::new(Timeouts::default(), Instant::now());
    (say, ResponseStream::new(Body::wrap(Spoken(said)), decoder, clock, ResponseInfo::default()))
}

/// How the stream ends, and after how many milliseconds.
async fn end(mut stream: ResponseStream<ChatAnswer>) -> (Result<(), ModelErrorKind>, u128) {
    let begun = Instant::now();
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event);
    }
    let ended = match last.unwrap() {
        Ok(ModelEvent::Finish { .. }) => Ok(()),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.kind()),
    };
    (ended, begun.elapsed().as_millis())
}

/// Says `text` every `seconds`, for ever.
fn keep_saying(say: &UnboundedSender<&'static str>, text: &'static str, seconds: u64) {
    let say = say.clone();
    tokio::spawn(async move {
        while say.unbounded_send(text).is_ok() {
            sleep(Duration::from_secs(seconds)).await;
        }
    });
}

#[tokio::test(start_paused = true)]
async fn silence_ends_after_a_minute() {
    let (_say, stream) = stream();
    assert_eq!(end(stream).await, (Err(ModelErrorKind::Timeout), 60_000));
}

#[tokio::test(start_paused = true)]
async fn comments_put_off_the_minute_but_not_the_first_token() {
    let (say, stream) = stream();
    keep_saying(&say, ": ping\n\n", 15);
    assert_eq!(end(stream).await, (Err(ModelErrorKind::Timeout), 120_000));
}

#[tokio::test(start_paused = true)]
async fn tokens_put_off_everything_but_the_total() {
    let (say, stream) = stream();
    keep_saying(&say, TOKEN, 59);
    assert_eq!(end(stream).await, (Err(ModelErrorKind::Timeout), 900_000));
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_silence_after_a_token_ends_it_too() {
    let (say, stream) = stream();
    say.unbounded_send(TOKEN).unwrap();
    assert_eq!(end(stream).await, (Err(ModelErrorKind::Timeout), 60_000));
}

#[tokio::test(start_paused = true)]
async fn the_usage_is_waited_for_for_five_seconds() {
    let (say, stream) = stream();
    say.unbounded_send(TOKEN).unwrap();
    say.unbounded_send(FINISH).unwrap();
    assert_eq!(end(stream).await, (Ok(()), 5_000));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_body_is_waited_for_for_fifty_milliseconds() {
    let (say, stream) = stream();
    say.unbounded_send(FINISH).unwrap();
    say.unbounded_send(DONE).unwrap();
    assert_eq!(end(stream).await, (Ok(()), 50));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_on_after_the_end_is_left() {
    let (say, stream) = stream();
    say.unbounded_send(FINISH).unwrap();
    say.unbounded_send(DONE).unwrap();
    tokio::spawn(async move {
        while say.unbounded_send(TOKEN).is_ok() {
            sleep(Duration::from_millis(1)).await;
        }
    });
    assert_eq!(end(stream).await, (Ok(()), 50));
}

#[tokio::test(start_paused = true)]
async fn an_ended_body_is_not_waited_for() {
    let (say, stream) = stream();
    say.unbounded_send(FINISH).unwrap();
    say.unbounded_send(DONE).unwrap();
    drop(say);
    assert_eq!(end(stream).await, (Ok(()), 0));
}

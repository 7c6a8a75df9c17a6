//! The stream of a response: a state machine over its body, without a task or a channel.

mod clock;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;
use http_body::Body as _;
use reqwest::Body;
use scorpio_core::model::{ModelError, ModelEvent, ResponseInfo};

pub(crate) use self::clock::Clock;
use super::{Answer, Decoder, broken_body};

/// What a model says, as it says it.
pub(crate) struct ResponseStream<A> {
    state: State,
    /// None once the server has ended it.
    body: Option<Body>,
    decoder: Decoder<A>,
    clock: Clock,
    /// Told before anything else.
    info: Option<Box<ResponseInfo>>,
    request_id: Option<String>,
}

enum State {
    Reading,
    /// Everything has been read that will be. What is left in the decoder comes first, then the failure if there is one.
    Draining(Option<ModelError>),
    /// The finish waits for the end of the body, without which the connection could not be used again.
    Closing(ModelEvent),
    Ended,
}

enum Piece {
    Data(Bytes),
    Trailers,
    Broken(reqwest::Error),
    End,
}

impl<A: Answer> ResponseStream<A> {
    pub(crate) fn new(body: Body, decoder: Decoder<A>, clock: Clock, info: ResponseInfo) -> Self {
        let request_id = info.request_id.clone();
        let info = Some(Box::new(info)).filter(|info| **info != ResponseInfo::default());
        Self { state: State::Reading, body: Some(body), decoder, clock, info, request_id }
    }

    fn poll_reading(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.poll_piece(cx) {
            Poll::Ready(Piece::Data(bytes)) => {
                self.clock.received();
                if let Err(error) = self.decoder.push(&bytes) {
                    self.state = State::Draining(Some(error));
                }
            }
            Poll::Ready(Piece::Trailers) => {}
            Poll::Ready(Piece::End) => self.end(),
            // The model had finished; what broke off is what follows.
            Poll::Ready(Piece::Broken(_)) if self.decoder.is_whole() => self.end(),
            Poll::Ready(Piece::Broken(error)) => self.state = State::Draining(Some(broken_body(error))),
            Poll::Pending => match self.clock.poll(cx, self.decoder.is_whole()) {
                Poll::Pending => return Poll::Pending,
                // The usage does not come.
                Poll::Ready(_) if self.decoder.is_whole() => {
                    self.body = None;
                    self.end();
                }
                Poll::Ready(error) => self.state = State::Draining(Some(error)),
            },
        }
        Poll::Ready(())
    }

    fn end(&mut self) {
        self.state = State::Draining(self.decoder.end().err());
    }

    /// Waits for the end of the body, but not for long.
    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.poll_piece(cx) {
                Poll::Ready(Piece::Data(_) | Piece::Trailers) if !self.clock.is_closing_over() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.clock.poll_closing(cx),
            }
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        let Some(body) = &mut self.body else { return Poll::Ready(Piece::End) };
        let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else { return Poll::Pending };
        Poll::Ready(match frame {
            Some(Ok(frame)) => frame.into_data().map_or(Piece::Trailers, Piece::Data),
            Some(Err(error)) => {
                self.body = None;
                Piece::Broken(error)
            }
            None => {
                self.body = None;
                Piece::End
            }
        })
    }

    fn fail(&mut self, error: ModelError) -> Poll<Option<Result<ModelEvent, ModelError>>> {
        self.state = State::Ended;
        self.body = None;
        let error = match self.request_id.take() {
            Some(id) => error.with_request_id(id),
            None => error,
        };
        Poll::Ready(Some(Err(error)))
    }
}

impl<A: Answer> Stream for ResponseStream<A> {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(info) = this.info.take() {
            return Poll::Ready(Some(Ok(ModelEvent::Response(info))));
        }
        loop {
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Closing(finish) => {
                    let finish = finish.clone();
                    if this.poll_closed(cx).is_pending() {
                        return Poll::Pending;
                    }
                    this.state = State::Ended;
                    this.body = None;
                    return Poll::Ready(Some(Ok(finish)));
                }
                State::Reading | State::Draining(_) => {}
            }
            match this.decoder.next_event() {
                Ok(Some(finish @ ModelEvent::Finish { .. })) => {
                    this.clock.begin_closing();
                    this.state = State::Closing(finish);
                    continue;
                }
                Ok(Some(event)) => {
                    this.clock.said_something();
                    return Poll::Ready(Some(Ok(event)));
                }
                Ok(None) => {}
                Err(error) => return this.fail(error),
            }
            match &mut this.state {
                State::Draining(failure) => match failure.take() {
                    Some(error) => return this.fail(error),
                    None => this.state = State::Ended,
                },
                _ => {
                    if this.poll_reading(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! The body of another node's answer on its way to the client.
use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Bytes, HttpBody},
};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

use super::tally::{ForwardResult, Passage};

/// For the next piece of an answer that has begun. The other node has all of it.
const PIECE_TIMEOUT: Duration = Duration::from_secs(30);

/// Counts how it ends.
pub(super) struct AnswerBody {
    body: Incoming,
    passage: Passage,
    /// While the other node is waited for. While the client does not read, the body is not polled.
    end: Option<Pin<Box<Sleep>>>,
}

impl AnswerBody {
    pub(super) fn new(body: Incoming, passage: Passage) -> Self {
        AnswerBody { body, passage, end: None }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let Poll::Ready(frame) = polled else {
            let end = self.end.get_or_insert_with(|| Box::pin(sleep(PIECE_TIMEOUT)));
            if end.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.passage.ends(ForwardResult::TimedOut);
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
        };
        self.end = None;
        match frame {
            None => self.passage.ends(ForwardResult::Answered),
            Some(Err(_)) => self.passage.ends(ForwardResult::Broken),
            Some(Ok(_)) => (),
        }
        Poll::Ready(frame.map(|it| it.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for AnswerBody {
    /// Of an answer whose length is known, the end is not read.
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            self.passage.ends(ForwardResult::Answered);
        }
    }
}

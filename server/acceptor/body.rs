//! Bodies of requests and answers under a deadline: what comes in has to come, and what goes out over HTTP/2 has to be taken.
//!
//! Over HTTP/1.1 an answer that is not taken holds up its whole connection, which [`super::stream`] times. Over HTTP/2 each
//! stream has a window of its own, and a client may leave some of them closed while the connection lives.
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::progress::{Connection, PROGRESS_BYTES, Running};
use crate::accounting::{Holding, Ledger, Reason};

/// What is being read is charged in steps of so many bytes.
const CHARGED_BYTES: usize = 16 * 1024;

/// So much of an answer lies in the library when its client does not take it.
const PIECE_BYTES: usize = 16 * 1024;

/// A request's body while it is read.
pub(super) struct RequestBody {
    body: Incoming,
    connection: Arc<Connection>,
    /// While the body is waited for.
    end: Option<Pin<Box<Sleep>>>,
    /// Read since then.
    n_bytes: usize,
    held: Holding,
    n_held: usize,
}

impl RequestBody {
    pub(super) fn new(body: Incoming, connection: Arc<Connection>) -> Self {
        let held = connection.ledger().hold_nothing();
        RequestBody { body, connection, end: None, n_bytes: 0, held, n_held: 0 }
    }

    fn read(&mut self, n_bytes: usize) -> Result<(), BoxError> {
        self.n_bytes += n_bytes;
        if self.n_bytes >= PROGRESS_BYTES {
            self.end = None;
        }
        let before = self.n_held;
        self.n_held += n_bytes;
        if self.n_held / CHARGED_BYTES > before / CHARGED_BYTES {
            let admitted = self.connection.ledger().admit(n_bytes as u64);
            admitted.map_err(|reason| io::Error::other(reason.as_str()))?;
            self.held.resize(self.n_held as u64);
        }
        Ok(())
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let n_bytes = frame.data_ref().map_or(0, Bytes::len);
                Poll::Ready(Some(self.read(n_bytes).map(|()| frame)))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|it| it.map_err(Into::into))),
            Poll::Pending => {
                let timeout = self.connection.timeouts.body;
                if self.end.is_none() {
                    self.n_bytes = 0;
                }
                let end = self.end.get_or_insert_with(|| Box::pin(sleep(timeout)));
                if end.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.connection.ledger().count(Reason::BodyTimeout);
                self.connection.close();
                Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body on its way out. Its request is running for as long as it is there.
pub(super) struct ResponseBody {
    body: Body,
    /// Of the piece that the body gave last.
    rest: Bytes,
    outflow: Option<Arc<Outflow>>,
    _running: Running,
}

impl ResponseBody {
    /// To be called by the task that carries the answer.
    pub(super) fn new(body: Body, running: Running) -> Self {
        let outflow = OUTFLOW.try_with(Arc::clone).ok();
        ResponseBody { body, rest: Bytes::new(), outflow, _running: running }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(outflow) = self.outflow.clone() else { return Pin::new(&mut self.body).poll_frame(cx) };
        outflow.asked();
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                Poll::Pending => {
                    outflow.rests();
                    return Poll::Pending;
                }
                other => return other,
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        outflow.gave(piece.len());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.poll_piece(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, n_rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + n_rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + n_rest);
        }
        hint
    }
}

tokio::task_local! {
    /// Of the HTTP/2 stream that a task carries.
    static OUTFLOW: Arc<Outflow>;
}

/// How an answer over HTTP/2 is taken.
#[derive(Debug, Default)]
struct Outflow(Mutex<Taking>);

#[derive(Debug, Default)]
struct Taking {
    /// Since when the client has had something to take.
    since: Option<Instant>,
    n_bytes: usize,
}

impl Outflow {
    /// More is asked for, so what was given before has been taken.
    fn asked(&self) {
        let mut taking = self.taking();
        if taking.n_bytes >= PROGRESS_BYTES {
            *taking = Taking::default();
        }
    }

    fn gave(&self, n_bytes: usize) {
        let mut taking = self.taking();
        taking.since.get_or_insert_with(Instant::now);
        taking.n_bytes += n_bytes;
    }

    /// There is nothing to take.
    fn rests(&self) {
        *self.taking() = Taking::default();
    }

    async fn stuck(&self, timeout: Duration) {
        loop {
            let since = self.taking().since;
            match since.map(|it| it + timeout) {
                Some(end) if end <= Instant::now() => return,
                Some(end) => sleep_until(end).await,
                None => sleep(timeout).await,
            }
        }
    }

    fn taking(&self) -> MutexGuard<'_, Taking> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the streams of HTTP/2 connections, each in a task, and ends those whose answers are not taken. hyper does not poll
/// a body while its stream's window is closed, so that the body itself cannot know; and to drop the stream resets it
/// (RFC 9113, section 6.4) and lets go of whatever it held.
#[derive(Clone)]
pub(super) struct StreamExecutor {
    pub(super) timeout: Duration,
    pub(super) ledger: Ledger,
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for StreamExecutor {
    fn execute(&self, stream: F) {
        let StreamExecutor { timeout, ledger } = self.clone();
        tokio::spawn(async move {
            let outflow = Arc::new(Outflow::default());
            tokio::select! {
                biased;
                () = OUTFLOW.scope(outflow.clone(), stream) => (),
                () = outflow.stuck(timeout) => ledger.count(Reason::WriteTimeout),
            }
        });
    }
}

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

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::Arc};

    use axum::body::Body;
    use hyper::client::conn::http1;
    use hyper_util::rt::TokioIo;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        time::Instant,
    };

    use super::{super::tally::Tally, *};

    /// An answer of which this much has come, and the end of the node.
    async fn begun(answer: &str, tally: &Arc<Tally>) -> (AnswerBody, DuplexStream) {
        let (mut node, stream) = duplex(1_024);
        let (mut http, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let answered = async {
            node.read_buf(&mut Vec::with_capacity(1_024)).await.unwrap();
            node.write_all(answer.as_bytes()).await.unwrap();
        };
        let (response, ()) = tokio::join!(http.send_request(hyper::Request::new(Body::empty())), answered);
        (AnswerBody::new(response.unwrap().into_body(), Passage::new(tally.clone(), None)), node)
    }

    async fn piece(body: &mut AnswerBody) -> Option<Result<Bytes, BoxError>> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        frame.map(|it| it.map(|it| it.into_data().unwrap()))
    }

    fn counted(tally: &Tally, result: ForwardResult) {
        let counts = tally.counts();
        assert_eq!((counts[result as usize], counts.iter().sum::<u64>()), (1, 1), "{result:?}");
    }

    const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc";

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_whole_once_its_length_or_its_last_piece_has_come() {
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n";
        for answer in [&format!("{HALF}def"), chunked, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"] {
            let tally = Arc::default();
            let (mut body, _node) = begun(answer, &tally).await;
            while !body.is_end_stream() && piece(&mut body).await.is_some_and(|it| it.is_ok()) {}
            drop(body);
            counted(&tally, ForwardResult::Answered);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_stops_in_the_middle_is_not_waited_for_for_long() {
        let tally = Arc::default();
        let (mut body, _node) = begun(HALF, &tally).await;
        assert_eq!(piece(&mut body).await.unwrap().unwrap(), "abc");
        let begun = Instant::now();
        assert!(piece(&mut body).await.unwrap().is_err());
        assert_eq!(begun.elapsed().as_secs(), PIECE_TIMEOUT.as_secs());
        drop(body);
        counted(&tally, ForwardResult::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_breaks_off_and_a_client_that_leaves_are_told_apart() {
        let tally = Arc::default();
        let (mut body, node) = begun(HALF, &tally).await;
        drop(node);
        while piece(&mut body).await.unwrap().is_ok() {}
        drop(body);
        counted(&tally, ForwardResult::Broken);
        let tally = Arc::default();
        drop(begun(HALF, &tally).await);
        counted(&tally, ForwardResult::ClientGone);
    }
}

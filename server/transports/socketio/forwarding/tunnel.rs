//! A websocket whose session is at another node: its bytes, copied both ways. The session's own node looks into them.
use std::{
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf, copy, split},
    time::{Instant, sleep_until, timeout},
};

/// For a client to take the last of what was said, and to close, once its session's connection is over.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Copies until both ends have closed, or the node has and its client was given a moment for it; or until nothing has come from
/// either for as long as `patience`, within which there is always a ping.
pub(super) async fn tunnel<C, N>(client: C, node: N, patience: Duration)
where
    C: AsyncRead + AsyncWrite,
    N: AsyncRead + AsyncWrite,
{
    let heard = Arc::new(Mutex::new(Instant::now()));
    let (from_client, mut to_client) = split(client);
    let (from_node, mut to_node) = split(node);
    let mut up = pin!(async {
        // Whatever ends it, the other end hears of it.
        let _ = copy(&mut Noted { stream: from_client, heard: heard.clone() }, &mut to_node).await;
        let _ = to_node.shutdown().await;
    });
    let mut down = pin!(async {
        let _ = copy(&mut Noted { stream: from_node, heard: heard.clone() }, &mut to_client).await;
        let _ = to_client.shutdown().await;
    });
    let copied = async {
        tokio::select! {
            () = &mut up => down.await,
            () = &mut down => drop(timeout(CLOSE_TIMEOUT, up).await),
        }
    };
    tokio::select! {
        () = copied => (),
        () = silence(&heard, patience) => tracing::debug!(event = "disconnect", reason = "idle_timeout"),
    }
}

/// Until nothing has been heard for so long.
async fn silence(heard: &Mutex<Instant>, patience: Duration) {
    loop {
        let end = *heard.lock().unwrap_or_else(PoisonError::into_inner) + patience;
        if end <= Instant::now() {
            return;
        }
        sleep_until(end).await;
    }
}

/// Notes when it was last read from.
struct Noted<S> {
    stream: S,
    heard: Arc<Mutex<Instant>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
        read
    }
}

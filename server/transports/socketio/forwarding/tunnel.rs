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

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, duplex},
        time::{advance, sleep},
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(45);

    async fn said(stream: &mut (impl AsyncRead + Unpin), n_bytes: usize) -> Vec<u8> {
        let mut bytes = vec![0; n_bytes];
        stream.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_goes_on_both_ways_until_nothing_comes_for_too_long() {
        let ((mut client, client_end), (mut node, node_end)) = (duplex(64), duplex(64));
        let carried = tokio::spawn(tunnel(client_end, node_end, PATIENCE));
        for n in 0..10 {
            sleep(PATIENCE - Duration::from_millis(1)).await;
            // One of them is enough.
            let (from, to) = if n % 2 == 0 { (&mut client, &mut node) } else { (&mut node, &mut client) };
            from.write_all(&[n; 50]).await.unwrap();
            assert_eq!(said(to, 50).await, [n; 50]);
        }
        let begun = Instant::now();
        carried.await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
        assert_eq!((client.read(&mut [0]).await.unwrap(), node.read(&mut [0]).await.unwrap()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_closes_is_told_to_the_node_and_may_hear_what_it_says_to_that() {
        let ((mut client, client_end), (mut node, node_end)) = (duplex(64), duplex(64));
        let carried = tokio::spawn(tunnel(client_end, node_end, PATIENCE));
        client.write_all(b"bye").await.unwrap();
        client.shutdown().await.unwrap();
        let mut heard = Vec::new();
        node.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"bye");
        node.write_all(b"good").await.unwrap();
        assert_eq!(said(&mut client, 4).await, b"good");
        drop(node);
        carried.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_has_a_moment_to_close_once_its_session_is_over() {
        let ((mut client, client_end), (mut node, node_end)) = (duplex(64), duplex(64));
        let carried = tokio::spawn(tunnel(client_end, node_end, PATIENCE));
        node.write_all(b"end").await.unwrap();
        drop(node);
        let begun = Instant::now();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"end");
        carried.await.unwrap();
        assert!(begun.elapsed() <= CLOSE_TIMEOUT + Duration::from_millis(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_reads_nothing_holds_its_client_up_no_longer_than_one_that_says_nothing() {
        let ((mut client, client_end), (_node, node_end)) = (duplex(64), duplex(64));
        let carried = tokio::spawn(tunnel(client_end, node_end, PATIENCE));
        let begun = Instant::now();
        // Until nobody takes anything any more.
        let _ = timeout(PATIENCE / 2, client.write_all(&[7; 1_000_000])).await;
        carried.await.unwrap();
        advance(Duration::ZERO).await;
        assert!(begun.elapsed() <= PATIENCE + Duration::from_millis(2), "{:?}", begun.elapsed());
        assert!(client.write_all(b"x").await.is_err());
    }
}

//! HTTP/2: streams are bounded, and one that is not taken is ended while its connection lives.
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper_util::rt::TokioExecutor;

use super::*;

/// An answer's source that tells when it is given up.
struct Told(Arc<AtomicUsize>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers without end at `/`, each of which counts while it lasts; a short one at `/short`, and one that waits at `/wait`.
fn endless(n_open: &Arc<AtomicUsize>) -> Router {
    let n_open = n_open.clone();
    let endless = async move || {
        n_open.fetch_add(1, Ordering::SeqCst);
        let told = Told(n_open.clone());
        let pieces = futures_util::stream::repeat_with(move || {
            let _ = &told;
            Ok::<_, Infallible>(vec![b'x'; 1_000])
        });
        Body::from_stream(pieces)
    };
    Router::new()
        .route("/", get(endless.clone()))
        .route("/short", get(async || "short"))
        .route("/wait", get(async || std::future::pending::<()>().await))
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_window_stays_closed_is_reset_and_the_others_go_on() {
    let n_open = Arc::new(AtomicUsize::new(0));
    let mut carried = Carried::with(endless(&n_open), 64 * 1024);
    let (client, _) = duplex(1);
    let stream = TokioIo::new(std::mem::replace(&mut carried.client, client));
    let mut http = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut send, connection) = http.initial_stream_window_size(20_000).handshake(stream).await.unwrap();
    // It answers pings.
    tokio::spawn(connection);
    let mut ask = async |path: &str| {
        let uri = format!("http://h{path}");
        let request = Request::get(uri).body(Body::empty()).unwrap();
        send.ready().await.unwrap();
        send.send_request(request).await.unwrap()
    };
    let mut stuck = Vec::new();
    for _ in 0..3 {
        stuck.push(ask("/").await.into_body());
    }
    assert_eq!(n_open.load(Ordering::SeqCst), 3);
    for _ in 0..5 {
        sleep(Duration::from_secs(5)).await;
        let short = ask("/short").await;
        assert_eq!(to_bytes(Body::new(short.into_body()), 100).await.unwrap(), "short");
        assert_eq!(n_open.load(Ordering::SeqCst), 3);
    }
    sleep(Duration::from_secs(10)).await;
    assert_eq!(n_open.load(Ordering::SeqCst), 0, "they let go of what they held");
    assert_eq!(carried.ledger.balance().reasons, [(Reason::WriteTimeout, 3)]);
    let mut last = Body::new(stuck.pop().unwrap());
    assert!(to_bytes(std::mem::take(&mut last), usize::MAX).await.is_err(), "and are reset");
    assert_eq!(ask("/short").await.status(), 200);
    // With no request the connection goes, too, although it answers pings.
    assert_eq!(carried.ends().await.1, [Reason::WriteTimeout, Reason::IdleTimeout]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http_2_has_so_many_streams_and_no_more() {
    let n_open = Arc::new(AtomicUsize::new(0));
    let mut carried = Carried::with(endless(&n_open), 64 * 1024);
    let (client, _) = duplex(1);
    let stream = TokioIo::new(std::mem::replace(&mut carried.client, client));
    let http = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut send, connection) = http.handshake::<_, Body>(stream).await.unwrap();
    tokio::spawn(connection);
    let answers: Vec<_> = (0..200)
        .map(|_| tokio::spawn(send.send_request(Request::get("http://h/").body(Body::empty()).unwrap())))
        .collect();
    sleep(Duration::from_secs(20)).await;
    assert_eq!(n_open.load(Ordering::SeqCst), HTTP2_STREAMS_MAX as usize);
    answers.iter().for_each(JoinHandle::abort);
}

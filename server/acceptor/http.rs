//! HTTP over one connection: how much of it there may be at a time, and that it ends when nothing comes.
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    http::{Request, Response, StatusCode, Version, header},
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{task::coop::unconstrained, time::sleep};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{
    Acceptor, ByteStream,
    body::{RequestBody, ResponseBody, StreamExecutor},
    ended,
    progress::Connection,
    stream::NotedStream,
};
use crate::accounting::{ClientAddress, ServerAddress};

/// The longest head of a request over HTTP/1.1, and what is read or written at a time.
const HTTP1_BUFFER_BYTES: usize = 64 * 1024;
const HTTP1_HEADERS_MAX: usize = 100;

/// Of one HTTP/2 connection at a time: what browsers take for granted before they are told (RFC 9113, section 6.5.2).
pub(super) const HTTP2_STREAMS_MAX: u32 = 100;
/// What a stream, or a connection, may send before it is read.
const HTTP2_STREAM_WINDOW: u32 = 64 * 1024;
const HTTP2_CONNECTION_WINDOW: u32 = 256 * 1024;
/// Of answers that wait in the library, for each stream.
const HTTP2_SEND_BUFFER: usize = 64 * 1024;
const HTTP2_HEADER_LIST: u32 = 16 * 1024;
const HTTP2_RESETS_MAX: usize = 20;
const HTTP2_PING_EVERY: Duration = Duration::from_secs(10);

impl Acceptor {
    /// Speaks HTTP until the connection is over, or has become something else.
    pub(super) async fn carry(
        &self,
        router: &Router,
        stream: impl ByteStream + 'static,
        connection: Arc<Connection>,
        ends: (ClientAddress, ServerAddress),
        stopped: CancellationToken,
    ) {
        let service = Service { connection: connection.clone(), router: router.clone(), ends };
        let stream = TokioIo::new(NotedStream::new(stream, connection.clone()));
        let http = self.http();
        let mut serving = pin!(http.serve_connection_with_upgrades(stream, service));
        let mut stopping = pin!(stopped.cancelled());
        let mut is_closing = false;
        let mut clock = pin!(sleep(self.timeouts.handshake));
        let served = poll_fn(|cx| {
            loop {
                if let Poll::Ready(served) = serving.as_mut().poll(cx) {
                    return Poll::Ready(Ok(served));
                }
                if !is_closing && (connection.is_closing() || stopping.as_mut().poll(cx).is_ready()) {
                    is_closing = true;
                    connection.close();
                    serving.as_mut().graceful_shutdown();
                    continue;
                }
                let Some((deadline, reason)) = connection.deadline() else { return Poll::Pending };
                if clock.deadline() != deadline {
                    clock.as_mut().reset(deadline);
                }
                // Whoever has used up the turn by sending is asked for the time all the same.
                return pin!(unconstrained(clock.as_mut())).poll(cx).map(|()| Err(reason));
            }
        });
        match served.await {
            Ok(Ok(())) => (),
            Ok(Err(error)) => tracing::debug!(event = "disconnect", reason = "transport_error", %error),
            Err(reason) => ended(&self.ledger, reason, &"nothing came in time"),
        }
    }

    fn http(&self) -> auto::Builder<StreamExecutor> {
        let (timeout, ledger) = (self.timeouts.write, self.ledger.clone());
        let mut http = auto::Builder::new(StreamExecutor { timeout, ledger });
        http.http1()
            // hyper has one time for heads and for idle connections: `Connection::deadline` has two.
            .header_read_timeout(None)
            .max_buf_size(HTTP1_BUFFER_BYTES)
            .max_headers(HTTP1_HEADERS_MAX);
        http.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(HTTP2_PING_EVERY)
            .keep_alive_timeout(HTTP2_PING_EVERY)
            .max_concurrent_streams(HTTP2_STREAMS_MAX)
            .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
            .max_local_error_reset_streams(HTTP2_RESETS_MAX)
            .initial_stream_window_size(HTTP2_STREAM_WINDOW)
            .initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
            .max_send_buf_size(HTTP2_SEND_BUFFER)
            .max_header_list_size(HTTP2_HEADER_LIST);
        http
    }
}

/// What hyper asks for answers on one connection.
struct Service {
    connection: Arc<Connection>,
    router: Router,
    /// Whose it is, and where it came in.
    ends: (ClientAddress, ServerAddress),
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let is_http2 = request.version() == Version::HTTP_2;
        let running = self.connection.begin(is_http2);
        let connection = self.connection.clone();
        let mut request = request.map(|body| {
            if body.is_end_stream() { Body::empty() } else { Body::new(RequestBody::new(body, connection)) }
        });
        request.extensions_mut().insert(self.ends.0);
        request.extensions_mut().insert(self.ends.1);
        request.extensions_mut().insert(self.connection.permit.clone());
        let (router, connection) = (self.router.clone(), self.connection.clone());
        Box::pin(async move {
            let response = router.oneshot(request).await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                connection.upgrade();
            }
            // HTTP/1.1 does so by itself, and HTTP/2 knows no such header (RFC 9113, section 8.2.2).
            let says_close = response.headers().get(header::CONNECTION).is_some_and(|it| it == "close");
            if is_http2 && says_close {
                connection.close();
            }
            Ok(response.map(|body| ResponseBody::new(body, running)))
        })
    }
}

//! Requests to other nodes over connections that are kept for the next ones.
//!
//! **Invariant:** a node that is dead, hangs or is cut off holds nobody up for longer than is said here.
use std::{
    error::Error as _,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, Uri, Version, header},
    response::{IntoResponse as _, Response},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::{
    client::legacy::{self, Error},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, time::timeout};

use super::{
    Forwarding,
    answer::AnswerBody,
    headers::{Sender, sign, take_off_hop},
    tally::{ForwardResult, Passage},
    tunnel::tunnel,
};
use crate::transports::{socketio::polling::BODY_TIMEOUT, websocket::is_asked};

/// For a connection to another node, which is in the same network.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(250);

/// Without a request. Shorter than the time for which the other node keeps a connection, so that no request meets one that is
/// just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Connections to one node that wait for a request.
const IDLE_MAX: usize = 256;

/// For the other node's system to say that it has received what was sent.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(10);

/// For a connection on which nothing is said: the first probe, and how far apart the others are.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Of an answer's head, and what is read at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// Memory of a connection to another node, its buffers and task included.
const COST: u64 = 24 * 1024;

pub(super) type Client = legacy::Client<Connector, Body>;

pub(super) fn client() -> Client {
    legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_MAX)
        .http1_max_buf_size(BUFFER_BYTES)
        .build(Connector)
}

/// Opens connections to nodes.
#[derive(Clone)]
pub(super) struct Connector;

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(async move {
            let authority = uri.authority().ok_or(io::ErrorKind::InvalidInput)?.as_str();
            let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(authority)).await??;
            stream.set_nodelay(true)?;
            let socket = SockRef::from(&stream);
            socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE))?;
            #[cfg(target_os = "linux")]
            socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_TIMEOUT))?;
            Ok(TokioIo::new(stream))
        })
    }
}

impl Forwarding {
    /// Has another node answer. `address`: of the node. `path`: where the session is there. `patience`: within this time a
    /// session always has something to say.
    pub(in crate::transports::socketio) async fn forward(
        &self,
        address: &str,
        path: &str,
        request: Request,
        patience: Duration,
    ) -> Response {
        let held = self.free.clone().try_acquire_owned().ok().zip(self.ledger.hold(COST).ok());
        if held.is_none() {
            Passage::new(self.tally.clone(), None).ends(ForwardResult::Busy);
            return ForwardResult::Busy.into_response();
        }
        let mut passage = Passage::new(self.tally.clone(), held);
        match self.ask(address, path, request, patience).await {
            Ok((mut response, Some(upgraded))) => {
                passage.ends(ForwardResult::Answered);
                let of_node = hyper::upgrade::on(&mut response);
                tokio::spawn(async move {
                    if let (Ok(client), Ok(node)) = (upgraded.await, of_node.await) {
                        tunnel(TokioIo::new(client), TokioIo::new(node), patience).await;
                    }
                    drop(passage);
                });
                answer(response.map(|_| Body::empty()), true)
            }
            Ok((response, None)) => answer(response.map(|it| Body::new(AnswerBody::new(it, passage))), false),
            Err(result) => {
                passage.ends(result);
                tracing::info!(event = "forward", reason = result.as_str(), node = address);
                result.into_response()
            }
        }
    }

    /// The answer, and where a websocket begins the client's end of it.
    async fn ask(
        &self,
        address: &str,
        path: &str,
        mut request: Request,
        patience: Duration,
    ) -> Result<(hyper::Response<hyper::body::Incoming>, Option<OnUpgrade>), ForwardResult> {
        let upgrade = request.extensions_mut().remove::<OnUpgrade>().filter(|_| is_asked(request.headers()));
        let patience = patience + if request.method() == Method::POST { BODY_TIMEOUT } else { Duration::ZERO };
        let request = self.addressed(address, path, request, upgrade.is_some()).ok_or(ForwardResult::Unreachable)?;
        let answered = timeout(patience, self.client.request(request)).await.map_err(|_| ForwardResult::TimedOut)?;
        let response = answered.map_err(|error| result_of(&error))?;
        match response.status() {
            StatusCode::SWITCHING_PROTOCOLS => upgrade.map(|it| (response, Some(it))).ok_or(ForwardResult::Broken),
            // Said to those alone who are no node, or ask for a path that is not served.
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Err(ForwardResult::Refused),
            _ => Ok((response, None)),
        }
    }

    /// The request as the other node gets it. `None`: it cannot be sent.
    fn addressed(
        &self,
        address: &str,
        path: &str,
        request: Request,
        is_websocket: bool,
    ) -> Option<hyper::Request<Body>> {
        let sender = Sender::of(request.extensions())?;
        let (from, body) = request.into_parts();
        let query = from.uri.query().unwrap_or_default();
        let uri: Uri = format!("http://{address}{path}?{query}").parse().ok()?;
        let mut headers = from.headers;
        // Over HTTP/2 it stands in the address.
        if let Some(authority) = from.uri.authority()
            && !headers.contains_key(header::HOST)
        {
            headers.insert(header::HOST, HeaderValue::from_str(authority.as_str()).ok()?);
        }
        take_off_hop(&mut headers, is_websocket);
        sign(&mut headers, &self.nodes.secret()?, sender)?;
        let mut request = hyper::Request::new(body);
        *request.method_mut() = from.method;
        *request.version_mut() = Version::HTTP_11;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Some(request)
    }
}

/// Another node's answer as this node's own.
fn answer(mut response: Response, is_websocket: bool) -> Response {
    take_off_hop(response.headers_mut(), is_websocket);
    response.extensions_mut().clear();
    response
}

fn result_of(error: &Error) -> ForwardResult {
    let of_http = error.source().and_then(|it| it.downcast_ref::<hyper::Error>());
    match of_http {
        _ if error.is_connect() => ForwardResult::Unreachable,
        // What the client sends failed.
        Some(it) if it.is_user() => ForwardResult::ClientGone,
        _ => ForwardResult::Broken,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::body::Bytes;
    use hyper::body::Frame;
    use secrecy::SecretString;
    use tokio::net::TcpListener;

    use super::{
        super::{FORWARDED_MAX, ForwardStatistics},
        *,
    };
    use crate::{
        accounting::{ClientAddress, Ledger, Limits, Reason},
        transports::Nodes,
    };

    struct Alone;

    impl Nodes for Alone {
        fn own_mark(&self) -> &str {
            "a1"
        }

        fn address(&self, _: &str) -> Option<String> {
            None
        }

        fn secret(&self) -> Option<SecretString> {
            Some("s3cret".into())
        }
    }

    /// A body that breaks off, as that of a client does which does not send it in time.
    struct Broken;

    impl axum::body::HttpBody for Broken {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())))
        }
    }

    async fn forwarded(forwarding: &Forwarding, address: &str, body: Body) -> (u16, ForwardStatistics) {
        let mut request = Request::post("/s/?sid=b2.x").body(body).unwrap();
        request.extensions_mut().insert(ClientAddress(Ipv4Addr::LOCALHOST.into()));
        let response = forwarding.forward(address, "/s/", request, Duration::from_secs(45)).await;
        (response.status().as_u16(), forwarding.statistics())
    }

    #[tokio::test]
    async fn a_request_that_its_client_breaks_off_is_not_the_other_nodes_fault() {
        let ledger = Ledger::new(Default::default());
        let forwarding = Forwarding::new(std::sync::Arc::new(Alone), ledger.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (status, statistics) = forwarded(&forwarding, &address, Body::new(Broken)).await;
        assert_eq!((status, statistics.results[ForwardResult::ClientGone as usize]), (400, 1));
        assert_eq!((statistics.results.iter().sum::<u64>(), ledger.balance().memory.held), (1, 0));
    }

    #[tokio::test]
    async fn no_more_is_forwarded_at_a_time_than_may_be() {
        let forwarding = Forwarding::new(std::sync::Arc::new(Alone), Ledger::new(Default::default()));
        assert_eq!(forwarding.free.forget_permits(FORWARDED_MAX - 1), FORWARDED_MAX - 1);
        // The last one is given back, whatever becomes of its request.
        for n in 1..=2 {
            let (status, statistics) = forwarded(&forwarding, "", Body::empty()).await;
            assert_eq!((status, statistics.results[ForwardResult::Unreachable as usize]), (502, n));
        }
        forwarding.free.forget_permits(1);
        let (status, statistics) = forwarded(&forwarding, "", Body::empty()).await;
        assert_eq!((status, statistics.results[ForwardResult::Busy as usize]), (503, 1));
    }

    #[tokio::test]
    async fn nothing_is_forwarded_that_there_is_no_memory_for() {
        let ledger = Ledger::new(Limits { memory_bytes_max: COST, ..Limits::default() });
        let forwarding = Forwarding::new(std::sync::Arc::new(Alone), ledger.clone());
        let (status, statistics) = forwarded(&forwarding, "", Body::empty()).await;
        assert_eq!((status, statistics.results[ForwardResult::Busy as usize]), (503, 1));
        let balance = ledger.balance();
        assert_eq!((balance.memory.held, balance.reasons), (0, vec![(Reason::MemoryFull, 1)]));
        // There is room again, and every permit is there.
        ledger.set_limits(Limits { memory_bytes_max: 2 * COST, ..Limits::default() });
        forwarding.free.forget_permits(FORWARDED_MAX - 1);
        let (status, _) = forwarded(&forwarding, "", Body::empty()).await;
        assert_eq!(status, 502);
    }
}

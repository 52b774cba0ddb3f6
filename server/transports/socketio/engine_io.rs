//! The two engine_io of a session: polling as socketioxide has it, websockets upgraded here.
//!
//! **Invariant:** a session can be ended at once from our side, whatever its transport is and however full its queue.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody as _, to_bytes},
    extract::{Request, State},
    http::{self, Extensions, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use socketioxide::{service::SocketIoService, socket::Sid};
use tokio::{runtime::Handle, time::timeout};
use tower::{Service, ServiceExt};

use super::{
    RawAdapter,
    control::{ConnectionControl, ControlledStream},
    query::{BadQuery, Query},
};
use crate::{
    accounting::Ledger,
    transports::{Origins, Refused, open_account, websocket::accept_key},
};

/// For a websocket to carry something, as in socket.io.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

/// What the route and the lines share.
pub(super) struct EngineIo {
    path: String,
    origins: Origins,
    service: SocketIoService<Router, RawAdapter>,
    ledger: Ledger,
    /// Sessions that began with polling. One that began as a websocket needs no other request.
    polled: Mutex<HashMap<Sid, Weak<ConnectionControl>>>,
}

pub(super) async fn enter(State(engine_io): State<Arc<EngineIo>>, request: Request) -> Response {
    match engine_io.origins.admit(&request) {
        Err(foreign) => foreign.into_response(),
        Ok(None) => engine_io.answer(request).await,
        Ok(Some(origin)) => {
            let mut response = engine_io.answer(request).await;
            // So that a page of another origin may read what it polls.
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
            response
        }
    }
}

impl EngineIo {
    pub(super) fn new(
        path: &str,
        origins: Origins,
        service: SocketIoService<Router, RawAdapter>,
        ledger: Ledger,
    ) -> Self {
        EngineIo { path: path.to_owned(), origins, service, ledger, polled: Mutex::default() }
    }

    async fn answer(self: Arc<Self>, mut request: Request) -> Response {
        let text = request.uri().query().unwrap_or_default().to_owned();
        let query = match Query::read(&text, request.method(), |sid| self.control_of(sid).is_some()) {
            Ok(query) => query,
            Err(bad) => return bad.into_response(),
        };
        match query {
            Query { is_websocket: true, sid } => {
                let key = accept_key(request.headers());
                let Some((accept, upgrade)) = key.zip(request.extensions_mut().remove::<OnUpgrade>()) else {
                    return BadQuery::BadRequest.into_response();
                };
                let Some(sid) = sid else {
                    return match self.open(&request) {
                        Ok(control) => self.websocket(&text, accept, upgrade, control, None),
                        Err(refused) => refused.into_response(),
                    };
                };
                match self.control_of(sid) {
                    Some(control) => self.websocket(&text, accept, upgrade, control, Some(sid)),
                    None => BadQuery::UnknownSession.into_response(),
                }
            }
            Query { is_websocket: false, sid: None } => match self.open(&request) {
                Ok(control) => self.begin_polling(&text, control).await,
                Err(refused) => refused.into_response(),
            },
            Query { is_websocket: false, sid: Some(sid) } => {
                let response = self.service.clone().oneshot(request).await.into_response();
                if let Some(control) = self.control_of(sid) {
                    control.taken(response.body().size_hint().lower());
                }
                response
            }
        }
    }

    pub(super) fn remove(&self, sid: Sid) {
        self.polled().remove(&sid);
    }

    /// The control of a session that begins with this request.
    fn open(&self, request: &Request) -> Result<Arc<ConnectionControl>, Refused> {
        open_account(&self.ledger, request).map(|it| Arc::new(ConnectionControl::new(it)))
    }

    async fn begin_polling(self: &Arc<Self>, query: &str, control: Arc<ConnectionControl>) -> Response {
        let Some(request) = self.bare_request(query, &control) else { return BadQuery::BadRequest.into_response() };
        let response = self.service.clone().oneshot(request.map(|()| Body::empty())).await.into_response();
        let (parts, body) = response.into_parts();
        // A few dozen bytes: the open packet.
        let body = to_bytes(Body::new(body), 4096).await.unwrap_or_default();
        if let Some(sid) = sid_in(&body) {
            control.enter(sid, Arc::downgrade(self));
            self.polled().insert(sid, Arc::downgrade(&control));
        }
        Response::from_parts(parts, Body::from(body))
    }

    /// Upgrades here rather than in socketioxide, to give it a stream that can be cut and a request without headers.
    fn websocket(
        self: Arc<Self>,
        query: &str,
        accept: String,
        upgrade: OnUpgrade,
        control: Arc<ConnectionControl>,
        sid: Option<Sid>,
    ) -> Response {
        if control.is_websocket() {
            return BadQuery::BadRequest.into_response();
        }
        let Some(request) = self.bare_request(query, &control) else { return BadQuery::BadRequest.into_response() };
        tokio::spawn(async move {
            if let Ok(io) = upgrade.await {
                self.carry(ControlledStream::new(TokioIo::new(io), control), request, sid).await;
            }
        });
        let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")];
        (StatusCode::SWITCHING_PROTOCOLS, headers, [(header::SEC_WEBSOCKET_ACCEPT, accept)]).into_response()
    }

    /// Hands a websocket to socketioxide, which from then on answers polls with nothing. A session that is polling goes on
    /// doing so until its websocket has shown that it carries something; there are proxies that let none of it through.
    async fn carry(
        self: Arc<Self>,
        mut stream: ControlledStream<TokioIo<Upgraded>, UpgradeGuard>,
        request: http::Request<()>,
        sid: Option<Sid>,
    ) {
        if sid.is_some() && !matches!(timeout(UPGRADE_TIMEOUT, stream.peek()).await, Ok(Ok(1..))) {
            return;
        }
        if stream.control.claim_websocket() {
            stream.guard = sid.map(|sid| UpgradeGuard { sid, engine_io: Arc::downgrade(&self) });
            // The answer says only whether the query was understood; the session runs in tasks of its own.
            let _ = self.service.clone().call((stream, request)).await;
        }
    }

    /// socketioxide keeps the first request as long as the session, and a request's headers and URI are slices of the
    /// buffer that they were read into. It gets one without them, with the session's control.
    fn bare_request(&self, query: &str, control: &Arc<ConnectionControl>) -> Option<http::Request<()>> {
        let mut request = http::Request::get(format!("{}?{query}", self.path)).body(()).ok()?;
        *request.extensions_mut() = Extensions::new();
        request.extensions_mut().insert(control.clone());
        Some(request)
    }

    /// Ends a session that is polling the way its client would. Any other is left alone.
    pub(super) fn close_polling(&self, sid: Sid) {
        let uri = format!("{}?EIO=4&transport=polling&sid={sid}", self.path);
        if let (Ok(request), Ok(runtime)) = (Request::post(uri).body(Body::from("1")), Handle::try_current()) {
            runtime.spawn(self.service.clone().oneshot(request));
        }
    }

    fn control_of(&self, sid: Sid) -> Option<Arc<ConnectionControl>> {
        self.polled().get(&sid).and_then(Weak::upgrade)
    }

    fn polled(&self) -> MutexGuard<'_, HashMap<Sid, Weak<ConnectionControl>>> {
        self.polled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of an open packet, `0{"sid":"…",…}`.
fn sid_in(open: &Bytes) -> Option<Sid> {
    let text = std::str::from_utf8(open).ok()?;
    text.strip_prefix(r#"0{"sid":""#)?.split('"').next()?.parse().ok()
}

/// Lives as long as the websocket that a polling session moves to. When the move fails, socketioxide leaves the session
/// between the two, without polls and without a heartbeat, for good: it is closed here.
struct UpgradeGuard {
    sid: Sid,
    engine_io: Weak<EngineIo>,
}

impl Drop for UpgradeGuard {
    fn drop(&mut self) {
        if let Some(engine_io) = self.engine_io.upgrade() {
            engine_io.close_polling(self.sid);
        }
    }
}

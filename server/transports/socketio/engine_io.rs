//! The two transports of Engine.IO: polling as socketioxide has it, with what it reads and answers metered, and websockets
//! upgraded here. A session that begins as a websocket knows no library (`websocket.rs`).
//!
//! **Invariant:** a session can be ended at once from our side, whatever its transport is and however full its queue.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{self, Extensions, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use socketioxide::{service::SocketIoService, socket::Sid};
use tokio::time::timeout;
use tower::{Service, ServiceExt};

use super::{
    RawAdapter,
    cookie::Cookies,
    deadlines::Deadlines,
    forwarding::Forwarding,
    polling::{PolledBody, PostedBody},
    query::{BadQuery, Query},
    session::{EngineFrames, EngineSession, Polling, Turn},
    websocket::{Client, Frames, Place, fresh_id},
};
use crate::{
    accounting::Reason,
    ice::ReachedAs,
    transports::{
        Origins, POLLING_COST, Refused, SESSION_COST, TransportLimits, admit_origin,
        meter::Meter,
        metered_stream::MeteredStream,
        open_account,
        websocket::{SendQueue, Stream, accept, run},
    },
};

/// The library has a heartbeat of its own, which is as patient as the meter's and comes first where it can.
const SLACK: Duration = Duration::from_secs(1);

/// For a websocket to carry something, as in socket.io.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

/// What the route and the sessions share.
pub(super) struct EngineIo {
    path: String,
    origins: Origins,
    service: SocketIoService<Router, RawAdapter>,
    place: Place,
    limits: Arc<TransportLimits>,
    /// Of pages that can come back by one.
    cookies: Option<Cookies>,
    /// Where this server is one of several nodes.
    forwarding: Option<Arc<Forwarding>>,
    /// Sessions that began with polling. One that began as a websocket needs no other request.
    polled: Mutex<HashMap<Sid, Weak<EngineSession>>>,
    pub(super) deadlines: Deadlines,
}

pub(super) async fn enter(State(engine_io): State<Arc<EngineIo>>, request: Request) -> Response {
    let origin = match admit_origin(&engine_io.origins, engine_io.place.sessions.ledger(), &request) {
        Ok(origin) => origin,
        Err(foreign) => return foreign.into_response(),
    };
    let mut response = engine_io.answer(request).await.unwrap_or_else(IntoResponse::into_response);
    if let Some(origin) = origin {
        // So that a page of another origin may read what it polls.
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// A request that is not served.
pub(super) enum Unserved {
    BadQuery(BadQuery),
    Refused(Refused),
}

impl From<BadQuery> for Unserved {
    fn from(bad: BadQuery) -> Self {
        Unserved::BadQuery(bad)
    }
}

impl From<Refused> for Unserved {
    fn from(refused: Refused) -> Self {
        Unserved::Refused(refused)
    }
}

impl IntoResponse for Unserved {
    fn into_response(self) -> Response {
        match self {
            Unserved::BadQuery(bad) => bad.into_response(),
            Unserved::Refused(refused) => refused.into_response(),
        }
    }
}

impl EngineIo {
    pub(super) fn new(
        path: &str,
        origins: Origins,
        service: SocketIoService<Router, RawAdapter>,
        place: Place,
        limits: Arc<TransportLimits>,
        cookies: Option<Cookies>,
        forwarding: Option<Arc<Forwarding>>,
    ) -> Self {
        EngineIo {
            path: path.to_owned(),
            origins,
            service,
            place,
            limits,
            cookies,
            forwarding,
            polled: Mutex::default(),
            deadlines: Deadlines::default(),
        }
    }

    /// Whatever node has the session.
    async fn answer(self: Arc<Self>, mut request: Request) -> Result<Response, Unserved> {
        let at_other_node = self.forwarding.as_ref().and_then(|it| Some((it, it.owner(&mut request)?)));
        match at_other_node {
            Some((forwarding, address)) => {
                let patience = self.limits.ping_interval + self.limits.ping_timeout;
                Ok(forwarding.forward(&address, &self.path, request, patience).await)
            }
            None => self.serve(request).await,
        }
    }

    /// For sessions of this node.
    pub(super) async fn serve(self: Arc<Self>, mut request: Request) -> Result<Response, Unserved> {
        let text = request.uri().query().unwrap_or_default().to_owned();
        let query = Query::read(&text, request.method(), |sid| self.session_of(sid).is_some())?;
        let session = query.sid.map(|sid| self.session_of(sid).ok_or(BadQuery::UnknownSession)).transpose()?;
        if let Some(session) = &session
            && let Some(cookie) = Cookies::read(&request)
        {
            session.on_cookie(&cookie);
        }
        match (query.sid.zip(session), query.is_websocket) {
            (Some((_, session)), true) if session.is_websocket() => Err(BadQuery::BadRequest.into()),
            (None, true) => {
                let (response, upgraded) = accept(&mut request).map_err(|_| BadQuery::BadRequest)?;
                let session = self.open(&request, SESSION_COST, Duration::ZERO)?;
                let (place, sid) = (self.place.clone(), self.told(fresh_id()));
                tokio::spawn(async move {
                    let Some(stream) = upgraded.await else { return };
                    let (send_queue, waiting) = SendQueue::new(session.meter.clone());
                    let client = Client::open(place, session.clone(), &send_queue, &sid);
                    run(stream, Frames(session), &send_queue, waiting, client).await;
                });
                Ok(response)
            }
            (Some((sid, session)), true) => {
                let (response, upgraded) = accept(&mut request).map_err(|_| BadQuery::BadRequest)?;
                let request = self.bare_request(&text, &session).ok_or(BadQuery::BadRequest)?;
                tokio::spawn(async move {
                    if let Some(stream) = upgraded.await {
                        self.carry(stream, session, request, sid).await;
                    }
                });
                Ok(response)
            }
            (None, false) => {
                let session = self.open(&request, POLLING_COST, SLACK)?;
                let cookie = self.recognise(&request, &session);
                let mut response = self.begin_polling(&text, &session).await?;
                if let Some(cookie) = cookie {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
                Ok(response)
            }
            (Some((_, session)), false) if request.method() == Method::POST => Ok(self.post(&session, request).await),
            (Some((_, session)), false) => Ok(self.poll(session, request).await),
        }
    }

    /// Whether this is where a path leads.
    pub(super) fn is_at(&self, path: &str) -> bool {
        self.path == path
    }

    /// Whether a session that began with polling is here.
    pub(super) fn has(&self, sid: Sid) -> bool {
        self.session_of(sid).is_some()
    }

    /// A session id as its client is told it.
    fn told(&self, sid: String) -> String {
        if let Some(forwarding) = &self.forwarding { forwarding.marked(&sid) } else { sid }
    }

    pub(super) fn remove(&self, sid: Sid) {
        self.polled().remove(&sid);
    }

    /// The session that begins with this request.
    fn open(&self, request: &Request, cost: u64, slack: Duration) -> Result<Arc<EngineSession>, Refused> {
        let account = open_account(self.place.sessions.ledger(), request, cost)?;
        let reached = request.extensions().get::<ReachedAs>().cloned();
        Ok(EngineSession::new(Meter::with_slack(account, self.limits.clone(), slack), reached))
    }

    /// Takes down the cookie that the session begins with. The header that sets it, if the browser has none.
    fn recognise(&self, request: &Request, session: &EngineSession) -> Option<HeaderValue> {
        let cookies = self.cookies.as_ref().filter(|_| self.origins.is_own_page(request))?;
        if let Some(cookie) = Cookies::read(request) {
            session.set_cookie(cookie);
            return None;
        }
        let is_proxied_https = request.extensions().get::<ReachedAs>().is_some_and(|it| it.is_proxied_https);
        let (cookie, header) = cookies.fresh(is_proxied_https)?;
        session.set_cookie(cookie);
        Some(header)
    }

    async fn begin_polling(self: &Arc<Self>, query: &str, session: &Arc<EngineSession>) -> Result<Response, Unserved> {
        let request = self.bare_request(query, session).ok_or(BadQuery::BadRequest)?;
        let response = self.service.clone().oneshot(request.map(|()| Body::empty())).await.into_response();
        let (mut parts, body) = response.into_parts();
        // A few dozen bytes: the open packet.
        let mut body = to_bytes(Body::new(body), 4096).await.unwrap_or_default();
        if let Some((sid, rest)) = open_packet(&body) {
            if let Some(forwarding) = &self.forwarding {
                body = [OPEN, &forwarding.marked(sid.as_str()), rest].concat().into();
                parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
            }
            session.set_entry(sid, Arc::downgrade(self));
            self.polled().insert(sid, Arc::downgrade(session));
            self.deadlines.watch(self, session, sid);
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    async fn poll(&self, session: Arc<EngineSession>, request: Request) -> Response {
        let Some(turn) = Turn::take(&session, Polling::Poll) else {
            return StatusCode::TOO_MANY_REQUESTS.into_response();
        };
        if let Err(reason) = session.meter.account().receive_messages(1) {
            return refuse(&session, reason);
        }
        let (parts, body) = self.service.clone().oneshot(request).await.into_response().into_parts();
        // It is there already, and is not copied.
        let bytes = to_bytes(Body::new(body), usize::MAX).await.unwrap_or_default();
        Response::from_parts(parts, Body::new(PolledBody::new(session, bytes, turn)))
    }

    async fn post(&self, session: &Arc<EngineSession>, request: Request) -> Response {
        let Some(turn) = Turn::take(session, Polling::Post) else {
            return StatusCode::TOO_MANY_REQUESTS.into_response();
        };
        let (parts, body) = request.into_parts();
        match PostedBody::receive(session, body, turn).await {
            Ok(body) => {
                let request = Request::from_parts(parts, Body::new(body));
                self.service.clone().oneshot(request).await.into_response()
            }
            Err(reason) => refuse(session, reason),
        }
    }

    /// Hands a websocket to socketioxide, which from then on answers polls with nothing. A session that is polling goes on
    /// doing so until its websocket has shown that it carries something; there are proxies that let none of it through.
    async fn carry(self: Arc<Self>, stream: Stream, session: Arc<EngineSession>, request: http::Request<()>, sid: Sid) {
        let frames = EngineFrames { session: session.clone(), guard: None };
        let mut stream = MeteredStream::new(stream, session.meter.clone(), frames);
        if !matches!(timeout(UPGRADE_TIMEOUT, stream.peek()).await, Ok(Ok(1..))) {
            return;
        }
        if session.claim_websocket() {
            // The library sends no pings while the session moves.
            session.meter.extend(UPGRADE_TIMEOUT);
            stream.observer().guard = Some(UpgradeGuard { sid, engine_io: Arc::downgrade(&self) });
            // The answer says only whether the query was understood; the session runs in tasks of its own.
            let _ = self.service.clone().call((stream, request)).await;
        }
    }

    /// socketioxide keeps the first request as long as the session, and a request's headers and URI are slices of the
    /// buffer that they were read into. It gets one without them, which holds the session.
    fn bare_request(&self, query: &str, session: &Arc<EngineSession>) -> Option<http::Request<()>> {
        let mut request = http::Request::get(format!("{}?{query}", self.path)).body(()).ok()?;
        *request.extensions_mut() = Extensions::new();
        request.extensions_mut().insert(session.clone());
        Some(request)
    }

    /// Ends a session that is polling the way its client would. Any other is left alone.
    pub(super) async fn close_polling(&self, sid: Sid) {
        let is_there = self.polled().contains_key(&sid);
        let uri = format!("{}?EIO=4&transport=polling&sid={sid}", self.path);
        if let (true, Ok(request)) = (is_there, Request::post(uri).body(Body::from("1"))) {
            let _ = self.service.clone().oneshot(request).await;
        }
    }

    /// One that has ended is unknown.
    fn session_of(&self, sid: Sid) -> Option<Arc<EngineSession>> {
        self.polled().get(&sid).and_then(Weak::upgrade).filter(|it| it.meter.reason().is_none())
    }

    fn polled(&self) -> MutexGuard<'_, HashMap<Sid, Weak<EngineSession>>> {
        self.polled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a session whose request cannot be served.
fn refuse(session: &EngineSession, reason: Reason) -> Response {
    let reason = session.meter.end(reason);
    session.meter.abort(reason);
    let status = match reason {
        Reason::MessageTooLong => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
        Reason::MessageRate | Reason::ByteRate => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    };
    status.into_response()
}

/// How an open packet begins, up to the session id.
const OPEN: &str = r#"0{"sid":""#;

/// The session id in an open packet, and what follows it.
fn open_packet(packet: &[u8]) -> Option<(Sid, &str)> {
    let after = std::str::from_utf8(packet).ok()?.strip_prefix(OPEN)?;
    let (sid, rest) = after.split_at_checked(after.find('"')?)?;
    Some((sid.parse().ok()?, rest))
}

/// Lives as long as the websocket that a polling session moves to. When the move fails, socketioxide leaves the session
/// between the two, without polls and without a heartbeat, for good: it is closed here.
pub(super) struct UpgradeGuard {
    sid: Sid,
    engine_io: Weak<EngineIo>,
}

impl Drop for UpgradeGuard {
    fn drop(&mut self) {
        if let (Some(engine_io), Ok(runtime)) = (self.engine_io.upgrade(), tokio::runtime::Handle::try_current()) {
            let sid = self.sid;
            runtime.spawn(async move { engine_io.close_polling(sid).await });
        }
    }
}

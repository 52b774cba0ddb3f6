//! Plain websockets, one JSON text a message, by tokio-tungstenite; and what other transports over websockets share with
//! them. A listener may serve several protocols so: which one a client speaks shows in its first message.
//!
//! **Invariants:** what a client sends is handled in that order, and each message before the next is read. What ends a
//! connection ends its session at once, whatever the client does about it.
mod connection;
mod send_queue;
#[cfg(test)]
mod tests;
mod upgrade;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
pub(super) use tokio_tungstenite::tungstenite::Message;

use super::{Origins, SESSION_COST, TransportLimits, admit_origin, meter::Meter, open_account};
use crate::{
    accounting::Reason,
    protocols::{CloseReason, Frame},
    sessions::{Connection, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
use connection::OwnFrames;
pub(super) use connection::{MessageHandler, run};
pub(super) use send_queue::SendQueue;
pub(super) use upgrade::{Stream, accept, is_asked};

/// Where websockets of one kind come in.
pub(super) struct Endpoint {
    pub(super) sessions: Sessions,
    pub(super) origins: Origins,
    pub(super) limits: Arc<TransportLimits>,
}

impl Endpoint {
    /// Accepts a websocket. `start` makes what handles its messages, once it is open.
    pub(super) fn accept<H: MessageHandler + 'static>(
        &self,
        mut request: Request,
        start: impl FnOnce(&Arc<SendQueue>) -> H + Send + 'static,
    ) -> Response {
        let ledger = self.sessions.ledger();
        if let Err(foreign) = admit_origin(&self.origins, ledger, &request) {
            return foreign.into_response();
        }
        let (response, upgraded) = match accept(&mut request) {
            Ok(accepted) => accepted,
            Err(bad) => return bad.into_response(),
        };
        let account = match open_account(ledger, &request, SESSION_COST) {
            Ok(account) => account,
            Err(refused) => return refused.into_response(),
        };
        let limits = self.limits.clone();
        tokio::spawn(async move {
            let Some(stream) = upgraded.await else { return };
            let (send_queue, waiting) = SendQueue::new(Meter::new(account, limits));
            let handler = start(&send_queue);
            let frames = OwnFrames(send_queue.meter().clone());
            run(stream, frames, &send_queue, waiting, handler).await;
        });
        response
    }
}

/// What a listener serves by plain websockets.
struct Served {
    endpoint: Endpoint,
    /// In the order in which they are tried on a first message. The first one greets.
    realms: Vec<Realm>,
}

/// Lets a router answer these requests too: every request for a websocket, whatever its path.
pub fn beside(
    router: Router,
    sessions: Sessions,
    realms: Vec<Realm>,
    origins: Origins,
    limits: TransportLimits,
) -> Router {
    let served = Arc::new(Served { endpoint: Endpoint { sessions, origins, limits: Arc::new(limits) }, realms });
    router.layer(middleware::from_fn_with_state(served, enter))
}

async fn enter(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let Some(&realm) = served.realms.first().filter(|_| is_asked(request.headers())) else {
        return next.run(request).await;
    };
    let shared = served.clone();
    served.endpoint.accept(request, move |send_queue| {
        let connection = Arc::new(SocketConnection(send_queue.clone()));
        let account = send_queue.meter().account().clone();
        let session = Some(shared.endpoint.sessions.connect(realm, connection, account));
        let is_settled = shared.realms.len() == 1;
        Client { served: shared, session, is_settled }
    })
}

/// What the sessions hold of a connection.
struct SocketConnection(Arc<SendQueue>);

impl Connection for SocketConnection {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        self.0.put(Message::text(frame.text))
    }

    fn abort(&self, reason: Reason) {
        self.0.meter().abort(reason);
    }

    fn close(&self, why: CloseReason) {
        self.0.close(Reason::ByServer, why);
    }

    fn ping(&self) {
        self.0.ping();
    }
}

/// What a connection holds of its session.
struct Client {
    served: Arc<Served>,
    /// Until the connection has ended.
    session: Option<SessionHandle>,
    /// It is known which protocol the client speaks.
    is_settled: bool,
}

impl MessageHandler for Client {
    fn receive(&mut self, message: &Message) {
        // No protocol here has binary messages.
        let Message::Text(text) = message else { return };
        let sessions = &self.served.endpoint.sessions;
        if !self.is_settled {
            let Some(at) = self.served.realms.iter().position(|it| it.knows(text.as_str())) else { return };
            // A client of the first one has its session there since it was greeted.
            if at > 0 {
                self.session = self.session.take().map(|it| sessions.turn(it, self.served.realms[at]));
            }
            self.is_settled = true;
        }
        if let Some(session) = &self.session {
            sessions.receive(session, text.as_str());
        }
    }

    fn on_alive(&mut self) {
        if let Some(session) = &self.session {
            self.served.endpoint.sessions.on_alive(session);
        }
    }

    fn end(&mut self, reason: Reason) {
        if let Some(session) = self.session.take() {
            self.served.endpoint.sessions.disconnect(&session, reason);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end(Reason::TransportError);
    }
}

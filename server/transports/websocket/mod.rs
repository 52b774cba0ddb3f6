//! Plain websockets, one JSON text a message, by tokio-tungstenite. A listener may serve several protocols so: which one
//! a client speaks shows in its first message.
//!
//! **Invariants:** a client is heard in the order in which it speaks, and work is done before the next message is read. What
//! ends a connection ends it for its peer at once, whatever the other side does about it.
mod connection;
mod send_queue;
mod upgrade;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
pub(super) use tokio_tungstenite::tungstenite::Message;

use super::{Origins, TransportLimits, open_account};
use crate::{
    accounting::Reason,
    protocols::{CloseReason, Frame},
    sessions::{Connection, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
pub(super) use connection::{MessageHandler, run};
pub(super) use send_queue::SendQueue;
pub(super) use upgrade::{accept, accept_key, is_asked};

/// What a listener serves by plain websockets.
struct Served {
    sessions: Sessions,
    wire: TransportLimits,
    origins: Origins,
    /// In the order in which they are tried on a first message. The first one greets.
    realms: Vec<Realm>,
}

/// Lets a router answer these requests too: every request for a websocket, on whatever path, that comes by here.
pub fn beside(
    router: Router,
    sessions: Sessions,
    realms: Vec<Realm>,
    origins: Origins,
    wire: TransportLimits,
) -> Router {
    let served = Arc::new(Served { sessions, wire, origins, realms });
    router.layer(middleware::from_fn_with_state(served, enter))
}

async fn enter(State(served): State<Arc<Served>>, mut request: Request, next: Next) -> Response {
    if !upgrade::is_asked(request.headers()) {
        return next.run(request).await;
    }
    if let Err(foreign) = served.origins.admit(&request) {
        return foreign.into_response();
    }
    let Some(&realm) = served.realms.first() else { return next.run(request).await };
    let account = match open_account(served.sessions.ledger(), &request) {
        Ok(account) => account,
        Err(refused) => return refused.into_response(),
    };
    let (response, upgraded) = match upgrade::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(bad) => return bad.into_response(),
    };
    tokio::spawn(async move {
        let Some(stream) = upgraded.await else { return };
        let (send_queue, waiting) = SendQueue::new(served.wire.frames_waiting_max, served.wire.bytes_waiting_max);
        let session = Some(served.sessions.connect(realm, Arc::new(SocketConnection(send_queue.clone())), account));
        let handler = Client { served: served.clone(), session, is_settled: served.realms.len() == 1 };
        run(stream, &send_queue, waiting, served.wire, handler).await;
    });
    response
}

/// What the sessions has of a connection.
struct SocketConnection(Arc<SendQueue>);

impl Connection for SocketConnection {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        self.0.put(Message::text(frame.text)).map(|()| Queued::default())
    }

    fn abort(&self, _: Reason) {
        self.0.abort();
    }

    fn close(&self, why: CloseReason) {
        self.0.close(why);
    }

    fn ping(&self) {
        self.0.ping();
    }
}

/// What a connection has of the sessions.
struct Client {
    served: Arc<Served>,
    /// Until it has ended.
    session: Option<SessionHandle>,
    /// It is known what it speaks.
    is_settled: bool,
}

impl MessageHandler for Client {
    fn receive(&mut self, message: &Message) {
        // Its pages say nothing in binary.
        let Message::Text(text) = message else { return };
        if !self.is_settled {
            let Some(at) = self.served.realms.iter().position(|it| it.knows(text.as_str())) else { return };
            // Whoever speaks the first has been greeted in it, and stays who it is.
            if at > 0 {
                let sessions = &self.served.sessions;
                self.session = self.session.take().map(|it| sessions.turn(it, self.served.realms[at]));
            }
            self.is_settled = true;
        }
        if let Some(session) = &self.session {
            self.served.sessions.receive(session, text.as_str());
        }
    }

    fn on_alive(&mut self) {
        if let Some(session) = &self.session {
            self.served.sessions.on_alive(session);
        }
    }

    fn end(&mut self, end: Reason) {
        if let Some(session) = self.session.take() {
            self.served.sessions.disconnect(&session, end);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end(Reason::TransportError);
    }
}

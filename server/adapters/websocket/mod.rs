//! Plain websockets, one JSON text a message, by tokio-tungstenite. A listener may serve several vocabularies so: which one
//! a client speaks shows in its first message.
//!
//! **Invariants:** a client is heard in the order in which it speaks, and work is done before the next message is read. What
//! ends a connection ends it for its peer at once, whatever the other side does about it.
mod conversation;
mod outbox;
mod upgrade;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
pub(super) use tokio_tungstenite::tungstenite::Message;

use super::{Origins, Wire};
use crate::{
    dialects::{Farewell, Frame},
    hub::{Attached, Hub, Line, LineEnd, Overrun, Realm},
};
pub(super) use conversation::{Ear, converse};
pub(super) use outbox::Outbox;
pub(super) use upgrade::{accept, accept_key, is_asked};

/// What a listener serves by plain websockets.
struct Served {
    hub: Hub,
    wire: Wire,
    origins: Origins,
    /// In the order in which they are tried on a first message. The first one greets.
    realms: Vec<Realm>,
}

/// Lets a router answer these requests too: every request for a websocket, on whatever path, that comes by here.
pub fn beside(router: Router, hub: Hub, realms: Vec<Realm>, origins: Origins, wire: Wire) -> Router {
    let served = Arc::new(Served { hub, wire, origins, realms });
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
    let (response, upgraded) = match upgrade::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(bad) => return bad.into_response(),
    };
    tokio::spawn(async move {
        let Some(stream) = upgraded.await else { return };
        let (outbox, waiting) = Outbox::new(served.wire.frames_waiting_max, served.wire.bytes_waiting_max);
        let attached = Some(served.hub.connect(realm, Arc::new(SocketLine(outbox.clone()))));
        let ear = Client { served: served.clone(), attached, is_settled: served.realms.len() == 1 };
        converse(stream, &outbox, waiting, served.wire, ear).await;
    });
    response
}

/// What the hub has of a connection.
struct SocketLine(Arc<Outbox>);

impl Line for SocketLine {
    fn say(&self, frame: Frame) -> Result<(), Overrun> {
        self.0.put(Message::text(frame.text))
    }

    fn cut(&self) {
        self.0.cut();
    }

    fn close(&self, why: Farewell) {
        self.0.close(why);
    }

    fn probe(&self) {
        self.0.probe();
    }
}

/// What a connection has of the hub.
struct Client {
    served: Arc<Served>,
    /// Until it has ended.
    attached: Option<Attached>,
    /// It is known what it speaks.
    is_settled: bool,
}

impl Ear for Client {
    fn hear(&mut self, message: &Message) {
        // Its pages say nothing in binary.
        let Message::Text(text) = message else { return };
        if !self.is_settled {
            let Some(at) = self.served.realms.iter().position(|it| it.knows(text.as_str())) else { return };
            // Whoever speaks the first has been greeted in it, and stays who it is.
            if at > 0 {
                let hub = &self.served.hub;
                self.attached = self.attached.take().map(|it| hub.turn(it, self.served.realms[at]));
            }
            self.is_settled = true;
        }
        if let Some(attached) = &self.attached {
            self.served.hub.hear(attached, text.as_str());
        }
    }

    fn is_alive(&mut self) {
        if let Some(attached) = &self.attached {
            self.served.hub.is_alive(attached);
        }
    }

    fn end(&mut self, end: LineEnd) {
        if let Some(attached) = self.attached.take() {
            self.served.hub.disconnect(&attached, end);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end(LineEnd::Broken);
    }
}

//! The listener that takes what other nodes forward, and nothing else.
use std::sync::{Arc, atomic::Ordering};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Forwarding, headers::sender};
use crate::{
    accounting::{Action, ClientAddress, ConnectionPermit, NamedByProxy, Reason},
    ice::ReachedAs,
    transports::nodes::marked_sid,
};

/// Serves requests of sessions of this node that other nodes forward.
pub fn receiving(forwarding: Arc<Forwarding>) -> Router {
    Router::new().fallback(receive).with_state(forwarding)
}

async fn receive(State(forwarding): State<Arc<Forwarding>>, mut request: Request) -> Response {
    let Some(sender) = sender(&mut request, forwarding.nodes.secret().as_ref()) else {
        let reason = Reason::NodeSecret;
        forwarding.ledger.count(reason);
        tracing::info!(event = "refused", what = "forwarded", reason = reason.as_str());
        let close = [(header::CONNECTION, "close")];
        return (StatusCode::FORBIDDEN, close, "The other nodes of the cluster are served here.\n").into_response();
    };
    let sid = request.uri().query().and_then(marked_sid).map(|it| it.1);
    let Some(endpoint) = sid.and_then(|it| forwarding.endpoint(request.uri().path(), it)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    forwarding.n_received.fetch_add(1, Ordering::Relaxed);
    // From here on it is as if the client had come here itself.
    let host = request.headers().get(header::HOST).and_then(|it| it.to_str().ok());
    let reached = host.and_then(|it| ReachedAs::new(it, sender.is_https));
    let extensions = request.extensions_mut();
    extensions.insert(ClientAddress(sender.address));
    extensions.insert(NamedByProxy);
    if let Some(reached) = reached {
        extensions.insert(reached);
    }
    if let Some(permit) = extensions.get::<Arc<ConnectionPermit>>() {
        permit.disown();
    }
    // Of another node's session, or of one before the last start, the mark stays, and the session is unknown.
    let _ = forwarding.owner(&mut request);
    let response = endpoint.serve(request).await.unwrap_or_else(IntoResponse::into_response);
    if response.status().is_client_error() {
        // The connection is a node's and stays; the client's own node closes that of the client.
        let _ = forwarding.ledger.act(sender.address.into(), Action::Request);
    }
    response
}

//! What is served at one listener: pages, health, metrics and each protocol's transport.
use std::{collections::BTreeMap, time::Duration};

use axum::Router;

use super::{metrics::Metrics, settings};
use crate::{
    config::Config,
    http::{self, Frontend, Health, Site},
    protocols::Transport,
    sessions::{Realm, Sessions},
    transports::{Origins, mqtt, socketio, websocket},
};

/// How long what is sent to a listener's websockets may wait: as long as the answer to a ping may.
pub(super) fn answer_time(config: &Config, listener: &settings::Listener) -> Duration {
    let limits = listener.protocols.iter().map(|protocol| match protocol.transport() {
        Transport::SocketIo => settings::transport_limits(config),
        Transport::SocketIoAt(_) | Transport::Websocket | Transport::Mqtt => settings::fast_ping(config),
    });
    limits.map(|it| it.ping_interval + it.ping_timeout).max().unwrap_or_default()
}

/// One realm for each protocol that any listener serves, so that those of one protocol meet wherever they come in.
pub(super) fn realms(
    sessions: &Sessions,
    config: &Config,
    listeners: &[settings::Listener],
    is_kept: bool,
) -> BTreeMap<&'static str, Realm> {
    let mut realms = BTreeMap::new();
    for &protocol in listeners.iter().flat_map(|it| &it.protocols) {
        let open = || sessions.open(settings::realm(config, protocol, is_kept));
        realms.entry(protocol.name()).or_insert_with(open);
    }
    realms
}

/// What is served at one listener.
pub(super) fn router(
    config: &Config,
    listener: &settings::Listener,
    sessions: &Sessions,
    shared: &http::Shared,
    realms: &BTreeMap<&'static str, Realm>,
    health: impl Fn() -> Health + Clone + Send + Sync + 'static,
    metrics: &Metrics,
) -> Router {
    let (limits, fast_ping) = (settings::transport_limits(config), settings::fast_ping(config));
    let origins = || Origins::new(&listener.origins).of_host(&config.http.hostname);
    let (mut sockets, mut plain, mut mqtt) = (Router::new(), Vec::new(), None);
    let (mut path, mut frontend) = (config.signaling.path.clone(), Frontend::Foreign);
    for protocol in &listener.protocols {
        let Some(&realm) = realms.get(protocol.name()) else { continue };
        match protocol.transport() {
            Transport::SocketIo => {
                frontend = Frontend::Own;
                sockets =
                    sockets.merge(socketio::router(sessions.clone(), realm, &path, origins(), limits, listener.tls));
            }
            Transport::SocketIoAt(own) => {
                if frontend == Frontend::Foreign {
                    path = own.to_owned();
                }
                sockets =
                    sockets.merge(socketio::router(sessions.clone(), realm, own, origins(), fast_ping, listener.tls));
            }
            Transport::Websocket => plain.push(realm),
            Transport::Mqtt => mqtt = Some(realm),
        }
    }
    let (views, https, https_only) = (listener.views.clone(), listener.tls, listener.is_https_only);
    let frame_ancestors = config.http.frame_ancestors.clone();
    let site = Site { views, signaling_path: path, frontend, https, https_only, frame_ancestors };
    let mut pages = metrics.beside(http::pages(&site, shared, health), config, shared);
    if !plain.is_empty() {
        pages = websocket::beside(pages, sessions.clone(), plain, origins(), fast_ping);
    }
    if let Some(realm) = mqtt {
        pages = mqtt::beside(pages, sessions.clone(), realm, origins(), fast_ping);
    }
    http::front(pages.merge(sockets), &site, shared)
}

//! What is served at one listener: pages, the sockets of each protocol, and what stands in front of both.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::Router;

use super::{invitations::Invitations, metrics::Metrics, settings};
use crate::{
    config::Config,
    http::{self, Frontend, Health, Site},
    protocols::{Protocol as _, Transport, p2pchat::P2pChat},
    sessions::{Realm, Sessions},
    transports::{
        Hosts, Origins, mqtt,
        socketio::{self, Forwarding},
        websocket,
    },
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
    invitations: &Arc<Invitations>,
) -> BTreeMap<&'static str, Realm> {
    let mut realms = BTreeMap::new();
    for &protocol in listeners.iter().flat_map(|it| &it.protocols) {
        let open = || {
            let mut realm = settings::realm(config, protocol, is_kept);
            if protocol.name() == P2pChat.name() {
                realm.access = invitations.clone();
            }
            sessions.open(realm)
        };
        realms.entry(protocol.name()).or_insert_with(open);
    }
    realms
}

/// What all listeners have in common.
pub(super) struct Common<'a> {
    pub(super) sessions: &'a Sessions,
    pub(super) shared: &'a http::Shared,
    pub(super) realms: &'a BTreeMap<&'static str, Realm>,
    pub(super) metrics: &'a Metrics,
    /// Where this server is one of several nodes.
    pub(super) forwarding: Option<&'a Arc<Forwarding>>,
}

/// What is served at one listener.
pub(super) fn router(
    config: &Config,
    listener: &settings::Listener,
    common: &Common<'_>,
    health: impl Fn() -> Health + Clone + Send + Sync + 'static,
) -> Router {
    let Common { sessions, shared, realms, metrics, forwarding } = *common;
    let (limits, fast_ping) = (settings::transport_limits(config), settings::fast_ping(config));
    let hosts = Hosts::new(&config.http.hostname, &config.tls.acme.names, listener.tls);
    let origins = || Origins::new(&listener.origins, hosts.clone());
    let base = config.http.base_path.trim_end_matches('/');
    let at = |path: &str| socketio::At { path: path.to_owned(), below: format!("{base}{path}") };
    let socket_io = |realm, path: &str, limits| {
        socketio::router(sessions.clone(), realm, at(path), origins(), limits, listener.tls, forwarding)
    };
    let (mut sockets, mut plain, mut mqtt) = (Router::new(), Vec::new(), None);
    let (mut path, mut frontend) = (config.signaling.path.clone(), Frontend::Foreign);
    for protocol in &listener.protocols {
        let Some(&realm) = realms.get(protocol.name()) else { continue };
        match protocol.transport() {
            Transport::SocketIo => {
                frontend = Frontend::Own;
                sockets = sockets.merge(socket_io(realm, &path, limits));
            }
            Transport::SocketIoAt(own) => {
                if frontend == Frontend::Foreign {
                    path = own.to_owned();
                }
                sockets = sockets.merge(socket_io(realm, own, fast_ping));
            }
            Transport::Websocket => plain.push(realm),
            Transport::Mqtt => mqtt = Some(realm),
        }
    }
    let (views, https, https_only) = (listener.views.clone(), listener.tls, listener.is_https_only);
    let (frame_ancestors, base_path) = (config.http.frame_ancestors.clone(), config.http.base_path.clone());
    let (proxy_protocol, features) = (listener.proxy_protocol, settings::features(config));
    let signaling_path = path;
    let site = Site {
        views,
        signaling_path,
        frontend,
        https,
        https_only,
        frame_ancestors,
        base_path,
        proxy_protocol,
        features,
    };
    let mut pages = metrics.beside(http::pages(&site, shared, health), config, shared);
    if !plain.is_empty() {
        pages = websocket::beside(pages, sessions.clone(), plain, origins(), fast_ping);
    }
    if let Some(realm) = mqtt {
        pages = mqtt::beside(pages, sessions.clone(), realm, origins(), fast_ping);
    }
    http::front(pages.merge(sockets), &site, shared)
}

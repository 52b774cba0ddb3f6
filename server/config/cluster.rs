//! `[cluster]`: how this server and others are one.
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::listeners::{can_be_listened_on, collide};

/// `[cluster]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct ClusterSettings {
    pub listen: String,
}

impl ClusterSettings {
    /// Where requests that other nodes forward come in.
    pub fn at(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }

    /// `others`: what else listens, by its name.
    pub(super) fn check<'a>(&self, others: impl IntoIterator<Item = (&'a str, SocketAddr)>) -> Result<(), String> {
        if self.listen.is_empty() {
            return Ok(());
        }
        let Some(at) = self.at().filter(|it| can_be_listened_on(it.ip())) else {
            return Err(format!(
                "cluster.listen is {:?}: it must be an address of this machine with a port, as \"10.0.0.1:7946\"",
                self.listen
            ));
        };
        match others.into_iter().find(|it| collide(it.1, at)) {
            Some((name, other)) => Err(format!(
                "cluster.listen has port {}, which {name} has at {other}: give one of them another port",
                at.port()
            )),
            None => Ok(()),
        }
    }
}

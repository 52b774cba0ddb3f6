//! What one viewer is sent on one transceiver: which size of what, and under which numbers.

use std::time::{Duration, Instant};

use super::inflow::Layer;
use super::rewriting::Rewriting;
use super::{Route, TransceiverId};
use crate::room::Size;
use crate::sdp::Kind;

/// A picture is begun with one that needs no other; where none can be seen to come, it is begun all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// It stays as long as the transceiver, since its numbers go on.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) from: Option<TransceiverId>,
    pub(super) kind: Kind,
    pub(super) flows: bool,
    pub(super) size: Option<Size>,
    pub(super) primary: bool,
    /// The size of the picture that goes out.
    layer: Option<Layer>,
    /// The one that is to go out, as soon as a picture of it comes that needs no other.
    target: Option<Layer>,
    /// Since when that is waited for.
    since: Instant,
    /// Nothing has been decided yet on what the viewer gets of it.
    pub(super) fresh: bool,
    pub(super) rewriting: Rewriting,
}

impl Copy {
    pub(super) fn new(kind: Kind, now: Instant) -> Self {
        let clock_rate = if kind == Kind::Audio { 48_000 } else { 90_000 };
        Self {
            from: None,
            kind,
            flows: false,
            size: None,
            primary: true,
            layer: None,
            target: None,
            since: now,
            fresh: true,
            rewriting: Rewriting::new(clock_rate),
        }
    }

    /// It carries this from now on. `true`: that is something else than before.
    pub(super) fn carry(&mut self, route: &Route) -> bool {
        let begins = route.flows && (!self.flows || self.from != Some(route.from));
        (self.from, self.flows) = (Some(route.from), route.flows);
        (self.size, self.primary) = (route.size, route.primary);
        if begins {
            self.stop();
            self.fresh = true;
        }
        begins
    }

    /// It carries nothing.
    pub(super) fn rest(&mut self) {
        (self.from, self.flows) = (None, false);
        self.stop();
    }

    /// The size that is to go out, or goes.
    pub(super) fn wanted(&self) -> Option<Layer> {
        self.target.or(self.layer)
    }

    /// The size that goes out.
    pub(super) fn layer(&self) -> Option<Layer> {
        self.layer
    }

    pub(super) fn is_sent(&self) -> bool {
        self.flows && (self.kind == Kind::Audio || self.wanted().is_some())
    }

    /// Has it sent in this size. `true`: that waits for a key frame, which nobody has been asked for yet.
    pub(super) fn aim(&mut self, layer: Layer, now: Instant) -> bool {
        self.fresh = false;
        if self.target == Some(layer) {
            return false;
        }
        (self.target, self.since) = (Some(layer), now);
        self.layer != Some(layer)
    }

    /// Nothing of it goes out until it is aimed at again.
    pub(super) fn stop(&mut self) {
        (self.layer, self.target) = (None, None);
        self.rewriting.interrupt();
    }

    /// The sender counts anew: what comes of this size now does not follow from what has come. `true`: it is the one that
    /// goes out.
    pub(super) fn restarts(&mut self, layer: Layer, now: Instant) -> bool {
        if self.kind == Kind::Audio {
            self.rewriting.interrupt();
            return false;
        }
        if self.layer != Some(layer) {
            return false;
        }
        (self.layer, self.target, self.since) = (None, Some(layer), now);
        self.rewriting.interrupt();
        true
    }

    /// Whether a packet goes out, which may be the one that another size begins with.
    pub(super) fn takes(&mut self, layer: Layer, begins_key_frame: bool, now: Instant) -> bool {
        if !self.flows {
            return false;
        }
        if self.kind == Kind::Audio || (self.layer == Some(layer) && self.target != Some(layer)) {
            return true;
        }
        if self.target != Some(layer) {
            return false;
        }
        if self.layer != Some(layer) {
            let impatient = self.layer.is_none() && now.saturating_duration_since(self.since) >= PATIENCE;
            if !begins_key_frame && !impatient {
                return false;
            }
            self.layer = Some(layer);
            self.rewriting.interrupt();
        }
        true
    }
}

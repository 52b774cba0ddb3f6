//! What peers are told: encoded by their protocol, kept for those that can come back, queued, and paid for by whoever caused it.
use super::{
    cluster::Delivery,
    contributions::Overflow,
    effects::HowToEnd,
    state::{POLICY_VIOLATION, State, frame_bytes},
};
use crate::{
    accounting::Reason,
    protocols::Frame,
    rooms::{Event, Notification, PeerId},
};

impl State {
    /// Tells everyone what there is to tell. `cause` pays for it.
    pub(super) fn notify(&mut self, notifications: Vec<Notification<'_>>, cause: Option<&PeerId>) {
        let mut n_bytes = 0;
        for Notification { to, event } in notifications {
            let is_signal = matches!(event, Event::Signal { .. });
            let session = self.sessions.get(&to);
            let Some(realm) = session.map_or_else(|| self.cluster.as_ref().map(|it| it.realm), |it| Some(it.realm))
            else {
                continue;
            };
            let is_here = session.is_some();
            let Some(frame) = realm.protocol.encode_event(event) else { continue };
            n_bytes += frame_bytes(&frame);
            if is_signal {
                self.realms[realm.at].traffic.count_signal(frame_bytes(&frame));
            }
            if is_here {
                self.send(&to, frame, cause);
            } else {
                self.send_elsewhere(Delivery { to, frame, is_implied: false });
            }
        }
        if let Some(cause) = cause {
            self.pay_for(cause, n_bytes);
        }
    }

    /// Has a peer pay for what it caused to be sent.
    pub(super) fn pay_for(&mut self, cause: &PeerId, n_bytes: usize) {
        if n_bytes > 0
            && let Some(session) = self.sessions.get(cause)
            && let Err(reason) = session.account.relay(n_bytes)
        {
            self.end(cause, reason, HowToEnd::Close(POLICY_VIOLATION));
        }
    }

    /// Sends a frame to one peer, now or when it comes back.
    pub(super) fn send(&mut self, to: &PeerId, frame: Frame, cause: Option<&PeerId>) {
        let bounds = self.replay_bounds();
        let Some(session) = self.sessions.get_mut(to) else { return };
        session.keep(&frame, bounds);
        let overflow = session.queue(to, frame, cause, &self.ledger);
        self.on_overflow(to, overflow);
    }

    /// Queues a frame for one peer that is there, and counts nothing.
    pub(super) fn queue(&mut self, to: &PeerId, frame: Frame, cause: Option<&PeerId>) {
        let Some(session) = self.sessions.get_mut(to) else { return };
        let overflow = session.queue(to, frame, cause, &self.ledger);
        self.on_overflow(to, overflow);
    }

    fn on_overflow(&mut self, to: &PeerId, overflow: Option<Overflow>) {
        match overflow {
            None => (),
            Some(Overflow::By(flooder)) => {
                self.end(&flooder, Reason::Flooding, HowToEnd::Close(POLICY_VIOLATION));
            }
            Some(Overflow::Own) => self.end(to, Reason::SendQueueFull, HowToEnd::Abort),
        }
    }
}

//! What the rules ask of those who know a foreign page's habits. Rooms of P2PChat need none of it: [`NoCompat`].
use std::fmt;

use super::{
    Name, Names, Notification, Outcome, Payload, PeerId, Rejection, Reply, RoomId, Timer, TimerKind, outcome::signal_to,
};

/// The habits of one foreign page. Its state lives beside the rooms and is lost with the process: it concerns connections
/// that are being made.
pub trait Compat: fmt::Debug + Send {
    /// A peer said hello. `client` is the same for two connections of one browser at one address.
    fn on_hello(&mut self, _peer: &PeerId, _client: u64) {}

    /// A peer is gone for good; it has left its rooms and lost its name.
    fn on_forget(&mut self, _peer: &PeerId) {}

    /// The last of these members, in the order in which they came, has just joined.
    fn on_join(&mut self, _room: &RoomId, _members: &[PeerId]) -> Vec<Timer> {
        Vec::new()
    }

    /// A member has left.
    fn on_leave(&mut self, _room: &RoomId, _peer: &PeerId) {}

    /// A signal between members of a room. Whoever is notified receives it now.
    ///
    /// # Errors
    /// It is not to be passed on.
    fn on_signal<'a>(&mut self, signal: RoomSignal<'_, 'a>) -> Result<Outcome<'a>, Rejection> {
        let RoomSignal { from, to, payload, .. } = signal;
        Ok(Outcome::new(Reply::Sent, to.iter().map(|it| signal_to(it, from, None, payload.clone())).collect()))
    }

    /// A signal from one name to another.
    ///
    /// # Errors
    /// It is not to be passed on.
    fn on_named_signal<'a>(&mut self, signal: NamedSignal<'_, 'a>) -> Result<Outcome<'a>, Rejection> {
        signal.deliver()
    }

    /// A peer has this name from now on: what is to be passed on to it.
    fn on_name_taken(&mut self, _name: &Name, _names: &Names) -> (Vec<Notification<'static>>, Vec<Timer>) {
        (Vec::new(), Vec::new())
    }

    /// Nobody has this name any more.
    fn on_name_freed(&mut self, _name: &Name) {}

    /// A timer has fired: what is to be passed on, and the timer after it.
    fn on_timer(&mut self, _timer: &TimerKind, _names: &Names) -> (Vec<Notification<'static>>, Option<Timer>) {
        (Vec::new(), None)
    }

    /// Bytes that are kept because of what this peer said, in the room that it joined last or under its name.
    fn kept_bytes(&self, _peer: &PeerId, _room: Option<&RoomId>, _name: Option<&Name>) -> usize {
        0
    }

    /// Panics where something is kept for somebody who is gone.
    #[cfg(any(test, feature = "testing"))]
    fn assert_sound(&self, _is_member: &dyn Fn(&RoomId, &PeerId) -> bool, _names: &Names) {}
}

/// A signal between members of one room.
pub struct RoomSignal<'m, 'a> {
    /// The room.
    pub room: &'m RoomId,
    /// Its members, in the order in which they came.
    pub members: &'m [PeerId],
    /// The sender, a member.
    pub from: &'m PeerId,
    /// The receivers, other members.
    pub to: Vec<PeerId>,
    /// What is passed on.
    pub payload: Payload<'a>,
}

/// A signal from one name to another.
pub struct NamedSignal<'m, 'a> {
    /// The sender and its name.
    pub from: (&'m PeerId, &'m Name),
    /// The name of the receiver, which is not the sender's.
    pub to: &'m str,
    /// The owner of that name.
    pub owner: Option<&'m PeerId>,
    /// What is passed on.
    pub payload: Payload<'a>,
}

impl<'a> NamedSignal<'_, 'a> {
    /// Passes it on at once.
    ///
    /// # Errors
    /// Nobody has that name.
    pub fn deliver(self) -> Result<Outcome<'a>, Rejection> {
        let (from, name) = self.from;
        let to = self.owner.ok_or(Rejection::NoSuchName)?;
        Ok(Outcome::new(Reply::Sent, vec![signal_to(to, from, Some(name), self.payload)]))
    }
}

/// Pages that need nothing beyond the rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCompat;

impl Compat for NoCompat {}

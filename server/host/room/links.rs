//! The life of links: when one is opened, when a broken one is opened again, and when somebody counts as gone.

use std::time::{Duration, Instant};

use super::meter::{Bucket, Meter, Pace};
use super::outbox::Outbox;
use super::{Effect, Frame, LINKS_MAX, LinkId, MemberId, Room};

/// A broken link is opened again after this time, doubled with every attempt up to the longest.
const REDIAL: Duration = Duration::from_millis(500);
const REDIAL_MAX: Duration = Duration::from_secs(20);
/// How long a connection has to open.
const CONNECT: Duration = Duration::from_secs(20);
/// How long a page has to introduce itself.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// Somebody whom the server has lost is back under another id by then, or gone.
const ABSENCE: Duration = Duration::from_secs(180);

/// How often a connection is begun anew at once, since the page is another. What is beyond that waits as after a break.
const RENEWALS: Pace = Pace { burst: 6.0, per_second: 0.2 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is no channel yet.
    Connecting,
    /// The channel is open, and nobody has knocked.
    Greeting,
    /// Let in, without a name.
    Admitted,
    Ready,
    /// Broken, and opened again when its time comes.
    Lost,
}

/// Whether the server counts a peer to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Here,
    /// Not since then.
    Left(Instant),
    /// It has another id since then, under which it is about to join.
    Moved(Instant),
}

#[derive(Debug)]
pub(super) struct Link {
    /// What the server calls the peer now.
    pub(super) address: String,
    pub(super) phase: Phase,
    /// False while the network gives no sign of the peer.
    pub(super) steady: bool,
    presence: Presence,
    /// Whom the link leads to.
    pub(super) member: Option<MemberId>,
    pub(super) attempt: u32,
    /// When the phase it is in has lasted too long.
    pub(super) deadline: Option<Instant>,
    pub(super) outbox: Outbox,
    pub(super) history_told: bool,
    /// Of files; an original page is told once.
    pub(super) offers_told: bool,
    /// It ended without a goodbye: whoever it led to may be asleep.
    pub(super) lost: bool,
    pub(super) meter: Meter,
    renewals: Bucket,
}

impl Link {
    pub(super) fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        [self.deadline, self.absent_until()].into_iter().flatten().min()
    }

    fn absent_until(&self) -> Option<Instant> {
        match self.presence {
            Presence::Here => None,
            Presence::Left(at) | Presence::Moved(at) => Some(at + ABSENCE),
        }
    }

    pub(super) fn is_here(&self) -> bool {
        self.presence == Presence::Here
    }

    fn has_left(&self) -> bool {
        matches!(self.presence, Presence::Left(_))
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next_timeout().is_some_and(|at| at <= now)
    }

    /// Their link has ended, or is about to, without a goodbye.
    fn is_asleep(&self) -> bool {
        if self.is_ready() { !self.steady } else { self.lost }
    }
}

impl Room {
    /// The link to whoever the server calls so now.
    pub(crate) fn link_of(&self, peer: &str) -> Option<LinkId> {
        self.links.iter().find(|(_, link)| link.address == peer).map(|(id, _)| *id)
    }

    /// What the server calls the far end of a link.
    pub(crate) fn address_of(&self, id: LinkId) -> Option<&str> {
        self.link(id).map(|link| link.address.as_str())
    }

    /// Whether signals may go over the link's own channel.
    pub(crate) fn carries_signals(&self, id: LinkId) -> bool {
        self.link(id).is_some_and(|link| link.is_ready() && link.steady) && self.caps(id).signals
    }

    /// A signal as a frame; none for one that does not fit into one.
    pub(crate) fn signal_frame(signal: &str) -> Option<Frame> {
        let raw = serde_json::value::RawValue::from_string(signal.to_owned()).ok()?;
        let frame = super::write::signal(&raw);
        (frame.len() <= super::FRAME_BYTES_MAX).then_some(frame)
    }

    /// The server says that a peer is in the room.
    pub(crate) fn joined(&mut self, peer: &str, now: Instant) {
        let Some(id) = self.link_of(peer) else { return self.meet(peer, now) };
        let Some(link) = self.link_mut(id) else { return };
        match link.phase {
            // Left and back under the same id: a new stay, whatever the old link still looks like.
            _ if link.has_left() => {
                self.remove(id, now);
                self.meet(peer, now);
            }
            Phase::Lost => {
                link.presence = Presence::Here;
                self.dial(id, now);
            }
            _ => {
                let moved = matches!(link.presence, Presence::Moved(_));
                link.presence = Presence::Here;
                // Anybody can say that an id is theirs. Whoever has it answers, and is known by their certificate.
                if moved {
                    self.effects.push_back(Effect::Seek(id));
                }
            }
        }
    }

    /// A peer is in the room still and has missed what was said to it: perhaps it is a page that was loaded anew, and perhaps
    /// its connection stands.
    pub(crate) fn returned(&mut self, peer: &str, now: Instant) {
        let Some(id) = self.link_of(peer) else { return self.meet(peer, now) };
        let Some(link) = self.link_mut(id) else { return };
        link.presence = Presence::Here;
        if link.is_ready() {
            self.effects.push_back(Effect::Seek(id));
        } else {
            self.renew(id, now);
        }
    }

    /// Another page answers than the one that was connected: it was loaded anew, and nobody was heard to hang up.
    pub(crate) fn renew(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        let was_ready = link.is_ready();
        if link.renewals.take(now, 1.0) {
            if was_ready {
                self.call_link_ended(id);
            }
            return self.dial(id, now);
        }
        self.effects.push_back(Effect::HangUp(id));
        self.closed(id, false, now);
    }

    /// The link leads to nobody for now, and is opened again: whoever is at its far end is somebody else than they seemed.
    pub(super) fn disown(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        link.member = None;
        (link.history_told, link.offers_told) = (false, false);
        self.effects.push_back(Effect::HangUp(id));
        self.closed(id, false, now);
    }

    fn meet(&mut self, peer: &str, now: Instant) {
        if self.links.len() >= LINKS_MAX {
            return;
        }
        let id = LinkId(self.next_link);
        self.next_link = self.next_link.wrapping_add(1);
        let link = Link {
            address: peer.to_owned(),
            phase: Phase::Lost,
            steady: true,
            presence: Presence::Here,
            member: None,
            attempt: 0,
            deadline: None,
            outbox: Outbox::default(),
            history_told: false,
            offers_told: false,
            lost: false,
            meter: Meter::new(),
            renewals: Bucket::new(RENEWALS),
        };
        self.links.push((id, link));
        self.dial(id, now);
    }

    fn dial(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        link.phase = Phase::Connecting;
        link.steady = true;
        link.attempt += 1;
        link.deadline = Some(now + CONNECT);
        self.effects.push_back(Effect::Dial(id));
    }

    /// The server says that a peer has left. Its link may know better for as long as it lives.
    pub(crate) fn left(&mut self, peer: &str, now: Instant) {
        let Some(id) = self.link_of(peer) else { return };
        let Some(link) = self.link_mut(id) else { return };
        if link.is_ready() && link.steady {
            if !link.has_left() {
                link.presence = Presence::Left(now);
            }
        } else {
            self.remove(id, now);
        }
    }

    /// A peer has been sent away: its link ends at once.
    pub(crate) fn removed(&mut self, peer: &str, now: Instant) {
        let Some(id) = self.link_of(peer) else { return };
        if let Some(link) = self.link_mut(id) {
            link.lost = false;
            link.steady = true;
        }
        self.remove(id, now);
    }

    /// The channel has opened.
    pub(crate) fn opened(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.link_mut(id).filter(|link| link.phase == Phase::Connecting) else { return };
        link.phase = Phase::Greeting;
        link.steady = true;
        link.deadline = Some(now + HANDSHAKE);
    }

    /// The network has lost or found the far end; it may pass.
    pub(crate) fn steady(&mut self, id: LinkId, steady: bool, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        if link.phase != Phase::Lost {
            link.steady = steady;
        }
        if !steady && link.has_left() {
            self.remove(id, now);
        }
    }

    /// The connection has ended. `lost`: the far end was not heard to hang up.
    pub(crate) fn closed(&mut self, id: LinkId, lost: bool, now: Instant) {
        let Some(link) = self.link_mut(id).filter(|link| link.phase != Phase::Lost) else { return };
        if link.has_left() {
            link.lost = lost;
            return self.remove(id, now);
        }
        let wait = REDIAL * 2_u32.saturating_pow(link.attempt.saturating_sub(1).min(10));
        // One that comes to nothing says nothing of how the one before ended.
        if link.phase != Phase::Connecting {
            link.lost = lost;
        }
        link.phase = Phase::Lost;
        link.deadline = Some(now + wait.min(REDIAL_MAX));
        self.call_link_ended(id);
    }

    pub(super) fn link_due(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        if link.absent_until().is_some_and(|at| at <= now) {
            return self.remove(id, now);
        }
        if link.deadline.is_none_or(|at| at > now) {
            return;
        }
        match link.phase {
            Phase::Lost => self.dial(id, now),
            Phase::Ready => link.deadline = None,
            Phase::Connecting | Phase::Greeting | Phase::Admitted => {
                self.effects.push_back(Effect::HangUp(id));
                self.closed(id, false, now);
            }
        }
    }

    /// Takes somebody off the room: their link, their entry in the roster, and tells the others.
    pub(super) fn remove(&mut self, id: LinkId, now: Instant) {
        let Some(at) = self.links.iter().position(|(it, _)| *it == id) else { return };
        let (_, link) = self.links.remove(at);
        self.effects.push_back(Effect::HangUp(id));
        self.call_link_ended(id);
        let asleep = link.is_asleep();
        let Some(member) = link.member else { return };
        if asleep && self.member(&member).is_some_and(|it| it.person.caps.chat) {
            self.away.leave(&member, link.outbox, now);
        }
        self.remove_member(&member);
    }

    /// Signals for a peer go to another id from now on. An id that is already somebody's is not given away.
    pub(super) fn moved(&mut self, id: LinkId, to: &str, now: Instant) {
        if self.link_of(to).is_some() {
            return;
        }
        let Some(link) = self.link_mut(id) else { return };
        link.address = to.to_owned();
        link.presence = Presence::Moved(now);
        let noted = super::write::message(super::write::HOST, &"moved-noted".into(), &serde_json::json!({}));
        self.send(id, noted);
        self.introduce_again(id);
    }
}

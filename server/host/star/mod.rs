//! The host itself: it brings messages, transceivers and packets together. Events go in, [`Output`]s come out.

mod settling;
mod signals;
mod user_name;

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::Event;

pub use self::user_name::ufrag_of;
use crate::connection::{Connection, Form, REST, form};
use crate::forwarding::{Forwarding, TransceiverId};
use crate::room::{Epoch, Frame, LinkId, Room};
use crate::settings::{Card, Settings, Stats};

/// What the host asks of whoever drives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A signal for a peer, over the server: JSON as it stands in `signal`.
    Signal {
        /// The peer's id at the server.
        to: String,
        /// The JSON text.
        signal: String,
    },
    /// A datagram.
    Datagram {
        /// Which of the candidates it goes out from.
        source: SocketAddr,
        /// Where it goes.
        destination: SocketAddr,
        /// What is in it.
        bytes: Vec<u8>,
    },
}

/// Addresses that one guest may be reached at.
const ADDRESSES_MAX: usize = 20;

/// Between two packets a connection wants to be told the time. What it has left after so many waits until it is asked again.
const TICKS_MAX: usize = 256;

/// What is due so soon is done at once: no timer is so precise.
const AT_ONCE: Duration = Duration::from_micros(10);

/// A star's host. All times are handed in and never go back. After every call, or after several with the same time, what
/// [`StarHost::poll`] has to give is to be carried out.
#[derive(Debug)]
pub struct StarHost {
    room: Room,
    connections: HashMap<LinkId, Connection>,
    forwarding: Forwarding,
    candidates: Vec<SocketAddr>,
    guests_max: usize,
    /// Whom a datagram from an address belongs to, as far as that has been shown.
    addresses: HashMap<SocketAddr, LinkId>,
    /// Whom a datagram with this part of a user name is for.
    ufrags: HashMap<String, LinkId>,
    ufrags_changed: bool,
    /// Connections that str0m has to be asked what they have to give out.
    touched: VecDeque<LinkId>,
    /// Connections that may have failed.
    failing: Vec<LinkId>,
    outputs: VecDeque<Output>,
    /// Transceivers are to be compared with wishes.
    call_changed: bool,
    /// Packets that guests have missed.
    losses_out: u64,
    /// Makes numbers that look like nothing else's.
    seeds: u32,
    now: Instant,
}

impl StarHost {
    /// A host without guests. `now` is the moment of `settings.wall_clock`.
    pub fn new(settings: Settings, now: Instant) -> Self {
        let Settings { card, member, name, candidates, limits, history, wall_clock } = settings;
        let history = history.then_some(Epoch { instant: now, wall: wall_clock });
        Self {
            room: Room::new(card, &member, name, history, crate::crypto::random()),
            connections: HashMap::new(),
            forwarding: Forwarding::new(limits.bits_per_second, now),
            candidates,
            guests_max: limits.guests,
            addresses: HashMap::new(),
            ufrags: HashMap::new(),
            ufrags_changed: false,
            touched: VecDeque::new(),
            failing: Vec::new(),
            outputs: VecDeque::new(),
            call_changed: false,
            losses_out: 0,
            seeds: crate::crypto::random(),
            now,
        }
    }

    /// The room is called or entered otherwise: everybody is told.
    pub fn set_card(&mut self, card: Card) {
        self.room.set_card(card);
        self.settle();
    }

    /// Where those who come from now on may reach the host.
    pub fn set_candidates(&mut self, candidates: Vec<SocketAddr>) {
        self.candidates = candidates;
    }

    /// The server says that a peer is in the room: a connection is offered to it.
    pub fn on_joined(&mut self, peer: &str, now: Instant) {
        self.at(now);
        self.room.joined(peer, now);
        self.settle();
    }

    /// The server says that a peer has left. Somebody whose connection stands may have lost the server alone, and is waited
    /// for.
    pub fn on_left(&mut self, peer: &str, now: Instant) {
        self.at(now);
        self.room.left(peer, now);
        self.settle();
    }

    /// A peer is in the room still and has missed what was said to it: a page that was loaded anew perhaps, which gets a new
    /// connection. One that stands goes on.
    pub fn on_returned(&mut self, peer: &str, now: Instant) {
        self.at(now);
        self.room.returned(peer, now);
        self.settle();
    }

    /// A peer was sent away: the connection to it ends at once.
    pub fn on_removed(&mut self, peer: &str, now: Instant) {
        self.at(now);
        self.room.removed(peer, now);
        self.settle();
    }

    /// A signal of a peer's, as JSON.
    pub fn on_signal(&mut self, from: &str, signal: &str, now: Instant) {
        self.at(now);
        if let Some(id) = self.room.link_of(from) {
            self.signal(id, signal);
        }
        self.settle();
    }

    /// Whether a datagram is for this host. What comes from an address that has shown no credentials is for nobody unless
    /// it shows some.
    pub fn accepts(&self, source: SocketAddr, _destination: SocketAddr, datagram: &[u8]) -> bool {
        self.guest_of(source, datagram).is_some()
    }

    fn guest_of(&self, source: SocketAddr, datagram: &[u8]) -> Option<LinkId> {
        match form(datagram) {
            Form::Stun => self.ufrags.get(ufrag_of(datagram)?).copied(),
            Form::Other => None,
            Form::Dtls | Form::Rtp | Form::Rtcp => self.addresses.get(&source).copied(),
        }
    }

    /// A datagram that has come to one of the candidates.
    pub fn on_datagram(&mut self, source: SocketAddr, destination: SocketAddr, datagram: &[u8], now: Instant) {
        self.at(now);
        let Some(id) = self.guest_of(source, datagram) else { return };
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.receive(source, destination, datagram, now) {
            self.met_at(source, id);
        }
        self.drain(id);
        if self.connections.get(&id).is_some_and(|it| it.next <= now + AT_ONCE) {
            self.touch(id);
        }
        self.settle();
    }

    fn met_at(&mut self, source: SocketAddr, id: LinkId) {
        let before = self.addresses.get(&source);
        // An address that somebody is heard from is theirs: whoever else shows it has made it up.
        let taken = before.and_then(|it| self.connections.get(it)).is_some_and(Connection::is_steady);
        if before == Some(&id) || taken {
            return;
        }
        let known = self.addresses.values().filter(|it| **it == id).count();
        if known >= ADDRESSES_MAX {
            self.addresses.retain(|_, it| *it != id);
        }
        self.addresses.insert(source, id);
    }

    /// The time of [`StarHost::next_timeout`] has come.
    pub fn on_timeout(&mut self, now: Instant) {
        self.at(now);
        self.room.due(now);
        let due: Vec<_> =
            self.connections.iter().filter(|(_, it)| it.next_timeout() <= now).map(|(id, _)| *id).collect();
        for id in due {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            let steady = connection.steadiness(now);
            self.failing.extend(connection.has_failed().then_some(id));
            if let Some(steady) = steady {
                self.room.steady(id, steady, now);
            }
            self.negotiate(id);
            self.touch(id);
        }
        self.forwarding.due(now);
        self.follow();
        self.settle();
        self.work();
    }

    /// When [`StarHost::on_timeout`] is to be called next.
    pub fn next_timeout(&self) -> Option<Instant> {
        let connections = self.connections.values().map(Connection::next_timeout).min();
        [connections, self.room.next_timeout(), self.forwarding.next_timeout()].into_iter().flatten().min()
    }

    /// What is to be carried out next.
    pub fn poll(&mut self) -> Option<Output> {
        if self.outputs.is_empty() {
            self.work();
        }
        self.outputs.pop_front()
    }

    /// How it stands.
    pub fn stats(&self) -> Stats {
        let (people, in_call) = self.room.counts();
        let streams = self.forwarding.streams();
        let traffic = self.forwarding.traffic;
        Stats {
            guests: self.connections.values().filter(|it| it.is_open()).count(),
            people,
            in_call,
            streams_in: streams.come,
            streams_out: streams.go,
            packets_in: traffic.packets_in,
            packets_out: traffic.packets_out,
            bytes_in: traffic.bytes_in,
            bytes_out: traffic.bytes_out,
            packets_dropped: traffic.dropped,
            key_frame_requests: traffic.key_frame_requests,
            losses_in: traffic.missing,
            losses_out: self.losses_out,
            layers_low: streams.low,
        }
    }

    fn at(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn touch(&mut self, id: LinkId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if !mem::replace(&mut connection.touched, true) {
            self.touched.push_back(id);
        }
    }

    /// Lets connections give out what they have.
    fn work(&mut self) {
        while let Some(id) = self.touched.pop_front() {
            let mut now = self.now;
            for _ in 0..TICKS_MAX {
                let Some(connection) = self.connections.get_mut(&id) else { break };
                connection.touched = false;
                connection.tick(now);
                self.drain(id);
                let next = self.connections.get(&id).map(|it| it.next);
                let Some(next) = next.filter(|next| *next <= self.now + AT_ONCE) else { break };
                now = now.max(next);
            }
            self.settle();
        }
    }

    /// All that a connection has to give out.
    fn drain(&mut self, id: LinkId) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let Some(output) = connection.poll() else {
                self.failing.push(id);
                return;
            };
            match output {
                str0m::Output::Timeout(at) => {
                    connection.next = at;
                    return;
                }
                str0m::Output::Transmit(it) => {
                    let (source, destination, bytes) = (it.source, it.destination, Vec::from(it.contents));
                    let rests = connection.rests_after(&bytes);
                    self.outputs.push_back(Output::Datagram { source, destination, bytes });
                    if rests {
                        connection.next = self.now + REST;
                        return;
                    }
                }
                str0m::Output::Event(event) => self.event(id, event),
            }
        }
    }

    fn event(&mut self, id: LinkId, event: Event) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        match event {
            Event::RtpPacket(packet) => {
                let Some((mid, rid)) = connection.place_of(packet.header.ssrc) else { return };
                let Self { forwarding, connections, touched, .. } = self;
                forwarding.packet(TransceiverId { link: id, mid }, rid, &packet, self.now, |to, packet| {
                    let Some(viewer) = connections.get_mut(&to.link) else { return };
                    viewer.write(to.mid, packet);
                    if !mem::replace(&mut viewer.touched, true) {
                        touched.push_back(to.link);
                    }
                });
                self.follow();
            }
            Event::KeyframeRequest(request) => {
                self.forwarding.wants_key_frame(TransceiverId { link: id, mid: request.mid }, self.now);
                self.follow();
            }
            Event::PeerStats(stats) => {
                connection.has_measured(&stats);
                if let Some(downlink) = connection.news_of_downlink(self.now) {
                    self.room.tell_downlink(id, downlink);
                }
                self.forwarding.measured(id, connection.capacity(), self.now);
                self.follow();
            }
            Event::MediaEgressStats(stats) => self.losses_out += connection.has_lost(&stats),
            Event::ChannelOpen(channel, _) if connection.channel_opened(channel, self.now) => {
                self.room.opened(id, self.now)
            }
            Event::ChannelData(data) if connection.is_channel(data.id) => self.room.heard(id, &data.data, self.now),
            Event::ChannelBufferedAmountLow(_) => connection.flush(),
            Event::ChannelClose(channel) if connection.is_channel(channel) => connection.part(),
            Event::Closed => connection.part(),
            _ => {}
        }
    }

    /// Does what follows from what is sent to whom.
    fn follow(&mut self) {
        for (id, desire) in self.forwarding.desires() {
            if let Some(viewer) = self.connections.get_mut(&id) {
                viewer.desire(desire);
            }
        }
        for (place, layer) in self.forwarding.asks() {
            let Some(sender) = self.connections.get_mut(&place.link) else { continue };
            if sender.ask_for_key_frame(place.mid, layer) {
                self.forwarding.traffic.key_frame_requests += 1;
                self.touch(place.link);
            }
        }
    }

    fn send(&mut self, id: LinkId, frame: Frame, droppable: bool, by: Option<LinkId>) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.send(frame, droppable, by);
            self.failing.extend(connection.has_failed().then_some(id));
            self.touch(id);
        }
    }
}

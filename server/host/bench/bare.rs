//! str0m with a table of what goes where and nothing else around it, and peers that send to it.
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::bwe::Bitrate;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use crate::{BYTES, PACKETS, PACKETS_A_SECOND, PEOPLE, SEEN, clock};

const STEP: Duration = Duration::from_millis(20);

/// str0m, and a table of what goes where.
struct Bare {
    rtcs: Vec<Rtc>,
    next: Vec<Instant>,
    addresses: HashMap<SocketAddr, usize>,
    routes: HashMap<(usize, Mid), Vec<(usize, Mid)>>,
    numbers: HashMap<(usize, Mid), u64>,
    out: VecDeque<(SocketAddr, SocketAddr, Vec<u8>)>,
    packets: u64,
}

impl Bare {
    fn receive(&mut self, source: SocketAddr, destination: SocketAddr, bytes: &[u8], now: Instant) {
        let Some(at) = self.addresses.get(&source).copied() else { return };
        let Ok(receive) = Receive::new(Protocol::Udp, source, destination, bytes) else { return };
        let _ = self.rtcs[at].handle_input(Input::Receive(now, receive));
        for viewer in self.drain(at, now) {
            self.tick(viewer, now);
        }
        if self.next[at] <= now {
            self.tick(at, now);
        }
    }

    fn tick(&mut self, at: usize, now: Instant) {
        let mut then = now;
        // Until it asks for a later time, as str0m's documentation has it.
        for _ in 0..256 {
            let _ = self.rtcs[at].handle_input(Input::Timeout(then));
            self.drain(at, then);
            if self.next[at] > now + Duration::from_micros(10) {
                return;
            }
            then = then.max(self.next[at]);
        }
    }

    /// Those to whom something has been sent on.
    fn drain(&mut self, at: usize, now: Instant) -> Vec<usize> {
        let mut viewers = Vec::new();
        loop {
            match self.rtcs[at].poll_output().expect("an output") {
                Output::Timeout(next) => {
                    self.next[at] = next;
                    return viewers;
                }
                Output::Transmit(it) => self.out.push_back((it.source, it.destination, it.contents.into())),
                Output::Event(Event::RtpPacket(packet)) => {
                    let mid = self.rtcs[at].direct_api().stream_rx(&packet.header.ssrc).expect("its line").mid();
                    for (viewer, line) in self.routes.get(&(at, mid)).into_iter().flatten() {
                        let number = self.numbers.entry((*viewer, *line)).or_insert(1_000);
                        *number += 1;
                        let header = &packet.header;
                        let (sequence, payload) = ((*number).into(), packet.payload.clone());
                        let packet = RtpWrite::new(header.payload_type, sequence, header.timestamp, now, payload)
                            .marker(header.marker)
                            .nackable(*header.payload_type == 96);
                        let mut api = self.rtcs[*viewer].direct_api();
                        api.stream_tx_by_mid(*line, None).expect("its line").write_rtp(packet);
                        self.packets += 1;
                        viewers.push(*viewer);
                    }
                }
                Output::Event(_) => {}
            }
        }
    }
}

/// Somebody who sends and gets, and is not timed.
struct Peer {
    rtc: Rtc,
    address: SocketAddr,
    next: Instant,
    lines: [Mid; 2],
    numbers: [u64; 2],
}

pub(crate) struct BareWorld {
    bare: Bare,
    peers: Vec<Peer>,
    now: Instant,
    spent: Duration,
}

fn config(measured: bool) -> RtcConfig {
    let config = RtcConfig::new().set_crypto_provider(p2pchat_host::provider()).set_rtp_mode(true).clear_codecs();
    let config = config.enable_opus(true).enable_vp8(true);
    if measured { config.enable_bwe(Some(Bitrate::from(300_000_u64))) } else { config }
}

fn address(net: u8, at: usize) -> SocketAddr {
    format!("10.{net}.0.{}:5000", at + 1).parse().expect("an address")
}

fn candidate(address: SocketAddr) -> Candidate {
    Candidate::host(address, Protocol::Udp).expect("a candidate")
}

impl BareWorld {
    /// Everybody is connected and has sent for a while. `measured`: str0m finds out what lines take, as it does at the host.
    pub(crate) fn new(measured: bool) -> Self {
        let mut world = Self::connected(measured);
        world.run(world.now + Duration::from_secs(2));
        world.film(250);
        world
    }

    fn connected(measured: bool) -> Self {
        let now = Instant::now();
        let (mut rtcs, mut peers, mut lines) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..PEOPLE {
            let mut rtc = config(measured).set_ice_lite(true).build(now);
            rtc.add_local_candidate(candidate(address(1, at)));
            let mut change = rtc.sdp_api();
            let mut add = |kind, direction| change.add_media(kind, direction, None, None, None);
            let come = [MediaKind::Audio, MediaKind::Video].map(|kind| add(kind, Direction::RecvOnly));
            let sounds: Vec<_> = (1..PEOPLE).map(|_| add(MediaKind::Audio, Direction::SendOnly)).collect();
            // There are lines for all pictures, as there are at the host.
            let pictures: Vec<_> = (1..PEOPLE).map(|_| add(MediaKind::Video, Direction::SendOnly)).collect();
            let (offer, pending) = change.apply().expect("an offer");
            let mut peer = config(false).build(now);
            peer.add_local_candidate(candidate(address(2, at)));
            let answer = peer.sdp_api().accept_offer(offer).expect("an answer");
            rtc.sdp_api().accept_answer(pending, answer).expect("an answer that fits");
            if measured {
                rtc.bwe().set_desired_bitrate(Bitrate::from(8_000_000_u64));
            }
            rtcs.push(rtc);
            peers.push(Peer { rtc: peer, address: address(2, at), next: now, lines: come, numbers: [1_000; 2] });
            lines.push((come, sounds, pictures));
        }
        let mut routes: HashMap<_, Vec<_>> = HashMap::new();
        for (viewer, (_, sounds, pictures)) in lines.iter().enumerate() {
            for (n, line) in sounds.iter().enumerate() {
                let from = (viewer + 1 + n) % PEOPLE;
                routes.entry((from, lines[from].0[0])).or_default().push((viewer, *line));
            }
            for (n, line) in pictures.iter().enumerate().take(SEEN) {
                let from = (viewer + 1 + n) % PEOPLE;
                routes.entry((from, lines[from].0[1])).or_default().push((viewer, *line));
            }
        }
        let addresses = (0..PEOPLE).map(|at| (address(2, at), at)).collect();
        let (next, numbers, out) = (vec![now; PEOPLE], HashMap::new(), VecDeque::new());
        let bare = Bare { rtcs, next, addresses, routes, numbers, out, packets: 0 };
        Self { bare, peers, now, spent: Duration::ZERO }
    }

    fn timed(&mut self, act: impl FnOnce(&mut Bare, Instant)) {
        let before = clock();
        act(&mut self.bare, self.now);
        self.spent += clock() - before;
    }

    /// Whatever has to be carried until a moment.
    fn run(&mut self, until: Instant) {
        loop {
            while let Some((source, destination, bytes)) = self.bare.out.pop_front() {
                let Some(peer) = self.peers.iter_mut().find(|it| it.address == destination) else { continue };
                let Ok(receive) = Receive::new(Protocol::Udp, source, destination, &bytes) else { continue };
                let _ = peer.rtc.handle_input(Input::Receive(self.now, receive));
                peer.next = self.now;
            }
            for at in 0..PEOPLE {
                if self.peers[at].next <= self.now {
                    self.drain_peer(at);
                }
                if self.bare.next[at] <= self.now {
                    self.timed(|bare, now| bare.tick(at, now));
                }
            }
            if !self.bare.out.is_empty() {
                continue;
            }
            let next = self.bare.next.iter().chain(self.peers.iter().map(|it| &it.next)).min().copied();
            self.now = next.unwrap_or(until).max(self.now + Duration::from_micros(100)).min(until);
            if self.now == until {
                return;
            }
        }
    }

    fn drain_peer(&mut self, at: usize) {
        let _ = self.peers[at].rtc.handle_input(Input::Timeout(self.now));
        loop {
            match self.peers[at].rtc.poll_output().expect("an output") {
                Output::Timeout(next) => {
                    self.peers[at].next = next.max(self.now + Duration::from_micros(100));
                    return;
                }
                Output::Transmit(it) => {
                    self.timed(|bare, now| bare.receive(it.source, it.destination, &it.contents, now));
                }
                Output::Event(_) => {}
            }
        }
    }

    fn film(&mut self, steps: u32) {
        for step in 0..steps {
            for at in 0..PEOPLE {
                self.send(at, 0, 960 * step, 1, 80);
                if step % 2 == 0 {
                    self.send(at, 1, 1_800 * step, PACKETS, BYTES);
                }
            }
            self.run(self.now + STEP);
        }
    }

    fn send(&mut self, at: usize, line: usize, time: u32, packets: usize, bytes: usize) {
        for n in 0..packets {
            let peer = &mut self.peers[at];
            peer.numbers[line] += 1;
            let (number, now) = (peer.numbers[line].into(), self.now);
            let kind = if line == 0 { 111 } else { 96 };
            let packet = RtpWrite::new(kind.into(), number, time, now, vec![0x10; bytes]).marker(n + 1 == packets);
            let mut api = peer.rtc.direct_api();
            api.stream_tx_by_mid(peer.lines[line], None).expect("a line").write_rtp(packet.nackable(line == 1));
            self.drain_peer(at);
        }
    }

    /// Microseconds for each packet that is sent on in a second.
    pub(crate) fn cost(&mut self) -> f64 {
        (self.spent, self.bare.packets) = (Duration::ZERO, 0);
        self.film(50);
        assert_eq!(self.bare.packets, PACKETS_A_SECOND);
        self.spent.as_micros() as f64 / self.bare.packets as f64
    }
}

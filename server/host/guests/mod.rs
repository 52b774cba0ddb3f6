//! A room with guests on a network that loses and delays, and with time that only moves when it is told to: for tests, for
//! the bench and for the fuzzer.
#![expect(clippy::expect_used, reason = "a test or a bench that cannot go on ends")]

mod codecs;
mod film;
mod guest;
mod sizes;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};
use std::{iter, mem};

use serde_json::Value;

pub use self::film::Camera;
pub use self::guest::{Guest, Out};
use crate::{Card, Limits, Output, Settings, StarHost};

pub const PASSWORD: &str = "pw";
/// From a guest to the host, and the other way.
pub const DELAY: Duration = Duration::from_millis(5);

/// A datagram on its way: when it comes, to which guest or the host, from where, to where.
type Flying = (Instant, Option<usize>, SocketAddr, SocketAddr, Vec<u8>);

/// See the module.
pub struct World {
    pub now: Instant,
    pub host: StarHost,
    pub guests: Vec<Guest>,
    flying: VecDeque<Flying>,
    signals: VecDeque<(Option<usize>, Value)>,
    /// Of a hundred datagrams, how many are lost.
    pub loss: u32,
    dice: u32,
    /// Guests whose datagrams go nowhere.
    pub cut_off: Vec<usize>,
    /// Whether signals go over the server at all.
    pub server: bool,
    /// What the host's work is timed by. Without one it takes no time.
    pub clock: fn() -> Duration,
    /// How long the host itself has been at work.
    pub spent: Duration,
    /// When it is done with all that has come: what comes before that waits for it.
    busy_until: Instant,
    /// What the host has given out, and when.
    outputs: Vec<(Instant, Output)>,
    /// How often everybody has sent something.
    filmed: u64,
    /// Downlinks of guests through which only so much comes.
    pub narrow: Vec<Narrow>,
    began: Instant,
}

/// A guest's downlink that takes so many bits a second, and keeps what comes faster for a while.
pub struct Narrow {
    guest: usize,
    bits_per_second: u64,
    longest: Duration,
    busy_until: Instant,
}

impl Narrow {
    /// When a datagram has come through; `None` for never.
    fn passes(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        // With what the network puts around it.
        let bits = u64::try_from(bytes + 28).expect("few") * 8;
        let done = self.busy_until.max(now) + Duration::from_nanos(bits * 1_000_000_000 / self.bits_per_second);
        if done > now + self.longest {
            return None;
        }
        self.busy_until = done;
        Some(done)
    }
}

pub fn host_address() -> SocketAddr {
    "10.0.0.1:3478".parse().expect("an address")
}

pub fn settings() -> Settings {
    Settings {
        card: Card { name: "Room".to_owned(), password: PASSWORD.to_owned(), peers_max: 20 },
        member: "HHHHHHHHHHHHHHHHHHHHHH".to_owned(),
        name: "Server".to_owned(),
        candidates: vec![host_address(), "192.0.2.1:7".parse().expect("an address")],
        limits: Limits { bits_per_second: 1_000_000_000, guests: 30 },
        history: true,
        wall_clock: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
    }
}

impl World {
    /// With nobody in the room.
    pub fn empty() -> Self {
        let now = Instant::now();
        Self {
            now,
            host: StarHost::new(settings(), now),
            guests: Vec::new(),
            flying: VecDeque::new(),
            signals: VecDeque::new(),
            loss: 0,
            dice: 1,
            cut_off: Vec::new(),
            server: true,
            clock: Duration::default,
            spent: Duration::ZERO,
            busy_until: now,
            outputs: Vec::new(),
            filmed: 0,
            narrow: Vec::new(),
            began: now,
        }
    }

    /// A guest comes into the room.
    pub fn join(&mut self, peer: &str) -> usize {
        let address = format!("10.0.1.{}:5000", self.guests.len() + 1).parse().expect("an address");
        let guest = Guest::new(peer, address, self.now);
        self.enter(guest)
    }

    pub fn join_original(&mut self, peer: &str) -> usize {
        let address = format!("10.0.1.{}:5000", self.guests.len() + 1).parse().expect("an address");
        let guest = Guest::new(peer, address, self.now).original();
        self.enter(guest)
    }

    pub fn join_layered(&mut self, peer: &str) -> usize {
        let address = format!("10.0.1.{}:5000", self.guests.len() + 1).parse().expect("an address");
        let guest = Guest::new(peer, address, self.now).layered();
        self.enter(guest)
    }

    /// Somebody who was in the call before the host began.
    pub fn come_back(&mut self, peer: &str) -> usize {
        let address = format!("10.0.1.{}:5000", self.guests.len() + 1).parse().expect("an address");
        let guest = Guest::new(peer, address, self.now).layered().whose_downlink_takes(2_000_000);
        self.enter(guest)
    }

    /// A guest's downlink takes only so much from now on.
    pub fn narrow(&mut self, guest: usize, bits_per_second: u64) {
        let (longest, busy_until) = (Duration::from_millis(300), self.now);
        self.narrow.push(Narrow { guest, bits_per_second, longest, busy_until });
    }

    /// Comes later than what comes before it.
    fn fly(&mut self, datagram: Flying) {
        let at = self.flying.partition_point(|it| it.0 <= datagram.0);
        self.flying.insert(at, datagram);
    }

    fn enter(&mut self, mut guest: Guest) -> usize {
        guest.began = self.began;
        self.host.on_joined(&guest.peer, self.now);
        self.guests.push(guest);
        self.exchange();
        self.guests.len() - 1
    }

    /// Everybody of these, and time to settle.
    pub fn with(peers: &[&str]) -> Self {
        let mut world = Self::empty();
        for peer in peers {
            world.join(peer);
        }
        world.run(3_000);
        world
    }

    fn timed<T>(&mut self, act: impl FnOnce(&mut StarHost, Instant) -> T) -> T {
        let before = (self.clock)();
        let done = act(&mut self.host, self.now);
        let spent = (self.clock)() - before;
        self.spent += spent;
        self.busy_until = self.busy_until.max(self.now) + spent;
        done
    }

    fn rolls_loss(&mut self) -> bool {
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.dice >> 16) % 100 < self.loss
    }

    /// Takes over what everybody has to give out.
    pub fn exchange(&mut self) {
        let outputs: Vec<_> = self.timed(|host, _| iter::from_fn(|| host.poll()).collect());
        self.give_out(outputs);
        for (out, output) in mem::take(&mut self.outputs) {
            match output {
                Output::Signal { to, signal } => {
                    let to = self.guests.iter().position(|it| it.peer == to);
                    let signal = serde_json::from_str(&signal).expect("JSON");
                    if to.is_some() && self.server {
                        self.signals.push_back((to, signal));
                    }
                }
                Output::Datagram { source, destination, bytes } => {
                    let to = self.guests.iter().position(|it| it.address == destination);
                    if to.is_some_and(|to| !self.cut_off.contains(&to)) && !self.rolls_loss() {
                        let narrow = self.narrow.iter_mut().find(|it| Some(it.guest) == to);
                        let through = narrow.map_or(Some(out), |it| it.passes(bytes.len(), out));
                        let Some(through) = through else { continue };
                        self.fly((through + DELAY, to, source, destination, bytes));
                    }
                }
            }
        }
        for at in 0..self.guests.len() {
            while let Some(out) = self.guests[at].out.pop_front() {
                let (peer, source) = (self.guests[at].peer.clone(), self.guests[at].address);
                match out {
                    Out::Signal(signal) => {
                        if self.server {
                            self.host.on_signal(&peer, &signal.to_string(), self.now);
                        }
                    }
                    Out::Datagram(destination, bytes) => {
                        if !self.cut_off.contains(&at) && !self.rolls_loss() {
                            self.fly((self.now + DELAY, None, source, destination, bytes));
                        }
                    }
                }
            }
        }
        while let Some((to, signal)) = self.signals.pop_front() {
            if let Some(to) = to {
                self.guests[to].signal(&signal, self.now);
            }
        }
        assert!(self.guests.iter().all(|it| !it.refused), "str0m takes what is offered");
    }

    fn give_out(&mut self, outputs: Vec<Output>) {
        let out = self.busy_until.max(self.now);
        self.outputs.extend(outputs.into_iter().map(|it| (out, it)));
    }

    /// Packets that have come are forgotten.
    pub fn clear(&mut self) {
        self.guests.iter_mut().for_each(|it| it.packets.clear());
    }

    fn is_idle(&self) -> bool {
        self.guests.iter().all(|it| it.out.is_empty())
    }

    /// Lets time pass.
    pub fn run(&mut self, millis: u64) {
        self.run_until(self.now + Duration::from_millis(millis));
    }

    fn run_until(&mut self, end: Instant) {
        loop {
            for _ in 0..20 {
                self.exchange();
                if self.is_idle() {
                    break;
                }
            }
            let host = self.host.next_timeout();
            let guests = self.guests.iter().map(|it| it.next).min();
            let flying = self.flying.front().map(|it| it.0);
            let next = [host, guests, flying].into_iter().flatten().min().unwrap_or(end);
            // Time never stands still, whatever anybody asks for.
            let next = next.max(self.now + Duration::from_micros(100));
            if next > end {
                self.now = end;
                return;
            }
            self.now = next;
            while self.flying.front().is_some_and(|it| it.0 <= self.now) {
                let Some((_, to, source, destination, bytes)) = self.flying.pop_front() else { break };
                match to {
                    Some(to) => self.guests[to].receive(source, &bytes, self.now),
                    None if self.host.accepts(source, destination, &bytes) => {
                        // As whoever drives it does.
                        let outputs: Vec<_> = self.timed(|host, now| {
                            host.on_datagram(source, destination, &bytes, now);
                            let outputs = iter::from_fn(|| host.poll()).collect();
                            host.next_timeout();
                            outputs
                        });
                        self.give_out(outputs);
                    }
                    None => {}
                }
            }
            if self.host.next_timeout().is_some_and(|at| at <= self.now) {
                self.timed(StarHost::on_timeout);
            }
            for guest in self.guests.iter_mut().filter(|it| it.next <= self.now) {
                guest.tick(self.now);
            }
        }
    }
}

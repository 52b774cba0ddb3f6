//! A room with guests on a network that loses and delays, and with time that only moves when it is told to.

mod calls;
mod cost;
mod guest;
mod hostile;
mod joining;
mod layers;
mod mending;
mod sizes;
mod speakers;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};
use std::{iter, mem};

use serde_json::Value;

use self::guest::{Guest, Out};
use crate::{Card, Limits, Output, Settings, StarHost};

const PASSWORD: &str = "pw";
const DELAY: Duration = Duration::from_millis(5);

/// A datagram on its way: when it comes, to which guest or the host, from where, to where.
type Flying = (Instant, Option<usize>, SocketAddr, SocketAddr, Vec<u8>);

struct World {
    now: Instant,
    host: StarHost,
    guests: Vec<Guest>,
    flying: VecDeque<Flying>,
    signals: VecDeque<(Option<usize>, Value)>,
    /// Of a hundred datagrams, how many are lost.
    loss: u32,
    dice: u32,
    /// Guests whose datagrams go nowhere.
    cut_off: Vec<usize>,
    /// Whether signals go over the server at all.
    server: bool,
    /// How long the host itself has been at work.
    spent: Duration,
    /// What the host has given out.
    outputs: Vec<Output>,
    /// How often everybody has sent something.
    filmed: u64,
    /// Lines of guests through which only so much comes.
    narrow: Vec<Narrow>,
}

/// A guest's line that takes so many bits a second, and keeps what comes faster for a while.
struct Narrow {
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

/// How long something has taken, unless the system has been busy with something else meanwhile.
fn once(since: Instant) -> Duration {
    Some(since.elapsed()).filter(|it| *it < Duration::from_millis(1)).unwrap_or_default()
}

fn host_address() -> SocketAddr {
    "10.0.0.1:3478".parse().expect("an address")
}

fn settings() -> Settings {
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
    fn new() -> Self {
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
            spent: Duration::ZERO,
            outputs: Vec::new(),
            filmed: 0,
            narrow: Vec::new(),
        }
    }

    /// A guest comes into the room.
    fn join(&mut self, peer: &str) -> usize {
        let address = format!("10.0.1.{}:5000", self.guests.len() + 1).parse().expect("an address");
        let guest = Guest::new(peer, address, self.now);
        self.enter(guest)
    }

    fn join_original(&mut self, peer: &str) -> usize {
        let address = format!("10.0.1.{}:5000", self.guests.len() + 1).parse().expect("an address");
        let guest = Guest::new(peer, address, self.now).original();
        self.enter(guest)
    }

    fn join_layered(&mut self, peer: &str) -> usize {
        let address = format!("10.0.1.{}:5000", self.guests.len() + 1).parse().expect("an address");
        let guest = Guest::new(peer, address, self.now).layered();
        self.enter(guest)
    }

    /// Somebody who was in the call before the host began.
    fn come_back(&mut self, peer: &str) -> usize {
        let address = format!("10.0.1.{}:5000", self.guests.len() + 1).parse().expect("an address");
        let guest = Guest::new(peer, address, self.now).layered().whose_line_takes(2_000_000);
        self.enter(guest)
    }

    /// A guest's line takes only so much from now on.
    fn narrow(&mut self, guest: usize, bits_per_second: u64) {
        let (longest, busy_until) = (Duration::from_millis(300), self.now);
        self.narrow.push(Narrow { guest, bits_per_second, longest, busy_until });
    }

    /// Comes later than what comes before it.
    fn fly(&mut self, datagram: Flying) {
        let at = self.flying.partition_point(|it| it.0 <= datagram.0);
        self.flying.insert(at, datagram);
    }

    fn enter(&mut self, guest: Guest) -> usize {
        self.host.on_joined(&guest.peer, self.now);
        self.guests.push(guest);
        self.exchange();
        self.guests.len() - 1
    }

    /// Everybody of these, and time to settle.
    fn with(peers: &[&str]) -> Self {
        let mut world = Self::new();
        for peer in peers {
            world.join(peer);
        }
        world.run(3_000);
        world
    }

    fn timed<T>(&mut self, act: impl FnOnce(&mut StarHost, Instant) -> T) -> T {
        let before = Instant::now();
        let done = act(&mut self.host, self.now);
        self.spent += once(before);
        done
    }

    fn rolls_loss(&mut self) -> bool {
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.dice >> 16) % 100 < self.loss
    }

    /// Takes over what everybody has to give out.
    fn exchange(&mut self) {
        let outputs: Vec<_> = self.timed(|host, _| iter::from_fn(|| host.poll()).collect());
        for output in mem::take(&mut self.outputs).into_iter().chain(outputs) {
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
                        let through = narrow.map_or(Some(self.now), |it| it.passes(bytes.len(), self.now));
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
    }

    fn is_idle(&self) -> bool {
        self.guests.iter().all(|it| it.out.is_empty())
    }

    /// Lets time pass.
    fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
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
                        self.outputs.extend(outputs);
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

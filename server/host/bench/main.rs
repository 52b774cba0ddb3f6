//! What it costs to host a star: processor time of a packet beside str0m alone, memory of a guest, and the delay of a packet.
//!
//! `cargo bench -p p2pchat-host`. There are no sockets: a simulated network carries what guests and host give out, and only
//! what the forwarders themselves do is timed, in processor time of the thread.
#![expect(clippy::expect_used, reason = "a bench that cannot go on ends")]

mod bare;

use std::alloc::System;
use std::time::Duration;

use p2pchat_host::guests::{Camera, DELAY, Guest, World};
use rustix::time::{ClockId, clock_gettime};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use str0m::rtp::RtpPacket;

use self::bare::BareWorld;

const PEOPLE: usize = 20;
/// How many pictures everybody gets.
const SEEN: usize = 9;
/// What everybody sends of a picture, 25 times a second: half a megabit a second.
const PACKETS: usize = 3;
const BYTES: usize = 830;
/// Everybody else's sound, and nine pictures, for each of twenty.
const PACKETS_A_SECOND: u64 = 32_500;
const TURNS: u32 = 8;
/// Who keep about half a core busy, while delays are measured.
const MANY: usize = 25;
const DELAYS_SECONDS: u64 = 5;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let (mut world, cameras) = call(PEOPLE);
    costs(&mut world, &cameras);
    memory(world, "who call each other");
    memory(World::with(&names(PEOPLE)), "who do not");
    delays();
}

fn names(people: usize) -> Vec<&'static str> {
    (0..people).map(|n| &*format!("p{n:02}").leak()).collect()
}

/// So many people who call each other, whose lines are known to take what is sent on to them.
fn call(people: usize) -> (World, Vec<Camera>) {
    let (mut world, mut cameras) = World::calling_as(&names(people), World::join);
    world.clock = clock;
    cameras.iter_mut().for_each(|it| it.sizes = vec![""]);
    world.film(&cameras, 8_000);
    (world, cameras)
}

/// Processor time of this thread.
fn clock() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// In turns, and the best of each, since other programs are in the way.
fn costs(world: &mut World, cameras: &[Camera]) {
    let mut bare = [true, false].map(BareWorld::new);
    let mut costs = [f64::INFINITY; 3];
    for _ in 0..TURNS {
        let [measured, plain] = &mut bare;
        let now = [host_cost(world, cameras), measured.cost(), plain.cost()];
        costs.iter_mut().zip(now).for_each(|(best, now)| *best = best.min(now));
    }
    let [host, measured, plain] = costs;
    say(&format!(
        "{PEOPLE} people who send 500 kbit/s and sound, see {SEEN} and hear all: {PACKETS_A_SECOND} packets/s out"
    ));
    say(&format!("the host: {host:.2} µs of processor time a packet, {:.0} packets/s and core", 1e6 / host));
    say(&format!("str0m that measures lines, as the host does: {measured:.2} µs, ratio {:.2}", host / measured));
    say(&format!("str0m that does not: {plain:.2} µs, ratio {:.2}", host / plain));
}

fn host_cost(world: &mut World, cameras: &[Camera]) -> f64 {
    let before = world.host.stats().packets_out;
    world.clear();
    world.spent = Duration::ZERO;
    world.film(cameras, 1_000);
    let packets = world.host.stats().packets_out - before;
    assert_eq!(packets, PACKETS_A_SECOND);
    world.spent.as_micros() as f64 / packets as f64
}

/// How long packets are under way at the host. The simulated clock stands still while it works, and what comes meanwhile is
/// sent on after what came before: so this is what a host would need that has a core for itself.
fn delays() {
    let (mut world, cameras) = call(MANY);
    world.film_in_turn(&cameras, 2_000);
    world.clear();
    let before = world.host.stats().packets_out;
    world.spent = Duration::ZERO;
    world.film_in_turn(&cameras, DELAYS_SECONDS * 1_000);
    let packets = (world.host.stats().packets_out - before) / DELAYS_SECONDS;
    let share = world.spent.as_secs_f64() / DELAYS_SECONDS as f64 * 100.0;
    let mut delays: Vec<Duration> = world.guests.iter().flat_map(delays_of).collect();
    delays.sort();
    let at = |percent: usize| delays.get(delays.len() * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    say(&format!(
        "{MANY} people who do the same, one after the other: {packets} packets/s out, {share:.0} % of a core"
    ));
    say(&format!("a packet's delay at the host: median {:.2} ms, 99th percentile {:.2} ms", at(50), at(99)));
}

/// How much longer than the network each packet took that has come to a guest.
fn delays_of(guest: &Guest) -> impl Iterator<Item = Duration> {
    let took =
        |packet: &RtpPacket| Some(packet.timestamp.saturating_duration_since(guest.sent_at(packet)? + 2 * DELAY));
    guest.packets.iter().filter_map(move |(_, _, packet)| took(packet))
}

/// What is freed with the host, as the allocator counts it.
fn memory(world: World, what: &str) {
    let host = world.host;
    let before = allocated();
    drop(host);
    let held = before.saturating_sub(allocated()) / PEOPLE;
    say(&format!("memory of each of {PEOPLE} guests {what}: {} KiB allocated", held / 1024));
}

fn allocated() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

fn say(text: &str) {
    eprintln!("{text}");
}

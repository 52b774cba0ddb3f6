//! What a star's host is made with, and what it says of itself.

use std::{net::SocketAddr, ops::Add, time::SystemTime};

/// What a room is called and how it is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The room's name.
    pub name: String,
    /// What guests have to know; empty for none.
    pub password: String,
    /// How many people the room holds. The server sees to it; the host only says so.
    pub peers_max: usize,
}

/// What a room may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many bits of sound and pictures are sent out each second, at most. Pictures give way to sound.
    pub bits_per_second: u64,
    /// For how many people connections are kept at once.
    pub guests: usize,
}

/// What a host is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The room.
    pub card: Card,
    /// The id of the host's stay: 22 characters of base64url, another for each host.
    pub member: String,
    /// What original pages call the host, whom they list as one of the people.
    pub name: String,
    /// Where guests may reach the host: addresses of sockets of the server, and virtual ones of its relay.
    pub candidates: Vec<SocketAddr>,
    /// What the room may use.
    pub limits: Limits,
    /// Whether those who come later are told what was said before.
    pub history: bool,
    /// What time of day it is, for what is told of what was said before.
    pub wall_clock: SystemTime,
}

/// Figures about a host, as they are now and as they have added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Guests with a connection.
    pub guests: usize,
    /// People who have introduced themselves.
    pub people: usize,
    /// Those of them who are in the call.
    pub in_call: usize,
    /// Tracks that come, and copies of them that go out.
    pub streams_in: usize,
    /// See `streams_in`.
    pub streams_out: usize,
    /// Packets of sound and pictures that have come.
    pub packets_in: u64,
    /// Packets that have been sent on, each copy counted.
    pub packets_out: u64,
    /// Bytes that have come, of sound and pictures.
    pub bytes_in: u64,
    /// Bytes that have been sent on.
    pub bytes_out: u64,
    /// Packets that were not sent on because the room may not use more.
    pub packets_dropped: u64,
    /// Key frames that senders were asked for.
    pub key_frame_requests: u64,
    /// Packets that were lost on the way here, and came again or not.
    pub losses_in: u64,
    /// Packets that were lost on the way out, as guests say.
    pub losses_out: u64,
    /// Copies that go out of a layer below the largest there is.
    pub layers_low: usize,
}

impl Stats {
    /// What has added up, of a host that is over.
    #[must_use]
    pub fn past(self) -> Stats {
        Stats { guests: 0, people: 0, in_call: 0, streams_in: 0, streams_out: 0, layers_low: 0, ..self }
    }
}

impl Add for Stats {
    type Output = Stats;

    fn add(self, other: Stats) -> Stats {
        Stats {
            guests: self.guests + other.guests,
            people: self.people + other.people,
            in_call: self.in_call + other.in_call,
            streams_in: self.streams_in + other.streams_in,
            streams_out: self.streams_out + other.streams_out,
            packets_in: self.packets_in + other.packets_in,
            packets_out: self.packets_out + other.packets_out,
            bytes_in: self.bytes_in + other.bytes_in,
            bytes_out: self.bytes_out + other.bytes_out,
            packets_dropped: self.packets_dropped + other.packets_dropped,
            key_frame_requests: self.key_frame_requests + other.key_frame_requests,
            losses_in: self.losses_in + other.losses_in,
            losses_out: self.losses_out + other.losses_out,
            layers_low: self.layers_low + other.layers_low,
        }
    }
}

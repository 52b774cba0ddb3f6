//! Guests who send sound and pictures for a while.

use std::ops::Range;
use std::time::{Duration, Instant};

use str0m::rtp::RtpPacket;

use super::World;
use super::guest::Guest;
use super::sizes::Picture;

/// How often something is sent: a fiftieth of a second of sound, and every other time a picture.
const STEP_MILLIS: u64 = 20;

/// Where a packet says when it was sent: behind all that describes a picture.
const STAMP: Range<usize> = 16..24;

/// Somebody with microphone and camera.
pub struct Camera {
    at: usize,
    stream: &'static str,
    pub sizes: Vec<&'static str>,
    /// How loud it is; silent people send sound too.
    pub level: i8,
    /// Packets of a picture that comes in one size, of 830 bytes: three are half a megabit a second.
    pub packets: usize,
}

impl Camera {
    fn new(at: usize, stream: &'static str) -> Self {
        Self { at, stream, sizes: vec!["h", "m", "l"], level: -30, packets: 3 }
    }

    /// A shared screen, which comes in one size and without sound.
    pub fn screen(at: usize, stream: &'static str, packets: usize) -> Self {
        Self { sizes: vec![""], packets, ..Self::new(at, stream) }
    }

    /// The sizes of a camera 720 pixels high: some 1,200, 400 and 120 kbit/s.
    fn picture(&self, size: &'static str, key: bool, time: u32) -> Picture {
        let (height, packets, bytes) = match size {
            "h" => (720, 6, 950),
            "m" => (360, 2, 900),
            "" => (360, self.packets, 830),
            _ => (180, 1, 500),
        };
        Picture { size, key, time, height, packets: if key { packets * 2 } else { packets }, bytes }
    }
}

impl World {
    /// Everybody films and speaks for a while, all at the same moments.
    pub fn film(&mut self, cameras: &[Camera], millis: u64) {
        for _ in 0..millis / STEP_MILLIS {
            self.filmed += 1;
            cameras.iter().for_each(|camera| self.shoot(camera));
            self.run(STEP_MILLIS);
        }
    }

    /// The same, one after the other: as cameras that know nothing of each other do.
    pub fn film_in_turn(&mut self, cameras: &[Camera], millis: u64) {
        let each = Duration::from_millis(STEP_MILLIS) / u32::try_from(cameras.len()).expect("few");
        for _ in 0..millis / STEP_MILLIS {
            self.filmed += 1;
            for camera in cameras {
                self.shoot(camera);
                self.run_until(self.now + each);
            }
        }
    }

    fn shoot(&mut self, camera: &Camera) {
        let (n, now) = (u32::try_from(self.filmed).expect("short"), self.now);
        let guest = &mut self.guests[camera.at];
        guest.level = camera.level;
        guest.send(camera.stream, "audio", false, 960 * n, now);
        if n.is_multiple_of(2) {
            return;
        }
        let time = 3_600 * (n / 2);
        for size in &camera.sizes {
            let alone = size.is_empty() && std::mem::take(&mut guest.asked) > 0;
            let asked = alone || guest.asked_sizes.iter().any(|it| **it == **size);
            guest.asked_sizes.retain(|it| **it != **size);
            guest.send_size(camera.stream, &camera.picture(size, asked || time == 0, time), now);
        }
    }

    /// One joins the call with a stream, and the others ask for it.
    pub fn call(&mut self, at: usize, stream: &str, kinds: &[&'static str]) {
        let now = self.now;
        self.guests[at].call(stream, kinds, now);
        self.run(50);
        let owner = self.guests[at].number.clone().expect("a number");
        let now = self.now;
        for other in (0..self.guests.len()).filter(|other| *other != at) {
            self.guests[other].want(stream, &owner, now);
        }
        if !kinds.is_empty() {
            self.guests[at].renegotiate();
        }
        self.run(500);
    }

    /// People of ours in a call, each with a camera.
    pub fn calling(streams: &[&'static str]) -> (Self, Vec<Camera>) {
        Self::calling_as(streams, Self::join_layered)
    }

    /// People who come in one way or the other.
    pub fn calling_as(streams: &[&'static str], join: fn(&mut Self, &str) -> usize) -> (Self, Vec<Camera>) {
        let mut world = Self::empty();
        streams.iter().for_each(|stream| _ = join(&mut world, stream));
        world.run(3_000);
        let cameras = streams.iter().enumerate().map(|(at, stream)| Camera::new(at, stream)).collect();
        for (at, stream) in streams.iter().enumerate() {
            world.call(at, stream, &["audio", "video"]);
        }
        // Whoever came first has to ask for what came later, and the other way round.
        for at in 0..streams.len() {
            for (other, stream) in streams.iter().enumerate().filter(|(other, _)| *other != at) {
                let owner = world.guests[other].number.clone().expect("a number");
                let now = world.now;
                world.guests[at].want(stream, &owner, now);
            }
        }
        world.run(1_000);
        (world, cameras)
    }
}

impl Guest {
    /// Says when a packet goes out, as [`Guest::sent_at`] reads it.
    pub(super) fn stamped(&self, mut payload: Vec<u8>, now: Instant) -> Vec<u8> {
        let since = u64::try_from((now - self.began).as_nanos()).unwrap_or(u64::MAX);
        payload[STAMP].copy_from_slice(&since.to_be_bytes());
        payload
    }

    /// When a packet went out that somebody of the same world has sent.
    pub fn sent_at(&self, packet: &RtpPacket) -> Option<Instant> {
        let since = packet.payload.get(STAMP)?.try_into().ok()?;
        Some(self.began + Duration::from_nanos(u64::from_be_bytes(since)))
    }
}

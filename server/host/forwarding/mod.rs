//! Sends packets on: which line of a guest's goes to which lines of the others, under which numbers, and when senders are
//! asked for a key frame. Nothing is decoded.

mod clock;
mod key_frames;
mod payload;
mod rewriting;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use str0m::media::{Mid, Rid};
use str0m::rtp::{RtpPacket, RtpWrite};

use self::clock::{Clock, Report};
use self::key_frames::KeyFrames;
use self::payload::{Form, Payload};
use self::rewriting::{Numbers, Rewriting};
use crate::lines::{Kind, OPUS, VP8};
use crate::words::{Bucket, LinkId, Pace};

/// A line of somebody's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) link: LinkId,
    pub(crate) mid: Mid,
}

/// What is to go from one line to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) from: Place,
    pub(crate) to: Place,
    pub(crate) kind: Kind,
    /// False while the viewer is not in the call.
    pub(crate) flows: bool,
}

/// A picture is begun with one that needs no other; where none can be seen to come, it is begun all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// What one viewer is sent on one line. It stays as long as the line, since its numbers go on.
#[derive(Debug)]
struct Copy {
    from: Option<Place>,
    kind: Kind,
    flows: bool,
    since: Instant,
    rewriting: Rewriting,
}

/// Packets and bytes, as they have added up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) packets_in: u64,
    pub(crate) packets_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) dropped: u64,
    pub(crate) key_frame_requests: u64,
}

/// A stream that a key frame can be asked for.
pub(crate) type Source = (Place, Option<Rid>);

/// See the module.
#[derive(Debug)]
pub(crate) struct Forwarding {
    copies: HashMap<Place, Copy>,
    /// Where what comes on a line goes to.
    viewers: HashMap<Place, Vec<Place>>,
    clocks: HashMap<LinkId, Clock>,
    key_frames: KeyFrames<Source>,
    /// What the room may send out, in bytes.
    budget: Bucket,
    reserve: f64,
    pub(crate) traffic: Traffic,
}

impl Forwarding {
    /// `bits_per_second`: what all copies together may take.
    pub(crate) fn new(bits_per_second: u64) -> Self {
        let bytes = bits_per_second as f64 / 8.0;
        let burst = bytes.max(16_000.0);
        Self {
            copies: HashMap::new(),
            viewers: HashMap::new(),
            clocks: HashMap::new(),
            key_frames: KeyFrames::new(),
            budget: Bucket::new(Pace { burst, per_second: bytes }),
            // Sound may have what pictures must leave.
            reserve: burst / 4.0,
            traffic: Traffic::default(),
        }
    }

    /// How many tracks come that somebody is sent, and how many copies of them go out.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.viewers.len(), self.copies.values().filter(|copy| copy.flows).count())
    }

    /// What goes where from now on, and which lines there are still. The sources that a key frame is wanted of come back.
    pub(crate) fn route(
        &mut self,
        routes: &[Route],
        mut stands: impl FnMut(&Place) -> bool,
        now: Instant,
    ) -> Vec<Source> {
        let mut wanted = Vec::new();
        self.copies.retain(|to, _| stands(to));
        for (_, copy) in self.copies.iter_mut().filter(|(to, _)| !routes.iter().any(|route| route.to == **to)) {
            (copy.from, copy.flows) = (None, false);
        }
        self.viewers.clear();
        for Route { from, to, kind, flows } in routes.iter().copied() {
            self.viewers.entry(from).or_default().push(to);
            let clock_rate = if kind == Kind::Audio { 48_000 } else { 90_000 };
            let copy = self.copies.entry(to).or_insert_with(|| Copy {
                from: None,
                kind,
                flows: false,
                since: now,
                rewriting: Rewriting::new(clock_rate),
            });
            let begins = flows && (!copy.flows || copy.from != Some(from));
            (copy.from, copy.flows) = (Some(from), flows);
            if begins {
                copy.since = now;
                copy.rewriting.interrupt();
                if kind == Kind::Video {
                    wanted.push((from, None));
                }
            }
        }
        self.clocks.retain(|link, _| routes.iter().any(|route| route.from.link == *link));
        wanted.retain(|source| self.key_frames.want(*source, now));
        wanted
    }

    /// A viewer cannot show a picture: whether its sender is to be asked for a key frame now.
    pub(crate) fn wants_key_frame(&mut self, viewer: Place, now: Instant) -> Option<Source> {
        let copy = self.copies.get(&viewer).filter(|copy| copy.flows)?;
        let source = (copy.from?, None);
        self.key_frames.want(source, now).then_some(source)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.key_frames.next_timeout()
    }

    /// The sources that are to be asked for a key frame by now.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Source> {
        self.key_frames.due(now)
    }

    /// A packet has come: `write` is called for everybody who gets it.
    pub(crate) fn packet(
        &mut self,
        from: Place,
        rid: Option<Rid>,
        packet: &RtpPacket,
        now: Instant,
        mut write: impl FnMut(Place, RtpWrite),
    ) {
        self.traffic.packets_in += 1;
        self.traffic.bytes_in += packet.payload.len() as u64;
        let Some(viewers) = self.viewers.get(&from) else { return };
        let (form, clock_rate) = match *packet.header.payload_type {
            number if number == OPUS.number => (Form::Sound, 48_000),
            number if number == VP8.number => (Form::Vp8, 90_000),
            _ => (Form::H264, 90_000),
        };
        let payload = Payload::new(form, &packet.payload);
        if payload.begins_key_frame {
            self.key_frames.came((from, rid));
        }
        let report = packet.last_sender_info.as_ref().map(|info| Report {
            wall: info.ntp_time,
            // Only the lower half is in packets.
            time: info.rtp_time.numer() as u32,
        });
        let clock = self.clocks.entry(from.link).or_default();
        let moment = clock.moment(packet.header.timestamp, clock_rate, report, now);
        let (picture, base_picture) = payload.numbers();
        let numbers = Numbers { sequence: *packet.seq_no, time: packet.header.timestamp, picture, base_picture };
        let bytes = packet.payload.len() as f64 + 60.0;
        for viewer in viewers {
            let Some(copy) = self.copies.get_mut(viewer).filter(|copy| copy.flows) else { continue };
            let patient = now.saturating_duration_since(copy.since) < PATIENCE;
            if copy.kind == Kind::Video && !copy.rewriting.runs() && !payload.begins_key_frame && patient {
                continue;
            }
            let reserve = if copy.kind == Kind::Video { self.reserve } else { 0.0 };
            if !self.budget.take_leaving(now, bytes, reserve) {
                self.traffic.dropped += 1;
                continue;
            }
            let Some(out) = copy.rewriting.rewrite(numbers, now) else { continue };
            let header = &packet.header;
            let mut extensions = header.ext_vals.clone();
            (extensions.mid, extensions.rid, extensions.rid_repair) = (None, None, None);
            extensions.transport_cc = None;
            let mut packet =
                RtpWrite::new(header.payload_type, out.sequence.into(), out.time, moment, packet.payload.clone())
                    .marker(header.marker)
                    .ext_vals(extensions)
                    .nackable(copy.kind == Kind::Video);
            if let Some(patch) = payload.patch(numbers, out) {
                packet = packet.vp8_patch(patch);
            }
            self.traffic.packets_out += 1;
            self.traffic.bytes_out += bytes as u64 - 60;
            write(*viewer, packet);
        }
    }
}

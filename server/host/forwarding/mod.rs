//! Sends packets on: which transceiver of a guest's goes to which ones of the others, in which size, under which numbers,
//! and when senders are asked for a key frame. Nothing is decoded.

mod allotment;
mod clock;
mod copy;
mod inflow;
mod key_frames;
mod payload;
mod rewriting;
mod sharing;
mod speakers;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use str0m::media::Mid;
use str0m::rtp::{RtpPacket, RtpWrite};

use self::allotment::Viewer;
pub(crate) use self::allotment::{Capacity, Desire};
use self::clock::{Clock, Report};
use self::copy::Copy;
use self::inflow::{Inflows, Layer};
use self::key_frames::KeyFrames;
use self::payload::{Form, Payload};
use self::rewriting::Numbers;
use self::speakers::Speakers;
use crate::room::{Bucket, LinkId, Pace, Size};
use crate::sdp::{Kind, OPUS, VP8};

/// A transceiver of somebody's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TransceiverId {
    pub(crate) link: LinkId,
    pub(crate) mid: Mid,
}

/// What is to go from one transceiver to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) from: TransceiverId,
    pub(crate) to: TransceiverId,
    pub(crate) kind: Kind,
    /// False while the viewer is not in the call.
    pub(crate) flows: bool,
    /// How large it is shown, where the viewer's page says so.
    pub(crate) size: Option<Size>,
    /// Microphone or camera, not a screen.
    pub(crate) primary: bool,
}

/// Bytes that go around each packet on the network.
const OVERHEAD: f64 = 60.0;
/// How often it is looked at what comes, and who gets what of it.
const LOOK: Duration = Duration::from_millis(250);

/// Packets and bytes, as they have added up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) packets_in: u64,
    pub(crate) packets_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) dropped: u64,
    pub(crate) missing: u64,
    pub(crate) key_frame_requests: u64,
}

/// Tracks and copies of them, as they are now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Streams {
    pub(crate) come: usize,
    pub(crate) go: usize,
    /// Copies of a picture that comes in a larger size too.
    pub(crate) low: usize,
}

/// A stream that a key frame can be asked for.
pub(crate) type Source = (TransceiverId, Layer);

/// See the module.
#[derive(Debug)]
pub(crate) struct Forwarding {
    copies: HashMap<TransceiverId, Copy>,
    /// Where what comes on a transceiver goes to.
    viewers: HashMap<TransceiverId, Vec<TransceiverId>>,
    inflows: HashMap<TransceiverId, Inflows>,
    /// Transceivers of microphones.
    voices: HashSet<TransceiverId>,
    seers: HashMap<LinkId, Viewer>,
    speakers: Speakers,
    clocks: HashMap<LinkId, Clock>,
    key_frames: KeyFrames<Source>,
    /// Senders that are to be asked for a key frame.
    asking: Vec<Source>,
    /// Viewers who have been given their part anew.
    allotted: Vec<LinkId>,
    /// What the room may send out, in bytes.
    budget: Bucket,
    reserve: f64,
    looked_at: Instant,
    pub(crate) traffic: Traffic,
}

impl Forwarding {
    /// `bits_per_second`: what all copies together may take.
    pub(crate) fn new(bits_per_second: u64, now: Instant) -> Self {
        let bytes = bits_per_second as f64 / 8.0;
        let burst = bytes.max(16_000.0);
        Self {
            copies: HashMap::new(),
            viewers: HashMap::new(),
            inflows: HashMap::new(),
            voices: HashSet::new(),
            seers: HashMap::new(),
            speakers: Speakers::default(),
            clocks: HashMap::new(),
            key_frames: KeyFrames::new(),
            asking: Vec::new(),
            allotted: Vec::new(),
            budget: Bucket::new(Pace { burst, per_second: bytes }),
            // Sound may have what pictures must leave.
            reserve: burst / 4.0,
            looked_at: now,
            traffic: Traffic::default(),
        }
    }

    /// What comes and goes.
    pub(crate) fn streams(&self) -> Streams {
        let low = |copy: &&Copy| {
            let largest = copy.from.and_then(|from| self.inflows.get(&from)?.live().next());
            copy.layer().zip(largest).is_some_and(|(layer, largest)| largest.layer != layer)
        };
        let going = || self.copies.values().filter(|copy| copy.is_sent());
        Streams { come: self.viewers.len(), go: going().count(), low: going().filter(low).count() }
    }

    /// What goes where from now on, which transceivers there are still, and what is known of those to viewers.
    pub(crate) fn route(
        &mut self,
        routes: &[Route],
        stands: impl Fn(&TransceiverId) -> bool,
        capacity: impl Fn(LinkId) -> Option<Capacity>,
        now: Instant,
    ) {
        self.copies.retain(|to, _| stands(to));
        for (_, copy) in self.copies.iter_mut().filter(|(to, _)| !routes.iter().any(|route| route.to == **to)) {
            copy.rest();
        }
        self.viewers.clear();
        self.voices.clear();
        let sends = |link: LinkId| routes.iter().any(|route| route.from.link == link);
        let sees = |link: LinkId| routes.iter().any(|route| route.to.link == link);
        self.seers.retain(|link, _| sees(*link));
        self.speakers.keep(sends);
        self.clocks.retain(|link, _| sends(*link));
        self.inflows.retain(|from, _| routes.iter().any(|route| route.from == *from));
        for route in routes {
            let Route { from, to, kind, .. } = *route;
            self.viewers.entry(from).or_default().push(to);
            if kind == Kind::Audio && route.primary {
                self.voices.insert(from);
            }
            self.seers.entry(to.link).or_insert_with(|| Viewer::new(capacity(to.link)));
            let begins = self.copies.entry(to).or_insert_with(|| Copy::new(kind, now)).carry(route);
            if begins && kind == Kind::Video && !self.inflows.contains_key(&from) {
                self.want((from, None), now);
            }
        }
        self.allot_all(now);
    }

    /// What is known of the downlink to a viewer; `None` for nothing.
    pub(crate) fn measured(&mut self, link: LinkId, capacity: Option<Capacity>, now: Instant) {
        let Some(viewer) = self.seers.get_mut(&link) else { return };
        let before = std::mem::replace(&mut viewer.capacity, capacity);
        if before != capacity {
            self.allot(link, now);
        }
    }

    /// Whoever has been given their part anew since this was asked last, and what it would take for them to be shown
    /// everything as large as they show it.
    pub(crate) fn desires(&mut self) -> Vec<(LinkId, Desire)> {
        let links = std::mem::take(&mut self.allotted);
        links.into_iter().filter_map(|link| Some((link, self.seers.get(&link)?.desire))).collect()
    }

    fn want(&mut self, source: Source, now: Instant) {
        if self.key_frames.want(source, now) {
            self.asking.push(source);
        }
    }

    /// A viewer cannot show a picture.
    pub(crate) fn wants_key_frame(&mut self, viewer: TransceiverId, now: Instant) {
        let copy = self.copies.get(&viewer).filter(|copy| copy.flows);
        if let Some((from, layer)) = copy.and_then(|copy| Some((copy.from?, copy.wanted()?))) {
            self.want((from, layer), now);
        }
    }

    /// The senders that are to be asked for a key frame now.
    pub(crate) fn asks(&mut self) -> Vec<Source> {
        std::mem::take(&mut self.asking)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let look = (!self.viewers.is_empty()).then_some(self.looked_at + LOOK);
        [look, self.key_frames.next_timeout()].into_iter().flatten().min()
    }

    /// What is to be done by now.
    pub(crate) fn due(&mut self, now: Instant) {
        self.asking.extend(self.key_frames.due(now));
        let passed = now.saturating_duration_since(self.looked_at);
        if passed < LOOK {
            return;
        }
        self.looked_at = now;
        self.inflows.values_mut().for_each(|it| it.measure(passed));
        self.allot_all(now);
    }

    /// A packet has come: `write` is called for everybody who gets it.
    pub(crate) fn packet(
        &mut self,
        from: TransceiverId,
        layer: Layer,
        packet: &RtpPacket,
        now: Instant,
        mut write: impl FnMut(TransceiverId, RtpWrite),
    ) {
        self.traffic.packets_in += 1;
        self.traffic.bytes_in += packet.payload.len() as u64;
        if !self.viewers.contains_key(&from) {
            return;
        }
        let (form, clock_rate) = match *packet.header.payload_type {
            number if number == OPUS.number => (Form::Sound, 48_000),
            number if number == VP8.number => (Form::Vp8, 90_000),
            _ => (Form::H264, 90_000),
        };
        let payload = Payload::new(form, &packet.payload);
        if payload.begins_key_frame {
            self.key_frames.came((from, layer));
        }
        self.look_at(from, layer, packet, &payload, now);
        let report = packet.last_sender_info.as_ref().map(|info| Report {
            wall: info.ntp_time,
            // Only the lower half is in packets.
            time: info.rtp_time.numer() as u32,
        });
        let clock = self.clocks.entry(from.link).or_default();
        let moment = clock.moment(packet.header.timestamp, clock_rate, report, now);
        let (picture, base_picture) = payload.numbers();
        let numbers = Numbers { sequence: *packet.seq_no, time: packet.header.timestamp, picture, base_picture };
        let bytes = packet.payload.len() as f64 + OVERHEAD;
        for viewer in self.viewers.get(&from).into_iter().flatten() {
            let Some(copy) = self.copies.get_mut(viewer) else { continue };
            if !copy.takes(layer, payload.begins_key_frame, now) {
                continue;
            }
            let reserve = if copy.kind == Kind::Video { self.reserve } else { 0.0 };
            if !self.budget.take_leaving(now, bytes, reserve) {
                self.traffic.dropped += 1;
                continue;
            }
            let Some(out) = copy.rewriting.rewrite(numbers, moment) else { continue };
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
            self.traffic.bytes_out += bytes as u64 - OVERHEAD as u64;
            write(*viewer, packet);
        }
    }

    /// What a packet shows beside what is in it: who speaks, what is lost, and what there is to choose from.
    fn look_at(&mut self, from: TransceiverId, layer: Layer, packet: &RtpPacket, payload: &Payload, now: Instant) {
        if let Some(level) = packet.header.ext_vals.audio_level.filter(|_| self.voices.contains(&from)) {
            self.speakers.heard(from.link, level, now);
        }
        let came = self.inflows.entry(from).or_default().came(layer, packet, payload.height, now);
        self.traffic.missing += came.missing;
        if !came.new && !came.restarted {
            return;
        }
        let viewers = self.viewers.get(&from).cloned().unwrap_or_default();
        for viewer in viewers {
            if came.restarted && self.copies.get_mut(&viewer).is_some_and(|copy| copy.restarts(layer, now)) {
                self.want((from, layer), now);
            }
            self.allot(viewer.link, now);
        }
    }
}

//! Sound and pictures on a connection: what str0m is told of transceivers and sources, and packets in and out.

use std::collections::HashMap;
use std::mem;
use std::time::{Duration, Instant};

use str0m::bwe::Bitrate;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid, Rid};
use str0m::rtp::{Extension, ExtensionMap, RtpWrite};
use str0m::stats::{MediaEgressStats, PeerStats};
use str0m::{Rtc, RtcConfig};

use super::downlink::{Downlink, News, TOLD_MAX};
use super::{Connection, Form, form};
use crate::crypto;
use crate::forwarding::{Capacity, Desire};
use crate::sdp::{AUDIO_LEVEL, H264, Kind, MID, REPAIRED_STREAM_ID, STREAM_ID, TRANSPORT_CC, Transceiver, VP8};

/// Sources on one transceiver; a browser has one, or one for each size that comes without a name.
const SOURCES_MAX: usize = 2;

/// What a downlink is taken for until it has been measured, in bits a second: a voice and a small picture.
pub(super) const FIRST_ESTIMATE: u64 = 300_000;
/// A downlink is not taken for less while nothing is lost on it and nothing waits: delays alone tell little where a machine
/// is busy.
const LEAST: u64 = 180_000;
/// A guest's word for what their downlink takes counts no longer than until it can have shown it itself.
const TOLD: Duration = Duration::from_secs(8);
/// What is lost on a downlink that is as full as it can be.
const LOSS_MAX: f32 = 0.05;
/// What waits on the way makes the round trip longer by this.
const QUEUE_MAX: Duration = Duration::from_millis(250);
/// So much more than what it takes at best is looked for on a downlink, so that there is room to change over to it.
const DESIRED_FACTOR: f64 = 1.25;
/// No more than so many times what it is known to take, at once.
const STEP_MAX: f64 = 1.5;
/// How often a downlink is probed that takes less than it should. What it does not take disturbs it for a moment.
const LOOK: Duration = Duration::from_secs(5);
const LOOK_MAX: Duration = Duration::from_secs(40);
/// When the last packet has gone out, str0m wants the time again so much later at the latest, for what it does now and then.
pub(crate) const REST: Duration = Duration::from_millis(5);
/// Of what a downlink has shown to take, so much is kept in mind where less is needed.
const KEPT_MAX: f64 = 2_500_000.0;

/// What str0m knows of a transceiver.
#[derive(Debug)]
pub(super) struct Declared {
    /// Our source on it.
    source: u32,
    /// The guest's sources on it.
    sources: Vec<u32>,
    /// Packets on it are numbered, for the guest to say which of them have come.
    is_measured: bool,
}

/// What is known of how much goes to the guest, and of what is lost on the way.
#[derive(Debug)]
pub(super) struct Measured {
    bits_per_second: f64,
    /// What the downlink took a moment ago, and until when that counts.
    took: Option<(u64, Instant)>,
    news: News,
    desire: Desire,
    /// What str0m has been told of that.
    told: f64,
    /// When the downlink was probed last for whether it takes more, what it took then, and how long until the next time.
    look: Option<(Instant, f64)>,
    next_look: Duration,
    /// The shortest time to the guest and back.
    round_trip: Option<Duration>,
    /// What the guest has said of each transceiver.
    lost: HashMap<Mid, u64>,
}

impl Measured {
    pub(super) fn new() -> Self {
        Self {
            bits_per_second: FIRST_ESTIMATE as f64,
            took: None,
            news: News::new(),
            desire: Desire::default(),
            told: 0.0,
            look: None,
            next_look: LOOK,
            round_trip: None,
            lost: HashMap::new(),
        }
    }

    /// What the downlink is not taken for less than, unless it shows that it takes no more. Where many come back at once,
    /// packets wait for a busy machine as well as for a downlink that is full.
    fn least(&mut self, stats: &PeerStats) -> u64 {
        let shortest = self.round_trip.into_iter().chain(stats.rtt).min();
        self.round_trip = shortest;
        let waits = stats.rtt.zip(shortest).is_some_and(|(now, shortest)| now > shortest + QUEUE_MAX);
        let loses = stats.egress_loss_fraction.is_some_and(|it| it > LOSS_MAX);
        self.took = self.took.filter(|(_, until)| !loses && stats.timestamp < *until);
        match self.took {
            Some((took, _)) => took / if waits { 2 } else { 1 },
            None if waits || loses => 0,
            None => LEAST,
        }
    }

    /// Whether to look for more now. By itself str0m does that where hardly anything is sent, and otherwise rarely.
    fn looks(&mut self, now: Instant) -> bool {
        let estimate = self.bits_per_second;
        if estimate >= self.desire.bits_per_second {
            (self.look, self.next_look) = (None, LOOK);
            return false;
        }
        let (at, before) = *self.look.get_or_insert((now, estimate));
        if now < at + self.next_look {
            return false;
        }
        self.next_look = if estimate > before * 1.1 { LOOK } else { (self.next_look * 2).min(LOOK_MAX) };
        self.look = Some((now, estimate));
        true
    }
}

/// The header extensions by which str0m reads and writes packets.
pub(super) fn extensions(measured: bool) -> ExtensionMap {
    let mut extensions = ExtensionMap::empty();
    extensions.set(AUDIO_LEVEL.0, Extension::AudioLevel);
    if measured {
        extensions.set(TRANSPORT_CC.0, Extension::TransportSequenceNumber);
    }
    extensions.set(MID.0, Extension::RtpMid);
    extensions.set(STREAM_ID.0, Extension::RtpStreamId);
    extensions.set(REPAIRED_STREAM_ID.0, Extension::RepairedRtpStreamId);
    extensions
}

fn declare(rtc: &mut Rtc, transceiver: &Transceiver, mid: Mid, now: Instant) -> Declared {
    let (kind, resend) = match transceiver.kind {
        Kind::Audio => (MediaKind::Audio, None),
        Kind::Video => (MediaKind::Video, Some(transceiver.resend_ssrc.into())),
    };
    let mut api = rtc.direct_api();
    let media = api.declare_media(mid, kind);
    if !transceiver.is_measured {
        // str0m numbers all streams or none. Numbers that nobody acknowledges would be losses to it, so that this one is made
        // by one that knows no such numbers.
        let plain = RtcConfig::new().set_crypto_provider(crypto::provider()).set_extension_map(extensions(false));
        mem::swap(media, plain.build(now).direct_api().declare_media(mid, kind));
    }
    api.declare_stream_tx(transceiver.ssrc.into(), resend, mid, None);
    Declared { source: transceiver.ssrc, sources: Vec::new(), is_measured: transceiver.is_measured }
}

/// Whether a packet has gone out before, or only fills up the downlink.
fn is_resent(packet: &[u8]) -> bool {
    let number = packet.get(1).map(|it| it & 0x7f);
    number.is_some_and(|number| [VP8, H264].iter().any(|codec| codec.resend == Some(number)))
}

impl Connection {
    /// Tells str0m of the transceivers as they are now.
    pub(super) fn declare(&mut self, now: Instant) {
        let Self { rtc, transceivers, declared, .. } = self;
        let stands = |mid: &Mid, it: &Declared| {
            transceivers.get(mid).is_some_and(|transceiver| transceiver.is_measured == it.is_measured)
        };
        let gone: Vec<Mid> = declared.iter().filter(|(mid, it)| !stands(mid, it)).map(|(mid, _)| *mid).collect();
        for mid in gone {
            declared.remove(&mid);
            rtc.direct_api().remove_media(mid);
        }
        for transceiver in transceivers.iter().filter(|transceiver| !transceiver.mid.is_empty()) {
            let mid = Mid::from(transceiver.mid.as_str());
            let known = declared.entry(mid).or_insert_with(|| declare(rtc, transceiver, mid, now));
            let mut api = rtc.direct_api();
            // Of sizes nobody knows which source is which, and packets say it themselves.
            let named = transceiver.layers.is_empty();
            let sources: Vec<_> = transceiver.sources.iter().take(SOURCES_MAX).filter(|_| named).copied().collect();
            for old in known.sources.iter().filter(|old| !sources.iter().any(|(main, _)| main == *old)) {
                api.remove_stream_rx((*old).into());
            }
            known.sources.retain(|old| sources.iter().any(|(main, _)| main == old));
            for (main, resend) in sources {
                // A source is another transceiver's already: hostile, and the first one keeps it.
                if known.sources.contains(&main) || api.stream_rx(&main.into()).is_some_and(|it| it.mid() != mid) {
                    continue;
                }
                known.sources.push(main);
                let stream = api.expect_stream_rx(main.into(), resend.map(Into::into), mid, None);
                stream.suppress_nack(resend.is_none());
            }
        }
    }

    /// What the guest's downlink takes. `None`: the guest does not say what has come of pictures.
    pub(crate) fn capacity(&self) -> Option<Capacity> {
        let measured = |kind| {
            self.transceivers
                .iter()
                .filter(move |transceiver| transceiver.kind == kind)
                .all(|transceiver| transceiver.is_measured)
        };
        let bits_per_second = self.measured.bits_per_second;
        measured(Kind::Video).then(|| Capacity { bits_per_second, with_sound: measured(Kind::Audio) })
    }

    /// The transceiver that carries padding is as it is to be: nothing goes out on it itself.
    pub(super) fn has_padding(&mut self) {
        let mid = self.padding;
        let mut api = self.rtc.direct_api();
        if let Some(source) = api.stream_tx_by_mid(mid, None).map(|it| it.ssrc()) {
            api.remove_stream_tx(source);
        }
        self.pad();
    }

    /// Where there is nothing to be seen, there is nothing to look for either.
    fn pad(&mut self) {
        let direction = if self.measured.desire.pictures { Direction::SendOnly } else { Direction::Inactive };
        self.rtc.sdp_api().set_direction(self.padding, direction);
    }

    /// How much the downlink should take: str0m finds out whether it does.
    pub(crate) fn desire(&mut self, desire: Desire) {
        let began_or_ended = self.measured.desire.pictures != desire.pictures;
        self.measured.desire = desire;
        if began_or_ended {
            self.measured.told = 0.0;
            self.pad();
        }
        self.tell_desire();
    }

    fn tell_desire(&mut self) {
        let Measured { bits_per_second, desire, told, .. } = &mut self.measured;
        // str0m probes the downlink with twice as much. What it finds then it takes for all that there is, so that it must
        // not be too little; and much more than a thin downlink takes would displace what is said on it.
        let known = if desire.pictures { (*bits_per_second / 2.0).min(KEPT_MAX) } else { 0.0 };
        let desired = (desire.bits_per_second * DESIRED_FACTOR).min(*bits_per_second * STEP_MAX).max(known);
        // Every change may be followed by a look.
        if (desired - *told).abs() > *told * 0.1 {
            *told = desired;
            self.rtc.bwe().set_desired_bitrate(Bitrate::from(desired));
        }
    }

    /// What str0m says of the whole connection, every now and then.
    pub(crate) fn has_measured(&mut self, stats: &PeerStats) {
        self.count_unsent();
        if let Some(estimate) = stats.bwe_tx {
            let least = Bitrate::from(self.measured.least(stats));
            if estimate < least {
                self.rtc.bwe().reset(least);
            }
            let estimate = estimate.max(least);
            self.measured.bits_per_second = estimate.as_f64();
            self.tell_desire();
            if self.measured.looks(stats.timestamp) {
                self.rtc.bwe().reset(estimate);
            }
        }
    }

    /// What the guest's downlink took before this connection, as their page says: the estimate begins there. Whoever claims
    /// more than their downlink takes fills it themselves, until that shows.
    pub(crate) fn took(&mut self, bits_per_second: u32, now: Instant) {
        let took = u64::from(bits_per_second).clamp(FIRST_ESTIMATE, TOLD_MAX.into());
        (self.measured.bits_per_second, self.measured.took) = (took as f64, Some((took, now + TOLD)));
        self.rtc.bwe().reset(Bitrate::from(took));
    }

    /// What the downlink takes, where the guest's page is to be told: when it is another than it knows, and every now and
    /// then.
    pub(crate) fn news_of_downlink(&mut self, now: Instant) -> Option<Downlink> {
        let Measured { bits_per_second, desire, news, .. } = &mut self.measured;
        news.next(*bits_per_second, desire.people, now)
    }

    /// What the guest says of a transceiver. How many more packets have been lost comes back.
    pub(crate) fn has_lost(&mut self, stats: &MediaEgressStats) -> u64 {
        let Some(lost) = stats.remote.as_ref().map(|it| it.packets_lost) else { return 0 };
        let before = self.measured.lost.insert(stats.mid, lost).unwrap_or(0);
        lost.saturating_sub(before)
    }

    /// Which transceiver, and which size on it, a source is.
    pub(crate) fn place_of(&mut self, source: str0m::rtp::Ssrc) -> Option<(Mid, Option<Rid>)> {
        self.rtc.direct_api().stream_rx(&source).map(|stream| (stream.mid(), stream.rid()))
    }

    /// Sends a packet on a transceiver.
    pub(crate) fn write(&mut self, mid: Mid, packet: RtpWrite) {
        let Some(declared) = self.declared.get(&mid) else { return };
        if let Some(stream) = self.rtc.direct_api().stream_tx(&declared.source.into()) {
            stream.write_rtp(packet);
            self.unsent += 1;
        }
    }

    /// A datagram comes out of str0m. `true`: it was the last packet, and until [`REST`] is over nothing else comes by
    /// itself. While str0m probes the downlink, or fills it up, it has to be told the time precisely.
    pub(crate) fn rests_after(&mut self, datagram: &[u8]) -> bool {
        if form(datagram) != Form::Rtp || is_resent(datagram) {
            return false;
        }
        self.unsent = self.unsent.saturating_sub(1);
        self.unsent == 0 && self.measured.bits_per_second >= self.measured.desire.bits_per_second
    }

    /// Packets go with a transceiver that ends, which nobody counts.
    fn count_unsent(&mut self) {
        let mut api = self.rtc.direct_api();
        let queued = |it: &Declared| Some(api.stream_tx(&it.source.into())?.queue_info()?.packet_count());
        self.unsent = self.declared.values().filter_map(queued).sum();
    }

    /// Asks the guest for a key frame.
    pub(crate) fn ask_for_key_frame(&mut self, mid: Mid, rid: Option<Rid>) -> bool {
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_rx_by_mid(mid, rid) else { return false };
        stream.request_keyframe(KeyframeRequestKind::Pli);
        true
    }
}

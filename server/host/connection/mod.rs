//! A connection to one guest: str0m's state, its transceivers, and what has been offered.
//!
//! str0m does not write descriptions here, since it would not say what a star needs said. It makes the connection from an
//! excerpt of them that has the data channels alone, and is told of transceivers and sources directly.

mod channel;
mod downlink;
mod guard;
mod media;
mod signals;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::bwe::Bitrate;
use str0m::change::SdpPendingOffer;
use str0m::channel::ChannelId;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Input, Rtc, RtcConfig};

use self::channel::Channel;
pub(crate) use self::downlink::Downlink;
use self::guard::Guard;
pub(crate) use self::guard::{Form, form};
pub(crate) use self::media::REST;
use self::media::{Declared, FIRST_ESTIMATE, Measured, extensions};
pub(crate) use self::signals::Said;
use crate::crypto;
use crate::room::{Bucket, Frame, LinkId, Pace};
use crate::sdp::{H264, Negotiation, Transceivers, Transport, VP8};

/// What a guest may say of the connection: a candidate costs little, another negotiation a lot.
const CANDIDATES: Pace = Pace { burst: 400.0, per_second: 20.0 };
const NEGOTIATIONS: Pace = Pace { burst: 60.0, per_second: 4.0 };
/// Channels that a guest opens beside ours are closed; one that goes on with it is hung up on.
const STRANGE_CHANNELS_MAX: u32 = 20;
/// Nothing has come for so long: the network has lost the guest. Browsers look for their far end every other second or so.
const SILENCE: Duration = Duration::from_secs(6);
/// Another way to the guest has to be found by then.
const SEARCH: Duration = Duration::from_secs(15);
/// An original page looks for no other way; where nothing comes from it for so long, it is gone.
const SILENCE_MAX: Duration = Duration::from_secs(25);
/// A connection that is made at all is made by then, as a rule.
const ARRIVAL: Duration = Duration::from_secs(3);
/// What a page says when its connection is there comes within this.
const FIRST_WORDS: Duration = Duration::from_millis(150);
/// How often str0m is asked what it has measured.
const STATS_INTERVAL: Duration = Duration::from_millis(500);
/// Packets of a picture that are kept for those who ask for them again.
const RESEND_PACKETS: usize = 600;

/// An offer of ours that the guest has not answered, as far as str0m is concerned.
#[derive(Debug)]
struct Pending {
    offer: SdpPendingOffer,
    ufrag: String,
    password: String,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Connection {
    rtc: Rtc,
    pub(crate) transceivers: Transceivers,
    negotiation: Negotiation,
    channel: Channel,
    /// What str0m calls the section of the data channels.
    channel_mid: String,
    /// A transceiver that the guest never hears of. str0m fills up what it looks at a connection with only where it has one
    /// of its own descriptions that sends.
    padding: Mid,
    pending: Option<Pending>,
    /// The guest's part, as it was said last.
    theirs: Transport,
    /// We begin the handshake of the encryption.
    active: bool,
    candidates: Vec<SocketAddr>,
    /// Transceivers that str0m knows.
    declared: HashMap<Mid, Declared>,
    measured: Measured,
    guard: Guard,
    candidate_bucket: Bucket,
    negotiation_bucket: Bucket,
    strange_channels: u32,
    began_at: Instant,
    opened_at: Option<Instant>,
    /// When something came last that is known to be the guest's.
    heard_at: Instant,
    steady: bool,
    /// The page looks for another way when the network loses it, or would be looked for.
    restarts: bool,
    /// It can send a picture in several sizes at once.
    pub(crate) layers: bool,
    failed: bool,
    /// The guest was heard to hang up.
    parted: bool,
    /// Another page answers than the one that was connected.
    replaced: bool,
    /// When str0m is to be told the time.
    pub(crate) next: Instant,
    /// It is to be asked what it has to give out.
    pub(crate) touched: bool,
    /// Packets that str0m was given and has not given out.
    unsent: usize,
}

impl Connection {
    /// A connection that is about to offer. `None`: str0m would not have it, which no guest can bring about.
    pub(crate) fn new(candidates: &[SocketAddr], seed: u32, now: Instant) -> Option<Self> {
        let mut config = RtcConfig::new()
            .set_crypto_provider(crypto::provider())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true)
            .set_extension_map(extensions(true))
            .set_stats_interval(Some(STATS_INTERVAL))
            .enable_bwe(Some(Bitrate::from(FIRST_ESTIMATE)))
            .set_send_buffer_video(RESEND_PACKETS);
        let codecs = config.codec_config();
        codecs.enable_vp8(true);
        codecs.add_h264(H264.number.into(), H264.resend.map(Into::into), true, 0x42_e0_1f);
        debug_assert!(codecs.params().iter().any(|it| *it.pt() == VP8.number));
        let mut rtc = config.build(now);
        for address in candidates {
            rtc.add_local_candidate(Candidate::host(*address, Protocol::Udp).ok()?);
        }
        rtc.direct_api().enable_twcc_feedback();
        let mut change = rtc.sdp_api();
        let channel = Channel::new(change.add_channel(label(seed)));
        let padding = change.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        let (offer, pending) = change.apply()?;
        let offer = offer.to_sdp_string();
        let channel_mid = offer.lines().find_map(|line| line.strip_prefix("a=mid:"))?.to_owned();
        let creds = rtc.direct_api().local_ice_credentials();
        let pending = Pending { offer: pending, ufrag: creds.ufrag, password: creds.pass };
        Some(Self {
            rtc,
            transceivers: Transceivers::new(seed),
            negotiation: Negotiation::beginning_at(seed),
            channel,
            channel_mid,
            padding,
            pending: Some(pending),
            theirs: Transport::default(),
            active: false,
            candidates: candidates.to_vec(),
            declared: HashMap::new(),
            measured: Measured::new(),
            guard: Guard::new(),
            candidate_bucket: Bucket::new(CANDIDATES),
            negotiation_bucket: Bucket::new(NEGOTIATIONS),
            strange_channels: 0,
            began_at: now,
            opened_at: None,
            heard_at: now,
            steady: true,
            restarts: false,
            layers: false,
            failed: false,
            parted: false,
            replaced: false,
            next: now,
            touched: false,
            unsent: 0,
        })
    }

    /// Fragments of user names by which datagrams for this connection are known.
    pub(crate) fn ufrags(&mut self) -> impl Iterator<Item = String> {
        let own = self.rtc.direct_api().local_ice_credentials().ufrag;
        let pending = self.pending.as_ref().map(|it| it.ufrag.clone()).filter(|it| *it != own);
        [Some(own), pending].into_iter().flatten()
    }

    /// What the page at the other end can do.
    pub(crate) fn set_caps(&mut self, restarts: bool, layers: bool) {
        (self.restarts, self.layers) = (restarts, layers);
    }

    /// A datagram that is taken to be the guest's. `true`: it is known to be, by its sender's credentials.
    pub(crate) fn receive(&mut self, source: SocketAddr, destination: SocketAddr, bytes: &[u8], now: Instant) -> bool {
        let early = !self.negotiation.has_met() && form(bytes) != Form::Stun;
        if early || !self.guard.passes(bytes, now) {
            return false;
        }
        let Ok(receive) = Receive::new(Protocol::Udp, source, destination, bytes) else { return false };
        let input = Input::Receive(now, receive);
        if !self.rtc.accepts(&input) {
            return false;
        }
        let stun = form(bytes) == Form::Stun;
        if stun && !self.guard.takes_way(source) {
            self.seek();
            return false;
        }
        if stun {
            self.heard_at = now;
        }
        if self.rtc.handle_input(input).is_err() {
            self.failed = true;
        }
        stun
    }

    /// Tells str0m the time.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.rtc.handle_input(Input::Timeout(now)).is_err() {
            self.failed = true;
        }
    }

    /// What str0m has to give out next.
    pub(crate) fn poll(&mut self) -> Option<str0m::Output> {
        if self.failed || !self.rtc.is_alive() {
            self.failed = true;
            return None;
        }
        match self.rtc.poll_output() {
            Ok(output) => Some(output),
            Err(_) => {
                self.failed = true;
                None
            }
        }
    }

    /// The connection has ended, whatever the reason.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// The guest hangs up.
    pub(crate) fn part(&mut self) {
        (self.failed, self.parted) = (true, true);
    }

    /// Whether it has ended without a goodbye: what a guest is taken to have said that has been silent for long was none.
    pub(crate) fn is_lost(&self) -> bool {
        !self.parted || !self.steady
    }

    /// Whether another page answers than the one that was connected.
    pub(crate) fn is_replaced(&self) -> bool {
        self.replaced
    }

    /// Looks for another way to the guest, and sees whether they are there still.
    pub(crate) fn seek(&mut self) {
        if self.restarts {
            self.negotiation.restart();
        }
    }

    /// Whether the network gives signs of the guest.
    pub(crate) fn is_steady(&self) -> bool {
        self.steady && self.channel.is_open()
    }

    /// Hangs up: what is left to send says so.
    pub(crate) fn close(&mut self) {
        if self.rtc.close().is_err() {
            self.failed = true;
        }
    }

    /// A channel has opened. `true`: it is ours.
    pub(crate) fn channel_opened(&mut self, id: ChannelId, now: Instant) -> bool {
        if id == self.channel.id() {
            self.opened_at.get_or_insert(now);
            self.channel.opened(&mut self.rtc);
            return true;
        }
        self.strange_channels += 1;
        self.failed |= self.strange_channels > STRANGE_CHANNELS_MAX;
        self.rtc.direct_api().close_data_channel(id);
        false
    }

    pub(crate) fn is_channel(&self, id: ChannelId) -> bool {
        id == self.channel.id()
    }

    /// Whether messages can go over it.
    pub(crate) fn is_open(&self) -> bool {
        self.channel.is_open()
    }

    /// Whether it is being made, or the guest has only begun to say what they show and want to see.
    pub(crate) fn is_arriving(&self, now: Instant) -> bool {
        self.opened_at.map_or(now < self.began_at + ARRIVAL, |at| now < at + FIRST_WORDS)
    }

    /// What does not fit yet waits. `droppable`: rather left out than waiting behind much else.
    /// `by`: whose message it is, where they are another guest's.
    pub(crate) fn send(&mut self, frame: Frame, droppable: bool, by: Option<LinkId>) {
        self.failed |= !self.channel.send(frame, droppable, by, &mut self.rtc);
    }

    /// There is room again for what waits.
    pub(crate) fn flush(&mut self) {
        self.failed |= !self.channel.flush(&mut self.rtc);
    }

    /// Whether the network has lost the guest or found them again since this was asked last. Where it has lost a page that
    /// would look for another way, one is looked for, and where it finds none the connection fails.
    pub(crate) fn steadiness(&mut self, now: Instant) -> Option<bool> {
        if !self.channel.is_open() {
            return None;
        }
        let silent = now.saturating_duration_since(self.heard_at);
        let longest = if self.restarts { SILENCE + SEARCH } else { SILENCE_MAX };
        self.failed |= silent >= longest;
        let steady = silent < SILENCE;
        if steady == self.steady {
            return None;
        }
        self.steady = steady;
        if !steady && self.restarts {
            self.negotiation.restart();
        }
        Some(steady)
    }

    /// When something is to be done that str0m knows nothing of.
    pub(crate) fn next_timeout(&self) -> Instant {
        let silent_at = if self.steady {
            self.heard_at + SILENCE
        } else if self.restarts {
            self.heard_at + SILENCE + SEARCH
        } else {
            self.heard_at + SILENCE_MAX
        };
        let silent_at = self.channel.is_open().then_some(silent_at);
        let others = [silent_at, self.negotiation.next_timeout()].into_iter().flatten();
        others.fold(self.next, Instant::min)
    }
}

/// A channel's label as the original has it: forty hexadecimal digits, which mean nothing.
fn label(seed: u32) -> String {
    format!("{seed:08x}").repeat(5)
}

//! What comes of one track: in which sizes, and how much of each.

use std::time::{Duration, Instant};

use str0m::media::Rid;
use str0m::rtp::RtpPacket;

use crate::room::Size;

/// A size of a picture; `None` where it comes in one alone.
pub(crate) type Layer = Option<Rid>;

/// One that has been silent for so much longer than another one of the same picture is not sent any more.
const SILENCE: Duration = Duration::from_millis(500);
/// More than before counts in full after a few times as many seconds, and less after some more.
const RISE_WINDOW: f64 = 0.7;
const FALL_WINDOW: f64 = 3.0;
/// Until it has come for so long, nobody knows how much it is.
const YOUNG: Duration = Duration::from_secs(1);
/// The sizes of a picture begin together.
const OTHERS: Duration = Duration::from_millis(200);
/// More than this our descriptions do not offer, and one that comes without a name.
const SIZES_MAX: usize = 4;

/// One size of a picture, or a sound.
#[derive(Debug)]
pub(super) struct Inflow {
    pub(super) layer: Layer,
    source: u32,
    since: Instant,
    last: Instant,
    /// The greatest number that has come.
    sequence: u64,
    /// Since it was last measured, without what goes around it on the network: downlinks are measured so too.
    bytes: f64,
    rate: f64,
    /// Of a picture, where it says it.
    height: Option<u16>,
}

/// What comes on one transceiver, the largest first.
#[derive(Debug, Default)]
pub(super) struct Inflows {
    sizes: Vec<Inflow>,
}

/// What a packet has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    /// It is the first of its size.
    pub(super) new: bool,
    /// The sender has begun to count anew.
    pub(super) restarted: bool,
    /// How many before it have not come.
    pub(super) missing: u64,
}

/// The largest first; what has no name is as large as can be.
fn rank(layer: Layer) -> usize {
    let names = crate::sdp::LAYERS;
    layer.and_then(|layer| names.iter().position(|name| *name == &*layer)).unwrap_or(0)
}

/// How high a picture of a camera is, as a rule, in pixels.
fn usual_height(layer: Layer) -> u16 {
    720 >> rank(layer)
}

/// What a camera's picture takes, as a rule, in bits a second.
fn usual_rate(layer: Layer) -> f64 {
    match (layer, rank(layer)) {
        (None, _) => 0.0,
        (_, 0) => 1_200_000.0,
        (_, 1) => 400_000.0,
        _ => 120_000.0,
    }
}

/// Higher than this, in pixels, there is no more to see at this size.
fn height_for(size: Size) -> u16 {
    match size {
        Size::None | Size::Hidden | Size::Small => 180,
        Size::Medium => 360,
        Size::Large => u16::MAX,
    }
}

impl Inflow {
    /// Bits a second, as far as that is known.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        let young = now.saturating_duration_since(self.since) < YOUNG;
        if young { self.rate.max(usual_rate(self.layer)) } else { self.rate }
    }

    /// Whether no smaller one comes, as far as can be told.
    pub(super) fn is_last(&self, now: Instant) -> bool {
        let smallest = self.layer.is_none_or(|_| rank(self.layer) + 1 == crate::sdp::LAYERS.len());
        smallest || now.saturating_duration_since(self.since) >= OTHERS
    }

    fn height(&self) -> u16 {
        self.height.unwrap_or(usual_height(self.layer))
    }
}

impl Inflows {
    pub(super) fn came(&mut self, layer: Layer, packet: &RtpPacket, height: Option<u16>, now: Instant) -> Came {
        let (source, sequence) = (*packet.header.ssrc, *packet.seq_no);
        let mut came = Came::default();
        let found = self.sizes.iter().position(|it| it.layer == layer);
        let at = found.unwrap_or_else(|| {
            came.new = true;
            if self.sizes.len() >= SIZES_MAX {
                self.sizes.pop();
            }
            let at = self.sizes.partition_point(|it| rank(it.layer) <= rank(layer));
            let (bytes, rate) = (0.0, 0.0);
            self.sizes.insert(at, Inflow { layer, source, since: now, last: now, sequence, bytes, rate, height: None });
            at
        });
        let inflow = &mut self.sizes[at];
        if inflow.source != source {
            came.restarted = true;
            (inflow.source, inflow.sequence) = (source, sequence);
        }
        came.missing = sequence.saturating_sub(inflow.sequence + 1);
        inflow.sequence = inflow.sequence.max(sequence);
        inflow.last = now;
        inflow.bytes += packet.payload.len() as f64;
        inflow.height = height.or(inflow.height);
        came
    }

    /// So much time has passed since this was called last.
    pub(super) fn measure(&mut self, passed: Duration) {
        let seconds = passed.as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        // One that rests takes what it took before when it comes back.
        for inflow in self.sizes.iter_mut().filter(|it| it.bytes > 0.0) {
            let rate = std::mem::take(&mut inflow.bytes) * 8.0 / seconds;
            let window = if rate > inflow.rate { RISE_WINDOW } else { FALL_WINDOW };
            inflow.rate += (rate - inflow.rate) * (1.0 - (-seconds / window).exp());
        }
    }

    /// The sizes that are being sent, the largest first.
    pub(super) fn live(&self) -> impl DoubleEndedIterator<Item = &Inflow> {
        let newest = self.sizes.iter().map(|it| it.last).max();
        self.sizes.iter().filter(move |it| newest.is_some_and(|newest| newest < it.last + SILENCE))
    }

    /// Those that fit a size of its display, the smallest first: the last is as good as any larger one.
    pub(super) fn for_size(&self, size: Size) -> impl Iterator<Item = &Inflow> {
        let enough = |it: &&Inflow| u32::from(it.height()) * 10 >= u32::from(height_for(size)) * 9;
        let best = self.live().rev().find(enough).or_else(|| self.live().next()).map(|it| it.layer);
        let rank_of_best = best.map_or(0, rank);
        self.live().rev().filter(move |it| rank(it.layer) >= rank_of_best)
    }

    /// All of it, in bits a second.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        self.sizes.iter().map(|it| it.rate(now)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflow(layer: &str, last: Instant, height: Option<u16>) -> Inflow {
        let layer = Some(Rid::from(layer));
        Inflow { layer, source: 1, since: last, last, sequence: 1, bytes: 0.0, rate: 0.0, height }
    }

    fn names<'a>(found: impl Iterator<Item = &'a Inflow>) -> String {
        found.filter_map(|it| it.layer).map(|it| it.to_string()).collect()
    }

    #[test]
    fn no_more_is_taken_than_can_be_seen() {
        let now = Instant::now();
        let of = |heights: [u16; 3]| Inflows {
            sizes: ["h", "m", "l"].iter().zip(heights).map(|(name, height)| inflow(name, now, Some(height))).collect(),
        };
        let camera = of([720, 360, 180]);
        assert_eq!(names(camera.for_size(Size::Small)), "l");
        assert_eq!(names(camera.for_size(Size::Medium)), "lm");
        assert_eq!(names(camera.for_size(Size::Large)), "lmh");
        // A small camera's smallest picture is too small for anything.
        assert_eq!(names(of([360, 180, 90]).for_size(Size::Small)), "lm");
        assert_eq!(names(of([240, 120, 60]).for_size(Size::Medium)), "lmh");
    }

    #[test]
    fn a_size_that_its_sender_has_stopped_is_not_there() {
        let now = Instant::now();
        let late = now + Duration::from_millis(800);
        let sizes = vec![inflow("h", now, None), inflow("m", late, None), inflow("l", late, None)];
        let inflows = Inflows { sizes };
        assert_eq!(names(inflows.live()), "ml");
        assert_eq!(names(inflows.for_size(Size::Large)), "lm");
        // Where nothing comes at all, nothing has been stopped in favour of anything else.
        let alone = Inflows { sizes: vec![inflow("h", now, None)] };
        assert_eq!(names(alone.for_size(Size::Small)), "h");
    }

    #[test]
    fn what_comes_is_measured() {
        let now = Instant::now();
        let mut inflows = Inflows { sizes: vec![inflow("l", now, None)] };
        for _ in 0..20 {
            inflows.sizes[0].bytes = 12_500.0;
            inflows.measure(Duration::from_millis(250));
        }
        let later = now + Duration::from_secs(5);
        assert!((390_000.0..=400_000.0).contains(&inflows.rate(later)), "{}", inflows.rate(later));
        // A young one is taken for what it will be.
        assert!(inflow("h", now, None).rate(now) > 1_000_000.0);
    }
}

//! What every viewer gets: whose pictures, and each in which size.

use std::time::{Duration, Instant};

use super::copy::Copy;
use super::inflow::Layer;
use super::sharing::{Picture, share};
use super::{Forwarding, TransceiverId};
use crate::room::{LinkId, Size};
use crate::sdp::Kind;

/// So many people are seen who are shown no larger than others: those who have spoken last.
const SEEN_MAX: usize = 9;
/// Not all of what a downlink is said to take is for pictures: some comes twice, and some is for messages.
const USABLE: f64 = 0.95;
/// For a voice that may begin at any time.
const VOICE_RATE: f64 = 40_000.0;
/// Over a new downlink one picture is sent in any case, for so long.
const BEGINNING: Duration = Duration::from_secs(5);
/// The last picture stays for so long where there is no room for it: while a downlink is probed it seems to take less.
const PATIENCE: Duration = Duration::from_secs(3);
/// After something had to become smaller nothing becomes larger for so long, and for longer each time that it was too soon.
const HOLD: Duration = Duration::from_secs(5);
const HOLD_MAX: Duration = Duration::from_secs(40);

/// What is known of a viewer's downlink.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Capacity {
    pub(crate) bits_per_second: f64,
    /// Sound is part of it.
    pub(crate) with_sound: bool,
}

/// What it would take for somebody to be shown everything as large as they show it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Desire {
    pub(crate) bits_per_second: f64,
    /// Of that, for voices and faces. What a screen takes comes from one sender, who finds out what there is room for.
    pub(crate) people: f64,
    /// There is something to be seen.
    pub(crate) pictures: bool,
}

/// Somebody who is shown pictures.
#[derive(Debug)]
pub(super) struct Viewer {
    /// `None` where nobody knows: everything is sent then.
    pub(super) capacity: Option<Capacity>,
    /// Since when there is anything to be seen.
    since: Option<Instant>,
    /// Since when there is no room for the most important picture in its smallest size.
    short: Option<Instant>,
    held_until: Option<Instant>,
    hold: Duration,
    pub(super) desire: Desire,
}

impl Viewer {
    pub(super) fn new(capacity: Option<Capacity>) -> Self {
        Self { capacity, since: None, short: None, held_until: None, hold: HOLD, desire: Desire::default() }
    }

    fn is_held(&self, now: Instant) -> bool {
        self.held_until.is_some_and(|until| now < until)
    }

    fn lowered(&mut self, now: Instant) {
        if self.is_held(now) {
            return;
        }
        let soon = self.held_until.is_some_and(|until| now.saturating_duration_since(until) < self.hold * 2);
        self.hold = if soon { (self.hold * 2).min(HOLD_MAX) } else { HOLD };
        self.held_until = Some(now + self.hold);
    }
}

/// A picture that may be sent, and its sizes, the smallest first.
struct Shown {
    to: TransceiverId,
    from: TransceiverId,
    sizes: Vec<Layer>,
    picture: Picture,
    primary: bool,
    /// A smaller one than these is not to be expected.
    settled: bool,
}

impl Shown {
    fn is_short_of(&self, room: f64) -> bool {
        self.picture.rates.first().is_some_and(|rate| *rate > room)
    }
}

/// What is most important to be seen: what a screen shows, then who is shown large.
fn importance(copy: &Copy) -> u8 {
    match copy.size {
        _ if !copy.primary => 0,
        Some(Size::Large) => 1,
        None | Some(Size::Medium) => 2,
        Some(Size::Small | Size::Hidden | Size::None) => 3,
    }
}

impl Forwarding {
    /// Everybody's pictures anew.
    pub(super) fn allot_all(&mut self, now: Instant) {
        let links: Vec<_> = self.seers.keys().copied().collect();
        links.into_iter().for_each(|link| self.allot(link, now));
    }

    /// A viewer's pictures anew.
    pub(super) fn allot(&mut self, link: LinkId, now: Instant) {
        let shown = self.shown_to(link, now);
        let sound = self.sound_of(link, now);
        let Some(viewer) = self.seers.get_mut(&link) else { return };
        viewer.since = if shown.is_empty() { None } else { viewer.since.or(Some(now)) };
        let largest = |it: &Shown| it.picture.rates.last().copied().unwrap_or(0.0);
        let faces: f64 = shown.iter().filter(|it| it.primary).map(largest).sum();
        let screens: f64 = shown.iter().filter(|it| !it.primary).map(largest).sum();
        let people = sound + faces;
        viewer.desire = Desire { bits_per_second: people + screens, people, pictures: !shown.is_empty() };
        let room = viewer.capacity.map_or(f64::INFINITY, |it| {
            let sound = if it.with_sound { sound } else { 0.0 };
            it.bits_per_second * USABLE - sound
        });
        let held = viewer.is_held(now);
        viewer.short = shown.first().filter(|it| it.is_short_of(room)).map(|_| viewer.short.unwrap_or(now));
        let begins = viewer.since.is_some_and(|since| now < since + BEGINNING);
        let stays = viewer.short.is_some_and(|since| now < since + PATIENCE);
        let anyway = shown.first().is_some_and(|it| it.settled && (begins || (stays && it.picture.now.is_some())));
        let held = |it: &Shown| Picture { held: it.picture.held && held, ..it.picture.clone() };
        let pictures: Vec<_> = shown.iter().map(held).collect();
        let chosen = share(&pictures, room, anyway);
        if pictures.iter().zip(&chosen).any(|(picture, chosen)| *chosen < picture.now) {
            viewer.lowered(now);
        }
        self.allotted.push(link);
        for (to, copy) in self.copies.iter_mut().filter(|(to, _)| to.link == link) {
            let found = shown.iter().zip(&chosen).find(|(it, _)| it.to == *to);
            if let (Kind::Video, None | Some((_, None))) = (copy.kind, found) {
                copy.stop();
                copy.fresh = found.is_none();
            }
        }
        for (it, chosen) in shown.iter().zip(chosen) {
            let Some(layer) = chosen.and_then(|at| it.sizes.get(at).copied()) else { continue };
            let aimed = self.copies.get_mut(&it.to).is_some_and(|copy| copy.aim(layer, now));
            if aimed {
                self.want((it.from, layer), now);
            }
        }
    }

    /// The pictures that somebody may be sent, the most important first.
    fn shown_to(&self, link: LinkId, now: Instant) -> Vec<Shown> {
        let pictures = |(to, copy): (&TransceiverId, &Copy)| {
            let shown = copy.flows && copy.kind == Kind::Video && copy.size != Some(Size::Hidden);
            shown.then_some((*to, copy.from?, importance(copy), copy.primary))
        };
        let own = self.copies.iter().filter(|(to, _)| to.link == link);
        let mut found: Vec<_> = own.filter_map(pictures).collect();
        found.sort_by_key(|(to, from, _, _)| (self.speakers.rank(from.link), *to));
        let cameras = found.iter().filter(|(_, _, _, primary)| *primary).count();
        if cameras > SEEN_MAX {
            let mut seen = 0;
            found.retain(|(_, _, importance, primary)| {
                seen += usize::from(*primary);
                seen <= SEEN_MAX || *importance < 2
            });
        }
        found.sort_by_key(|(_, _, importance, _)| *importance);
        found.into_iter().filter_map(|(to, from, ..)| self.picture(to, from, now)).collect()
    }

    fn picture(&self, to: TransceiverId, from: TransceiverId, now: Instant) -> Option<Shown> {
        let (copy, inflows) = (self.copies.get(&to)?, self.inflows.get(&from)?);
        let sizes: Vec<_> = inflows.for_size(copy.size.unwrap_or(Size::Large)).collect();
        let last = sizes.len().checked_sub(1)?;
        // One that is larger than it is shown, or has stopped, is as good as the largest that may be sent.
        let at = |layer| sizes.iter().position(|it| it.layer == layer).unwrap_or(last);
        let picture = Picture {
            rates: sizes.iter().map(|it| it.rate(now)).collect(),
            now: copy.wanted().map(at),
            held: !copy.fresh,
        };
        let settled = sizes.first().is_some_and(|it| it.is_last(now));
        let primary = copy.primary;
        Some(Shown { to, from, sizes: sizes.iter().map(|it| it.layer).collect(), picture, primary, settled })
    }

    /// What the sound takes that somebody hears.
    fn sound_of(&self, link: LinkId, now: Instant) -> f64 {
        let sounds = self.copies.iter().filter(|(to, copy)| to.link == link && copy.kind == Kind::Audio && copy.flows);
        let rates = sounds.filter_map(|(_, copy)| Some(self.inflows.get(&copy.from?)?.rate(now)));
        rates.fold(None, |sum: Option<f64>, rate| Some(sum.unwrap_or(0.0) + rate)).map_or(0.0, |it| it.max(VOICE_RATE))
    }
}

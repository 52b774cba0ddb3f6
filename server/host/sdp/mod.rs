//! Offers and answers: which transceiver of a connection carries what, and what the descriptions say of it.
//!
//! A transceiver is a section `m=` of the descriptions (RFC 8829, section 3.4). Each carries one stream to the guest and
//! then ends, unless the guest sends on it; the section of one that has ended is given to another, since sections only ever
//! grow in number. The host offers, and the guest may send on every transceiver at all times: a page puts a track of its
//! own on one that it receives on.
//!
//! **Invariants:** no connection in here, and nothing of str0m. Text in, text out.

mod codecs;
mod description;
mod negotiation;
mod write;

pub(crate) use codecs::{AUDIO_LEVEL, Codec, H264, Kind, MID, OPUS, REPAIRED_STREAM_ID, STREAM_ID, TRANSPORT_CC, VP8};
pub(crate) use description::{Description, Transport, is_token, parse};
use description::{Media, Section};
pub(crate) use negotiation::Negotiation;
pub(crate) use write::{LAYERS, Ours};

/// One of each kind for every stream of a full room, and some.
const TRANSCEIVERS_MAX: usize = 200;
/// More than a call with many screens needs; a page that asks on is not answered.
const REQUESTS_MAX: u32 = 64;
/// How often a stream is put on another transceiver because the guest would not have it there.
const MOVES_MAX: u32 = 8;

/// A track of a stream: there is one of a kind at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Track {
    pub(crate) stream: String,
    pub(crate) kind: Kind,
}

/// What a transceiver carries to the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sends {
    track: Track,
    /// The track's id for the guest. No two transceivers say the same pair of ids, whatever they have carried.
    id: u32,
}

/// What a transceiver is said to be, or has been said and answered to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Unsaid,
    Receives,
    /// The id of the track.
    Sends(u32),
    Stopped,
}

/// What is sent and received under one `mid`.
#[derive(Debug)]
pub(crate) struct Transceiver {
    pub(crate) mid: String,
    pub(crate) kind: Kind,
    /// Our source on it, and that of its retransmissions.
    pub(crate) ssrc: u32,
    pub(crate) resend_ssrc: u32,
    sends: Option<Sends>,
    /// It comes to its end, and its place is free for another one then.
    stopping: bool,
    /// What the guest has answered to last, and what it has been offered since.
    answered: Said,
    offered: Said,
    /// It has carried something before.
    used: bool,
    /// The guest would not receive on it.
    refused: bool,
    /// What the guest sends on it, as its answer says; an empty id where it says none.
    comes: Option<String>,
    /// Sources of the guest's.
    pub(crate) sources: Vec<(u32, Option<u32>)>,
    /// The sizes that the guest sends its picture in.
    pub(crate) layers: Vec<String>,
    /// The guest says which packets on it have come, as long as nobody knows otherwise.
    pub(crate) is_measured: bool,
}

impl Transceiver {
    fn target(&self) -> Said {
        match &self.sends {
            _ if self.stopping => Said::Stopped,
            Some(sends) => Said::Sends(sends.id),
            None => Said::Receives,
        }
    }

    /// What it carries to the guest, once the guest knows of it.
    pub(crate) fn carries(&self) -> Option<&Track> {
        let sends = self.sends.as_ref().filter(|sends| self.answered == Said::Sends(sends.id) && !self.refused)?;
        Some(&sends.track)
    }

    /// The track that comes from the guest.
    pub(crate) fn comes(&self) -> Option<Track> {
        let stream = self.comes.clone().filter(|it| !it.is_empty())?;
        Some(Track { stream, kind: self.kind })
    }

    /// Whether anything comes from the guest.
    pub(crate) fn is_sent_on(&self) -> bool {
        self.comes.is_some()
    }

    /// Whether it can carry something else: never while the guest may still show what it carried before.
    fn is_free(&self, kind: Kind) -> bool {
        let rests = matches!(self.answered, Said::Unsaid | Said::Receives);
        self.kind == kind
            && self.sends.is_none()
            && !self.stopping
            && !self.refused
            && rests
            && matches!(self.offered, Said::Unsaid | Said::Receives)
            && !self.used
    }
}

/// The transceivers of one connection. The first section, which is not among them, is that of the data channels.
#[derive(Debug)]
pub(crate) struct Transceivers {
    all: Vec<Transceiver>,
    next_mid: u32,
    next_track: u32,
    next_ssrc: u32,
    requests: u32,
    moves: u32,
    version: u64,
}

impl Transceivers {
    /// `seed` is any number, for sources.
    pub(crate) fn new(seed: u32) -> Self {
        Self { all: Vec::new(), next_mid: 1, next_track: 1, next_ssrc: seed, requests: 0, moves: 0, version: 1 }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Transceiver> {
        self.all.iter()
    }

    /// What they carry, whether or not the guest knows of it yet.
    pub(crate) fn carried(&self) -> impl Iterator<Item = &Track> {
        self.all.iter().filter_map(|transceiver| transceiver.sends.as_ref().map(|sends| &sends.track))
    }

    pub(crate) fn get(&self, mid: &str) -> Option<&Transceiver> {
        self.all.iter().find(|transceiver| transceiver.mid == mid)
    }

    /// What is to be sent to the guest from now on. A transceiver carries one stream in its life: an original page stops
    /// for good what it has shown on one, and Chromium (156) decodes what comes on one that has rested, and shows nothing
    /// of it.
    pub(crate) fn wish(&mut self, wished: &[Track]) {
        for transceiver in &mut self.all {
            let keeps = transceiver.sends.as_ref().is_some_and(|sends| wished.contains(&sends.track));
            if transceiver.sends.is_none() || (keeps && !transceiver.refused) {
                continue;
            }
            transceiver.sends = None;
            // Nothing else can be shown on it, so that its place is given to another.
            transceiver.stopping = !transceiver.is_sent_on();
        }
        for track in wished {
            let carried = self
                .all
                .iter()
                .any(|transceiver| transceiver.sends.as_ref().is_some_and(|sends| sends.track == *track));
            if !carried && is_token(&track.stream) {
                self.carry(track);
            }
        }
    }

    fn carry(&mut self, track: &Track) {
        let free = self.all.iter().position(|transceiver| transceiver.is_free(track.kind));
        let Some(at) = free.or_else(|| self.add(track.kind)) else { return };
        let id = self.next_track;
        self.next_track += 1;
        let transceiver = &mut self.all[at];
        transceiver.sends = Some(Sends { track: track.clone(), id });
        transceiver.used = true;
    }

    /// One more, in the place of one that has ended if there is such a one.
    fn add(&mut self, kind: Kind) -> Option<usize> {
        let place =
            self.all.iter().position(|transceiver| transceiver.stopping && transceiver.answered == Said::Stopped);
        if place.is_none() && self.all.len() >= TRANSCEIVERS_MAX {
            return None;
        }
        let mid = self.new_mid();
        let transceiver = self.transceiver(kind, mid);
        match place {
            Some(at) => {
                self.all[at] = transceiver;
                Some(at)
            }
            None => {
                self.all.push(transceiver);
                Some(self.all.len() - 1)
            }
        }
    }

    fn transceiver(&mut self, kind: Kind, mid: String) -> Transceiver {
        Transceiver {
            mid,
            kind,
            ssrc: self.new_ssrc(),
            resend_ssrc: self.new_ssrc(),
            sends: None,
            stopping: false,
            answered: Said::Unsaid,
            offered: Said::Unsaid,
            used: false,
            refused: false,
            comes: None,
            sources: Vec::new(),
            layers: Vec::new(),
            is_measured: true,
        }
    }

    fn new_mid(&mut self) -> String {
        loop {
            let mid = self.next_mid.to_string();
            self.next_mid += 1;
            if self.get(&mid).is_none() {
                return mid;
            }
        }
    }

    /// Numbers that look like nothing else's.
    fn new_ssrc(&mut self) -> u32 {
        self.next_ssrc = self.next_ssrc.wrapping_add(0x9e37_79b9).max(1);
        self.next_ssrc
    }

    /// The guest has a track that no transceiver has room for.
    pub(crate) fn request(&mut self, kind: Kind) {
        if self.requests < REQUESTS_MAX {
            self.requests += 1;
            self.add(kind);
        }
    }

    /// The guest asks for an offer: as a rule because it has something to send. Whatever that is finds room then.
    pub(crate) fn make_room(&mut self) {
        for kind in [Kind::Audio, Kind::Video] {
            if !self.all.iter().any(|transceiver| transceiver.kind == kind && !transceiver.stopping) {
                self.add(kind);
            }
        }
    }

    /// Whether the guest has been told other things than hold.
    pub(crate) fn need_offer(&self) -> bool {
        self.all.iter().any(|transceiver| transceiver.target() != transceiver.answered && !transceiver.refused)
    }

    /// An answer to the last offer.
    pub(crate) fn answer(&mut self, answer: &Description) {
        for transceiver in &mut self.all {
            let Some(section) =
                answer.sections.iter().find(|it| it.mid == transceiver.mid && it.media == Media::Of(transceiver.kind))
            else {
                continue;
            };
            transceiver.answered = transceiver.offered;
            transceiver.take(section);
            if section.rejected {
                transceiver.end();
            }
        }
        let refused = self.all.iter().filter(|transceiver| transceiver.refused && transceiver.sends.is_some()).count();
        let (refused, left) = (u32::try_from(refused).unwrap_or(MOVES_MAX), MOVES_MAX.saturating_sub(self.moves));
        self.moves += refused.min(left);
        if refused > left {
            // It does not have it anywhere: enough of that.
            self.all
                .iter_mut()
                .filter(|transceiver| transceiver.refused)
                .for_each(|transceiver| transceiver.refused = false);
        }
    }

    /// Takes an offer of the guest's, whose sections are ours in the order that we know, and behind them those that it has
    /// added. `false`: it is none that fits, and nothing has changed.
    pub(crate) fn offer(&mut self, offer: &Description) -> bool {
        let Some((first, sections)) = offer.sections.split_first() else { return false };
        let fits = |(transceiver, section): (&Transceiver, &Section)| {
            transceiver.mid == section.mid || transceiver.answered == Said::Unsaid
        };
        let known = |section: &Section| matches!(section.media, Media::Of(_)) && !section.mid.is_empty();
        let lost = self.all.iter().skip(sections.len()).any(|transceiver| transceiver.answered != Said::Unsaid);
        let good = first.media == Media::Channels
            && !lost
            && sections.len() <= TRANSCEIVERS_MAX
            && sections.iter().all(known)
            && self.all.iter().zip(sections).all(fits);
        if !good {
            return false;
        }
        // Sections that an offer of ours would have added come again behind those of the guest: that offer has given way.
        let said = |(transceiver, section): (&Transceiver, &Section)| transceiver.mid == section.mid;
        let places: Vec<_> = self.all.iter().zip(sections).map(said).collect();
        self.all.truncate(sections.len());
        for (at, section) in sections.iter().enumerate() {
            let Media::Of(kind) = section.media else { continue };
            if places.get(at) != Some(&true) {
                let transceiver = self.theirs(kind, &section.mid, write::has_codec(section, kind));
                match self.all.get_mut(at) {
                    Some(place) => *place = transceiver,
                    None => self.all.push(transceiver),
                }
            }
            let transceiver = &mut self.all[at];
            transceiver.take(section);
            transceiver.offered = transceiver.answered;
            if section.rejected {
                transceiver.end();
            }
        }
        true
    }

    /// A transceiver that the guest has added; one that has ended where we could make nothing of it.
    fn theirs(&mut self, kind: Kind, mid: &str, usable: bool) -> Transceiver {
        let mut transceiver = self.transceiver(kind, mid.to_owned());
        transceiver.answered = Said::Receives;
        if !usable {
            transceiver.end();
        }
        transceiver
    }
}

impl Transceiver {
    fn end(&mut self) {
        (self.stopping, self.answered, self.offered) = (true, Said::Stopped, Said::Stopped);
        (self.sends, self.comes) = (None, None);
    }

    /// What the guest says of it.
    fn take(&mut self, section: &Section) {
        self.comes = (section.sends && !section.rejected).then(|| section.stream.clone().unwrap_or_default());
        self.sources.clone_from(&section.ssrcs);
        // Packets of others would not be let in.
        let known = |layer: &&String| write::LAYERS.contains(&layer.as_str());
        self.layers = section.layers.iter().filter(known).cloned().collect();
        let measures = |(number, name): &(u8, String)| (*number, name.as_str()) == TRANSPORT_CC;
        self.is_measured = section.rejected || section.extensions.iter().any(measures);
        self.refused = matches!(self.answered, Said::Sends(_)) && !section.receives;
    }
}

#[cfg(test)]
mod tests;

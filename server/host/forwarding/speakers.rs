//! Who has spoken last, by what packets of sound say of themselves (RFC 6464).

use std::collections::HashMap;
use std::time::Instant;

use crate::room::LinkId;

/// In decibels below the loudest there is: quieter than this is a room, not a voice.
const VOICE_MIN: i8 = -45;
/// Packets of a voice, a fiftieth of a second each, less those without one: a cough is no speech.
const SPEECH_PACKETS: u8 = 10;
const PACKETS_MAX: u8 = 20;

#[derive(Debug, Default)]
struct Voice {
    loud: u8,
    spoke: Option<Instant>,
}

/// The people who are heard.
#[derive(Debug, Default)]
pub(super) struct Speakers {
    voices: HashMap<LinkId, Voice>,
}

impl Speakers {
    /// A packet of somebody's sound.
    pub(super) fn heard(&mut self, link: LinkId, level: i8, now: Instant) {
        let voice = self.voices.entry(link).or_default();
        voice.loud = if level > VOICE_MIN { (voice.loud + 1).min(PACKETS_MAX) } else { voice.loud.saturating_sub(1) };
        if voice.loud >= SPEECH_PACKETS {
            voice.spoke = Some(now);
        }
    }

    /// Who has spoken last comes first. Nobody loses a place to somebody who is silent.
    pub(super) fn rank(&self, link: LinkId) -> impl Ord + use<> {
        (std::cmp::Reverse(self.voices.get(&link).and_then(|it| it.spoke)), link)
    }

    pub(super) fn keep(&mut self, stays: impl Fn(LinkId) -> bool) {
        self.voices.retain(|link, _| stays(*link));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn speaks(speakers: &mut Speakers, link: u32, levels: &[i8], at: Instant) {
        levels.iter().for_each(|level| speakers.heard(LinkId(link), *level, at));
    }

    #[test]
    fn whoever_speaks_comes_first_and_noise_is_no_speech() {
        let now = Instant::now();
        let mut speakers = Speakers::default();
        let order = |speakers: &Speakers| {
            let mut links = [1, 2, 3].map(LinkId);
            links.sort_by_key(|link| speakers.rank(*link));
            links.map(|link| link.0)
        };
        assert_eq!(order(&speakers), [1, 2, 3]);
        speaks(&mut speakers, 3, &[-30; 12], now);
        assert_eq!(order(&speakers), [3, 1, 2]);
        // A cough, and a room that is never quite silent.
        speaks(&mut speakers, 2, &[-20; 5], now + Duration::from_secs(1));
        speaks(&mut speakers, 2, &[-60; 500], now + Duration::from_secs(1));
        assert_eq!(order(&speakers), [3, 1, 2]);
        speaks(&mut speakers, 2, &[-30; 12], now + Duration::from_secs(2));
        assert_eq!(order(&speakers), [2, 3, 1]);
    }
}

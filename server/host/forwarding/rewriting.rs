//! What a viewer is sent under one source, whatever the packets come from: numbers, times and pictures go on without a gap
//! when the track that a transceiver carries becomes another, or another size of it.

use std::time::Instant;

/// What of a packet is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Extended by how often it has begun anew.
    pub(super) sequence: u64,
    pub(super) time: u32,
    /// Of VP8, where the packet says one: 15 bits.
    pub(super) picture: Option<u16>,
    /// Of VP8: the running number of pictures that others refer to.
    pub(super) base_picture: Option<u8>,
}

/// The first number that goes out: far enough from zero for what comes before the first packet, and below the first 65,536,
/// which nobody could be told of (RFC 3711, section 3.3.1).
const FIRST: u64 = 1_000;

/// What is added to each, by wrapping.
#[derive(Clone, Copy, Debug, Default)]
struct Shift {
    /// The first number that is let through, and what it becomes.
    from: u64,
    to: u64,
    time: u32,
    picture: u16,
    base_picture: u8,
}

#[derive(Debug)]
pub(super) struct Rewriting {
    clock_rate: u32,
    shift: Option<Shift>,
    /// The last that went out, and when it was taken up.
    last: Option<(Numbers, Instant)>,
}

const PICTURE_MASK: u16 = 0x7fff;

impl Rewriting {
    pub(super) fn new(clock_rate: u32) -> Self {
        Self { clock_rate, shift: None, last: None }
    }

    /// What comes next is of another track, or comes after a break.
    pub(super) fn interrupt(&mut self) {
        self.shift = None;
    }

    /// The numbers under which a packet goes out that was taken up at `moment`; `None` for one from before the first that
    /// went out.
    pub(super) fn rewrite(&mut self, it: Numbers, moment: Instant) -> Option<Numbers> {
        let shift = *self.shift.get_or_insert_with(|| begin(self.last.as_ref(), it, moment, self.clock_rate));
        let sequence = it.sequence.checked_sub(shift.from)? + shift.to;
        let out = Numbers {
            sequence,
            time: it.time.wrapping_add(shift.time),
            picture: it.picture.map(|picture| picture.wrapping_add(shift.picture) & PICTURE_MASK),
            base_picture: it.base_picture.map(|picture| picture.wrapping_add(shift.base_picture)),
        };
        match &mut self.last {
            Some((last, at)) if last.sequence < sequence => {
                let (picture, base_picture) = (out.picture.or(last.picture), out.base_picture.or(last.base_picture));
                (*last, *at) = (Numbers { picture, base_picture, ..out }, moment);
            }
            Some(_) => {}
            None => self.last = Some((out, moment)),
        }
        Some(out)
    }
}

/// Where nothing has gone out yet, only the number is another.
fn begin(last: Option<&(Numbers, Instant)>, first: Numbers, moment: Instant, clock_rate: u32) -> Shift {
    let Some((last, at)) = last else {
        return Shift { from: first.sequence, to: FIRST, ..Shift::default() };
    };
    let passed = moment.saturating_duration_since(*at).as_millis().clamp(1, 3_600_000);
    // At most an hour, so that it fits.
    let ticks = u32::try_from(passed * u128::from(clock_rate / 1_000)).unwrap_or(u32::MAX);
    let next_picture = last.picture.map(|it| it.wrapping_add(1));
    let next_base = last.base_picture.map(|it| it.wrapping_add(1));
    Shift {
        from: first.sequence,
        to: last.sequence + 1,
        time: last.time.wrapping_add(ticks).wrapping_sub(first.time),
        picture: next_picture.zip(first.picture).map_or(0, |(next, is)| next.wrapping_sub(is)),
        base_picture: next_base.zip(first.base_picture).map_or(0, |(next, is)| next.wrapping_sub(is)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn numbers(sequence: u64, time: u32, picture: u16) -> Numbers {
        Numbers { sequence, time, picture: Some(picture), base_picture: Some(7) }
    }

    #[test]
    fn gaps_stay_gaps_and_what_is_older_than_the_first_is_left_out() {
        let now = Instant::now();
        let mut rewriting = Rewriting::new(90_000);
        assert_eq!(
            rewriting.rewrite(numbers(70_000, 5, 3), now),
            Some(Numbers { sequence: 1_000, ..numbers(0, 5, 3) })
        );
        assert_eq!(rewriting.rewrite(numbers(70_003, 6, 4), now).map(|it| it.sequence), Some(1_003));
        assert_eq!(rewriting.rewrite(numbers(70_001, 6, 4), now).map(|it| it.sequence), Some(1_001));
        assert_eq!(rewriting.rewrite(numbers(69_999, 4, 2), now), None);
    }

    #[test]
    fn another_track_goes_on_where_the_one_before_it_ended() {
        let now = Instant::now();
        let mut rewriting = Rewriting::new(90_000);
        rewriting.rewrite(numbers(10, 1_000, 0x7fff), now);
        rewriting.interrupt();
        let later = now + Duration::from_millis(100);
        let next = rewriting.rewrite(numbers(500, 77, 12), later).expect("the next one");
        assert_eq!((next.sequence, next.time, next.picture, next.base_picture), (1_001, 10_000, Some(0), Some(8)));
        let after = rewriting.rewrite(numbers(501, 3_077, 13), later).expect("the one after");
        assert_eq!((after.sequence, after.time, after.picture), (1_002, 13_000, Some(1)));
    }
}

//! When a packet was taken up at its sender, as a moment of ours. From it viewers learn what belongs together of sound and
//! picture.

use std::time::{Duration, Instant, SystemTime};

/// Further away than this no honest clock is.
const DRIFT_MAX: Duration = Duration::from_secs(10);

/// What is known of one sender's clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// A time of theirs, and the moment of ours at which it came.
    anchor: Option<(SystemTime, Instant)>,
}

/// What a sender has said last of one of its streams (RFC 3550, section 6.4.1): the time that goes with a packet's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) wall: SystemTime,
    pub(super) time: u32,
}

impl Clock {
    /// The moment of a packet with this time. Without a report it is that at which it came.
    pub(super) fn moment(&mut self, time: u32, clock_rate: u32, report: Option<Report>, came: Instant) -> Instant {
        let Some(report) = report else { return came };
        // What is behind the report is less than zero.
        let ticks = i64::from(time.wrapping_sub(report.time).cast_signed());
        let apart = Duration::from_micros(ticks.unsigned_abs() * 1_000_000 / u64::from(clock_rate));
        let wall = if ticks < 0 { report.wall.checked_sub(apart) } else { report.wall.checked_add(apart) };
        let Some(wall) = wall else { return came };
        let (theirs, ours) = *self.anchor.get_or_insert((wall, came));
        let moment = match wall.duration_since(theirs) {
            Ok(later) => ours.checked_add(later),
            Err(earlier) => ours.checked_sub(earlier.duration()),
        };
        let near = |it: &Instant| it.max(&came).saturating_duration_since(*it.min(&came)) < DRIFT_MAX;
        let Some(moment) = moment.filter(near) else {
            self.anchor = None;
            return came;
        };
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_and_picture_of_one_moment_get_one_moment() {
        let now = Instant::now();
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let mut clock = Clock::default();
        let sound = Report { wall, time: 48_000 };
        let picture = Report { wall: wall + Duration::from_millis(500), time: 90_000 };
        // A second behind the first report, and half a second behind the other one: the same moment.
        let heard = clock.moment(96_000, 48_000, Some(sound), now);
        let later = now + Duration::from_millis(80);
        assert_eq!(clock.moment(135_000, 90_000, Some(picture), later), heard);
        assert_eq!(clock.moment(135_000, 90_000, None, later), later);
    }

    #[test]
    fn a_clock_that_jumps_is_not_believed() {
        let now = Instant::now();
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let mut clock = Clock::default();
        clock.moment(0, 90_000, Some(Report { wall, time: 0 }), now);
        let jump = Report { wall: wall + Duration::from_secs(60), time: 0 };
        assert_eq!(clock.moment(0, 90_000, Some(jump), now), now);
    }
}

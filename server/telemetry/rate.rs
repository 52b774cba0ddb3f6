//! How often a line is written that clients can cause. Every line with a `reason` is one, wherever in the server it is made,
//! so that the log grows with the number of reasons and not with the number of connections.
use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// Lines of one event and reason in one [`WINDOW`].
const LINES_MAX: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);

/// Events of which one line says as much as ten.
const ONCE: &[&str] = &["refused"];

/// Events and reasons that are told apart. There are not as many, unless a reason holds what a client said.
const KINDS_MAX: usize = 256;
const NAME_BYTES_MAX: usize = 64;

/// Counts lines. A layer of its own below those that write. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates(Arc<Mutex<HashMap<Kind, Tally>>>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Kind {
    event: String,
    reason: String,
}

#[derive(Debug)]
struct Tally {
    since: Instant,
    n_lines: u32,
    n_omitted: u64,
}

impl Rates {
    /// May a line of this kind be written at this time?
    fn take(&self, kind: Kind, now: Instant) -> bool {
        let mut tallies = self.tallies();
        let is_known = tallies.len() < KINDS_MAX || tallies.contains_key(&kind);
        let lines_max = if ONCE.contains(&kind.event.as_str()) { 1 } else { LINES_MAX };
        let kind = if is_known { kind } else { Kind::default() };
        let tally = tallies.entry(kind).or_insert(Tally { since: now, n_lines: 0, n_omitted: 0 });
        if now.duration_since(tally.since) >= WINDOW {
            (tally.since, tally.n_lines) = (now, 0);
        }
        let fits = tally.n_lines < lines_max;
        if fits {
            tally.n_lines += 1
        } else {
            tally.n_omitted += 1
        }
        fits
    }

    /// What was left out since the last time.
    fn omitted(&self) -> Vec<(Kind, u64)> {
        let mut omitted = Vec::new();
        self.tallies().retain(|kind, tally| {
            if tally.n_omitted > 0 {
                omitted.push((kind.clone(), std::mem::take(&mut tally.n_omitted)));
            }
            // One that is quiet is forgotten, and made again when it is not.
            tally.since.elapsed() < WINDOW
        });
        omitted
    }

    pub(super) fn tell(&self) {
        for (Kind { event, reason }, lines) in self.omitted() {
            tracing::info!(event = "log_omitted", of = event, because = reason, lines);
        }
    }

    fn tallies(&self) -> MutexGuard<'_, HashMap<Kind, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Rates {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        // Who asks for every line gets every line.
        if *event.metadata().level() > Level::INFO || event.metadata().fields().field("reason").is_none() {
            return true;
        }
        let mut kind = Kind::default();
        event.record(&mut kind);
        self.take(kind, Instant::now())
    }
}

impl Visit for Kind {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = match field.name() {
            "event" => &mut self.event,
            "reason" => &mut self.reason,
            _ => return,
        };
        // A value that does not fit is told apart by its beginning.
        let _ = write!(Beginning(text), "{value:?}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

struct Beginning<'a>(&'a mut String);

impl fmt::Write for Beginning<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let n_free = NAME_BYTES_MAX.saturating_sub(self.0.len());
        self.0.extend(text.chars().take(n_free));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn kind(event: &str, reason: &str) -> Kind {
        Kind { event: event.to_owned(), reason: reason.to_owned() }
    }

    #[test]
    fn ten_lines_a_second_of_each_reason_and_one_of_a_refusal() {
        let (rates, now) = (Rates::default(), Instant::now());
        let taken = |kind: &Kind, n: usize, at: Instant| (0..n).filter(|_| rates.take(kind.clone(), at)).count();
        let (broken, silent, refused) =
            (kind("disconnect", "transport_error"), kind("disconnect", "ping_timeout"), kind("refused", "x"));
        assert_eq!([&broken, &silent, &refused].map(|it| taken(it, 1_000, now)), [10, 10, 1]);
        assert_eq!(taken(&broken, 5, now + WINDOW), 5);
        let mut omitted = rates.omitted();
        omitted.sort_by(|one, other| one.0.reason.cmp(&other.0.reason));
        assert_eq!(omitted, [(silent, 990), (broken, 990), (refused, 999)]);
        assert!(rates.omitted().is_empty());
    }

    #[test]
    fn reasons_without_end_share_one_bound() {
        let (rates, now) = (Rates::default(), Instant::now());
        let n_taken = (0..100_000).filter(|n| rates.take(kind("e", &n.to_string()), now)).count();
        assert_eq!((n_taken, rates.tallies().len()), (KINDS_MAX + LINES_MAX as usize, KINDS_MAX + 1));
    }

    #[test]
    fn lines_are_told_apart_by_what_stands_in_them() {
        let (rates, log) = (Rates::default(), Arc::new(Mutex::new(Vec::new())));
        let out = log.clone();
        let lines = tracing_subscriber::fmt::layer().with_writer(move || Out(out.clone()));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(rates).with(lines), || {
            for n in 0..100 {
                tracing::info!(event = "disconnect", reason = "broken", n);
                tracing::info!(event = "disconnect", reason = %"silent");
                tracing::debug!(event = "disconnect", reason = "every one");
                tracing::info!("without any");
            }
        });
        let text = String::from_utf8(log.lock().unwrap().clone()).unwrap();
        let n_lines = |it: &str| text.matches(it).count();
        assert_eq!(["broken", "silent", "every one", "without any"].map(n_lines), [10, 10, 100, 100], "{text}");
    }

    struct Out(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Out {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}

//! What has been logged and not been written yet.
//!
//! **Invariant:** to log never waits for whoever reads the log. A thread of its own writes; where that falls too far behind,
//! lines are dropped and counted. Own code rather than `tracing-appender`: that one counts lines and not bytes, says nothing
//! of what it dropped, and writes to standard output when it ends.
use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::MakeWriter;

/// What may wait to be written, each line with what it costs to keep it.
const BYTES_MAX: usize = 1024 * 1024;
const LINE_COST: usize = 64;

/// For what waits to be written when the process ends.
const END_TIMEOUT: Duration = Duration::from_secs(1);
const END_LOOK: Duration = Duration::from_millis(2);

/// Takes lines. Clones are the same queue.
#[derive(Clone)]
pub(super) struct Queue {
    lines: Sender<Vec<u8>>,
    waiting: Arc<Waiting>,
}

#[derive(Default)]
struct Waiting {
    n_bytes: AtomicUsize,
    n_lost: AtomicU64,
}

/// What waits to be written. Waits for it when dropped.
#[must_use = "what has been logged is lost when the process ends before it is written"]
pub struct Pending(Arc<Waiting>);

impl Queue {
    /// A queue and the thread that writes from it.
    pub(super) fn new(out: impl Write + Send + 'static) -> io::Result<Queue> {
        let (lines, received) = mpsc::channel();
        let waiting = Arc::new(Waiting::default());
        let written = waiting.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || write(&received, out, &written))?;
        Ok(Queue { lines, waiting })
    }

    pub(super) fn pending(&self) -> Pending {
        Pending(self.waiting.clone())
    }
}

fn write(lines: &Receiver<Vec<u8>>, mut out: impl Write, waiting: &Waiting) {
    for line in lines {
        // Where nobody can read it, it is lost.
        let _ = out.write_all(&line);
        waiting.n_bytes.fetch_sub(line.len() + LINE_COST, Ordering::AcqRel);
        let n_lost = waiting.n_lost.swap(0, Ordering::Relaxed);
        if n_lost > 0 {
            tracing::warn!(event = "log_lost", lines = n_lost, "the log is not read fast enough");
        }
    }
}

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let cost = line.len() + LINE_COST;
        let fits = |it: usize| Some(it + cost).filter(|it| *it <= BYTES_MAX);
        let taken = self.waiting.n_bytes.fetch_update(Ordering::AcqRel, Ordering::Relaxed, fits);
        if taken.is_err() || self.lines.send(line.to_vec()).is_err() {
            self.waiting.n_lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Queue;

    fn make_writer(&'a self) -> Queue {
        self.clone()
    }
}

impl Pending {
    /// Until all is written, or nobody reads it.
    pub fn wait(&self) {
        let begun = Instant::now();
        while self.0.n_bytes.load(Ordering::Acquire) > 0 && begun.elapsed() < END_TIMEOUT {
            thread::sleep(END_LOOK);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;

    /// Takes nothing until it is opened.
    #[derive(Clone, Default)]
    struct Gate(Arc<Behind>);

    #[derive(Default)]
    struct Behind {
        gate: Mutex<(bool, Vec<u8>)>,
        opened: Condvar,
    }

    impl Gate {
        fn open(&self) {
            self.0.gate.lock().unwrap().0 = true;
            self.0.opened.notify_all();
        }
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut gate = self.0.opened.wait_while(self.0.gate.lock().unwrap(), |it| !it.0).unwrap();
            gate.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stands_still_costs_a_bounded_number_of_bytes_and_no_time() {
        let gate = Gate::default();
        let mut queue = Queue::new(gate.clone()).unwrap();
        let line = [b'x'; 936];
        for _ in 0..10_000 {
            assert_eq!(queue.write(&line).unwrap(), line.len());
        }
        let n_kept = BYTES_MAX / (line.len() + LINE_COST);
        assert_eq!(queue.waiting.n_lost.load(Ordering::Relaxed), 10_000 - n_kept as u64);
        gate.open();
        queue.pending().wait();
        assert_eq!(gate.0.gate.lock().unwrap().1.len(), n_kept * line.len());
        // And then it takes lines again.
        queue.write_all(b"later").unwrap();
        queue.pending().wait();
        assert!(gate.0.gate.lock().unwrap().1.ends_with(b"later"));
    }
}

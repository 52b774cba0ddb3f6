//! What the servers of all tests log, every level of it. One log for the process, because Tracing asks only one collector
//! once whether a line is wanted; a test finds its own lines by the ids in them.
use std::{
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tracing::level_filters::LevelFilter;

/// Clones are the same log.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

/// Collects from here on.
pub(crate) fn collect() -> Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    let start = || {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    };
    LOG.get_or_init(start).clone()
}

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }

    /// Is there a line with all these words?
    pub(crate) fn has(&self, words: &[&str]) -> bool {
        self.text().lines().any(|line| words.iter().all(|it| line.contains(it)))
    }

    /// The lines that name this peer, for the message of a test that fails.
    pub(crate) fn of(&self, id: &str) -> String {
        self.text().lines().filter(|it| it.contains(id)).collect::<Vec<_>>().join("\n")
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

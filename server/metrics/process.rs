//! What the system says about the process, under the names that Prometheus gives it everywhere ("Writing client libraries",
//! process metrics). What a system does not say is left out.
use std::{
    fmt, fs,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::process::{Resource, getrlimit};

use super::{Page, one};
use crate::accounting::Resident;

/// The process at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    started_s: u64,
    resident_bytes: Option<u64>,
    n_open_files: Option<u64>,
    open_files_max: Option<u64>,
}

impl Process {
    /// Asks the system. With many open files that takes milliseconds, which no signal should wait for. `started`: when this
    /// process began.
    pub fn now(started: SystemTime) -> Self {
        let open_files = fs::read_dir("/proc/self/fd").ok();
        Process {
            started_s: started.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs()),
            resident_bytes: Some(Resident::of_this_process().0).filter(|it| *it > 0),
            // The folder itself is open while its entries are counted.
            n_open_files: open_files.map(|it| it.count().saturating_sub(1) as u64),
            open_files_max: getrlimit(Resource::Nofile).current,
        }
    }

    pub(super) fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        page.gauge(
            "process_start_time_seconds",
            "When the process started, in seconds since 1970.",
            &one(self.started_s),
        )?;
        let figures = [
            ("process_resident_memory_bytes", "Memory that the process occupies.", self.resident_bytes),
            ("process_open_fds", "Files and sockets that are open.", self.n_open_files),
            ("process_max_fds", "Files and sockets that may be open.", self.open_files_max),
        ];
        for (name, help, value) in figures {
            if let Some(value) = value {
                page.gauge(name, help, &one(value))?;
            }
        }
        Ok(())
    }
}

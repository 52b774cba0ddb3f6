//! Logs, on standard error.
use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging, once for the process.
///
/// # Errors
/// The filter makes no sense; the text says why.
pub fn start(log: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&log.filter)
        .map_err(|error| format!("log.filter is {:?}: {error}; for example \"info\" is one", log.filter))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match log.format {
        LogFormat::Text => logs.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
    // Only a second start fails, and then the first one's logs go on.
    drop(started);
    Ok(())
}

//! Logs, on standard error.
use std::io::{self, IsTerminal as _};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    filter::{Targets, filter_fn},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::config::{Log, LogFormat};

/// Starts logging, once for the process.
///
/// # Errors
/// The filter makes no sense; the text says why.
pub fn start(log: &Log) -> Result<(), String> {
    let filter: Targets = log.filter.parse().map_err(|error| {
        format!(
            "log.filter is {:?}: {error}; \"info\" is one, and \"info,p2pchat_server::sessions=debug\" another",
            log.filter
        )
    })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let logs = tracing_subscriber::registry().with(filter).with(filter_fn(|it| !tells_payloads(it)));
    let started = match log.format {
        LogFormat::Text => logs.with(lines.with_ansi(io::stderr().is_terminal())).try_init(),
        LogFormat::Json => logs.with(lines.json()).try_init(),
    };
    // Only a second start fails, and then the first one's logs go on.
    drop(started);
    Ok(())
}

/// At its finest level this library logs every message whole, passwords and session descriptions included. No filter that
/// an operator writes lets that through.
fn tells_payloads(line: &Metadata<'_>) -> bool {
    line.target().starts_with("tungstenite") && *line.level() == Level::TRACE
}

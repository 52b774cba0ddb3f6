//! Logs, on standard error, and what is said when the process has to end at once.
//!
//! **Invariants:** to log never waits, whatever becomes of who reads the log: see [`queue`]. What clients can cause is written
//! at most so often: see [`rate`]. No line holds what clients say. A filter that makes no sense changes nothing.
mod queue;
mod rate;

use std::{
    io::{self, IsTerminal as _},
    panic, process,
    sync::OnceLock,
};

use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    Registry,
    filter::{Targets, filter_fn},
    layer::SubscriberExt as _,
    reload,
    util::SubscriberInitExt as _,
};

use crate::config::{Log, LogFormat};
pub use queue::Pending;
use queue::Queue;
use rate::Rates;

/// What they say at `info` and `warn` is about single connections, and any client can make them say it.
const CHATTY_LIBRARIES: [&str; 5] = ["h2", "hyper", "hyper_util", "rustls", "tokio_rustls"];

/// Of the lines of the process.
static RATES: OnceLock<Rates> = OnceLock::new();

/// Of the log of the process.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Starts logging, once for the process, and has a panic end it. What is returned waits, when it is dropped, for what has been
/// logged to be written.
///
/// # Errors
/// The filter makes no sense; the text says why. Or the system has no thread for the log.
pub fn start(log: &Log) -> Result<Pending, String> {
    let (filter, handle) = reload::Layer::new(filter(&log.filter)?);
    let queue = Queue::new(io::stderr()).map_err(|error| format!("there is no thread for the log: {error}"))?;
    let rates = RATES.get_or_init(Rates::default).clone();
    let lines = tracing_subscriber::fmt::layer().with_writer(queue.clone());
    let logs = tracing_subscriber::registry().with(filter).with(filter_fn(|it| !tells_payloads(it))).with(rates);
    let started = match log.format {
        LogFormat::Text => logs.with(lines.with_ansi(io::stderr().is_terminal())).try_init(),
        LogFormat::Json => logs.with(lines.json()).try_init(),
    };
    // Only a second start fails, and then the first one's logs go on.
    if started.is_ok() {
        FILTER.get_or_init(|| handle);
    }
    end_at_panics(queue.pending());
    Ok(queue.pending())
}

/// Logs by another filter from now on.
///
/// # Errors
/// The filter makes no sense; the text says why. The former one stays in force.
pub fn set_filter(text: &str) -> Result<(), String> {
    let filter = filter(text)?;
    match FILTER.get() {
        Some(handle) => handle.reload(filter).map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

/// Says how many lines were left out since it was last called. To be called every second or so.
pub fn tell_omitted() {
    if let Some(rates) = RATES.get() {
        rates.tell();
    }
}

fn filter(text: &str) -> Result<Targets, String> {
    let filter: Targets = text.parse().map_err(|error| {
        format!("log.filter is {text:?}: {error}; \"info\" is one, and \"info,p2pchat_server::sessions=debug\" another")
    })?;
    // Who asks for more than `info` asks for theirs, too.
    if filter.default_level().is_none_or(|it| it > LevelFilter::INFO) {
        return Ok(filter);
    }
    let named: Vec<_> = filter.iter().map(|it| it.0.to_owned()).collect();
    let quiet = CHATTY_LIBRARIES.iter().filter(|it| !named.iter().any(|named| named.split("::").next() == Some(it)));
    Ok(filter.with_targets(quiet.map(|it| (*it, LevelFilter::ERROR)).collect::<Vec<_>>()))
}

/// At its finest level this library logs every message whole, passwords and session descriptions included. No filter that
/// an operator writes lets that through.
fn tells_payloads(line: &Metadata<'_>) -> bool {
    line.target().starts_with("tungstenite") && *line.level() == Level::TRACE
}

/// A panic may have left what is shared half changed, and a server that goes on with that is worth less than one that is
/// started again: rooms come back with their members. It is logged without its message where that may quote a client.
fn end_at_panics(pending: Pending) {
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let fixed = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or_default();
        tracing::error!(event = "panic", place, message = fixed, "a fault in the server: it ends");
        pending.wait();
        process::abort();
    }));
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    #[test]
    fn libraries_are_quiet_unless_they_are_asked() {
        let is_heard = |text: &str, target: &str, level: Level| filter(text).unwrap().would_enable(target, &level);
        for quiet in CHATTY_LIBRARIES {
            assert!(!is_heard("info", quiet, Level::WARN) && is_heard("info", quiet, Level::ERROR), "{quiet}");
            assert!(is_heard("debug", quiet, Level::DEBUG));
            assert!(is_heard(&format!("info,{quiet}=warn"), quiet, Level::WARN));
        }
        assert!(!is_heard("info", "h2::codec::framed_read", Level::WARN));
        assert!(is_heard("info", "p2pchat_server::app", Level::INFO));
        assert!(!is_heard("error", "p2pchat_server::app", Level::WARN));
    }

    /// Run by the test below in a process of its own.
    #[test]
    fn panics_when_asked() {
        if env::var_os("PANIC_HERE").is_none() {
            return;
        }
        let log = Log { filter: "info".to_owned(), format: LogFormat::Text };
        let _pending = start(&log).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let secret = "hush";
        let failing = runtime.spawn(async move { assert!(secret.is_empty(), "{secret}") });
        drop(runtime.block_on(failing));
        io::Write::write_all(&mut io::stdout(), b"it goes on").unwrap();
    }

    #[test]
    fn a_panic_in_a_task_ends_the_process_and_tells_where() {
        let mut child = process::Command::new(env::current_exe().unwrap());
        child.args(["--exact", "telemetry::tests::panics_when_asked", "--nocapture"]).env("PANIC_HERE", "1");
        let output = child.output().unwrap();
        let (said, log) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.code().is_none(), "{:?}: {log}", output.status);
        assert!(!said.contains("it goes on"), "{said}");
        assert!(log.contains("event=\"panic\"") && log.contains("telemetry/mod.rs") && !log.contains("hush"), "{log}");
    }
}

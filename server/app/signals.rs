//! Signals of the system: how it is told to stop, and to read its settings again.
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Done at the first SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
/// The system does not let us hear signals.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut next = async move || {
        tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () }
    };
    Ok(async move {
        next().await;
        tokio::spawn(async move {
            next().await;
            std::process::exit(1);
        });
    })
}

/// SIGHUP, which from now on is no longer the end of the process.
///
/// # Errors
/// The system does not let us hear signals.
pub(super) fn hangups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

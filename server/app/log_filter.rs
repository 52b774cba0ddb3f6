//! The log's filter, read again from the settings while the server runs. The certificate has its own way to be read again,
//! and every other setting takes a restart.
use std::io;

use tokio::{
    signal::unix::{SignalKind, signal},
    task::spawn_blocking,
};

use crate::telemetry;

/// Reads the filter again at each SIGHUP. `read` is asked on a thread for files, and says in a sentence what is wrong with
/// the settings; then the former filter stays in force.
///
/// # Errors
/// The system does not let us hear signals.
pub fn reread_log_filter(
    read: impl Fn() -> Result<String, String> + Clone + Send + 'static,
) -> io::Result<impl Future<Output = ()>> {
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangups.recv().await.is_some() {
            let filter = spawn_blocking(read.clone()).await.unwrap_or_else(|failed| Err(failed.to_string()));
            match filter.and_then(|filter| telemetry::set_filter(&filter).map(|()| filter)) {
                Ok(filter) => tracing::info!(event = "log_filter", filter, "the filter of the log was read again"),
                Err(sentence) => {
                    tracing::error!(event = "log_filter", "{sentence}; the former filter of the log stays in force");
                }
            }
        }
    })
}

//! The threads that a server works on.
use std::{future::Future, io};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::config::Config;

/// For reading files; whoever comes when all are busy waits. The default of 512 lets clients make as many.
const BLOCKING_THREADS_MAX: usize = 8;

/// Threads for connections, as many as are set, and others for media, one for each core: a signal neither waits for media nor
/// goes from thread to thread.
pub struct Threads {
    connections: Runtime,
    /// `None`: there is neither a relay nor a hosted star.
    media: Option<Runtime>,
}

impl Threads {
    /// Starts them.
    ///
    /// # Errors
    /// The system has none to give.
    pub fn start(config: &Config) -> io::Result<Self> {
        let connections = Builder::new_multi_thread()
            .thread_name("connections")
            .worker_threads(config.http.threads)
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .enable_all()
            .build()?;
        let media = || Builder::new_multi_thread().thread_name("media").enable_all().build();
        let media = (config.relay.enabled || config.host.enabled).then(media).transpose()?;
        Ok(Threads { connections, media })
    }

    /// Where the relay and hosted stars are to be worked on, for [`Given`](super::Given).
    pub fn media(&self) -> Option<Handle> {
        self.media.as_ref().map(|it| it.handle().clone())
    }

    /// Works on this until it is done, and on all that it begins meanwhile.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.connections.block_on(work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Flags};

    fn started(settings: &[(&str, &str)]) -> Threads {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Threads::start(&config::read(&Flags::default(), &[], settings).unwrap().0).unwrap()
    }

    #[test]
    fn connections_have_as_many_as_are_set_and_media_others() {
        let usual = started(&[]);
        let connections = usual.connections.handle();
        assert_eq!(connections.metrics().num_workers(), 1);
        assert!(usual.media().is_some_and(|it| it.id() != connections.id()));
        let apart = [("P2PCHAT_HTTP__THREADS", "3"), ("P2PCHAT_RELAY__ENABLED", "false")];
        let apart = started(&apart);
        assert_eq!((apart.connections.metrics().num_workers(), apart.media().is_some()), (3, false));
        let hosting = [("P2PCHAT_HOST__ENABLED", "true"), ("P2PCHAT_RELAY__ENABLED", "false")];
        assert!(started(&hosting).media().is_some());
    }
}

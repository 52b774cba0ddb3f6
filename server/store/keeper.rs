//! Takes what has changed from the sessions to a store, a moment later and all together.
use std::{collections::HashMap, io, sync::Arc, time::Duration};

use tokio::{
    sync::Mutex,
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{RoomStore, records};
use crate::sessions::{Changes, Realm, Sessions};

/// From the first change to when it is written, for others to come with it. As much is lost at most when the process is killed.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// Until what could not be written is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Writing takes one part in so many of the time, however long it takes.
const IDLE_PARTS: u32 = 10;

/// Keeps one realm's rooms, and the sessions that can come back to it.
pub struct Keeper {
    store: Arc<dyn RoomStore>,
    sessions: Sessions,
    /// By key. One writer at a time, so that what is newer is written later.
    versions: Mutex<HashMap<String, u64>>,
}

impl Keeper {
    /// Takes what the store has into the realm.
    pub fn load(store: Arc<dyn RoomStore>, sessions: Sessions, realm: Realm) -> Self {
        let loaded = store.load();
        let (rooms, kept) = records::read(&loaded);
        if !loaded.is_empty() {
            tracing::info!(event = "state", n_rooms = rooms.len(), n_sessions = kept.len(), "rooms are restored");
        }
        sessions.take_in(realm, rooms, kept);
        let versions = loaded.into_iter().map(|it| (it.key, it.version)).collect();
        Keeper { store, sessions, versions: Mutex::new(versions) }
    }

    /// Never done.
    pub async fn run(&self) {
        let mut is_broken = false;
        loop {
            if is_broken {
                sleep(RETRY_INTERVAL).await;
            } else {
                self.sessions.changed().await;
                sleep(DEBOUNCE).await;
            }
            let begun = Instant::now();
            let saved = self.save().await;
            match &saved {
                Ok(()) if is_broken => tracing::info!(event = "state", "rooms are kept again"),
                // Once, and not each time.
                Err(error) if !is_broken => tracing::warn!(event = "state", %error, "rooms cannot be kept"),
                Ok(()) | Err(_) => (),
            }
            is_broken = saved.is_err();
            sleep(begun.elapsed() * IDLE_PARTS).await;
        }
    }

    /// Writes what has changed until now.
    ///
    /// # Errors
    /// It cannot be written. It is tried again the next time.
    pub async fn save(&self) -> io::Result<()> {
        let mut versions = self.versions.lock().await;
        let Changes { rooms, sessions } = self.sessions.take_changes();
        let (store, mut known) = (self.store.clone(), std::mem::take(&mut *versions));
        let written = spawn_blocking(move || {
            for (id, room) in rooms {
                set(&*store, &mut known, records::room_key(&id), room.as_ref().and_then(records::of_room));
            }
            for (peer, session) in sessions {
                let value = session.as_ref().and_then(records::of_session);
                set(&*store, &mut known, records::session_key(&peer), value);
            }
            (store.flush(), known)
        });
        let (flushed, known) = written.await.map_err(io::Error::other)?;
        *versions = known;
        flushed
    }
}

/// This process is the only one that sets its records; where another has, it goes over it.
fn set(store: &dyn RoomStore, known: &mut HashMap<String, u64>, key: String, value: Option<String>) {
    let expected = known.get(&key).copied().unwrap_or_default();
    if expected == 0 && value.is_none() {
        return;
    }
    let set = store.compare_and_set(&key, expected, value.clone());
    let set = set.or_else(|conflict| store.compare_and_set(&key, conflict.version, value));
    match set {
        Ok(0) | Err(_) => known.remove(&key),
        Ok(version) => known.insert(key, version),
    };
}

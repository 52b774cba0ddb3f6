//! Where rooms are kept while no process runs, as the settings have it.
use std::sync::Arc;

use super::settings;
use crate::{
    config::{Config, IN_MEMORY},
    sessions::{Realm, Sessions},
    store::{FileStore, Keeper, RoomStore},
};

/// Says in the log where that is. `None`: nowhere.
pub(super) async fn open(config: &Config) -> Option<Arc<dyn RoomStore>> {
    let Some(folder) = settings::state_folder(config) else {
        if config.state.dir != IN_MEMORY {
            tracing::info!("no folder is set or known to keep rooms in (state.dir): they end with the process");
        }
        return None;
    };
    let opened = {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || FileStore::open(&folder)).await
    };
    match opened.unwrap_or_else(|failed| Err(failed.to_string())) {
        Ok((store, sentence)) => {
            if let Some(sentence) = sentence {
                tracing::warn!("{sentence}");
            }
            tracing::info!(folder = %folder.display(), "rooms are kept");
            Some(Arc::new(store))
        }
        Err(sentence) => {
            tracing::warn!("{sentence}; rooms end with the process");
            None
        }
    }
}

/// Takes in what there is. `realm`: of P2PChat's own rooms.
pub(super) fn keeper(
    store: Option<Arc<dyn RoomStore>>,
    sessions: &Sessions,
    realm: Option<Realm>,
) -> Option<Arc<Keeper>> {
    let (store, realm) = store.zip(realm)?;
    Some(Arc::new(Keeper::load(store, sessions.clone(), realm)))
}

/// Never done.
pub(super) async fn run(keeper: Option<&Keeper>) {
    match keeper {
        Some(keeper) => keeper.run().await,
        None => std::future::pending().await,
    }
}

/// Writes what there is, for the next process.
pub(super) async fn save(keeper: Option<&Keeper>) {
    if let Some(keeper) = keeper
        && let Err(error) = keeper.save().await
    {
        tracing::warn!(event = "state", %error, "rooms cannot be kept");
    }
}

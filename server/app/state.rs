//! Where rooms are kept while no process runs, as the settings have it.
use std::sync::Arc;

use super::{StartupError, settings};
use crate::{
    cluster::Cluster,
    config::{Config, IN_MEMORY},
    sessions::{Realm, Sessions},
    store::{FileStore, Keeper, RoomStore},
};

/// Says in the log where that is. `None`: nowhere.
pub(super) async fn open(config: &Config) -> Option<Arc<dyn RoomStore>> {
    if config.cluster.is_on() {
        return None;
    }
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

/// `None`: this is the only node.
///
/// # Errors
/// The settings make no sense, or nothing here can be shared.
pub(super) fn cluster(
    config: &Config,
    sessions: &Sessions,
    realm: Option<Realm>,
) -> Result<Option<Arc<Cluster>>, StartupError> {
    settings::check_cluster(config)?;
    let Some(realm) = realm.filter(|_| config.cluster.is_on()) else { return Ok(None) };
    let cluster = Cluster::new(&config.cluster, sessions, realm).map_err(StartupError::Settings)?;
    tracing::info!(node = cluster.own().as_str(), "rooms are shared with other nodes");
    Ok(Some(Arc::new(cluster)))
}

/// Never done.
pub(super) async fn run(keeper: Option<&Keeper>, cluster: Option<&Cluster>) {
    match (keeper, cluster) {
        (_, Some(cluster)) => cluster.run().await,
        (Some(keeper), None) => keeper.run().await,
        (None, None) => std::future::pending().await,
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

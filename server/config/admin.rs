//! `[admin]`: where the operator's commands (`p2pchat-server rooms` and its like) find the server.
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// In the place of a path: there is none.
pub const NO_SOCKET: &str = "off";

/// What the socket is called in a folder.
const NAME: &str = "admin.sock";

/// What systemd makes for the service (systemd.exec(5), `RuntimeDirectory=`), for those who ask from outside it.
const SERVICE_FOLDER: &str = "/run/p2pchat-server";

/// `[admin]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct AdminSettings {
    pub socket: String,
}

impl AdminSettings {
    /// Where nothing is set, the server has it in the runtime folder that it was given, or else in its state folder.
    pub fn choose(&mut self, runtime_folder: Option<&Path>, state_folder: Option<&Path>) {
        if let Some(folder) = runtime_folder.or(state_folder).filter(|_| self.socket.is_empty()) {
            self.socket = folder.join(NAME).display().to_string();
        }
    }

    /// Where a server of this machine may have it, the likeliest first.
    pub fn places(&self, runtime_folder: Option<&Path>, state_folder: Option<&Path>) -> Vec<PathBuf> {
        match &*self.socket {
            NO_SOCKET => Vec::new(),
            "" => {
                let folders = [runtime_folder, Some(Path::new(SERVICE_FOLDER)), state_folder];
                folders.into_iter().flatten().map(|it| it.join(NAME)).collect()
            }
            path => vec![path.into()],
        }
    }
}

/// The folder that systemd made for the time in which the service runs. `None`: there is none.
pub fn runtime_folder(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = variable("RUNTIME_DIRECTORY").filter(|it| !it.is_empty());
    // Of several, separated by colons, the first.
    set.and_then(|it| it.split(':').next().map(PathBuf::from)).filter(|it| it.is_absolute())
}

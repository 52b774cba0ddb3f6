//! A certificate and its key in a file of the state folder, for servers that make or fetch theirs themselves.
//!
//! **Invariant:** the key leaves this process for that file alone, which only its owner reads.
use std::{fs, io, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::whole_file;

/// What a certificate was made or asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Purpose {
    /// The directory of the authority; empty: this server itself.
    pub(super) issuer: String,
    /// Names and addresses, in order.
    pub(super) names: Vec<String>,
    /// As it is set.
    pub(super) profile: String,
}

/// As it stands in the file.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) purpose: Purpose,
    /// Each DER in base64; the server's own first.
    chain: Vec<String>,
    /// PKCS #8 in base64.
    key: String,
}

impl Kept {
    pub(super) fn new(purpose: Purpose, chain: &[CertificateDer<'_>], key: &[u8]) -> Kept {
        let chain = chain.iter().map(|it| BASE64_STANDARD.encode(it)).collect();
        Kept { purpose, chain, key: BASE64_STANDARD.encode(key) }
    }

    /// `None`: it is damaged.
    pub(super) fn decode(&self) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let der = |it: &String| BASE64_STANDARD.decode(it).ok();
        let chain = self.chain.iter().map(|it| der(it).map(CertificateDer::from)).collect::<Option<Vec<_>>>()?;
        Some((chain, PrivatePkcs8KeyDer::from(der(&self.key)?).into()))
    }
}

/// `None`: there is no such file. To be called where a disk may be waited for.
///
/// # Errors
/// It cannot be read, or it is none of ours.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|it| {
            // Its own sentence may quote the file.
            io::Error::other(format!("line {} is not what this server writes", it.line()))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// To be called where a disk may be waited for.
///
/// # Errors
/// It cannot be written; what was there is there still.
pub(super) fn write(path: &Path, value: &impl Serialize) -> io::Result<()> {
    whole_file::replace(path, &serde_json::to_vec_pretty(value)?)
}

/// The folder is made if it is not there.
///
/// # Errors
/// The file could not be written there: one sentence.
pub(super) fn prepare(path: &Path) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).and_then(|()| whole_file::try_out(path)).map_err(|error| {
        format!(
            "the certificate cannot be kept in {} ({error}): set state.dir to a folder of this user",
            folder.display()
        )
    })
}

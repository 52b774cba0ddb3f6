//! The account with an authority: made once for each, and kept in the state folder.
//!
//! **Invariant:** its key leaves this process for that file alone, which only its owner reads.
use std::{collections::BTreeMap, path::Path};

use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::{AcmeSettings, Failure, client::Client};
use crate::tls::kept;

const NAME: &str = "acme-accounts.json";

/// By the authority's directory.
type Accounts = BTreeMap<String, Known>;

#[derive(Clone, Serialize, Deserialize)]
struct Known {
    contact: String,
    /// Its address, and its key.
    credentials: serde_json::Value,
}

/// The one that is kept, or a new one.
///
/// # Errors
/// The authority gives none, or cannot be asked.
pub(super) async fn open(settings: &AcmeSettings, client: &Client) -> Result<Account, Failure> {
    let mut accounts = read(&settings.folder).await?;
    let contact = settings.contact.clone().unwrap_or_default();
    let url = format!("mailto:{}", contact.trim_start_matches("mailto:"));
    let contacts = if contact.is_empty() { Vec::new() } else { vec![&*url] };
    let builder = Account::builder_with_http(Box::new(client.clone()));
    let known = accounts.get_mut(&settings.directory);
    if let Some(known) = known
        && let Ok(credentials) = serde_json::from_value::<AccountCredentials>(known.credentials.clone())
    {
        let account = builder.from_credentials(credentials).await?;
        if known.contact != contact {
            account.update_contacts(&contacts).await?;
            known.contact = contact;
            write(&settings.folder, accounts).await?;
        }
        return Ok(account);
    }
    let asked = NewAccount { contact: &contacts, terms_of_service_agreed: true, only_return_existing: false };
    let eab = settings.eab.as_ref().map(|it| ExternalAccountKey::new(it.key_id.clone(), &it.hmac_key));
    let (account, credentials) = builder.create(&asked, settings.directory.clone(), eab.as_ref()).await?;
    let credentials = serde_json::to_value(credentials).map_err(|error| Failure::new(error.to_string()))?;
    accounts.insert(settings.directory.clone(), Known { contact, credentials });
    write(&settings.folder, accounts).await?;
    tracing::info!(
        event = "certificate",
        reason = "account",
        directory = settings.directory,
        account = account.id(),
        "an account was made with the certificate authority, whose terms of service were agreed to"
    );
    Ok(account)
}

/// The authority does not know it any more.
///
/// # Errors
/// The file cannot be written.
pub(super) async fn forget(settings: &AcmeSettings) -> Result<(), Failure> {
    let mut accounts = read(&settings.folder).await?;
    accounts.remove(&settings.directory);
    write(&settings.folder, accounts).await
}

async fn read(folder: &Path) -> Result<Accounts, Failure> {
    let path = folder.join(NAME);
    let shown = path.display().to_string();
    let read = spawn_blocking(move || kept::read(&path)).await.unwrap_or_else(|failed| Err(failed.into()));
    // Another account would be made in its place, and the old one is worth a look.
    let cannot =
        |error| Failure::new(format!("{shown} cannot be read ({error}): mend it, or take it away for a new account"));
    Ok(read.map_err(cannot)?.unwrap_or_default())
}

async fn write(folder: &Path, accounts: Accounts) -> Result<(), Failure> {
    let path = folder.join(NAME);
    let shown = path.display().to_string();
    let written =
        spawn_blocking(move || kept::write(&path, &accounts)).await.unwrap_or_else(|failed| Err(failed.into()));
    written.map_err(|error| Failure::new(format!("the account cannot be kept in {shown} ({error})")))
}

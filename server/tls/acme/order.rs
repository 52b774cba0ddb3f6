//! One order of a certificate, from asking to having it.
//!
//! **Invariant:** what is shown for challenges ends with the order, however that ends.
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, CertificateIdentifier, ChallengeType, Identifier, NewOrder,
    Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use super::{
    AcmeSettings, Failure, account,
    challenges::{Challenges, Way, choose},
    client::Client,
};
use crate::tls::{kept::Kept, x509};

/// For an authority that has its looks from several places of the world, one after the other.
const RETRIES: RetryPolicy = RetryPolicy::new().timeout(Duration::from_mins(2));

/// The profile with which Let's Encrypt issues certificates for addresses, and with which it alone does.
const SHORT_LIVED: &str = "shortlived";

/// What an authority says when it has not kept an account (RFC 8555, section 6.7).
const ACCOUNT_UNKNOWN: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// Orders a certificate. `replaces`: the one that it takes the place of, where the authority wants to know.
///
/// # Errors
/// There is none: one sentence, and perhaps advice.
pub(super) async fn obtain(
    settings: &AcmeSettings,
    challenges: &Challenges,
    client: &Client,
    replaces: Option<CertificateIdentifier<'static>>,
    n_failed: u32,
) -> Result<Kept, Failure> {
    let account = account::open(settings, client).await?;
    tracing::info!(
        event = "certificate",
        reason = "ordered",
        directory = settings.directory,
        account = account.id(),
        names = settings.names.join(" "),
    );
    let mut order = match new_order(&account, settings, replaces).await {
        // A private authority may have begun anew.
        Err(failure) if failure.kind.as_deref() == Some(ACCOUNT_UNKNOWN) => {
            account::forget(settings).await?;
            new_order(&account::open(settings, client).await?, settings, None).await?
        }
        other => other?,
    };
    let shown = Shown(challenges);
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let authorization = authorization?;
        match authorization.status {
            // It was looked at for an order before this one.
            AuthorizationStatus::Valid => {}
            AuthorizationStatus::Pending => answer(authorization, settings, challenges, n_failed).await?,
            other => {
                return Err(Failure::new(format!("the authorization for {} is {other:?}", authorization.identifier())));
            }
        }
    }
    match order.poll_ready(&RETRIES).await {
        Ok(OrderStatus::Ready) => {}
        other => {
            let failure = refusal(&mut order).await;
            return Err(failure.unwrap_or_else(|| match other {
                Ok(status) => Failure::new(format!("the order is {status:?}")),
                Err(error) => error.into(),
            }));
        }
    }
    drop(shown);
    let key = KeyPair::generate().map_err(|error| Failure::new(error.to_string()))?;
    order.finalize_csr(&signing_request(settings, &key).map_err(|error| Failure::new(error.to_string()))?).await?;
    let pem = order.poll_certificate(&RETRIES).await?;
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain
        .map_err(|error| Failure::new(format!("what the authority issued is no chain of certificates ({error})")))?;
    if let Some(name) = settings.names.iter().find(|it| !x509::is_for(&chain, it)) {
        return Err(Failure::new(format!("the certificate that the authority issued is not for {name}")));
    }
    Ok(Kept::new(settings.purpose(), &chain, key.serialized_der()))
}

/// Ends what is shown.
struct Shown<'a>(&'a Challenges);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

async fn new_order(
    account: &Account,
    settings: &AcmeSettings,
    replaces: Option<CertificateIdentifier<'static>>,
) -> Result<Order, Failure> {
    let identifier = |it: &String| it.parse().map_or_else(|_| Identifier::Dns(it.clone()), Identifier::Ip);
    let identifiers: Vec<_> = settings.names.iter().map(identifier).collect();
    let offered: Vec<_> = account.profiles().map(|it| it.name).collect();
    let profile = profile(settings, &offered);
    let asked = || {
        let asked = NewOrder::new(&identifiers);
        if let Some(profile) = profile { asked.profile(profile) } else { asked }
    };
    if let Some(replaces) = replaces
        && let Ok(order) = account.new_order(&asked().replaces(replaces)).await
    {
        return Ok(order);
    }
    // It may think that another certificate was that one's successor.
    Ok(account.new_order(&asked()).await?)
}

/// The kind of certificate to ask for, of those that the authority offers. `None`: its own choice.
fn profile<'a>(settings: &'a AcmeSettings, offered: &[&'a str]) -> Option<&'a str> {
    let for_addresses = offered.iter().copied().find(|it| *it == SHORT_LIVED && settings.has_address());
    settings.profile.as_deref().or(for_addresses)
}

/// Shows what is asked for, and says that it can be looked at.
async fn answer(
    mut authorization: AuthorizationHandle<'_>,
    settings: &AcmeSettings,
    challenges: &Challenges,
    n_failed: u32,
) -> Result<(), Failure> {
    let name = authorization.identifier().to_string();
    let offered: Vec<ChallengeType> = authorization.challenges.iter().map(|it| it.r#type.clone()).collect();
    let Some(way) = choose(&offered, settings.has_http, n_failed) else {
        return Err(Failure::new(format!(
            "the authority has no way to look at {name} that this server can answer on port 443 (TLS-ALPN-01), or on port 80 \
             (HTTP-01, with tls.redirect_port = 80)"
        )));
    };
    let Some(mut challenge) = authorization.challenge(way.kind()) else {
        return Err(Failure::new(format!("the authority has no challenge for {name}")));
    };
    let key = challenge.key_authorization();
    match way {
        Way::TlsAlpn => challenges.set_tls(&name, &key).map_err(Failure::new)?,
        Way::Http => challenges.set_http(&challenge.token, &key),
    }
    Ok(challenge.set_ready().await?)
}

/// What the authority found when it looked.
async fn refusal(order: &mut Order) -> Option<Failure> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let state = authorization.refresh().await.ok()?;
        let found = state.challenges.iter().find_map(|it| Some((&it.r#type, it.error.clone()?)));
        if let Some((kind, problem)) = found {
            let way = [Way::TlsAlpn, Way::Http].into_iter().find(|it| it.kind() == *kind);
            return Some(Failure::at(&state.identifier().to_string(), way, problem));
        }
    }
    None
}

fn signing_request(settings: &AcmeSettings, key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let mut params = CertificateParams::new(settings.names.clone())?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params.serialize_request(key)?.der().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_get_the_profile_that_issues_for_them_where_there_is_one() {
        let settings = |names: &[&str], profile: Option<&str>| AcmeSettings {
            names: names.iter().map(|it| (*it).to_owned()).collect(),
            profile: profile.map(str::to_owned),
            ..AcmeSettings::default()
        };
        let offered = ["classic", "shortlived"];
        for (names, set, chosen) in [
            (&["a.example"][..], None, None),
            (&["a.example", "192.0.2.1"], None, Some("shortlived")),
            (&["2001:db8::1"], None, Some("shortlived")),
            (&["192.0.2.1"], Some("classic"), Some("classic")),
            (&["a.example"], Some("tls"), Some("tls")),
        ] {
            assert_eq!(profile(&settings(names, set), &offered), chosen, "{names:?} {set:?}");
        }
        assert_eq!(profile(&settings(&["192.0.2.1"], None), &["classic"]), None, "a private authority");
    }
}

//! What is said about a certificate that works: its end, its names, its chain, and who may read its key.
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, SystemTime},
};

use p2pchat_server::tls::{Finding, Reload};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

use super::{Pair, files, pair, serve, shown};

fn seconds_from_now(seconds: i64) -> SystemTime {
    let now = SystemTime::now();
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { now - by } else { now + by }
}

const DAY_S: i64 = 24 * 3600;

/// Its first and last day, each so many days from now.
fn pair_valid(from: i64, to: i64) -> Pair {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let at = |days: i64| {
        let since_1970 = seconds_from_now(days * DAY_S).duration_since(SystemTime::UNIX_EPOCH).unwrap();
        date_time_ymd(1970, 1, 1) + since_1970
    };
    (params.not_before, params.not_after) = (at(from), at(to));
    let key = KeyPair::generate().unwrap();
    let cert = params.self_signed(&key).unwrap();
    Pair { cert: cert.pem(), key: key.serialize_pem(), der: cert.der().clone() }
}

fn reasons(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|it| it.reason).collect()
}

#[tokio::test]
async fn when_the_certificate_in_use_ends_is_known_and_follows_each_change() {
    let files = files(&pair_valid(-1, 30));
    let certificate = files.load().await;
    let (mut watch, expiry) = (files.watch(&certificate), certificate.expiry());
    let days_left = || {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(expiry.unix_s());
        end.duration_since(seconds_from_now(-DAY_S / 2)).unwrap().as_secs() / DAY_S.unsigned_abs()
    };
    assert_eq!(days_left(), 30);
    let later = pair_valid(-1, 60);
    files.put_cert(&later.cert);
    files.put_key(&later.key);
    assert_eq!((watch.reload().await, days_left()), (Reload::Swapped, 60));
    let expired = pair_valid(-9, -2);
    files.put_cert(&expired.cert);
    files.put_key(&expired.key);
    assert!(matches!(watch.reload().await, Reload::Kept(_)));
    assert_eq!(days_left(), 60, "the former one stays in use");
}

#[tokio::test]
async fn the_end_of_a_certificate_is_said_from_two_weeks_before_it() {
    let files = files(&pair_valid(-100, 30));
    for (days, reason, is_grave) in [
        (0, None, false),
        (15, None, false),
        (17, Some("expires_soon"), false),
        (29, Some("expires_soon"), false),
        (31, Some("expired"), true),
        (-101, Some("not_yet_valid"), true),
    ] {
        let findings = files.findings(seconds_from_now(days * DAY_S)).await;
        let said = findings.first().map(|it| (it.reason, it.is_grave, it.sentence.contains("cert.pem")));
        assert_eq!(said, reason.map(|it| (it, is_grave, true)), "{days}: {findings:?}");
    }
    let soon = files.findings(seconds_from_now(20 * DAY_S)).await;
    assert!(
        soon[0].sentence.contains("expires in 9 days") || soon[0].sentence.contains("expires in 10 days"),
        "{soon:?}"
    );
}

#[tokio::test]
async fn a_name_that_the_certificate_is_not_for_is_said() {
    let mut files = files(&pair());
    assert_eq!(files.findings(SystemTime::now()).await, []);
    files.paths.hostname = "chat.example.org".to_owned();
    let findings = files.findings(SystemTime::now()).await;
    assert_eq!(reasons(&findings), ["wrong_name"]);
    assert!(findings[0].sentence.contains("is for localhost") && findings[0].sentence.contains("chat.example.org"));
    files.paths.hostname = String::new();
    assert_eq!(files.findings(SystemTime::now()).await, [], "nobody said what it is to be for");
}

#[tokio::test]
async fn a_chain_that_lacks_a_link_or_its_order_is_said() {
    let issuer = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let root = CertifiedIssuer::self_signed(issuer("root"), KeyPair::generate().unwrap()).unwrap();
    let middle = CertifiedIssuer::signed_by(issuer("middle"), KeyPair::generate().unwrap(), &root).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &middle).unwrap();
    let files = files(&Pair { cert: leaf.pem(), key: key.serialize_pem(), der: leaf.der().clone() });
    for (chain, expected) in [
        (vec![leaf.pem()], vec!["chain_incomplete"]),
        (vec![leaf.pem(), middle.pem()], vec![]),
        (vec![leaf.pem(), middle.pem(), root.pem()], vec![]),
        (vec![leaf.pem(), root.pem(), middle.pem()], vec!["chain_order"]),
        (vec![leaf.pem(), pair().cert], vec!["chain_order"]),
    ] {
        files.put_cert(&chain.concat());
        let findings = files.findings(SystemTime::now()).await;
        assert_eq!(reasons(&findings), expected, "{findings:?}");
    }
}

#[tokio::test]
async fn a_key_that_everybody_may_read_is_said() {
    let files = files(&pair());
    fs::set_permissions(&files.paths.key, fs::Permissions::from_mode(0o644)).unwrap();
    let findings = files.findings(SystemTime::now()).await;
    assert_eq!(reasons(&findings), ["key_readable"]);
    fs::set_permissions(&files.paths.key, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(files.findings(SystemTime::now()).await, []);
}

#[tokio::test]
async fn an_expired_certificate_does_not_take_the_place_of_one_that_works() {
    let (old, expired) = (pair(), pair_valid(-100, -10));
    let files = files(&old);
    let certificate = files.load().await;
    let mut watch = files.watch(&certificate);
    files.put_cert(&expired.cert);
    files.put_key(&expired.key);
    let reload = watch.reload().await;
    assert!(matches!(&reload, Reload::Kept(fault) if fault.to_string().contains("expired 10 days ago")), "{reload:?}");
    assert_eq!(shown(serve(certificate.config()), &[&old]).await, old.der);
    // At a start there is nothing better.
    assert_eq!(reasons(&files.findings(SystemTime::now()).await), ["expired"]);
}

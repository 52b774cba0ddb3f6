//! What a token is worth, and what it is not.
use std::path::Path;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};
use tempfile::TempDir;

use super::*;

const NOW: u64 = 1_800_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn tokens(text: &str) -> config::Tokens {
    let rest = "algorithm = \"HS256\"\nsecret = \"\"\npublic_key_path = \"\"\nissuer = \"\"\naudience = \"\"\n";
    let set = |line: &&str| !text.lines().any(|it| it.split(" = ").next() == line.split(" = ").next());
    let rest: Vec<_> = rest.lines().filter(set).collect();
    toml::from_str(&format!("{text}\n{}", rest.join("\n"))).unwrap()
}

fn hs256(text: &str) -> config::Tokens {
    tokens(&format!("secret = \"{SECRET}\"\n{text}"))
}

fn claims(rights: &[&str], exp: u64) -> Claims {
    Claims { rights: rights.iter().map(|it| (*it).to_owned()).collect(), exp: exp as f64, ..Claims::default() }
}

fn signed(settings: &config::Tokens, claims: &Claims) -> String {
    tokens::sign(settings, None, claims).unwrap().expose_secret().to_owned()
}

fn read(settings: &config::Tokens, token: &str) -> Result<Grant, Denial> {
    Keys::open(settings).unwrap().unwrap().read(token, NOW)
}

/// A token as somebody else's software makes it, signed with the secret.
fn handmade(header: &str, claims: &str) -> String {
    let part = |it: &str| BASE64_URL_SAFE_NO_PAD.encode(it);
    let text = format!("{}.{}", part(header), part(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, text.as_bytes()));
    format!("{text}.{signature}")
}

/// Settings with a key pair's public half, and the file with its private one.
fn key_pair(folder: &TempDir, name: &str, kind: &'static SignatureAlgorithm) -> (config::Tokens, PathBuf) {
    let pair = KeyPair::generate_for(kind).unwrap();
    let (public, private) = (folder.path().join(format!("{name}.pub")), folder.path().join(name));
    std::fs::write(&public, pair.public_key_pem()).unwrap();
    std::fs::write(&private, pair.serialize_pem()).unwrap();
    (tokens(&format!("algorithm = \"{name}\"\npublic_key_path = {public:?}\n")), private)
}

#[test]
fn a_token_grants_what_it_says_until_it_ends() {
    let settings = hs256("");
    let whole = Claims {
        name: Some("Ada".into()),
        room: Some("team-tea".into()),
        ..claims(&["create", "join", "own", "fly"], NOW + 60)
    };
    let grant =
        Grant { create: true, join: true, own: true, room: Some(RoomId::from("team-tea")), name: Some("Ada".into()) };
    assert_eq!(read(&settings, &signed(&settings, &whole)), Ok(grant));
    let nothing = Grant::default();
    assert_eq!(read(&settings, &signed(&settings, &claims(&[], NOW))), Ok(nothing.clone()));
    assert_eq!(read(&settings, &signed(&settings, &claims(&["join"], NOW - 60))), Ok(Grant { join: true, ..nothing }));
    assert_eq!(read(&settings, &signed(&settings, &claims(&["join"], NOW - 61))), Err(Denial::ExpiredToken));
    // A name that no page shows is none.
    let long = Claims { name: Some("x".repeat(61)), ..claims(&["join"], NOW) };
    assert_eq!(read(&settings, &signed(&settings, &long)).unwrap().name, None);
}

#[test]
fn other_peoples_software_makes_tokens_too() {
    let settings = hs256("issuer = \"intranet\"\naudience = \"chat\"\n");
    let header = r#"{"typ":"JWT","alg":"HS256"}"#;
    let with = |claims: &str| read(&settings, &handmade(header, claims)).map(|it| it.create);
    for good in [
        r#"{"iss":"intranet","aud":"chat","exp":1800000000,"rights":["create"]}"#,
        r#"{"iss":"intranet","aud":["x","chat"],"exp":1800000000.5,"nbf":1800000060,"iat":1,"sub":"7","rights":["create"]}"#,
    ] {
        assert_eq!(with(good), Ok(true), "{good}");
    }
    for bad in [
        r#"{"aud":"chat","exp":1800000000,"rights":["create"]}"#,
        r#"{"iss":"intranet","exp":1800000000,"rights":["create"]}"#,
        r#"{"iss":"other","aud":"chat","exp":1800000000,"rights":["create"]}"#,
        r#"{"iss":"intranet","aud":["other"],"exp":1800000000,"rights":["create"]}"#,
        r#"{"iss":"intranet","aud":"chat","exp":1800000000,"nbf":1800000061,"rights":["create"]}"#,
        r#"{"iss":"intranet","aud":"chat","exp":1800000000,"room":"a room","rights":["create"]}"#,
        r#"{"iss":"intranet","aud":"chat","exp":1800000000,"room":"","rights":["create"]}"#,
    ] {
        assert_eq!(with(bad), Err(Denial::NotGranted), "{bad}");
    }
    for none in [
        r#"{"iss":"intranet","aud":"chat","rights":["create"]}"#,
        r#"{"iss":"intranet","aud":"chat","exp":"never","rights":["create"]}"#,
        r#"{"iss":"intranet","aud":"chat","exp":1800000000,"rights":"create"}"#,
        "[]",
    ] {
        assert!(with(none).is_err(), "{none}");
    }
    // Whoever is meant for another server is not meant here, also where none is set.
    let meant = r#"{"aud":"other","exp":1800000000,"rights":["create"]}"#;
    assert_eq!(read(&hs256(""), &handmade(header, meant)), Err(Denial::NotGranted));
}

#[test]
fn the_algorithm_is_the_one_that_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let (ec, ec_key) = key_pair(&folder, "ES256", &PKCS_ECDSA_P256_SHA256);
    let (ed, ed_key) = key_pair(&folder, "EdDSA", &PKCS_ED25519);
    let hs = hs256("");
    let said = claims(&["create"], NOW);
    let sign = |settings: &config::Tokens, key: &Path| tokens::sign(settings, Some(key), &said).unwrap();
    let made = [
        (&hs, signed(&hs, &said)),
        (&ec, sign(&ec, &ec_key).expose_secret().to_owned()),
        (&ed, sign(&ed, &ed_key).expose_secret().to_owned()),
    ];
    for (n, (settings, _)) in made.iter().enumerate() {
        for (m, (_, token)) in made.iter().enumerate() {
            let expected = if n == m { Ok(true) } else { Err(Denial::BadToken) };
            assert_eq!(read(settings, token).map(|it| it.create), expected, "{n} {m}");
        }
    }
    // Signed with a public key as if that were a secret.
    let public = std::fs::read(folder.path().join("ES256.pub")).unwrap();
    let part = |it: &str| BASE64_URL_SAFE_NO_PAD.encode(it);
    let text = format!("{}.{}", part(r#"{"alg":"HS256"}"#), part(r#"{"exp":1800000000,"rights":["create"]}"#));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &public);
    let confused = format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, text.as_bytes())));
    assert_eq!(read(&ec, &confused), Err(Denial::BadToken));
}

#[test]
fn whatever_else_looks_like_a_token_is_none() {
    let settings = hs256("");
    let good = signed(&settings, &claims(&["create"], NOW));
    let parts: Vec<_> = good.split('.').collect();
    let other = signed(&settings, &claims(&["create", "own"], NOW));
    let claims = r#"{"exp":1800000000,"rights":["create"]}"#;
    let unsigned = handmade(r#"{"alg":"none"}"#, claims);
    let bad = [
        String::new(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}.x"),
        format!("{}.{}.{}", parts[0], other.split('.').nth(1).unwrap(), parts[2]),
        unsigned.rsplit_once('.').unwrap().0.to_owned() + ".",
        unsigned,
        handmade(r#"{"alg":"None"}"#, claims),
        handmade(r#"{"alg":"HS384"}"#, claims),
        handmade(r#"{"alg":"HS256","crit":["exp"]}"#, claims),
        handmade("{}", claims),
        signed(&tokens("secret = \"another0another0another0another0\"\n"), &super::tests::claims(&["create"], NOW)),
    ];
    for token in &bad {
        assert_eq!(read(&settings, token), Err(Denial::BadToken), "{token}");
    }
}

#[test]
fn a_password_grants_everything_and_a_wrong_one_nothing() {
    let settings = |password: &str| config::AccessSettings {
        create: config::WhoMay::Invited,
        join: config::WhoMay::Everyone,
        password: password.to_owned().into(),
        tokens: tokens(""),
    };
    let judge = |set: &str, said: &str| {
        Invitations::open(&settings(set)).unwrap().judge(&Credential::Password(said.to_owned()), NOW)
    };
    let grant = judge("open sesame", "open sesame").unwrap();
    assert!(grant.create && grant.join && grant.own && grant.room.is_none());
    for wrong in ["", "open", "open sesamE", "open sesame "] {
        assert_eq!(judge("open sesame", wrong), Err(Denial::WrongPassword), "{wrong}");
    }
    assert_eq!(judge("", ""), Err(Denial::NotGranted), "no password is not the empty one");
    let token = Credential::Token("a.b.c".to_owned());
    assert_eq!(Invitations::open(&settings("open sesame")).unwrap().judge(&token, NOW), Err(Denial::NotGranted));
}

#[test]
fn a_key_that_cannot_be_used_is_said_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let (_, private) = key_pair(&folder, "EdDSA", &PKCS_ED25519);
    let public = folder.path().join("EdDSA.pub");
    for (algorithm, path, fault) in [
        ("ES256", &public, "holds no public key for access.tokens.algorithm"),
        ("EdDSA", &private, "cannot be read"),
        ("EdDSA", &folder.path().join("none"), "cannot be read"),
    ] {
        let settings = tokens(&format!("algorithm = \"{algorithm}\"\npublic_key_path = {path:?}\n"));
        let said = Keys::open(&settings).err().unwrap();
        assert!(said.contains(fault) && said.contains(&*path.to_string_lossy()), "{said}");
    }
}

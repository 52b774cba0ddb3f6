//! `p2pchat-server invite`: the link that it prints opens what it says, and what keeps it from making one is said in a sentence.
use std::fs;

use serde_json::{Value, json};

use super::*;

const SETTINGS: &str =
    "[access]\ncreate = \"invited\"\n[access.tokens]\nsecret = \"0123456789abcdef0123456789abcdef\"\n";

/// The token in what was printed.
fn token(output: &Output) -> String {
    let (code, printed, fault) = said(output);
    assert_eq!((code, fault), (Some(0), ""));
    let (page, token) = printed.trim_end().split_once("#token=").unwrap();
    assert_eq!(page, "http://localhost:8080/");
    token.to_owned()
}

async fn create(peer: &mut Peer, access: Value) -> Value {
    let fields = json!({ "requestId": "c", "maxUsers": 5, "name": "n", "password": "", "type": 0, "access": access });
    peer.emit(&json!(["CREATE-ROOM", fields]).to_string()).await;
    serde_json::from_str(&peer.receive().await).unwrap()
}

#[tokio::test]
async fn an_invitation_opens_what_it_says_and_nothing_else() {
    let running = Running::start(&[], SETTINGS);
    let mut peer = Peer::connect(running.address(), By::Websocket).await;
    peer.hello().await;
    let refused = |kind: u8| json!(["TYPEERROR", { "type": kind, "requestID": "c" }]);
    let invite = |arguments: &[&str]| {
        let all: Vec<_> = ["invite"].iter().chain(arguments).copied().collect();
        json!({ "token": token(&output(&all, SETTINGS)) })
    };
    assert_eq!(create(&mut peer, json!({})).await, refused(10));
    assert_eq!(create(&mut peer, invite(&["--right", "join"])).await, refused(10));
    assert_eq!(create(&mut peer, invite(&[])).await[0], "CREATE-ROOM");
    let mut named = invite(&["--room", "team-tea", "--name", "Ada", "--right", "create", "--right", "own"]);
    named["room"] = "team-tea".into();
    assert_eq!(create(&mut peer, named).await[1]["roomID"], "team-tea");
    let other = SETTINGS.replace("abcdef", "fedcba");
    assert_eq!(create(&mut peer, json!({ "token": token(&output(&["invite"], &other)) })).await, refused(11));
}

#[test]
fn what_keeps_it_from_inviting_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("no.pem");
    fs::write(&key, "nothing").unwrap();
    let key = key.to_str().unwrap();
    let public = "[access.tokens]\nalgorithm = \"EdDSA\"\npublic_key_path = \"x.pub\"\n";
    for (arguments, settings, sentence) in [
        (&["invite"][..], "", "access.tokens.secret is empty: set one, as `openssl rand -hex 32` makes them"),
        (
            &["invite", "--right", "fly"],
            SETTINGS,
            "there is no right \"fly\": it must be \"create\", \"join\" or \"own\"",
        ),
        (&["invite", "--room", "a room"], SETTINGS, "the room \"a room\" cannot be named"),
        (&["invite"], public, "name the private one with --key"),
        (&["invite", "--key", key], public, "a private key as `openssl genpkey` writes it is expected"),
        (&[], "[access]\njoin = \"invited\"\n", "access.create or access.join is \"invited\", and nobody can be"),
        (&[], "[access]\ncreate = \"all\"\n", "\"everyone\" or \"invited\" is expected"),
        (&[], "[access]\npassword = \"short\"\n", "access.password must have 8 or more characters"),
        (&[], "[access.tokens]\nsecret = \"short\"\n", "access.tokens.secret must have 32 or more bytes"),
        (&[], "[access.tokens]\nalgorithm = \"none\"\n", "\"HS256\", \"ES256\" or \"EdDSA\" is expected"),
        (&["--check-config"], public, "access.tokens.public_key_path is x.pub, which cannot be read"),
    ] {
        let output = output(arguments, settings);
        let (code, printed, fault) = said(&output);
        assert_eq!((code, printed, fault.lines().count()), (Some(2), "", 1), "{fault}");
        assert!(fault.contains(sentence), "{fault}");
        assert!(!fault.contains("short"), "{fault}");
    }
}

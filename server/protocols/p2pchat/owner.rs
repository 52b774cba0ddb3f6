//! What a room's owner says: a text that the owner has signed, its key and its signature. The text is JSON, and travels as a
//! text, so that whoever checks the signature has the very bytes that were signed.
use p2pchat_rooms::{Act, Fingerprint, Knock, OwnersWord, Ownership, PeerId, RoomId, SignedAct};
use serde::Serialize;

use super::{
    super::json::{self, Fields},
    count, settings,
};

/// Bytes of a signed text. The longest reason, or name and password, with every character escaped, have less.
const TEXT_BYTES_MAX: usize = 4_096;

/// The same of texts that are kept with the room, and told to everybody who comes.
const KEPT_BYTES_MAX: usize = 512;

/// 65 bytes: a point of the curve P-256, uncompressed (SEC 1, section 2.3.3).
const KEY_CHARACTERS: usize = 87;

/// 64 bytes: r and s, as WebCrypto gives them (IEEE P1363).
const SIGNATURE_CHARACTERS: usize = 86;

/// A word that nobody has looked at. `None`: it is none.
pub(super) fn word(fields: &Fields<'_>) -> Option<Box<OwnersWord>> {
    let signed = signed(fields)?;
    let said = json::read_object(&signed.text)?;
    let (room, number) = (RoomId::from(&*said.text("room")?), count(&said, "number")?);
    let act = match &*said.text("type")? {
        "present" => Act::Present,
        "remove" => Act::Remove { peer: PeerId::from(&*said.text("peer")?) },
        "end" => Act::End,
        "lock" => Act::Lock { on: on(&said)? },
        "wait" => Act::Wait { on: on(&said)? },
        "answer" => Act::Answer { peer: PeerId::from(&*said.text("peer")?), on: on(&said)? },
        "mute" => Act::Mute,
        "host" => Act::Host,
        "change" => Act::Change { settings: settings(&said)? },
        "hand-on" => Act::HandOn { to: Fingerprint::new(&said.text("to")?)? },
        _ => return None,
    };
    let is_kept = matches!(act, Act::Present | Act::HandOn { .. });
    let is_short = !is_kept || signed.text.len() <= KEPT_BYTES_MAX;
    is_short.then(|| Box::new(OwnersWord::new(room, number, act, signed)))
}

fn signed(fields: &Fields<'_>) -> Option<SignedAct> {
    let text = |name: &str, is_right: fn(&str) -> bool| Some(fields.text(name)?.into_owned()).filter(|it| is_right(it));
    Some(SignedAct {
        text: text("act", |it| it.len() <= TEXT_BYTES_MAX)?,
        key: text("key", |it| it.len() == KEY_CHARACTERS)?,
        signature: text("signature", |it| it.len() == SIGNATURE_CHARACTERS)?,
    })
}

fn on(fields: &Fields<'_>) -> Option<bool> {
    match fields.raw("on")? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A signed act as it came.
#[derive(Serialize)]
pub(super) struct Signed<'a> {
    act: &'a str,
    key: &'a str,
    signature: &'a str,
}

/// What a client that knows of owners is told of a room's.
#[derive(Serialize)]
pub(super) struct OwnerFields<'a> {
    founder: String,
    number: u64,
    locked: bool,
    waits: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    knocking: Vec<KnockFields<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence: Option<Signed<'a>>,
    #[serde(rename = "handedOn", skip_serializing_if = "Vec::is_empty")]
    handed_on: Vec<Signed<'a>>,
}

/// Somebody who waits at the door.
#[derive(Serialize)]
pub(super) struct KnockFields<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    name: &'a str,
}

pub(super) fn knock_fields(Knock { peer, name }: &Knock) -> KnockFields<'_> {
    KnockFields { user: peer.as_str(), name }
}

pub(super) fn signed_fields(signed: &SignedAct) -> Signed<'_> {
    Signed { act: &signed.text, key: &signed.key, signature: &signed.signature }
}

pub(super) fn owner_fields(ownership: &Ownership) -> OwnerFields<'_> {
    OwnerFields {
        founder: ownership.founder.to_string(),
        number: ownership.number,
        locked: ownership.is_locked,
        waits: ownership.waits,
        knocking: ownership.knocking.iter().map(|it| knock_fields(it)).collect(),
        presence: ownership.presence.as_deref().map(signed_fields),
        handed_on: ownership.handed_on.iter().map(|it| signed_fields(it)).collect(),
    }
}

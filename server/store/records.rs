//! Rooms and sessions as JSON values.
use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Record;
use crate::{
    rooms::{
        Fingerprint, HostSecret, Knock, KnownPeer, Moderation, Password, PeerId, Room, RoomId, RoomSettings, SignedAct,
        Topology,
    },
    sessions::KeptSession,
};

const ROOM: &str = "room/";
const SESSION: &str = "session/";

/// A room as JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct RoomValue {
    name: String,
    password: String,
    peers_max: usize,
    is_star: bool,
    /// A star that the server hosts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_hosted: bool,
    creator: String,
    host: Option<String>,
    members: Vec<String>,
    fitness: Vec<(String, u8)>,
    has_key: bool,
    #[serde(default)]
    invited_only: bool,
    #[serde(rename = "owner")]
    host_secret: Option<String>,
    moderation: Option<ModerationValue>,
    #[serde(default)]
    is_closed: bool,
}

#[derive(Serialize, Deserialize)]
struct ModerationValue {
    founder: String,
    owner: String,
    number: u64,
    is_locked: bool,
    is_ended: bool,
    presence: Option<SignedValue>,
    handed_on: Vec<SignedValue>,
    aware: Vec<String>,
    kept_out: Vec<String>,
    waits: bool,
    let_in: Vec<String>,
    sent_away: Vec<String>,
    /// Who waits at the door, and what they are called; where several nodes share the room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    knocking: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct SignedValue {
    text: String,
    key: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
struct SessionValue {
    alerts: bool,
    tokens: Vec<String>,
}

pub(super) fn room_key(id: &RoomId) -> String {
    format!("{ROOM}{id}")
}

pub(super) fn session_key(peer: &PeerId) -> String {
    format!("{SESSION}{peer}")
}

pub(super) fn of_room(room: &Room) -> Option<String> {
    let mut value = room_value(room);
    // Whoever waits says so again.
    value.moderation.iter_mut().for_each(|it| it.knocking.clear());
    serde_json::to_string(&value).ok()
}

pub(crate) fn room_value(room: &Room) -> RoomValue {
    let text = |it: &PeerId| it.to_string();
    let RoomSettings { name, password, peers_max } = &room.settings;
    RoomValue {
        name: name.clone(),
        password: password.0.clone(),
        peers_max: *peers_max,
        is_star: room.topology != Topology::Mesh,
        is_hosted: room.topology == Topology::HostedStar,
        creator: text(&room.creator),
        host: room.host.as_ref().map(text),
        members: room.members.iter().map(text).collect(),
        fitness: room.fitness.iter().map(|it| (text(&it.0), it.1)).collect(),
        has_key: room.has_key,
        invited_only: room.invited_only,
        host_secret: room.host_secret.map(|it| hex(&it.0)),
        moderation: room.moderation.as_deref().map(of_moderation),
        is_closed: room.is_closed,
    }
}

fn of_moderation(moderation: &Moderation) -> ModerationValue {
    let texts = |peers: &[PeerId]| peers.iter().map(PeerId::to_string).collect();
    ModerationValue {
        founder: moderation.founder.to_string(),
        owner: moderation.owner.to_string(),
        number: moderation.number,
        is_locked: moderation.is_locked,
        is_ended: moderation.is_ended,
        presence: moderation.presence.as_deref().map(of_signed),
        handed_on: moderation.handed_on.iter().map(|it| of_signed(it)).collect(),
        aware: texts(&moderation.aware),
        kept_out: texts(&moderation.kept_out),
        waits: moderation.waits,
        let_in: texts(&moderation.let_in),
        sent_away: texts(&moderation.sent_away),
        knocking: moderation.knocking.iter().map(|it| (it.peer.to_string(), it.name.clone())).collect(),
    }
}

fn of_signed(SignedAct { text, key, signature }: &SignedAct) -> SignedValue {
    let [text, key, signature] = [text, key, signature].map(Clone::clone);
    SignedValue { text, key, signature }
}

pub(super) fn of_session(session: &KeptSession) -> Option<String> {
    let tokens = session.tokens.iter().map(hex).collect();
    serde_json::to_string(&SessionValue { alerts: session.peer.alerts, tokens }).ok()
}

/// What records stand for. Those that make no sense are left out, and so are members and hosts that could not be.
pub(super) fn read(records: &[Record]) -> (Vec<(RoomId, Room)>, Vec<KeptSession>) {
    let (mut rooms, mut sessions) = (Vec::new(), Vec::new());
    for Record { key, value, .. } in records {
        if let Some(id) = key.strip_prefix(ROOM) {
            rooms.extend(room(value).map(|it| (RoomId::from(id), it)));
        } else if let Some(peer) = key.strip_prefix(SESSION) {
            sessions.extend(session(peer, value));
        }
    }
    (rooms, sessions)
}

fn room(value: &str) -> Option<Room> {
    room_of(serde_json::from_str(value).ok()?)
}

/// `None`: it makes no sense.
pub(crate) fn room_of(value: RoomValue) -> Option<Room> {
    let members: Vec<PeerId> = value.members.iter().map(|it| PeerId::from(&**it)).collect();
    let distinct: BTreeSet<_> = members.iter().collect();
    let is_hosted = value.is_star && value.is_hosted;
    let host = value.host.as_deref().map(PeerId::from).filter(|it| members.contains(it) != is_hosted);
    let is_sound = distinct.len() == members.len() && value.is_star >= host.is_some();
    let topology = match (value.is_star, is_hosted) {
        (false, _) => Topology::Mesh,
        (true, false) => Topology::Star,
        (true, true) => Topology::HostedStar,
    };
    let fitness = value.fitness.iter().map(|(peer, it)| (PeerId::from(&**peer), *it));
    let host_secret = value.host_secret.as_deref().and_then(unhex).map(HostSecret);
    // A room that had an owner does not come back without.
    let moderation = match value.moderation {
        None => None,
        Some(it) => Some(Box::new(moderation(it, &members)?)),
    };
    is_sound.then(|| Room {
        settings: RoomSettings { name: value.name, password: Password(value.password), peers_max: value.peers_max },
        topology,
        creator: PeerId::from(&*value.creator),
        host,
        fitness: fitness.filter(|it| members.contains(&it.0)).collect(),
        members,
        has_key: value.has_key,
        invited_only: value.invited_only,
        host_secret,
        moderation,
        lingers: None,
        is_closed: value.is_closed,
    })
}

fn moderation(value: ModerationValue, members: &[PeerId]) -> Option<Moderation> {
    let peers = |texts: Vec<String>| texts.into_iter().map(|it| PeerId::from(&*it));
    Some(Moderation {
        founder: Fingerprint::new(&value.founder)?,
        owner: Fingerprint::new(&value.owner)?,
        number: value.number,
        is_locked: value.is_locked,
        is_ended: value.is_ended,
        presence: value.presence.map(signed),
        handed_on: value.handed_on.into_iter().map(signed).collect(),
        aware: peers(value.aware).filter(|it| members.contains(it)).collect(),
        kept_out: peers(value.kept_out).collect(),
        waits: value.waits,
        knocking: value.knocking.into_iter().map(|(peer, name)| Knock { peer: PeerId::from(&*peer), name }).collect(),
        let_in: peers(value.let_in).collect(),
        sent_away: peers(value.sent_away).collect(),
    })
}

fn signed(SignedValue { text, key, signature }: SignedValue) -> Arc<SignedAct> {
    Arc::new(SignedAct { text, key, signature })
}

fn session(peer: &str, value: &str) -> Option<KeptSession> {
    let SessionValue { alerts, tokens } = serde_json::from_str(value).ok()?;
    let tokens: Vec<_> = tokens.iter().filter_map(|it| unhex(it)).take(2).collect();
    let peer = KnownPeer { peer: PeerId::from(peer), alerts };
    (!tokens.is_empty()).then_some(KeptSession { peer, tokens })
}

pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, value: &str) -> Record {
        Record { key: key.to_owned(), version: 1, value: value.to_owned() }
    }

    #[test]
    fn a_room_and_a_session_come_back_as_they_were() {
        let [a, b] = ["a", "b"].map(PeerId::from);
        let signed = SignedAct { text: "{}".into(), key: "k".into(), signature: "s".into() };
        let moderation = Moderation {
            is_locked: true,
            is_ended: true,
            presence: Some(Arc::new(signed.clone())),
            handed_on: vec![Arc::new(signed)],
            aware: vec![b.clone()],
            kept_out: vec![PeerId::from("c")],
            waits: true,
            let_in: vec![PeerId::from("d")],
            sent_away: vec![PeerId::from("e")],
            ..Moderation::new(Fingerprint::of("k"), 9)
        };
        let room = Room {
            settings: RoomSettings { name: "tea \"☕\"".into(), password: Password("pw".into()), peers_max: 5 },
            topology: Topology::Star,
            creator: a.clone(),
            host: Some(b.clone()),
            members: vec![a.clone(), b],
            fitness: vec![(a.clone(), 7)],
            has_key: true,
            invited_only: true,
            host_secret: Some(HostSecret::of("x")),
            moderation: Some(Box::new(moderation)),
            lingers: None,
            is_closed: true,
        };
        let session = KeptSession { peer: KnownPeer { peer: a, alerts: true }, tokens: vec![[1; 32], [255; 32]] };
        let records = [
            record("room/r", &of_room(&room).unwrap()),
            record("session/a", &of_session(&session).unwrap()),
            record("other/x", "{}"),
        ];
        assert_eq!(read(&records), (vec![(RoomId::from("r"), room)], vec![session]));
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let room = |members: &str, host: &str, is_star: bool| {
            let rest = r#""fitness":[["z",5]],"has_key":false,"owner":"zz""#;
            let value = format!(
                r#"{{"name":"","password":"","peers_max":1,"is_star":{is_star},"creator":"a","host":{host},"members":{members},{rest}}}"#
            );
            read(&[record("room/r", &value)]).0.pop().map(|it| it.1)
        };
        assert!(room(r#"["a","a"]"#, "null", false).is_none());
        assert!(room(r#"["a"]"#, r#""a""#, false).is_none());
        let odd = room(r#"["a"]"#, r#""gone""#, true).unwrap();
        assert!(odd.host.is_none() && odd.fitness.is_empty() && odd.host_secret.is_none());
        for value in ["", "{}", "5", r#"{"alerts":true,"tokens":[]}"#, r#"{"alerts":true,"tokens":["ä"]}"#] {
            assert_eq!(read(&[record("room/r", value), record("session/a", value)]), (vec![], vec![]), "{value}");
        }
    }
}

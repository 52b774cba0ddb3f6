//! Rooms and sessions as JSON values.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Record;
use crate::{
    rooms::{KnownPeer, Owner, Password, PeerId, Room, RoomId, RoomSettings, Topology},
    sessions::KeptSession,
};

const ROOM: &str = "room/";
const SESSION: &str = "session/";

#[derive(Serialize, Deserialize)]
struct RoomValue {
    name: String,
    password: String,
    peers_max: usize,
    is_star: bool,
    creator: String,
    host: Option<String>,
    members: Vec<String>,
    fitness: Vec<(String, u8)>,
    has_key: bool,
    owner: Option<String>,
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
    let text = |it: &PeerId| it.to_string();
    let RoomSettings { name, password, peers_max } = &room.settings;
    serde_json::to_string(&RoomValue {
        name: name.clone(),
        password: password.0.clone(),
        peers_max: *peers_max,
        is_star: room.topology == Topology::Star,
        creator: text(&room.creator),
        host: room.host.as_ref().map(text),
        members: room.members.iter().map(text).collect(),
        fitness: room.fitness.iter().map(|it| (text(&it.0), it.1)).collect(),
        has_key: room.has_key,
        owner: room.owner.map(|it| hex(&it.0)),
    })
    .ok()
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
    let value: RoomValue = serde_json::from_str(value).ok()?;
    let members: Vec<PeerId> = value.members.iter().map(|it| PeerId::from(&**it)).collect();
    let distinct: BTreeSet<_> = members.iter().collect();
    let host = value.host.as_deref().map(PeerId::from).filter(|it| members.contains(it));
    let is_sound = distinct.len() == members.len() && value.is_star >= host.is_some();
    let fitness = value.fitness.iter().map(|(peer, it)| (PeerId::from(&**peer), *it));
    let owner = value.owner.as_deref().and_then(unhex).map(Owner);
    is_sound.then(|| Room {
        settings: RoomSettings { name: value.name, password: Password(value.password), peers_max: value.peers_max },
        topology: if value.is_star { Topology::Star } else { Topology::Mesh },
        creator: PeerId::from(&*value.creator),
        host,
        fitness: fitness.filter(|it| members.contains(&it.0)).collect(),
        members,
        has_key: value.has_key,
        owner,
        lingers: None,
    })
}

fn session(peer: &str, value: &str) -> Option<KeptSession> {
    let SessionValue { alerts, tokens } = serde_json::from_str(value).ok()?;
    let tokens: Vec<_> = tokens.iter().filter_map(|it| unhex(it)).take(2).collect();
    let peer = KnownPeer { peer: PeerId::from(peer), alerts };
    (!tokens.is_empty()).then_some(KeptSession { peer, tokens })
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
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
        let room = Room {
            settings: RoomSettings { name: "tea \"☕\"".into(), password: Password("pw".into()), peers_max: 5 },
            topology: Topology::Star,
            creator: a.clone(),
            host: Some(b.clone()),
            members: vec![a.clone(), b],
            fitness: vec![(a.clone(), 7)],
            has_key: true,
            owner: Some(Owner::of("x")),
            lingers: None,
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
        assert!(odd.host.is_none() && odd.fitness.is_empty() && odd.owner.is_none());
        for value in ["", "{}", "5", r#"{"alerts":true,"tokens":[]}"#, r#"{"alerts":true,"tokens":["ä"]}"#] {
            assert_eq!(read(&[record("room/r", value), record("session/a", value)]), (vec![], vec![]), "{value}");
        }
    }
}

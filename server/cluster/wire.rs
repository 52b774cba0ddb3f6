//! What nodes keep in the store and say to each other, as JSON.
//!
//! **Invariants:** fields that a later version adds have a default, so that nodes of two versions run side by side while one
//! takes the place of the other. What makes no sense is left out, and never ends anything.
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    ice::RoomMark,
    protocols::Frame,
    rooms::{PeerId, RoomId},
    sessions::cluster::{Delivery, Given, HandedOver, Home, LeftMember, NodeId, SavedSession, SharedRoom, Version},
    store::records::{self, RoomValue},
};

/// Of rooms in the store. A node leaves alone what is of a later one.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct SharedValue {
    format: u32,
    room: RoomValue,
    homes: Vec<HomeValue>,
}

#[derive(Serialize, Deserialize)]
struct HomeValue {
    peer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(default)]
    returns: bool,
    #[serde(default)]
    mark: u64,
}

#[derive(Serialize, Deserialize)]
struct SessionValue {
    peer: String,
    node: String,
    alerts: bool,
    rooms: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct DeliveryValue {
    to: String,
    text: String,
    /// In base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_implied: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
enum MessageValue {
    Changed {
        room: String,
        previous: u64,
        value: Option<Box<SharedValue>>,
        deliveries: Vec<DeliveryValue>,
    },
    Deliver {
        deliveries: Vec<DeliveryValue>,
    },
    AskForSession {
        node: String,
        number: u64,
        peer: String,
        token: String,
    },
    HandOver {
        number: u64,
        session: Option<HandedOverValue>,
    },
    LeftRelay {
        peer: String,
        /// Its mark.
        room: String,
        number: u64,
    },
    Goodbye {
        node: String,
    },
    Echo {
        number: u64,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct HandedOverValue {
    n_sent: u64,
    n_received: u64,
    replay: Vec<DeliveryValue>,
    #[serde(default)]
    rooms: Vec<(String, RoomValue)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    given: Vec<GivenValue>,
}

#[derive(Serialize, Deserialize)]
struct GivenValue {
    room: String,
    mark: String,
    node: String,
    number: u64,
    expiry_s: u64,
}

/// What a node hears from another.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    /// A room was changed.
    Changed { room: RoomId, previous: u64, version: Version, deliveries: Vec<Delivery> },
    /// Frames for peers of this node.
    Deliver(Vec<Delivery>),
    /// A client has come to another node.
    AskForSession { node: NodeId, number: u64, peer: PeerId, token: [u8; 32] },
    /// The answer to that.
    HandOver { number: u64, session: Option<HandedOver> },
    /// A member has left a room whose relay is here.
    LeftRelay(LeftMember),
    /// A node ends.
    Goodbye(NodeId),
    /// It is from this node itself.
    Echo(u64),
}

pub(super) fn room(room: &SharedRoom) -> String {
    serde_json::to_string(&shared_value(room)).unwrap_or_default()
}

/// `None`: it makes no sense to this version.
pub(super) fn read_room(text: &str) -> Option<SharedRoom> {
    shared_room(serde_json::from_str(text).ok()?)
}

pub(super) fn session(session: &SavedSession) -> String {
    let SavedSession { peer, node, alerts, rooms } = session;
    let rooms = rooms.iter().map(RoomId::to_string).collect();
    let value = SessionValue { peer: peer.to_string(), node: node.as_str().to_owned(), alerts: *alerts, rooms };
    serde_json::to_string(&value).unwrap_or_default()
}

pub(super) fn read_session(text: &str) -> Option<SavedSession> {
    let SessionValue { peer, node, alerts, rooms } = serde_json::from_str(text).ok()?;
    let rooms = rooms.iter().map(|it| RoomId::from(&**it)).collect();
    Some(SavedSession { peer: PeerId::from(&*peer), node: NodeId::from(&*node), alerts, rooms })
}

/// All but the version, which the store sets.
pub(super) fn changed(room: &RoomId, previous: u64, value: Option<&SharedRoom>, deliveries: &[Delivery]) -> String {
    said(&MessageValue::Changed {
        room: room.to_string(),
        previous,
        value: value.map(|it| Box::new(shared_value(it))),
        deliveries: deliveries.iter().map(delivery_value).collect(),
    })
}

pub(super) fn deliver(deliveries: &[Delivery]) -> String {
    said(&MessageValue::Deliver { deliveries: deliveries.iter().map(delivery_value).collect() })
}

pub(super) fn ask_for_session(own: &NodeId, number: u64, peer: &PeerId, token: &[u8; 32]) -> String {
    let (node, peer, token) = (own.as_str().to_owned(), peer.to_string(), records::hex(token));
    said(&MessageValue::AskForSession { node, number, peer, token })
}

pub(super) fn hand_over(number: u64, session: Option<&HandedOver>) -> String {
    let frame = |it: &Frame| delivery_value(&Delivery { to: PeerId::from(""), frame: it.clone(), is_implied: false });
    let session = session.map(|it| HandedOverValue {
        n_sent: it.n_sent,
        n_received: it.n_received,
        replay: it.replay.iter().map(frame).collect(),
        rooms: it.rooms.iter().map(|(id, room)| (id.to_string(), records::room_value(room))).collect(),
        given: it.given.iter().map(given_value).collect(),
    });
    said(&MessageValue::HandOver { number, session })
}

pub(super) fn left_relay(LeftMember { peer, room, number }: &LeftMember) -> String {
    said(&MessageValue::LeftRelay { peer: peer.to_string(), room: room.to_string(), number: *number })
}

pub(super) fn goodbye(own: &NodeId) -> String {
    said(&MessageValue::Goodbye { node: own.as_str().to_owned() })
}

pub(super) fn echo(number: u64) -> String {
    said(&MessageValue::Echo { number })
}

/// `version`: of a room that was changed, as the store says it before the message. `None`: it makes no sense.
pub(super) fn read(version: u64, text: &str) -> Option<Message> {
    let message: MessageValue = serde_json::from_str(text).ok()?;
    Some(match message {
        MessageValue::Changed { room, previous, value, deliveries } => {
            let value = match value {
                None => None,
                Some(it) => Some(shared_room(*it)?),
            };
            Message::Changed {
                room: RoomId::from(&*room),
                previous,
                version: Version { number: version, value },
                deliveries: read_deliveries(deliveries),
            }
        }
        MessageValue::Deliver { deliveries } => Message::Deliver(read_deliveries(deliveries)),
        MessageValue::AskForSession { node, number, peer, token } => Message::AskForSession {
            node: NodeId::from(&*node),
            number,
            peer: PeerId::from(&*peer),
            token: records::unhex(&token)?,
        },
        MessageValue::HandOver { number, session } => Message::HandOver {
            number,
            session: session.map(|it| HandedOver {
                n_sent: it.n_sent,
                n_received: it.n_received,
                replay: read_deliveries(it.replay).into_iter().map(|it| it.frame).collect(),
                rooms: it
                    .rooms
                    .into_iter()
                    .filter_map(|it| Some((RoomId::from(&*it.0), records::room_of(it.1)?)))
                    .collect(),
                given: it.given.into_iter().filter_map(given).collect(),
            }),
        },
        MessageValue::LeftRelay { peer, room, number } => {
            Message::LeftRelay(LeftMember { peer: PeerId::from(&*peer), room: RoomMark::read(&room)?, number })
        }
        MessageValue::Goodbye { node } => Message::Goodbye(NodeId::from(&*node)),
        MessageValue::Echo { number } => Message::Echo(number),
        MessageValue::Unknown => return None,
    })
}

fn said(message: &MessageValue) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

fn shared_value(SharedRoom { room, homes }: &SharedRoom) -> SharedValue {
    let home = |(peer, home): &(PeerId, Home)| HomeValue {
        peer: peer.to_string(),
        node: home.node.as_ref().map(|it| it.as_str().to_owned()),
        returns: home.returns,
        mark: home.mark,
    };
    SharedValue { format: FORMAT, room: records::room_value(room), homes: homes.iter().map(home).collect() }
}

fn shared_room(SharedValue { format, room, homes }: SharedValue) -> Option<SharedRoom> {
    let home = |it: HomeValue| {
        let node = it.node.map(|it| NodeId::from(&*it));
        (PeerId::from(&*it.peer), Home { node, returns: it.returns, mark: it.mark })
    };
    let room = records::room_of(room).filter(|_| format <= FORMAT)?;
    Some(SharedRoom { room, homes: homes.into_iter().map(home).collect() })
}

fn delivery_value(Delivery { to, frame, is_implied }: &Delivery) -> DeliveryValue {
    DeliveryValue {
        to: to.to_string(),
        text: frame.text.clone(),
        attachments: frame.attachments.iter().map(|it| BASE64_STANDARD.encode(it)).collect(),
        is_implied: *is_implied,
    }
}

fn given_value(Given { id, room, node, number, expiry_s }: &Given) -> GivenValue {
    let (mark, node) = (room.to_string(), node.as_str().to_owned());
    GivenValue { room: id.to_string(), mark, node, number: *number, expiry_s: *expiry_s }
}

fn given(GivenValue { room, mark, node, number, expiry_s }: GivenValue) -> Option<Given> {
    let (id, node) = (RoomId::from(&*room), NodeId::from(&*node));
    Some(Given { id, room: RoomMark::read(&mark)?, node, number, expiry_s })
}

fn read_deliveries(values: Vec<DeliveryValue>) -> Vec<Delivery> {
    let read = |DeliveryValue { to, text, attachments, is_implied }: DeliveryValue| {
        let attachments = attachments.iter().map(|it| BASE64_STANDARD.decode(it).map(Into::into));
        let frame = Frame { text, attachments: attachments.collect::<Result<_, _>>().ok()? };
        Some(Delivery { to: PeerId::from(&*to), frame, is_implied })
    };
    values.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rooms::{Password, Room, RoomSettings, Topology};

    fn shared() -> SharedRoom {
        let peer = PeerId::from("p");
        let settings = RoomSettings { name: "tea \"☕\"".into(), password: Password("pw\n".into()), peers_max: 5 };
        let room = Room {
            settings,
            topology: Topology::Mesh,
            creator: peer.clone(),
            host: None,
            members: vec![peer.clone(), PeerId::from("q")],
            fitness: Vec::new(),
            has_key: true,
            invited_only: false,
            host_secret: None,
            moderation: None,
            lingers: None,
            is_closed: false,
        };
        let here = Home { node: Some(NodeId::from("n1")), returns: true, mark: 0 };
        let away = Home { node: None, returns: true, mark: 1_764_000_000_000_000 };
        SharedRoom { room, homes: vec![(peer, here), (PeerId::from("q"), away)] }
    }

    fn delivery() -> Delivery {
        let frame = Frame { text: "[\"SIGNAL\",\n1]".into(), attachments: [vec![0, 255, 10].into()].into() };
        Delivery { to: PeerId::from("p"), frame, is_implied: true }
    }

    #[test]
    fn everything_comes_as_it_was_said() {
        assert_eq!(read_room(&room(&shared())), Some(shared()));
        let (id, version) = (RoomId::from("r"), Version { number: 7, value: Some(shared()) });
        let text = changed(&id, 6, version.value.as_ref(), &[delivery()]);
        let said = Message::Changed { room: id.clone(), previous: 6, version, deliveries: vec![delivery()] };
        assert_eq!(read(7, &text), Some(said));
        let gone = Version { number: 8, value: None };
        let said = Message::Changed { room: id.clone(), previous: 7, version: gone, deliveries: Vec::new() };
        assert_eq!(read(8, &changed(&id, 7, None, &[])), Some(said));
        assert_eq!(read(0, &deliver(&[delivery()])), Some(Message::Deliver(vec![delivery()])));
        let (node, peer, token) = (NodeId::from("n"), PeerId::from("p"), [9; 32]);
        let said = Message::AskForSession { node: node.clone(), number: 3, peer: peer.clone(), token };
        assert_eq!(read(0, &ask_for_session(&node, 3, &peer, &token)), Some(said));
        let rooms = vec![(RoomId::from("r"), shared().room)];
        let room = crate::ice::SharedRelays::new("north".into()).mark("r");
        let given = vec![Given { id: RoomId::from("r"), room, node: node.clone(), number: 7, expiry_s: 1_764_000_000 }];
        let given_up = HandedOver { n_sent: 5, n_received: 4, replay: vec![delivery().frame], rooms, given };
        for session in [None, Some(given_up)] {
            let said = Message::HandOver { number: 3, session: session.clone() };
            assert_eq!(read(0, &hand_over(3, session.as_ref())), Some(said));
        }
        let left = LeftMember { peer: peer.clone(), room, number: 5 };
        assert_eq!(read(0, &left_relay(&left)), Some(Message::LeftRelay(left)));
        assert_eq!(read(0, r#"{"say":"left-relay","peer":"p","room":"r","number":5}"#), None);
        assert_eq!(read(0, &goodbye(&node)), Some(Message::Goodbye(node.clone())));
        let saved = SavedSession { peer, node, alerts: true, rooms: vec![id] };
        assert_eq!(read_session(&session(&saved)), Some(saved));
    }

    #[test]
    fn a_later_version_adds_fields_and_messages_that_this_one_passes_over() {
        let with_more = room(&shared()).replacen('{', r#"{"later":[1],"#, 1);
        assert_eq!(read_room(&with_more), Some(shared()));
        assert_eq!(read_room(&room(&shared()).replace(r#""format":1"#, r#""format":2"#)), None);
        assert_eq!(read(0, r#"{"say":"something-new","x":1}"#), None);
        for text in ["", "{}", "5", r#"{"say":"deliver"}"#, r#"{"say":"changed","room":"r"}"#, r#"{"say":"goodbye"}"#] {
            assert_eq!((read(1, text), read_room(text), read_session(text)), (None, None, None), "{text}");
        }
        let odd = r#"{"say":"deliver","deliveries":[{"to":"p","text":"x","attachments":["%"]},{"to":"q","text":"y"}]}"#;
        let Some(Message::Deliver(read)) = read(0, odd) else { panic!("a frame is left out, and the others are not") };
        assert_eq!(read.len(), 1);
    }
}

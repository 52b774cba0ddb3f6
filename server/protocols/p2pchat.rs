//! The original frontend's protocol, quirks kept: it asks with `requestId`, is answered with `requestID`, and calls a room's
//! topology `type`, a star's host `spec` and leaving `DISCONNECTEDUSER`. See docs/protocol.md.
use p2pchat_ice::IceServer;
use p2pchat_rooms::{Address, Alert, Password, PeerId, Rejection, Reply, Request, RoomId, RoomSettings, Topology};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{
    Answer, AnswerContext, Command, DecodeError, Frame, Incoming, Protocol, RequestId, Transport,
    json::{self, Body, Event, Fields},
    signal::{self, Envelope},
};

/// Spoken by the original frontend and by ours.
#[derive(Debug)]
pub struct P2pChat;

const GET_ID: &str = "GET-ID";
const CREATE_ROOM: &str = "CREATE-ROOM";
const JOIN_ROOM: &str = "JOIN-ROOM";
const UPDATE_ROOM: &str = "UPDATE-ROOM";
const SIGNAL: &str = "SIGNAL";
const DISCONNECTED_USER: &str = "DISCONNECTEDUSER";
/// Ours: to clients that have asked for it with `alerts` in their `GET-ID`.
const ROOM_ALERT: &str = "ROOM-ALERT";
const TYPE_ERROR: &str = "TYPEERROR";

/// Length of a request id, in UTF-16 units. Requests with a longer one, or with none, are ignored.
const REQUEST_ID_UNITS_MAX: usize = 10;

impl Protocol for P2pChat {
    fn name(&self) -> &'static str {
        "p2pchat"
    }

    fn transport(&self) -> Transport {
        Transport::SocketIo
    }

    // Its clients say GET-ID themselves.
    fn on_connect(&self) -> Option<Command<'static>> {
        None
    }

    fn decode<'a>(&self, Incoming { text, attachments, .. }: Incoming<'a>) -> Result<Command<'a>, DecodeError> {
        let Event { name, body } = json::read_event(text).ok_or(DecodeError::NotAnEvent)?;
        let asked = |request: fn(&Fields<'a>) -> Request<'a>| asked(&body, request);
        match (&*name, &body) {
            (SIGNAL, Body::Object(fields)) => {
                let Envelope { target, room, payload } = Envelope::of(fields, attachments)?;
                Ok(Command {
                    request_id: RequestId(None),
                    request: Request::Signal { to: Address::Member { room, peer: target }, payload },
                })
            }
            (DISCONNECTED_USER, Body::Text(room)) => {
                Ok(Command { request_id: RequestId(None), request: Request::Leave { room: RoomId::from(&**room) } })
            }
            (GET_ID, _) => asked(|it| Request::Hello { alerts: it.raw("alerts") == Some("true") }),
            (CREATE_ROOM, _) => asked(|it| Request::Create { settings: settings(it).zip(topology(it)) }),
            (JOIN_ROOM, _) => asked(|it| Request::Join {
                room: room(it),
                password: it.text("password").map(|it| Password(it.into_owned())),
            }),
            (UPDATE_ROOM, _) => asked(|it| Request::Update { room: room(it), settings: settings(it) }),
            (SIGNAL | DISCONNECTED_USER, _) => Err(DecodeError::Body),
            _ => Err(DecodeError::UnknownEvent),
        }
    }

    fn encode_answer(
        &self,
        request_id: &RequestId,
        answer: &Result<Reply, Rejection>,
        beside: &AnswerContext<'_>,
    ) -> Answer {
        request_id.0.as_deref().and_then(|id| encode_answer(id, answer, beside.ice)).into()
    }

    fn encode_event(&self, event: p2pchat_rooms::Event<'_>) -> Option<Frame> {
        Some(match event {
            p2pchat_rooms::Event::PeerJoined { room, peer, .. } => {
                frame(JOIN_ROOM, &Newcomer { from: Place { user: peer.as_str(), room: room.as_str() } })
            }
            p2pchat_rooms::Event::PeerLeft { room, peer } => {
                frame(DISCONNECTED_USER, &Place { user: peer.as_str(), room: room.as_str() })
            }
            p2pchat_rooms::Event::RoomAlert { room, alert: Alert::PasswordAttempts { n_wrong } } => {
                frame(ROOM_ALERT, &RoomAlert { room: room.as_str(), kind: "password-attempts", count: n_wrong })
            }
            p2pchat_rooms::Event::Signal { from, payload, .. } => {
                Frame { text: signal::stamp_sender(&payload, from.as_str()), attachments: payload.attachments }
            }
        })
    }
}

/// `None`: the request is not answered. `id` is the client's id for it.
fn encode_answer(id: &str, answer: &Result<Reply, Rejection>, ice: &[IceServer]) -> Option<Frame> {
    Some(match answer {
        Ok(Reply::Welcome { peer }) => frame(
            GET_ID,
            &Welcome { request: id, user: peer.as_str(), ice_servers: ice.iter().map(ice_server).collect() },
        ),
        Ok(Reply::Created { room, summary }) => {
            let RoomSettings { name, password, peers_max } = &summary.settings;
            let (max_users, cur_users) = (*peers_max, summary.n_peers);
            let room = room.as_str();
            frame(CREATE_ROOM, &Created { room, request: id, name, max_users, cur_users, password: &password.0 })
        }
        Ok(Reply::Joined { summary }) => {
            let (max_users, cur_users) = (summary.settings.peers_max, summary.n_peers);
            let (kind, spec) = (type_of(summary.topology), summary.host.as_ref().map(PeerId::as_str));
            frame(JOIN_ROOM, &Joined { request: id, name: &summary.settings.name, max_users, cur_users, kind, spec })
        }
        Ok(Reply::Updated { summary }) => {
            let RoomSettings { name, password, peers_max } = &summary.settings;
            let (max_users, cur_users) = (*peers_max, summary.n_peers);
            frame(UPDATE_ROOM, &Updated { request: id, password: &password.0, name, max_users, cur_users })
        }
        // The original answers neither signals nor leaving; the other replies are to requests that it does not have.
        Ok(
            Reply::Left
            | Reply::Sent
            | Reply::Kept
            | Reply::Entered { .. }
            | Reply::Members { .. }
            | Reply::Named { .. },
        ) => {
            return None;
        }
        Err(rejection) => frame(TYPE_ERROR, &TypeError { kind: error_code(*rejection)?, request: id }),
    })
}

/// A request that is answered. Without a usable request id it is ignored, as by the original.
fn asked<'a>(body: &Body<'a>, request: fn(&Fields<'a>) -> Request<'a>) -> Result<Command<'a>, DecodeError> {
    let Body::Object(fields) = body else { return Err(DecodeError::Body) };
    let id = fields.text("requestId").ok_or(DecodeError::Body)?;
    if id.is_empty() || id.encode_utf16().count() > REQUEST_ID_UNITS_MAX {
        return Err(DecodeError::Body);
    }
    Ok(Command { request_id: RequestId(Some(id.into_owned())), request: request(fields) })
}

/// A value that is no string, and the empty string, are no room's id.
fn room(fields: &Fields<'_>) -> RoomId {
    RoomId::from(&*fields.text("room").unwrap_or_default())
}

/// `None`: a field is missing or of a wrong type.
fn settings(fields: &Fields<'_>) -> Option<RoomSettings> {
    let peers_max = fields.number("maxUsers")?;
    Some(RoomSettings {
        name: fields.text("name")?.into_owned(),
        password: Password(fields.text("password")?.into_owned()),
        // `as` cuts fractions off and clamps at both ends.
        peers_max: peers_max as usize,
    })
}

fn topology(fields: &Fields<'_>) -> Option<Topology> {
    match fields.number("type")? {
        0.0 => Some(Topology::Mesh),
        1.0 => Some(Topology::Star),
        _ => None,
    }
}

fn type_of(topology: Topology) -> u8 {
    match topology {
        Topology::Mesh => 0,
        Topology::Star => 1,
    }
}

/// `None`: the original is silent.
fn error_code(rejection: Rejection) -> Option<u8> {
    match rejection {
        Rejection::WrongPassword => Some(1),
        Rejection::RoomFull => Some(2),
        Rejection::NoSuchRoom => Some(3),
        Rejection::NoId
        | Rejection::NotTheHost
        | Rejection::BadSettings
        | Rejection::TooManyRooms
        | Rejection::Busy => Some(4),
        Rejection::HasId | Rejection::AlreadyThere | Rejection::NotAMember => None,
        // It has no requests that lead to these.
        Rejection::NameTaken | Rejection::NoSuchName | Rejection::Glare | Rejection::TooMuchKept => None,
    }
}

fn frame(name: &str, body: &impl Serialize) -> Frame {
    super::frame(&(name, body))
}

#[derive(Serialize)]
struct Welcome<'a> {
    #[serde(rename = "requestID")]
    request: &'a str,
    #[serde(rename = "userID")]
    user: &'a str,
    /// Ours; the original frontend does not look at it.
    #[serde(rename = "iceServers", skip_serializing_if = "Vec::is_empty")]
    ice_servers: Vec<RtcIceServer<'a>>,
}

/// `RTCIceServer` of the WebRTC specification.
#[derive(Serialize)]
struct RtcIceServer<'a> {
    urls: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<&'a str>,
}

fn ice_server(server: &IceServer) -> RtcIceServer<'_> {
    let login = server.login.as_ref();
    RtcIceServer {
        urls: &server.urls,
        username: login.map(|it| &*it.username),
        credential: login.map(|it| it.credential.expose_secret()),
    }
}

#[derive(Serialize)]
struct Created<'a> {
    #[serde(rename = "roomID")]
    room: &'a str,
    #[serde(rename = "requestID")]
    request: &'a str,
    name: &'a str,
    #[serde(rename = "maxUsers")]
    max_users: usize,
    #[serde(rename = "curUsers")]
    cur_users: usize,
    password: &'a str,
}

#[derive(Serialize)]
struct Joined<'a> {
    #[serde(rename = "requestID")]
    request: &'a str,
    name: &'a str,
    #[serde(rename = "maxUsers")]
    max_users: usize,
    #[serde(rename = "curUsers")]
    cur_users: usize,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<&'a str>,
}

#[derive(Serialize)]
struct Updated<'a> {
    #[serde(rename = "requestID")]
    request: &'a str,
    password: &'a str,
    name: &'a str,
    #[serde(rename = "maxUsers")]
    max_users: usize,
    #[serde(rename = "curUsers")]
    cur_users: usize,
}

#[derive(Serialize)]
struct TypeError<'a> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(rename = "requestID")]
    request: &'a str,
}

#[derive(Serialize)]
struct RoomAlert<'a> {
    #[serde(rename = "roomID")]
    room: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    count: u32,
}

#[derive(Serialize)]
struct Newcomer<'a> {
    from: Place<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    #[serde(rename = "userID")]
    user: &'a str,
    #[serde(rename = "roomID")]
    room: &'a str,
}

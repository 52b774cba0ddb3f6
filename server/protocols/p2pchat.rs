//! The original frontend's protocol, quirks kept: it asks with `requestId`, is answered with `requestID`, and calls a room's
//! topology `type`, a star's host `spec` and leaving `DISCONNECTEDUSER`. See docs/protocol.md.
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::{
    Answer, AnswerContext, Asked, Command, DecodeError, Frame, Incoming, Protocol, RequestId, ResumeAnswer,
    ResumeRequest, SessionRequest, Transport,
    json::{self, Body, Event, Fields},
    signal::{self, Envelope},
};
use crate::{
    ice::IceServer,
    rooms::{self, Address, Alert, Password, PeerId, Rejection, Reply, Request, RoomId, RoomSettings, Topology},
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
/// Ours, from clients that can come back: so many events were received.
const ACK: &str = "ACK";
/// Ours, from the same: the page is being closed or loaded again.
const CLOSING: &str = "CLOSING";
/// Ours: STUN and TURN servers with fresh credentials.
const ICE_SERVERS: &str = "ICE-SERVERS";
const TYPE_ERROR: &str = "TYPEERROR";

/// Length of a request id, in UTF-16 units. Requests with a longer one, or with none, are ignored.
const REQUEST_ID_UNITS_MAX: usize = 10;

/// Bytes of a resume token. Ours have 43.
const TOKEN_BYTES_MAX: usize = 100;

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
        let Some(Event { name, body }) = json::read_event(text) else {
            // The one event that has no body.
            let is_closing = json::read_array(text).is_some_and(|it| it == ["\"CLOSING\""]);
            return if is_closing { Ok(unasked(SessionRequest::Closing)) } else { Err(DecodeError::NotAnEvent) };
        };
        let asked = |request: fn(&Fields<'a>) -> Asked<'a>| asked(&body, request);
        match (&*name, &body) {
            (SIGNAL, Body::Object(fields)) => {
                let Envelope { target, room, payload } = Envelope::of(fields, attachments)?;
                Ok(super::unmarked(Request::Signal { to: Address::Member { room, peer: target }, payload }))
            }
            (DISCONNECTED_USER, Body::Text(room)) => {
                Ok(super::unmarked(Request::Leave { room: RoomId::from(&**room) }))
            }
            (GET_ID, _) => asked(hello),
            (CREATE_ROOM, _) => asked(|it| Asked::Rooms(Request::Create { settings: settings(it).zip(topology(it)) })),
            (JOIN_ROOM, _) => asked(|it| {
                let password = it.text("password").map(|it| Password(it.into_owned()));
                Asked::Rooms(Request::Join { room: room(it), password })
            }),
            (UPDATE_ROOM, _) => asked(|it| Asked::Rooms(Request::Update { room: room(it), settings: settings(it) })),
            (ACK, Body::Object(fields)) => {
                let received = count(fields, "received").ok_or(DecodeError::Body)?;
                Ok(unasked(SessionRequest::Acknowledge { received }))
            }
            (CLOSING, _) => Ok(unasked(SessionRequest::Closing)),
            (ICE_SERVERS, _) => asked(|_| Asked::Session(SessionRequest::IceServers)),
            (SIGNAL | DISCONNECTED_USER | ACK, _) => Err(DecodeError::Body),
            _ => Err(DecodeError::UnknownEvent),
        }
    }

    fn encode_answer(
        &self,
        request_id: &RequestId,
        answer: &Result<Reply, Rejection>,
        beside: &AnswerContext<'_>,
    ) -> Answer {
        request_id.0.as_deref().and_then(|id| encode_answer(id, answer, beside)).into()
    }

    fn encode_ice_servers(&self, request_id: &RequestId, ice: &[IceServer]) -> Option<Frame> {
        let request = request_id.0.as_deref()?;
        Some(frame(ICE_SERVERS, &IceServers { request, ice_servers: ice.iter().map(ice_server).collect() }))
    }

    fn encode_event(&self, event: rooms::Event<'_>) -> Option<Frame> {
        Some(match event {
            rooms::Event::PeerJoined { room, peer, .. } => {
                frame(JOIN_ROOM, &Newcomer { from: Place { user: peer.as_str(), room: room.as_str() } })
            }
            rooms::Event::PeerLeft { room, peer } => {
                frame(DISCONNECTED_USER, &Place { user: peer.as_str(), room: room.as_str() })
            }
            rooms::Event::RoomAlert { room, alert: Alert::PasswordAttempts { n_wrong } } => {
                frame(ROOM_ALERT, &RoomAlert { room: room.as_str(), kind: "password-attempts", count: n_wrong })
            }
            rooms::Event::Signal { from, payload, .. } => {
                Frame { text: signal::stamp_sender(&payload, from.as_str()), attachments: payload.attachments }
            }
        })
    }
}

/// `None`: the request is not answered. `id` is the client's id for it.
fn encode_answer(id: &str, answer: &Result<Reply, Rejection>, beside: &AnswerContext<'_>) -> Option<Frame> {
    Some(match answer {
        Ok(Reply::Welcome { peer }) => {
            let (resume, ice_servers) = (beside.resume.map(resume), beside.ice.iter().map(ice_server).collect());
            frame(GET_ID, &Welcome { request: id, user: peer.as_str(), resume, ice_servers })
        }
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
fn asked<'a>(body: &Body<'a>, request: fn(&Fields<'a>) -> Asked<'a>) -> Result<Command<'a>, DecodeError> {
    let Body::Object(fields) = body else { return Err(DecodeError::Body) };
    let id = fields.text("requestId").ok_or(DecodeError::Body)?;
    if id.is_empty() || id.encode_utf16().count() > REQUEST_ID_UNITS_MAX {
        return Err(DecodeError::Body);
    }
    Ok(Command { request_id: RequestId(Some(id.into_owned())), request: request(fields) })
}

/// What is not answered.
fn unasked(request: SessionRequest) -> Command<'static> {
    Command { request_id: RequestId(None), request: Asked::Session(request) }
}

/// Of the original frontend, or with `resume` of ours: `true`, or what a session before it was given.
fn hello<'a>(fields: &Fields<'a>) -> Asked<'a> {
    let alerts = fields.raw("alerts") == Some("true");
    match fields.raw("resume") {
        Some("true") => Asked::Session(SessionRequest::Hello { alerts, resume: None }),
        Some(raw) if raw.starts_with('{') => {
            Asked::Session(SessionRequest::Hello { alerts, resume: json::read_object(raw).and_then(|it| earlier(&it)) })
        }
        _ => Asked::Rooms(Request::Hello { alerts }),
    }
}

fn earlier(fields: &Fields<'_>) -> Option<ResumeRequest> {
    let token = fields.text("token").filter(|it| it.len() <= TOKEN_BYTES_MAX)?;
    let (received, sent) = (count(fields, "received")?, count(fields, "sent"));
    Some(ResumeRequest { token: SecretString::from(&*token), received, sent })
}

/// A whole number that a double holds.
fn count(fields: &Fields<'_>, key: &str) -> Option<u64> {
    fields.raw(key)?.parse().ok().filter(|it| *it < 1 << 53)
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
    /// Ours, for clients that ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<Resume<'a>>,
    /// Ours; the original frontend does not look at it.
    #[serde(rename = "iceServers", skip_serializing_if = "Vec::is_empty")]
    ice_servers: Vec<RtcIceServer<'a>>,
}

#[derive(Serialize)]
struct Resume<'a> {
    token: &'a str,
    #[serde(rename = "graceS")]
    grace_s: u64,
    // These three of a session that was resumed alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<Vec<ResumedRoom<'a>>>,
}

#[derive(Serialize)]
struct ResumedRoom<'a> {
    #[serde(rename = "roomID")]
    room: &'a str,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<&'a str>,
    members: Vec<&'a str>,
}

fn resume(answer: &ResumeAnswer) -> Resume<'_> {
    let resumed = answer.resumed.as_ref();
    Resume {
        token: answer.token.expose_secret(),
        grace_s: answer.grace_s,
        received: resumed.map(|it| it.received),
        complete: resumed.map(|it| it.is_complete),
        rooms: resumed.map(|it| it.rooms.iter().map(resumed_room).collect()),
    }
}

fn resumed_room(membership: &rooms::Membership) -> ResumedRoom<'_> {
    ResumedRoom {
        room: membership.room.as_str(),
        kind: type_of(membership.topology),
        spec: membership.host.as_ref().map(PeerId::as_str),
        members: membership.members.iter().map(PeerId::as_str).collect(),
    }
}

#[derive(Serialize)]
struct IceServers<'a> {
    #[serde(rename = "requestID")]
    request: &'a str,
    #[serde(rename = "iceServers")]
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

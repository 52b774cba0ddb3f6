//! The original frontend's protocol, quirks kept: it asks with `requestId`, is answered with `requestID`, and calls a room's
//! topology `type`, a star's host `spec` and leaving `DISCONNECTEDUSER`. See docs/protocol.md.
mod answers;
mod owner;

use p2pchat_ice::IceServer;
use p2pchat_rooms::{
    Access, Address, Credential, Fingerprint, HostSecret, Password, Rejection, Reply, Request, Restore, RoomId,
    RoomKey, RoomSettings, Topology,
};
use secrecy::SecretString;

use super::{
    Answer, AnswerContext, Asked, Command, DecodeError, Frame, Incoming, Protocol, RequestId, ResumeRequest,
    SessionRequest, Transport,
    json::{self, Body, Event, Fields},
    signal::Envelope,
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
/// Ours, from a member of a star that wants to be its host.
const TAKE_HOST: &str = "TAKE-HOST";
/// Ours: to clients that know it, which say `canHost` when they come in.
const HOST_CHANGED: &str = "HOST-CHANGED";
/// Ours, from a room's owner, and to members that know of owners.
const OWNER_ACT: &str = "OWNER-ACT";
/// Ours, to the same: somebody waits at the door.
const ROOM_KNOCK: &str = "ROOM-KNOCK";
/// Ours, to a service that hosts stars; no client hears it.
const RETURNED: &str = "RETURNED";
const TYPE_ERROR: &str = "TYPEERROR";

/// The host of a star that no member hosts.
const SERVER: &str = "server";

/// Length of a request id, in UTF-16 units. Requests with a longer one, or with none, are ignored.
const REQUEST_ID_UNITS_MAX: usize = 10;

/// The fittest host of a star.
const FITNESS_MAX: u8 = 100;

/// Bytes of a secret, such as a resume token. Ours have 43.
const TOKEN_BYTES_MAX: usize = 100;

/// Bytes of a token by which somebody is invited, or of the server's password.
const CREDENTIAL_BYTES_MAX: usize = 4_096;

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
            (CREATE_ROOM, _) => asked(create),
            (JOIN_ROOM, _) => asked(join),
            (TAKE_HOST, _) => {
                asked(|it| Asked::Rooms(Request::TakeHost { room: room(it), host_secret: host_secret(it) }))
            }
            (OWNER_ACT, _) => asked(|it| Asked::Rooms(Request::Act { word: owner::word(it) })),
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
        request_id.0.as_deref().and_then(|id| answers::answer(id, answer, beside)).into()
    }

    fn resumes_by_cookie(&self) -> bool {
        true
    }

    fn encode_ice_servers(&self, request_id: &RequestId, ice: &[IceServer]) -> Option<Frame> {
        Some(answers::ice_servers(request_id.0.as_deref()?, ice))
    }

    fn encode_event(&self, event: p2pchat_rooms::Event<'_>) -> Option<Frame> {
        Some(answers::event(event))
    }
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

/// Of the original frontend, or with `key` and `canHost` of ours.
fn create<'a>(fields: &Fields<'a>) -> Asked<'a> {
    let key = fields.raw("key").map(|_| fields.text("key").and_then(|it| RoomKey::new(&it)));
    // One that is no key is a setting that makes no sense.
    let settings = settings(fields).zip(topology(fields)).filter(|_| key != Some(None));
    Asked::Rooms(Request::Create {
        settings,
        key: key.flatten(),
        can_host: can_host(fields),
        host_secret: host_secret(fields),
        founder: founder(fields),
        aware: aware(fields),
        access: access(fields),
    })
}

/// As [`create`].
fn join<'a>(fields: &Fields<'a>) -> Asked<'a> {
    Asked::Rooms(Request::Join {
        room: room(fields),
        password: fields.text("password").map(|it| Password(it.into_owned())),
        restore: restore(fields).map(Box::new),
        can_host: can_host(fields),
        aware: aware(fields),
        name: fields.text("name").unwrap_or_default().into_owned(),
        access: access(fields),
        word: fields.raw("word").and_then(json::read_object).and_then(|it| owner::word(&it)),
    })
}

fn restore(fields: &Fields<'_>) -> Option<Restore> {
    let key = RoomKey::new(&fields.text("key")?)?;
    let old = json::read_object(fields.raw("restore")?)?;
    let password = Password(String::new());
    let settings =
        RoomSettings { name: old.text("name")?.into_owned(), password, peers_max: old.number("maxUsers")? as usize };
    Some(Restore {
        key,
        settings,
        topology: topology(&old)?,
        host_secret: host_secret(fields),
        founder: founder(fields),
    })
}

/// Whose key commands the room.
fn founder(fields: &Fields<'_>) -> Option<Fingerprint> {
    Fingerprint::new(&fields.text("founder")?)
}

/// By what the client shows that it is invited; with an empty object it knows of invitations and has none.
fn access(fields: &Fields<'_>) -> Access {
    let Some(shown) = fields.raw("access").and_then(json::read_object) else { return Access::none() };
    let text = |name| shown.text(name).map(|it| it.into_owned()).filter(|it| it.len() <= CREDENTIAL_BYTES_MAX);
    let token = text("token").map(Credential::Token);
    let credential = token.or_else(|| text("password").map(Credential::Password));
    Access::with(credential, text("room").map(|it| RoomId::from(&*it)))
}

/// Does the client know that rooms have owners?
fn aware(fields: &Fields<'_>) -> bool {
    fields.raw("owners") == Some("true")
}

fn can_host(fields: &Fields<'_>) -> Option<u8> {
    // `as` cuts fractions off and clamps at both ends.
    fields.number("canHost").map(|it| (it as u8).min(FITNESS_MAX))
}

fn host_secret(fields: &Fields<'_>) -> Option<HostSecret> {
    fields.text("owner").filter(|it| !it.is_empty() && it.len() <= TOKEN_BYTES_MAX).map(|it| HostSecret::of(&it))
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
        // Ours: the server is to be the host.
        1.0 if fields.text("host").as_deref() == Some(SERVER) => Some(Topology::HostedStar),
        1.0 => Some(Topology::Star),
        _ => None,
    }
}

//! What P2PChat's clients are told: answers and events as they stand on the wire.
use p2pchat_ice::IceServer;
use p2pchat_rooms::{Alert, Denial, Event, Membership, PeerId, Rejection, Reply, RoomSettings, Topology};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{
    super::{AnswerContext, Frame, ResumeAnswer, signal},
    CREATE_ROOM, DISCONNECTED_USER, GET_ID, HOST_CHANGED, ICE_SERVERS, JOIN_ROOM, OWNER_ACT, RETURNED, ROOM_ALERT,
    ROOM_KNOCK, SERVER, TAKE_HOST, TYPE_ERROR, UPDATE_ROOM,
    owner::{KnockFields, OwnerFields, Signed, knock_fields, owner_fields, signed_fields},
};

/// The answer to somebody who is not let in yet, and waits.
const WAITING: u8 = 8;

/// `None`: the request is not answered. `id` is the client's id for it.
pub(super) fn answer(id: &str, answer: &Result<Reply, Rejection>, beside: &AnswerContext<'_>) -> Option<Frame> {
    let ice_servers = beside.ice.iter().map(ice_server).collect();
    Some(match answer {
        Ok(Reply::Welcome { peer }) => {
            let resume = beside.resume.map(resume);
            frame(GET_ID, &Welcome { request: id, user: peer.as_str(), resume, ice_servers })
        }
        Ok(Reply::Created { room, summary }) => {
            let RoomSettings { name, password, peers_max } = &summary.settings;
            let (max_users, cur_users) = (*peers_max, summary.n_peers);
            let room = room.as_str();
            let owner = summary.ownership.as_ref().map(owner_fields);
            let password = &password.0;
            let host = host_of(summary.topology);
            // To others it says who they are themselves.
            let spec = host.and(summary.host.as_ref()).map(PeerId::as_str);
            let created =
                Created { room, request: id, name, max_users, cur_users, password, spec, host, owner, ice_servers };
            frame(CREATE_ROOM, &created)
        }
        Ok(Reply::Joined { summary }) => {
            let (max_users, cur_users) = (summary.settings.peers_max, summary.n_peers);
            let (kind, spec) = (type_of(summary.topology), summary.host.as_ref().map(PeerId::as_str));
            let (name, owner) = (&summary.settings.name, summary.ownership.as_ref().map(owner_fields));
            let host = host_of(summary.topology);
            frame(JOIN_ROOM, &Joined { request: id, name, max_users, cur_users, kind, spec, host, owner, ice_servers })
        }
        Ok(Reply::Updated { summary }) => {
            let RoomSettings { name, password, peers_max } = &summary.settings;
            let (max_users, cur_users) = (*peers_max, summary.n_peers);
            frame(UPDATE_ROOM, &Updated { request: id, password: &password.0, name, max_users, cur_users })
        }
        Ok(Reply::Waiting { number }) => {
            frame(TYPE_ERROR, &TypeError { kind: WAITING, request: id, number: Some(*number) })
        }
        Ok(Reply::Acted) => frame(OWNER_ACT, &Done { request: id }),
        Ok(Reply::HostTaken) => frame(TAKE_HOST, &Done { request: id }),
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
        Err(rejection) => {
            let number = number_of(*rejection);
            frame(TYPE_ERROR, &TypeError { kind: error_code(*rejection)?, request: id, number })
        }
    })
}

/// What has happened, for a peer that did not cause it.
pub(super) fn event(event: Event<'_>) -> Frame {
    match event {
        Event::PeerJoined { room, peer, .. } => {
            frame(JOIN_ROOM, &Newcomer { from: Place { user: peer.as_str(), room: room.as_str() } })
        }
        Event::PeerLeft { room, peer } => frame(DISCONNECTED_USER, &Place { user: peer.as_str(), room: room.as_str() }),
        Event::HostChanged { room, host, members } => {
            let (host, members) = (host.as_ref().map(PeerId::as_str), members.iter().map(PeerId::as_str).collect());
            frame(HOST_CHANGED, &HostChanged { room: room.as_str(), host, members })
        }
        Event::PeerReturned { room, peer } => frame(RETURNED, &Place { user: peer.as_str(), room: room.as_str() }),
        Event::Knocked { room, knock, on } => {
            frame(ROOM_KNOCK, &Knocked { room: room.as_str(), knock: knock_fields(&knock), on })
        }
        Event::OwnerActed { room, signed } => {
            frame(OWNER_ACT, &OwnerActed { room: room.as_str(), signed: signed_fields(&signed) })
        }
        Event::RoomAlert { room, alert: Alert::PasswordAttempts { n_wrong } } => {
            frame(ROOM_ALERT, &RoomAlert { room: room.as_str(), kind: "password-attempts", count: Some(n_wrong) })
        }
        Event::RoomAlert { room, alert: Alert::Closed } => {
            frame(ROOM_ALERT, &RoomAlert { room: room.as_str(), kind: "closed", count: None })
        }
        Event::Signal { from, payload, .. } => {
            Frame { text: signal::stamp_sender(&payload, from.as_str()), attachments: payload.attachments }
        }
    }
}

/// STUN and TURN servers anew.
pub(super) fn ice_servers(request: &str, ice: &[IceServer]) -> Frame {
    frame(ICE_SERVERS, &IceServers { request, ice_servers: ice.iter().map(ice_server).collect() })
}

/// Ours, where no member is the host.
fn host_of(topology: Topology) -> Option<&'static str> {
    (topology == Topology::HostedStar).then_some(SERVER)
}

fn type_of(topology: Topology) -> u8 {
    match topology {
        Topology::Mesh => 0,
        Topology::Star | Topology::HostedStar => 1,
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
        | Rejection::IdTaken
        | Rejection::BadSettings
        | Rejection::TooManyRooms
        | Rejection::NotTheOwner
        | Rejection::Outdated
        | Rejection::Busy => Some(4),
        // Ours, to clients that know of owners.
        Rejection::RoomLocked { .. } => Some(5),
        Rejection::KeptOut => Some(6),
        Rejection::RoomEnded { .. } => Some(7),
        Rejection::NotLetInYet { .. } => Some(WAITING),
        Rejection::SentAway => Some(9),
        // Ours, to clients that know of invitations.
        Rejection::NotInvited(Denial::NotGranted) => Some(10),
        Rejection::NotInvited(Denial::BadToken) => Some(11),
        Rejection::NotInvited(Denial::ExpiredToken) => Some(12),
        Rejection::NotInvited(Denial::WrongPassword) => Some(13),
        Rejection::NotInvited(Denial::TooManyAttempts) => Some(4),
        Rejection::NotOpenYet => Some(14),
        // Ours, to clients that ask the server to be the host.
        Rejection::NotHosted => Some(15),
        Rejection::HasId | Rejection::AlreadyThere | Rejection::NotAMember => None,
        // It has no requests that lead to these.
        Rejection::NameTaken | Rejection::NoSuchName | Rejection::Glare | Rejection::TooMuchKept => None,
    }
}

/// Of the owner's last word, after which the owner may come in.
fn number_of(rejection: Rejection) -> Option<u64> {
    match rejection {
        Rejection::RoomLocked { number } | Rejection::RoomEnded { number } | Rejection::NotLetInYet { number } => {
            Some(number)
        }
        _ => None,
    }
}

fn frame(name: &str, body: &impl Serialize) -> Frame {
    super::super::frame(&(name, body))
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
    name: &'a str,
    #[serde(rename = "maxUsers")]
    max_users: usize,
    password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    members: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerFields<'a>>,
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

fn resumed_room(membership: &Membership) -> ResumedRoom<'_> {
    let RoomSettings { name, password, peers_max } = &membership.settings;
    ResumedRoom {
        room: membership.room.as_str(),
        kind: type_of(membership.topology),
        name,
        max_users: *peers_max,
        password: &password.0,
        spec: membership.host.as_ref().map(PeerId::as_str),
        host: host_of(membership.topology),
        members: membership.members.iter().map(PeerId::as_str).collect(),
        owner: membership.ownership.as_ref().map(owner_fields),
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
    /// These two of a star that the server hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerFields<'a>>,
    /// Ours, where members are given servers that others are not.
    #[serde(rename = "iceServers", skip_serializing_if = "Vec::is_empty")]
    ice_servers: Vec<RtcIceServer<'a>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerFields<'a>>,
    /// Ours, where members are given servers that others are not.
    #[serde(rename = "iceServers", skip_serializing_if = "Vec::is_empty")]
    ice_servers: Vec<RtcIceServer<'a>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
}

#[derive(Serialize)]
struct Done<'a> {
    #[serde(rename = "requestID")]
    request: &'a str,
}

#[derive(Serialize)]
struct HostChanged<'a> {
    #[serde(rename = "roomID")]
    room: &'a str,
    #[serde(rename = "spec")]
    host: Option<&'a str>,
    members: Vec<&'a str>,
}

#[derive(Serialize)]
struct Knocked<'a> {
    #[serde(rename = "roomID")]
    room: &'a str,
    #[serde(flatten)]
    knock: KnockFields<'a>,
    on: bool,
}

#[derive(Serialize)]
struct OwnerActed<'a> {
    #[serde(rename = "roomID")]
    room: &'a str,
    #[serde(flatten)]
    signed: Signed<'a>,
}

#[derive(Serialize)]
struct RoomAlert<'a> {
    #[serde(rename = "roomID")]
    room: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
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

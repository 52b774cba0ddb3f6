//! What tests of the rules share, here and in the crates that build on them.
use super::{
    Compat, Event, Limits, Notification, Payload, PeerId, Rejection, Reply, Request, RoomId, RoomPolicy, Rooms, Rules,
    SignalKind,
};

/// Small enough to be reached.
pub const LIMITS: Limits = Limits { peers_max: 20, rooms_per_peer_max: 3, name_units_max: 20, password_units_max: 100 };

/// The peer with this id.
pub fn peer(name: &str) -> PeerId {
    PeerId::from(name)
}

/// The room that [`ask`] gives to whoever makes one.
pub fn room() -> RoomId {
    RoomId::from("r")
}

/// Empty rooms.
pub fn rooms(policy: RoomPolicy, compat: impl Compat + 'static) -> Rooms {
    Rooms::new(Rules { policy, limits: LIMITS }, Box::new(compat))
}

/// Asks for something: the reply, and what others are told.
///
/// # Errors
/// The rules refuse it.
pub fn ask(rooms: &mut Rooms, from: &str, request: Request<'_>) -> Result<(Reply, Vec<String>), Rejection> {
    let outcome = rooms.apply(&peer(from), 0, request, room)?;
    Ok((outcome.reply, heard(&outcome.notifications)))
}

/// A signal of this kind.
pub fn payload(kind: SignalKind) -> Payload<'static> {
    Payload { kind, text: "secret".into(), sender_spans: Vec::new(), attachments: Default::default() }
}

/// Notifications, one line each: who hears what.
pub fn heard(notifications: &[Notification<'_>]) -> Vec<String> {
    let line = |Notification { to, event }: &Notification<'_>| match event {
        Event::PeerJoined { peer, present, .. } if present.is_empty() => format!("{to} <- +{peer}"),
        Event::PeerJoined { peer, present, .. } => {
            let present: Vec<_> = present.iter().map(PeerId::as_str).collect();
            format!("{to} <- +{peer} of {}", present.join(" "))
        }
        Event::PeerLeft { peer, .. } => format!("{to} <- -{peer}"),
        Event::HostChanged { host, members, .. } => {
            let (host, members): (_, Vec<_>) =
                (host.as_ref().map_or("nobody", PeerId::as_str), members.iter().map(PeerId::as_str).collect());
            format!("{to} <- host {host} of {}", members.join(" "))
        }
        Event::PeerReturned { peer, .. } => format!("{to} <- {peer} again"),
        Event::Knocked { knock, on, .. } => {
            let sign = if *on { '?' } else { '!' };
            format!("{to} <- {sign}{} {}", knock.peer, knock.name)
        }
        Event::OwnerActed { signed, .. } => format!("{to} <- owner: {}", signed.text),
        Event::RoomAlert { alert, .. } => format!("{to} <- {alert:?}"),
        Event::Signal { from, name: None, .. } => format!("{to} <- signal {from}"),
        Event::Signal { name: Some(name), .. } => format!("{to} <- signal of {name}"),
    };
    notifications.iter().map(line).collect()
}

//! One step of one room: a command by a peer, and what follows from it. Signals are none: they change no room.
//!
//! **Invariants:** a rejection changes nothing and notifies nobody. A room that is over is `None` afterwards; one that does
//! not exist yet is `None` before.
use std::sync::Arc;

use super::{
    Event, Notification, Owner, Password, PeerId, Rejection, Reply, RoomId, RoomSettings, Rules, Topology, room::Room,
};

/// What a peer does in one room.
#[derive(Debug)]
pub enum RoomCommand {
    /// Makes it.
    Create {
        /// Before the limits are applied.
        settings: RoomSettings,
        /// How its members connect.
        topology: Topology,
        /// What it has that rooms of original pages have not.
        lasting: Lasting,
        /// Whether it was there before: the peer is answered as if it joined.
        is_restored: bool,
    },
    /// Joins it if it exists.
    Join {
        /// `None`: none was given.
        password: Option<Password>,
        /// As in [`Request::Join`](super::Request::Join).
        can_host: Option<u8>,
    },
    /// Becomes the host of a star.
    TakeHost {
        /// By which the peer shows that it made the room, if it is not known for that.
        owner: Option<Owner>,
    },
    /// Hands a star over before its host may be gone: its page is being closed, and perhaps loaded again.
    YieldHost,
    /// Joins it, and makes it if it does not exist.
    Enter,
    /// Changes its settings. `None`: they made no sense.
    Update {
        /// Before the limits are applied.
        settings: Option<RoomSettings>,
    },
    /// Leaves it.
    Leave,
}

/// What a room has that rooms of original pages have not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lasting {
    /// Its id follows from a key.
    pub has_key: bool,
    /// As in [`Request::Join`](super::Request::Join), of who makes it.
    pub can_host: Option<u8>,
    /// Who may take the host's place again.
    pub owner: Option<Owner>,
}

/// What follows from a command.
#[derive(Debug)]
pub struct Step {
    /// For the peer that gave the command.
    pub reply: Reply,
    /// For others, in the order in which they are to be sent.
    pub notifications: Vec<Notification<'static>>,
    /// The peer is a member now and was none before.
    pub has_joined: bool,
    /// Who is no longer a member.
    pub removed: Vec<PeerId>,
}

/// One step of the room `id`.
///
/// # Errors
/// The rules do not allow it.
pub fn step(
    room: &mut Option<Room>,
    id: &RoomId,
    peer: &PeerId,
    command: RoomCommand,
    rules: &Rules,
) -> Result<Step, Rejection> {
    match (command, room.as_mut()) {
        (RoomCommand::Create { settings, topology, lasting, is_restored }, None) => {
            let mut made = Room::open(rules.limits.applied_to(settings), topology, peer.clone());
            (made.has_key, made.owner) = (lasting.has_key, lasting.owner);
            made.fitness.extend(lasting.can_host.map(|it| (peer.clone(), it)));
            let summary = made.summary();
            *room = Some(made);
            let reply =
                if is_restored { Reply::Joined { summary } } else { Reply::Created { room: id.clone(), summary } };
            Ok(joined(reply, Vec::new()))
        }
        (RoomCommand::Create { .. }, Some(_)) => Err(Rejection::AlreadyThere),
        (RoomCommand::Join { password, can_host }, Some(room)) => {
            room.admit(peer, password.as_ref(), can_host)?;
            let notified = room.peers_to_notify();
            let told_of_host = room.add(peer, can_host);
            let present = Arc::default();
            let mut notifications: Vec<_> =
                notified.into_iter().map(|to| peer_joined(to, id, peer, &present)).collect();
            notifications.extend(host_changed(told_of_host, id, room));
            Ok(joined(Reply::Joined { summary: room.summary() }, notifications))
        }
        (RoomCommand::Enter, None) => {
            let settings =
                RoomSettings { name: String::new(), password: no_password(), peers_max: rules.limits.peers_max };
            *room = Some(Room::open(rules.limits.applied_to(settings), Topology::Mesh, peer.clone()));
            Ok(joined(Reply::Entered { room: id.clone(), others: Vec::new(), is_new: true }, Vec::new()))
        }
        (RoomCommand::Enter, Some(room)) => {
            room.admit(peer, Some(&no_password()), None)?;
            let (notified, others) = (room.peers_to_notify(), room.members().to_vec());
            room.add(peer, None);
            let both_ways = rules.policy.announce_both_ways;
            let present = if both_ways { room.members().into() } else { Arc::default() };
            let mut notifications: Vec<_> =
                notified.into_iter().map(|to| peer_joined(to, id, peer, &present)).collect();
            if both_ways {
                notifications.extend(others.iter().map(|it| peer_joined(peer.clone(), id, it, &present)));
            }
            Ok(joined(Reply::Entered { room: id.clone(), others, is_new: false }, notifications))
        }
        (RoomCommand::Update { settings }, Some(room)) => {
            room.change(peer, settings.map(|it| rules.limits.applied_to(it)))?;
            Ok(stayed(Reply::Updated { summary: room.summary() }, Vec::new()))
        }
        (RoomCommand::Leave, Some(there)) => {
            let departure = there.without(peer, rules.policy.hand_over).ok_or(Rejection::NotAMember)?;
            let left = |to| Notification { to, event: Event::PeerLeft { room: id.clone(), peer: peer.clone() } };
            let mut notifications: Vec<_> = departure.notified.into_iter().map(left).collect();
            notifications.extend(host_changed(departure.told_of_host, id, there));
            if departure.is_over && !(there.has_key && rules.policy.lingers()) {
                *room = None;
            }
            Ok(Step { removed: departure.removed, ..stayed(Reply::Left, notifications) })
        }
        (RoomCommand::TakeHost { owner }, Some(room)) => Ok(hosted(room.take_host(peer, owner)?, id, room)),
        (RoomCommand::YieldHost, Some(room)) => Ok(hosted(room.yield_host(peer)?, id, room)),
        (RoomCommand::Leave, None) => Err(Rejection::NotAMember),
        (
            RoomCommand::Join { .. }
            | RoomCommand::Update { .. }
            | RoomCommand::TakeHost { .. }
            | RoomCommand::YieldHost,
            None,
        ) => Err(Rejection::NoSuchRoom),
    }
}

/// What rooms that are made by entering them have.
pub(super) fn no_password() -> Password {
    Password(String::new())
}

fn host_changed(told: Vec<PeerId>, id: &RoomId, room: &Room) -> impl Iterator<Item = Notification<'static>> {
    let (host, members): (_, Arc<[PeerId]>) = (room.host.clone(), room.members().into());
    let event = move |room: RoomId| Event::HostChanged { room, host: host.clone(), members: members.clone() };
    let id = id.clone();
    told.into_iter().map(move |to| Notification { to, event: event(id.clone()) })
}

fn hosted(told: Vec<PeerId>, id: &RoomId, room: &Room) -> Step {
    stayed(Reply::HostTaken, host_changed(told, id, room).collect())
}

fn joined(reply: Reply, notifications: Vec<Notification<'static>>) -> Step {
    Step { has_joined: true, ..stayed(reply, notifications) }
}

fn stayed(reply: Reply, notifications: Vec<Notification<'static>>) -> Step {
    Step { reply, notifications, has_joined: false, removed: Vec::new() }
}

fn peer_joined(to: PeerId, room: &RoomId, peer: &PeerId, present: &Arc<[PeerId]>) -> Notification<'static> {
    Notification { to, event: Event::PeerJoined { room: room.clone(), peer: peer.clone(), present: present.clone() } }
}

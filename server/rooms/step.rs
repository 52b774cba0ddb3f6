//! One step of one room: a command by a peer, and what follows from it. Signals are none: they change no room.
//!
//! **Invariants:** a rejection changes nothing and notifies nobody. A room that is over is `None` afterwards; one that does
//! not exist yet is `None` before.
use std::sync::Arc;

use super::{
    Event, HostSecret, Moderation, Notification, OwnersWord, Password, PeerId, Rejection, Reply, RoomId, RoomSettings,
    Rules, Topology,
    acts::{self, acted},
    closing,
    room::Room,
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
        /// As in [`Request::Join`](super::Request::Join).
        aware: bool,
        /// As in [`Request::Join`](super::Request::Join).
        word: Option<Box<OwnersWord>>,
    },
    /// Waits at its door.
    Knock {
        /// What the peer is called.
        name: String,
    },
    /// Waits there no more.
    Withdraw,
    /// Does what only its owner may do.
    Act {
        /// What.
        word: Box<OwnersWord>,
    },
    /// Becomes the host of a star.
    TakeHost {
        /// By which the peer shows that it made the room, if it is not known for that.
        host_secret: Option<HostSecret>,
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
    /// Closes it, for everyone; no peer's command.
    Close {
        /// Members whose clients know of alerts.
        alerted: Vec<PeerId>,
    },
}

/// What a room has that rooms of original pages have not.
#[derive(Clone, Debug, Default)]
pub struct Lasting {
    /// Its id follows from a key.
    pub has_key: bool,
    /// As in [`Request::Join`](super::Request::Join), of who makes it.
    pub can_host: Option<u8>,
    /// Who may take the host's place again.
    pub host_secret: Option<HostSecret>,
    /// Its owner.
    pub moderation: Option<Box<Moderation>>,
    /// As in [`Request::Join`](super::Request::Join), of who makes it.
    pub aware: bool,
    /// A token names it, and takes one to join.
    pub invited_only: bool,
    /// The host of a hosted star.
    pub service: Option<PeerId>,
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
            let made = make(rules.limits.applied_to(settings), topology, peer, lasting);
            let summary = made.summary(peer);
            let served: Vec<_> =
                made.service().map(|it| peer_joined(it.clone(), id, peer, &Arc::default())).into_iter().collect();
            *room = Some(made);
            let reply =
                if is_restored { Reply::Joined { summary } } else { Reply::Created { room: id.clone(), summary } };
            Ok(joined(reply, served))
        }
        (RoomCommand::Create { .. }, Some(_)) => Err(Rejection::AlreadyThere),
        (RoomCommand::Join { password, can_host, aware, word }, Some(room)) => {
            let is_owner = room.is_owner(word.as_deref());
            room.admit(peer, password.as_ref(), can_host, is_owner)?;
            let notifications = join(room, id, peer, can_host, word.filter(|_| is_owner));
            room.add_aware(peer, aware);
            Ok(joined(Reply::Joined { summary: room.summary(peer) }, notifications))
        }
        (RoomCommand::Enter, None) => {
            let settings =
                RoomSettings { name: String::new(), password: no_password(), peers_max: rules.limits.peers_max };
            *room = Some(Room::open(rules.limits.applied_to(settings), Topology::Mesh, peer.clone()));
            Ok(joined(Reply::Entered { room: id.clone(), others: Vec::new(), is_new: true }, Vec::new()))
        }
        (RoomCommand::Enter, Some(room)) => enter(room, id, peer, rules),
        (RoomCommand::Update { settings }, Some(room)) => {
            room.change(peer, settings.map(|it| rules.limits.applied_to(it)))?;
            Ok(stayed(Reply::Updated { summary: room.summary(peer) }, Vec::new()))
        }
        (RoomCommand::Leave, Some(there)) => {
            let departure = there.without(peer, rules.policy.hand_over).ok_or(Rejection::NotAMember)?;
            let left = |to| Notification { to, event: Event::PeerLeft { room: id.clone(), peer: peer.clone() } };
            let mut notifications: Vec<_> = departure.notified.into_iter().map(left).collect();
            notifications.extend(host_changed(departure.told_of_host, id, there));
            there.forget_aware();
            end_if(departure.is_over, room, rules);
            Ok(Step { removed: departure.removed, ..stayed(Reply::Left, notifications) })
        }
        (RoomCommand::Knock { name }, Some(room)) => acts::knock(room, id, peer, &name),
        (RoomCommand::Withdraw, Some(room)) => Ok(stayed(Reply::Left, acts::withdraw(room, id, peer)?)),
        (RoomCommand::Knock { .. } | RoomCommand::Withdraw, None) => Err(Rejection::NotAMember),
        (RoomCommand::Act { word }, Some(there)) => {
            let (step, is_over) = acts::act(there, id, peer, *word, rules)?;
            end_if(is_over, room, rules);
            Ok(step)
        }
        (RoomCommand::Act { .. }, None) => Err(Rejection::NotTheOwner),
        (RoomCommand::TakeHost { host_secret }, Some(room)) => Ok(hosted(room.take_host(peer, host_secret)?, id, room)),
        (RoomCommand::YieldHost, Some(room)) => Ok(hosted(room.yield_host(peer)?, id, room)),
        (RoomCommand::Close { alerted }, Some(there)) => {
            let step = closing::close(there, id, &alerted);
            end_if(true, room, rules);
            Ok(step)
        }
        (RoomCommand::Leave, None) => Err(Rejection::NotAMember),
        (
            RoomCommand::Join { .. }
            | RoomCommand::Update { .. }
            | RoomCommand::TakeHost { .. }
            | RoomCommand::YieldHost
            | RoomCommand::Close { .. },
            None,
        ) => Err(Rejection::NoSuchRoom),
    }
}

/// Joins a room that needs no password.
fn enter(room: &mut Room, id: &RoomId, peer: &PeerId, rules: &Rules) -> Result<Step, Rejection> {
    room.admit(peer, Some(&no_password()), None, false)?;
    let (notified, others) = (room.peers_to_notify(), room.members().to_vec());
    room.add(peer, None);
    let both_ways = rules.policy.announce_both_ways;
    let present = if both_ways { room.members().into() } else { Arc::default() };
    let mut notifications: Vec<_> = notified.into_iter().map(|to| peer_joined(to, id, peer, &present)).collect();
    if both_ways {
        notifications.extend(others.iter().map(|it| peer_joined(peer.clone(), id, it, &present)));
    }
    Ok(joined(Reply::Entered { room: id.clone(), others, is_new: false }, notifications))
}

/// A room that is over ends, unless it is kept for a while.
fn end_if(is_over: bool, room: &mut Option<Room>, rules: &Rules) {
    room.take_if(|it| is_over && !(it.has_key && rules.policy.lingers()));
}

fn make(settings: RoomSettings, topology: Topology, peer: &PeerId, lasting: Lasting) -> Room {
    let mut made = Room::open(settings, topology, peer.clone());
    if topology == Topology::HostedStar {
        made.host = lasting.service;
    }
    (made.has_key, made.host_secret) = (lasting.has_key, lasting.host_secret);
    made.fitness.extend(lasting.can_host.map(|it| (peer.clone(), it)));
    (made.moderation, made.invited_only) = (lasting.moderation, lasting.invited_only);
    made.add_aware(peer, lasting.aware);
    made
}

/// Takes in whoever was admitted, as the owner with `word`. Who is told.
fn join(
    room: &mut Room,
    id: &RoomId,
    peer: &PeerId,
    can_host: Option<u8>,
    word: Option<Box<OwnersWord>>,
) -> Vec<Notification<'static>> {
    let notified = room.peers_to_notify();
    let told_of_host = room.add(peer, can_host);
    let opened = room.on_owner_joined(word);
    let present = Arc::default();
    let mut notifications: Vec<_> = notified.into_iter().map(|to| peer_joined(to, id, peer, &present)).collect();
    notifications.extend(host_changed(told_of_host, id, room));
    notifications.extend(opened.iter().flat_map(|(aware, signed)| acted(aware, id, signed)));
    // Whoever was let in is at the door no more.
    notifications.extend(acts::withdraw(room, id, peer).unwrap_or_default());
    notifications
}

/// What rooms that are made by entering them have.
pub(super) fn no_password() -> Password {
    Password(String::new())
}

pub(super) fn host_changed(told: Vec<PeerId>, id: &RoomId, room: &Room) -> impl Iterator<Item = Notification<'static>> {
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

pub(super) fn stayed(reply: Reply, notifications: Vec<Notification<'static>>) -> Step {
    Step { reply, notifications, has_joined: false, removed: Vec::new() }
}

fn peer_joined(to: PeerId, room: &RoomId, peer: &PeerId, present: &Arc<[PeerId]>) -> Notification<'static> {
    Notification { to, event: Event::PeerJoined { room: room.clone(), peer: peer.clone(), present: present.clone() } }
}

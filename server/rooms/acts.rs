//! What follows when a room's owner acts.
//!
//! **Invariants:** members whose clients know of owners hear the owner's own words. Everybody hears besides what they would hear
//! if whoever is removed had left; and whoever is removed without knowing of owners, as if all the others had.
use std::{slice, sync::Arc};

use super::{
    Act, Event, Fingerprint, Knock, Notification, OwnersWord, PeerId, Rejection, Reply, Room, RoomId, Rooms, Rules,
    SignedAct, Step, Topology,
    step::{host_changed, stayed},
};

impl Rooms {
    /// Hands in the time, in milliseconds since 1970: what an owner has said before a room was made is not heard in it.
    pub fn set_time(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
    }

    /// Who owns this room.
    pub fn owner(&self, room: &RoomId) -> Option<Fingerprint> {
        self.rooms.get(room)?.moderation.as_ref().map(|it| it.owner)
    }
}

/// Does what an owner says. The second value: nobody is in the room any more.
///
/// # Errors
/// It is not the owner's word, not a new one, or it makes no sense.
pub(super) fn act(
    room: &mut Room,
    id: &RoomId,
    peer: &PeerId,
    word: OwnersWord,
    rules: &Rules,
) -> Result<(Step, bool), Rejection> {
    if !room.has(peer) {
        return Err(Rejection::NotTheOwner);
    }
    let moderation = room.moderation.as_ref().ok_or(Rejection::NotTheOwner)?;
    moderation.believe(&word)?;
    let OwnersWord { number, act, signed, .. } = word;
    if let Act::Answer { peer: target, .. } = &act
        && !moderation.knocking.iter().any(|it| it.peer == *target)
    {
        return Err(Rejection::BadSettings);
    }
    if let Act::Remove { peer: target } = &act
        && (target == peer || !room.members.contains(target))
    {
        return Err(Rejection::BadSettings);
    }
    let told_of_host = if act == Act::Host { room.make_host(peer)? } else { Vec::new() };
    let moderation = room.moderation.as_mut().ok_or(Rejection::NotTheOwner)?;
    moderation.number = number;
    let mut notifications = acted(&moderation.aware, id, &signed);
    // A service goes by the owner's words, too.
    notifications.extend(room.service().into_iter().flat_map(|it| acted(slice::from_ref(it), id, &signed)));
    let moderation = room.moderation.as_mut().ok_or(Rejection::NotTheOwner)?;
    let (mut removed, mut is_over) = (Vec::new(), false);
    match act {
        Act::Present => moderation.presence = Some(signed),
        Act::Lock { on } => moderation.is_locked = on,
        Act::Wait { on } => moderation.set_waits(on),
        Act::Answer { peer, on } => moderation.answer(&peer, on),
        Act::Mute => (),
        Act::Host => notifications.extend(host_changed(told_of_host, id, room)),
        Act::Change { settings } => room.settings = rules.limits.applied_to(settings),
        Act::HandOn { to } => {
            (moderation.owner, moderation.presence) = (to, None);
            moderation.handed_on.push(signed);
        }
        Act::Remove { peer: target } => {
            let notified;
            (notified, removed, is_over) = remove(room, id, &target, rules);
            notifications.extend(notified);
        }
        Act::End => {
            let notified;
            (notified, removed) = end(room, id);
            notifications.extend(notified);
            is_over = true;
        }
    }
    Ok((Step { removed, ..stayed(Reply::Acted, notifications) }, is_over))
}

/// What these members hear of what their owner does.
pub(super) fn acted(aware: &[PeerId], id: &RoomId, signed: &Arc<SignedAct>) -> Vec<Notification<'static>> {
    let event = || Event::OwnerActed { room: id.clone(), signed: signed.clone() };
    aware.iter().map(|to| Notification { to: to.clone(), event: event() }).collect()
}

/// Somebody waits at the door. Members are told, if that is new.
pub(super) fn knock(room: &mut Room, id: &RoomId, peer: &PeerId, name: &str) -> Result<Step, Rejection> {
    let moderation = room.moderation.as_mut().ok_or(Rejection::NoSuchRoom)?;
    let is_new = moderation.knock(peer, name)?;
    let knock = moderation.knocking.last().filter(|_| is_new).cloned();
    let told = knock.map(|it| knocked(&moderation.aware, id, &it, true)).unwrap_or_default();
    Ok(stayed(Reply::Waiting { number: moderation.number }, told))
}

/// Somebody waits there no more. Who is told.
pub(super) fn withdraw(room: &mut Room, id: &RoomId, peer: &PeerId) -> Result<Vec<Notification<'static>>, Rejection> {
    let moderation = room.moderation.as_mut().ok_or(Rejection::NotAMember)?;
    let knock = moderation.withdraw(peer).ok_or(Rejection::NotAMember)?;
    Ok(knocked(&moderation.aware, id, &knock, false))
}

fn knocked(aware: &[PeerId], id: &RoomId, knock: &Knock, on: bool) -> Vec<Notification<'static>> {
    let event = || Event::Knocked { room: id.clone(), knock: knock.clone(), on };
    aware.iter().map(|to| Notification { to: to.clone(), event: event() }).collect()
}

/// Removes a member, and keeps it out. Who is told, who is no longer a member, and whether nobody is left.
fn remove(
    room: &mut Room,
    id: &RoomId,
    target: &PeerId,
    rules: &Rules,
) -> (Vec<Notification<'static>>, Vec<PeerId>, bool) {
    // A star's host hears of its own leaving like everybody else.
    let unaware = Some(target).filter(|it| !is_aware(room, it) && room.host.as_ref() != Some(*it));
    let parted: Vec<_> = unaware.into_iter().flat_map(|it| parted(room, id, it)).collect();
    let Some(departure) = room.without(target, rules.policy.hand_over) else { return Default::default() };
    let mut notifications: Vec<_> = departure.notified.into_iter().map(|to| left(to, id, target)).collect();
    notifications.extend(parted);
    notifications.extend(host_changed(departure.told_of_host, id, room));
    if let Some(moderation) = &mut room.moderation {
        moderation.keep_out(target);
        moderation.let_in.retain(|it| it != target);
    }
    room.forget_aware();
    (notifications, departure.removed, departure.is_over)
}

/// Ends the room for everyone. Who is told, and who was a member.
fn end(room: &mut Room, id: &RoomId) -> (Vec<Notification<'static>>, Vec<PeerId>) {
    let unaware = room.members.iter().filter(|it| !is_aware(room, it));
    let notifications = unaware.flat_map(|it| parted(room, id, it)).collect();
    let removed = room.remove_all();
    if let Some(moderation) = &mut room.moderation {
        moderation.is_ended = true;
        moderation.knocking.clear();
    }
    room.forget_aware();
    (notifications, removed)
}

/// What a member hears whose client knows of no owner, and who is alone from now on: all whom it is connected to have left. A
/// star's host hears of its own leaving, as from the original.
pub(super) fn parted(room: &Room, id: &RoomId, to: &PeerId) -> Vec<Notification<'static>> {
    let gone: Vec<_> = match room.topology {
        Topology::Mesh => room.others(to).cloned().collect(),
        Topology::Star | Topology::HostedStar => room.host.iter().cloned().collect(),
    };
    gone.iter().map(|it| left(to.clone(), id, it)).collect()
}

fn is_aware(room: &Room, peer: &PeerId) -> bool {
    room.moderation.as_ref().is_some_and(|it| it.aware.contains(peer))
}

fn left(to: PeerId, id: &RoomId, peer: &PeerId) -> Notification<'static> {
    Notification { to, event: Event::PeerLeft { room: id.clone(), peer: peer.clone() } }
}

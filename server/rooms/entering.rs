//! How a peer comes into a room: by joining it, by bringing it back, or by entering it under its name; and how it waits at the
//! door of a room whose owner lets people in one by one.
//!
//! **Invariant:** whoever waits is known, and its list of knocks holds every room at whose door it waits.
use super::{
    Access, Fingerprint, Lasting, Moderation, Notification, Outcome, Password, PeerId, Rejection, Request, Restore,
    RoomCommand, RoomId, RoomKey, Rooms, step::no_password,
};

impl Rooms {
    pub(super) fn join(&mut self, from: &PeerId, request: Request<'_>) -> Result<Outcome<'static>, Rejection> {
        let Request::Join { room, password, restore, can_host, aware, word, name, access } = request else {
            return Err(Rejection::NoSuchRoom);
        };
        // One that was said of another room opens nothing here.
        let word = word.filter(|it| it.room == room);
        // To one without an id there are no rooms.
        let n_rooms = self.peers.get(from).ok_or(Rejection::NoSuchRoom)?.rooms.len();
        let Some(there) = self.rooms.get(&room) else {
            let restore = restore.filter(|it| it.room() == room).ok_or(Rejection::NoSuchRoom)?;
            self.may_restore(&restore, &access)?;
            self.rules.limits.check_rooms(n_rooms)?;
            let service = self.service_for(restore.topology, None)?;
            return self.restore(&room, from, *restore, password, (can_host, aware), service);
        };
        if !there.has(from) {
            access.to_join(self.rules.policy.join, &room, there.invited_only)?;
        }
        let name = access.name().map_or(name, str::to_owned);
        match there.admit(from, password.as_ref(), can_host, there.is_owner(word.as_deref())) {
            Err(Rejection::NotLetInYet { .. }) if aware => return self.knock(&room, from, name),
            Err(rejection) => return Err(if aware { rejection } else { rejection.without_owner() }),
            Ok(()) => (),
        }
        self.service_for(there.topology, Some(there)).map_err(|it| if aware { it } else { it.without_owner() })?;
        self.rules.limits.check_rooms(n_rooms)?;
        self.step(&room, from, RoomCommand::Join { password, can_host, aware, word })
    }

    /// Leaves the room before, where that is the policy: two steps, each of one room. Who is refused stays where it is.
    pub(super) fn enter(&mut self, peer: &PeerId, id: RoomId) -> Result<Outcome<'static>, Rejection> {
        let rooms = &self.peers.get(peer).ok_or(Rejection::NoId)?.rooms;
        if let Some(room) = self.rooms.get(&id) {
            room.admit(peer, Some(&no_password()), None, false)?;
        }
        let earlier = if self.rules.policy.single_room { rooms.clone() } else { Vec::new() };
        self.rules.limits.check_rooms(rooms.len() - earlier.len())?;
        let leave = |it: &RoomId| self.step(it, peer, RoomCommand::Leave).map(|it| it.notifications);
        let mut notifications: Vec<_> = earlier.iter().flat_map(leave).flatten().collect();
        let entered = self.step(&id, peer, RoomCommand::Enter)?;
        notifications.extend(entered.notifications);
        Ok(Outcome { reply: entered.reply, notifications, timers: entered.timers })
    }

    /// The id that a room is to have, and who is to own it, where the asker may. `None`: it has neither key nor name.
    pub(super) fn chosen_id(
        &self,
        key: Option<&RoomKey>,
        founder: Option<Fingerprint>,
        access: &Access,
    ) -> (Option<RoomId>, Option<Fingerprint>) {
        let named = access.named_room().cloned();
        let has_id = key.is_some() || named.is_some();
        let founder = founder.filter(|_| has_id && access.may_own(self.rules.policy.create));
        (named.or_else(|| key.map(|it| it.room(founder))), founder)
    }

    /// Whether the asker may make this room again: as it may make any, and one that has an owner if it may own rooms.
    pub(super) fn may_restore(&self, restore: &Restore, access: &Access) -> Result<(), Rejection> {
        let may_own = restore.founder.is_none() || access.may_own(self.rules.policy.create);
        access.to_restore(self.rules.policy.create, &restore.room(), may_own)
    }

    /// Makes a room again that is not there any more. `id` fits its key.
    fn restore(
        &mut self,
        id: &RoomId,
        peer: &PeerId,
        restore: Restore,
        password: Option<Password>,
        (can_host, aware): (Option<u8>, bool),
        service: Option<PeerId>,
    ) -> Result<Outcome<'static>, Rejection> {
        let Restore { mut settings, topology, host_secret, founder, .. } = restore;
        settings.password = password.ok_or(Rejection::WrongPassword)?;
        let moderation = founder.map(|it| Box::new(Moderation::new(it, self.now_ms)));
        let lasting = Lasting { has_key: true, can_host, host_secret, moderation, aware, invited_only: false, service };
        self.step(id, peer, RoomCommand::Create { settings, topology, lasting, is_restored: true })
    }

    /// Waits at the door of a room. Whoever does so already is told nothing new.
    fn knock(&mut self, room: &RoomId, peer: &PeerId, name: String) -> Result<Outcome<'static>, Rejection> {
        let mut knocks = self.peers.get(peer).ok_or(Rejection::NoSuchRoom)?.knocks.clone();
        if !knocks.contains(room) {
            knocks.retain(|it| self.knocks_at(peer, it));
            self.rules.limits.check_rooms(knocks.len())?;
            knocks.push(room.clone());
        }
        let outcome = self.step(room, peer, RoomCommand::Knock { name })?;
        if let Some(known) = self.peers.get_mut(peer) {
            known.knocks = knocks;
        }
        Ok(outcome)
    }

    /// Does this peer wait at the door of this room?
    pub(super) fn knocks_at(&self, peer: &PeerId, room: &RoomId) -> bool {
        let moderation = self.rooms.get(room).and_then(|it| it.moderation.as_ref());
        moderation.is_some_and(|it| it.knocking.iter().any(|it| it.peer == *peer))
    }

    /// A peer is gone, from the doors too.
    pub(super) fn withdraw_knocks(&mut self, peer: &PeerId) -> Vec<Notification<'static>> {
        let knocks = self.peers.get_mut(peer).map(|it| std::mem::take(&mut it.knocks)).unwrap_or_default();
        let withdrawn = |it: &RoomId| self.step(it, peer, RoomCommand::Withdraw).ok();
        knocks.iter().filter_map(withdrawn).flat_map(|it| it.notifications).collect()
    }

    /// What must hold after every request.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn assert_knocks_sound(&self) {
        for (id, room) in &self.rooms {
            for knock in room.moderation.iter().flat_map(|it| &it.knocking) {
                let known = self.peers.get(&knock.peer);
                assert!(known.is_some_and(|it| it.knocks.contains(id)), "{} is gone, and waits at {id}", knock.peer);
                assert!(!room.has(&knock.peer), "{} waits where it is", knock.peer);
            }
        }
    }
}

//! The relay of a room that several nodes share: which of them has it, and by which credentials it knows the room's people.
//!
//! **Invariants:** every node that knows the cluster's secret says the same of a room, and nobody else can say it. Credentials
//! are for one room at one node's relay, until they expire.
use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::{Digest as _, Sha1};

use crate::{IceServer, Login, shared_secret_password};

/// How long such credentials are valid at most, in seconds: a relay that did not hear that somebody has left a room carries what
/// they send for no longer. A call through the relay finds its way anew then, which takes some seconds once in a working day.
pub const MEMBER_LOGIN_S_MAX: u64 = 8 * 3_600;

const MARK_BYTES: usize = 16;

/// What the cluster's secret is used for beside others.
const OF_ROOMS: &str = "p2pchat relay: room";
const OF_LOGINS: &str = "p2pchat relay: logins of";

/// What stands for a room where the network reads along: whoever does not know the cluster's secret cannot tell which it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomMark([u8; MARK_BYTES]);

impl RoomMark {
    /// As [`RoomMark`] writes itself.
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; MARK_BYTES];
        let n = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (n == MARK_BYTES).then_some(RoomMark(bytes))
    }

    /// The node whose relay is this room's (rendezvous hashing): all who know the same nodes choose the same, and each node that
    /// comes or goes moves its own share of the rooms alone.
    pub fn chosen<'n>(&self, nodes: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        let weight = |node: &&str| (Sha1::new().chain_update(self.0).chain_update(node).finalize(), (*node).to_owned());
        nodes.into_iter().max_by_key(weight)
    }
}

impl fmt::Display for RoomMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for RoomMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomMark({self})")
    }
}

/// A member of a room, as its node says to the room's relay. Its text is the username.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberName<'a> {
    /// In seconds since 1970.
    pub expiry_s: u64,
    /// Who.
    pub peer: &'a str,
    /// Of what it is given, greater each time that the peer has come into the room again.
    pub number: u64,
    /// The room.
    pub room: RoomMark,
}

impl<'a> MemberName<'a> {
    /// `None`: it is the name of no member.
    pub fn read(username: &'a str) -> Option<Self> {
        let (expiry, rest) = username.split_once(':')?;
        let (rest, room) = rest.rsplit_once(':')?;
        let (peer, number) = rest.rsplit_once(':')?;
        let (expiry_s, number) = (expiry.parse().ok()?, number.parse().ok()?);
        Some(MemberName { expiry_s, peer, number, room: RoomMark::read(room)? })
    }
}

impl fmt::Display for MemberName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.expiry_s, self.peer, self.number, self.room)
    }
}

/// What the nodes of a cluster know of each other's relays.
#[derive(Clone, Debug)]
pub struct SharedRelays {
    secret: SecretString,
}

impl SharedRelays {
    /// By the secret that all nodes have.
    pub fn new(secret: SecretString) -> Self {
        SharedRelays { secret }
    }

    /// Is it by this secret?
    pub fn is_by(&self, secret: &SecretString) -> bool {
        self.secret.expose_secret() == secret.expose_secret()
    }

    /// What stands for this room.
    pub fn mark(&self, room: &str) -> RoomMark {
        let mut mark = [0; MARK_BYTES];
        // HMAC takes a key of any length.
        if let Ok(mac) = Hmac::<Sha1>::new_from_slice(self.secret.expose_secret().as_bytes()) {
            let sum = mac.chain_update(format!("{OF_ROOMS} {room}")).finalize().into_bytes();
            mark.copy_from_slice(&sum[..MARK_BYTES]);
        }
        RoomMark(mark)
    }

    /// By which the relay of this node knows members.
    pub fn secret_of(&self, node: &str) -> SecretString {
        shared_secret_password(self.secret.expose_secret(), &format!("{OF_LOGINS} {node}"))
    }

    /// The servers for a member of a room whose relay is at `node` and has these urls: STUN, and then TURN.
    pub fn servers_for(&self, member: MemberName<'_>, node: &str, urls: &[String]) -> Vec<IceServer> {
        let (stun, turn): (Vec<_>, Vec<_>) = urls.iter().cloned().partition(|it| it.starts_with("stun"));
        let username = member.to_string();
        let credential = shared_secret_password(self.secret_of(node).expose_secret(), &username);
        let login = Some(Login { username, credential });
        let servers = [IceServer { urls: stun, login: None }, IceServer { urls: turn, login }];
        servers.into_iter().filter(|it| !it.urls.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn relays() -> SharedRelays {
        SharedRelays::new("north".into())
    }

    #[test]
    fn a_rooms_mark_is_the_same_everywhere_and_says_nothing_of_its_room() {
        // The same as `printf %s 'p2pchat relay: room tea' | openssl dgst -sha1 -hmac north -binary | head -c 16 | basenc --base64url`.
        let mark = relays().mark("tea");
        assert_eq!(mark.to_string(), "OPOnjL4sVgEJgfk7h730hg");
        assert_eq!(RoomMark::read(&mark.to_string()), Some(mark));
        assert_ne!(relays().mark("tee"), mark);
        assert_ne!(SharedRelays::new("south".into()).mark("tea"), mark);
        let long = format!("{mark}A");
        for odd in ["", "tea", &mark.to_string()[1..], &long] {
            assert_eq!(RoomMark::read(odd), None, "{odd}");
        }
    }

    #[test]
    fn all_choose_the_same_node_and_one_that_goes_moves_its_own_rooms_alone() {
        let nodes = ["a1", "b2", "c3", "d4"];
        let marks: Vec<_> = (0..4_000).map(|it| relays().mark(&it.to_string())).collect();
        let mut n_rooms = BTreeMap::new();
        for mark in &marks {
            let chosen = mark.chosen(nodes).unwrap();
            *n_rooms.entry(chosen).or_insert(0) += 1;
            assert_eq!(mark.chosen(nodes.into_iter().rev()), Some(chosen));
            let left = mark.chosen(nodes.into_iter().filter(|it| *it != "c3"));
            assert!(if chosen == "c3" { left != Some("c3") } else { left == Some(chosen) });
        }
        assert!(n_rooms.len() == 4 && n_rooms.values().all(|it| (800..1_200).contains(it)), "{n_rooms:?}");
        assert_eq!(marks[0].chosen([]), None);
    }

    #[test]
    fn a_members_name_is_read_as_it_was_written() {
        let room = relays().mark("tea");
        for peer in ["alice", "", "a:b", "ä"] {
            let name = MemberName { expiry_s: 1_700_000_060, peer, number: 5, room };
            assert_eq!(MemberName::read(&name.to_string()), Some(name));
        }
        for odd in
            ["", "alice", "1:alice", "1:alice:5", "1:alice:5:tea", &format!("x:alice:5:{room}"), &format!("1:5:{room}")]
        {
            assert_eq!(MemberName::read(odd), None, "{odd}");
        }
    }

    #[test]
    fn credentials_are_for_one_member_of_one_room_at_one_node_and_no_secret_prints() {
        let urls = ["turn:t?transport=udp", "stun:t"].map(str::to_owned);
        let member = |number| MemberName { expiry_s: 1_700_000_060, peer: "alice", number, room: relays().mark("tea") };
        let password = |relays: &SharedRelays, number, node| {
            let servers = relays.servers_for(member(number), node, &urls);
            assert_eq!((&servers[0].urls[..], &servers[1].urls[..]), (&urls[1..], &urls[..1]));
            assert!(servers[0].login.is_none());
            let login = servers[1].login.as_ref().unwrap();
            assert_eq!(MemberName::read(&login.username), Some(member(number)));
            assert!(!format!("{servers:?} {relays:?}").contains(login.credential.expose_secret()));
            login.credential.expose_secret().to_owned()
        };
        let told = password(&relays(), 5, "a1");
        let known = shared_secret_password(relays().secret_of("a1").expose_secret(), &member(5).to_string());
        assert_eq!(told, known.expose_secret());
        let others = [
            password(&relays(), 6, "a1"),
            password(&relays(), 5, "b2"),
            password(&SharedRelays::new("south".into()), 5, "a1"),
        ];
        assert!(!others.contains(&told));
        assert!(!format!("{:?}", relays()).contains("north"));
        assert_ne!(relays().secret_of("a1").expose_secret(), "north");
    }
}

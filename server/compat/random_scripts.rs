//! Random scripts of requests: whatever is asked in whatever order, the rooms stay sound.
use std::{collections::BTreeSet, time::Duration};

use p2pchat_rooms::{
    Access, Act, Address, Compat, Event, Fingerprint, Hosting, Limits, Name, NoCompat, Notification, OwnersWord,
    Password, Payload, PeerId, Reply, Request, Restore, RoomId, RoomKey, RoomPolicy, RoomSettings, Rooms, Rules,
    SignalKind, SignedAct, Timer, Topology,
};
use proptest::prelude::*;

use super::{DuplicateJoins, GlareResolution, PendingOffers};

#[derive(Clone, Debug)]
enum Step {
    Hello(u8),
    Create {
        by: u8,
        star: bool,
        peers_max: usize,
    },
    Join {
        by: u8,
        room: usize,
        right: bool,
    },
    /// One of two keys: makes the room, joins it, or brings it back.
    Keyed {
        by: u8,
        key: usize,
        makes: bool,
        star: bool,
        owned: bool,
        can_host: Option<u8>,
    },
    /// The owner of a room, or somebody who believes to be it, has said something there.
    Act {
        by: u8,
        room: usize,
        number: u64,
        what: u8,
        to: u8,
    },
    TakeHost {
        by: u8,
        room: usize,
    },
    Update {
        by: u8,
        room: usize,
        peers_max: usize,
    },
    Leave {
        by: u8,
        room: usize,
    },
    Enter {
        by: u8,
        room: Option<usize>,
    },
    Members(u8),
    Claim {
        by: u8,
        name: u8,
    },
    Signal {
        by: u8,
        to: u8,
        room: usize,
        way: u8,
        kind: SignalKind,
    },
    Ring(usize),
    /// Whoever runs the server closes a room.
    Close(usize),
    Lost(u8),
}

const N_FRESH: usize = 5;
/// And those under chosen names; two rooms with a key come after them, and two with a key and an owner.
const N_CHOSEN: usize = N_FRESH + 3;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (peer, room) = (0..6_u8, 0..N_CHOSEN + 4);
    let kind =
        prop::sample::select(&[SignalKind::Opaque, SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate]);
    let step = prop_oneof![
        3 => peer.clone().prop_map(Step::Hello),
        2 => (peer.clone(), any::<bool>(), 0..5_usize)
            .prop_map(|(by, star, peers_max)| Step::Create { by, star, peers_max }),
        6 => (peer.clone(), room.clone(), any::<bool>())
            .prop_map(|(by, room, right)| Step::Join { by, room, right }),
        8 => (peer.clone(), 0..2_usize, any::<(bool, bool, bool)>(), prop::option::of(0..3_u8))
            .prop_map(|(by, key, (makes, star, owned), can_host)| Step::Keyed { by, key, makes, star, owned, can_host }),
        6 => (peer.clone(), N_CHOSEN..N_CHOSEN + 4, 0..40_u64, 0..13_u8, peer.clone())
            .prop_map(|(by, room, number, what, to)| Step::Act { by, room, number, what, to }),
        2 => (peer.clone(), room.clone()).prop_map(|(by, room)| Step::TakeHost { by, room }),
        1 => (peer.clone(), room.clone(), 0..5_usize)
            .prop_map(|(by, room, peers_max)| Step::Update { by, room, peers_max }),
        2 => (peer.clone(), room.clone()).prop_map(|(by, room)| Step::Leave { by, room }),
        4 => (peer.clone(), prop::option::of(N_FRESH..N_FRESH + 3))
            .prop_map(|(by, room)| Step::Enter { by, room }),
        1 => peer.clone().prop_map(Step::Members),
        2 => (peer.clone(), 0..3_u8).prop_map(|(by, name)| Step::Claim { by, name }),
        1 => room.clone().prop_map(Step::Close),
        8 => (peer.clone(), peer.clone(), room, 0..4_u8, kind)
            .prop_map(|(by, to, room, way, kind)| Step::Signal { by, to, room, way, kind }),
        3 => (0..20_usize).prop_map(Step::Ring),
        1 => peer.prop_map(Step::Lost),
    ];
    prop::collection::vec(step, 0..80)
}

fn policy() -> impl Strategy<Value = RoomPolicy> {
    any::<[bool; 5]>().prop_map(|[single_room, announce_both_ways, verify_holders_alive, hand_over, lingers]| {
        RoomPolicy {
            single_room,
            announce_both_ways,
            verify_holders_alive,
            hand_over,
            linger: Duration::from_secs(u64::from(lingers)),
            is_kept: false,
            ..RoomPolicy::default()
        }
    })
}

fn compat(n: u8) -> Box<dyn Compat> {
    match n {
        0 => Box::new(NoCompat),
        1 => Box::new(DuplicateJoins::default()),
        2 => Box::new(GlareResolution::default()),
        _ => Box::new(PendingOffers::default()),
    }
}

fn peer(n: u8) -> PeerId {
    PeerId::from(&*format!("p{n}"))
}
/// The rooms that were made under fresh names, and after them those under names that someone chose.
fn room(n: usize) -> RoomId {
    match n {
        0..N_FRESH => fresh(n),
        N_CHOSEN.. => key((n - N_CHOSEN) % 2).room((n >= N_CHOSEN + 2).then(owner)),
        _ => RoomId::from(&*format!("c{n}")),
    }
}
fn owner() -> Fingerprint {
    Fingerprint::of("k")
}
fn key(n: usize) -> RoomKey {
    RoomKey::new(&format!("{n:022}")).unwrap()
}
fn fresh(n: usize) -> RoomId {
    RoomId::from(&*format!("r{n}"))
}
fn settings(peers_max: usize) -> RoomSettings {
    RoomSettings { name: "n".into(), password: Password("pw".into()), peers_max }
}

/// Hosts stars.
fn service() -> PeerId {
    PeerId::from("service")
}

/// Of one of the rooms that have a key.
fn keyed(n: usize, makes: bool, star: bool, owned: bool, can_host: Option<u8>) -> Request<'static> {
    let (founder, aware) = (owned.then(owner), can_host.is_some());
    // One of the two is hosted by the server.
    let topology = match (star, n % 2) {
        (true, 0) => Topology::HostedStar,
        (true, _) => Topology::Star,
        (false, _) => Topology::Mesh,
    };
    let (key, settings) = (key(n), settings(3));
    if makes {
        let (settings, key) = (Some((settings, topology)), Some(key));
        return Request::Create { settings, key, can_host, host_secret: None, founder, aware, access: Access::none() };
    }
    let (room, password) = (key.room(founder), Some(settings.password.clone()));
    let restore = Restore { key, settings, topology, host_secret: None, founder };
    Request::Join {
        room,
        password,
        restore: Some(Box::new(restore)),
        can_host,
        aware,
        word: None,
        name: String::new(),
        access: Access::none(),
    }
}

/// One in thirteen is not the owner's.
fn word(room: RoomId, number: u64, what: u8, to: u8) -> OwnersWord {
    let act = match what {
        0 | 1 => Act::Remove { peer: peer(to) },
        2 => Act::End,
        3 | 4 => Act::Lock { on: what == 3 },
        5 => Act::Change { settings: settings(usize::from(to)) },
        6 => Act::HandOn { to: owner() },
        7 | 8 => Act::Wait { on: what == 7 },
        9 | 10 => Act::Answer { peer: peer(to), on: what == 9 },
        _ => Act::Present,
    };
    let key = if what == 12 { "other" } else { "k" };
    let signed = SignedAct { text: number.to_string(), key: key.into(), signature: String::new() };
    let mut word = OwnersWord::new(room, number, act, signed);
    word.prove();
    word
}

/// What a script has led to so far, beside the rooms.
#[derive(Default)]
struct Past {
    n_made: usize,
    timers: Vec<Timer>,
}

/// Who is where.
fn members(rooms: &Rooms) -> BTreeSet<(RoomId, PeerId)> {
    let of = |it: PeerId| rooms.memberships(&it).into_iter().map(move |at| (at.room, it.clone()));
    (0..6).map(peer).flat_map(of).collect()
}

/// Every event goes to somebody who is a member of its room, or was one until it happened.
fn reaches_members(rooms: &Rooms, there: &BTreeSet<(RoomId, PeerId)>, Notification { to, event }: &Notification<'_>) {
    let room = match event {
        Event::PeerJoined { room, .. }
        | Event::PeerLeft { room, .. }
        | Event::HostChanged { room, .. }
        | Event::OwnerActed { room, .. }
        | Event::PeerReturned { room, .. }
        | Event::Knocked { room, .. }
        | Event::RoomAlert { room, .. } => room,
        // Who reaches each other by names needs no room.
        Event::Signal { name: Some(_), .. } => return,
        Event::Signal { from, .. } => return assert!(rooms.share_a_room(from, to), "{from} reaches {to} from outside"),
    };
    let is_service = *to == service();
    assert!(is_service || there.contains(&(room.clone(), to.clone())), "{to} hears of {room} from outside: {event:?}");
}

fn close(rooms: &mut Rooms, room: &RoomId, past: &mut Past) {
    let Some(closed) = rooms.close(room) else { return };
    past.timers.extend(closed.timers);
    let is_theirs = |it: &PeerId| closed.members.contains(it) || *it == service();
    assert!(closed.notifications.iter().all(|it| is_theirs(&it.to)), "its people hear of it");
    assert!(closed.members.iter().all(|it| !rooms.room(room).is_some_and(|there| there.has(it))));
    assert!(rooms.close(room).is_none());
}

/// Runs one step and checks what it said against the rooms as they were before it.
fn run(rooms: &mut Rooms, step: Step, past: &mut Past) {
    let (by, request) = match step {
        Step::Hello(by) => (by, Request::Hello { alerts: by % 2 == 0 }),
        Step::Create { by, star, peers_max } => {
            let topology = if star { Topology::Star } else { Topology::Mesh };
            (by, Request::create(Some((settings(peers_max), topology))))
        }
        Step::Join { by, room: n, right } => {
            let password = Password(if right { "pw" } else { "no" }.into());
            (by, Request::join(room(n), Some(password)))
        }
        Step::Keyed { by, key: n, makes, star, owned, can_host } => (by, keyed(n, makes, star, owned, can_host)),
        Step::Act { by, room: n, number, what, to } => {
            (by, Request::Act { word: Some(Box::new(word(room(n), number, what, to))) })
        }
        Step::TakeHost { by, room: n } => (by, Request::TakeHost { room: room(n), host_secret: None }),
        Step::Update { by, room: n, peers_max } => {
            (by, Request::Update { room: room(n), settings: Some(settings(peers_max)) })
        }
        Step::Leave { by, room: n } => (by, Request::Leave { room: room(n) }),
        Step::Enter { by, room: n } => (by, Request::Enter { room: n.map(room) }),
        Step::Members(by) => (by, Request::Members),
        Step::Claim { by, name } => (by, Request::Claim { name: Name::from(&*format!("n{name}")) }),
        Step::Signal { by, to, room: n, way, kind } => {
            let payload =
                Payload { kind, text: "{}".into(), sender_spans: Vec::new(), attachments: Default::default() };
            let peer = format!("p{to}").into();
            let to = match way {
                0 => Address::Member { room: room(n).as_str().to_owned().into(), peer },
                1 => Address::Peer(peer),
                2 => Address::Broadcast,
                _ => Address::Named(format!("n{}", n % 3).into()),
            };
            (by, Request::Signal { to, payload })
        }
        Step::Ring(n) => {
            let (notifications, next) = past.timers.get(n).map(|it| rooms.on_timer(it)).unwrap_or_default();
            past.timers.extend(next);
            return assert!(notifications.iter().all(|it| rooms.knows(&it.to)));
        }
        Step::Close(n) => return close(rooms, &room(n), past),
        Step::Lost(by) => {
            let (notifications, timers) = rooms.forget(&peer(by));
            past.timers.extend(timers);
            assert!(notifications.iter().all(|it| rooms.knows(&it.to) || [peer(by), service()].contains(&it.to)));
            return assert!(!rooms.knows(&peer(by)));
        }
    };
    let (before, mut there) = (rooms.snapshot(), members(rooms));
    let outcome = rooms.apply(&peer(by), u64::from(by / 2), request, || fresh(past.n_made));
    match outcome {
        Err(_) => assert_eq!(before, rooms.snapshot(), "a rejection changes nothing"),
        Ok(outcome) => {
            let is_fresh = match &outcome.reply {
                Reply::Entered { room, is_new, .. } => *is_new && room.as_str().starts_with('r'),
                Reply::Created { room, .. } => room.as_str().starts_with('r'),
                _ => false,
            };
            past.n_made += usize::from(is_fresh);
            past.timers.extend(outcome.timers);
            if let Reply::Joined { summary } = &outcome.reply {
                assert!(summary.n_peers <= summary.settings.peers_max, "more came in than may");
            }
            there.extend(members(rooms));
            outcome.notifications.iter().for_each(|it| reaches_members(rooms, &there, it));
            let notified: BTreeSet<_> = outcome.notifications.iter().map(|it| format!("{it:?}")).collect();
            assert_eq!(notified.len(), outcome.notifications.len(), "nobody hears a thing twice");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_the_rooms_stay_sound(policy in policy(), n in 0..4_u8, steps in steps()) {
        let limits = Limits { peers_max: 4, rooms_per_peer_max: 3, name_units_max: 20, password_units_max: 100 };
        let mut rooms = Rooms::new(Rules { policy, limits }, compat(n));
        rooms.set_hosting((n != 0).then(|| Hosting { service: service(), rooms_max: 1, people_max: 3 }));
        let mut past = Past::default();
        for step in steps {
            run(&mut rooms, step, &mut past);
            rooms.assert_sound();
        }
        for n in 0..6 {
            rooms.forget(&peer(n));
        }
        while rooms.forget_lingering().is_some() {}
        prop_assert!(rooms.is_forgotten(), "something stays when everyone is gone");
    }
}

//! Random scripts of requests: whatever is asked in whatever order, the rooms stay sound.
use std::collections::BTreeSet;

use p2pchat_rooms::{
    Address, Compat, Limits, Name, NoCompat, Password, Payload, PeerId, Reply, Request, RoomId, RoomPolicy,
    RoomSettings, Rooms, Rules, SignalKind, Timer, Topology,
};
use proptest::prelude::*;

use super::{DuplicateJoins, GlareResolution, PendingOffers};

#[derive(Clone, Debug)]
enum Step {
    Hello(u8),
    Create { by: u8, star: bool, peers_max: usize },
    Join { by: u8, room: usize, right: bool },
    Update { by: u8, room: usize, peers_max: usize },
    Leave { by: u8, room: usize },
    Enter { by: u8, room: Option<usize> },
    Members(u8),
    Claim { by: u8, name: u8 },
    Signal { by: u8, to: u8, room: usize, way: u8, kind: SignalKind },
    Ring(usize),
    Lost(u8),
}

const N_FRESH: usize = 5;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (peer, room) = (0..6_u8, 0..N_FRESH + 3);
    let kind =
        prop::sample::select(&[SignalKind::Opaque, SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate]);
    let step = prop_oneof![
        3 => peer.clone().prop_map(Step::Hello),
        2 => (peer.clone(), any::<bool>(), 0..5_usize)
            .prop_map(|(by, star, peers_max)| Step::Create { by, star, peers_max }),
        6 => (peer.clone(), room.clone(), any::<bool>())
            .prop_map(|(by, room, right)| Step::Join { by, room, right }),
        1 => (peer.clone(), room.clone(), 0..5_usize)
            .prop_map(|(by, room, peers_max)| Step::Update { by, room, peers_max }),
        2 => (peer.clone(), room.clone()).prop_map(|(by, room)| Step::Leave { by, room }),
        4 => (peer.clone(), prop::option::of(N_FRESH..N_FRESH + 3))
            .prop_map(|(by, room)| Step::Enter { by, room }),
        1 => peer.clone().prop_map(Step::Members),
        2 => (peer.clone(), 0..3_u8).prop_map(|(by, name)| Step::Claim { by, name }),
        8 => (peer.clone(), peer.clone(), room, 0..4_u8, kind)
            .prop_map(|(by, to, room, way, kind)| Step::Signal { by, to, room, way, kind }),
        3 => (0..20_usize).prop_map(Step::Ring),
        1 => peer.prop_map(Step::Lost),
    ];
    prop::collection::vec(step, 0..80)
}

fn policy() -> impl Strategy<Value = RoomPolicy> {
    any::<[bool; 3]>().prop_map(|[single_room, announce_both_ways, verify_holders_alive]| RoomPolicy {
        single_room,
        announce_both_ways,
        verify_holders_alive,
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
    if n < N_FRESH { fresh(n) } else { RoomId::from(&*format!("c{n}")) }
}
fn fresh(n: usize) -> RoomId {
    RoomId::from(&*format!("r{n}"))
}
fn settings(peers_max: usize) -> RoomSettings {
    RoomSettings { name: "n".into(), password: Password("pw".into()), peers_max }
}

/// What a script has led to so far, beside the rooms.
#[derive(Default)]
struct Past {
    n_made: usize,
    timers: Vec<Timer>,
}

/// Runs one step and checks what it said against the rooms as they were before it.
fn run(rooms: &mut Rooms, step: Step, past: &mut Past) {
    let (by, request) = match step {
        Step::Hello(by) => (by, Request::Hello { alerts: by % 2 == 0 }),
        Step::Create { by, star, peers_max } => {
            let topology = if star { Topology::Star } else { Topology::Mesh };
            (by, Request::Create { settings: Some((settings(peers_max), topology)) })
        }
        Step::Join { by, room: n, right } => {
            let password = Password(if right { "pw" } else { "no" }.into());
            (by, Request::Join { room: room(n), password: Some(password) })
        }
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
        Step::Lost(by) => {
            let notifications = rooms.forget(&peer(by));
            assert!(notifications.iter().all(|it| rooms.knows(&it.to) || it.to == peer(by)));
            return assert!(!rooms.knows(&peer(by)));
        }
    };
    let before = rooms.snapshot();
    let outcome = rooms.apply(&peer(by), u64::from(by / 2), request, || fresh(past.n_made));
    match outcome {
        Err(_) => assert_eq!(before, rooms.snapshot(), "a rejection changes nothing"),
        Ok(outcome) => {
            let is_fresh = match &outcome.reply {
                Reply::Entered { room, is_new, .. } => *is_new && room.as_str().starts_with('r'),
                reply => matches!(reply, Reply::Created { .. }),
            };
            past.n_made += usize::from(is_fresh);
            past.timers.extend(outcome.timers);
            if let Reply::Joined { summary } = &outcome.reply {
                assert!(summary.n_peers <= summary.settings.peers_max, "more came in than may");
            }
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
        let mut past = Past::default();
        for step in steps {
            run(&mut rooms, step, &mut past);
            rooms.assert_sound();
        }
        for n in 0..6 {
            rooms.forget(&peer(n));
        }
        prop_assert!(rooms.is_forgotten(), "something stays when everyone is gone");
    }
}

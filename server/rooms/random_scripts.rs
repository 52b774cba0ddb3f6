//! Random scripts of requests: whatever is asked in whatever order, the rooms stay sound.
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Limits, Password, Payload, PeerId, Reply, Request, RoomId, RoomSpec, Rooms, Topology};

#[derive(Clone, Debug)]
enum Step {
    Hello(u8),
    Create { by: u8, star: bool, peers_max: usize },
    Join { by: u8, room: usize, right: bool },
    Update { by: u8, room: usize, peers_max: usize },
    Leave { by: u8, room: usize },
    Signal { by: u8, to: u8, room: usize },
    Lost(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (peer, room) = (0..6_u8, 0..5_usize);
    let step = prop_oneof![
        3 => peer.clone().prop_map(Step::Hello),
        2 => (peer.clone(), any::<bool>(), 0..5_usize)
            .prop_map(|(by, star, peers_max)| Step::Create { by, star, peers_max }),
        6 => (peer.clone(), room.clone(), any::<bool>())
            .prop_map(|(by, room, right)| Step::Join { by, room, right }),
        1 => (peer.clone(), room.clone(), 0..5_usize)
            .prop_map(|(by, room, peers_max)| Step::Update { by, room, peers_max }),
        2 => (peer.clone(), room.clone()).prop_map(|(by, room)| Step::Leave { by, room }),
        3 => (peer.clone(), peer.clone(), room).prop_map(|(by, to, room)| Step::Signal { by, to, room }),
        1 => peer.prop_map(Step::Lost),
    ];
    prop::collection::vec(step, 0..80)
}

fn peer(n: u8) -> PeerId {
    PeerId::from(&*format!("p{n}"))
}
fn room(n: usize) -> RoomId {
    RoomId::from(&*format!("r{n}"))
}
fn spec(peers_max: usize) -> RoomSpec {
    RoomSpec { name: "n".into(), password: Password("pw".into()), peers_max }
}

/// What must hold after every step.
fn assert_sound(rooms: &Rooms) {
    for (id, room) in &rooms.rooms {
        let members: Vec<_> = room.peers().collect();
        assert!(!members.is_empty(), "{id} is empty");
        assert_eq!(members.iter().collect::<BTreeSet<_>>().len(), members.len(), "{id} has someone twice");
        if let Some(host) = room.card().host {
            assert!(members.contains(&&host), "{id} has lost its host");
        }
        for peer in members {
            assert!(rooms.seats[peer].values().any(|it| it == id), "{peer} does not know that it is in {id}");
        }
    }
    for (peer, seats) in &rooms.seats {
        assert_eq!(seats.values().collect::<BTreeSet<_>>().len(), seats.len(), "{peer} sits twice in a room");
        for id in seats.values() {
            assert!(rooms.rooms[id].has(peer), "{peer} believes that it is in {id}");
        }
    }
}

/// Runs one step and checks what it said against the rooms as they were before it.
fn run(rooms: &mut Rooms, step: Step, n_made: &mut usize) {
    let (by, request) = match step {
        Step::Hello(by) => (by, Request::Hello),
        Step::Create { by, star, peers_max } => {
            let topology = if star { Topology::Star } else { Topology::Mesh };
            (by, Request::Create { spec: Some((spec(peers_max), topology)) })
        }
        Step::Join { by, room: n, right } => {
            let password = Password(if right { "pw" } else { "no" }.into());
            (by, Request::Join { room: room(n), password: Some(password) })
        }
        Step::Update { by, room: n, peers_max } => (by, Request::Update { room: room(n), spec: Some(spec(peers_max)) }),
        Step::Leave { by, room: n } => (by, Request::Leave { room: room(n) }),
        Step::Signal { by, to, room: n } => {
            let payload = Payload { text: "{}", source_at: Vec::new(), attachments: Default::default() };
            (by, Request::Signal { room: format!("r{n}").into(), to: format!("p{to}").into(), payload })
        }
        Step::Lost(by) => {
            let notices = rooms.forget(&peer(by));
            assert!(notices.iter().all(|it| rooms.seats.contains_key(&it.to) || it.to == peer(by)));
            return assert!(!rooms.seats.contains_key(&peer(by)));
        }
    };
    let before = format!("{rooms:?}");
    let outcome = rooms.apply(&peer(by), request, || room(*n_made));
    match outcome {
        Err(_) => assert_eq!(before, format!("{rooms:?}"), "a refusal changes nothing"),
        Ok(outcome) => {
            *n_made += usize::from(matches!(outcome.reply, Reply::Created { .. }));
            if let Reply::Joined { card } = &outcome.reply {
                assert!(card.n_peers <= card.spec.peers_max, "more came in than may");
            }
            let told: BTreeSet<_> = outcome.notices.iter().map(|it| &it.to).collect();
            assert_eq!(told.len(), outcome.notices.len(), "nobody hears a thing twice");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_the_rooms_stay_sound(steps in steps()) {
        let mut rooms = Rooms::new(Limits { peers_max: 4, name_units_max: 20, password_units_max: 100 });
        let mut n_made = 0;
        for step in steps {
            run(&mut rooms, step, &mut n_made);
            assert_sound(&rooms);
        }
        for n in 0..6 {
            rooms.forget(&peer(n));
        }
        prop_assert!(rooms.is_empty() && rooms.seats.is_empty(), "something stays when everyone is gone");
    }
}

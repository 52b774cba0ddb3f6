//! Whose a datagram is, and what stays of a star.
use std::cell::RefCell;

use super::*;
use crate::{
    accounting::Limits,
    relay::{Class, Encoder, Method, attribute},
    rooms::Password,
};

#[derive(Default)]
struct Heard(RefCell<Vec<Output>>);

impl Sink for Heard {
    fn put(&self, _: &RoomId, output: Output) {
        self.0.borrow_mut().push(output);
    }

    fn hurry(&self) {}
}

fn room(members: &[&str]) -> HostedRoom {
    let settings = RoomSettings { name: "n".into(), password: Password("pw".into()), peers_max: 20 };
    HostedRoom { settings, members: members.iter().map(|it| PeerId::from(*it)).collect() }
}

fn own() -> SocketAddr {
    "192.0.2.9:3479".parse().unwrap()
}

fn client(port: u16) -> AddressPair {
    (SocketAddr::from(([198, 51, 100, 7], port)), own())
}

fn host(card: Card) -> StarHost {
    let (member, name, candidates) = ("m".repeat(22), "Server".to_owned(), vec![own()]);
    let limits = p2pchat_host::Limits { bits_per_second: 1_000_000, guests: 20 };
    let wall_clock = std::time::SystemTime::UNIX_EPOCH;
    let settings = p2pchat_host::Settings { card, member, name, candidates, limits, history: true, wall_clock };
    StarHost::new(settings, Instant::now())
}

/// A star with one member, and a connectivity check of whoever has its offer.
fn stage() -> (Ledger, Stars, RoomId, Vec<u8>) {
    let ledger = Ledger::new(Limits::default());
    let (stars, id, heard) = (Stars::new(ledger.clone()), RoomId::from("r"), Heard::default());
    stars.update(&id, Some(room(&["a"])), Gone::Left, host, Instant::now(), &heard);
    let heard = heard.0.into_inner();
    let Some(Output::Signal { to, signal }) = heard.first() else { panic!("an offer") };
    assert_eq!(to, "a");
    let ufrag = signal.split("a=ice-ufrag:").nth(1).unwrap().split("\\r").next().unwrap();
    let mut check = Vec::new();
    let user = format!("{ufrag}:theirs");
    Encoder::new(&mut check, Class::Request, Method::Binding, [7; 12])
        .attribute(attribute::USERNAME, user.as_bytes())
        .finish(false);
    (ledger, stars, id, check)
}

#[test]
fn whoever_has_the_offer_is_known_by_the_addresses_from_then_on() {
    let (_, stars, _, check) = stage();
    let (now, heard) = (Instant::now(), Heard::default());
    assert!(!stars.on_datagram(client(1), &check, now, &heard));
    stars.on_unknown(client(2), b"no check", now, &heard);
    assert!(!stars.on_datagram(client(2), &check, now, &heard));
    stars.on_unknown(client(1), &check, now, &heard);
    assert!(stars.on_datagram(client(1), &check, now, &heard));
}

#[test]
fn strangers_however_many_keep_nobody_out() {
    let (_, stars, _, check) = stage();
    let (now, heard) = (Instant::now(), Heard::default());
    let mut other = Vec::new();
    Encoder::new(&mut other, Class::Request, Method::Binding, [8; 12])
        .attribute(attribute::USERNAME, b"nobody:theirs")
        .finish(false);
    for _ in 0..UNNAMED.burst * 2 {
        stars.on_unknown(client(2), b"no check", now, &heard);
        stars.on_unknown(client(3), &other, now, &heard);
    }
    stars.on_unknown(client(1), &check, now, &heard);
    assert!(stars.on_datagram(client(1), &check, now, &heard));
    assert!(![2, 3].iter().any(|port| stars.on_datagram(client(*port), &check, now, &heard)));
}

#[test]
fn addresses_are_remembered_up_to_a_bound() {
    let (_, stars, _, check) = stage();
    let heard = Heard::default();
    for port in 1..=u16::try_from(PAIRS_MAX).unwrap() + 10 {
        stars.on_unknown(client(port), &check, Instant::now(), &heard);
        assert!(stars.index().pairs.len() <= PAIRS_MAX);
    }
    assert_eq!(stars.index().pairs.len(), 10, "those that are in use come again");
}

#[test]
fn of_one_that_is_over_nothing_stays_but_what_it_has_done() {
    let (ledger, stars, id, check) = stage();
    let (now, heard) = (Instant::now(), Heard::default());
    stars.on_unknown(client(1), &check, now, &heard);
    assert_eq!((ledger.balance().memory.held, stars.figures().n_stars), (GUEST_BYTES, 1));
    assert!(stars.next_due().is_some());
    stars.update(&id, None, Gone::Left, host, now, &heard);
    assert!(!stars.on_datagram(client(1), &check, now, &heard));
    let index = stars.index();
    assert!(index.stars.is_empty() && index.pairs.is_empty() && index.due.is_empty() && index.ufrags.is_empty());
    drop(index);
    assert_eq!((ledger.balance().memory.held, stars.figures().n_stars), (0, 0));
}

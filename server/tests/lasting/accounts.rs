//! Who pays for sessions that are away, and whom their addresses may let in.
use std::net::IpAddr;

use p2pchat_server::{
    accounting::{Limits as Quotas, Rate, Reason},
    protocols::p2pchat::P2pChat,
};

use super::{LIFETIMES, Page, Stage, gone};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn stage(quotas: Quotas) -> Stage {
    Stage::of(&P2pChat, quotas, LIFETIMES)
}

#[test]
fn after_a_power_cut_a_whole_office_comes_back_whatever_its_address_may() {
    let address_sessions = Rate { per_second: 1, burst: 100 };
    let stage = stage(Quotas { address_sessions, address_sessions_max: 100, sessions_max: 101, ..Quotas::default() });
    let mut office: Vec<Page> = (0..100).map(|_| stage.page()).collect();
    for _ in 0..3 {
        office.iter().for_each(|it| it.breaks(&stage));
        let ids: Vec<_> = office.iter().map(|it| it.id.clone()).collect();
        office.iter_mut().for_each(|it| drop(it.resume(&stage)));
        assert_eq!(office.iter().map(|it| it.id.clone()).collect::<Vec<_>>(), ids);
    }
    assert_eq!(stage.connect_from(HERE).err(), Some(Reason::AddressSessionRate));
    assert_eq!((stage.sessions.ledger().balance().n_sessions, stage.count().0), (100, 100));
}

#[test]
fn sessions_that_are_away_are_no_way_to_have_more_or_to_go_faster() {
    let address_sessions = Rate { per_second: 1, burst: 30 };
    let stage = stage(Quotas { address_sessions, address_sessions_max: 20, ..Quotas::default() });
    // Each breaks, and the next one is a new one in its place.
    let mut n_opened = 0;
    for _ in 0..100 {
        let Ok((queue, handle)) = stage.connect_from(HERE) else { continue };
        stage.sessions.receive(&handle, r#"["GET-ID",{"requestId":"0","resume":true}]"#);
        n_opened += usize::from(!queue.take().is_empty());
        stage.sessions.disconnect(&handle, Reason::TransportError);
    }
    let balance = stage.sessions.ledger().balance();
    assert_eq!((n_opened, balance.n_sessions, balance.n_away), (30, 30, 30));
    assert!(stage.counted(Reason::AddressSessionRate) > 0);
    let stage = self::stage(Quotas { address_sessions_max: 20, ..Quotas::default() });
    for _ in 0..100 {
        let Ok((_, handle)) = stage.connect_from(HERE) else { continue };
        stage.sessions.receive(&handle, r#"["GET-ID",{"requestId":"0","resume":true}]"#);
        stage.sessions.disconnect(&handle, Reason::TransportError);
    }
    assert_eq!(stage.count().0, 40, "at most twice as many, with those that are away");
}

#[test]
fn a_session_that_came_back_from_elsewhere_is_that_addresss() {
    let stage = stage(Quotas { address_sessions_max: 2, ..Quotas::default() });
    let (mut one, mut other) = (stage.page(), stage.page());
    assert_eq!(stage.connect_from(HERE).err(), Some(Reason::AddressSessionsMax));
    // It has not noticed yet that the network is another.
    other.address = [192, 0, 2, 1].into();
    let id = other.id.clone();
    assert_eq!(other.resume(&stage)["userID"], *id);
    let third = stage.page();
    assert_eq!(stage.connect_from(HERE).err(), Some(Reason::AddressSessionsMax));
    assert_eq!(stage.sessions.ledger().balance().n_sessions, 3);
    one.breaks(&stage);
    one.address = [192, 0, 2, 1].into();
    one.resume(&stage);
    assert_eq!(stage.connect_from([192, 0, 2, 1].into()).err(), Some(Reason::AddressSessionsMax));
    drop(third);
}

#[test]
fn coming_back_does_not_fill_the_buckets() {
    let stage = stage(Quotas { messages: Rate { per_second: 1, burst: 50 }, ..Quotas::default() });
    let account = |address: IpAddr| stage.sessions.ledger().open_account(address, b"", 0).unwrap();
    let (earlier, later) = (account(HERE), account(HERE));
    (0..50).for_each(|_| earlier.receive_messages(1).unwrap());
    later.succeed(&earlier);
    assert_eq!(later.receive_messages(1), Err(Reason::MessageRate));
}

#[test]
fn however_often_one_comes_back_the_relay_passes_on_no_more() {
    let stage = stage(Quotas { media_bytes: Rate { per_second: 1, burst: 50 }, ..Quotas::default() });
    let account = || stage.sessions.ledger().open_account(HERE, b"", 0).unwrap();
    let (first, second, third) = (account(), account(), account());
    second.succeed(&first);
    third.succeed(&second);
    // An allocation that the first one made goes on.
    first.relay_media(50).unwrap();
    assert_eq!(third.relay_media(50), Err(Reason::RelayByteRate));
    assert_eq!(second.relay_media(50), Err(Reason::RelayByteRate));
}

#[test]
fn when_memory_ends_whoever_is_away_and_keeps_much_goes_first() {
    let stage = stage(Quotas { memory_bytes_max: 100 << 20, ..Quotas::default() });
    let (mut one, other, room) = stage.pair(0, 5);
    other.breaks(&stage);
    let signal = crate::harness::peer::signal_text(&other.id, &room, &format!("\"{}\"", "x".repeat(50_000)));
    one.say(&stage, &signal);
    let greatest = stage.sessions.ledger().open_account(HERE, b"", 0).unwrap();
    greatest.hold(80 << 20);
    assert!(!greatest.is_ending());
    greatest.hold(10 << 20);
    assert!(!greatest.is_ending(), "somebody away is cut first");
    stage.sessions.on_timers(tokio::time::Instant::now());
    assert_eq!(one.hear(), [gone(&other.id, &room)]);
    greatest.hold(1);
    assert!(greatest.is_ending());
}

#[test]
fn everything_is_given_back_in_the_end() {
    let stage = stage(Quotas::default());
    let (mut one, mut other, room) = stage.pair(0, 5);
    for n in 0..120 {
        one.signal(&stage, &other, &room, n);
    }
    other.breaks(&stage);
    other.resume(&stage);
    other.hear();
    one.say(&stage, &format!(r#"["DISCONNECTEDUSER","{room}"]"#));
    for page in [&one, &other] {
        page.breaks(&stage);
    }
    stage.sessions.on_timers(tokio::time::Instant::now() + LIFETIMES.grace);
    drop((one, other));
    let balance = stage.sessions.ledger().balance();
    assert_eq!((stage.count(), balance.n_sessions, balance.n_away, balance.memory.held), ((0, 0), 0, 0, 0));
}

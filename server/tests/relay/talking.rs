//! Who talks with whom through the relay, over which ways, and until when.
use std::net::{IpAddr, Ipv6Addr};

use p2pchat_server::relay::{Class, Encoder, Message, Method, attribute};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UdpSocket,
};

use super::{
    Relaying, bind,
    client::{Turn, WAYS, Way, tls},
};
use crate::harness::{Server, soon};

#[tokio::test]
async fn two_in_a_room_talk_over_every_pair_of_ways() {
    let relaying = Relaying::start().await;
    let (ann, bob, _) = relaying.pair().await;
    for one in WAYS {
        for other in WAYS {
            let (mut a, mut b) = (relaying.turn(&ann, one).await, relaying.turn(&bob, other).await);
            assert_eq!((a.allocate().await, b.allocate().await), (0, 0), "{one:?} {other:?}");
            assert_eq!((a.bind(b.relayed).await, b.permit(a.relayed).await), (0, 0));
            for length in [0, 1, 2, 3, 4, 5, 1_200] {
                let data = vec![u8::try_from(length % 256).unwrap(); length];
                a.send_by_channel(&data).await;
                assert_eq!(b.data().await, data, "{one:?} {other:?}");
                b.send(a.relayed, &data).await;
                assert_eq!(a.data().await, data, "{one:?} {other:?}");
            }
        }
    }
    let relay = relaying.health("relay").await;
    assert_eq!((relay["peers"].as_u64(), relay["packets"].as_u64()), (Some(2), Some(9 * 14)));
}

#[tokio::test]
async fn a_session_takes_its_allocations_with_it_and_a_room_its_ways() {
    let relaying = Relaying::start().await;
    let (mut ann, mut bob, room) = relaying.pair().await;
    let (mut a, mut b) = (relaying.turn(&ann, Way::Tcp).await, relaying.turn(&bob, Way::Udp).await);
    assert_eq!((a.allocate().await, b.allocate().await), (0, 0));
    assert_eq!((a.permit(b.relayed).await, b.permit(a.relayed).await), (0, 0));
    a.send(b.relayed, b"one").await;
    assert_eq!(b.data().await, b"one");

    bob.peer.emit(&format!(r#"["DISCONNECTEDUSER","{room}"]"#)).await;
    assert!(ann.peer.receive().await.starts_with(r#"["DISCONNECTEDUSER""#));
    // What he is sent while he is outside does not come; what comes next is the answer to his own request.
    a.send(b.relayed, b"two").await;
    assert_eq!((a.refresh().await, b.refresh().await), (0, 0));
    assert_eq!(relaying.count_of("relay_no_common_room").await, 1);

    bob.peer.join(&room).await;
    a.send(b.relayed, b"three").await;
    assert_eq!(b.data().await, b"three");

    drop(ann);
    relaying.server.comes_to_peers(1).await;
    assert_eq!((a.refresh().await, b.refresh().await), (437, 0));
    assert_eq!(relaying.health("relay").await["allocations"], 1);
    // Nor does she come in again with what she has.
    let mut again = a.with_same_login(&relaying, Way::Udp).await;
    assert_eq!(again.allocate().await, 403);
    drop(bob);
    relaying.server.comes_to_peers(0).await;
    assert_eq!(relaying.health("relay").await["allocations"], 0);
}

#[tokio::test]
async fn a_stream_that_ends_takes_its_allocation_with_it() {
    let relaying = Relaying::start().await;
    let (ann, _bob, _) = relaying.pair().await;
    for way in [Way::Tcp, Way::Tls] {
        let mut a = relaying.turn(&ann, way).await;
        assert_eq!(a.allocate().await, 0);
        assert_eq!(relaying.health("relay").await["allocations"], 1);
        drop(a);
        let none = async {
            while relaying.health("relay").await["allocations"] != 0 {
                tokio::task::yield_now().await;
            }
        };
        soon("the end of the allocation", none).await;
    }
}

#[tokio::test]
async fn credentials_of_nobody_in_a_room_and_forged_ones_are_refused_and_counted() {
    let relaying = Relaying::start().await;
    let alone = relaying.guest().await;
    let mut a = relaying.turn(&alone, Way::Udp).await;
    assert_eq!(a.allocate().await, 403);
    let mut forged = Turn::connect(&relaying, Way::Tcp, &alone.username, "guess").await;
    assert_eq!(forged.allocate().await, 401);
    let counts = [relaying.count_of("relay_not_in_room").await, relaying.count_of("relay_wrong_credentials").await];
    assert_eq!(counts, [1, 1]);
}

#[tokio::test]
async fn a_peer_over_its_quota_is_refused_and_counted() {
    let relaying = Relaying::with(&[("relay.peer_allocations_max", "2")]).await;
    let (ann, _bob, _) = relaying.pair().await;
    let mut turns = Vec::new();
    for expected in [0, 0, 486] {
        let mut turn = relaying.turn(&ann, Way::Udp).await;
        assert_eq!(turn.allocate().await, expected);
        turns.push(turn);
    }
    assert_eq!(relaying.count_of("relay_peer_quota").await, 1);
}

#[tokio::test]
async fn https_is_served_on_the_port_of_turn_over_tls() {
    let relaying = Relaying::start().await;
    let (ann, _bob, _) = relaying.pair().await;
    let mut turn = relaying.turn(&ann, Way::Tls).await;
    assert_eq!(turn.allocate().await, 0);
    // As curl without ALPN does, a byte at a time.
    let mut plain = tls(&relaying, &[]).await;
    for byte in b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n" {
        plain.write_all(&[*byte]).await.unwrap();
        plain.flush().await.unwrap();
    }
    let mut answer = Vec::new();
    soon("the answer", plain.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let browser = tls(&relaying, &["h2", "http/1.1"]).await;
    assert_eq!(browser.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // One that opens and never says anything, as Firefox does, is in nobody's way.
    let silent = tls(&relaying, &[]).await;
    drop(silent);
    assert_eq!(turn.refresh().await, 0);
    // Who offers HTTP and speaks TURN gets none.
    let mut confused = tls(&relaying, &["http/1.1"]).await;
    let mut binding = Vec::new();
    Encoder::new(&mut binding, Class::Request, Method::Binding, [1; 12]).finish(false);
    confused.write_all(&binding).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon("the end", confused.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(&[1, 1]));
}

#[tokio::test]
async fn a_binding_tells_the_address_over_every_way() {
    let relaying = Relaying::start().await;
    for way in WAYS {
        let mut turn = Turn::connect(&relaying, way, "", "").await;
        let mut request = Vec::new();
        Encoder::new(&mut request, Class::Request, Method::Binding, [1; 12]).finish(false);
        turn.send_raw(&request).await;
        let answer = turn.receive().await.unwrap();
        let address = Message::decode(&answer).unwrap().address(attribute::XOR_MAPPED_ADDRESS).unwrap();
        assert!(address.ip().is_loopback(), "{way:?}: {address}");
    }
}

#[tokio::test]
async fn on_every_address_clients_of_both_families_are_answered_from_the_address_that_they_asked() {
    let app = bind(&[("relay.enabled", "true"), ("relay.port", "0")], |it| {
        it.http.address = Ipv6Addr::UNSPECIFIED.into();
    });
    let app = app.await.unwrap();
    let port = app.relay_port().unwrap();
    let _server = Server::of(app);
    // A machine without IPv6 has the first two alone. Connected sockets take answers of that very address alone.
    for address in ["127.0.0.1", "127.9.9.9", "::1"] {
        let address: IpAddr = address.parse().unwrap();
        let Ok(socket) = UdpSocket::bind((address, 0)).await else { continue };
        socket.connect((address, port)).await.unwrap();
        let mut request = Vec::new();
        Encoder::new(&mut request, Class::Request, Method::Binding, [1; 12]).finish(false);
        socket.send(&request).await.unwrap();
        let mut answer = vec![0; 100];
        let n = soon("an answer", socket.recv(&mut answer)).await.unwrap();
        let told = Message::decode(&answer[..n]).unwrap().address(attribute::XOR_MAPPED_ADDRESS).unwrap();
        assert_eq!(told, socket.local_addr().unwrap());
    }
}

#[tokio::test]
async fn what_is_no_turn_ends_a_stream_and_nothing_else() {
    let relaying = Relaying::start().await;
    let (ann, _bob, _) = relaying.pair().await;
    let mut turn = relaying.turn(&ann, Way::Udp).await;
    assert_eq!(turn.allocate().await, 0);
    let mut odd = Turn::connect(&relaying, Way::Tcp, "", "").await;
    odd.send_raw(b"GET / HTTP/1.1\r\n").await;
    assert_eq!(odd.receive().await, None);
    let mut odd = Turn::connect(&relaying, Way::Udp, "", "").await;
    odd.send_raw(b"GET / HTTP/1.1\r\n").await;
    odd.send_raw(&[0; 3]).await;
    assert_eq!(turn.refresh().await, 0);
}

#[tokio::test]
async fn strangers_leave_nothing_behind() {
    let relaying = Relaying::start().await;
    let (ann, _bob, _) = relaying.pair().await;
    let held = async || relaying.health("memory").await["held"].as_u64().unwrap();
    let before = held().await;
    for n in 0..2_000u32 {
        let mut stranger = Turn::connect(&relaying, Way::Udp, "1:x", "y").await;
        stranger.send_raw(&[&[0u8, 3, 0, 0, 0x21, 0x12, 0xA4, 0x42][..], &n.to_be_bytes(), &[0; 8]].concat()).await;
        // One after another, so that no datagram is lost on the way.
        let answer = stranger.receive().await.unwrap();
        assert!(answer.len() <= 20 + 48, "{}", answer.len());
    }
    let mut turn = relaying.turn(&ann, Way::Udp).await;
    assert_eq!(turn.allocate().await, 0);
    assert_eq!(relaying.health("relay").await["allocations"], 1);
    turn.ask(Method::Refresh, &[(attribute::LIFETIME, &[0; 4])], None).await;
    // The connection of the question before may still be there.
    let same = async {
        while held().await > before {
            tokio::task::yield_now().await;
        }
    };
    soon("what was held before", same).await;
}

//! Websockets of sessions that are at another node than the one that was asked.
use super::*;
use crate::harness::{By, EVERY_WAY, PATH, Peer, exchange, peer, peer::signal_text, soon};

/// A client whose session began at `a1` and moved to a websocket by way of `b2`.
async fn moved(cluster: &Cluster) -> Peer {
    let mut peer = Peer::spread(&cluster.both(), PATH).await;
    peer.upgrade(cluster.b.address).await;
    peer.hello().await;
    peer
}

#[tokio::test]
async fn a_client_moves_to_a_websocket_by_way_of_the_other_node() {
    let cluster = Cluster::start().await;
    let mut ann = moved(&cluster).await;
    let attachment = vec![7; 700_000];
    for by in EVERY_WAY {
        let mut bob = cluster.a.guest(by).await;
        let room = ann.create(0).await;
        bob.join(&room).await;
        ann.receive().await;
        exchange(&mut ann, &mut bob, &room).await;
        let text = |to: &Peer| signal_text(&to.id, &room, r#"{"_placeholder":true,"num":0}"#);
        ann.emit_binary(&text(&bob), std::slice::from_ref(&attachment)).await;
        assert!(bob.event().await.unwrap().attachments == [attachment.clone()]);
        bob.emit_binary(&text(&ann), std::slice::from_ref(&attachment)).await;
        assert!(ann.event().await.unwrap().attachments == [attachment.clone()]);
        bob.leave().await;
        ann.fence().await;
    }
    assert_eq!(cluster.b.count().await, (0, 0));
}

#[tokio::test]
async fn whichever_end_closes_the_other_hears_of_it() {
    let cluster = Cluster::with(&[("sessions.grace_s", "0")]).await;
    let ann = moved(&cluster).await;
    cluster.a.comes_to((1, 0)).await;
    ann.close(None).await;
    cluster.a.comes_to((0, 0)).await;
    let bob = moved(&cluster).await;
    bob.reset().unwrap();
    cluster.a.comes_to((0, 0)).await;
    let mut eve = moved(&cluster).await;
    // More than any message may have.
    let _ = eve.send_all(&[peer::Packet::Text("4".repeat(1_000_001))]).await;
    eve.ends().await;
    cluster.a.comes_to((0, 0)).await;
    // Nothing of it is left at the node in between.
    let over = async {
        while figures(&cluster.b).await.value(r#"p2pchat_connections{listener="http",tls="false"}"#) > 0.0 {
            tokio::task::yield_now().await;
        }
    };
    soon("the end of what was carried", over).await;
}

#[tokio::test]
async fn a_client_that_is_pinged_through_the_other_node_answers_through_it() {
    let pings = [("signaling.ping_interval_ms", "200"), ("signaling.ping_timeout_ms", "5000")];
    let cluster = Cluster::with(&pings).await;
    let mut peer = Peer::spread(&cluster.both(), PATH).await;
    peer.upgrade(cluster.b.address).await;
    peer.answers_pings = false;
    for _ in 0..4 {
        assert_eq!(peer.text().await, "2");
        peer.send("3").await;
    }
    assert_eq!(cluster.a.count().await.0, 1);
    // And one that does not answer is missed by its own node.
    peer.ends().await;
    cluster.a.comes_to_peers(0).await;
}

#[tokio::test]
async fn a_websocket_that_the_other_node_refuses_is_refused_in_its_words() {
    let cluster = Cluster::start().await;
    let unknown = peer::websocket(cluster.b.address, Some("a1.AAAAAAAAAAAAAAAA")).await;
    assert_eq!(unknown.err(), Some((400, UNKNOWN_SESSION.to_owned())));
    // A second websocket for one session.
    let peer = moved(&cluster).await;
    let second = peer::websocket(cluster.b.address, Some(&peer.sid)).await;
    assert_eq!(second.err().unwrap().0, 400);
    // A session that began as a websocket is found by nobody.
    let born = Peer::open(cluster.a.address, By::Websocket).await;
    let sought = peer::websocket(cluster.b.address, Some(&born.sid)).await;
    assert_eq!(sought.err(), Some((400, UNKNOWN_SESSION.to_owned())));
    // A request for one that is none, as a proxy makes it that takes headers away.
    let sid = session_at(cluster.a.address).await;
    let target = format!("{PATH}?EIO=4&transport=websocket&sid={sid}");
    assert_eq!(ask(cluster.b.address, &target, &[]).await.status, 400);
}

//! Signals arrive in the order in which they were sent: trickled ICE candidates need it.
use crate::harness::{
    By, Peer, Server,
    peer::{Packet, signal_text},
};

const N_SIGNALS: usize = 20_000;

fn batch(to: &Peer, room: &str, numbers: std::ops::Range<usize>) -> Vec<Packet> {
    numbers.map(|n| Packet::Text(format!("42{}", signal_text(&to.id, room, &n.to_string())))).collect()
}

async fn hears_in_order(peer: &mut Peer, from: &str, numbers: std::ops::Range<usize>) {
    for n in numbers {
        let heard = peer.receive().await;
        assert!(heard.ends_with(&format!(r#""signal":{n},"source":"{from}"}}]"#)), "{n} was to come, and not {heard}");
    }
}

async fn keeps_its_order(sender: By, receiver: By) {
    let server = Server::start().await;
    let (mut from, mut to) = (server.guest(sender).await, server.guest(receiver).await);
    let room = from.create(0).await;
    to.join(&room).await;
    from.receive().await;
    let packets = batch(&to, &room, 0..N_SIGNALS);
    let id = from.id.clone();
    let sending = async {
        // A poller's request may have a million bytes.
        for some in packets.chunks(1_000) {
            from.send_all(some).await.unwrap();
        }
        from.hears_nothing().await;
    };
    tokio::join!(sending, hears_in_order(&mut to, &id, 0..N_SIGNALS));
    to.hears_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_signals_between_websockets_keep_their_order() {
    keeps_its_order(By::Websocket, By::Websocket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_signals_between_pollers_keep_their_order() {
    keeps_its_order(By::Polling, By::Polling).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_signals_between_upgraded_clients_keep_their_order() {
    keeps_its_order(By::Upgrade, By::Upgrade).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_overtaken_while_either_side_upgrades() {
    let server = Server::start().await;
    let (mut from, mut to, room) = server.pair(By::Polling).await;
    let id = from.id.clone();
    from.send_all(&batch(&to, &room, 0..2_000)).await.unwrap();
    // Two thousand wait for a receiver that is not polling.
    to.upgrade(server.address).await;
    from.send_all(&batch(&to, &room, 2_000..4_000)).await.unwrap();
    from.upgrade(server.address).await;
    from.send_all(&batch(&to, &room, 4_000..6_000)).await.unwrap();
    hears_in_order(&mut to, &id, 0..6_000).await;
    to.hears_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_senders_of_events_and_attachments_keep_their_own_order() {
    let server = Server::start().await;
    let (mut one, mut other, room) = server.pair(By::Websocket).await;
    let mut to = server.guest(By::Websocket).await;
    to.join(&room).await;
    one.receive().await;
    other.receive().await;
    let packets = |to: &Peer| {
        let text = |n: usize| {
            let signal = format!(r#"[{n},{{"_placeholder":true,"num":0}}]"#);
            let text = signal_text(&to.id, &room, &signal);
            [Packet::Text(format!("451-{text}")), Packet::Binary(n.to_string().into_bytes())]
        };
        (0..1_000).flat_map(text).collect::<Vec<_>>()
    };
    let (first, second) = (packets(&to), packets(&to));
    let ids = [one.id.clone(), other.id.clone()];
    let (one_sends, other_sends) = (one.send_all(&first), other.send_all(&second));
    let hearing = async {
        let mut next = [0, 0];
        for _ in 0..2_000 {
            let heard = to.event().await.unwrap();
            let sender = ids.iter().position(|it| heard.text.ends_with(&format!(r#""source":"{it}"}}]"#))).unwrap();
            let n = next[sender];
            assert!(heard.text.contains(&format!("[{n},{{")), "{n} was to come, and not {}", heard.text);
            assert_eq!(heard.attachments, [n.to_string().into_bytes()]);
            next[sender] += 1;
        }
    };
    let (sent, also_sent, ()) = tokio::join!(one_sends, other_sends, hearing);
    sent.and(also_sent).unwrap();
}

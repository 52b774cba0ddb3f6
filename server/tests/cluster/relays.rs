//! Nodes with relays of their own: people of one room at different nodes meet at the relay of one of them.
use std::{collections::BTreeSet, net::SocketAddr};

use serde_json::Value;

use super::{
    cut_off::{Gate, Way},
    redis::Redis,
    together::{Page, joined, nodes},
};
use crate::{
    harness::{By, Server, field, soon, web::Web},
    relay::client::Turn,
};

const PUBLIC: [(&str, &str); 3] = [("relay.enabled", "true"), ("relay.port", "0"), ("relay.host", "127.0.0.1")];

/// What somebody was told of a relay.
#[derive(Debug)]
struct Told {
    relay: SocketAddr,
    username: String,
    password: String,
}

impl Told {
    /// Of the servers in an answer, whose TURN servers are all of one relay.
    fn of(answer: &str) -> Told {
        let all: Value = serde_json::from_str(answer).unwrap();
        let servers = all[1]["iceServers"].as_array().unwrap_or_else(|| panic!("no servers in {answer}"));
        assert_eq!(servers.len(), 2, "{answer}");
        let urls: Vec<_> = servers.iter().flat_map(|it| it["urls"].as_array().unwrap()).collect();
        let relays = urls.iter().map(|it| it.as_str().unwrap().split(['?']).next().unwrap().split_once(':').unwrap().1);
        let relays: BTreeSet<_> = relays.collect();
        assert_eq!((relays.len(), urls.len()), (1, 3), "{answer}");
        let relay = relays.first().unwrap().parse().unwrap();
        Told { relay, username: field(answer, "username"), password: field(answer, "credential") }
    }

    async fn turn(&self) -> Turn {
        Turn::by_udp(self.relay, &self.username, &self.password).await
    }

    /// With an allocation.
    async fn allocated(&self) -> Turn {
        let mut turn = self.turn().await;
        assert_eq!(turn.allocate().await, 0, "{self:?}");
        turn
    }
}

async fn create(page: &mut Page) -> (String, Told) {
    page.say(r#"["CREATE-ROOM",{"requestId":"c","maxUsers":9,"name":"n","password":"pw","type":0}]"#).await;
    let answer = page.hear().await;
    (field(&answer, "roomID"), Told::of(&answer))
}

async fn ask(page: &mut Page) -> Told {
    page.say(r#"["ICE-SERVERS",{"requestId":"i"}]"#).await;
    Told::of(&page.hear().await)
}

async fn leave(page: &mut Page, room: &str) {
    page.say(&format!(r#"["DISCONNECTEDUSER","{room}"]"#)).await;
}

/// A room whose relay is at the node at this place among all, and what the page that made it was told.
async fn room_at(nodes: &[Server], place: usize, page: &mut Page) -> (String, Told) {
    loop {
        let (room, told) = create(page).await;
        if Some(told.relay.port()) == nodes[place].relay_port {
            return (room, told);
        }
        leave(page, &room).await;
    }
}

async fn health(node: &Server, part: &str) -> Value {
    let answer = Web::to(node.address).await.ask("GET", "/health", &[], b"").await;
    let health: Value = serde_json::from_str(answer.text()).unwrap();
    health[part].clone()
}

async fn comes_to_allocations(node: &Server, n: u64) {
    soon("the end of allocations", async {
        while health(node, "relay").await["allocations"] != n {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn exchange(a: &mut Turn, b: &mut Turn) {
    assert_eq!((a.permit(b.relayed).await, b.permit(a.relayed).await), (0, 0));
    a.send(b.relayed, b"from one").await;
    assert_eq!(b.data().await, b"from one");
    b.send(a.relayed, b"from the other").await;
    assert_eq!(a.data().await, b"from the other");
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn people_of_a_room_at_two_nodes_meet_at_one_relay_and_those_of_another_do_not() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 3, &PUBLIC).await;
    // That of the first, of the second, and of a node where neither is.
    for place in 0..3 {
        let mut pages = Vec::new();
        for node in [0, 1, 1] {
            pages.push(Page::at(&nodes[node], By::Websocket).await);
        }
        let (room, ann) = room_at(&nodes, place, &mut pages[0]).await;
        let bob = Told::of(&pages[1].join(&room).await);
        assert_eq!((bob.relay, ask(&mut pages[1]).await.relay), (ann.relay, ann.relay));
        assert!(![&ann, &bob].iter().any(|it| it.username.contains(&room)));
        let (mut a, mut b) = (ann.allocated().await, bob.allocated().await);
        exchange(&mut a, &mut b).await;

        let (_, eve) = room_at(&nodes, place, &mut pages[2]).await;
        let mut e = eve.allocated().await;
        assert_eq!((e.permit(a.relayed).await, a.permit(e.relayed).await), (0, 0));
        e.send(a.relayed, b"of another room").await;
        a.send(e.relayed, b"of another room").await;
        assert_eq!((a.refresh().await, e.refresh().await), (0, 0), "nothing else has come");
        let reasons = health(&nodes[place], "reasons").await;
        assert_eq!(reasons["relay_no_common_room"], 2, "{reasons}");
        let mut forged = Turn::by_udp(ann.relay, &bob.username, &eve.password).await;
        assert_eq!(forged.allocate().await, 401);
        assert_eq!(health(&nodes[place], "reasons").await["relay_wrong_credentials"], 1);
        assert_eq!(health(&nodes[place], "relay").await["allocations"], 3);
    }
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn who_leaves_the_room_or_ends_loses_what_it_has_at_the_relay_of_another_node() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 3, &PUBLIC).await;
    let mut ann = Page::at(&nodes[0], By::Websocket).await;
    let (room, of_ann) = room_at(&nodes, 2, &mut ann).await;
    let mut bob = Page::at(&nodes[1], By::Websocket).await;
    let of_bob = Told::of(&bob.join(&room).await);
    let (mut a, mut b) = (of_ann.allocated().await, of_bob.allocated().await);
    exchange(&mut a, &mut b).await;

    leave(&mut bob, &room).await;
    comes_to_allocations(&nodes[2], 1).await;
    assert_eq!((a.refresh().await, b.refresh().await), (0, 437));
    assert_eq!(of_bob.turn().await.allocate().await, 403);
    assert_eq!(health(&nodes[2], "reasons").await["relay_not_in_room"], 1);

    // In again, with what it is told then.
    let again = Told::of(&bob.join(&room).await);
    let mut b = again.allocated().await;
    exchange(&mut a, &mut b).await;

    // What a session has goes on when its client comes to another node, and ends when it leaves there.
    bob.come_to(&nodes[0], By::Websocket).await;
    exchange(&mut a, &mut b).await;
    leave(&mut bob, &room).await;
    comes_to_allocations(&nodes[2], 1).await;
    assert_eq!((a.refresh().await, b.refresh().await), (0, 437));

    // A client that cannot come back is gone with its connection.
    let mut cat = nodes[1].guest(By::Websocket).await;
    cat.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    let mut c = Told::of(&cat.receive().await).allocated().await;
    exchange(&mut a, &mut c).await;
    cat.leave().await;
    comes_to_allocations(&nodes[2], 1).await;
    assert_eq!((a.refresh().await, c.refresh().await), (0, 437));
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn where_the_node_of_a_relay_is_gone_everybody_is_told_of_the_same_other_one() {
    let redis = Redis::start().await;
    let mut nodes = nodes(&redis, 3, &PUBLIC).await;
    let (mut ann, mut bob) = (Page::at(&nodes[0], By::Websocket).await, Page::at(&nodes[1], By::Websocket).await);
    let (room, before) = room_at(&nodes, 2, &mut ann).await;
    bob.join(&room).await;
    assert_eq!(ann.hear().await, joined(&bob.peer.id, &room));
    drop(nodes.remove(2));
    for node in &nodes {
        node.comes_to_nodes(2).await;
    }
    let (of_ann, of_bob) = (ask(&mut ann).await, ask(&mut bob).await);
    assert!(of_ann.relay == of_bob.relay && of_ann.relay != before.relay);
    let (mut a, mut b) = (of_ann.allocated().await, of_bob.allocated().await);
    exchange(&mut a, &mut b).await;
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn without_an_address_for_everybody_each_node_has_its_own_relay_and_one_that_has_it_has_all_rooms() {
    let redis = Redis::start().await;
    let [other, _] = nodes_beside(&redis, 2).await;
    let mut page = Page::at(&other, By::Websocket).await;
    page.say(r#"["CREATE-ROOM",{"requestId":"c","maxUsers":9,"name":"n","password":"pw","type":0}]"#).await;
    let created = page.hear().await;
    assert!(!created.contains("iceServers"), "it has had them: {created}");
    assert_eq!(Some(ask(&mut page).await.relay.port()), other.relay_port);
    drop((page, other));

    let redis = Redis::start().await;
    let one = redis.node(&PUBLIC).await;
    let others = nodes_beside(&redis, 3).await;
    one.comes_to_nodes(3).await;
    let (room, of_maker) = create(&mut Page::at(&one, By::Websocket).await).await;
    assert_eq!(Some(of_maker.relay.port()), one.relay_port);
    for other in &others {
        let mut guest = Page::at(other, By::Websocket).await;
        assert_eq!(Some(Told::of(&guest.join(&room).await).relay.port()), one.relay_port);
    }
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn what_somebody_has_at_the_relay_of_their_own_node_goes_on_at_another_until_they_leave() {
    for n_relays in [3, 1] {
        let redis = Redis::start().await;
        let mut nodes = nodes(&redis, n_relays, &PUBLIC).await;
        if n_relays == 1 {
            nodes.extend(nodes_beside(&redis, 3).await);
        }
        let (mut ann, mut bob) = (Page::at(&nodes[0], By::Websocket).await, Page::at(&nodes[0], By::Websocket).await);
        let (room, of_ann) = room_at(&nodes, 0, &mut ann).await;
        let of_bob = Told::of(&bob.join(&room).await);
        let (mut a, mut b) = (of_ann.allocated().await, of_bob.allocated().await);
        exchange(&mut a, &mut b).await;
        bob.come_to(&nodes[1], By::Websocket).await;
        exchange(&mut a, &mut b).await;
        leave(&mut bob, &room).await;
        comes_to_allocations(&nodes[0], 1).await;
        assert_eq!((a.refresh().await, b.refresh().await), (0, 437));
        // Nor where the session is still at the relay's node.
        leave(&mut ann, &room).await;
        comes_to_allocations(&nodes[0], 0).await;
        assert_eq!((a.refresh().await, of_ann.turn().await.allocate().await), (437, 403));
    }
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn a_room_keeps_the_relay_of_a_node_that_nobody_hears_for_a_moment() {
    let redis = Redis::start().await;
    let gate = Gate::to(redis.port).await;
    let through_gate = format!(r#"["redis://127.0.0.1:{}"]"#, gate.port);
    let near = redis.node(&PUBLIC).await;
    let cut_off = redis.node(&[&PUBLIC[..], &[("cluster.redis", &through_gate)]].concat()).await;
    let nodes = [near, cut_off];
    for node in &nodes {
        node.comes_to_nodes(2).await;
    }
    let (mut ann, mut bob) = (Page::at(&nodes[0], By::Websocket).await, Page::at(&nodes[1], By::Websocket).await);
    let (room, before) = room_at(&nodes, 1, &mut ann).await;
    assert_eq!(Told::of(&bob.join(&room).await).relay, before.relay);
    assert_eq!(ann.hear().await, joined(&bob.peer.id, &room));

    gate.set(Way::Cut);
    nodes[1].comes_to_store(false).await;
    redis.keep_leases().await;
    ann.signal(&bob.peer.id, &room, 1).await;
    // Nobody hears it.
    nodes[0].comes_to_nodes(1).await;
    assert_eq!((ask(&mut ann).await.relay, ask(&mut bob).await.relay), (before.relay, before.relay));
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn who_is_in_several_rooms_is_told_the_relays_of_all_and_that_of_the_last_first() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 3, &PUBLIC).await;
    let mut makers = Vec::new();
    let mut rooms = Vec::new();
    for place in [0, 1, 2, 1] {
        makers.push(Page::at(&nodes[0], By::Websocket).await);
        rooms.push(room_at(&nodes, place, makers.last_mut().unwrap()).await.0);
    }
    let mut guest = Page::at(&nodes[0], By::Websocket).await;
    let expected: [&[usize]; 4] = [&[0], &[1, 0], &[2, 1, 0], &[1, 2, 1]];
    for (room, places) in rooms.iter().zip(expected) {
        let answer: Value = serde_json::from_str(&guest.join(room).await).unwrap();
        let servers = answer[1]["iceServers"].as_array().unwrap();
        assert_eq!(servers.len(), 1 + places.len(), "{answer}");
        assert!(servers[0].get("username").is_none());
        for (server, place) in servers[1..].iter().zip(places) {
            let port = nodes[*place].relay_port.unwrap();
            assert_eq!(server["urls"][0], format!("turn:127.0.0.1:{port}?transport=udp"), "{answer}");
        }
    }
}

/// One with a relay that is reached as its node is, and one without.
async fn nodes_beside(redis: &Redis, n_in_all: u64) -> [Server; 2] {
    let reached = [("relay.enabled", "true"), ("relay.port", "0")];
    let others = [redis.node(&reached).await, redis.node(&[]).await];
    for other in &others {
        other.comes_to_nodes(n_in_all).await;
    }
    others
}

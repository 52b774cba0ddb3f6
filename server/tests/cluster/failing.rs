//! Nodes that are killed, restarted or cut off, and stores that stop, hang or lose everything.
use super::{
    redis::Redis,
    together::{Page, joined, left, nodes, signal},
};
use crate::harness::{By, Server, exposition::scrape, peer::signal_text, soon, web::Web};

impl Server {
    /// Until its store answers, or does not.
    pub(super) async fn comes_to_store(&self, is_up: bool) {
        soon("the store", async {
            loop {
                let health = Web::to(self.address).await.ask("GET", "/health", &[], b"").await;
                let health: serde_json::Value = serde_json::from_str(health.text()).unwrap();
                if health["cluster"]["store"] == is_up {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// A node without a word of goodbye: nothing of it runs any more.
fn kill(node: Server) {
    drop(node);
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn whoever_was_at_a_node_that_is_killed_comes_back_and_nobody_is_told() {
    let redis = Redis::start().await;
    let mut nodes = nodes(&redis, 3, &[("rooms.peers_max", "21")]).await;
    let mut pages = Vec::new();
    for n in 0..20 {
        pages.push(Page::at(&nodes[n % 3], By::Websocket).await);
    }
    let room = pages[0].create(21).await;
    for n in 1..20 {
        assert!(pages[n].join(&room).await.starts_with(r#"["JOIN-ROOM",{"requestID":"j""#));
        let newcomer = joined(&pages[n].peer.id, &room);
        for page in &mut pages[..n] {
            assert_eq!(page.hear().await, newcomer);
        }
    }
    kill(nodes.remove(2));
    // A signal for somebody there shows that it is gone.
    let gone = pages[2].peer.id.clone();
    pages[0].signal(&gone, &room, 0).await;
    for n in (2..20).step_by(3) {
        let answer = pages[n].come_to(&nodes[n % 2], By::Websocket).await;
        assert_eq!(answer["resume"]["rooms"][0]["members"].as_array().unwrap().len(), 20, "{answer}");
    }
    let mut newcomer = Page::at(&nodes[1], By::Websocket).await;
    assert!(newcomer.join(&room).await.starts_with(r#"["JOIN-ROOM",{"requestID":"j""#));
    assert_eq!(pages[2].hear().await, signal(&gone, &room, 0, &pages[0].peer.id), "it has waited for them");
    for page in &mut pages {
        assert_eq!(page.hear().await, joined(&newcomer.peer.id, &room), "nobody was told anything else");
    }
    for (n, page) in pages.iter_mut().enumerate() {
        newcomer.signal(&page.peer.id, &room, n).await;
        assert_eq!(page.hear().await, signal(&page.peer.id, &room, n, &newcomer.peer.id));
    }
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn whoever_does_not_come_back_in_time_has_left() {
    let redis = Redis::start().await;
    let mut nodes = nodes(&redis, 2, &[("sessions.grace_s", "1")]).await;
    let (mut one, mut other) = (Page::at(&nodes[0], By::Websocket).await, Page::at(&nodes[1], By::Websocket).await);
    let mut original = nodes[1].guest(By::Websocket).await;
    let room = one.create(3).await;
    other.join(&room).await;
    original.join(&room).await;
    assert_eq!(one.hear().await, joined(&other.peer.id, &room));
    assert_eq!(one.hear().await, joined(&original.id, &room));
    kill(nodes.remove(1));
    one.signal(&other.peer.id, &room, 0).await;
    let mut gone = [one.hear().await, one.hear().await];
    let mut expected = [left(&original.id, &room), left(&other.peer.id, &room)];
    gone.sort();
    expected.sort();
    assert_eq!(gone, expected);
    let mut third = nodes[0].guest(By::Websocket).await;
    third.join(&room).await;
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn while_the_store_is_away_people_go_on_and_nobody_waits() {
    let mut redis = Redis::start().await;
    let nodes = nodes(&redis, 2, &[]).await;
    let (mut one, mut other) = (Page::at(&nodes[0], By::Websocket).await, Page::at(&nodes[0], By::Websocket).await);
    let mut far = Page::at(&nodes[1], By::Websocket).await;
    let room = one.create(5).await;
    for page in [&mut other, &mut far] {
        page.join(&room).await;
        assert_eq!(one.hear().await, joined(&page.peer.id, &room));
    }
    assert_eq!(other.hear().await, joined(&far.peer.id, &room));
    redis.stop();
    for node in &nodes {
        node.comes_to_store(false).await;
    }
    // Signals of one node pass.
    one.signal(&other.peer.id, &room, 1).await;
    assert_eq!(other.hear().await, signal(&other.peer.id, &room, 1, &one.peer.id));
    // Nobody comes in, and each is told so at once.
    let mut third = nodes[0].guest(By::Websocket).await;
    third.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    let busy = third.receive().await;
    assert_eq!(busy, r#"["TYPEERROR",{"type":4,"requestID":"j"}]"#);
    // Somebody goes, which nobody can be told.
    let gone = far.peer.id.clone();
    far.say(r#"["CLOSING"]"#).await;
    redis.start_empty().await;
    for node in &nodes {
        node.comes_to_store(true).await;
    }
    third.join(&room).await;
    assert_eq!(one.hear().await, joined(&third.id, &room));
    assert_eq!(other.hear().await, joined(&third.id, &room));
    third.signal(&one.peer, &room, "2").await;
    assert_eq!(one.hear().await, signal(&one.peer.id, &room, 2, &third.id));
    // The grace of a page that was closed is over.
    for page in [&mut one, &mut other] {
        assert_eq!(page.hear().await, left(&gone, &room));
    }
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn a_store_that_is_emptied_while_it_answers_ends_no_room() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 2, &[]).await;
    let (mut one, mut other) = (Page::at(&nodes[0], By::Websocket).await, nodes[1].guest(By::Websocket).await);
    let room = one.create(5).await;
    other.join(&room).await;
    assert_eq!(one.hear().await, joined(&other.id, &room));
    redis.forget_all().await;
    // By somebody who asks, before a node has looked.
    let mut third = nodes[0].guest(By::Websocket).await;
    third.join(&room).await;
    assert_eq!(one.hear().await, joined(&third.id, &room));
    assert_eq!(other.receive().await, joined(&third.id, &room));
    redis.forget_all().await;
    // By nodes that look, so that a page finds its session at the other.
    redis.comes_to_have("*:session:*").await;
    let answer = one.come_to(&nodes[1], By::Websocket).await;
    assert_eq!(answer["resume"]["rooms"][0]["members"].as_array().unwrap().len(), 3, "{answer}");
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn a_store_that_hangs_is_one_that_is_away() {
    let redis = Redis::start().await;
    let node = redis.node(&[("cluster.timeout_ms", "500")]).await;
    node.comes_to_nodes(1).await;
    let mut one = Page::at(&node, By::Websocket).await;
    let room = one.create(5).await;
    redis.freeze();
    let mut other = node.guest(By::Websocket).await;
    other.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    let busy = other.receive().await;
    assert_eq!(busy, r#"["TYPEERROR",{"type":4,"requestID":"j"}]"#);
    node.comes_to_store(false).await;
    redis.thaw();
    node.comes_to_store(true).await;
    other.join(&room).await;
    assert_eq!(one.hear().await, joined(&other.id, &room));
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn what_waits_for_a_store_that_hangs_has_a_bound_in_bytes() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 2, &[("metrics.listen", "true"), ("metrics.port", "0")]).await;
    let (mut one, mut other) = (Page::at(&nodes[0], By::Websocket).await, Page::at(&nodes[1], By::Websocket).await);
    let room = one.create(5).await;
    other.join(&room).await;
    assert_eq!(one.hear().await, joined(&other.peer.id, &room));
    redis.freeze();
    // Each is a little less than a million bytes, and 16 MiB may wait.
    let filler = "x".repeat(950_000);
    for n in 0..30 {
        one.say(&signal_text(&other.peer.id, &room, &format!("\"{n} {filler}\""))).await;
    }
    soon("what is lost", async {
        while scrape(nodes[0].metrics.unwrap()).await.value(r#"p2pchat_cluster_frames_total{direction="lost"}"#) != 13.0
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
    redis.thaw();
    for n in 0..17 {
        assert!(other.hear().await.contains(&format!("\"{n} xxx")));
    }
    one.signal(&other.peer.id, &room, 30).await;
    assert_eq!(other.hear().await, signal(&other.peer.id, &room, 30, &one.peer.id));
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn nodes_are_restarted_one_after_the_other_and_nobody_leaves() {
    let redis = Redis::start().await;
    let mut nodes: Vec<_> = nodes(&redis, 3, &[]).await.into_iter().map(Some).collect();
    let mut pages = Vec::new();
    for n in 0..6 {
        pages.push((Page::at(nodes[n % 3].as_ref().unwrap(), By::Websocket).await, n % 3));
    }
    let room = pages[0].0.create(6).await;
    for n in 1..6 {
        pages[n].0.join(&room).await;
        let newcomer = joined(&pages[n].0.peer.id, &room);
        for (page, _) in &mut pages[..n] {
            assert_eq!(page.hear().await, newcomer);
        }
    }
    let mut n_sent = 0;
    for stopped in 0..3 {
        nodes.push(Some(redis.node(&[]).await));
        let mut old = nodes[stopped].take().unwrap();
        old.say_stop();
        for (page, at) in pages.iter_mut().filter(|it| it.1 == stopped) {
            page.peer.ends().await;
            *at = nodes.iter().rposition(Option::is_some).unwrap() - *at % 2;
            let answer = page.come_to(nodes[*at].as_ref().unwrap(), By::Websocket).await;
            assert_eq!(answer["resume"]["complete"], true, "its node was there to give it up: {answer}");
        }
        old.ends().await;
        for _ in 0..30 {
            let (from, to) = (n_sent % 6, (n_sent + 1 + n_sent / 6 % 5) % 6);
            let (from_id, to_id) = (pages[from].0.peer.id.clone(), pages[to].0.peer.id.clone());
            pages[from].0.signal(&to_id, &room, n_sent).await;
            let heard = pages[to].0.hear().await;
            assert_eq!(heard, signal(&to_id, &room, n_sent, &from_id), "nobody was told anything else");
            n_sent += 1;
        }
    }
}

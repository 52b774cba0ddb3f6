//! A node whose way to the store is cut, or swallows everything, while other nodes have theirs.
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::{
    redis::Redis,
    together::{Page, joined, signal},
};
use crate::harness::By;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Open,
    /// Connections end, and new ones end at once.
    Cut,
    /// Connections stay, and nothing passes.
    Swallows,
}

/// A way to a port of this machine, until it is dropped.
pub(super) struct Gate {
    pub(super) port: u16,
    way: watch::Sender<Way>,
}

impl Gate {
    pub(super) async fn to(port: u16) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (own_port, (way, seen)) = (listener.local_addr().unwrap().port(), watch::channel(Way::Open));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, port, seen.clone()));
            }
        });
        Gate { port: own_port, way }
    }

    pub(super) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn pass(mut near: TcpStream, port: u16, mut way: watch::Receiver<Way>) {
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => (),
        () = until(&mut way, |it| it != Way::Open) => (),
    }
    until(&mut way, |it| it != Way::Swallows).await;
}

/// Or until the gate is gone.
async fn until(way: &mut watch::Receiver<Way>, is_it: impl Fn(Way) -> bool) {
    drop(way.wait_for(|it| is_it(*it)).await);
}

/// Nobody leaves, people at the node go on among themselves, and all is as it should be when the way is open again.
async fn is_cut_off(how: Way) {
    let redis = Redis::start().await;
    let gate = Gate::to(redis.port).await;
    let through_gate = format!(r#"["redis://127.0.0.1:{}"]"#, gate.port);
    let near = redis.node(&[]).await;
    let cut_off = redis.node(&[("cluster.redis", &through_gate), ("cluster.timeout_ms", "2000")]).await;
    for node in [&near, &cut_off] {
        node.comes_to_nodes(2).await;
    }
    let mut one = Page::at(&near, By::Websocket).await;
    let (mut two, mut three) = (Page::at(&cut_off, By::Websocket).await, Page::at(&cut_off, By::Websocket).await);
    let room = one.create(4).await;
    two.join(&room).await;
    assert_eq!(one.hear().await, joined(&two.peer.id, &room));
    three.join(&room).await;
    for page in [&mut one, &mut two] {
        assert_eq!(page.hear().await, joined(&three.peer.id, &room));
    }

    gate.set(how);
    cut_off.comes_to_store(false).await;
    two.signal(&three.peer.id, &room, 1).await;
    assert_eq!(three.hear().await, signal(&three.peer.id, &room, 1, &two.peer.id));
    let mut newcomer = Page::at(&near, By::Websocket).await;
    newcomer.join(&room).await;
    assert_eq!(one.hear().await, joined(&newcomer.peer.id, &room));
    // The last seat was the newcomer's: at neither node does anybody get another.
    let join = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#);
    for (node, error) in [(&near, 2), (&cut_off, 4)] {
        let mut late = node.guest(By::Websocket).await;
        late.emit(&join).await;
        assert_eq!(late.receive().await, format!(r#"["TYPEERROR",{{"type":{error},"requestID":"j"}}]"#), "{how:?}");
    }

    gate.set(Way::Open);
    cut_off.comes_to_store(true).await;
    for page in [&mut two, &mut three] {
        assert_eq!(page.hear().await, joined(&newcomer.peer.id, &room), "{how:?}");
    }
    for node in [&near, &cut_off] {
        node.comes_to_nodes(2).await;
        let mut late = node.guest(By::Websocket).await;
        late.emit(&join).await;
        assert_eq!(late.receive().await, r#"["TYPEERROR",{"type":2,"requestID":"j"}]"#, "{how:?}");
    }
    let mut pages = [one, two, three, newcomer];
    for from in 0..4 {
        for to in (0..4).filter(|it| *it != from) {
            let (from_id, to_id) = (pages[from].peer.id.clone(), pages[to].peer.id.clone());
            pages[from].signal(&to_id, &room, from).await;
            assert_eq!(pages[to].hear().await, signal(&to_id, &room, from, &from_id), "{how:?}: and nothing else came");
        }
    }
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn a_node_cut_off_from_the_store_loses_nobody() {
    is_cut_off(Way::Cut).await;
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn a_node_whose_way_to_the_store_swallows_everything_loses_nobody() {
    is_cut_off(Way::Swallows).await;
}

//! A store with a replica and sentinels (redis.io/docs/latest/operate/oss_and_stack/management/sentinel), whose master dies.
use std::{
    fs,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::{
    redis::{Redis, free_port},
    together::{Page, joined, signal},
};
use crate::harness::{By, soon};

/// What the sentinels call the store.
const NAME: &str = "rooms";

/// Three of them, which run until they are dropped.
struct Sentinels {
    children: Vec<Child>,
    ports: Vec<u16>,
    /// They write into their settings.
    folder: TempDir,
}

impl Sentinels {
    /// Until each knows the replica and the other two.
    async fn over(master: &Redis) -> Sentinels {
        let folder = tempfile::tempdir().unwrap();
        let mut sentinels = Sentinels { children: Vec::new(), ports: Vec::new(), folder };
        for n in 0..3 {
            let port = free_port();
            let (path, its_master) = (sentinels.folder.path().join(format!("{n}.conf")), master.port);
            let settings = [
                format!("port {port}"),
                "bind 127.0.0.1".to_owned(),
                format!("dir {}", sentinels.folder.path().display()),
                format!("sentinel monitor {NAME} 127.0.0.1 {its_master} 2"),
                format!("sentinel down-after-milliseconds {NAME} 500"),
                // Also how long they wait before they vote anew.
                format!("sentinel failover-timeout {NAME} 1000"),
            ];
            fs::write(&path, settings.join("\n") + "\n").unwrap();
            let mut command = Command::new("redis-server");
            command.arg(path).arg("--sentinel").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            sentinels.children.push(command.spawn().expect("redis-server (Debian's package)"));
            sentinels.ports.push(port);
        }
        for port in &sentinels.ports {
            says(*port, redis::cmd("SENTINEL").arg("MASTER").arg(NAME), |answer: &Vec<String>| {
                let is = |name: &str, value: &str| answer.chunks_exact(2).any(|it| it == [name, value]);
                is("num-slaves", "1") && is("num-other-sentinels", "2")
            })
            .await;
        }
        sentinels
    }

    /// As `cluster.redis` has it.
    fn setting(&self) -> String {
        let addresses: Vec<_> = self.ports.iter().map(|it| format!(r#""redis://127.0.0.1:{it}""#)).collect();
        format!("[{}]", addresses.join(","))
    }
}

impl Drop for Sentinels {
    fn drop(&mut self) {
        for child in &mut self.children {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks a Redis until its answer is the one that is waited for.
async fn says<T: redis::FromRedisValue>(port: u16, question: &redis::Cmd, is_it: impl Fn(&T) -> bool) {
    let client = redis::Client::open(("127.0.0.1", port)).unwrap();
    soon("what a Redis is to say", async {
        loop {
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await
                && let Ok(answer) = question.query_async(&mut connection).await
                && is_it(&answer)
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Until the replica has all that the master has said yes to so far.
async fn replicate(master: &Redis) {
    let client = redis::Client::open(("127.0.0.1", master.port)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut tasks = redis::pipe();
    // It waits for what was set over this very connection, and so for all before it.
    tasks.cmd("SET").arg("replicated").arg(1).ignore().cmd("WAIT").arg(1).arg(0);
    let n_replicas: Vec<u64> = soon("the replica", tasks.query_async(&mut connection)).await.unwrap();
    assert_eq!(n_replicas, [1]);
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn a_replica_takes_over_and_nobody_leaves() {
    // Otherwise the replica's first copy waits for others that may want one.
    let mut master = Redis::with(&["--repl-diskless-sync-delay", "0"]).await;
    let replica = Redis::with(&["--replicaof", "127.0.0.1", &master.port.to_string()]).await;
    let sentinels = Sentinels::over(&master).await;
    let setting = sentinels.setting();
    let settings = [("cluster.redis", &*setting), ("cluster.sentinel", NAME)];
    let nodes = [master.node(&settings).await, master.node(&settings).await];
    for node in &nodes {
        node.comes_to_nodes(2).await;
    }
    let (mut one, mut other) = (Page::at(&nodes[0], By::Websocket).await, Page::at(&nodes[1], By::Websocket).await);
    let room = one.create(3).await;
    other.join(&room).await;
    assert_eq!(one.hear().await, joined(&other.peer.id, &room));
    replicate(&master).await;

    master.stop();
    says(replica.port, &redis::cmd("ROLE"), |it: &redis::Value| {
        matches!(it, redis::Value::Array(fields) if fields[0] == redis::Value::BulkString(b"master".to_vec()))
    })
    .await;
    let mut newcomer = Page::at(&nodes[1], By::Websocket).await;
    soon("a seat", async {
        loop {
            let answer = newcomer.join(&room).await;
            if answer.starts_with(r#"["JOIN-ROOM",{"requestID":"j""#) {
                return;
            }
            assert_eq!(answer, r#"["TYPEERROR",{"type":4,"requestID":"j"}]"#, "the store is away, and nothing else");
            tokio::task::yield_now().await;
        }
    })
    .await;
    for page in [&mut one, &mut other] {
        assert_eq!(page.hear().await, joined(&newcomer.peer.id, &room));
    }
    let mut pages = [one, other, newcomer];
    for from in 0..3 {
        for to in (0..3).filter(|it| *it != from) {
            let (from_id, to_id) = (pages[from].peer.id.clone(), pages[to].peer.id.clone());
            pages[from].signal(&to_id, &room, from).await;
            assert_eq!(pages[to].hear().await, signal(&to_id, &room, from, &from_id), "and nothing else came");
        }
    }
    for node in &nodes {
        node.comes_to_store(true).await;
        let mut late = node.guest(By::Websocket).await;
        late.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
        assert_eq!(late.receive().await, r#"["TYPEERROR",{"type":2,"requestID":"j"}]"#);
    }
    let is_there_once = |it: &Vec<String>| *it == [format!("p2pchat:room:{room}")];
    says(replica.port, redis::cmd("KEYS").arg("p2pchat:room:*"), is_there_once).await;
}

//! HAProxy and nginx themselves (Debian: `haproxy`, `nginx`) in front of two nodes, with the very files of `deploy/nodes`: only
//! addresses differ, and TLS is left out.
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::{
    redis::{Redis, free_port},
    together::{joined, left, nodes, signal},
};
use crate::harness::{By, EVERY_WAY, Peer, Server, soon, web::Web};

/// Runs until it is dropped.
struct Balancer {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The file with the addresses of this test. Each change has to find its place, or the file is not the one that is meant.
fn file(name: &str, changes: &[(&str, String)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/nodes").join(name);
    let mut text = fs::read_to_string(path).unwrap();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{name}: {from}");
        text = text.replace(from, to);
    }
    text
}

impl Balancer {
    async fn start(program: &str, nodes: &[Server]) -> Balancer {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let ports = [("10.0.0.1:8080", nodes[0].address), ("10.0.0.2:8080", nodes[1].address)];
        let ports = ports.map(|(from, to)| (from, to.to_string()));
        let at = folder.path().display();
        let (text, args) = if program == "haproxy" {
            let bind = (
                "bind :::443 v4v6 ssl crt /etc/haproxy/chat.example.org.pem alpn h2,http/1.1",
                format!("bind 127.0.0.1:{port}"),
            );
            (file("haproxy.cfg", &[&[bind][..], &ports].concat()), ["-f"].as_slice())
        } else {
            let changes = [
                ("listen 443 ssl;", format!("listen 127.0.0.1:{port};")),
                ("listen [::]:443 ssl;", String::new()),
                ("ssl_certificate     /etc/letsencrypt/live/chat.example.org/fullchain.pem;", String::new()),
                ("ssl_certificate_key /etc/letsencrypt/live/chat.example.org/privkey.pem;", String::new()),
            ];
            let paths =
                ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|it| format!("{it}_temp_path {at}/{it};"));
            let own =
                format!("pid {at}/pid; error_log {at}/errors; events {{}} http {{ access_log off; {}", paths.concat());
            let text = file("nginx.conf", &[&changes[..], &ports].concat());
            (format!("daemon off; {own}\n{text}}}\n"), ["-c"].as_slice())
        };
        let path = folder.path().join("conf");
        fs::write(&path, text).unwrap();
        let mut command = Command::new(program);
        command.args(args).arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect(program);
        let balancer = Balancer { child, address: SocketAddr::from(([127, 0, 0, 1], port)), _folder: folder };
        balancer.comes_to_answer().await;
        balancer
    }

    /// Until a node answers through it.
    async fn comes_to_answer(&self) {
        soon("the balancer", async {
            loop {
                if tokio::net::TcpStream::connect(self.address).await.is_ok() {
                    let answer = Web::to(self.address).await.ask("GET", "/ready", &[], b"").await;
                    if answer.status == 200 {
                        return;
                    }
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

async fn guest(balancer: &Balancer, by: By) -> Peer {
    let mut peer = Peer::connect(balancer.address, by).await;
    peer.hello().await;
    peer
}

async fn meet_and_part(balancer: &Balancer) {
    for by in EVERY_WAY {
        let mut people = Vec::new();
        for _ in 0..4 {
            people.push(guest(balancer, by).await);
        }
        let room = people[0].create(0).await;
        for n in 1..4 {
            people[n].join(&room).await;
            let newcomer = joined(&people[n].id, &room);
            for peer in &mut people[..n] {
                assert_eq!(peer.receive().await, newcomer);
            }
        }
        let ids: Vec<_> = people.iter().map(|it| it.id.clone()).collect();
        for from in 0..4 {
            for to in (0..4).filter(|it| *it != from) {
                let text = crate::harness::peer::signal_text(&ids[to], &room, "1");
                people[from].emit(&text).await;
                assert_eq!(people[to].receive().await, signal(&ids[to], &room, 1, &ids[from]), "{by:?}");
            }
        }
        people.remove(3).leave().await;
        for peer in &mut people {
            assert_eq!(peer.receive().await, left(&ids[3], &room));
        }
        for peer in people {
            peer.leave().await;
        }
    }
}

#[tokio::test]
#[ignore = "takes redis-server, haproxy and nginx (Debian's packages), which ./check installs"]
async fn people_meet_behind_the_balancers_that_are_shown_and_go_on_without_a_node() {
    let redis = Redis::start().await;
    for program in ["haproxy", "nginx"] {
        let mut nodes = nodes(&redis, 2, &[("cluster.listen", "127.0.0.1:0")]).await;
        let balancer = Balancer::start(program, &nodes).await;
        meet_and_part(&balancer).await;
        drop(nodes.remove(0));
        nodes[0].comes_to_nodes(1).await;
        balancer.comes_to_answer().await;
        meet_and_part(&balancer).await;
    }
}

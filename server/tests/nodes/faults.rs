//! Nodes that are dead, hang, break, or lead in a circle; and clients that do not wait.
use socket2::{Domain, Socket, Type};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::harness::{By, PATH, Peer, soon};

const AT_NOWHERE: &str = "c3.AAAAAAAAAAAAAAAA";

/// What a client hears whose session is at a node `c3` that is at this address. It is counted by this result, and the client
/// begins another session.
async fn answer_of(address: impl ToString, result: &str) -> u16 {
    let cluster = Cluster::start().await;
    let status = answer_at(&cluster, address, result).await;
    let mut peer = Peer::connect(cluster.a.address, By::Polling).await;
    peer.hello().await;
    status
}

async fn answer_at(cluster: &Cluster, address: impl ToString, result: &str) -> u16 {
    cluster.lead("c3", address);
    let answer = ask(cluster.a.address, &format!("{POLLING}&sid={AT_NOWHERE}"), &[]).await;
    comes_to_one(&cluster.a, result).await;
    answer.status
}

/// A node that hears one request and then says so much.
async fn node_that_says(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 64 * 1024];
        let n = stream.read(&mut heard).await.unwrap();
        assert!(
            String::from_utf8_lossy(&heard[..n]).starts_with("GET /api/signaling/?EIO=4&transport=polling&sid=c3.")
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        if answer.is_empty() {
            // It hangs for as long as it is waited for.
            let _ = stream.read(&mut heard).await;
        }
    });
    address
}

#[tokio::test]
async fn a_node_that_is_gone_or_cannot_be_reached_is_told_apart_from_one_that_answers() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(answer_of(closed, "unreachable").await, 502);
    for nonsense in ["nowhere.invalid:1", "127.0.0.1", "::1:80", ""] {
        assert_eq!(answer_of(nonsense, "unreachable").await, 502, "{nonsense}");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_node_that_takes_no_connection() {
    // Its queue is full, so that the system leaves what comes unanswered, as it does for a machine that is off.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _first = TcpStream::connect(address).await.unwrap();
    assert_eq!(answer_of(address, "unreachable").await, 502);
}

#[tokio::test]
async fn nobody_waits_longer_for_an_answer_than_a_session_is_ever_silent() {
    let pings = [("signaling.ping_interval_ms", "150"), ("signaling.ping_timeout_ms", "150")];
    let cluster = Cluster::with(&pings).await;
    assert_eq!(answer_at(&cluster, node_that_says("").await, "timed_out").await, 504);
}

#[tokio::test]
async fn a_node_that_breaks_off_or_speaks_no_http_is_no_answer() {
    for nonsense in ["HTTP/1.1 200", "hello\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"]
    {
        assert_eq!(answer_of(node_that_says(nonsense).await, "broken").await, 502, "{nonsense}");
    }
    // Half of an answer is passed on as half of one.
    let cluster = Cluster::start().await;
    cluster.lead("c3", node_that_says("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n42[").await);
    let mut web = Web::to(cluster.a.address).await;
    web.send("GET", &format!("{POLLING}&sid={AT_NOWHERE}"), &[], b"").await;
    assert!(web.answer("GET").await.is_none(), "the connection ends in its middle");
    comes_to_one(&cluster.a, "broken").await;
}

#[tokio::test]
async fn a_client_that_does_not_wait_is_counted_and_holds_nothing() {
    let cluster = Cluster::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    cluster.lead("c3", listener.local_addr().unwrap());
    let mut web = Web::to(cluster.a.address).await;
    web.send("GET", &format!("{POLLING}&sid={AT_NOWHERE}"), &[], b"").await;
    let (mut stream, _) = soon("the request at the other node", listener.accept()).await.unwrap();
    drop(web);
    let mut heard = Vec::new();
    soon("the end of the request there", stream.read_to_end(&mut heard)).await.unwrap();
    comes_to_one(&cluster.a, "client_gone").await;
}

#[tokio::test]
async fn a_mark_that_nobody_has_is_an_unknown_session() {
    let cluster = Cluster::start().await;
    for sid in ["c3.AAAAAAAAAAAAAAAA", "a1.AAAAAAAAAAAAAAAA", "a1.", ".", "a1", "A1.AAAAAAAAAAAAAAAA", "%61%31.A"] {
        for transport in ["polling", "websocket"] {
            let target = format!("{PATH}?EIO=4&transport={transport}&sid={sid}");
            let answer = ask(cluster.a.address, &target, &[]).await;
            assert_eq!((answer.status, answer.text()), (400, UNKNOWN_SESSION), "{target}");
        }
    }
    assert_eq!(n_received(&cluster.b).await, 0.0);
    // It is what is wrong first that is said, as by one node.
    let answer = ask(cluster.a.address, &format!("{PATH}?EIO=4&transport=none&sid=c3.A"), &[]).await;
    assert_eq!(answer.text(), r#"{"code":0,"message":"Transport unknown"}"#);
}

#[tokio::test]
async fn a_request_is_forwarded_once_whatever_nodes_believe_of_each_other() {
    let cluster = Cluster::start().await;
    // `a1` believes that it is `c3`, and that `d4` is `b2`, which believes that it is `a1`.
    cluster.lead("c3", cluster.a.cluster.unwrap());
    cluster.lead("d4", cluster.b.cluster.unwrap());
    for (n, sid) in [(1.0, "c3.AAAAAAAAAAAAAAAA"), (2.0, "d4.AAAAAAAAAAAAAAAA")] {
        let answer = ask(cluster.a.address, &format!("{POLLING}&sid={sid}"), &[]).await;
        assert_eq!((answer.status, answer.text()), (400, UNKNOWN_SESSION));
        assert_eq!(n_forwarded(&cluster.a, "answered").await, n);
    }
    assert_eq!((n_received(&cluster.a).await, n_received(&cluster.b).await), (1.0, 1.0));
    assert_eq!(n_forwarded(&cluster.b, "answered").await, 0.0);
}

#[tokio::test]
async fn what_hangs_at_a_node_that_stops_comes_to_an_end() {
    let mut cluster = Cluster::with(&[("sessions.grace_s", "0")]).await;
    let sid = session_at(cluster.a.address).await;
    let target = format!("{POLLING}&sid={sid}");
    let mut web = Web::to(cluster.b.address).await;
    assert_eq!(web.ask("POST", &target, &[], b"40").await.status, 200);
    let connected = web.ask("GET", &target, &[], b"").await;
    assert_eq!(connected.status, 200);
    web.send("GET", &target, &[], b"").await;
    cluster.a.say_stop();
    assert!(web.answer("GET").await.is_some(), "there is an answer of some kind");
    cluster.a.ends().await;
    assert_eq!(ask(cluster.b.address, &target, &[]).await.status, 502);
}

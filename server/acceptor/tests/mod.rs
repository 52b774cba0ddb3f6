//! Deadlines, by a clock that the tests set forward themselves, and bounds.
mod http2;
mod tls;

use std::{convert::Infallible, sync::atomic::AtomicUsize, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    routing::{any, get},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::Notify,
    task::{JoinHandle, yield_now},
    time::{Instant, advance},
};

use super::{http::HTTP2_STREAMS_MAX, *};
use crate::{
    accounting::{Limits, Rate},
    proxy_protocol,
};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const ENDS: (ClientAddress, ServerAddress) =
    (ClientAddress(HERE), ServerAddress(std::net::SocketAddr::new(HERE, 8080)));
const UPGRADED_WRITE: Duration = Duration::from_secs(45);

/// A connection without a network, and the ledger that it counts in.
struct Carried {
    client: DuplexStream,
    carrying: JoinHandle<()>,
    ledger: Ledger,
    shutdown: Shutdown,
    began: Instant,
}

impl Carried {
    /// `n_bytes` are what the network holds each way.
    fn with(router: Router, n_bytes: usize) -> Carried {
        let ledger = Ledger::new(Limits::default());
        let acceptor = Acceptor::new(
            ledger.clone(),
            Timeouts::new(UPGRADED_WRITE),
            Arc::new(|_| false),
            Speaks::Http { router: router.clone(), turn: None },
        );
        let (client, server) = duplex(n_bytes);
        let shutdown = Shutdown::default();
        let stopped = shutdown.stopped.clone();
        let connection = Connection::new(
            ledger.admit_connection(ListenerKind::Http, HERE, PLAIN_COST).unwrap(),
            acceptor.timeouts.clone(),
        );
        let server = DeadlineStream::new(server, connection.clone());
        let carrying = tokio::spawn(async move { acceptor.carry(&router, server, connection, ENDS, stopped).await });
        Carried { client, carrying, ledger, shutdown, began: Instant::now() }
    }

    fn new() -> Carried {
        let echo = any(async |body: Body| to_bytes(body, usize::MAX).await.map_err(|_| StatusCode::BAD_REQUEST));
        Carried::with(Router::new().route("/", echo), 64 * 1024)
    }

    async fn say(&mut self, text: &str) {
        self.client.write_all(text.as_bytes()).await.unwrap();
    }

    async fn hear(&mut self, text: &str) {
        let mut heard = vec![0; text.len()];
        self.client.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), text);
        // The rest of a short answer.
        let mut rest = [0; 1024];
        let _ = self.client.read(&mut rest).await.unwrap();
    }

    /// One thing each second, for as long as it is taken.
    async fn drip(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.client.write_all(&[*byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// After how many seconds the server ended it, and what it counted then.
    async fn ends(self) -> (u64, Vec<Reason>) {
        let Carried { client, carrying, ledger, began, .. } = self;
        carrying.await.unwrap();
        let after = began.elapsed().as_secs();
        drop(client);
        let balance = ledger.balance();
        assert_eq!((balance.n_connections, balance.memory.held), (0, 0), "all is given back");
        (after, balance.reasons.into_iter().map(|it| it.0).collect())
    }
}

const GET: &str = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Frames of HTTP/2: empty SETTINGS, and the beginning of HEADERS that do not end.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
const HALF_HEADERS: &[u8] = b"\0\0\x01\x01\0\0\0\0\x01\x82";

#[tokio::test(start_paused = true)]
async fn a_first_request_has_ten_seconds_however_it_is_put_off() {
    for said in [&b""[..], b"GET / HT", b"PRI * H", PREFACE, &[PREFACE, SETTINGS, HALF_HEADERS].concat()] {
        let mut carried = Carried::new();
        carried.client.write_all(said).await.unwrap();
        assert_eq!(carried.ends().await, (10, vec![Reason::HandshakeTimeout]), "{:?}", String::from_utf8_lossy(said));
    }
    for drip in [GET.repeat(3).as_bytes(), PREFACE] {
        let mut carried = Carried::new();
        carried.drip(&drip[..12]).await;
        assert_eq!(carried.ends().await.1, [Reason::HandshakeTimeout]);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_without_end_and_asks_for_nothing_has_no_longer() {
    let Carried { mut client, carrying, ledger, .. } = Carried::with(Router::new(), 1_000_000);
    // A type that nobody knows: such frames are passed over.
    let frames = b"\0\0\x08\xf0\0\0\0\0\0--------".repeat(4_000);
    let sending = tokio::spawn(async move {
        client.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
        while client.write_all(&frames).await.is_ok() {}
    });
    for _ in 0..100 {
        yield_now().await;
    }
    advance(Duration::from_secs(11)).await;
    for _ in 0..1_000 {
        yield_now().await;
    }
    assert!(carrying.is_finished() && sending.is_finished());
    assert_eq!(ledger.balance().reasons.into_iter().map(|it| it.0).collect::<Vec<_>>(), [Reason::HandshakeTimeout]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_outlives_a_balancers_and_half_a_head_does_not() {
    let mut idle = Carried::new();
    idle.say(GET).await;
    idle.hear(OK).await;
    sleep(Duration::from_secs(70)).await;
    idle.say(GET).await;
    idle.hear(OK).await;
    assert_eq!(idle.ends().await, (145, vec![Reason::IdleTimeout]));

    let mut half = Carried::new();
    half.say(GET).await;
    half.hear(OK).await;
    sleep(Duration::from_secs(30)).await;
    half.say("GET / HT").await;
    assert_eq!(half.ends().await, (40, vec![Reason::HandshakeTimeout]));
}

#[tokio::test(start_paused = true)]
async fn a_body_has_to_come() {
    let head = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 500000\r\n\r\n";
    let mut silent = Carried::new();
    silent.say(head).await;
    let (after, reasons) = silent.ends().await;
    assert!(after <= 41 && reasons.contains(&Reason::BodyTimeout), "{after} {reasons:?}");

    let mut dripping = Carried::new();
    dripping.say(head).await;
    dripping.drip(&[b'x'; 200]).await;
    let (after, reasons) = dripping.ends().await;
    assert!(after <= 201 && reasons.contains(&Reason::BodyTimeout), "{after} {reasons:?}");

    // A slow one that gets on is waited for: a minute and more at 1 kB a second.
    let mut slow = Carried::new();
    slow.say(&head.replace("500000", "100000")).await;
    for _ in 0..100 {
        slow.say(&"x".repeat(1_000)).await;
        sleep(Duration::from_secs(1)).await;
    }
    slow.hear(OK).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_read_of_a_body_is_charged_while_it_is_read() {
    let mut carried = Carried::new();
    carried.say("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 200000\r\n\r\n").await;
    carried.say(&"x".repeat(150_000)).await;
    sleep(Duration::from_secs(1)).await;
    let held = carried.ledger.balance().memory.held;
    assert!((120_000..=200_000).contains(&held), "{held}");
    carried.say(&"x".repeat(50_000)).await;
    carried.hear(OK).await;
    carried.shutdown.stopped.cancel();
}

fn long_answer() -> Router {
    Router::new().route("/", get(async || vec![b'x'; 2_000_000]))
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_to_be_taken() {
    let mut unread = Carried::with(long_answer(), 1024);
    unread.say(&GET.repeat(20)).await;
    assert_eq!(unread.ends().await, (30, vec![Reason::WriteTimeout]));

    let mut dripping = Carried::with(long_answer(), 1024);
    dripping.say(GET).await;
    let mut byte = [0; 10];
    while dripping.client.read_exact(&mut byte).await.is_ok() {
        sleep(Duration::from_millis(500)).await;
    }
    let (after, reasons) = dripping.ends().await;
    assert!(after <= 120 && reasons == [Reason::WriteTimeout], "{after} {reasons:?}");

    // One that reads slowly gets all of it.
    let mut slow = Carried::with(long_answer(), 1024);
    slow.say(GET).await;
    let (mut n_read, mut part) = (0, [0; 1_000]);
    while n_read < 2_000_000 {
        n_read += slow.client.read(&mut part).await.unwrap();
        sleep(Duration::from_millis(500)).await;
    }
}

/// What becomes of an upgraded connection that writes without end, and of its reader.
#[tokio::test(start_paused = true)]
async fn an_upgraded_connection_that_is_not_read_ends_whatever_it_says() {
    let over = Arc::new(Notify::new());
    let told = over.clone();
    let upgrade = async move |mut request: Request<Body>| {
        let upgrade = request.extensions_mut().remove::<OnUpgrade>().unwrap();
        tokio::spawn(async move {
            let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
            let writing = tokio::spawn(async move { while writer.write_all(&[b'x'; 1024]).await.is_ok() {} });
            let mut heard = [0; 64];
            while reader.read(&mut heard).await.is_ok_and(|it| it > 0) {}
            writing.await.unwrap();
            told.notify_one();
        });
        (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "x")])
    };
    let mut carried = Carried::with(Router::new().route("/", get(upgrade)), 4096);
    carried.say("GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n").await;
    carried.hear("HTTP/1.1 101 Switching Protocols\r\n").await;
    // It speaks all the while.
    for _ in 0..100 {
        if carried.client.write_all(b"3").await.is_err() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    over.notified().await;
    let after = carried.began.elapsed();
    assert!(after >= UPGRADED_WRITE && after <= Duration::from_secs(101), "{after:?}");
    let (_, reasons) = carried.ends().await;
    assert_eq!(reasons, [Reason::WriteTimeout]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_over_an_hour_is_left_alone() {
    let patient = get(async || {
        sleep(Duration::from_secs(3_600)).await;
        "at last"
    });
    let mut carried = Carried::with(Router::new().route("/", patient), 1024);
    carried.say(GET).await;
    carried.hear(OK).await;
    assert_eq!(carried.began.elapsed().as_secs(), 3_600);
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_a_running_answer_end_and_nothing_else_begin() {
    let slow = get(async || {
        sleep(Duration::from_secs(5)).await;
        "done"
    });
    let mut carried = Carried::with(Router::new().route("/", slow), 1024);
    carried.say(&GET.repeat(2)).await;
    sleep(Duration::from_secs(1)).await;
    carried.shutdown.stopped.cancel();
    carried.hear(OK).await;
    let mut rest = Vec::new();
    carried.client.read_to_end(&mut rest).await.unwrap();
    assert_eq!((rest.len(), carried.ends().await), (0, (5, Vec::new())));
    // One that says nothing is not waited for.
    let idle = Carried::new();
    tokio::task::yield_now().await;
    idle.shutdown.stopped.cancel();
    assert_eq!(idle.ends().await.0, 0);
    let mut half = Carried::new();
    half.say("GET / HT").await;
    sleep(Duration::from_secs(1)).await;
    half.shutdown.stopped.cancel();
    assert_eq!(half.ends().await, (2, vec![Reason::ByServer]));
}

#[tokio::test]
async fn whoever_sends_without_end_is_read_a_part_at_a_time() {
    let ledger = Ledger::new(Limits::default());
    let permit = ledger.admit_connection(ListenerKind::Http, HERE, PLAIN_COST).unwrap();
    let connection = Connection::new(permit, Arc::new(Timeouts::new(UPGRADED_WRITE)));
    let mut stream = DeadlineStream::new(tokio::io::repeat(0), connection);
    let read = Arc::new(AtomicUsize::new(0));
    let reading = {
        let read = read.clone();
        tokio::spawn(async move {
            let mut bytes = vec![0; 16 * 1024];
            while let Ok(n_bytes) = stream.read(&mut bytes).await {
                read.fetch_add(n_bytes, Ordering::Relaxed);
            }
        })
    };
    for turn in 1..=3 {
        yield_now().await;
        let read = read.load(Ordering::Relaxed);
        assert!((1..=turn * 80 * 1024).contains(&read), "{read} bytes after {turn}");
    }
    reading.abort();
}

#[tokio::test(start_paused = true)]
async fn a_head_is_bounded() {
    for (head, status) in [
        (format!("GET / HTTP/1.1\r\nhost: h\r\na: {}\r\n\r\n", "a".repeat(100_000)), "431"),
        (format!("GET / HTTP/1.1\r\nhost: h\r\n{}\r\n", "a: b\r\n".repeat(101)), "431"),
        (format!("GET / HTTP/1.1\r\nhost: h\r\na: {}\r\n\r\n", "a".repeat(30_000)), "200"),
    ] {
        let mut carried = Carried::new();
        let (client, answer) = (&mut carried.client, format!("HTTP/1.1 {status} "));
        // It may be refused before it has been said.
        let _ = client.write_all(head.as_bytes()).await;
        let mut heard = vec![0; answer.len()];
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8(heard).unwrap(), answer);
    }
}

#[tokio::test]
async fn a_connection_is_refused_before_its_handshake() {
    let limits =
        Limits { address_connections_max: 2, address_connects: Rate { per_second: 1, burst: 3 }, ..Limits::default() };
    for is_proxy in [false, true] {
        let ledger = Ledger::new(limits);
        let acceptor = Acceptor::new(
            ledger.clone(),
            Timeouts::new(UPGRADED_WRITE),
            Arc::new(move |_| is_proxy),
            Speaks::Http { router: Router::new(), turn: None },
        );
        let listener = TcpListener::bind((HERE, 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let shutdown = Shutdown::default();
        let serving = tokio::spawn(Arc::new(acceptor).serve(listener, shutdown.clone()));
        let mut kept = Vec::new();
        for n in 0..6 {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(GET.as_bytes()).await.unwrap();
            let mut heard = [0; 12];
            let is_taken = stream.read_exact(&mut heard).await.is_ok();
            assert_eq!(is_taken, n < 2, "{n}");
            kept.push(stream);
        }
        let reasons = ledger.balance().reasons;
        let n_paced = if is_proxy { 0 } else { 3 };
        let n_refused = |reason| reasons.iter().find(|it| it.0 == reason).map_or(0, |it| it.1);
        assert_eq!(n_refused(Reason::AddressConnectionRate), n_paced, "a proxy comes for many people");
        assert_eq!(n_refused(Reason::AddressConnectionsMax), 4 - n_paced);
        shutdown.run().await;
        serving.await.unwrap();
        assert_eq!(ledger.n_connections(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_of_a_proxy_has_to_come_in_time_and_whole() {
    let v2 = |n: u16| [&proxy_protocol::LOCAL[..14], &n.to_be_bytes(), b"and not much more"].concat();
    for said in [&b"P"[..], b"PROXY TCP4 192.0.2.1", &proxy_protocol::LOCAL[..15], &v2(u16::MAX)] {
        let ledger = Ledger::new(Limits::default());
        let speaks = Speaks::Http { router: Router::new(), turn: None };
        let acceptor = Acceptor::new(ledger.clone(), Timeouts::new(UPGRADED_WRITE), Arc::new(|_| true), speaks);
        let acceptor = Acceptor { speaks_proxy_protocol: true, ..acceptor };
        let listener = TcpListener::bind((HERE, 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let shutdown = Shutdown::default();
        let serving = tokio::spawn(Arc::new(acceptor).serve(listener, shutdown.clone()));
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(said).await.unwrap();
        // The end, or a reset where something was left unread.
        let _ = stream.read(&mut [0]).await;
        shutdown.run().await;
        serving.await.unwrap();
        assert_eq!(ledger.balance().reasons, [(Reason::HandshakeTimeout, 1)], "{:?}", String::from_utf8_lossy(said));
        assert_eq!(ledger.n_connections(), 0);
    }
}

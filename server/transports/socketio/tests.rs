//! Engine.IO sessions whose clients ask for more than their share, on a clock that the tests set forward.
use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    time::advance,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::{
    accounting::{Limits, Rate, Reason, Resident},
    transports::{
        POLLING_COST, SESSION_COST,
        meter::FRAME_COST,
        test_server::{LIMITS, PATH, TestServer, at_once, fill, settle, until},
    },
};

type Socket = WebSocketStream<DuplexStream>;

const GET_ID: &str = r#"42["GET-ID",{"requestId":"1"}]"#;
/// Always answered.
const ASK: &str = r#"42["JOIN-ROOM",{"requestId":"a"}]"#;
const CREATE: &str = r#"42["CREATE-ROOM",{"requestId":"c","maxUsers":9,"name":"n","password":"p","type":0}]"#;

fn target(sid: &str) -> String {
    format!("{PATH}?EIO=4&transport=polling{}{sid}", if sid.is_empty() { "" } else { "&sid=" })
}

/// The id of a new session.
async fn open(server: &TestServer) -> String {
    let (status, body) = server.ask("GET", &target(""), "").await;
    assert_eq!(status, 200);
    body.split('"').nth(3).unwrap().to_owned()
}

async fn post(server: &TestServer, sid: &str, body: &str) -> u16 {
    server.ask("POST", &target(sid), body).await.0
}

async fn poll(server: &TestServer, sid: &str) -> (u16, String) {
    server.ask("GET", &target(sid), "").await
}

/// A session that polls, has connected, and has taken all that it was sent.
async fn poller(server: &TestServer) -> String {
    let sid = open(server).await;
    assert_eq!(post(server, &sid, "40").await, 200);
    // Who sends anything before the answer is not connected yet.
    let mut heard = poll(server, &sid).await.1 + "\u{1e}";
    assert_eq!(post(server, &sid, GET_ID).await, 200);
    while !heard.contains("userID") || !heard.split('\u{1e}').any(|it| it == "2") {
        let (status, text) = poll(server, &sid).await;
        assert_eq!(status, 200, "{heard}");
        heard += &format!("{text}\u{1e}");
    }
    assert_eq!(post(server, &sid, "3").await, 200);
    sid
}

/// One that has connected, and its id.
async fn connected(server: &TestServer) -> (Socket, String) {
    let mut socket = server.websocket(&format!("{PATH}?EIO=4&transport=websocket")).await;
    let mut heard = String::new();
    for (packet, word) in [("40", "40{"), (GET_ID, "userID")] {
        socket.send(Message::text(packet)).await.unwrap();
        heard = answer(&mut socket, word).await;
    }
    let id = heard.split('"').nth(9).unwrap().to_owned();
    (socket, id)
}

/// The next packet with this word; pings are answered.
async fn answer(socket: &mut Socket, word: &str) -> String {
    loop {
        let text = socket.next().await.unwrap().unwrap().into_text().unwrap().to_string();
        if text == "2" {
            socket.send(Message::text("3")).await.unwrap();
        }
        if text.contains(word) {
            return text;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_never_connects_counts_from_the_start_and_is_gone_within_seconds() {
    let server = TestServer::socket_io(Limits { address_sessions_max: 3, ..Limits::default() });
    let sids = [open(&server).await, open(&server).await, open(&server).await];
    assert_eq!((server.balance().n_sessions, server.balance().memory.held), (3, 3 * POLLING_COST));
    assert_eq!(server.ask("GET", &target(""), "").await.0, 429);
    assert_eq!(post(&server, &sids[0], "3").await, 200, "it may say what it likes but CONNECT");
    let waited = server.is_empty().await;
    assert!(waited <= Duration::from_secs(11), "{waited:?}");
    assert_eq!((server.n_counted(Reason::IdleTimeout), server.n_counted(Reason::AddressSessionsMax)), (3, 1));
    assert_eq!(post(&server, &sids[0], "40").await, 400);
    open(&server).await;
}

#[tokio::test(start_paused = true)]
async fn a_pong_that_nobody_asked_for_is_no_answer() {
    // It polls once a minute at most, and what it is sent waits.
    let server = TestServer::socket_io(Limits::default());
    let sid = poller(&server).await;
    let mut waited = Duration::ZERO;
    while post(&server, &sid, "3").await == 200 {
        advance(Duration::from_secs(1)).await;
        waited += Duration::from_secs(1);
        assert!(waited < Duration::from_secs(60), "it is still there");
    }
    server.is_empty().await;
    assert_eq!((server.n_peers(), server.n_counted(Reason::PingTimeout)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_gone_whatever_it_says() {
    let server = TestServer::socket_io(Limits::default());
    let ((mut one, _), (mut deaf, deaf_id)) = (connected(&server).await, connected(&server).await);
    one.send(Message::text(CREATE)).await.unwrap();
    let room = answer(&mut one, "roomID").await.split('"').nth(5).unwrap().to_owned();
    let join = format!(r#"42["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"p"}}]"#);
    deaf.send(Message::text(join)).await.unwrap();
    answer(&mut deaf, "curUsers").await;
    let signal = format!(r#"42["SIGNAL",{{"target":"{deaf_id}","room":"{room}","signal":"{}"}}]"#, "x".repeat(10_000));
    // More than the pipe takes, and less than may wait.
    for _ in 0..20 {
        one.send(Message::text(signal.as_str())).await.unwrap();
        settle().await;
    }
    assert!(server.balance().memory.held > 200_000);
    let mut waited = Duration::ZERO;
    while server.n_peers() == 2 {
        // A mask of zeros, and an Engine.IO pong.
        let _ = at_once(deaf.get_mut().write_all(&[0x81, 0x81, 0, 0, 0, 0, b'3'])).await;
        while let Some(Some(Ok(message))) = one.next().now_or_never() {
            if message == Message::text("2") {
                one.send(Message::text("3")).await.unwrap();
            }
        }
        advance(Duration::from_secs(1)).await;
        waited += Duration::from_secs(1);
        // Before whoever carries the connection below ends it after 45 s, although it has answered a ping not long before.
        assert!(waited <= Duration::from_secs(43), "it is still there");
        settle().await;
    }
    assert_eq!(server.n_counted(Reason::WriteTimeout), 1, "{:?}", server.balance());
    assert_eq!(answer(&mut one, "DISCONNECTEDUSER").await.matches(&deaf_id).count(), 1);
    until("its memory to be free", || server.balance().n_sessions == 1).await;
}

#[tokio::test(start_paused = true)]
async fn pongs_that_are_not_read_are_bounded() {
    let server = TestServer::socket_io(Limits::default());
    let (mut socket, _) = connected(&server).await;
    let ping = [&[0x89, 0xfd, 0, 0, 0, 0][..], &[b'x'; 125]].concat();
    let n_bytes = fill(socket.get_mut(), &ping, &mut 0).await;
    assert!(n_bytes < 200_000, "{n_bytes}: it is still read from");
    let held = server.balance().memory.held - SESSION_COST;
    assert!((10_000..40_000).contains(&held), "{held}");
    let waited = server.is_empty().await;
    assert!(waited <= Duration::from_secs(47), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn attachments_that_do_not_come_are_held_and_given_up() {
    for by_polling in [false, true] {
        let server = TestServer::socket_io(Limits::default());
        let (sid, mut socket) =
            if by_polling { (poller(&server).await, None) } else { (String::new(), Some(connected(&server).await.0)) };
        let before = server.balance().memory.held;
        let event = r#"4502-["SIGNAL",{}]"#;
        if let Some(socket) = &mut socket {
            socket.send(Message::text(event)).await.unwrap();
            socket.send(Message::binary(vec![7; 150])).await.unwrap();
        } else {
            assert_eq!(post(&server, &sid, &format!("{event}\u{1e}b{}", "AAAA".repeat(50))).await, 200);
        }
        settle().await;
        let held = server.balance().memory.held - before;
        assert_eq!(held, 150 + event.len() as u64, "{by_polling}");
        if let Some(socket) = &mut socket {
            socket.send(Message::binary(vec![7; 150])).await.unwrap();
            settle().await;
            assert_eq!(server.balance().memory.held, before, "it is complete");
            socket.send(Message::text(event)).await.unwrap();
        }
        let waited = until("its end", || server.n_peers() == 0).await;
        assert!((Duration::from_secs(29)..Duration::from_secs(32)).contains(&waited), "{by_polling}: {waited:?}");
        assert_eq!(server.n_counted(Reason::BodyTimeout), 1, "{by_polling}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_as_long_as_its_text_and_its_attachments() {
    let event = r#"452-["SIGNAL",{}]"#;
    let first = LIMITS.message_bytes_max - event.len() - 100;
    for (second, is_too_long) in [(100, false), (101, true)] {
        let server = TestServer::socket_io(Limits::default());
        let (mut socket, _) = connected(&server).await;
        socket.send(Message::text(event)).await.unwrap();
        for n in [first, second] {
            socket.send(Message::binary(vec![7; n])).await.unwrap();
        }
        settle().await;
        assert_eq!((server.n_peers() == 0, server.n_counted(Reason::MessageTooLong) == 1), (is_too_long, is_too_long));
    }
    for event in ["4565-[\"SIGNAL\",{}]", "4500000000000000000000001-[\"SIGNAL\",{}]"] {
        let server = TestServer::socket_io(Limits::default());
        let (mut socket, _) = connected(&server).await;
        socket.send(Message::text(event)).await.unwrap();
        settle().await;
        assert_eq!(server.n_peers(), 0, "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn attachments_are_owed_from_when_their_text_was_read() {
    let server = TestServer::socket_io(Limits::default());
    let mut socket = server.websocket(&format!("{PATH}?EIO=4&transport=websocket")).await;
    // Both are read before the first is handled.
    for packet in ["40", r#"451-["A",{"_placeholder":true,"num":0}]"#] {
        socket.feed(Message::text(packet)).await.unwrap();
    }
    socket.flush().await.unwrap();
    let waited = until("its end", || server.n_counted(Reason::BodyTimeout) == 1).await;
    assert!(waited <= Duration::from_secs(31), "{waited:?}");
    server.is_empty().await;
    assert_eq!(server.balance().memory.held, 0);
    // Before CONNECT nothing is kept at all.
    let mut socket = server.websocket(&format!("{PATH}?EIO=4&transport=websocket")).await;
    socket.send(Message::text("451-[]")).await.unwrap();
    assert!(server.is_empty().await < Duration::from_secs(5));
    assert_eq!(server.n_counted(Reason::ProtocolError), 1);
}

#[tokio::test(start_paused = true)]
async fn packets_and_bytes_of_a_body_are_paid_for_before_anybody_has_them() {
    let packets = |n: usize| vec![CREATE; n].join("\u{1e}");
    let server = TestServer::socket_io(Limits { messages: Rate { per_second: 1, burst: 30 }, ..Limits::default() });
    let sid = poller(&server).await;
    assert_eq!(post(&server, &sid, &packets(8)).await, 200);
    assert_eq!(server.sessions.counts()[0].n_rooms, 8);
    assert_eq!(post(&server, &sid, &packets(30)).await, 429);
    until("its end", || server.n_peers() == 0).await;
    assert_eq!((server.sessions.counts()[0].n_rooms, server.n_counted(Reason::MessageRate)), (0, 1));
    assert_eq!((post(&server, &sid, GET_ID).await, poll(&server, &sid).await.0), (400, 400));

    let server = TestServer::socket_io(Limits { bytes: Rate { per_second: 1, burst: 3_000 }, ..Limits::default() });
    let sid = poller(&server).await;
    assert_eq!(post(&server, &sid, &packets(40)).await, 429);
    until("its end", || server.n_peers() == 0).await;
    assert_eq!(server.n_counted(Reason::ByteRate), 1);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_body_whose_session_has_ended_is_not_heard() {
    let server = TestServer::socket_io(Limits::default());
    let sid = poller(&server).await;
    // Its own answers overrun its queue in the middle of the body.
    let packets = [vec![ASK; LIMITS.frames_waiting_max + 10], vec![CREATE; 9]].concat();
    post(&server, &sid, &packets.join("\u{1e}")).await;
    assert_eq!((server.n_peers(), server.sessions.counts()[0].n_rooms), (0, 0));
    server.is_empty().await;
    assert_eq!(server.balance().memory.held, 0);
}

#[tokio::test(start_paused = true)]
async fn few_bodies_may_come_at_a_time_and_they_have_to_come() {
    let server = TestServer::socket_io(Limits::default());
    let sid = poller(&server).await;
    let head = format!("POST {} HTTP/1.1\r\nhost: h\r\ncontent-length: 500000\r\n\r\n42[", target(&sid));
    let mut slow = [server.pipe(), server.pipe()];
    for pipe in &mut slow {
        pipe.write_all(head.as_bytes()).await.unwrap();
    }
    settle().await;
    assert_eq!(post(&server, &sid, GET_ID).await, 429);
    // A byte now and then is not enough.
    let mut waited = Duration::ZERO;
    while server.n_peers() == 1 {
        for pipe in &mut slow {
            let _ = at_once(pipe.write_all(b"x")).await;
        }
        // It answers its pings meanwhile.
        let _ = at_once(poll(&server, &sid)).await;
        advance(Duration::from_secs(5)).await;
        waited += Duration::from_secs(5);
        assert!(waited < Duration::from_secs(100), "it is still read from");
        settle().await;
    }
    let mut answer = String::new();
    slow[0].read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    server.is_empty().await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_held_until_it_is_written_whatever_carries_it() {
    let server = TestServer::socket_io(Limits::default());
    let sid = poller(&server).await;
    let before = server.balance().memory.held;
    post(&server, &sid, &[ASK; 300].join("\u{1e}")).await;
    let n_answer = r#"42["TYPEERROR",{"type":3,"requestID":"a"}]"#.len() as u64;
    assert_eq!(server.balance().memory.held - before, 300 * (FRAME_COST + n_answer));
    while server.balance().memory.held > before {
        assert_eq!(poll(&server, &sid).await.0, 200);
    }
    assert_eq!(server.balance().memory.held, before);

    let (mut socket, _) = connected(&server).await;
    settle().await;
    let before = server.balance().memory.held;
    for _ in 0..300 {
        socket.send(Message::text(ASK)).await.unwrap();
        settle().await;
    }
    assert!(server.balance().memory.held - before > 200 * (FRAME_COST + n_answer));
    for _ in 0..300 {
        answer(&mut socket, "TYPEERROR").await;
    }
    settle().await;
    // What is left is the library's buffer, which has grown.
    assert!(server.balance().memory.held < before + 64 * 1024, "{}", server.balance().memory.held - before);
}

#[tokio::test(start_paused = true)]
async fn an_abort_ends_a_session_however_full_its_queue() {
    let memory_bytes_max = 40 * 1024 * 1024;
    for by_polling in [false, true] {
        let server = TestServer::socket_io(Limits { memory_bytes_max, ..Limits::default() });
        let mut socket = None;
        if by_polling {
            let sid = poller(&server).await;
            post(&server, &sid, &[ASK; 900].join("\u{1e}")).await;
        } else {
            let socket = socket.insert(connected(&server).await.0);
            for _ in 0..900 {
                socket.send(Message::text(ASK)).await.unwrap();
                settle().await;
            }
        }
        assert_eq!(server.n_peers(), 1);
        server.sessions.ledger().measure(Resident(memory_bytes_max));
        if by_polling {
            tokio::time::advance(super::deadlines::EVERY).await;
        }
        settle().await;
        assert_eq!((server.n_peers(), server.n_counted(Reason::MemoryCut)), (0, 1), "{by_polling}");
    }
}

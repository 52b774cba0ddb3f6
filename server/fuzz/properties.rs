//! What must hold for any input: run by the fuzzer, and over random input by the tests.
#[path = "lasting.rs"]
mod lasting;

use std::{
    mem,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use p2pchat_server::{
    accounting::{Account, Ledger, Limits as Quotas, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::{
        self, Attachments, Frame, Incoming, Protocol,
        p2pchat::P2pChat,
        poc::Poc,
        signal::{self, Envelope},
        textchat::TextChat,
        videocall::VideoCall,
    },
    rooms::Limits,
    sessions::{Connection, Lifetimes, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
use serde_json::Value;

/// Keeps what is sent to one client, which may fail.
#[derive(Default)]
struct Tape {
    frames: Mutex<Vec<String>>,
    /// Frames from now on until the queue is full; a negative number is no bound.
    room: AtomicI64,
    /// It was ended from our side.
    is_ended: AtomicBool,
}

impl Tape {
    fn take(&self) -> Vec<String> {
        mem::take(&mut *self.frames.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn fills_after(&self, n_frames: i64) {
        self.room.store(n_frames, Ordering::Relaxed);
    }

    fn endless() -> Arc<Tape> {
        Arc::new(Tape { room: AtomicI64::new(-1), ..Tape::default() })
    }
}

impl Connection for Tape {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        let room = self.room.load(Ordering::Relaxed);
        if room == 0 {
            return Err(SendQueueFull);
        }
        self.room.store(if room > 0 { room - 1 } else { room }, Ordering::Relaxed);
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).push(frame.text);
        // A queue that fills is read, so that whoever fills it may be ended for it.
        let fullness = if room > 0 && room < 4 { 250 } else { 0 };
        Ok(Queued { fullness, taken_bytes: u64::from(fullness == 250) * room.unsigned_abs() })
    }

    fn abort(&self, _: Reason) {
        self.is_ended.store(true, Ordering::Relaxed);
    }
}

fn member(sessions: &Sessions, realm: Realm, tape: &Arc<Tape>) -> (SessionHandle, String) {
    let handle = sessions.connect(realm, tape.clone(), account(sessions));
    sessions.receive(&handle, r#"["GET-ID",{"requestId":"0"}]"#);
    let id = field(&tape.take(), "userID");
    (handle, id)
}

fn field(frames: &[String], name: &str) -> String {
    let frame: Value = frames.last().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    frame[1][name].as_str().unwrap_or_default().to_owned()
}

/// The bytes are lines, each an event of one of two room mates; `$t`, `$r` and `$s` in them stand for the other's id, the
/// room and the own id.
pub(super) fn hears_anything(data: &[u8]) {
    let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
    let sessions = Sessions::new(
        Ice { servers: Vec::new(), credential_ttl_s: 60 },
        Ledger::new(Quotas::default()),
        Lifetimes::default(),
    );
    let realm = sessions.open(realm_settings(&P2pChat, limits));
    let (tape_a, tape_b) = (Tape::endless(), Tape::endless());
    let ((a, id_a), (b, id_b)) = (member(&sessions, realm, &tape_a), member(&sessions, realm, &tape_b));
    let create = r#"["CREATE-ROOM",{"requestId":"1","maxUsers":5,"name":"n","password":"","type":0}]"#;
    sessions.receive(&a, create);
    let room = field(&tape_a.take(), "roomID");
    let join = format!(r#"["JOIN-ROOM",{{"requestId":"1","room":"{room}","password":""}}]"#);
    sessions.receive(&b, &*join);
    for (n, line) in String::from_utf8_lossy(data).lines().enumerate() {
        let (from, own, other) = if n % 2 == 0 { (&a, &id_a, &id_b) } else { (&b, &id_b, &id_a) };
        let text = line.replace("$t", other).replace("$r", &room).replace("$s", own);
        let attachments: Attachments = (0..n % 3).map(|_| vec![0].into()).collect();
        sessions.receive(from, Incoming { sender: "", topic: "", text: &text, attachments });
        for frame in tape_a.take().into_iter().chain(tape_b.take()) {
            // A signal is as its sender spelt it, which may be beyond this parser; everything else is ours.
            let is_ours = !frame.starts_with("[\"SIGNAL\"");
            assert!(!is_ours || serde_json::from_str::<Value>(&frame).is_ok(), "{frame}");
        }
    }
    sessions.disconnect(&a, Reason::ClientClosed);
    sessions.disconnect(&b, Reason::ClientClosed);
    let is_empty = sessions.counts().iter().all(|it| (it.n_peers, it.n_rooms) == (0, 0));
    assert!(is_empty, "something stays when everyone is gone");
}

/// What the bytes of [`sessions_stay_sound`] are turned into: messages of every protocol that have effects. `$r` is the room
/// that was made last, `$p` the peer that came last.
const MESSAGES: &[(&str, &[&str])] = &[
    (
        "p2pchat",
        &[
            r#"["GET-ID",{"requestId":"0","alerts":true}]"#,
            r#"["CREATE-ROOM",{"requestId":"1","maxUsers":3,"name":"n","password":"","type":0}]"#,
            r#"["CREATE-ROOM",{"requestId":"1","maxUsers":3,"name":"n","password":"","type":1}]"#,
            r#"["JOIN-ROOM",{"requestId":"2","room":"$r","password":""}]"#,
            r#"["JOIN-ROOM",{"requestId":"2","room":"$r","password":"x"}]"#,
            r#"["UPDATE-ROOM",{"requestId":"3","room":"$r","maxUsers":2,"name":"m","password":""}]"#,
            r#"["SIGNAL",{"target":"$p","room":"$r","signal":1}]"#,
            r#"["DISCONNECTEDUSER","$r"]"#,
        ],
    ),
    ("textchat", &[r#"["create-room"]"#, r#"["join-room","r"]"#, r#"["rtc-offer","$p",{}]"#]),
    (
        "videocall",
        &[
            r#"{"type":"join-room","roomId":"r"}"#,
            r#"{"type":"join-room","roomId":"s"}"#,
            r#"{"type":"offer","to":"$p","offer":{}}"#,
            r#"{"type":"answer","to":"$p","answer":{}}"#,
            r#"{"type":"ice-candidate","to":"$p","candidate":{}}"#,
        ],
    ),
    (
        "poc",
        &[
            r#"{"type":"join","room":"r"}"#,
            r#"{"type":"join","room":"s"}"#,
            r#"{"type":"signal","payload":{"sdp":{"type":"offer"}}}"#,
            r#"{"type":"signal","payload":{"sdp":{"type":"answer"}}}"#,
            r#"{"type":"signal","payload":{"candidate":{}}}"#,
        ],
    ),
    (
        "mqtt",
        &[
            "system/register\t{\"username\":\"$n\"}",
            "ann/incoming\t{\"type\":\"signal-offer\"}",
            "bob/incoming\t{\"type\":\"signal-answer\"}",
            "ann/incoming\t{\"type\":\"signal-candidate\"}",
        ],
    ),
];

/// The bytes drive six clients of one protocol through connecting, messages, full queues, takeovers, timers and endings. What
/// is known of who lives is compared with what the sessions count, after each step; a client that was ended is silent for
/// good, and when everyone is gone nothing is left.
pub(super) fn sessions_stay_sound(data: &[u8]) {
    let Some((&which, steps)) = data.split_first() else { return };
    let Some((name, messages)) = MESSAGES.get(usize::from(which) % (MESSAGES.len() + 1)) else {
        return lasting::lasting_sessions_stay_sound(steps);
    };
    let Some(protocol) = protocols::ALL.iter().find(|it| it.name() == *name) else { return };
    let quotas = Quotas { rooms_max: 8, memory_bytes_max: 64 << 20, ..Quotas::default() };
    let sessions =
        Sessions::new(Ice { servers: Vec::new(), credential_ttl_s: 60 }, Ledger::new(quotas), Lifetimes::default());
    let limits = Limits { peers_max: 4, rooms_per_peer_max: 3, name_units_max: 20, password_units_max: 100 };
    let realm = sessions.open(realm_settings(*protocol, limits));
    let mut clients: Vec<Option<(SessionHandle, Arc<Tape>)>> = (0..6).map(|_| None).collect();
    let (mut room, mut last, mut now) = (String::new(), String::new(), tokio::time::Instant::now());
    for step in steps.chunks_exact(2) {
        let at = usize::from(step[0] % 6);
        let ended_before: Vec<_> = clients.iter().flatten().map(|it| it.1.is_ended.load(Ordering::Relaxed)).collect();
        let slot = &mut clients[at];
        match (slot.as_ref(), step[0] / 6, step[1]) {
            (None, ..) => {
                let tape = Tape::endless();
                let handle = sessions.connect(realm, tape.clone(), account(&sessions));
                last = handle.peer().to_string();
                *slot = Some((handle, tape));
            }
            (Some((handle, _)), 0, _) => {
                sessions.disconnect(handle, Reason::TransportError);
                *slot = None;
            }
            (Some((_, tape)), 1, n) => tape.fills_after(i64::from(n % 8)),
            (Some((handle, _)), 2, _) => sessions.on_alive(handle),
            (Some(_), 3, n) => {
                now += Duration::from_millis(u64::from(n) * 40);
                sessions.on_timers(now);
            }
            (Some((handle, _)), _, n) => {
                let text = messages[usize::from(n) % messages.len()].replace("$r", &room).replace("$p", &last);
                let text = text.replace("$n", ["ann", "bob"][at % 2]);
                let (topic, text) = text.split_once('\t').unwrap_or(("", &text));
                let sender = ["ann", "bob"][at % 2];
                sessions.receive(handle, Incoming { sender, topic, text, attachments: Attachments::new() });
            }
        }
        for (_, tape) in clients.iter().flatten() {
            let frames = tape.take();
            if let Some(made) = frames.iter().find(|it| it.starts_with("[\"CREATE-ROOM\"")) {
                room = field(std::slice::from_ref(made), "roomID");
            }
        }
        let living = clients.iter().flatten().filter(|it| !it.1.is_ended.load(Ordering::Relaxed)).count();
        let count = sessions.counts()[0];
        assert_eq!(count.n_peers, living, "after {step:?}");
        assert!(count.n_peers > 0 || count.n_rooms == 0, "rooms outlive their members");
        // Ended clients say everything that there is to say, and nobody hears it.
        if ended_before.contains(&true) {
            for (handle, tape) in clients.iter().flatten().filter(|it| it.1.is_ended.load(Ordering::Relaxed)) {
                messages.iter().for_each(|it| _ = sessions.receive(handle, *it));
                sessions.on_alive(handle);
                assert!(tape.take().is_empty(), "one that was ended is answered");
            }
            assert_eq!(sessions.counts()[0], count, "one that was ended is heard");
        }
    }
    for (handle, _) in clients.iter().flatten() {
        sessions.disconnect(handle, Reason::ClientClosed);
    }
    drop(clients);
    (0..20).for_each(|n| sessions.on_timers(now + Duration::from_secs(100 * n)));
    let count = sessions.counts()[0];
    let balance = sessions.ledger().balance();
    assert_eq!((count.n_peers, count.n_rooms, sessions.n_timers()), (0, 0, 0), "something stays when everyone is gone");
    assert_eq!((balance.n_sessions, balance.memory.held), (0, 0), "something is still held");
}

/// The bytes are lines, each said by one of three peers in turn, in every protocol that greets by itself; `$0`, `$1` and
/// `$2` in them stand for the peers' ids, what stands before a tab is the topic, and `!` alone is a sign of life. Where peers
/// have names, they are ann, bob and cat.
pub(super) fn others_hear_anything(data: &[u8]) {
    let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
    let sessions = Sessions::new(
        Ice { servers: Vec::new(), credential_ttl_s: 60 },
        Ledger::new(Quotas::default()),
        Lifetimes::default(),
    );
    for protocol in protocols::ALL.iter().filter(|it| it.on_connect().is_some()) {
        let realm = sessions.open(realm_settings(*protocol, limits));
        let tapes: Vec<_> = (0..3).map(|_| Tape::endless()).collect();
        let peers: Vec<_> = tapes.iter().map(|it| sessions.connect(realm, it.clone(), account(&sessions))).collect();
        for (n, line) in String::from_utf8_lossy(data).lines().enumerate() {
            let from = &peers[n % 3];
            let line = (0..3).fold(line.to_owned(), |it, n| it.replace(&format!("${n}"), peers[n].peer().as_str()));
            let (topic, text) = line.split_once('\t').unwrap_or(("", &line));
            if text == "!" {
                sessions.on_alive(from);
            } else {
                let sender = ["ann", "bob", "cat"][n % 3];
                sessions.receive(from, Incoming { sender, topic, text, attachments: Attachments::new() });
            }
            // What is beyond this parser where it is said may be so where it is heard.
            let is_plain = serde_json::from_str::<Value>(text).is_ok();
            for frame in tapes.iter().flat_map(|it| it.take()) {
                assert!(!is_plain || serde_json::from_str::<Value>(&frame).is_ok(), "{frame}");
            }
        }
        for peer in &peers {
            sessions.disconnect(peer, Reason::ClientClosed);
        }
    }
    let is_empty = sessions.counts().iter().all(|it| (it.n_peers, it.n_rooms) == (0, 0));
    assert!(is_empty, "something stays when everyone is gone");
}

/// `value` is what a client of one of the other protocols has passed on.
pub(super) fn others_pass_on_what_was_sent(value: &str) {
    // Those that this parser cannot follow are left to the unit tests; what is nothing is passed on by none.
    let Ok(sent) = serde_json::from_str::<Value>(value) else { return };
    let said: [(&dyn Protocol, String, &str); 3] = [
        (&TextChat, format!(r#"["rtc-offer","$1",{value}]"#), "/2"),
        (&VideoCall, format!(r#"{{"type":"offer","to":"$1","offer":{value}}}"#), "/offer"),
        (&Poc, format!(r#"{{"type":"signal","payload":{value}}}"#), "/payload"),
    ];
    let rooms = [r#"["join-room","r"]"#, r#"{"type":"join-room","roomId":"r"}"#, r#"{"type":"join","room":"r"}"#];
    for ((protocol, said, place), room) in said.into_iter().zip(rooms) {
        let sessions = Sessions::new(
            Ice { servers: Vec::new(), credential_ttl_s: 60 },
            Ledger::new(Quotas::default()),
            Lifetimes::default(),
        );
        let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
        // Its name leads to the very one that has no shorter life.
        let known = protocols::ALL.iter().find(|it| it.name() == protocol.name());
        let Some(realm) = known.map(|it| sessions.open(realm_settings(*it, limits))) else {
            panic!("{} is in no table", protocol.name())
        };
        let (from, to) = (Tape::endless(), Tape::endless());
        let (a, b) = (
            sessions.connect(realm, from, account(&sessions)),
            sessions.connect(realm, to.clone(), account(&sessions)),
        );
        sessions.receive(&a, room);
        sessions.receive(&b, room);
        to.take();
        sessions.receive(&a, &*said.replace("\"$1\"", &format!("\"{}\"", b.peer())));
        let heard: Vec<Value> = to.take().iter().filter_map(|it| serde_json::from_str(it).ok()).collect();
        let is_nothing = sent.is_null() || (protocol.name() == Poc.name() && !sent.is_object());
        let heard: Vec<_> = heard.iter().filter_map(|it| it.pointer(place)).collect();
        // A value that looks like the other's id is another one after it is put in; this parser cannot tell.
        if !value.contains("$1") {
            assert_eq!(heard, if is_nothing { vec![] } else { vec![&sent] }, "{}", protocol.name());
        }
    }
}

/// `body` is what a client sends as a `SIGNAL`.
pub(super) fn relays_what_was_sent(body: &str) {
    let event = format!("[\"SIGNAL\",{body}]");
    let Ok(envelope) = Envelope::read(&event, Attachments::new()) else { return };
    let stamp_sender = signal::stamp_sender(&envelope.payload, "ME");
    // Where this parser cannot follow (lone surrogates, numbers beyond a double, nesting), the unit tests do.
    if let Ok(Value::Array(mut sent)) = serde_json::from_str::<Value>(&event) {
        // What follows the body is dropped.
        sent.truncate(2);
        sent[1]["source"] = "ME".into();
        let relayed: Value = serde_json::from_str(&stamp_sender).unwrap_or_default();
        assert_eq!(relayed, Value::Array(sent));
    }
    let Ok(twice) = Envelope::read(&stamp_sender, Attachments::new()) else {
        panic!("relayed is no signal: {stamp_sender}")
    };
    assert_eq!((twice.target, twice.room), (envelope.target, envelope.room));
    assert_eq!(signal::stamp_sender(&twice.payload, "ME"), stamp_sender);
}

fn account(sessions: &Sessions) -> Arc<Account> {
    sessions.ledger().open_account(Ipv4Addr::LOCALHOST.into(), b"", 0).expect("there are no limits")
}

//! What must hold for any input: run by the fuzzer, and over random input by the tests.
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use p2pchat_server::{
    dialects::{
        Attachments, Frame, Said,
        p2pchat::P2pChat,
        signal::{self, Envelope},
    },
    hub::{Attached, Hub, Line, LineEnd, Overrun, Realm},
    ice::Ice,
    rooms::Limits,
};
use serde_json::Value;

/// Keeps what is said.
#[derive(Default)]
struct Tape(Mutex<Vec<String>>);

impl Tape {
    fn take(&self) -> Vec<String> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Line for Tape {
    fn say(&self, frame: Frame) -> Result<(), Overrun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(frame.text);
        Ok(())
    }
    fn cut(&self) {}
}

fn member(hub: &Hub, realm: Realm, tape: &Arc<Tape>) -> (Attached, String) {
    let attached = hub.connect(realm, tape.clone());
    hub.hear(&attached, r#"["GET-ID",{"requestId":"0"}]"#);
    let id = field(&tape.take(), "userID");
    (attached, id)
}

fn field(frames: &[String], name: &str) -> String {
    let frame: Value = frames.last().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    frame[1][name].as_str().unwrap_or_default().to_owned()
}

/// The bytes are lines, each an event of one of two room mates; `$t`, `$r` and `$s` in them stand for the other's id, the
/// room and the own id.
pub(super) fn hears_anything(data: &[u8]) {
    let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
    let hub = Hub::new(Ice { servers: Vec::new(), credential_ttl_s: 60 });
    let realm = hub.open(&P2pChat, limits);
    let (tape_a, tape_b) = (Arc::new(Tape::default()), Arc::new(Tape::default()));
    let ((a, id_a), (b, id_b)) = (member(&hub, realm, &tape_a), member(&hub, realm, &tape_b));
    let create = r#"["CREATE-ROOM",{"requestId":"1","maxUsers":5,"name":"n","password":"","type":0}]"#;
    hub.hear(&a, create);
    let room = field(&tape_a.take(), "roomID");
    let join = format!(r#"["JOIN-ROOM",{{"requestId":"1","room":"{room}","password":""}}]"#);
    hub.hear(&b, &*join);
    for (n, line) in String::from_utf8_lossy(data).lines().enumerate() {
        let (from, own, other) = if n % 2 == 0 { (&a, &id_a, &id_b) } else { (&b, &id_b, &id_a) };
        let text = line.replace("$t", other).replace("$r", &room).replace("$s", own);
        let attachments: Attachments = (0..n % 3).map(|_| vec![0].into()).collect();
        hub.hear(from, Said { topic: "", text: &text, attachments });
        for frame in tape_a.take().into_iter().chain(tape_b.take()) {
            // A signal is as its sender spelt it, which may be beyond this parser; everything else is ours.
            let is_ours = !frame.starts_with("[\"SIGNAL\"");
            assert!(!is_ours || serde_json::from_str::<Value>(&frame).is_ok(), "{frame}");
        }
    }
    hub.disconnect(&a, LineEnd::Closed);
    hub.disconnect(&b, LineEnd::Closed);
    let is_empty = hub.counts().iter().all(|it| (it.n_peers, it.n_rooms) == (0, 0));
    assert!(is_empty, "something stays when everyone is gone");
}

/// `body` is what a client sends as a `SIGNAL`.
pub(super) fn relays_what_was_sent(body: &str) {
    let event = format!("[\"SIGNAL\",{body}]");
    let Ok(envelope) = Envelope::read(&event, Attachments::new()) else { return };
    let sealed = signal::sealed(&envelope.payload, "ME");
    // Where this parser cannot follow (lone surrogates, numbers beyond a double, nesting), the unit tests do.
    if let Ok(Value::Array(mut sent)) = serde_json::from_str::<Value>(&event) {
        // What follows the body is dropped.
        sent.truncate(2);
        sent[1]["source"] = "ME".into();
        let relayed: Value = serde_json::from_str(&sealed).unwrap_or_default();
        assert_eq!(relayed, Value::Array(sent));
    }
    let Ok(twice) = Envelope::read(&sealed, Attachments::new()) else { panic!("relayed is no signal: {sealed}") };
    assert_eq!((twice.target, twice.room), (envelope.target, envelope.room));
    assert_eq!(signal::sealed(&twice.payload, "ME"), sealed);
}

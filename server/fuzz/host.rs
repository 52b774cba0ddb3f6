//! What must hold of a star's host for any input: run by the fuzzer, and over random input by the tests.
use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant, SystemTime},
};

use p2pchat_host::{
    Card, Limits, Output, Settings, StarHost,
    guests::{Guest, Out},
};
use serde_json::{Value, json};
use str0m::rtp::RtpWrite;

/// On the way from one to the other.
const DELAY: Duration = Duration::from_millis(2);
/// Each step takes so long.
const STEP: Duration = Duration::from_millis(20);
/// Whoever asks for the time more often than this is never done.
const LOOKS_MAX: usize = 2_000;
/// More than anything that one guest does in a step can make a host say.
const BYTES_MAX: usize = 8_000_000;

const HOST: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 3_478);
const ANN: usize = 0;
const BOB: usize = 1;
const EVE: usize = 2;

/// What Eve says as herself. `$` is whatever the input has.
const FRAMES: &[&str] = &[
    r#"{"type":0,"data":{"pwd":"","member":"$"}}"#,
    r#"{"type":1,"data":{"user":{"username":"$","id":"1","avatarLoc":"","caps":{"chat":true,"media":true,"layers":true},"peer":"ann"}}}"#,
    r#"{"type":2,"data":{"msg":"$","files":[],"id":"m$"}}"#,
    r#"{"type":2,"data":{"msg":"","files":[{"FileID":"$","FileName":"f","FileSize":1}],"id":"m"}}"#,
    r#"{"type":2,"data":{"msg":"no name"}}"#,
    r#"{"type":3,"data":{}}"#,
    r#"{"type":4,"data":{}}"#,
    r#"{"type":5,"data":{}}"#,
    r#"{"type":7,"data":{"type":0,"special":{}}}"#,
    r#"{"type":7,"data":{"type":1,"special":{}}}"#,
    r#"{"type":7,"data":{"type":4,"special":{"possibilities":{"dataType":"Set","value":["e","$"]},"primaryStream":"e"}}}"#,
    r#"{"type":7,"data":{"type":4,"special":{"possibilities":{"dataType":"Set","value":["a"]},"media":$}}}"#,
    r#"{"type":7,"data":{"type":6,"special":{"StreamID":"a"}}}"#,
    r#"{"type":7,"data":{"type":6,"special":{"StreamID":"$"}}}"#,
    r#"{"type":8,"data":{"type":0,"special":{"file":{"FileID":"$","FileName":"f","FileSize":1}}}}"#,
    r#"{"type":8,"data":{"type":1,"special":{"FileID":"$"}}}"#,
    r#"{"type":8,"data":{"type":4,"special":{"type":3,"idata":"$"}}}"#,
    r#"{"type":"direct","data":{"id":"$","signal":{}}}"#,
    r#"{"type":"media","data":{"muted":true}}"#,
    r#"{"type":"sizes","data":{"sizes":[{"id":"a","size":"small"},{"id":"$","size":"hidden"}]}}"#,
    r#"{"type":"moved","data":{"id":"$"}}"#,
    r#"{"type":"moved","data":{"id":"late"}}"#,
    r#"{"type":"signal","data":{"renegotiate":true}}"#,
    r#"{"type":"signal","data":{"type":"answer","sdp":"$"}}"#,
    r#"{"type":"heard","data":{"id":"$"}}"#,
    r#"{"type":"typing","data":{"on":true}}"#,
    r#"{"type":"topic","data":{"topic":"t","data":"$"}}"#,
    r#"{"type":"ask-history","data":{}}"#,
];

/// What Eve says over the server. `$o` is the host's last offer to her, `$a` what she would answer, both with the input put
/// in somewhere.
const SIGNALS: &[&str] = &[
    r#"{"type":"answer","sdp":$a,"round":$n}"#,
    r#"{"type":"answer","sdp":$a}"#,
    r#"{"type":"offer","sdp":$a,"round":99}"#,
    r#"{"type":"offer","sdp":$o,"round":$n}"#,
    r#"{"renegotiate":true}"#,
    r#"{"transceiverRequest":{"kind":"video"}}"#,
    r#"{"transceiverRequest":{"kind":"audio"}}"#,
    r#"{"type":"candidate","candidate":{"candidate":"candidate:1 1 udp 1 10.0.0.9 9 typ host"}}"#,
];

struct Room {
    host: StarHost,
    now: Instant,
    guests: Vec<Guest>,
    flying: VecDeque<(Instant, Option<usize>, SocketAddr, Vec<u8>)>,
    /// What Eve's datagrams are changed by, and how many of them still.
    mangle: (Vec<u8>, usize),
    /// Some that she has sent.
    sent: VecDeque<Vec<u8>>,
    cut_off: bool,
}

impl Room {
    fn new() -> Self {
        let now = Instant::now();
        let settings = Settings {
            card: Card { name: "Room".to_owned(), password: String::new(), peers_max: 20 },
            member: "HHHHHHHHHHHHHHHHHHHHHH".to_owned(),
            name: "Server".to_owned(),
            candidates: vec![HOST],
            limits: Limits { bits_per_second: 100_000_000, guests: 30 },
            history: true,
            wall_clock: SystemTime::UNIX_EPOCH,
        };
        let guests = Vec::new();
        let (flying, sent) = Default::default();
        let host = StarHost::new(settings, now);
        let mut room = Self { host, now, guests, flying, mangle: (Vec::new(), 0), sent, cut_off: false };
        for (at, peer) in ["ann", "bob", "eve"].into_iter().enumerate() {
            let address = SocketAddr::from(([10, 0, 1, at as u8 + 1], 5_000));
            let mut guest = Guest::new(peer, address, now);
            (guest.plain, guest.password) = (true, String::new());
            room.guests.push(guest);
            room.host.on_joined(peer, now);
        }
        // A first packet that comes too early is sent again after a second.
        for _ in 0..4 {
            room.run(Duration::from_millis(600));
            if room.guests.iter().all(|it| it.number.is_some()) {
                break;
            }
        }
        assert!(room.guests.iter().all(|it| it.number.is_some()), "everybody is let in");
        room
    }

    /// Takes over what everybody has to give out. How many bytes of it were the host's comes back.
    fn exchange(&mut self) -> usize {
        let mut said = 0;
        while let Some(output) = self.host.poll() {
            match output {
                Output::Signal { to, signal } => {
                    said += signal.len();
                    let to = self.guests.iter_mut().find(|it| it.peer == to);
                    if let (Some(guest), Ok(signal)) = (to, serde_json::from_str(&signal)) {
                        guest.signal(&signal, self.now);
                    }
                }
                Output::Datagram { destination, bytes, .. } => {
                    said += bytes.len();
                    let to = self.guests.iter().position(|it| it.address == destination);
                    if to.is_some() {
                        self.flying.push_back((self.now + DELAY, to, HOST, bytes));
                    }
                }
            }
        }
        for at in 0..self.guests.len() {
            while let Some(out) = self.guests[at].out.pop_front() {
                match out {
                    Out::Signal(signal) => {
                        let peer = self.guests[at].peer.clone();
                        self.host.on_signal(&peer, &signal.to_string(), self.now);
                    }
                    Out::Datagram(_, bytes) => self.send(at, bytes),
                }
            }
        }
        said
    }

    fn send(&mut self, at: usize, mut bytes: Vec<u8>) {
        if at == EVE {
            if self.cut_off {
                return;
            }
            self.sent.push_back(bytes.clone());
            self.sent.truncate(40);
            if self.mangle.1 > 0 {
                self.mangle.1 -= 1;
                let length = bytes.len();
                self.mangle.0.chunks_exact(2).for_each(|it| bytes[usize::from(it[0]) % length] ^= it[1]);
            }
        }
        self.flying.push_back((self.now + DELAY, None, self.guests[at].address, bytes));
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let (mut looks, mut said) = (0, 0);
        loop {
            said += self.exchange();
            let flying = self.flying.front().map(|it| it.0);
            let guests = self.guests.iter().map(|it| it.next).min();
            let next = [self.host.next_timeout(), flying, guests].into_iter().flatten().min().unwrap_or(end);
            let next = next.max(self.now + Duration::from_micros(200));
            if next > end {
                self.now = end;
                break;
            }
            self.now = next;
            while self.flying.front().is_some_and(|it| it.0 <= self.now) {
                let Some((_, to, from, bytes)) = self.flying.pop_front() else { break };
                match to {
                    Some(to) => self.guests[to].receive(HOST, &bytes, self.now),
                    None => self.arrives(from, &bytes),
                }
            }
            if self.host.next_timeout().is_some_and(|at| at <= self.now) {
                looks += 1;
                self.host.on_timeout(self.now);
            }
            self.guests.iter_mut().filter(|it| it.next <= self.now).for_each(|it| it.tick(self.now));
        }
        let steps = 1 + usize::try_from(time.as_millis() / STEP.as_millis()).unwrap_or(usize::MAX);
        assert!(looks <= LOOKS_MAX * steps, "{looks} looks");
        assert!(said <= BYTES_MAX * steps, "{said} bytes");
    }

    fn arrives(&mut self, from: SocketAddr, bytes: &[u8]) {
        if self.host.accepts(from, HOST, bytes) {
            self.host.on_datagram(from, HOST, bytes, self.now);
        }
    }

    fn eve(&mut self) -> &mut Guest {
        &mut self.guests[EVE]
    }

    /// One of many ways to be a nuisance.
    fn step(&mut self, kind: u8, which: u8, input: &[u8]) {
        let now = self.now;
        let which = usize::from(which);
        let text = String::from_utf8_lossy(input);
        match kind % 13 {
            0 => {
                let frame = FRAMES[which % FRAMES.len()].replace('$', &text);
                let frame = format!(r#"{{"target":"{}","idata":{frame}}}"#, which % 5);
                self.eve().say_bytes(frame.as_bytes(), now);
            }
            1 => self.eve().say_bytes(input, now),
            2 => {
                let signal = made_up(self.eve(), SIGNALS[which % SIGNALS.len()], &text);
                self.host.on_signal("eve", &signal, now);
            }
            3 => self.host.on_signal("eve", &text, now),
            4 => {
                let from = self.guests[which % 3].address;
                self.arrives(from, input);
            }
            5 => self.mangle = (input.to_vec(), 1 + which % 8),
            6 => {
                let from = self.guests[which % 3].address;
                let again = self.sent.get(which % self.sent.len().max(1)).cloned();
                again.into_iter().for_each(|it| self.arrives(from, &it));
            }
            7 if self.guests.iter().any(|it| it.peer == text) => {}
            7 => match which % 6 {
                0 => self.host.on_left("eve", now),
                1 => self.host.on_joined("eve", now),
                2 => self.host.on_returned("eve", now),
                3 => self.host.on_removed("eve", now),
                4 => self.host.on_joined(&text, now),
                _ => self.host.on_left(&text, now),
            },
            8 => self.eve().say_bytes(&input.repeat(1 + which * 20), now),
            9 => self.eve().open_channel(now),
            10 => send_packets(self.eve(), which, input, now),
            11 => self.cut_off = which % 2 == 0,
            _ => self.run(STEP * u32::try_from(which).unwrap_or(1)),
        }
        self.run(STEP);
    }

    /// Of the messages that Ann says now, whether Bob hears them.
    fn others_are_well(&mut self) {
        let message = json!({ "type": 2, "data": { "msg": "well?", "files": [], "id": "the-last-one" } });
        let now = self.now;
        self.guests[ANN].tell(&message, now);
        self.run(Duration::from_secs(2));
        let heard = |it: &&Value| it["idata"]["data"]["id"] == "the-last-one";
        assert_eq!(self.guests[BOB].heard.iter().filter(heard).count(), 1, "what one does takes nothing from another");
    }

    fn everybody_leaves(&mut self, named: &[String]) {
        for peer in ["ann", "bob", "eve", "late"].into_iter().chain(named.iter().map(String::as_str)) {
            self.host.on_removed(peer, self.now);
        }
        self.run(Duration::from_secs(1));
        // Whoever is asleep is waited for, but not for ever.
        self.now += Duration::from_secs(4_000);
        self.host.on_timeout(self.now);
        self.exchange();
        let stats = self.host.stats();
        let left = (stats.guests, stats.people, stats.in_call, stats.streams_in, stats.streams_out);
        assert_eq!((left, self.host.next_timeout()), ((0, 0, 0, 0, 0), None), "something stays of those who left");
    }
}

/// A signal that is nearly one of a guest's own.
fn made_up(guest: &Guest, template: &str, input: &str) -> String {
    let spliced = |text: Option<&String>| {
        let text = text.map_or("", String::as_str);
        let at = (input.len() * 37 + input.bytes().map(usize::from).sum::<usize>()) % text.len().max(1);
        let (before, after) = text.split_at(text.floor_char_boundary(at));
        // Where the input is empty it is the description itself.
        Value::from(if input.is_empty() { text.to_owned() } else { format!("{before}{input}{after}") }).to_string()
    };
    let text = template.replace("$a", &spliced(guest.answers.last())).replace("$o", &spliced(guest.offers.last()));
    text.replace("$n", &guest.rounds.to_string())
}

/// Sends packets of sound or pictures on a line, whatever is in them.
fn send_packets(guest: &mut Guest, which: usize, payload: &[u8], now: Instant) {
    let mid = (which % 4).to_string().as_str().into();
    for number in 0..1 + which % 7 {
        let sequence = guest.sequence.entry((mid, None)).or_default();
        *sequence += 1 + number as u64 * 3;
        let sequence = *sequence;
        let mut api = guest.rtc.direct_api();
        let Some(tx) = api.stream_tx_by_mid(mid, None) else { return };
        let kind = [111, 96, 97, 109, 114, 0][which % 6];
        tx.write_rtp(RtpWrite::new(kind.into(), sequence.into(), which as u32, now, payload.to_vec()));
        guest.tick(now);
    }
}

/// `steps`: what Eve does and how, a length, and so many bytes, over and over.
pub(super) fn others_are_well(steps: &[u8]) {
    let mut room = Room::new();
    let mut named = Vec::new();
    let mut rest = steps;
    while let [kind, which, length, tail @ ..] = rest {
        let (input, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        named.push(String::from_utf8_lossy(input).into_owned());
        room.step(*kind, *which, input);
        rest = tail;
    }
    room.others_are_well();
    room.everybody_leaves(&named);
}

//! What the chat's own MQTT broker answered, replayed over real sockets. What we do differently stands here with its reason,
//! and is checked twice: ours must say just this, and theirs must have said something else.
use std::collections::{BTreeMap, BTreeSet};

use p2pchat_server::protocols::mqtt::Mqtt as Words;
use serde_json::Value;

use super::{
    others::{Heard, Recording, Scenario},
    script::compact,
};
use crate::{
    harness::{
        Server,
        mqtt::{Mqtt, connect, packet, publish},
        soon,
    },
    protocols::Stage,
};

/// Scenario, who, after which step, and all that it then hears.
type Deviation = (&'static str, &'static str, usize, &'static [&'static str]);

const CLOSED: &str = r#"["(close)"]"#;
const REFUSED: &[&str] = &[r#"["CONNACK",2]"#, CLOSED];
const ACK: &str = r#"["PUBLISH","ann/incoming","{\"type\":\"register-ack\",\"from\":\"server\",\"success\":true,\"message\":\"Registration successful\"}"]"#;
const TAKEN: &str = r#"["PUBLISH","ann/incoming","{\"type\":\"register-ack\",\"from\":\"server\",\"success\":false,\"message\":\"Username taken!\"}"]"#;
const BOB_ACK: &str = r#"["PUBLISH","bob/incoming","{\"type\":\"register-ack\",\"from\":\"server\",\"success\":true,\"message\":\"Registration successful\"}"]"#;
const NO_ANN: &str =
    r#"{\"type\":\"delivery-failed\",\"target\":\"ann\",\"reason\":\"user-offline\",\"timestamp\":<now>}"#;
const OFFER_TO_BOB: &str = r#"["PUBLISH","bob/incoming","{\"type\":\"signal-offer\",\"from\":\"<from>\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}}"]"#;

/// By their reason. `<no ann>` and the like stand for the texts above.
const DEVIATIONS: &[(&str, &[Deviation])] = &[
    (
        "who has its name already is told so, as after each new connection",
        &[("register-twice", "A", 5, &[ACK]), ("register-unsubscribed", "A", 5, &[ACK])],
    ),
    ("nobody claims a name that is not the one it connected with", &[("register-other", "A", 10, &[])]),
    (
        "a name stays with the living, and the newcomer alone hears that",
        &[("name-taken", "A", 6, &[]), ("name-taken", "B", 8, &[TAKEN])],
    ),
    (
        "names that topics could not hold are refused",
        &[
            ("name-slash", "A", 2, REFUSED),
            ("name-slash", "A", 3, &[]),
            ("name-slash", "A", 4, &[]),
            ("name-plus", "B", 6, REFUSED),
            ("name-plus", "B", 7, &[]),
            ("name-plus", "B", 8, &[]),
            ("name-plus", "B", 12, &[]),
            ("name-hash", "B", 2, REFUSED),
            ("name-hash", "B", 3, &[]),
            ("name-empty", "A", 2, REFUSED),
            ("name-empty", "A", 3, &[]),
        ],
    ),
    (
        "candidates wait until a while after the answer, before which the page throws them away",
        &[
            ("call", "A", 12, &[]),
            ("call", "B", 10, &[]),
            ("call-early", "B", 10, &[]),
            ("call-early", "B", 11, &[]),
            ("call-early", "B", 13, &[]),
        ],
    ),
    ("of two offers that cross the first stands", &[("crossing", "A", 10, &[]), ("crossing", "A", 11, &[])]),
    ("an offer waits for its name", &[("offline", "B", 10, &[BOB_ACK, OFFER_TO_BOB])]),
    (
        "only who has registered writes and is written to",
        &[
            ("unregistered-sender", "A", 8, &[]),
            ("unregistered-sender", "B", 8, &[r#"["PUBLISH","bob/incoming","<no ann>"]"#]),
            ("unregistered-target", "B", 8, &[]),
        ],
    ),
    ("the sender is who has connected", &[("forged", "B", 13, &[OFFER_TO_BOB])]),
    ("nobody calls itself", &[("to-self", "A", 5, &[r#"["PUBLISH","ann/incoming","<no ann>"]"#])]),
    (
        "what has no type and what only the server says is not passed on, and the rest with its sender",
        &[
            ("odd-signals", "B", 9, &[]),
            ("odd-signals", "B", 10, &[]),
            ("odd-signals", "B", 11, &[r#"["PUBLISH","bob/incoming","{\"type\":\"signal-offer\",\"from\":\"ann\"}"]"#]),
            ("odd-signals", "B", 13, &[]),
            ("forged-server", "B", 9, &[]),
        ],
    ),
    (
        "nobody subscribes to anything but its own mailbox, and there is nothing else",
        &[
            ("subscribe-all", "C", 11, &[r#"["SUBACK",[128]]"#]),
            ("subscribe-all", "C", 12, &[]),
            ("subscribe-other", "C", 11, &[r#"["SUBACK",[128,128,0]]"#]),
            ("subscribe-other", "C", 12, &[]),
            ("publish-elsewhere", "B", 7, &[r#"["SUBACK",[128,0]]"#]),
            ("publish-elsewhere", "B", 8, &[]),
        ],
    ),
    (
        "a message of quality 2 is passed on when it comes, which is allowed (section 4.3.3, method B), and not at its end",
        &[
            (
                "qos",
                "B",
                10,
                &[r#"["PUBLISH","bob/incoming","{\"type\":\"signal-candidate\",\"from\":\"ann\",\"candidate\":{}}"]"#],
            ),
            ("qos", "B", 11, &[]),
        ],
    ),
    ("nothing is retained", &[("retain", "C", 13, &[r#"["SUBACK",[0]]"#])]),
    (
        "versions that are not spoken hear so, and MQTT 5 is",
        &[
            ("level-6", "A", 2, &[r#"["CONNACK",1]"#, CLOSED]),
            ("level-3", "A", 2, &[r#"["CONNACK",1]"#, CLOSED]),
            ("level-5", "A", 2, &[r#"["CONNACK",0]"#]),
        ],
    ),
];

/// In these something waits for its time: they are played without a clock, and without sockets.
const UNHURRIED: &[&str] = &["call", "call-early", "crossing", "offline"];

struct Play {
    server: Server,
    clients: BTreeMap<String, Mqtt>,
    /// Who has said CONNECT: nobody else's pings are answered.
    connected: BTreeSet<String>,
    heard: Heard,
    step: usize,
}

impl Play {
    async fn of(scenario: &Scenario, expected: &Heard) -> Heard {
        let server = Server::with(&[("http.protocols", r#"["mqtt"]"#)]).await;
        let mut play =
            Play { server, clients: BTreeMap::new(), connected: BTreeSet::new(), heard: Heard::new(), step: 0 };
        for (step, text) in (1..).zip(&scenario.steps) {
            play.step = step;
            let (who, what) = text.split_once(": ").unwrap();
            let n_expected = expected.get(&(who.to_owned(), step)).map_or(0, Vec::len);
            play.act(who, what, n_expected).await;
            // Who holds a name is asked for a sign of life, gives it, and then its rival hears of it.
            for _ in 0..4 {
                for name in play.clients.keys().cloned().collect::<Vec<_>>() {
                    play.catch_up(&name).await;
                }
            }
        }
        play.heard
    }

    async fn act(&mut self, who: &str, what: &str, n_expected: usize) {
        let (word, rest) = what.split_once(' ').unwrap_or((what, ""));
        if word == "connect" || word == "offers" {
            let names = if rest.is_empty() { "mqtt" } else { rest };
            let client = Mqtt::offering(self.server.address, names, None).await.unwrap();
            if word == "offers" {
                self.take(who, format!(r#"["(protocol)","{}"]"#, client.protocol));
            }
            self.clients.insert(who.to_owned(), client);
            return;
        }
        let n_clients = self.clients.len() as u64;
        if word == "close" || word == "drop" {
            drop(self.clients.remove(who));
            return self.server.comes_to_peers(n_clients - 1).await;
        }
        // What it would say next nobody hears any more.
        let Some(client) = self.clients.get_mut(who) else { return };
        match word {
            "CONNECT" => {
                let options: Value = serde_json::from_str(rest).unwrap();
                options["clientId"].as_str().unwrap().clone_into(&mut client.name);
                let bytes = match options["protocolVersion"].as_u64() {
                    Some(3) => packet(0x10, b"\0\x06MQIsdp\x03\x02\0\x3c\0\x03ann"),
                    level => connect(u8::try_from(level.unwrap_or(4)).unwrap(), &client.name, 60),
                };
                client.send(&bytes).await;
                self.connected.insert(who.to_owned());
            }
            "SUBSCRIBE" => client.subscribe(&serde_json::from_str::<Vec<&str>>(rest).unwrap()).await,
            "UNSUBSCRIBE" => client.unsubscribe(&serde_json::from_str::<Vec<&str>>(rest).unwrap()).await,
            "PUBLISH" => {
                let (topic, flags, payload) = message(rest);
                let id = (flags > 1).then(|| client.id());
                client.send(&publish(flags, id, topic, payload.as_bytes())).await;
            }
            "PUBREL" => client.send(&packet(0x62, &[0, 3])).await,
            "PINGREQ" => {
                client.send(&packet(0xc0, &[])).await;
                // The next one is the fence's.
                let answer = client.try_hear().await;
                self.take(who, answer.unwrap_or_else(|_| CLOSED.to_owned()));
            }
            "DISCONNECT" => client.send(&packet(0xe0, &[])).await,
            "bytes" => {
                let byte = |at: usize| u8::from_str_radix(&rest[at..at + 2], 16).unwrap();
                client.send(&(0..rest.len()).step_by(2).map(byte).collect::<Vec<_>>()).await;
                // A ping could end up in the middle of a packet.
                for _ in 0..n_expected {
                    let heard = self.clients.get_mut(who).unwrap().try_hear().await;
                    self.take(who, heard.unwrap_or_else(|_| CLOSED.to_owned()));
                }
            }
            _ => panic!("what is {what:?}?"),
        }
    }

    async fn catch_up(&mut self, name: &str) {
        let client = self.clients.get_mut(name).unwrap();
        if !self.connected.contains(name) {
            return;
        }
        let fenced = client.try_fence().await;
        let has_ended = fenced.is_err();
        for heard in fenced.unwrap_or_else(|it| it) {
            self.take(name, heard);
        }
        if has_ended {
            self.take(name, CLOSED.to_owned());
            self.clients.remove(name);
        }
    }

    fn take(&mut self, who: &str, text: String) {
        self.heard.entry((who.to_owned(), self.step)).or_default().push(timeless(&text));
    }
}

/// Topic, flags and payload of a PUBLISH.
fn message(rest: &str) -> (&str, u8, &str) {
    let (topic, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    for (word, flags) in [("qos 1 ", 2), ("qos 2 ", 4), ("retain ", 1)] {
        if let Some(payload) = rest.strip_prefix(word) {
            return (topic, flags, payload);
        }
    }
    (topic, 0, rest)
}

/// Without the time of day.
fn timeless(text: &str) -> String {
    let Some((before, rest)) = text.split_once(r#"\"timestamp\":"#) else { return text.to_owned() };
    let rest = rest.trim_start_matches(|it: char| it.is_ascii_digit());
    format!(r#"{before}\"timestamp\":<now>{rest}"#)
}

/// What is published, and nothing of what goes before it.
fn without_a_clock(scenario: &Scenario) -> Heard {
    let mut stage = Stage::speaking(&Words, &[]);
    let mut names = BTreeMap::new();
    let mut heard = Heard::new();
    for (step, text) in (1..).zip(&scenario.steps) {
        let (who, what) = text.split_once(": ").unwrap();
        let lines = match what.split_once(' ').unwrap_or((what, "")) {
            ("CONNECT", rest) => {
                let options: Value = serde_json::from_str(rest).unwrap();
                names.insert(who, options["clientId"].as_str().unwrap().to_owned());
                stage.connect(&names[who])
            }
            ("PUBLISH", rest) => {
                let (topic, _, payload) = message(rest);
                stage.publish(&names[who], topic, payload)
            }
            _ => continue,
        };
        for line in lines {
            let (name, text) = line.split_once(" <- ").unwrap();
            let who = names.iter().find(|it| it.1 == name).unwrap().0;
            let event = serde_json::json!(["PUBLISH", format!("{name}/incoming"), text]).to_string();
            heard.entry(((*who).to_owned(), step)).or_default().push(timeless(&event));
        }
    }
    heard
}

fn expected(scenario: &Scenario, is_published: bool) -> Heard {
    let mut expected = Heard::new();
    for (who, seen) in &scenario.clients {
        for event in seen {
            let text = compact(event.ev.get());
            if !is_published || text.starts_with(r#"["PUBLISH""#) {
                expected.entry((who.clone(), event.step)).or_default().push(text);
            }
        }
    }
    for (_, who, step, ours) in DEVIATIONS.iter().flat_map(|it| it.1).filter(|it| it.0 == scenario.id) {
        let from = if scenario.id == "forged" { "cat" } else { "ann" };
        let ours: Vec<_> = ours.iter().map(|it| it.replace("<no ann>", NO_ANN).replace("<from>", from)).collect();
        let key = ((*who).to_owned(), *step);
        let theirs = expected.remove(&key).unwrap_or_default();
        assert_ne!(theirs, ours, "{} is listed as a deviation for {who} at {step} and is none", scenario.id);
        if !ours.is_empty() {
            expected.insert(key, ours);
        }
    }
    expected
}

#[tokio::test]
async fn mqtt_hears_what_its_own_broker_said() {
    let Recording { scenarios } = serde_json::from_str(include_str!("mqtt.json")).unwrap();
    assert_eq!(scenarios.len(), 42);
    let all = || DEVIATIONS.iter().flat_map(|it| it.1);
    assert!(all().all(|it| scenarios.iter().any(|scenario| scenario.id == it.0)), "a deviation is of no scenario");
    let mut problems = String::new();
    for scenario in scenarios {
        let is_unhurried = UNHURRIED.contains(&&*scenario.id);
        let expected = expected(&scenario, is_unhurried);
        let heard = match is_unhurried {
            // Without a runtime no timer is ever heard.
            true => std::thread::scope(|it| it.spawn(|| without_a_clock(&scenario)).join().unwrap()),
            false => soon(&scenario.id, Play::of(&scenario, &expected)).await,
        };
        for key in heard.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
            let (ours, theirs) = (heard.get(key), expected.get(key));
            if ours != theirs {
                problems += &format!("{} {key:?}: heard was\n  {ours:?}\nand not\n  {theirs:?}\n", scenario.id);
            }
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

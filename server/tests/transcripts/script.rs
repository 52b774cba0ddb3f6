//! The recording as it stands in `original.json`, and what its steps mean.
use std::{collections::BTreeMap, fmt::Write as _};

use serde::Deserialize;
use serde_json::value::RawValue;
use sha1::{Digest as _, Sha1};

use crate::harness::{Heard, field, peer::Packet};

#[derive(Deserialize)]
struct Recording {
    scenarios: Vec<Scenario>,
}

/// What clients did, and what each of them heard.
#[derive(Deserialize)]
pub(super) struct Scenario {
    pub(super) id: String,
    /// The original's process ended.
    pub(super) crashed: bool,
    #[serde(default)]
    scene: Vec<String>,
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    clients: BTreeMap<String, Vec<Seen>>,
    #[serde(default)]
    pub(super) extra: serde_json::Value,
}

#[derive(Deserialize)]
struct Seen {
    step: usize,
    ev: Box<RawValue>,
}

/// What one client heard: the step after which it came, and the event without blanks.
pub(super) type Events = Vec<(usize, String)>;

pub(super) fn recorded() -> Vec<Scenario> {
    let Recording { scenarios } = serde_json::from_str(include_str!("original.json")).unwrap();
    assert_eq!(scenarios.len(), 99);
    scenarios
}

pub(super) fn scenario(id: &str) -> Scenario {
    recorded().into_iter().find(|it| it.id == id).unwrap_or_else(|| panic!("no scenario {id}"))
}

impl Scenario {
    pub(super) fn scene(&self) -> impl Iterator<Item = Step> {
        self.scene.iter().map(|it| Step::read(it))
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps.iter().map(|it| Step::read(it))
    }

    pub(super) fn events(&self) -> BTreeMap<String, Events> {
        let events = |seen: &Vec<Seen>| seen.iter().map(|it| (it.step, compact(it.ev.get()))).collect();
        self.clients.iter().map(|(name, seen)| (name.clone(), events(seen))).collect()
    }
}

pub(super) enum Step {
    /// An event as the client emitted it, its stand-ins still in it.
    Emit {
        who: String,
        text: String,
    },
    /// A packet as it is.
    Raw {
        who: String,
        packet: String,
    },
    /// So many signals to B.
    Flood {
        who: String,
        n_signals: usize,
    },
    Drop {
        who: String,
    },
    Reconnect {
        who: String,
    },
}

impl Step {
    fn read(text: &str) -> Step {
        if let Some(text) = text.strip_prefix("raw: ") {
            return Step::Emit { who: "A".into(), text: text.into() };
        }
        let (who, what) = text.split_once([':', ' ']).unwrap();
        let (who, what) = (who.to_owned(), what.strip_prefix("(to see the head count):").unwrap_or(what).trim());
        if let Some(text) = what.strip_prefix("emit ") {
            return Step::Emit { who, text: text.into() };
        }
        if let Some(packet) = what.strip_prefix("raw packet ") {
            return Step::Raw { who, packet: packet.into() };
        }
        match what {
            "abrupt close of the transport" => Step::Drop { who },
            "reconnects" => Step::Reconnect { who },
            _ => {
                let n_signals = what.strip_suffix(" x SIGNAL").unwrap_or_else(|| panic!("what is {what:?}?"));
                Step::Flood { who, n_signals: n_signals.parse().unwrap() }
            }
        }
    }

    pub(super) fn who(&self) -> &str {
        match self {
            Step::Emit { who, .. }
            | Step::Raw { who, .. }
            | Step::Flood { who, .. }
            | Step::Drop { who }
            | Step::Reconnect { who } => who,
        }
    }
}

/// An event with its stand-ins replaced: ids, long strings, attachments, a callback.
pub(super) fn packets(text: &str, ids: &Ids) -> Vec<Packet> {
    let mut text = expanded(&ids.on_wire(text));
    let mut attachments = Vec::new();
    while let Some((before, rest)) = text.split_once(r#"{"type":"Buffer","data":["#) {
        let (bytes, after) = rest.split_once("]}").unwrap();
        let placeholder = format!(r#"{{"_placeholder":true,"num":{}}}"#, attachments.len());
        attachments.push(Packet::Binary(bytes.split(',').map(|it| it.parse().unwrap()).collect()));
        text = format!("{before}{placeholder}{after}");
    }
    let head = if attachments.is_empty() { "42".to_owned() } else { format!("45{}-", attachments.len()) };
    let text = match text.strip_suffix(r#","<ack>"]"#) {
        Some(text) => format!("{head}7{text}]"),
        None => head + &text,
    };
    [vec![Packet::Text(text)], attachments].concat()
}

fn expanded(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<str ") else { return text.to_owned() };
    let (n_units, after) = rest.split_once('>').unwrap();
    let pending_offer = match before.rsplit('"').nth(2) {
        Some("password") => "p",
        Some("name") => "n",
        _ => "x",
    };
    format!("{before}{}{}", pending_offer.repeat(n_units.parse().unwrap()), expanded(after))
}

/// Without blanks, and texts as our serialiser would write them.
pub(super) fn compact(json: &str) -> String {
    let (mut text, mut rest) = (String::new(), json);
    while let Some((before, from_quote)) = rest.find('"').map(|at| rest.split_at(at)) {
        text.extend(before.split_whitespace());
        let mut strings = serde_json::Deserializer::from_str(from_quote).into_iter::<String>();
        let string = strings.next().unwrap().unwrap();
        text += &serde_json::to_string(&string).unwrap();
        rest = &from_quote[strings.byte_offset()..];
    }
    text.extend(rest.split_whitespace());
    text
}

/// Which id stands behind which name.
#[derive(Default)]
pub(super) struct Ids(Vec<(String, String)>);

impl Ids {
    /// Takes in the ids that an answer gives away: a `userID` is the asker's, a `roomID` the next room's.
    pub(super) fn learn(&mut self, who: &str, text: &str) {
        if text.starts_with(r#"["GET-ID","#) {
            let n_before = self.0.iter().filter(|it| it.0.starts_with(&format!("<sid:{who}"))).count();
            let again = if n_before == 0 { String::new() } else { (n_before + 1).to_string() };
            self.bind(format!("<sid:{who}{again}>"), field(text, "userID"));
        }
        if text.starts_with(r#"["CREATE-ROOM","#) {
            let n_before = self.0.iter().filter(|it| it.0.starts_with("<room:")).count();
            self.bind(format!("<room:{}>", n_before + 1), field(text, "roomID"));
        }
    }

    fn bind(&mut self, name: String, id: String) {
        assert!(self.0.iter().all(|it| it.1 != id), "{id} is {name} and someone else");
        self.0.push((name, id));
    }

    pub(super) fn on_wire(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }

    /// An event as the recording would have it.
    pub(super) fn on_record(&self, heard: &Heard) -> String {
        let mut text = self.0.iter().fold(heard.text.clone(), |text, (name, id)| text.replace(id, name));
        for (n, bytes) in heard.attachments.iter().enumerate() {
            let placeholder = format!(r#"{{"_placeholder":true,"num":{n}}}"#);
            let digest = format!(r#"{{"<binary>":{},"sha1":"{}"}}"#, bytes.len(), sha1_start(bytes));
            text = text.replace(&placeholder, &digest);
        }
        text
    }
}

/// The first twelve digits.
pub(super) fn sha1_start(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().take(6).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

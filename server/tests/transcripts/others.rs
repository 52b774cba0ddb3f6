//! What the other projects' own servers answered, replayed without a socket. What we do differently stands here, each with
//! its reason, and is checked twice: ours must say just this, and theirs must have said something else.
use std::collections::BTreeMap;

use p2pchat_server::protocols::{Protocol, poc::Poc, textchat::TextChat, videocall::VideoCall};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::script::compact;
use crate::protocols::Stage;

#[derive(Deserialize)]
pub(super) struct Recording {
    pub(super) scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
pub(super) struct Scenario {
    pub(super) id: String,
    /// Their process ended.
    crashed: bool,
    pub(super) steps: Vec<String>,
    pub(super) clients: BTreeMap<String, Vec<Seen>>,
}

#[derive(Deserialize)]
pub(super) struct Seen {
    pub(super) step: usize,
    pub(super) ev: Box<RawValue>,
}

/// Who heard what after which step.
pub(super) type Heard = BTreeMap<(String, usize), Vec<String>>;

/// Scenario, who, after which step, and all that it then hears.
type Deviation = (&'static str, &'static str, usize, &'static [&'static str]);

/// A protocol's deviations by their reason.
type Deviations = &'static [(&'static str, &'static [Deviation])];

const STAYS: &str = "signals stay in their room";
const NOTHING_TO_PASS: &str = "a signal without a value makes the other page throw, and is not passed on";
const LEFT: &str = "who comes into another room leaves the one before";
const ONCE: &str = "coming in again is announced to nobody";

const TEXTCHAT: Deviations = &[
    (STAYS, &[("signal-outside", "B", 4, &[]), ("signal-outside", "A", 5, &[]), ("signal-to-room", "A", 4, &[])]),
    (NOTHING_TO_PASS, &[("signal-nothing", "B", 5, &[])]),
    (
        LEFT,
        &[
            ("join-another", "A", 7, &[r#"["user-disconnected","<id:B>"]"#]),
            // It hears it a step earlier, and once.
            ("join-another", "A", 8, &[]),
        ],
    ),
    (ONCE, &[("join-twice", "A", 5, &[])]),
    (
        "a room that is not there is made under the name asked for",
        &[("again", "B", 5, &[r#"["room-created","<room:1>"]"#])],
    ),
];

const VIDEOCALL: Deviations = &[
    (STAYS, &[("signal-outside", "B", 5, &[])]),
    (NOTHING_TO_PASS, &[("signal-nothing", "B", 5, &[])]),
    (
        LEFT,
        &[
            ("join-another", "A", 5, &[r#"{"type":"user-disconnected","from":"<id:B>"}"#]),
            ("join-another", "A", 6, &[r#"{"type":"users-list","users":[]}"#]),
        ],
    ),
    (ONCE, &[("join-twice", "A", 5, &[]), ("join-twice", "B", 5, &[])]),
];

const POC: Deviations = &[
    (NOTHING_TO_PASS, &[("signal-nothing", "B", 5, &[]), ("signal-nothing", "B", 6, &[])]),
    ("of two offers that cross the first stands", &[("cross", "A", 6, &[]), ("cross", "A", 7, &[])]),
    (
        "an offer waits for who has said nothing yet, and without a runtime it waits for good",
        &[("cross", "B", 5, &[]), ("signals", "B", 5, &[])],
    ),
    (
        "a third would tear down the call of the two",
        &[("third", "C", 6, &["(closed: 1013 the room is full)"]), ("third", "A", 7, &[]), ("third", "B", 7, &[])],
    ),
];

fn recorded(text: &str) -> Vec<Scenario> {
    let Recording { scenarios } = serde_json::from_str(text).unwrap();
    scenarios
}

/// What theirs said, but for what ended it.
fn theirs(scenario: &Scenario) -> Heard {
    let mut heard = Heard::new();
    for (who, seen) in &scenario.clients {
        for Seen { step, ev } in seen {
            let text = compact(ev.get());
            if text != r#"["(connect)"]"# && !(scenario.crashed && text == r#"["(disconnect)"]"#) {
                heard.entry((who.clone(), *step)).or_default().push(text);
            }
        }
    }
    heard
}

/// Of `videocall`: who comes in is not only told who is there, but introduced to each, so that the page that has to call
/// hears of the other wherever ids are not in order.
fn introduced(heard: &mut Heard) {
    for ((who, _), texts) in heard {
        let Some(list) = texts.iter().find_map(|it| it.strip_prefix(r#"{"type":"room-users","users":["#)) else {
            continue;
        };
        let users = list.strip_suffix("]}").unwrap();
        let all = format!(r#"{users},"<id:{who}>""#);
        let of = |user: &str| format!(r#"{{"type":"user-joined","from":{user},"roomUsers":[{all}]}}"#);
        let introductions: Vec<_> = users.split(',').filter(|it| !it.is_empty()).map(of).collect();
        texts.extend(introductions);
    }
}

fn ours(protocol: &'static dyn Protocol, scenario: &Scenario) -> Heard {
    let mut stage = Stage::speaking(protocol, &[]);
    let mut heard = Heard::new();
    for (step, text) in (1..).zip(&scenario.steps) {
        let (who, what) = text.split_once(' ').unwrap();
        let mut lines = match what {
            "connects" => stage.connect(who),
            "closes" => stage.drop_line(who),
            says => {
                let text = says.strip_prefix("says ").unwrap_or_else(|| panic!("what is {says:?}?"));
                stage.send(who, &text.replace("<id:", "<").replace("<room:", "<"))
            }
        };
        while let Some(at) = lines.iter().position(|it| it.ends_with("(are you there?)")) {
            let name = lines.remove(at)[..1].to_owned();
            lines.extend(stage.is_there(&name));
        }
        for line in lines {
            let (who, text) = line.split_once(" <- ").unwrap();
            let text = (b'A'..=b'D').fold(text.to_owned(), |text, letter| {
                let letter = char::from(letter);
                text.replace(&format!("<{letter}>"), &format!("<id:{letter}>"))
            });
            let text = (1..3).fold(text, |text, n| text.replace(&format!("<{n}>"), &format!("<room:{n}>")));
            heard.entry((who.to_owned(), step)).or_default().push(text);
        }
    }
    heard
}

fn replay(protocol: &'static dyn Protocol, recording: &str, deviations: Deviations, n_scenarios: usize) {
    let scenarios = recorded(recording);
    assert_eq!(scenarios.len(), n_scenarios);
    let all = || deviations.iter().flat_map(|it| it.1);
    assert!(all().all(|it| scenarios.iter().any(|scenario| scenario.id == it.0)), "a deviation is of no scenario");
    let mut problems = String::new();
    for scenario in scenarios {
        let mut expected = theirs(&scenario);
        if protocol.name() == VideoCall.name() {
            introduced(&mut expected);
        }
        for (_, who, step, ours) in all().filter(|it| it.0 == scenario.id) {
            let ours: Vec<_> = ours.iter().map(|it| (*it).to_owned()).collect();
            let key = ((*who).to_owned(), *step);
            let theirs = expected.remove(&key).unwrap_or_default();
            assert_ne!(theirs, ours, "{} is listed as a deviation for {who} at {step} and is none", scenario.id);
            if !ours.is_empty() {
                expected.insert(key, ours);
            }
        }
        let heard = ours(protocol, &scenario);
        if heard != expected {
            problems += &format!("{}: heard was\n  {heard:#?}\nand should have been\n  {expected:#?}\n", scenario.id);
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn textchat_hears_what_its_own_server_said() {
    replay(&TextChat, include_str!("textchat.json"), TEXTCHAT, 18);
}

#[test]
fn videocall_hears_what_its_own_server_said() {
    replay(&VideoCall, include_str!("videocall.json"), VIDEOCALL, 14);
}

#[test]
fn poc_hears_what_its_own_server_said() {
    replay(&Poc, include_str!("poc.json"), POC, 13);
}

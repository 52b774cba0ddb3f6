//! The words of the chat at github.com/DivynshSingh/WebRTC-Chat: people by name, each with a mailbox of its own, and JSON
//! objects put into mailboxes. See docs/protocol.md.
use serde::Serialize;

use super::{
    Answer, Attachments, Beside, Call, CallTag, Carrier, Dialect, Frame, Malformed, Said, frame, json, signal, unmarked,
};
use crate::rooms::{Address, Customs, Event, Name, Part, Payload, Refusal, Reply, Request};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct Mqtt;

/// Where a client says that it is there.
const REGISTER: &str = "system/register";

/// What follows the name in the topic at which its owner hears.
const MAILBOX: &str = "/incoming";

/// Longer ones nobody could tell apart.
const NAME_UNITS_MAX: usize = 100;

const REGISTER_ACK: &str = "register-ack";
const DELIVERY_FAILED: &str = "delivery-failed";

/// By `type`.
const SIGNALS: [(&str, Part); 3] =
    [("signal-offer", Part::Offer), ("signal-answer", Part::Answer), ("signal-candidate", Part::Candidate)];

/// The topic at which a client of this name hears. `None`: it is no name, but empty, too long, or of characters that mean
/// something in topics.
pub fn mailbox(name: &str) -> Option<String> {
    is_name(name).then(|| format!("{name}{MAILBOX}"))
}

fn is_name(text: &str) -> bool {
    let units = text.encode_utf16().count();
    (1..=NAME_UNITS_MAX).contains(&units) && !text.contains(|it: char| "/+#".contains(it) || it.is_control())
}

impl Dialect for Mqtt {
    fn name(&self) -> &'static str {
        "mqtt"
    }

    fn carrier(&self) -> Carrier {
        Carrier::Mqtt
    }

    // A page comes back under its name when its connection broke, before the server has noticed that. And it throws away
    // candidates for which it is not ready, and offers nothing twice.
    fn customs(&self) -> Customs {
        Customs { asks_holders: true, keeps_letters: true, ..Customs::default() }
    }

    fn opening(&self) -> Option<Call<'static>> {
        Some(unmarked(Request::Hello))
    }

    fn decode<'a>(&self, Said { sender, topic, text, .. }: Said<'a>) -> Result<Call<'a>, Malformed> {
        let fields = json::read_object(text).ok_or(Malformed::NotAnEvent)?;
        if topic == REGISTER {
            let own = fields.text("username").filter(|it| *it == sender).ok_or(Malformed::Body)?;
            return Ok(unmarked(Request::Claim { name: Name::from(&*own) }));
        }
        let to = topic.strip_suffix(MAILBOX).filter(|it| is_name(it)).ok_or(Malformed::UnknownEvent)?;
        let kind = fields.text("type").ok_or(Malformed::NotAnEvent)?;
        if [REGISTER_ACK, DELIVERY_FAILED].contains(&&*kind) {
            // The server's own words.
            return Err(Malformed::UnknownEvent);
        }
        if json::is_deeper_than(text, signal::DEPTH_MAX) {
            return Err(Malformed::TooDeep);
        }
        let part = SIGNALS.iter().find(|it| it.0 == kind).map_or(Part::Opaque, |it| it.1);
        let source_at = signal::places(text, &fields, "from").ok_or(Malformed::Body)?;
        let payload = Payload { part, text: text.into(), source_at, attachments: Attachments::new() };
        let tag = CallTag(Some(to.to_owned()));
        Ok(Call { tag, request: Request::Signal { to: Address::Named(to.into()), payload } })
    }

    fn encode_answer(&self, tag: &CallTag, answer: &Result<Reply, Refusal>, beside: &Beside<'_>) -> Answer {
        let register_ack = |success, message| Message::RegisterAck { from: "server", success, message };
        Answer::Say(frame(&match (answer, tag.0.as_deref()) {
            (Ok(Reply::Named { .. }), _) => register_ack(true, "Registration successful"),
            (Err(Refusal::NameTaken), _) => register_ack(false, "Username taken!"),
            (Ok(Reply::Kept) | Err(Refusal::NoSuchName), Some(target)) => {
                Message::DeliveryFailed { target, reason: "user-offline", timestamp: beside.now_ms }
            }
            _ => return Answer::Silence,
        }))
    }

    fn encode_event(&self, event: Event<'_>) -> Option<Frame> {
        match event {
            Event::Signal { name: Some(name), payload, .. } => {
                let mut text = String::with_capacity(payload.text.len() + name.as_str().len() + 16);
                signal::splice(&mut text, &payload, "from", &[&json::quoted(name.as_str())]);
                Some(Frame { text, attachments: Attachments::new() })
            }
            Event::Signal { name: None, .. } | Event::PeerJoined { .. } | Event::PeerLeft { .. } => None,
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Message<'a> {
    RegisterAck { from: &'a str, success: bool, message: &'a str },
    DeliveryFailed { target: &'a str, reason: &'a str, timestamp: u64 },
}

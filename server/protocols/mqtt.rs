//! The protocol of the chat at github.com/DivynshSingh/WebRTC-Chat: people have names and a topic each, and publish JSON
//! objects to each other's topics. See docs/protocol.md.
use p2pchat_rooms::{Address, Event, Name, Payload, Rejection, Reply, Request, SignalKind};
use serde::Serialize;

use super::{
    Answer, AnswerContext, Asked, Attachments, Command, DecodeError, Frame, Incoming, Protocol, RequestId, Transport,
    frame, json, signal, unmarked,
};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct Mqtt;

/// The topic at which a client registers its name.
const REGISTER: &str = "system/register";

/// What follows the name in the topic that its owner subscribes to.
const MAILBOX: &str = "/incoming";

/// Length of a name, in UTF-16 units.
const NAME_UNITS_MAX: usize = 100;

const REGISTER_ACK: &str = "register-ack";
const DELIVERY_FAILED: &str = "delivery-failed";

/// By the value of `type`.
const SIGNALS: [(&str, SignalKind); 3] = [
    ("signal-offer", SignalKind::Offer),
    ("signal-answer", SignalKind::Answer),
    ("signal-candidate", SignalKind::Candidate),
];

/// The topic that a client of this name subscribes to. `None`: the name is empty, too long, or has characters that mean
/// something in topics.
pub fn mailbox(name: &str) -> Option<String> {
    is_name(name).then(|| format!("{name}{MAILBOX}"))
}

fn is_name(text: &str) -> bool {
    let units = text.encode_utf16().count();
    (1..=NAME_UNITS_MAX).contains(&units) && !text.contains(|it: char| "/+#".contains(it) || it.is_control())
}

impl Protocol for Mqtt {
    fn name(&self) -> &'static str {
        "mqtt"
    }

    fn transport(&self) -> Transport {
        Transport::Mqtt
    }

    fn on_connect(&self) -> Option<Command<'static>> {
        Some(unmarked(Request::Hello { alerts: false }))
    }

    fn decode<'a>(&self, Incoming { sender, topic, text, .. }: Incoming<'a>) -> Result<Command<'a>, DecodeError> {
        let fields = json::read_object(text).ok_or(DecodeError::NotAnEvent)?;
        if topic == REGISTER {
            let own = fields.text("username").filter(|it| *it == sender).ok_or(DecodeError::Body)?;
            return Ok(unmarked(Request::Claim { name: Name::from(&*own) }));
        }
        let to = topic.strip_suffix(MAILBOX).filter(|it| is_name(it)).ok_or(DecodeError::UnknownEvent)?;
        let kind = fields.text("type").ok_or(DecodeError::NotAnEvent)?;
        if [REGISTER_ACK, DELIVERY_FAILED].contains(&&*kind) {
            // Messages that only the server sends.
            return Err(DecodeError::UnknownEvent);
        }
        if json::is_deeper_than(text, signal::DEPTH_MAX) {
            return Err(DecodeError::TooDeep);
        }
        let kind = SIGNALS.iter().find(|it| it.0 == kind).map_or(SignalKind::Opaque, |it| it.1);
        let sender_spans = signal::sender_spans(text, &fields, "from").ok_or(DecodeError::Body)?;
        let payload = Payload { kind, text: text.into(), sender_spans, attachments: Attachments::new() };
        let request_id = RequestId(Some(to.to_owned()));
        let signal = Request::Signal { to: Address::Named(to.into()), payload };
        Ok(Command { request_id, request: Asked::Rooms(signal) })
    }

    fn encode_answer(
        &self,
        request_id: &RequestId,
        answer: &Result<Reply, Rejection>,
        beside: &AnswerContext<'_>,
    ) -> Answer {
        let register_ack = |success, message| Message::RegisterAck { from: "server", success, message };
        Answer::Say(frame(&match (answer, request_id.0.as_deref()) {
            (Ok(Reply::Named { .. }), _) => register_ack(true, "Registration successful"),
            (Err(Rejection::NameTaken), _) => register_ack(false, "Username taken!"),
            (Ok(Reply::Kept) | Err(Rejection::NoSuchName), Some(target)) => {
                Message::DeliveryFailed { target, reason: "user-offline", timestamp: beside.now_ms }
            }
            _ => return Answer::Silence,
        }))
    }

    fn encode_event(&self, event: Event<'_>) -> Option<Frame> {
        match event {
            Event::Signal { name: Some(name), payload, .. } => {
                let mut text = String::with_capacity(payload.text.len() + name.as_str().len() + 16);
                signal::stamp(&mut text, &payload, "from", &[&json::quoted(name.as_str())]);
                Some(Frame { text, attachments: Attachments::new() })
            }
            Event::Signal { name: None, .. }
            | Event::PeerJoined { .. }
            | Event::PeerLeft { .. }
            | Event::HostChanged { .. }
            | Event::OwnerActed { .. }
            | Event::PeerReturned { .. }
            | Event::Knocked { .. }
            | Event::RoomAlert { .. } => None,
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Message<'a> {
    RegisterAck { from: &'a str, success: bool, message: &'a str },
    DeliveryFailed { target: &'a str, reason: &'a str, timestamp: u64 },
}

//! The protocol of the video chat at github.com/gravitano/simple-web-rtc: `join` and `signal`, one JSON object a message, and
//! nobody is told who comes and goes. See docs/protocol.md.
use p2pchat_rooms::{Address, Event, Rejection, Reply, Request, SignalKind};

use super::{
    Answer, AnswerContext, Attachments, CloseReason, Command, DecodeError, Frame, Incoming, Protocol, RequestId,
    Transport, json, payload, room_named, unmarked,
};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct Poc;

/// "Try again later".
const FULL: CloseReason = CloseReason { code: 1013, reason: "the room is full" };

/// "Try again later", for any other reason.
const BUSY: CloseReason = CloseReason { code: 1013, reason: "try again later" };

impl Protocol for Poc {
    fn name(&self) -> &'static str {
        "poc"
    }

    fn transport(&self) -> Transport {
        Transport::Websocket
    }

    fn on_connect(&self) -> Option<Command<'static>> {
        Some(unmarked(Request::Hello { alerts: false }))
    }

    fn decode<'a>(&self, Incoming { text, .. }: Incoming<'a>) -> Result<Command<'a>, DecodeError> {
        let fields = json::read_object(text).ok_or(DecodeError::NotAnEvent)?;
        match &*fields.text("type").ok_or(DecodeError::NotAnEvent)? {
            "join" => {
                let room = room_named(fields.text("room")).ok_or(DecodeError::Body)?;
                Ok(unmarked(Request::Enter { room: Some(room) }))
            }
            "signal" => {
                // Anything but an object makes the receiving page throw.
                let raw = fields.raw("payload").filter(|it| it.starts_with('{'));
                let payload = payload(raw.map_or(SignalKind::Opaque, kind), raw)?;
                Ok(unmarked(Request::Signal { to: Address::Broadcast, payload }))
            }
            _ => Err(DecodeError::UnknownEvent),
        }
    }

    fn encode_answer(&self, _: &RequestId, answer: &Result<Reply, Rejection>, _: &AnswerContext<'_>) -> Answer {
        match answer {
            Err(Rejection::RoomFull) => Answer::Close(FULL),
            Err(Rejection::Busy) => Answer::Close(BUSY),
            _ => Answer::Silence,
        }
    }

    fn encode_event(&self, event: Event<'_>) -> Option<Frame> {
        match event {
            Event::Signal { payload, .. } => {
                let text = format!(r#"{{"type":"signal","payload":{}}}"#, payload.text);
                Some(Frame { text, attachments: Attachments::new() })
            }
            Event::PeerJoined { .. }
            | Event::PeerLeft { .. }
            | Event::HostChanged { .. }
            | Event::OwnerActed { .. }
            | Event::PeerReturned { .. }
            | Event::Knocked { .. }
            | Event::RoomAlert { .. } => None,
        }
    }
}

/// The kind of a payload, by the fields that the page itself looks at.
fn kind(payload: &str) -> SignalKind {
    let Some(fields) = json::read_object(payload) else { return SignalKind::Opaque };
    let description = fields.raw("sdp").and_then(json::read_object);
    match description.as_ref().and_then(|it| it.text("type")).as_deref() {
        Some("offer") => SignalKind::Offer,
        Some("answer") => SignalKind::Answer,
        None if fields.raw("candidate").is_some() => SignalKind::Candidate,
        Some(_) | None => SignalKind::Opaque,
    }
}

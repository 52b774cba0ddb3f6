//! The words of the video chat at github.com/gravitano/simple-web-rtc: `join` and `signal`, one JSON object a message, and
//! nobody is told who comes and goes. See docs/protocol.md.
use super::{
    Answer, AnswerContext, Attachments, CloseReason, Command, DecodeError, Frame, Incoming, Protocol, RequestId,
    Transport, json, payload, room_named, unmarked,
};
use crate::rooms::{Address, Event, Rejection, Reply, Request, RoomPolicy, SignalKind};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct Poc;

/// Its page has one connection: a third in the room would tear down that of the two.
const PEERS_MAX: usize = 2;

/// "Try again later".
const FULL: CloseReason = CloseReason { code: 1013, reason: "the room is full" };

impl Protocol for Poc {
    fn name(&self) -> &'static str {
        "poc"
    }

    fn transport(&self) -> Transport {
        Transport::Websocket
    }

    // Every page offers as soon as it has a camera. And a page that is opened again comes to a room in which the seat of the
    // one before may not be free yet.
    fn policy(&self) -> RoomPolicy {
        RoomPolicy { single_room: true, resolve_glare: true, verify_holders_alive: true, ..RoomPolicy::default() }
    }

    fn on_connect(&self) -> Option<Command<'static>> {
        Some(unmarked(Request::Hello))
    }

    fn decode<'a>(&self, Incoming { text, .. }: Incoming<'a>) -> Result<Command<'a>, DecodeError> {
        let fields = json::read_object(text).ok_or(DecodeError::NotAnEvent)?;
        match &*fields.text("type").ok_or(DecodeError::NotAnEvent)? {
            "join" => {
                let room = room_named(fields.text("room")).ok_or(DecodeError::Body)?;
                Ok(unmarked(Request::Enter { room: Some(room), peers_max: PEERS_MAX }))
            }
            "signal" => {
                // Anything but an object makes the page at the other end throw.
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
            _ => Answer::Silence,
        }
    }

    fn encode_event(&self, event: Event<'_>) -> Option<Frame> {
        match event {
            Event::Signal { payload, .. } => {
                let text = format!(r#"{{"type":"signal","payload":{}}}"#, payload.text);
                Some(Frame { text, attachments: Attachments::new() })
            }
            Event::PeerJoined { .. } | Event::PeerLeft { .. } => None,
        }
    }
}

/// As its page tells them apart.
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

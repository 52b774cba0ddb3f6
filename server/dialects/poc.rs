//! The words of the video chat at github.com/gravitano/simple-web-rtc: `join` and `signal`, one JSON object a message, and
//! nobody is told who comes and goes. See docs/protocol.md.
use super::{
    Answer, Attachments, Beside, Call, CallTag, Carrier, Dialect, Farewell, Frame, Malformed, Said, json, payload,
    room_named, unmarked,
};
use crate::rooms::{Address, Customs, Event, Part, Refusal, Reply, Request};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct Poc;

/// Its page has one connection: a third in the room would tear down that of the two.
const PEERS_MAX: usize = 2;

/// "Try again later".
const FULL: Farewell = Farewell { code: 1013, reason: "the room is full" };

impl Dialect for Poc {
    fn name(&self) -> &'static str {
        "poc"
    }

    fn carrier(&self) -> Carrier {
        Carrier::Websocket
    }

    // Every page offers as soon as it has a camera. And a page that is opened again comes to a room in which the seat of the
    // one before may not be free yet.
    fn customs(&self) -> Customs {
        Customs { one_room: true, first_offer_stands: true, asks_holders: true, ..Customs::default() }
    }

    fn opening(&self) -> Option<Call<'static>> {
        Some(unmarked(Request::Hello))
    }

    fn decode<'a>(&self, Said { text, .. }: Said<'a>) -> Result<Call<'a>, Malformed> {
        let fields = json::read_object(text).ok_or(Malformed::NotAnEvent)?;
        match &*fields.text("type").ok_or(Malformed::NotAnEvent)? {
            "join" => {
                let room = room_named(fields.text("room")).ok_or(Malformed::Body)?;
                Ok(unmarked(Request::Enter { room: Some(room), peers_max: PEERS_MAX }))
            }
            "signal" => {
                // Anything but an object makes the page at the other end throw.
                let raw = fields.raw("payload").filter(|it| it.starts_with('{'));
                let payload = payload(raw.map_or(Part::Opaque, part), raw)?;
                Ok(unmarked(Request::Signal { to: Address::Mates, payload }))
            }
            _ => Err(Malformed::UnknownEvent),
        }
    }

    fn encode_answer(&self, _: &CallTag, answer: &Result<Reply, Refusal>, _: &Beside<'_>) -> Answer {
        match answer {
            Err(Refusal::RoomFull) => Answer::HangUp(FULL),
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
fn part(payload: &str) -> Part {
    let Some(fields) = json::read_object(payload) else { return Part::Opaque };
    let description = fields.raw("sdp").and_then(json::read_object);
    match description.as_ref().and_then(|it| it.text("type")).as_deref() {
        Some("offer") => Part::Offer,
        Some("answer") => Part::Answer,
        None if fields.raw("candidate").is_some() => Part::Candidate,
        Some(_) | None => Part::Opaque,
    }
}

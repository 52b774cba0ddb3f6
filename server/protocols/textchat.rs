//! The protocol of the text chat at github.com/Scthe/WebRTC-p2p-text-chat: socket.io events with positional arguments, no
//! requests and no answers. See docs/protocol.md.
use p2pchat_rooms::{Address, Event, Rejection, Reply, Request, SignalKind};

use super::{
    Answer, AnswerContext, Attachments, Command, DecodeError, Frame, Incoming, Protocol, RequestId, Transport, frame,
    json, payload, room_named, unmarked,
};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct TextChat;

const CREATE_ROOM: &str = "create-room";
const JOIN_ROOM: &str = "join-room";
const ROOM_CREATED: &str = "room-created";
const NEW_USER_JOINED: &str = "new-user-joined";
const USER_DISCONNECTED: &str = "user-disconnected";
const SIGNALS: [(&str, SignalKind); 3] =
    [("rtc-offer", SignalKind::Offer), ("rtc-answer", SignalKind::Answer), ("ice-candidate", SignalKind::Candidate)];

impl Protocol for TextChat {
    fn name(&self) -> &'static str {
        "textchat"
    }

    // Its page has the library's default path.
    fn transport(&self) -> Transport {
        Transport::SocketIoAt("/socket.io/")
    }

    fn on_connect(&self) -> Option<Command<'static>> {
        Some(unmarked(Request::Hello { alerts: false }))
    }

    fn decode<'a>(&self, Incoming { text, attachments, .. }: Incoming<'a>) -> Result<Command<'a>, DecodeError> {
        let said = json::read_array(text).ok_or(DecodeError::NotAnEvent)?;
        let argument = |n: usize| said.get(n).copied();
        let name = argument(0).and_then(json::text).ok_or(DecodeError::NotAnEvent)?;
        // Its page sends none and ignores received ones.
        if !attachments.is_empty() {
            return Err(DecodeError::TooManyAttachments);
        }
        match &*name {
            CREATE_ROOM => Ok(unmarked(Request::Enter { room: None })),
            JOIN_ROOM => {
                let asked = argument(1).and_then(json::text).ok_or(DecodeError::Body)?;
                // For an id that nobody would choose it gets a fresh room, as its own server gives for any unknown id.
                Ok(unmarked(Request::Enter { room: room_named(Some(asked)) }))
            }
            name => {
                let (_, kind) = SIGNALS.iter().find(|it| it.0 == name).ok_or(DecodeError::UnknownEvent)?;
                let to = argument(1).and_then(json::text).ok_or(DecodeError::Body)?;
                Ok(unmarked(Request::Signal { to: Address::Peer(to), payload: payload(*kind, argument(2))? }))
            }
        }
    }

    fn encode_answer(&self, _: &RequestId, answer: &Result<Reply, Rejection>, _: &AnswerContext<'_>) -> Answer {
        match answer {
            Ok(Reply::Entered { room, is_new: true, .. }) => Answer::Say(frame(&(ROOM_CREATED, room.as_str()))),
            _ => Answer::Silence,
        }
    }

    fn encode_event(&self, event: Event<'_>) -> Option<Frame> {
        match event {
            Event::HostChanged { .. }
            | Event::OwnerActed { .. }
            | Event::PeerReturned { .. }
            | Event::Knocked { .. }
            | Event::RoomAlert { .. } => None,
            Event::PeerJoined { peer, .. } => Some(frame(&(NEW_USER_JOINED, peer.as_str()))),
            Event::PeerLeft { peer, .. } => Some(frame(&(USER_DISCONNECTED, peer.as_str()))),
            Event::Signal { from, payload, .. } => {
                let (name, _) = SIGNALS.iter().find(|it| it.1 == payload.kind)?;
                let text = format!("[\"{name}\",{},{}]", json::quoted(from.as_str()), payload.text);
                Some(Frame { text, attachments: Attachments::new() })
            }
        }
    }
}

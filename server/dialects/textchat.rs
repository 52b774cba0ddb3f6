//! The words of the text chat at github.com/Scthe/WebRTC-p2p-text-chat: socket.io events with positional arguments, no
//! requests and no answers. See docs/protocol.md.
use super::{
    Answer, Attachments, Beside, Call, CallTag, Carrier, Dialect, Frame, Malformed, Said, frame, json, payload,
    room_named, unmarked,
};
use crate::rooms::{Address, Customs, Event, IdKind, Part, Refusal, Reply, Request};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct TextChat;

const CREATE_ROOM: &str = "create-room";
const JOIN_ROOM: &str = "join-room";
const ROOM_CREATED: &str = "room-created";
const NEW_USER_JOINED: &str = "new-user-joined";
const USER_DISCONNECTED: &str = "user-disconnected";
const SIGNALS: [(&str, Part); 3] =
    [("rtc-offer", Part::Offer), ("rtc-answer", Part::Answer), ("ice-candidate", Part::Candidate)];

impl Dialect for TextChat {
    fn name(&self) -> &'static str {
        "textchat"
    }

    // Its page asks its host for no other path.
    fn carrier(&self) -> Carrier {
        Carrier::SocketIoAt("/socket.io/")
    }

    fn customs(&self) -> Customs {
        Customs { one_room: true, peer_ids: IdKind::Short, room_ids: IdKind::Short, ..Customs::default() }
    }

    fn opening(&self) -> Option<Call<'static>> {
        Some(unmarked(Request::Hello))
    }

    fn decode<'a>(&self, Said { text, attachments, .. }: Said<'a>) -> Result<Call<'a>, Malformed> {
        let said = json::read_array(text).ok_or(Malformed::NotAnEvent)?;
        let argument = |n: usize| said.get(n).copied();
        let name = argument(0).and_then(json::text).ok_or(Malformed::NotAnEvent)?;
        // Its page sends none, and would not know what to do with one.
        if !attachments.is_empty() {
            return Err(Malformed::TooManyAttachments);
        }
        match &*name {
            CREATE_ROOM => Ok(unmarked(Request::Enter { room: None, peers_max: usize::MAX })),
            JOIN_ROOM => {
                let asked = argument(1).and_then(json::text).ok_or(Malformed::Body)?;
                // For a name that nobody would choose it gets a fresh room, as from its own server for any that is not there.
                Ok(unmarked(Request::Enter { room: room_named(Some(asked)), peers_max: usize::MAX }))
            }
            name => {
                let (_, part) = SIGNALS.iter().find(|it| it.0 == name).ok_or(Malformed::UnknownEvent)?;
                let to = argument(1).and_then(json::text).ok_or(Malformed::Body)?;
                Ok(unmarked(Request::Signal { to: Address::Mate(to), payload: payload(*part, argument(2))? }))
            }
        }
    }

    fn encode_answer(&self, _: &CallTag, answer: &Result<Reply, Refusal>, _: &Beside<'_>) -> Answer {
        match answer {
            Ok(Reply::Entered { room, is_new: true, .. }) => Answer::Say(frame(&(ROOM_CREATED, room.as_str()))),
            _ => Answer::Silence,
        }
    }

    fn encode_event(&self, event: Event<'_>) -> Option<Frame> {
        match event {
            Event::PeerJoined { peer, .. } => Some(frame(&(NEW_USER_JOINED, peer.as_str()))),
            Event::PeerLeft { peer, .. } => Some(frame(&(USER_DISCONNECTED, peer.as_str()))),
            Event::Signal { from, payload, .. } => {
                let (name, _) = SIGNALS.iter().find(|it| it.1 == payload.part)?;
                let text = format!("[\"{name}\",{},{}]", json::quoted(from.as_str()), payload.text);
                Some(Frame { text, attachments: Attachments::new() })
            }
        }
    }
}

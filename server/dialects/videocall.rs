//! The words of the video call at github.com/gokul-23cse/videocall123: one JSON object a message, told apart by `type`.
//! See docs/protocol.md.
use serde::Serialize;

use super::{
    Answer, Attachments, Beside, Call, CallTag, Carrier, Dialect, Frame, Malformed, Said, frame, json, payload,
    room_named, unmarked,
};
use crate::rooms::{Address, Customs, Event, IdKind, Part, PeerId, Refusal, Reply, Request};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct VideoCall;

/// By `type`, and by the field that holds what is passed on.
const SIGNALS: [(&str, &str, Part); 3] = [
    ("offer", "offer", Part::Offer),
    ("answer", "answer", Part::Answer),
    ("ice-candidate", "candidate", Part::Candidate),
];

impl Dialect for VideoCall {
    fn name(&self) -> &'static str {
        "videocall"
    }

    fn carrier(&self) -> Carrier {
        Carrier::Websocket
    }

    // Of two pages the one with the lower id calls, and only when it hears of the other: so ids ascend, and both hear of
    // each other. One of its buttons joins twice.
    fn customs(&self) -> Customs {
        Customs {
            one_room: true,
            introduces_both: true,
            joins_twins: true,
            peer_ids: IdKind::Ascending,
            ..Customs::default()
        }
    }

    fn opening(&self) -> Option<Call<'static>> {
        Some(unmarked(Request::Hello))
    }

    fn decode<'a>(&self, Said { text, .. }: Said<'a>) -> Result<Call<'a>, Malformed> {
        let fields = json::read_object(text).ok_or(Malformed::NotAnEvent)?;
        let kind = fields.text("type").ok_or(Malformed::NotAnEvent)?;
        match &*kind {
            "join-room" => {
                let room = room_named(fields.text("roomId")).ok_or(Malformed::Body)?;
                Ok(unmarked(Request::Enter { room: Some(room), peers_max: usize::MAX }))
            }
            "get-users" => Ok(unmarked(Request::Members)),
            kind => {
                let (_, field, part) = SIGNALS.iter().find(|it| it.0 == kind).ok_or(Malformed::UnknownEvent)?;
                let to = fields.text("to").ok_or(Malformed::Body)?;
                Ok(unmarked(Request::Signal { to: Address::Mate(to), payload: payload(*part, fields.raw(field))? }))
            }
        }
    }

    fn encode_answer(&self, _: &CallTag, answer: &Result<Reply, Refusal>, _: &Beside<'_>) -> Answer {
        let others = |others: &[PeerId]| others.iter().map(|it| it.as_str().to_owned()).collect();
        Answer::Say(match answer {
            Ok(Reply::Welcome { peer }) => frame(&Message::Connected { client: peer.as_str() }),
            Ok(Reply::Entered { others: them, .. }) => frame(&Message::RoomUsers { users: others(them) }),
            Ok(Reply::Members { others: them }) => frame(&Message::UsersList { users: others(them) }),
            _ => return Answer::Silence,
        })
    }

    fn encode_event(&self, event: Event<'_>) -> Option<Frame> {
        match event {
            Event::PeerJoined { peer, present, .. } => {
                let users = present.iter().map(|it| it.as_str().to_owned()).collect();
                Some(frame(&Message::UserJoined { from: peer.as_str(), users }))
            }
            Event::PeerLeft { peer, .. } => Some(frame(&Message::UserDisconnected { from: peer.as_str() })),
            Event::Signal { from, payload, .. } => {
                let (kind, field, _) = SIGNALS.iter().find(|it| it.2 == payload.part)?;
                let (from, signal) = (json::quoted(from.as_str()), payload.text);
                let text = format!(r#"{{"type":"{kind}","from":{from},"{field}":{signal}}}"#);
                Some(Frame { text, attachments: Attachments::new() })
            }
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Message<'a> {
    Connected {
        #[serde(rename = "clientId")]
        client: &'a str,
    },
    RoomUsers {
        users: Vec<String>,
    },
    UsersList {
        users: Vec<String>,
    },
    UserJoined {
        from: &'a str,
        #[serde(rename = "roomUsers")]
        users: Vec<String>,
    },
    UserDisconnected {
        from: &'a str,
    },
}

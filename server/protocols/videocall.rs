//! The protocol of the video call at github.com/gokul-23cse/videocall123: one JSON object a message, told apart by `type`.
//! See docs/protocol.md.
use p2pchat_rooms::{Address, Event, PeerId, Rejection, Reply, Request, SignalKind};
use serde::Serialize;

use super::{
    Answer, AnswerContext, Attachments, Command, DecodeError, Frame, Incoming, Protocol, RequestId, Transport, frame,
    json, payload, room_named, unmarked,
};

/// Spoken by that project's page.
#[derive(Debug)]
pub struct VideoCall;

/// By the value of `type`, with the field that holds the payload.
const SIGNALS: [(&str, &str, SignalKind); 3] = [
    ("offer", "offer", SignalKind::Offer),
    ("answer", "answer", SignalKind::Answer),
    ("ice-candidate", "candidate", SignalKind::Candidate),
];

impl Protocol for VideoCall {
    fn name(&self) -> &'static str {
        "videocall"
    }

    fn transport(&self) -> Transport {
        Transport::Websocket
    }

    fn on_connect(&self) -> Option<Command<'static>> {
        Some(unmarked(Request::Hello { alerts: false }))
    }

    fn decode<'a>(&self, Incoming { text, .. }: Incoming<'a>) -> Result<Command<'a>, DecodeError> {
        let fields = json::read_object(text).ok_or(DecodeError::NotAnEvent)?;
        let kind = fields.text("type").ok_or(DecodeError::NotAnEvent)?;
        match &*kind {
            "join-room" => {
                let room = room_named(fields.text("roomId")).ok_or(DecodeError::Body)?;
                Ok(unmarked(Request::Enter { room: Some(room) }))
            }
            "get-users" => Ok(unmarked(Request::Members)),
            kind => {
                let (_, field, kind) = SIGNALS.iter().find(|it| it.0 == kind).ok_or(DecodeError::UnknownEvent)?;
                let to = fields.text("to").ok_or(DecodeError::Body)?;
                Ok(unmarked(Request::Signal { to: Address::Peer(to), payload: payload(*kind, fields.raw(field))? }))
            }
        }
    }

    fn encode_answer(&self, _: &RequestId, answer: &Result<Reply, Rejection>, _: &AnswerContext<'_>) -> Answer {
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
            Event::HostChanged { .. }
            | Event::OwnerActed { .. }
            | Event::PeerReturned { .. }
            | Event::Knocked { .. }
            | Event::RoomAlert { .. } => None,
            Event::PeerJoined { peer, present, .. } => {
                let users = present.iter().map(|it| it.as_str().to_owned()).collect();
                Some(frame(&Message::UserJoined { from: peer.as_str(), users }))
            }
            Event::PeerLeft { peer, .. } => Some(frame(&Message::UserDisconnected { from: peer.as_str() })),
            Event::Signal { from, payload, .. } => {
                let (kind, field, _) = SIGNALS.iter().find(|it| it.2 == payload.kind)?;
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

//! Protocols: what goes over the wire, translated to and from requests, replies and events.
//!
//! **Invariant:** a protocol decides how a thing is said, never whether it is allowed; it does no input or output and knows
//! nobody who is connected. `serde` lives here and in the settings.
mod json;
mod json_scan;
pub mod mqtt;
pub mod p2pchat;
pub mod poc;
mod resume;
pub mod signal;
pub mod textchat;
pub mod videocall;

use std::{borrow::Cow, collections::VecDeque, fmt};

use bytes::Bytes;
use p2pchat_ice::IceServer;
use p2pchat_rooms::{Event, Payload, Rejection, Reply, Request, RoomId, SignalKind};
pub use resume::{Asked, ResumeAnswer, ResumeRequest, Resumed, SessionRequest};
use serde::Serialize;

/// Every protocol, by the names that settings have for them. Where several can be meant, the first is tried first.
pub static ALL: &[&dyn Protocol] =
    &[&p2pchat::P2pChat, &textchat::TextChat, &videocall::VideoCall, &poc::Poc, &mqtt::Mqtt];

/// Bytes of a room id that a client chose. The longest that any page makes has a tenth of it.
const ROOM_BYTES_MAX: usize = 200;

/// Binary parts of a frame, in the order of their placeholders.
pub type Attachments = VecDeque<Bytes>;

/// One wire protocol.
pub trait Protocol: Send + Sync {
    /// Its name in the settings, in logs and in `/health`.
    fn name(&self) -> &'static str;

    /// The transport that carries it.
    fn transport(&self) -> Transport;

    /// The command that a client gives by connecting alone, if any.
    fn on_connect(&self) -> Option<Command<'static>>;

    /// Decodes a message of a client.
    ///
    /// # Errors
    /// It is no message of this protocol, or one that it does not answer.
    fn decode<'a>(&self, said: Incoming<'a>) -> Result<Command<'a>, DecodeError>;

    /// Encodes the answer to a command.
    fn encode_answer(
        &self,
        request_id: &RequestId,
        answer: &Result<Reply, Rejection>,
        beside: &AnswerContext<'_>,
    ) -> Answer;

    /// Encodes an event for a peer. `None`: this protocol has no message for it.
    fn encode_event(&self, event: Event<'_>) -> Option<Frame>;

    /// Whether its pages can come back by a cookie: they go on after a lost connection without saying who they are.
    fn resumes_by_cookie(&self) -> bool {
        false
    }

    /// Encodes the answer to [`SessionRequest::IceServers`]. `None`: this protocol has no such request.
    fn encode_ice_servers(&self, _request_id: &RequestId, _ice: &[IceServer]) -> Option<Frame> {
        None
    }
}

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// socket.io at the path from the settings.
    SocketIo,
    /// socket.io at a path that its pages have built in.
    SocketIoAt(&'static str),
    /// A plain websocket, one JSON text a message.
    Websocket,
    /// MQTT over a websocket.
    Mqtt,
}

/// One message of a client, as its transport hands it over.
pub struct Incoming<'a> {
    /// The sender, where the transport itself names its clients (MQTT's client identifier); otherwise empty.
    pub sender: &'a str,
    /// The topic, where the transport itself addresses messages (MQTT); otherwise empty.
    pub topic: &'a str,
    /// The text as it came.
    pub text: &'a str,
    /// Binary parts, in the order of their placeholders.
    pub attachments: Attachments,
}

/// The answer to a command.
#[derive(Debug)]
pub enum Answer {
    /// No answer.
    Silence,
    /// This frame.
    Say(Frame),
    /// The connection is closed.
    Close(CloseReason),
}

/// What an answer may contain beside the reply itself.
#[derive(Clone, Copy, Debug)]
pub struct AnswerContext<'a> {
    /// For the answer to a hello, and to whoever comes into a room of a server that gives more to those inside.
    pub ice: &'a [IceServer],
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// For the answer to a hello, where the client asked to be able to come back.
    pub resume: Option<&'a ResumeAnswer>,
}

/// Why a connection is closed, for transports that can say it (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseReason {
    /// A close code.
    pub code: u16,
    /// In words.
    pub reason: &'static str,
}

/// A decoded request, with what the protocol needs to answer it.
#[derive(Debug)]
pub struct Command<'a> {
    /// The client's id for it.
    pub request_id: RequestId,
    /// What it asks for.
    pub request: Asked<'a>,
}

/// The client's own id for a request, echoed in the answer; none where no answer is expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestId(pub Option<String>);

/// One message on its way out: the text as it will stand on the wire, and its attachments.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// For socket.io `["NAME",{…}]`.
    pub text: String,
    /// Binary parts, in the order of their placeholders.
    pub attachments: Attachments,
}

/// Why a message was ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON, or not an event.
    #[error("not an event")]
    NotAnEvent,
    /// A name that this protocol does not have.
    #[error("unknown event")]
    UnknownEvent,
    /// The body lacks what is needed to understand or to answer it.
    #[error("the body does not fit")]
    Body,
    /// Nested deeper than any client's parser should be asked to follow.
    #[error("nested too deep")]
    TooDeep,
    /// More attachments than a client takes.
    #[error("too many attachments")]
    TooManyAttachments,
    /// A placeholder for an attachment that is not there.
    #[error("a placeholder points nowhere")]
    Placeholder,
}

/// One JSON text, or an event of socket.io.
fn frame(said: &impl Serialize) -> Frame {
    // These types cannot fail to serialise; if one did, its receiver would get an empty frame.
    Frame { text: serde_json::to_string(said).unwrap_or_default(), attachments: Attachments::new() }
}

/// A room id that a client chose. `None`: it is empty or too long.
fn room_named(name: Option<Cow<'_, str>>) -> Option<RoomId> {
    name.filter(|it| !it.is_empty() && it.len() <= ROOM_BYTES_MAX).map(|it| RoomId::from(&*it))
}

/// A payload that is passed on as it came. A missing value or `null` is none.
fn payload(kind: SignalKind, raw: Option<&str>) -> Result<Payload<'_>, DecodeError> {
    let text = raw.filter(|it| *it != "null").ok_or(DecodeError::Body)?;
    if json::is_deeper_than(text, signal::DEPTH_MAX) {
        return Err(DecodeError::TooDeep);
    }
    Ok(Payload { kind, text: text.into(), sender_spans: Vec::new(), attachments: Attachments::new() })
}

/// A command without a request id.
fn unmarked(request: Request<'_>) -> Command<'_> {
    Command { request_id: RequestId(None), request: Asked::Rooms(request) }
}

impl<'a> From<&'a str> for Incoming<'a> {
    fn from(text: &'a str) -> Self {
        Incoming { sender: "", topic: "", text, attachments: Attachments::new() }
    }
}

impl From<Option<Frame>> for Answer {
    fn from(frame: Option<Frame>) -> Self {
        frame.map_or(Answer::Silence, Answer::Say)
    }
}

// Frames carry passwords, session descriptions and credentials: none of it reaches a log by way of `{:?}`.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes, {} attachments)", self.text.len(), self.attachments.len())
    }
}

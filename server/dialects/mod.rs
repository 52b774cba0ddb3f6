//! Dialects: the words on the wire, to and from the rooms' own words.
//!
//! **Invariant:** a dialect decides how a thing is said, never whether it is allowed; it does no input or output and knows
//! nobody who is connected. `serde` lives here and in the settings.
mod json;
pub mod p2pchat;
pub mod signal;

use std::{collections::VecDeque, fmt};

use bytes::Bytes;

use crate::{
    ice::IceServer,
    rooms::{Customs, Event, Refusal, Reply, Request},
};

/// Binary parts of a frame, in the order of their placeholders.
pub type Attachments = VecDeque<Bytes>;

/// One wire vocabulary.
pub trait Dialect: Send + Sync {
    /// What operators call it; its rooms and peers are kept apart from those of every other.
    fn name(&self) -> &'static str;

    /// What its rooms are like.
    fn customs(&self) -> Customs;

    /// What a client says by connecting alone. `None`: nothing.
    fn opening(&self) -> Option<Call<'static>>;

    /// What a client says, in the rooms' words.
    ///
    /// # Errors
    /// The words make no sense, or none that this dialect answers.
    fn decode<'a>(&self, said: Said<'a>) -> Result<Call<'a>, Malformed>;

    /// The answer to a call. `ice` goes with a welcome.
    fn encode_answer(&self, tag: &CallTag, answer: &Result<Reply, Refusal>, ice: &[IceServer]) -> Answer;

    /// What a peer hears unasked. `None`: this dialect has no word for it.
    fn encode_event(&self, event: Event<'_>) -> Option<Frame>;
}

/// One message of a client, as its transport hands it over.
pub struct Said<'a> {
    /// Where the transport itself addresses messages: to what. Else empty.
    pub topic: &'a str,
    /// The text as it came.
    pub text: &'a str,
    /// Binary parts, in the order of their placeholders.
    pub attachments: Attachments,
}

/// What becomes of a call for the one that made it.
#[derive(Debug)]
pub enum Answer {
    /// This dialect says nothing in that case.
    Silence,
    /// It hears this.
    Say(Frame),
    /// Its line is ended.
    HangUp(Farewell),
}

/// Why a line is ended, for transports that can say it (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// A close code.
    pub code: u16,
    /// In words, for those who look.
    pub reason: &'static str,
}

/// A decoded request, with what the dialect needs to answer it.
#[derive(Debug)]
pub struct Call<'a> {
    /// The client's mark.
    pub tag: CallTag,
    /// What it asks.
    pub request: Request<'a>,
}

/// The client's own mark on a request, echoed in the answer; none where no answer is expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallTag(pub Option<String>);

/// One message on its way out: the text as it will stand on the wire, and its attachments.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// For socket.io `["NAME",{…}]`.
    pub text: String,
    /// Binary parts, in the order of their placeholders.
    pub attachments: Attachments,
}

/// Why words were ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not an event with a body.
    #[error("not an event with a body")]
    NotAnEvent,
    /// A name that this dialect does not have.
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

impl<'a> From<&'a str> for Said<'a> {
    fn from(text: &'a str) -> Self {
        Said { topic: "", text, attachments: Attachments::new() }
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

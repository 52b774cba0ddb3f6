//! Where messages end in a stream (RFC 8489, section 6.2.2; RFC 8656, section 12.5).
use crate::message::{HEADER_BYTES, Malformed, u16_at};

/// What stands at the beginning of the bytes that have come so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Nothing can be said before so many bytes are there.
    Needs(usize),
    /// One message.
    Whole {
        /// Its length.
        length: usize,
        /// Where the next one begins: after its padding.
        next: usize,
    },
}

/// The first message of a stream.
///
/// # Errors
/// It begins like neither STUN nor ChannelData, so that nothing after it can be understood either.
pub fn frame(bytes: &[u8]) -> Result<Frame, Malformed> {
    let (Some(first), Some(length)) = (bytes.first(), u16_at(bytes, 2)) else { return Ok(Frame::Needs(4)) };
    let length = usize::from(length);
    let (length, next) = match first >> 6 {
        0 if length.is_multiple_of(4) => (HEADER_BYTES + length, HEADER_BYTES + length),
        1 => (4 + length, 4 + length.next_multiple_of(4)),
        _ => return Err(Malformed),
    };
    Ok(if bytes.len() < next { Frame::Needs(next) } else { Frame::Whole { length, next } })
}

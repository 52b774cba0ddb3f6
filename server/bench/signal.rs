//! The signal that is offered over and over: a frame ready to send but for two numbers, which the listener reads back.
use std::time::Duration;

use crate::{
    Result,
    wire::{MASK, TEXT, frame},
};

const NUMBER: &str = r#""number":""#;
const NUMBER_DIGITS: usize = 10;
/// Nanoseconds from the start of the run.
const DUE: &str = r#"","due":""#;
const DUE_DIGITS: usize = 14;

/// One pair's signal, framed and masked.
pub(crate) struct Signal {
    frame: Vec<u8>,
    /// Where in the frame the message begins, and with it the mask.
    body_at: usize,
    number_at: usize,
}

impl Signal {
    pub(crate) fn new(target: &str, room: &str, bytes: usize) -> Result<Self> {
        let text = format!(
            r#"42["SIGNAL",{{"target":"{target}","room":"{room}","signal":{{{NUMBER}{:0NUMBER_DIGITS$}{DUE}{:0DUE_DIGITS$}","type":"offer","sdp":"{}"}}}}]"#,
            0,
            0,
            description(bytes),
        );
        let frame = frame(TEXT, text.as_bytes());
        let body_at = frame.len() - text.len();
        let number_at = body_at + text.find(NUMBER).ok_or("a signal without its number")? + NUMBER.len();
        Ok(Self { frame, body_at, number_at })
    }

    /// The frame with this number, and the time at which it was to be sent.
    pub(crate) fn stamped(&mut self, number: u64, due: Duration) -> &[u8] {
        self.write_digits(self.number_at, NUMBER_DIGITS, number);
        self.write_digits(self.number_at + NUMBER_DIGITS + DUE.len(), DUE_DIGITS, due.as_nanos() as u64);
        &self.frame
    }

    fn write_digits(&mut self, at: usize, digits: usize, mut value: u64) {
        for at in (at..at + digits).rev() {
            self.frame[at] = (b'0' + (value % 10) as u8) ^ MASK[(at - self.body_at) % MASK.len()];
            value /= 10;
        }
    }
}

/// The number and the due time of a signal; none for other messages.
pub(crate) fn stamps(message: &[u8]) -> Option<(u64, Duration)> {
    let at = message.windows(NUMBER.len()).position(|window| window == NUMBER.as_bytes())? + NUMBER.len();
    let number = read_digits(message.get(at..at + NUMBER_DIGITS)?)?;
    let at = at + NUMBER_DIGITS + DUE.len();
    Some((number, Duration::from_nanos(read_digits(message.get(at..at + DUE_DIGITS)?)?)))
}

fn read_digits(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0')))
}

/// JSON string text of about this length that looks like an SDP, escapes included.
pub(crate) fn description(bytes: usize) -> String {
    const HEAD: &str = "v=0\\r\\no=- 4611731400430051336 2 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\n\
        a=group:BUNDLE 0\\r\\na=msid-semantic: WMS\\r\\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\\r\\n";
    const LINE: &str = "a=rtpmap:111 opus/48000/2\\r\\na=rtcp-fb:111 transport-cc\\r\\na=fmtp:111 minptime=10\\r\\n";
    let mut text = HEAD.to_owned();
    while text.len() + LINE.len() <= bytes {
        text.push_str(LINE);
    }
    text
}

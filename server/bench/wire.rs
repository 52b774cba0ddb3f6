//! One WebSocket of the load generator: frames go out whole, come in in batches, and pings are answered on the way.
//! The framing is done by hand so that a signal costs the generator one patched buffer, one write and one look.
use std::{
    io::{self, ErrorKind},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::io::Interest;

use crate::{
    Result,
    handshake::{self, Address},
    tls::Line,
};

/// A mask that is not zero: some servers skip the unmasking for a zero one, and the figures would flatter them.
pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
pub(crate) const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
/// Longer than any message the servers may send; a longer one is a framing error.
const FRAME_BYTES_MAX: usize = 4 << 20;
/// So many bytes waiting for one connection mean that the server has stopped reading it.
const BACKLOG_BYTES_MAX: usize = 64 << 20;

/// The sending side; may be used from any thread. Nothing is ever dropped: what the socket refuses waits its turn.
pub(crate) struct Connection {
    line: Line,
    backlog: Mutex<Vec<u8>>,
}

/// The receiving side.
pub(crate) struct Reader {
    pub(crate) connection: Arc<Connection>,
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
}

impl Connection {
    /// Sends whole frames, at once if the socket takes them.
    pub(crate) fn send(&self, frames: &[u8]) -> Result<()> {
        let mut backlog = self.backlog();
        let taken = if backlog.is_empty() { self.write(frames)? } else { 0 };
        if taken < frames.len() {
            backlog.extend_from_slice(&frames[taken..]);
            let taken = self.write(&backlog)?;
            backlog.drain(..taken);
        }
        if backlog.len() > BACKLOG_BYTES_MAX {
            return Err("the server has stopped reading a connection".into());
        }
        Ok(())
    }

    pub(crate) fn say_text(&self, text: &str) -> Result<()> {
        self.send(&frame(TEXT, text.as_bytes()))
    }

    /// Asks for the end; the server's own close frame or the end of its stream is the answer.
    pub(crate) fn say_close(&self) -> Result<()> {
        self.send(&frame(CLOSE, &1001_u16.to_be_bytes()))
    }

    /// Tries to send what waits, and tells whether anything still does.
    pub(crate) fn is_behind(&self) -> Result<bool> {
        let mut backlog = self.backlog();
        if !backlog.is_empty() {
            let taken = self.write(&backlog)?;
            backlog.drain(..taken);
        }
        Ok(!backlog.is_empty() || self.line.is_behind()?)
    }

    fn backlog(&self) -> MutexGuard<'_, Vec<u8>> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < bytes.len() {
            match self.line.try_write(&bytes[taken..]) {
                Ok(n) => taken += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }
}

impl Reader {
    /// Opens the WebSocket; with a small buffer, as most connections only ever hear pings.
    pub(crate) async fn open(address: &Address) -> Result<Self> {
        let (line, mut buffer) = handshake::open(address).await?;
        let end = buffer.len();
        buffer.resize(end.max(512), 0);
        let connection = Arc::new(Connection { line, backlog: Mutex::default() });
        Ok(Self { connection, buffer, begin: 0, end })
    }

    /// Makes room to take many frames with one read.
    pub(crate) fn widen(&mut self, bytes: usize) {
        self.buffer.resize(bytes.max(self.buffer.len()), 0);
    }

    /// The next message that is not a heartbeat, or none when the server has ended the connection.
    pub(crate) async fn next(&mut self) -> Result<Option<&[u8]>> {
        let text = loop {
            match self.take_frame()? {
                Some((TEXT, body)) if self.buffer[body.clone()] == *b"2" => self.connection.say_text("3")?,
                Some((TEXT, body)) => break body,
                Some((PING, body)) => self.connection.send(&frame(PONG, &self.buffer[body]))?,
                Some((CLOSE, _)) => return Ok(None),
                Some(_) => {}
                None if self.fill().await? => {}
                None => return Ok(None),
            }
        };
        Ok(Some(&self.buffer[text]))
    }

    /// Answers pings, and nothing else, until the server ends the connection.
    pub(crate) async fn stay(mut self) -> Result<()> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    fn take_frame(&mut self) -> Result<Option<(u8, Range<usize>)>> {
        let bytes = &self.buffer[self.begin..self.end];
        let (head, length) = match *bytes {
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
            [_, 127, a, b, c, d, e, f, g, h, ..] => {
                (10, usize::try_from(u64::from_be_bytes([a, b, c, d, e, f, g, h]))?)
            }
            [_, 126 | 127, ..] | [] | [_] => return Ok(None),
            [_, length, ..] => (2, usize::from(length)),
        };
        if bytes[0] & 0xf0 != 0x80 || bytes[1] & 0x80 != 0 || length > FRAME_BYTES_MAX {
            return Err(format!("a frame this generator does not speak: {:02x?}", &bytes[..2]).into());
        }
        if bytes.len() < head + length {
            return Ok(None);
        }
        let (opcode, body) = (bytes[0] & 0x0f, self.begin + head..self.begin + head + length);
        self.begin = body.end;
        Ok(Some((opcode, body)))
    }

    /// Reads once; false at the end of the stream.
    async fn fill(&mut self) -> Result<bool> {
        self.buffer.copy_within(self.begin..self.end, 0);
        (self.begin, self.end) = (0, self.end - self.begin);
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end * 2, 0);
        }
        loop {
            // TLS may hold more of a record than was asked for before; nothing on the socket tells of that.
            match self.connection.line.try_read(&mut self.buffer[self.end..]) {
                Ok(n) => {
                    self.end += n;
                    return Ok(n > 0);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            let wanted =
                if self.connection.is_behind()? { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            self.connection.line.ready(wanted).await?;
        }
    }
}

/// A masked frame, complete.
pub(crate) fn frame(opcode: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match (u8::try_from(body.len()), u16::try_from(body.len())) {
        (Ok(length @ ..126), _) => frame.push(0x80 | length),
        (_, Ok(length)) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((body.len() as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(body.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

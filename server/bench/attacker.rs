//! What a hostile client has to send with: blocking sockets from one address, websockets whose frames nobody checks, and
//! requests by hand.
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{
    handshake::BROWSER_HEADERS,
    peer::field,
    wire::{TEXT, frame},
};

/// The longest that an attacker waits for an answer, or for a socket that takes nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// The victim.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) socket: SocketAddr,
    pub(crate) path: String,
}

/// A websocket of an attacker.
pub(crate) struct HostileSocket {
    pub(crate) stream: TcpStream,
    heard: String,
}

impl Target {
    pub(crate) fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.socket, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// A request without a body, as it goes over the wire.
    pub(crate) fn get(&self, path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.socket)
    }

    pub(crate) fn websocket(&self) -> io::Result<HostileSocket> {
        let mut stream = self.connect()?;
        let Self { socket, path } = self;
        let request = format!("GET {path}?EIO=4&transport=websocket HTTP/1.1\r\nHost: {socket}\r\n{BROWSER_HEADERS}");
        stream.write_all(request.as_bytes())?;
        let mut socket = HostileSocket { stream, heard: String::new() };
        socket.hear("\r\n\r\n")?;
        Ok(socket)
    }

    /// A websocket whose session has an id.
    pub(crate) fn session(&self) -> io::Result<(HostileSocket, String)> {
        let mut socket = self.websocket()?;
        socket.say("40")?;
        socket.hear("40{")?;
        socket.say(r#"42["GET-ID",{"requestId":"0"}]"#)?;
        let id = socket.answer("userID")?;
        Ok((socket, id))
    }

    /// Two sessions in one room: the first, the second, the second's id and the room's.
    pub(crate) fn pair(&self) -> io::Result<(HostileSocket, HostileSocket, String, String)> {
        let (mut first, _) = self.session()?;
        let room = first.create_room()?;
        let (mut second, id) = self.session()?;
        second.say(&join(&room, ""))?;
        second.hear("JOIN-ROOM")?;
        Ok((first, second, id, room))
    }
}

impl HostileSocket {
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(&frame(TEXT, text.as_bytes()))
    }

    pub(crate) fn create_room(&mut self) -> io::Result<String> {
        self.say(CREATE)?;
        self.answer("roomID")
    }

    /// Throws away what has come, without waiting for more.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        self.stream.set_nonblocking(true)?;
        let mut buffer = [0; 65_536];
        let result = loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => break Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => (),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.stream.set_nonblocking(false)?;
        result
    }

    fn answer(&mut self, name: &str) -> io::Result<String> {
        self.hear(&format!("\"{name}\":\""))?;
        while field(&self.heard, name).is_none_or(|it| !self.heard.contains(&format!("{it}\""))) {
            self.more()?;
        }
        Ok(field(&self.heard, name).unwrap_or_default().to_owned())
    }

    /// Reads until this has come, and forgets what came before it.
    fn hear(&mut self, text: &str) -> io::Result<()> {
        loop {
            if let Some(at) = self.heard.find(text) {
                self.heard.drain(..at);
                return Ok(());
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let n = self.stream.read(&mut buffer)?;
        if n == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.heard.push_str(&String::from_utf8_lossy(&buffer[..n]));
        Ok(())
    }
}

pub(crate) const CREATE: &str =
    r#"42["CREATE-ROOM",{"requestId":"1","maxUsers":20,"name":"flood","password":"","type":0}]"#;

pub(crate) fn join(room: &str, password: &str) -> String {
    format!(r#"42["JOIN-ROOM",{{"requestId":"2","room":"{room}","password":"{password}"}}]"#)
}

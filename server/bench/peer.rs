//! A scripted participant: the few words of the protocol that the measurements speak, and no state but its id.
use std::{str, time::Duration};

use tokio::time::timeout;

use crate::{Result, handshake::Address, wire::Reader};

/// How long any one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer that has its id.
pub(crate) struct Peer {
    pub(crate) id: String,
    pub(crate) reader: Reader,
}

impl Peer {
    /// Connects and asks for an id, in the order of the socket.io client: nothing is said before it may be.
    pub(crate) async fn arrive(address: &Address) -> Result<Self> {
        let mut reader = timeout(PATIENCE, Reader::open(address)).await??;
        answer(&mut reader, "0{").await?;
        reader.connection.say_text("40")?;
        answer(&mut reader, "40").await?;
        reader.connection.say_text(r#"42["GET-ID",{"requestId":"0"}]"#)?;
        let id = asked(&answer(&mut reader, r#"42["GET-ID","#).await?, "userID")?;
        Ok(Self { id, reader })
    }

    /// Founds a mesh room and gives its id.
    pub(crate) async fn create_room(&mut self, users_max: usize) -> Result<String> {
        self.reader.connection.say_text(&format!(
            r#"42["CREATE-ROOM",{{"requestId":"1","maxUsers":{users_max},"name":"load","password":"","type":0}}]"#
        ))?;
        asked(&answer(&mut self.reader, r#"42["CREATE-ROOM","#).await?, "roomID")
    }

    pub(crate) async fn join_room(&mut self, room: &str) -> Result<()> {
        self.reader
            .connection
            .say_text(&format!(r#"42["JOIN-ROOM",{{"requestId":"2","room":"{room}","password":""}}]"#))?;
        answer(&mut self.reader, r#"42["JOIN-ROOM",{"requestID""#).await?;
        Ok(())
    }

    /// Leaves, which nobody answers.
    pub(crate) fn leave_room(&self, room: &str) -> Result<()> {
        self.reader.connection.say_text(&format!(r#"42["DISCONNECTEDUSER","{room}"]"#))
    }

    /// Until somebody else has joined; at another node, that is after the other has its answer.
    pub(crate) async fn hear_of_join(&mut self) -> Result<()> {
        answer(&mut self.reader, r#"42["JOIN-ROOM",{"from""#).await?;
        Ok(())
    }

    /// Until somebody else has left.
    pub(crate) async fn hear_of_leave(&mut self) -> Result<()> {
        answer(&mut self.reader, r#"42["DISCONNECTEDUSER","#).await?;
        Ok(())
    }
}

/// The value of the first field of that name, if it is a string without escapes.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let at = rest.find(name)?;
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        rest = after;
        if before.ends_with('"')
            && let Some(value) = after.strip_prefix("\":\"")
        {
            return value.split('"').next();
        }
    }
}

fn asked(answer: &str, name: &str) -> Result<String> {
    Ok(field(answer, name).ok_or_else(|| format!("no {name} in the answer {answer}"))?.to_owned())
}

/// The next message with this beginning; others are skipped, a rejection is an error.
async fn answer(reader: &mut Reader, beginning: &str) -> Result<String> {
    let find = async {
        while let Some(message) = reader.next().await? {
            let message = str::from_utf8(message)?;
            if message.starts_with(beginning) {
                return Ok(message.to_owned());
            }
            if message.contains("TYPEERROR") {
                return Err(format!("the server refused: {message}").into());
            }
        }
        Err(format!("the connection ended while waiting for {beginning}").into())
    };
    timeout(PATIENCE, find).await.map_err(|_| format!("no {beginning} within {PATIENCE:?}"))?
}

//! A client of a plain websocket, one JSON text a message.
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::{field, soon};

pub(crate) struct Plain {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// Given by a greeting.
    pub(crate) id: String,
}

impl Plain {
    pub(crate) async fn connect(address: SocketAddr) -> Plain {
        Plain::connect_from(address, None).await.unwrap()
    }

    /// As a page of this origin. `Err`: the status in place of a websocket.
    pub(crate) async fn connect_from(address: SocketAddr, origin: Option<&str>) -> Result<Plain, u16> {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = format!("ws://{address}/").into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", HeaderValue::from_str(origin).unwrap());
        }
        match soon("the upgrade", client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Plain { socket, id: String::new() }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Of `videocall`, greeted, and in this room.
    pub(crate) async fn caller(address: SocketAddr, room: &str) -> Plain {
        let mut plain = Plain::greeted(address).await;
        plain.send(&format!(r#"{{"type":"join-room","roomId":"{room}"}}"#)).await;
        assert!(plain.receive().await.starts_with(r#"{"type":"room-users""#));
        plain
    }

    pub(crate) async fn greeted(address: SocketAddr) -> Plain {
        let mut plain = Plain::connect(address).await;
        let greeting = plain.receive().await;
        assert!(greeting.starts_with(r#"{"type":"connected","clientId":"u"#), "{greeting}");
        plain.id = field(&greeting, "clientId");
        plain
    }

    pub(crate) async fn send(&mut self, text: &str) {
        soon("room to send", self.socket.send(Message::text(text))).await.unwrap();
    }

    /// The next message. `Err`: the close code, or 1006 where there was none.
    pub(crate) async fn try_hear(&mut self) -> Result<String, u16> {
        loop {
            match soon("a message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Close(None))) => return Err(1005),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => (),
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    pub(crate) async fn receive(&mut self) -> String {
        self.try_hear().await.unwrap_or_else(|code| panic!("closed with {code} instead of a message"))
    }

    /// What came before the answer to a request of `videocall` that is always answered to a member.
    pub(crate) async fn fence(&mut self) -> Vec<String> {
        self.send(r#"{"type":"get-users"}"#).await;
        let mut before = Vec::new();
        loop {
            let heard = self.receive().await;
            if heard.starts_with(r#"{"type":"users-list""#) {
                return before;
            }
            before.push(heard);
        }
    }
}

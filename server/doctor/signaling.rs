//! A page's conversation with the server: Engine.IO by websocket or by polling, socket.io over it, and of P2PChat's events
//! those that bring two into a room.
use std::{collections::VecDeque, time::Duration};

use axum::http::StatusCode;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message},
};

use super::site::{PATIENCE, Site, Stream, Unreached};

/// Between packets of one answer to a poll (Engine.IO protocol 4).
const SEPARATOR: char = '\u{1e}';

/// Longer than a server waits between two pings.
const PING_PATIENCE: Duration = Duration::from_secs(60);

/// How a server refuses whoever would have to be invited, and tokens that are no good.
const NOT_INVITED: u8 = 10;
const BAD_TOKEN: u8 = 11;
const EXPIRED_TOKEN: u8 = 12;

fn refused(body: &Value) -> String {
    let is = |kind: u8| body.get("type") == Some(&json!(kind));
    match () {
        () if is(BAD_TOKEN) => {
            "the token was not signed for this server: make one by `p2pchat-server invite`, with this server's settings"
                .to_owned()
        }
        () if is(EXPIRED_TOKEN) => "the token has expired: make another by `p2pchat-server invite`".to_owned(),
        () => format!("refused: {body}"),
    }
}

/// How packets travel.
enum Transport {
    WebSocket(Box<WebSocketStream<Stream>>),
    Polling { path: String, waiting: VecDeque<String> },
}

/// One client of the server.
pub(super) struct Client<'a> {
    site: &'a Site,
    transport: Transport,
    n_requests: u32,
    /// By what it is invited.
    token: Option<String>,
    /// The STUN and TURN servers that it was told of last.
    pub(super) servers: Vec<IceServer>,
}

/// An entry of the list that `RTCPeerConnection` takes.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct IceServer {
    pub urls: Vec<String>,
    pub username: Option<String>,
    pub credential: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Servers {
    ice_servers: Option<Vec<IceServer>>,
}

impl<'a> Client<'a> {
    /// # Errors
    /// There is no websocket, in words: the status of what answered in its place, if anything did.
    pub(super) async fn by_websocket(site: &'a Site, path: &str) -> Result<Client<'a>, String> {
        let stream = site.connect().await.map_err(Unreached::into_text)?;
        let request = site
            .request("GET", &format!("{path}?EIO=4&transport=websocket"))
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", tungstenite::handshake::client::generate_key());
        // The library takes the address from the URI, and refuses one without a scheme.
        let (mut parts, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
        let origin = site.origin().replacen("http", "ws", 1);
        parts.uri = format!("{origin}{}", parts.uri).parse().map_err(|_| "the path is none".to_owned())?;
        let connecting = client_async(axum::http::Request::from_parts(parts, ()), stream);
        let (socket, _) = match timeout(PATIENCE, connecting).await {
            Ok(Ok(connected)) => connected,
            Ok(Err(tungstenite::Error::Http(answer))) => {
                return Err(format!("the upgrade is answered {}", answer.status()));
            }
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        let mut client = Client::over(Transport::WebSocket(Box::new(socket)), site);
        let open = client.receive(PATIENCE).await?;
        if !open.starts_with("0{") {
            return Err(format!("what answers does not speak Engine.IO, but begins with {:.40}", open));
        }
        client.connect().await?;
        Ok(client)
    }

    /// # Errors
    /// Polling leads nowhere, in words.
    pub(super) async fn by_polling(site: &'a Site, path: &str) -> Result<Client<'a>, String> {
        let (status, _, body) = site.ask("GET", &format!("{path}?EIO=4&transport=polling"), "").await?;
        let text = String::from_utf8_lossy(&body);
        if status != StatusCode::OK {
            return Err(format!("{path} is answered {status}"));
        }
        let open: Option<Value> = text.strip_prefix('0').and_then(|it| serde_json::from_str(it).ok());
        let sid = open.and_then(|it| Some(it.get("sid")?.as_str()?.to_owned()));
        let sid = sid.ok_or_else(|| format!("{path} does not speak Engine.IO, but answers {text:.40}"))?;
        let path = format!("{path}?EIO=4&transport=polling&sid={sid}");
        let transport = Transport::Polling { path, waiting: VecDeque::new() };
        let mut client = Client::over(transport, site);
        client.connect().await?;
        Ok(client)
    }

    fn over(transport: Transport, site: &'a Site) -> Client<'a> {
        Client { site, transport, n_requests: 0, token: None, servers: Vec::new() }
    }

    /// From now on it shows by what it is invited.
    pub(super) fn invited_by(&mut self, token: Option<&str>) {
        self.token = token.map(str::to_owned);
    }

    async fn connect(&mut self) -> Result<(), String> {
        self.send("40").await?;
        match self.receive(PATIENCE).await? {
            answer if answer.starts_with("40") => Ok(()),
            answer => Err(format!("socket.io is refused: {answer:.80}")),
        }
    }

    async fn send(&mut self, packet: &str) -> Result<(), String> {
        match &mut self.transport {
            Transport::WebSocket(socket) => socket.send(Message::text(packet)).await.map_err(|error| error.to_string()),
            Transport::Polling { path, .. } => {
                let (status, _, _) = self.site.ask("POST", path, packet).await?;
                if status == StatusCode::OK { Ok(()) } else { Err(format!("a message is answered {status}")) }
            }
        }
    }

    /// Answers pings, so that the server keeps the client, until the connection ends.
    pub(super) async fn stay(&mut self) {
        while self.receive(PING_PATIENCE).await.is_ok() {}
    }

    /// The next packet that is no ping.
    async fn receive(&mut self, patience: Duration) -> Result<String, String> {
        loop {
            let packet = match &mut self.transport {
                Transport::WebSocket(socket) => match timeout(patience, socket.next()).await {
                    Ok(Some(Ok(Message::Text(text)))) => text.to_string(),
                    Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_)))) => {
                        continue;
                    }
                    Ok(Some(Ok(Message::Close(_))) | None) => return Err("the connection was closed".to_owned()),
                    Ok(Some(Err(error))) => return Err(error.to_string()),
                    Err(_) => return Err(format!("no answer within {} s", patience.as_secs())),
                },
                Transport::Polling { path, waiting } => {
                    if waiting.is_empty() {
                        let (status, _, body) = self.site.ask_within(patience, "GET", path, "").await?;
                        if status != StatusCode::OK {
                            return Err(format!("a poll is answered {status}"));
                        }
                        waiting.extend(String::from_utf8_lossy(&body).split(SEPARATOR).map(str::to_owned));
                    }
                    waiting.pop_front().unwrap_or_default()
                }
            };
            match &*packet {
                "2" => self.send("3").await?,
                "6" | "" => {}
                _ => return Ok(packet),
            }
        }
    }

    /// Asks, and waits for what is granted.
    async fn ask(&mut self, event: &str, body: Value) -> Result<Value, String> {
        self.request(event, body).await?.map_err(|it| refused(&it))
    }

    /// As `ask`; `None` where the operator grants it to invited people alone, and this one is not.
    async fn ask_uninvited(&mut self, event: &str, mut body: Value) -> Result<Option<Value>, String> {
        // Whoever says `access` hears that an invitation is missing. Others hear what may be anything.
        body["access"] = self.token.as_ref().map_or_else(|| json!({}), |it| json!({ "token": it }));
        match self.request(event, body).await? {
            Ok(answer) => {
                self.take_servers(&answer)?;
                Ok(Some(answer))
            }
            Err(refusal) if refusal.get("type") == Some(&json!(NOT_INVITED)) => Ok(None),
            Err(refusal) => Err(refused(&refusal)),
        }
    }

    /// Asks, and waits for the answer to that: the inner `Err` is a refusal's body.
    async fn request(&mut self, event: &str, mut body: Value) -> Result<Result<Value, Value>, String> {
        self.n_requests += 1;
        let id = self.n_requests.to_string();
        body["requestId"] = json!(id);
        let answering = async {
            self.send(&format!("42{}", json!([event, body]))).await?;
            loop {
                let packet = self.receive(PATIENCE).await?;
                let Some(event) = packet.strip_prefix("42") else { continue };
                let Ok((name, answer)) = serde_json::from_str::<(String, Value)>(event) else { continue };
                if answer.get("requestID").and_then(Value::as_str) != Some(&id) {
                    continue;
                }
                return Ok(if name == "TYPEERROR" { Err(answer) } else { Ok(answer) });
            }
        };
        let answer = timeout(2 * PATIENCE, answering).await;
        answer.unwrap_or_else(|_| Err(format!("{event} is not answered")))
    }

    /// Says who it is, and hears of STUN and TURN servers.
    ///
    /// # Errors
    /// No answer, or none that makes sense, in words.
    pub(super) async fn identify(&mut self) -> Result<(), String> {
        let answer = self.ask("GET-ID", json!({})).await?;
        self.take_servers(&answer)
    }

    /// Whoever comes into a room may be told of more than at the door.
    fn take_servers(&mut self, answer: &Value) -> Result<(), String> {
        let told = Servers::deserialize(answer).map_err(|error| error.to_string())?;
        if let Some(servers) = told.ice_servers {
            self.servers = servers;
        }
        Ok(())
    }

    /// A room for two, without a key, so that it ends with this connection. Its id; `None` where the operator lets nobody make
    /// rooms without an invitation to.
    ///
    /// # Errors
    /// It was refused for another reason, or not answered, in words.
    pub(super) async fn create(&mut self) -> Result<Option<String>, String> {
        let room = json!({ "name": "doctor", "maxUsers": 2, "password": "doctor", "type": 0 });
        let Some(answer) = self.ask_uninvited("CREATE-ROOM", room).await? else { return Ok(None) };
        let id = answer.get("roomID").and_then(Value::as_str);
        id.map(|it| Some(it.to_owned())).ok_or_else(|| "the answer names no room".to_owned())
    }

    /// Leaves the room and says goodbye, so that nothing is kept.
    ///
    /// # Errors
    /// The connection is gone, and with it everything.
    pub(super) async fn leave(&mut self, room: &str) -> Result<(), String> {
        self.send(&format!("42{}", json!(["DISCONNECTEDUSER", room]))).await?;
        self.close().await
    }

    /// Says goodbye, so that nothing is kept.
    ///
    /// # Errors
    /// The connection is gone.
    pub(super) async fn close(&mut self) -> Result<(), String> {
        self.send("41").await
    }

    /// False where the operator lets nobody join without an invitation.
    ///
    /// # Errors
    /// It was refused for another reason, or not answered, in words.
    pub(super) async fn join(&mut self, room: &str) -> Result<bool, String> {
        let asked = json!({ "room": room, "password": "doctor" });
        Ok(self.ask_uninvited("JOIN-ROOM", asked).await?.is_some())
    }
}

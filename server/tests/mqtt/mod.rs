//! MQTT over real sockets: how clients come in, what they may ask for, and how connections end.
mod bounds;
mod ends;
mod messages;
mod names;

use crate::harness::Server;

async fn server() -> Server {
    Server::with(&[("http.protocols", r#"["mqtt"]"#)]).await
}

fn signal(kind: &str, from: &str) -> String {
    format!(r#"{{"type":"signal-{kind}","from":"{from}","{kind}":{{}}}}"#)
}

//! Plain websockets over real sockets: what is told apart, what is bounded, and how connections end.
mod ends;
mod hostile;
mod listeners;
mod messages;

use crate::harness::Server;

/// A server whose main listener speaks these, with further settings.
async fn server(protocols: &str, more: &[(&str, &str)]) -> Server {
    let spoken = [("http.protocols", protocols)];
    Server::with(&[&spoken[..], more].concat()).await
}

async fn videocall() -> Server {
    server(r#"["videocall"]"#, &[]).await
}

//! What no client sends. After each, two bystanders still hear each other, and nobody and no room is left over.
mod borders;
mod origins;
mod outsiders;
mod packets;
mod requests;
mod sizes;
mod words;

use crate::harness::{By, Peer, Server, exchange};

/// Two bystanders in a room, on a server that is about to be attacked.
struct Scene {
    server: Server,
    one: Peer,
    other: Peer,
    room: String,
}

impl Scene {
    async fn begin(by: By) -> Scene {
        let server = Server::start().await;
        let (one, other, room) = server.pair(by).await;
        Scene { server, one, other, room }
    }

    /// The attacker is gone, and all is as it was.
    async fn stands(&mut self, after: &str) {
        // The name of the attack is in the output of a test that fails.
        eprintln!("after {after}");
        self.server.comes_to((2, 1)).await;
        exchange(&mut self.one, &mut self.other, &self.room).await;
    }

    /// An attacker with an id.
    async fn attacker(&self, by: By) -> Peer {
        self.server.guest(by).await
    }

    /// An attacker in the bystanders' room.
    async fn room_mate(&mut self, by: By) -> Peer {
        let mut attacker = self.server.guest(by).await;
        attacker.join(&self.room).await;
        for bystander in [&mut self.one, &mut self.other] {
            assert!(bystander.receive().await.starts_with(r#"["JOIN-ROOM",{"from""#));
        }
        attacker
    }

    /// The bystanders hear that a room mate is gone.
    async fn hear_of_the_end_of(&mut self, id: &str) {
        let expected = format!(r#"["DISCONNECTEDUSER",{{"userID":"{id}","roomID":"{}"}}]"#, self.room);
        for bystander in [&mut self.one, &mut self.other] {
            assert_eq!(bystander.receive().await, expected);
        }
    }
}

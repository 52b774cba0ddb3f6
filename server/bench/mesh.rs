//! Everyone joins one mesh room at once and all pairs negotiate as browsers do: an offer, an answer, candidates.
use std::{collections::HashMap, str, time::Duration};

use futures_util::future::try_join_all;
use tokio::time::{Instant, timeout_at};

use crate::{
    Result,
    cli::Options,
    peer::{Peer, field},
    report::Figure,
    server::Live,
    signal::description,
};

/// Meshes per round.
const MESHES: usize = 5;
const CANDIDATES: usize = 8;
/// An offer or an answer, then the candidates.
const STEPS: usize = 1 + CANDIDATES;
/// From the joins until all that is still missing counts as lost.
const LASTS_MAX: Duration = Duration::from_secs(20);

/// One peer's part in it.
struct Member {
    peer: Peer,
    room: String,
    /// The step that is to come next from each other peer.
    due: HashMap<String, usize>,
    received: usize,
    reordered: usize,
    last: Instant,
}

/// Several meshes one after the other on the same server, as one takes but a moment.
pub(crate) async fn run(server: &Live, options: &Options) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for _ in 0..MESHES {
        figures.extend(negotiate_all(server, options.peers).await?);
    }
    Ok(figures)
}

async fn negotiate_all(server: &Live, count: usize) -> Result<[Figure; 3]> {
    let mut peers = try_join_all((0..count).map(|_| Peer::arrive(&server.address))).await?;
    let room = peers[0].create_room(count).await?;
    let expected = (count - 1) * STEPS;
    let begun = Instant::now();
    let parts = peers
        .into_iter()
        .enumerate()
        .map(|(n, peer)| tokio::spawn(Member::take_part(peer, room.clone(), n > 0, expected, begun + LASTS_MAX)));
    // All of them are kept until the last is done: nobody leaves before.
    let members = try_join_all(parts).await?.into_iter().collect::<Result<Vec<Member>>>()?;
    let last = members.iter().map(|member| member.last).max().unwrap_or(begun);
    let received: usize = members.iter().map(|member| member.received).sum();
    let reordered: usize = members.iter().map(|member| member.reordered).sum();
    Ok([
        Figure::median(format!("mesh {count}: all connected"), "ms", (last - begun).as_secs_f64() * 1e3),
        Figure::sum(format!("mesh {count}: lost"), "", (count * expected).saturating_sub(received) as f64),
        Figure::sum(format!("mesh {count}: reordered"), "", reordered as f64),
    ])
}

impl Member {
    /// Joins, unless it founded the room, and negotiates with all others until it has heard everything or time is up.
    async fn take_part(peer: Peer, room: String, joins: bool, expected: usize, deadline: Instant) -> Result<Self> {
        let mut member = Self { peer, room, due: HashMap::new(), received: 0, reordered: 0, last: Instant::now() };
        if joins {
            member.peer.join_room(&member.room).await?;
        }
        while member.received < expected {
            match timeout_at(deadline, member.peer.reader.next()).await {
                Ok(Ok(Some(message))) => {
                    let message = str::from_utf8(message)?.to_owned();
                    member.receive(&message)?;
                }
                Ok(Ok(None)) => return Err("the server has ended a member's connection".into()),
                Ok(Err(error)) => return Err(error),
                Err(_) => break,
            }
        }
        Ok(member)
    }

    fn receive(&mut self, message: &str) -> Result<()> {
        if message.starts_with(r#"42["JOIN-ROOM",{"from""#) {
            let newcomer = field(message, "userID").ok_or("a join notice without userID")?;
            return self.negotiate(newcomer, "offer");
        }
        if !message.starts_with(r#"42["SIGNAL","#) {
            return Ok(());
        }
        let (Some(source), Some(step), Some(kind)) =
            (field(message, "source"), field(message, "step"), field(message, "type"))
        else {
            return Err(format!("a signal that nobody sent: {message}").into());
        };
        self.last = Instant::now();
        self.received += 1;
        let (step, due) = (step.parse::<usize>()?, self.due.entry(source.to_owned()).or_default());
        if step < *due {
            self.reordered += 1;
        } else {
            *due = step + 1;
        }
        if kind == "offer" { self.negotiate(source, "answer") } else { Ok(()) }
    }

    fn negotiate(&self, with: &str, kind: &str) -> Result<()> {
        let room = &self.room;
        for step in 0..STEPS {
            let signal = match step {
                0 => format!(r#"{{"step":"0","type":"{kind}","sdp":"{}"}}"#, description(1500)),
                _ => format!(
                    r#"{{"step":"{step}","type":"candidate","candidate":{{"candidate":"{CANDIDATE}","sdpMLineIndex":0,"sdpMid":"0"}}}}"#
                ),
            };
            self.peer
                .reader
                .connection
                .say_text(&format!(r#"42["SIGNAL",{{"target":"{with}","room":"{room}","signal":{signal}}}]"#))?;
        }
        Ok(())
    }
}

const CANDIDATE: &str = "candidate:842163049 1 udp 1677729535 203.0.113.77 51472 typ srflx raddr 192.168.178.21 rport 51472 \
    generation 0 ufrag 4ZcD network-cost 999";

//! Answers as people and as programs read them.
use std::io::{self, Write};

use super::{Answer, Figures};

/// A line of JSON each.
///
/// # Errors
/// Nobody takes it.
pub fn say_as_json(answer: &Answer, to: &mut impl Write) -> io::Result<()> {
    match answer {
        Answer::Room(room) => serde_json::to_writer(&mut *to, room)?,
        Answer::Peer(peer) => serde_json::to_writer(&mut *to, peer)?,
        Answer::Stats(figures) => serde_json::to_writer(&mut *to, figures)?,
        Answer::Node(node) => serde_json::to_writer(&mut *to, node)?,
        Answer::Closed { .. } | Answer::Error(_) | Answer::End => serde_json::to_writer(&mut *to, answer)?,
    }
    writeln!(to)
}

/// Below each other in columns. `is_first`: with a head.
///
/// # Errors
/// Nobody takes it.
pub fn say_as_table(answer: &Answer, is_first: bool, to: &mut impl Write) -> io::Result<()> {
    match answer {
        Answer::Room(it) => {
            if is_first {
                writeln!(to, "{:<9}  {:<4}  {:>9}  {:>4}  {:<20}  ID", "PROTOCOL", "KIND", "PEERS", "AWAY", "STATE")?;
            }
            let marks = [(it.owned, "owned"), (it.locked, "locked"), (it.closed, "closed")];
            let state: Vec<_> = marks.into_iter().filter(|it| it.0).map(|it| it.1).collect();
            let (state, peers) = (state.join(" "), format!("{}/{}", it.peers, it.peers_max));
            writeln!(
                to,
                "{:<9}  {:<4}  {peers:>9}  {:>4}  {state:<20}  {}",
                it.protocol,
                it.topology,
                it.away,
                shown(&it.id)
            )
        }
        Answer::Peer(it) => {
            if is_first {
                writeln!(to, "{:<9}  {:>5}  {:>10}  {:<5}  ID", "PROTOCOL", "ROOMS", "BYTES HELD", "STATE")?;
            }
            let state = if it.away { "away" } else { "there" };
            writeln!(to, "{:<9}  {:>5}  {:>10}  {state:<5}  {}", it.protocol, it.rooms, it.held_bytes, shown(&it.id))
        }
        Answer::Node(it) => {
            if is_first {
                writeln!(
                    to,
                    "{:<12}  {:<7}  {:>8}  {:>8}  {:<21}  HOST",
                    "NODE", "VERSION", "UP (S)", "SESSIONS", "ADDRESS"
                )?;
            }
            let host = format!("{}{}", shown(&it.host), if it.own { " (this one)" } else { "" });
            let (id, version, address) = (shown(&it.id), shown(&it.version), shown(&it.address));
            writeln!(to, "{id:<12}  {version:<7}  {:>8}  {:>8}  {address:<21}  {host}", it.uptime_s, it.sessions)
        }
        Answer::Stats(it) => stats(it, to),
        Answer::Closed { rooms, peers } => match (rooms, peers) {
            (0, 0) => writeln!(to, "There is neither a room nor a session with this id."),
            (0, _) => writeln!(to, "The session has ended."),
            _ => writeln!(to, "The room is closed."),
        },
        Answer::Error(error) => writeln!(to, "{error}"),
        Answer::End => Ok(()),
    }
}

/// In rooms of some protocols an id is what somebody has typed: it is not to steer a terminal.
fn shown(id: &str) -> String {
    let plain = |it: char| it.is_ascii_graphic() || it.is_alphanumeric();
    id.chars().flat_map(|it| if plain(it) { vec![it] } else { it.escape_debug().collect() }).collect()
}

fn stats(it: &Figures, to: &mut impl Write) -> io::Result<()> {
    writeln!(to, "version      {}", it.version)?;
    writeln!(to, "up           {} s", it.uptime_s)?;
    writeln!(to, "connections  {}", it.connections)?;
    writeln!(to, "sessions     {}, of these {} away", it.sessions, it.away)?;
    writeln!(
        to,
        "memory       {} bytes held, {} resident, {} at most",
        it.memory_held, it.memory_resident, it.memory_max
    )?;
    for protocol in &it.protocols {
        writeln!(
            to,
            "{:<11}  {} sessions, {} meshes, {} stars, {} signals, {} bytes of signals",
            protocol.name, protocol.sessions, protocol.meshes, protocol.stars, protocol.signals, protocol.signal_bytes
        )?;
    }
    if let Some(relay) = &it.relay {
        writeln!(
            to,
            "relay        {} allocations of {} peers, {} packets, {} bytes",
            relay.allocations, relay.peers, relay.packets, relay.bytes
        )?;
    }
    for (reason, n) in &it.reasons {
        writeln!(to, "{reason:<28}  {n}")?;
    }
    Ok(())
}

//! The command line: what is asked for, and every knob with its default.
use std::{ops::RangeInclusive, path::PathBuf};

use clap::{Args, Parser, Subcommand, builder::RangedU64ValueParser, value_parser};

use crate::{Result, gate, server::Server};

/// Measure signalling servers on this machine.
#[derive(Parser)]
#[command(name = "load")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) what: Option<What>,
    /// Given by `cargo bench` to every bench.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
pub(crate) enum What {
    /// Signals between pairs at fixed rates: CPU, latency, losses, order
    Relays(Options),
    /// Resident memory with idle connections, and after they have come and gone
    Idle(Options),
    /// Time and CPU until everyone has an id
    Accept(Options),
    /// Everyone joins one mesh at once and negotiates
    Mesh(Options),
    /// Time from starting a command until it answers HTTP, median of ten
    Start(Options),
    /// Floods of each kind from one address beside a pair in another room: its latency, memory, and what is counted.
    /// For ours alone; ten seconds each with --seconds 10
    Floods(Options),
    /// Clients who come, talk, go, die and misbehave for --seconds, --connections at a time, and what is left of them. For ours
    /// alone
    Soak(Options),
    /// Three times as many people as there are places, for --seconds with --pairs times two places: who is refused, and how those
    /// fare who are served. For ours alone
    Overload(Options),
    /// One node without a store, and one, two and four nodes that share rooms by a Redis of the bench's own (Debian:
    /// redis-server): signals between them and joins. For one server of ours, given by its command
    Nodes(Options),
    /// What `./check` asks of a server of ours, beside the floor; an error where it costs too much of it
    Gate {
        /// A URL or "exec:COMMAND {port}"
        server: String,
    },
    /// All of these but floods, soak, overload, nodes and the gate, the start only if every server is a command
    Compare(Options),
    /// Be the floor: a bare relay to compare with, until ended
    Floor { port: u16 },
}

#[derive(Args, Clone)]
pub(crate) struct Options {
    /// A URL, "exec:COMMAND {port}" or floor, each with NAME= before it to name it
    #[arg(required_unless_present = "exec", conflicts_with = "exec")]
    server: Option<String>,
    /// Start this command; the same as exec:COMMAND
    #[arg(long, value_name = "COMMAND {port}")]
    exec: Option<String>,
    /// Further servers: rounds alternate, and each is compared with the first
    #[arg(long, value_name = "NAME=SERVER", num_args = 1..)]
    beside: Vec<String>,
    /// The process of the first server, if its port does not tell
    #[arg(long)]
    pid: Option<u32>,
    /// Rounds for each server [default: 3 beside others and of nodes, 1 alone]
    #[arg(long, value_parser = count(1..=100))]
    rounds: Option<usize>,
    /// Signals offered per second by all pairs together
    #[arg(long, value_delimiter = ',', default_values_t = [4_000, 20_000, 40_000],
        value_parser = value_parser!(u64).range(1..=1_000_000))]
    pub(crate) rates: Vec<u64>,
    /// For how long each rate is offered
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Rooms of two
    #[arg(long, default_value_t = 100, value_parser = count(1..=5_000))]
    pub(crate) pairs: usize,
    /// Size of a signal's description
    #[arg(long, default_value_t = 1_500, value_parser = count(1..=900_000))]
    pub(crate) bytes: usize,
    /// Connections at most, for idle and accept
    #[arg(long, default_value_t = 10_000, value_parser = count(1..=100_000))]
    pub(crate) connections: usize,
    /// Seconds before memory is read; 27 and more take in a ping cycle
    #[arg(long, default_value = "3", value_parser = seconds)]
    pub(crate) settle: f64,
    /// Memory that a server of ours may occupy while it is flooded, in bytes
    #[arg(long, default_value_t = 100_000_000, value_parser = value_parser!(u64).range(64_000_000..))]
    pub(crate) memory: u64,
    /// Floods whose name has this in it
    #[arg(long, default_value = "")]
    pub(crate) kind: String,
    /// Peers in the mesh
    #[arg(long, default_value_t = 20, value_parser = count(2..=20))]
    pub(crate) peers: usize,
    /// Measure over TLS, with a certificate made for it; servers of ours and the floor, started by command
    #[arg(long)]
    pub(crate) tls: bool,
    /// Write every round to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    /// Short, and beside the floor.
    pub(crate) fn of_gate(server: &str) -> Self {
        Self {
            server: Some(format!("server={server}")),
            exec: None,
            beside: vec!["floor".to_owned()],
            pid: None,
            rounds: Some(2),
            rates: vec![gate::RATE],
            seconds: 1.0,
            pairs: 20,
            bytes: 1_500,
            connections: gate::CONNECTIONS,
            settle: 0.5,
            memory: 100_000_000,
            kind: String::new(),
            peers: 2,
            tls: false,
            json: None,
        }
    }

    /// All servers, the one that the others are compared with first.
    pub(crate) fn servers(&self) -> Result<Vec<Server>> {
        let exec = self.exec.as_ref().map(|command| format!("exec:{command}"));
        let mut servers: Vec<Server> = self
            .server
            .iter()
            .chain(&exec)
            .chain(&self.beside)
            .map(|text| Server::parse(text))
            .collect::<Result<_>>()?;
        if let (Some(pid), Some(first)) = (self.pid, servers.first_mut()) {
            first.set_pid(pid);
        }
        for (n, server) in servers.iter().enumerate() {
            if servers[..n].iter().any(|other| other.name == server.name) {
                return Err(format!("two servers are called {}", server.name).into());
            }
        }
        Ok(servers)
    }

    /// For each of so many columns of the table.
    pub(crate) fn rounds(&self, n_columns: usize) -> usize {
        self.rounds.unwrap_or(if n_columns > 1 { 3 } else { 1 })
    }
}

fn count(allowed: RangeInclusive<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(allowed)
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number from 0.1 to 86400".to_owned()),
    }
}

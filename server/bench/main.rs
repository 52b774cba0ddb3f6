//! Load and its measurement for any server that speaks P2PChat's signalling, alone or beside others in one run.
//!
//! `cargo bench --bench load -- relays localhost:3000 --beside floor`
mod attacker;
mod chance;
mod cli;
mod crowd;
mod floods;
mod floor;
mod gate;
mod handshake;
mod health;
mod mesh;
mod nodes;
mod overload;
mod peer;
mod relays;
mod report;
mod rounds;
mod server;
mod server_process;
mod signal;
mod soak;
mod tls;
mod wire;

use std::{fs, process::ExitCode};

use clap::{CommandFactory, Parser};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    runtime::{self, Runtime},
    signal::unix::{SignalKind, signal as process_signal},
};

use crate::{
    cli::{Cli, Options, What},
    report::Report,
};

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Open files besides the connections of a crowd.
const OTHER_FILES: u64 = 200;

fn main() -> ExitCode {
    report::self_check();
    match run(&Cli::parse()) {
        Ok(text) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what this is for")]
fn say(text: &str) {
    println!("{text}");
}

fn run(cli: &Cli) -> Result<String> {
    let Some(what) = &cli.what else {
        // `cargo test --all-targets` comes this way; there is nothing to measure, and nothing is wrong.
        return Ok(Cli::command().render_help().to_string());
    };
    match what {
        What::Floor { port } => {
            allow_files(0)?;
            runtime::Builder::new_multi_thread().enable_all().build()?.block_on(floor::serve(*port))?;
            Ok(String::new())
        }
        What::Gate { server } => {
            let options = Options::of_gate(server);
            allow_files(options.connections as u64)?;
            here()?.block_on(measure(gate::run(server), &options))
        }
        What::Relays(options)
        | What::Idle(options)
        | What::Accept(options)
        | What::Mesh(options)
        | What::Start(options)
        | What::Floods(options)
        | What::Soak(options)
        | What::Overload(options)
        | What::Nodes(options)
        | What::Compare(options) => {
            if options.tls {
                tls::switch_on()?;
            }
            allow_files(options.connections.max(6 * options.pairs) as u64)?;
            here()?.block_on(measure(rounds::run(what, options), options))
        }
    }
}

/// One thread receives and one paces: the servers need the rest of a small machine.
fn here() -> Result<Runtime> {
    Ok(runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Runs until done or interrupted; either way, every server that was started has been ended on return.
async fn measure(run: impl Future<Output = Result<Report>>, options: &Options) -> Result<String> {
    let (mut interrupt, mut terminate) =
        (process_signal(SignalKind::interrupt())?, process_signal(SignalKind::terminate())?);
    let report = tokio::select! {
        report = run => report?,
        _ = interrupt.recv() => return Err("interrupted".into()),
        _ = terminate.recv() => return Err("interrupted".into()),
    };
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&report.json())?)?;
    }
    Ok(report.table())
}

/// Raises the limit of open files as far as this user may, for itself and the servers it starts.
fn allow_files(connections: u64) -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let needed = connections + OTHER_FILES;
    if maximum.is_some_and(|maximum| maximum < needed) {
        return Err(format!("{needed} open files are needed; raise the hard limit with `ulimit -Hn`").into());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

//! The command line.
use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::{Shell, generate};

use crate::config::Flags;

/// Introduces people's browsers to each other and serves the web app with which they talk. Without any flag or file it
/// listens on port 8080 of this machine.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do other than serve
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Read settings from this file. Without it, from the first of config.toml here, in ~/.config/p2pchat-server and in
    /// /etc/p2pchat-server that exists
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Listen on this address
    #[arg(long)]
    address: Option<String>,
    /// Listen on this port
    #[arg(long)]
    port: Option<u16>,
    /// Serve this folder of pages over the built-in web app, for example the original server's `views`
    #[arg(long, value_name = "DIR")]
    views: Option<PathBuf>,
    /// Serve another project's frontend, from the folder given with --views: textchat, videocall, poc or mqtt
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Get a certificate for this name or address from Let's Encrypt, renew it, and serve HTTPS with it, on port 443 unless
    /// another is set. May be given several times. Whoever gives it agrees to the authority's terms of service
    #[arg(long, value_name = "NAME")]
    acme: Vec<String>,
    /// Serve HTTPS with a certificate that this server makes itself, where there is no domain: browsers ask once whether to go
    /// on, and phones get camera and microphone
    #[arg(long)]
    self_signed: bool,
    /// Say whether the settings are all right, and end
    #[arg(long)]
    pub check_config: bool,
    /// Print the settings that are in force, and end
    #[arg(long, conflicts_with = "check_config")]
    pub print_config: bool,
    /// Ask the server that runs with the same settings on this machine whether it is well, and end: 0 if so, else 1
    #[arg(long, conflicts_with_all = ["check_config", "print_config"])]
    pub health_check: bool,
}

/// What it does other than serve.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try a running server from outside, as two browsers would, and say which step fails and what to do: 0 if none does, else 1
    Doctor {
        /// The address of its page, for example https://chat.example.org. Without it, the one that these settings make
        url: Option<String>,
        /// Try what only invited people may do, too, by this token, or the link that holds it, as `invite` prints it
        #[arg(long)]
        token: Option<String>,
    },
    /// Print a link by which somebody may make rooms here, or join one: it holds a token that ends, signed with the key of the
    /// settings
    Invite {
        /// What they are called
        #[arg(long)]
        name: Option<String>,
        /// For this room alone: its id, or any word of letters, digits, - and _ as the name of a room that takes such a link to
        /// come in
        #[arg(long)]
        room: Option<String>,
        /// What they may do: create, join or own, the latter to be the owner of rooms that they make. May be given several times.
        /// Without it, all three
        #[arg(long, value_name = "RIGHT")]
        right: Vec<String>,
        /// For how many hours it is good
        #[arg(long, default_value_t = 24 * 7)]
        hours: u32,
        /// The PEM file with the private key, where the settings have only its public one
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// List the rooms of the server that runs on this machine
    Rooms {
        /// One line of JSON for each
        #[arg(long)]
        json: bool,
    },
    /// List the sessions of the server that runs on this machine: who is connected, and who may come back
    Peers {
        /// One line of JSON for each
        #[arg(long)]
        json: bool,
    },
    /// Close a room of the server that runs on this machine, for everybody in it, or end a session: 0 if there was one, else 1
    Close {
        /// Its id, as `rooms` and `peers` show it
        id: String,
        /// The answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say how much there is of everything in the server that runs on this machine
    Stats {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List the nodes of the cluster that the server on this machine is one of
    Nodes {
        /// One line of JSON for each
        #[arg(long)]
        json: bool,
    },
    /// Print what completes this program's commands in a shell
    Completions {
        /// Which
        shell: Shell,
    },
    /// Print the manual page, for man(1)
    Man,
}

impl Cli {
    /// What it sets.
    pub fn flags(&self) -> Flags {
        let Cli { config, address, port, views, preset, acme, self_signed, .. } = self;
        let (config, address, views) = (config.clone(), address.clone(), views.clone());
        let (preset, acme, self_signed) = (preset.clone(), acme.clone(), *self_signed);
        Flags { config, address, port: *port, views, preset, acme, self_signed }
    }
}

/// What this program is called.
const NAME: &str = "p2pchat-server";

/// Writes what completes commands in a shell.
pub fn write_completions(shell: Shell, to: &mut impl Write) {
    generate(shell, &mut Cli::command(), NAME, to);
}

/// Writes the manual page.
///
/// # Errors
/// Nobody takes it.
pub fn write_manual(to: &mut impl Write) -> io::Result<()> {
    clap_mangen::Man::new(Cli::command()).render(to)
}

//! The servers under test as the user names them, and a server that is ready to be measured.
use std::{
    env,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Result,
    handshake::Address,
    server_process::{Limits, Process, Started, free_port},
    tls,
};

const SIGNALING_PATH: &str = "/api/signaling/";
const START_MAX: Duration = Duration::from_secs(30);

/// `URL`, `exec:COMMAND {port}` or `floor`, each with `NAME=` before it if the table is to call it so.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) name: String,
    origin: Origin,
    /// Of the environment, where it is started for this.
    settings: Vec<(String, String)>,
}

#[derive(Clone)]
enum Origin {
    Running { address: Address, pid: Option<u32> },
    Command(String),
}

/// A server that answers; if it was started for this, it ends with this value.
pub(crate) struct Live {
    pub(crate) address: Address,
    pub(crate) process: Process,
    _started: Option<Started>,
}

impl Server {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
        let (name, place) = match text.split_once('=').filter(|(name, _)| is_name(name)) {
            Some((name, place)) => (Some(name), place),
            None => (None, text),
        };
        let origin = if place == "floor" {
            Origin::Command(format!("{} floor {{port}}", env::current_exe()?.display()))
        } else if let Some(command) = place.strip_prefix("exec:") {
            if !command.contains("{port}") {
                return Err(format!("{command}: say with {{port}} where its port goes").into());
            }
            Origin::Command(command.to_owned())
        } else {
            Origin::Running { address: parse_url(place)?, pid: None }
        };
        let name = name.unwrap_or(if place.starts_with("exec:") { "server" } else { place });
        Ok(Self { name: name.to_owned(), origin, settings: Vec::new() })
    }

    /// Names the process of a running server that cannot be found by its port.
    pub(crate) fn set_pid(&mut self, known: u32) {
        if let Origin::Running { pid, .. } = &mut self.origin {
            *pid = Some(known);
        }
    }

    /// With one more setting, if it is a command.
    pub(crate) fn with(mut self, name: &str, value: String) -> Self {
        self.settings.push((name.to_owned(), value));
        self
    }

    pub(crate) fn is_command(&self) -> bool {
        matches!(self.origin, Origin::Command(_))
    }

    /// Makes sure that it runs. A command is started anew each time, so that no measurement inherits another's memory.
    pub(crate) fn begin(&self, limits: Limits) -> Result<Live> {
        match &self.origin {
            Origin::Running { address, pid } => {
                answers_http(address.socket)?;
                let process =
                    pid.map_or_else(|| Process::listening_on(address.socket.port()), |pid| Ok(Process::of(pid)))?;
                Ok(Live { address: address.clone(), process, _started: None })
            }
            Origin::Command(command) => Ok(start(command, limits, &self.settings)?.0),
        }
    }

    /// The time from starting its executable until it answers a request.
    pub(crate) fn start_up(&self) -> Result<Duration> {
        match &self.origin {
            Origin::Running { .. } => Err("runs already; only exec:COMMAND {port} can be started".into()),
            Origin::Command(command) => Ok(start(command, Limits::None, &self.settings)?.1),
        }
    }
}

fn start(command: &str, limits: Limits, settings: &[(String, String)]) -> Result<(Live, Duration)> {
    let port = free_port()?;
    let socket = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let begun = Instant::now();
    let mut started = Started::run(&command.replace("{port}", &port.to_string()), limits, settings)?;
    while let Err(error) = answers_http(socket) {
        started.still_runs()?;
        if begun.elapsed() > START_MAX {
            return Err(format!("no answer on port {port} within {START_MAX:?}: {error}").into());
        }
        thread::sleep(Duration::from_micros(100));
    }
    let took = begun.elapsed();
    let process = Process::listening_on(port)?;
    let address = Address { socket, path: SIGNALING_PATH.to_owned() };
    Ok((Live { address, process, _started: Some(started) }, took))
}

/// Any HTTP answer will do, and any TLS: what counts is that somebody is at home.
fn answers_http(socket: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(socket)?;
    stream.set_read_timeout(Some(START_MAX))?;
    if tls::is_on() {
        return tls::is_answered(&mut stream);
    }
    stream.write_all(format!("GET /health HTTP/1.1\r\nHost: {socket}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    if answer == *b"HTTP/" { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

/// `http://localhost:3000/path/`, with or without scheme and path. Loopback only: this is no tool to aim at others.
fn parse_url(url: &str) -> Result<Address> {
    let bare = ["http://", "ws://"].iter().find_map(|scheme| url.strip_prefix(scheme)).unwrap_or(url);
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let path = if path.is_empty() { SIGNALING_PATH.to_owned() } else { format!("/{path}") };
    let (host, port) = match host.rsplit_once(':').filter(|_| !host.ends_with(']')) {
        Some((host, port)) => (host, port.parse().map_err(|_| format!("{url}: {port} is no port"))?),
        None => (host, 80),
    };
    let ip = match host {
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        "[::1]" => Ipv6Addr::LOCALHOST.into(),
        other => {
            other.parse::<Ipv4Addr>().map_err(|_| format!("{url}: neither localhost, 127.0.0.1 nor [::1]"))?.into()
        }
    };
    let socket = SocketAddr::new(ip, port);
    if socket.ip().is_loopback() { Ok(Address { socket, path }) } else { Err(format!("{url} is not loopback").into()) }
}

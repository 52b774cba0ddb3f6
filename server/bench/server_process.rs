//! A server process: found by its port or started for the occasion, read through /proc, and ended with its children.
use std::{
    fs,
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use rustix::{
    param::clock_ticks_per_second,
    process::{Pid, Signal, kill_process_group},
};

use crate::{Result, report::Figure, tls};

/// What our server lets a client have. Others do not know these settings.
#[derive(Clone, Copy)]
pub(crate) enum Limits {
    None,
    /// Those of its settings, but for this one.
    Default {
        memory_bytes_max: u64,
    },
    /// None but this one.
    Places {
        setting: &'static str,
        n: usize,
    },
}

/// Settings of our server, whose 0 is no limit: a load comes from one address, and does in a second what people do in an hour.
const NO_LIMITS: [&str; 12] = [
    "CONNECTIONS_MAX",
    "ADDRESS_CONNECTIONS_MAX",
    "ADDRESS_CONNECTIONS_PER_SECOND",
    "SESSIONS_MAX",
    "ADDRESS_SESSIONS_MAX",
    "ADDRESS_SESSIONS_PER_SECOND",
    "ROOMS_MAX",
    "ADDRESS_ROOMS_PER_SECOND",
    "ADDRESS_REQUESTS_PER_SECOND",
    "MESSAGES_PER_SECOND",
    "BYTES_PER_SECOND",
    "RELAYED_BYTES_PER_SECOND",
];

/// What /proc says about one process.
#[derive(Clone, Copy)]
pub(crate) struct Process(u32);

/// Processor time of groups of processes since a moment, by the names of their figures.
pub(crate) struct Spending {
    groups: Vec<(&'static str, Vec<Process>)>,
    before: Vec<f64>,
}

/// A process group of our own, ended when dropped.
pub(crate) struct Started(Child);

impl Process {
    pub(crate) fn of(pid: u32) -> Self {
        Self(pid)
    }

    pub(crate) fn of_this_bench() -> Self {
        Self(std::process::id())
    }

    /// The process that listens on a port of this machine.
    pub(crate) fn listening_on(port: u16) -> Result<Self> {
        let tables: String =
            ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|table| fs::read_to_string(table).ok()).collect();
        let sockets: Vec<String> = tables
            .lines()
            .filter_map(|line| listener_inode(line, port))
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        fs::read_dir("/proc")?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .find(|pid| holds_any(*pid, &sockets))
            .map(Self)
            .ok_or_else(|| format!("no process of yours listens on port {port}; name it with --pid").into())
    }

    /// User and system time of all its threads so far, in µs. The kernel counts in ticks of 10 ms.
    pub(crate) fn cpu_us(self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // The name in parentheses may hold spaces; utime and stime are the 14th and 15th field of all.
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        let ticks: u64 =
            after_name.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<std::result::Result<_, _>>()?;
        Ok(ticks as f64 * 1e6 / clock_ticks_per_second() as f64)
    }

    /// Files and sockets that it has open.
    pub(crate) fn open_files(self) -> Result<f64> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.0))?.count() as f64)
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
    }
}

impl Limits {
    fn settings(self) -> Vec<(String, String)> {
        let limit = |name: &str, value: u64| (format!("P2PCHAT_LIMITS__{name}"), value.to_string());
        match self {
            Self::None => NO_LIMITS.iter().map(|name| limit(name, 0)).collect(),
            Self::Places { setting, n } => {
                let others = NO_LIMITS.iter().filter(|name| **name != setting).map(|name| limit(name, 0));
                others.chain([limit(setting, n as u64)]).collect()
            }
            Self::Default { memory_bytes_max } => {
                // This machine is the attacker, and no proxy that speaks for many people.
                let nobody = ("P2PCHAT_HTTP__TRUSTED_PROXIES".to_owned(), r#"["192.0.2.1"]"#.to_owned());
                vec![limit("MEMORY_BYTES_MAX", memory_bytes_max), nobody]
            }
        }
    }
}

impl Started {
    /// Runs a command, its words parted by blanks, with its output thrown away.
    pub(crate) fn run(command: &str, limits: Limits, settings: &[(String, String)]) -> Result<Self> {
        let mut words = command.split_whitespace();
        let program = words.next().ok_or("an empty command")?;
        let settings = limits.settings().into_iter().chain(tls::settings()).chain(settings.iter().cloned());
        Self::of(Command::new(program).args(words).env("P2PCHAT_STATE__DIR", "memory").envs(settings))
    }

    pub(crate) fn of(command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own, so that what a script starts ends with it.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", command.get_program().display()))?;
        Ok(Self(child))
    }

    /// An error once the command has ended by itself.
    pub(crate) fn still_runs(&mut self) -> Result<()> {
        match self.0.try_wait()? {
            Some(status) => Err(format!("the server ended while starting: {status}").into()),
            None => Ok(()),
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // It may have ended already, and then there is nothing to do.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

impl Spending {
    pub(crate) fn begin(groups: Vec<(&'static str, Vec<Process>)>) -> Result<Self> {
        let before = spent(&groups)?;
        Ok(Self { groups, before })
    }

    /// Since then, for each of so many things done.
    pub(crate) fn each(&self, n_done: usize, label: impl Fn(&str) -> String) -> Result<Vec<Figure>> {
        let spent = spent(&self.groups)?.into_iter().zip(&self.before).map(|(after, before)| after - before);
        let figure = |(name, spent): (&str, f64)| Figure::median(label(name), "µs", spent / n_done.max(1) as f64);
        Ok(self.groups.iter().map(|(name, _)| *name).zip(spent).map(figure).collect())
    }
}

fn spent(groups: &[(&'static str, Vec<Process>)]) -> Result<Vec<f64>> {
    groups.iter().map(|(_, group)| group.iter().map(|process| process.cpu_us()).sum()).collect()
}

/// A port that nobody uses, on any address. Below the range that the system takes for outgoing connections: there, a
/// port seen to be free may be taken by one before the server binds it.
pub(crate) fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = (std::process::id() % 10_000) as u16;
    let is_free = |port: &u16| {
        let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, *port));
        let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, *port));
        // A machine without IPv6 refuses the second for another reason.
        let is_taken = |address| TcpListener::bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse);
        !is_taken(v4) && !is_taken(v6)
    };
    (0..1000)
        .map(|_| 20_000 + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000)
        .find(is_free)
        .ok_or_else(|| "no free port between 20000 and 30000".into())
}

/// `sl local_address rem_address st … inode …`, where state 0A is "listening".
fn listener_inode(line: &str, port: u16) -> Option<&str> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let local = fields.get(1)?.rsplit(':').next()?;
    let is_it = *fields.get(3)? == "0A" && u16::from_str_radix(local, 16) == Ok(port);
    fields.get(9).copied().filter(|_| is_it)
}

fn holds_any(pid: u32, sockets: &[String]) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    files
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
        .any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
}

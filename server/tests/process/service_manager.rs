//! The server as a service of systemd: what it says by way of sd_notify, and sockets that are passed to it. The manager is
//! the test.
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::Running;

/// A manager's socket, and what came in.
struct NotifySocket {
    folder: TempDir,
    socket: UnixDatagram,
}

impl NotifySocket {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        NotifySocket { folder, socket }
    }

    fn next(&self) -> String {
        let mut buffer = [0; 4096];
        let n = self.socket.recv(&mut buffer).expect("the manager hears something");
        String::from_utf8(buffer[..n].to_vec()).unwrap()
    }

    /// The next word that is not a sign of life.
    fn next_state(&self) -> String {
        loop {
            let said = self.next();
            if said != "WATCHDOG=1\n" {
                return said;
            }
        }
    }
}

#[test]
fn the_manager_hears_of_the_start_of_life_of_a_reload_and_of_the_stop() {
    let manager = NotifySocket::new();
    let drain = "[http]\ndrain_s = 1\n";
    let running = Running::start_with(&[], drain, |command| {
        command.env("NOTIFY_SOCKET", manager.folder.path().join("notify")).env("WATCHDOG_USEC", "200000");
    });
    let url = running.first_line.rsplit(' ').next().unwrap().trim_end().to_owned();
    assert_eq!(manager.next(), format!("READY=1\nSTATUS=serves {url}\n"));
    assert_eq!([manager.next(), manager.next()], ["WATCHDOG=1\n", "WATCHDOG=1\n"]);

    // systemd orders reloads by their time, and takes none without (sd_notify(3)).
    let before = monotonic_us();
    for (settings, status) in [
        ("[rooms]\npeers_max = 5\n", "serves; the settings were read again"),
        ("[state]\ndir = \"memory\"\n[rooms]\npeers_max = 5\n", "serves; these settings take a restart: state.dir"),
        ("[rooms]\npeers_max = 0\n", "serves; the settings stay as they were: rooms.peers_max is 0"),
    ] {
        fs::write(running.folder.path().join("config.toml"), format!("{drain}{settings}")).unwrap();
        running.signal(Signal::HUP);
        let reloading = manager.next_state();
        let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().trim_end();
        assert!((before..=monotonic_us()).contains(&time.parse().unwrap()), "{time}");
        let ready = manager.next_state();
        assert!(ready.starts_with(&format!("READY=1\nSTATUS={status}")), "{ready}");
    }

    running.signal(Signal::TERM);
    // One second in which it drains, ten for answers, and a little more.
    assert_eq!(manager.next_state(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=13000000\nSTATUS=stops\n");
    // It lives until it is gone.
    assert_eq!(manager.next(), "WATCHDOG=1\n");
    assert_eq!(running.end().0, Some(0));
}

fn monotonic_us() -> i128 {
    match sd_notify::NotifyState::monotonic_usec_now().unwrap() {
        sd_notify::NotifyState::MonotonicUsec(now) => now,
        other => panic!("{other} is no time"),
    }
}

/// Starts the server with these sockets as the first that it is passed, and with this port.
fn activated(tcp: &TcpListener, other: Option<OwnedFd>, config: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let mut command = Command::new("sh");
    // Passed sockets begin at 3; the process that they are for is named by its id.
    let passing = if other.is_some() {
        "exec 3<&0 4<&2 0</dev/null 2>&1; LISTEN_FDS=2 LISTEN_PID=$$ exec \"$0\""
    } else {
        "exec 3<&0 0</dev/null 2>&1; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\""
    };
    command.args(["-c", passing, env!("CARGO_BIN_EXE_p2pchat-server")]).current_dir(folder.path()).env_clear();
    command.stdin(OwnedFd::from(tcp.try_clone().unwrap())).stdout(Stdio::piped());
    command.stderr(other.map_or_else(Stdio::null, Stdio::from));
    let mut child = command.spawn().unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    Running { child, said, first_line: String::new(), folder }
}

impl Running {
    /// Reads on in what it prints and logs, until a line has this word.
    fn says(&mut self, word: &str) -> String {
        let mut said = String::new();
        while !said.lines().last().is_some_and(|it| it.contains(word)) {
            assert!(self.said.read_line(&mut said).unwrap() > 0, "it ended: {said}");
        }
        said
    }

    /// All that it prints and logs, from its start to a stop.
    fn log(mut self) -> String {
        let mut log = self.says("P2PChat is ready");
        self.signal(Signal::TERM);
        self.said.read_to_string(&mut log).unwrap();
        log
    }
}

fn ask(stream: &mut TcpStream) {
    stream.write_all(b"GET /live HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").unwrap();
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn settings(at: SocketAddr) -> String {
    format!("[http]\naddress = \"{}\"\nport = {}\n[relay]\nenabled = false\n", at.ip(), at.port())
}

#[test]
fn nobody_is_refused_between_two_processes_that_share_a_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let mut first = activated(&listener, None, &settings(at));
    first.says("ready");
    let mut there = TcpStream::connect(at).unwrap();
    ask(&mut there);
    assert!(answer(there).starts_with("HTTP/1.1 200"));
    first.signal(Signal::TERM);
    assert_eq!(first.child.wait().unwrap().code(), Some(0));
    // Nobody serves now, and whoever comes waits.
    let mut between = TcpStream::connect(at).unwrap();
    ask(&mut between);
    let mut second = activated(&listener, None, &settings(at));
    second.says("ready");
    assert!(answer(between).starts_with("HTTP/1.1 200"));
}

#[test]
fn one_port_can_have_several_sockets() {
    // As of two families, which a machine may lack: two addresses of one.
    let (one, other) = loop {
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(other) = TcpListener::bind(("127.0.0.2", one.local_addr().unwrap().port())) {
            break (one, other);
        }
    };
    let [at, beside] = [&one, &other].map(|it| it.local_addr().unwrap());
    let everywhere = SocketAddr::new([0, 0, 0, 0].into(), at.port());
    let running = activated(&one, Some(other.into()), &settings(everywhere));
    // Whoever comes before it listens waits as long.
    let answers = [at, beside].map(|at| {
        let mut stream = TcpStream::connect(at).unwrap();
        ask(&mut stream);
        stream
    });
    for stream in answers {
        assert!(answer(stream).starts_with("HTTP/1.1 200"));
    }
    let log = running.log();
    assert!(!log.contains("the service manager has opened"), "{log}");
}

#[test]
fn every_listener_can_be_passed_and_one_that_no_setting_is_for_is_told_of() {
    // The relay's port is one for UDP and TCP.
    let (tcp, udp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            break (tcp, udp);
        }
    };
    let at = tcp.local_addr().unwrap();
    let http = "[http]\naddress = \"127.0.0.1\"\nport = 0\n";
    let relay = format!("{http}[relay]\nport = {}\n", at.port());
    // It would be in use by another program, which is the test.
    let log = activated(&tcp, Some(udp.try_clone().unwrap().into()), &relay).log();
    assert!(log.contains(&format!("port={}", at.port())) && !log.contains("WARN"), "{log}");

    let metrics = format!("{http}[relay]\nenabled = false\n[metrics]\nlisten = true\nport = {}\n", at.port());
    let log = activated(&tcp, Some(udp.try_clone().unwrap().into()), &metrics).log();
    let warnings: Vec<_> = log.lines().filter(|it| it.contains("the service manager has opened")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains(&format!("{at} (UDP)")), "{log}");

    // The main listener's address is not the passed one's.
    let log = activated(&tcp, None, &format!("{http}[relay]\nenabled = false\n")).log();
    assert!(log.contains(&format!("{at} (TCP), and no setting")), "{log}");
}

#[test]
fn what_is_passed_and_no_socket_ends_the_start_with_a_sentence() {
    let mut command = Command::new("sh");
    let passing = "exec 3</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\"";
    let folder = tempfile::tempdir().unwrap();
    command.args(["-c", passing, env!("CARGO_BIN_EXE_p2pchat-server")]).current_dir(folder.path()).env_clear();
    let output = command.output().unwrap();
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{sentence}");
    assert!(sentence.contains("socket 0 of those that the service manager passed cannot be used"), "{sentence}");
}

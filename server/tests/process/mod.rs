//! The executable itself: its exit codes, what it prints, and how it ends.
mod acme;
mod admin;
mod invite;
mod log;
mod reload;
mod secrets;
mod service_manager;
mod state;
mod stop;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::{By, Peer, Server, exchange};

/// In an empty folder, with no environment but what a test adds.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2pchat-server"));
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

fn output(arguments: &[&str], config: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    if !config.is_empty() {
        fs::write(folder.path().join("config.toml"), config).unwrap();
    }
    command(folder.path(), arguments).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, &str, &str) {
    let text = |it| std::str::from_utf8(it).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A server that runs until it is dropped.
struct Running {
    child: Child,
    said: BufReader<ChildStdout>,
    first_line: String,
    folder: TempDir,
}

impl Running {
    fn start(arguments: &[&str], config: &str) -> Running {
        Running::start_with(arguments, config, |_| ())
    }

    /// `prepare`: what else the process is given.
    fn start_with(arguments: &[&str], config: &str, prepare: impl FnOnce(&mut Command)) -> Running {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.toml"), config).unwrap();
        let mut command = command(folder.path(), &["--address", "127.0.0.1", "--port", "0"]);
        prepare(&mut command);
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        // It says this once it listens.
        said.read_line(&mut first_line).unwrap();
        Running { child, said, first_line, folder }
    }

    fn address(&self) -> SocketAddr {
        let port = self.first_line.trim_end().trim_end_matches('/').rsplit(':').next().unwrap();
        SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Its exit code, and all that it logged.
    fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "nothing more is printed");
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_wrong_setting_ends_with_2_and_one_sentence() {
    let sentence = "p2pchat-server: config.toml sets http.prt, which is no setting (did you mean http.port?); \
                    --print-config shows all there are\n";
    for arguments in [&[][..], &["--check-config"], &["--print-config"]] {
        assert_eq!(said(&output(arguments, "[http]\nprt = 1\n")), (Some(2), "", sentence));
    }
    let missing = "[tls]\nenabled = true\ncert_path = \"c.pem\"\nkey_path = \"k.pem\"\n";
    for arguments in [&["--port", "0"][..], &["--check-config"]] {
        let output = output(arguments, missing);
        let (code, printed, sentence) = said(&output);
        assert_eq!((code, printed, sentence.lines().count()), (Some(2), "", 1));
        assert!(sentence.starts_with("p2pchat-server: ") && sentence.contains("c.pem"), "{sentence}");
    }
    let filter = output(&["--check-config"], "[log]\nfilter = \"what=ever\"\n");
    assert_eq!((filter.status.code(), said(&filter).2.contains("log.filter is \"what=ever\"")), (Some(2), true));
    assert_eq!(output(&["--prot", "5"], "").status.code(), Some(2));
}

#[test]
fn a_port_in_use_ends_with_1_and_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = output(&["--address", "127.0.0.1", "--port", &port], "");
    let sentence =
        format!("p2pchat-server: port {port} is in use by another program: end it, or choose another with --port\n");
    assert_eq!(said(&output), (Some(1), "", &*sentence));
}

#[test]
fn the_settings_can_be_checked_and_printed_without_starting() {
    let ok = output(&["--check-config"], "[http]\nport = 5\n");
    assert_eq!(said(&ok), (Some(0), "The settings are all right (config.toml).\n", ""));
    assert_eq!(said(&output(&["--check-config"], "")).1, "The settings are all right (no settings file).\n");
    let config = "[ice]\nservers = [{ urls = [\"turn:t\"], shared_secret = \"hush\" }]\n";
    let printed = output(&["--print-config", "--port", "6"], config);
    let (code, text, _) = said(&printed);
    assert!(code == Some(0) && text.contains("port = 6\n") && !text.contains("hush"), "{text}");
    let again = output(&["--print-config"], text);
    assert_eq!(said(&again), (Some(0), text, ""));
}

#[test]
fn a_file_named_by_a_flag_and_variables_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), "PORT = 5\nHOSTNAME = \"h.example\"\n").unwrap();
    let mut command = command(folder.path(), &["--config", "mine.toml", "--print-config"]);
    let output = command.env("P2PCHAT_ROOMS__PEERS_MAX", "3").env("HOSTNAME", "ignored").output().unwrap();
    let text = said(&output).1;
    for line in ["port = 5", "hostname = \"h.example\"", "peers_max = 3"] {
        assert!(text.lines().any(|it| it == line), "{text}");
    }
}

#[test]
fn it_says_where_to_open_it_and_sigterm_ends_it_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let running = Running::start(&[], "");
        let port = running.address().port();
        assert_eq!(running.first_line, format!("P2PChat is ready: open http://localhost:{port}/\n"));
        let begun = Instant::now();
        running.signal(signal);
        let (code, log) = running.end();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("listening") && log.contains("stopping"), "{log}");
        assert!(begun.elapsed().as_secs() < 8, "it took {:?} with nobody there", begun.elapsed());
    }
    let named = Running::start(&[], "[http]\nhostname = \"chat.example.org\"\n");
    assert!(named.first_line.starts_with("P2PChat is ready: open http://chat.example.org:"), "{}", named.first_line);
}

#[test]
fn the_original_frontend_on_another_port_is_advised_about() {
    let views = tempfile::tempdir().unwrap();
    let path = views.path().to_str().unwrap();
    let advice = "connects to its host without a port";
    for (has_bundle, is_advised) in [(false, false), (true, true)] {
        if has_bundle {
            fs::write(views.path().join("bundle.js"), "").unwrap();
        }
        let running = Running::start(&["--views", path], "");
        running.signal(Signal::TERM);
        let (code, log) = running.end();
        assert_eq!((code, log.contains(advice) && log.contains(path)), (Some(0), is_advised), "{log}");
    }
}

#[test]
fn what_is_wrong_with_a_certificate_in_use_is_logged_by_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = rcgen::CertificateParams::new(["other.example".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2024, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    fs::write(folder.path().join("c.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.path().join("k.pem"), key.serialize_pem()).unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let config = format!(
        "[http]\nhostname = \"chat.example.org\"\n[tls]\nenabled = true\ncert_path = {:?}\nkey_path = {:?}\n",
        path("c.pem"),
        path("k.pem")
    );
    let checked = output(&["--check-config"], &config);
    assert_eq!((checked.status.code(), said(&checked).1), (Some(0), "The settings are all right (config.toml).\n"));
    let running = Running::start(&[], &config);
    running.signal(Signal::TERM);
    let log = running.end().1;
    for text in [said(&checked).2, &log] {
        for (level, reason) in [("ERROR", "expired"), ("WARN", "wrong_name")] {
            let words = [level, "event=\"certificate\"", &format!("reason=\"{reason}\""), "c.pem"];
            assert!(text.lines().any(|line| words.iter().all(|it| line.contains(it))), "{reason}: {text}");
        }
    }
}

#[test]
fn a_running_server_can_be_asked_how_it_is_by_its_own_settings() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name).display().to_string();
    fs::write(path("c.pem"), pair.cert.pem()).unwrap();
    fs::write(path("k.pem"), pair.signing_key.serialize_pem()).unwrap();
    let tls = format!("[tls]\nenabled = true\ncert_path = {:?}\nkey_path = {:?}\n", path("c.pem"), path("k.pem"));
    let proxied = "[http]\nproxy_protocol = true\n";
    for config in ["", &tls, proxied, &format!("{tls}{proxied}")] {
        let running = Running::start(&[], config);
        // The server was told by flags what the check is told by variables.
        let check = |port: u16, address: &str| {
            let mut command = command(running.folder.path(), &["--health-check"]);
            command.env("P2PCHAT_HTTP__PORT", port.to_string()).env("P2PCHAT_HTTP__ADDRESS", address).output().unwrap()
        };
        for address in ["127.0.0.1", "0.0.0.0", "::"] {
            assert_eq!(said(&check(running.address().port(), address)), (Some(0), "", ""), "{config}");
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (nobody, unknown) = (check(free, "127.0.0.1"), check(0, "127.0.0.1"));
        let sentence = format!("p2pchat-server: the server on port {free} cannot be asked: ");
        assert_eq!((nobody.status.code(), said(&nobody).2.starts_with(&sentence)), (Some(1), true), "{nobody:?}");
        assert_eq!((unknown.status.code(), said(&unknown).2.contains("http.port is 0")), (Some(1), true));
    }
    let wrong = output(&["--health-check"], "[http]\nprt = 1\n");
    assert_eq!(wrong.status.code(), Some(1), "Docker knows no other");
    let doctor = output(&["doctor"], proxied);
    assert!(doctor.status.code() == Some(2) && said(&doctor).2.contains("name its address"), "{doctor:?}");
}

#[tokio::test]
async fn a_stop_ends_clients_and_then_the_process() {
    let running = Running::start(&[], "");
    let mut peers = Vec::new();
    for by in crate::harness::EVERY_WAY {
        peers.push(Peer::connect(running.address(), by).await);
    }
    running.signal(Signal::TERM);
    for peer in &mut peers {
        peer.ends().await;
    }
    let (code, log) = tokio::task::spawn_blocking(|| running.end()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn a_preset_and_a_folder_are_all_that_a_frontend_needs() {
    let views = tempfile::tempdir().unwrap();
    fs::write(views.path().join("index.html"), "theirs").unwrap();
    let path = views.path().to_str().unwrap();
    let printed = output(&["--preset", "poc", "--views", path, "--print-config"], "");
    let (code, text, _) = said(&printed);
    assert!(code == Some(0) && text.contains("port = 3001\n"), "{text}");
    let line = "[http]\nlisteners = [{ preset = \"poc\", port = 0, address = \"127.0.0.1\" }]\n";
    let running = Running::start(&["--preset", "textchat", "--views", path], line);
    running.signal(Signal::TERM);
    let (code, log) = running.end();
    assert!(code == Some(0) && log.contains("listening there too"), "{log}");
    let unknown = output(&["--preset", "pox"], "");
    assert!(said(&unknown).2.contains("http.preset names the preset \"pox\""), "{}", said(&unknown).2);
}

#[test]
fn the_limit_on_open_files_is_said_once_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 48 && exec \"$0\" --address 127.0.0.1 --port 0"]);
    command.arg(env!("CARGO_BIN_EXE_p2pchat-server")).current_dir(folder.path()).env_clear().stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first_line = String::new();
    lines.read_line(&mut first_line).unwrap();
    let running = Running { child, said: lines, first_line, folder };
    let (address, mut log) = (running.address(), String::new());
    let mut running = running;
    let mut stderr = BufReader::new(running.child.stderr.take().unwrap());
    let crowd = |n| (0..n).map(|_| TcpStream::connect(address).unwrap()).collect::<Vec<_>>();
    let first = crowd(60);
    while !log.contains("the limit on open files is reached") {
        assert!(stderr.read_line(&mut log).unwrap() > 0, "it ended: {log}");
    }
    drop(first);
    // Whoever waits is served as soon as others have left.
    let mut web = TcpStream::connect(address).unwrap();
    web.write_all(b"GET /health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    web.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(crowd(60));
    running.signal(Signal::TERM);
    stderr.read_to_string(&mut log).unwrap();
    assert_eq!(log.matches("the limit on open files is reached").count(), 1, "{log}");
}

#[tokio::test]
async fn two_servers_in_one_process_share_nothing() {
    let (first, second) = (Server::start().await, Server::start().await);
    let (mut one, mut other, room) = first.pair(By::Websocket).await;
    let mut stranger = second.guest(By::Websocket).await;
    stranger.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    assert_eq!(stranger.receive().await, r#"["TYPEERROR",{"type":3,"requestID":"j"}]"#);
    exchange(&mut one, &mut other, &room).await;
    assert_eq!((first.count().await, second.count().await), ((2, 1), (1, 0)));
}

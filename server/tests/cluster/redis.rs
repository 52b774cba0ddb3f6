//! A Redis of the test's own (Debian: `redis-server`), and servers that share rooms by it. `./check` installs it and runs these
//! tests; elsewhere they are listed as ignored.
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::harness::{Server, soon};

/// Runs until it is dropped.
pub(crate) struct Redis {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
    more: Vec<String>,
}

impl Redis {
    pub(crate) async fn start() -> Redis {
        Redis::with(&[]).await
    }

    /// `more`: of its settings.
    pub(crate) async fn with(more: &[&str]) -> Redis {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let more: Vec<_> = more.iter().map(|it| (*it).to_owned()).collect();
        let redis = Redis { child: spawn(port, &folder, &more), port, folder, more };
        redis.answers().await;
        redis
    }

    /// Until it answers.
    async fn answers(&self) {
        soon("Redis", async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Begins anew at the same port, with nothing of what it had.
    pub(crate) async fn start_empty(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.more);
        self.answers().await;
    }

    /// It loses everything that it has, and closes no connection.
    pub(crate) async fn forget_all(&self) {
        assert_eq!(self.ask("FLUSHALL").await, "+OK");
    }

    /// Until it has something under a key like this.
    pub(crate) async fn comes_to_have(&self, pattern: &str) {
        soon(pattern, async {
            while self.ask(&format!("KEYS {pattern}")).await == "*0" {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// No lease that there is now ends, but by another one of its node.
    pub(crate) async fn keep_leases(&self) {
        let key = "p2pchat:{nodes}:leases";
        let script =
            "for _, it in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], '+inf', it) end";
        assert_eq!(self.ask(&format!("EVAL \"{script} return 'kept'\" 1 {key}")).await, "$4");
    }

    /// The first line of the answer.
    async fn ask(&self, command: &str) -> String {
        let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).await.unwrap());
        connection.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_line(&mut answer).await.unwrap();
        answer.trim_end().to_owned()
    }

    /// It neither answers nor closes anything.
    pub(crate) fn freeze(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// As `cluster.redis` has it.
    pub(crate) fn setting(&self) -> String {
        format!(r#"["redis://127.0.0.1:{}"]"#, self.port)
    }

    /// A node. It waits for the store longer than is the default, because machines that run tests may be slow.
    pub(crate) async fn node(&self, overrides: &[(&str, &str)]) -> Server {
        let setting = self.setting();
        let own = [("cluster.redis", &*setting), ("cluster.timeout_ms", "20000"), ("sessions.grace_s", "600")];
        let server = Server::with(&[&own, overrides].concat()).await;
        server.comes_to_store(true).await;
        server
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, folder: &TempDir, more: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    let port = port.to_string();
    command
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path());
    command.args(more).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("redis-server (Debian's package)")
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

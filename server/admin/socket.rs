//! The socket's server.
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream, unix::WriteHalf},
    sync::Semaphore,
    time::{error::Elapsed, sleep, timeout},
};

use super::{Answer, Ask, Figures, NodeLine};
use crate::sessions::Sessions;

/// An operator, and perhaps a script of theirs.
const CONNECTIONS_MAX: usize = 4;

/// The longest question: an id and a few words.
const ASK_BYTES_MAX: u64 = 4 * 1024;

/// For a question to come, and for each piece of an answer to be taken.
const TIMEOUT: Duration = Duration::from_secs(5);

/// After the system has refused to hand over another connection.
const AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// Those that wait to be taken.
const BACKLOG: i32 = 16;

/// Where answers come from.
#[derive(Clone)]
pub struct Served {
    /// Rooms and sessions.
    pub sessions: Sessions,
    /// Everything that is counted.
    pub figures: Arc<dyn Fn() -> Figures + Send + Sync>,
    /// The nodes of the cluster, where there is one.
    pub nodes: Arc<dyn Fn() -> Vec<NodeLine> + Send + Sync>,
}

/// A socket that is there until this is dropped.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// Makes it, in the place of one that a server has left behind. Needs a Tokio runtime.
    ///
    /// # Errors
    /// Another server has it, or the system does not let us.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(there) if there.file_type().is_socket() => {
                // Only a socket that nobody listens on refuses.
                let asked = Socket::new(Domain::UNIX, Type::STREAM, None)?;
                asked.set_nonblocking(true)?;
                match asked.connect(&SockAddr::unix(path)?) {
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
                    _ => return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server has it")),
                }
            }
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is something else than a socket")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => return Err(error),
        }
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SockAddr::unix(path)?)?;
        // Before anybody can connect.
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        socket.listen(BACKLOG)?;
        let listener = UnixListener::from_std(std::os::fd::OwnedFd::from(socket).into())?;
        Ok(AdminSocket { listener, path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Never done.
    pub async fn serve(self, served: Served) {
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            // Whoever comes when all are busy waits in the system's queue.
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let served = served.clone();
                    tokio::spawn(async move {
                        if let Err(error) = answer(stream, &served).await {
                            tracing::debug!(event = "admin", %error);
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::debug!(event = "admin", %error);
                    sleep(AFTER_REFUSAL).await;
                }
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // Whoever stops the service may have removed its folder.
        let _ = fs::remove_file(&self.path);
    }
}

async fn answer(mut stream: UnixStream, served: &Served) -> io::Result<()> {
    let (reading, mut writing) = stream.split();
    let mut line = String::new();
    let mut reading = BufReader::new(reading.take(ASK_BYTES_MAX));
    timeout(TIMEOUT, reading.read_line(&mut line)).await.map_err(late)??;
    let sessions = &served.sessions;
    let ask = serde_json::from_str(&line).map_err(|error| error.to_string());
    match ask {
        Ok(Ask::Rooms) => send_all(&mut writing, sessions.rooms()).await?,
        Ok(Ask::Peers) => send_all(&mut writing, sessions.peers()).await?,
        Ok(Ask::Stats) => send(&mut writing, [Answer::Stats(Box::new((served.figures)()))]).await?,
        Ok(Ask::Nodes) => send(&mut writing, (served.nodes)().into_iter().map(Answer::Node)).await?,
        Ok(Ask::Close { id }) => send(&mut writing, [sessions.close(&id).into()]).await?,
        Err(error) => send(&mut writing, [Answer::Error(error)]).await?,
    }
    send(&mut writing, [Answer::End]).await
}

/// One piece after the other: the next is looked up when this one is taken.
async fn send_all<T: Into<Answer>>(to: &mut WriteHalf<'_>, pieces: impl Iterator<Item = Vec<T>>) -> io::Result<()> {
    for piece in pieces {
        send(to, piece.into_iter().map(Into::into)).await?;
    }
    Ok(())
}

async fn send(to: &mut WriteHalf<'_>, answers: impl IntoIterator<Item = Answer>) -> io::Result<()> {
    let mut lines = Vec::new();
    for answer in answers {
        serde_json::to_writer(&mut lines, &answer)?;
        lines.push(b'\n');
    }
    timeout(TIMEOUT, to.write_all(&lines)).await.map_err(late)?
}

fn late(_: Elapsed) -> io::Error {
    io::ErrorKind::TimedOut.into()
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;
    use crate::{accounting::Ledger, ice::Ice, sessions::Lifetimes};

    fn served() -> Served {
        let ledger = Ledger::new(crate::accounting::Limits::default());
        let ice = Ice { servers: Vec::new(), credential_ttl_s: 0 };
        let lifetimes = Lifetimes {
            grace: Duration::ZERO,
            reload_grace: Duration::ZERO,
            replay_frames_max: 0,
            replay_bytes_max: 0,
        };
        let sessions = Sessions::new(ice, ledger, lifetimes);
        let counted = sessions.clone();
        let figures = move || Figures::new(0, counted.ledger().balance(), counted.statistics(), None);
        Served { sessions, figures: Arc::new(figures), nodes: Arc::new(Vec::new) }
    }

    #[tokio::test]
    async fn a_socket_takes_the_place_of_a_forgotten_one_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let [file, path] = ["config.toml", "s"].map(|it| folder.path().join(it));
        fs::write(&file, "text").unwrap();
        assert_eq!(AdminSocket::bind(&file).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = AdminSocket::bind(&path).unwrap();
        assert_eq!(AdminSocket::bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(socket);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_say_nothing_make_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        tokio::spawn(AdminSocket::bind(&path).unwrap().serve(served()));
        let mut silent = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            silent.push(UnixStream::connect(&path).await.unwrap());
        }
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(b"{\"ask\":\"rooms\"}\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "\"end\"\n");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_read_is_left_after_a_while() {
        let (mut here, there) = UnixStream::pair().unwrap();
        let endless = iter::repeat_with(|| vec![crate::sessions::Closed { n_rooms: 1, n_peers: 0 }; 64]);
        let left = send_all(&mut here.split().1, endless).await.unwrap_err();
        assert_eq!(left.kind(), io::ErrorKind::TimedOut);
        drop(there);
    }
}

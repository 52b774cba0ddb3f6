//! Addresses and ports: how they are taken, and how connections are taken from them.
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use axum_server::{AddrListener, Address};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::StartupError;

/// Connections that the kernel may hold until we take them.
const BACKLOG: u32 = 4096;

/// `EAFNOSUPPORT`, `EMFILE` and `ENFILE` on Linux.
const AFNOSUPPORT: i32 = 97;
const TOO_MANY_OPEN_FILES: [i32; 2] = [24, 23];

/// Where somebody is, in the library's terms.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerAddr(SocketAddr);

/// A port that says, once, when no more connections can be taken.
pub(super) struct Listener {
    listener: TcpListener,
    has_said: AtomicBool,
}

impl Address for PeerAddr {
    type Stream = TcpStream;
    type Listener = Listener;
}

impl AddrListener<TcpStream, PeerAddr> for Listener {
    async fn bind_to(PeerAddr(at): PeerAddr) -> io::Result<Self> {
        Listener::new(open(at)?)
    }

    async fn accept_stream(&self) -> io::Result<(TcpStream, PeerAddr)> {
        match self.listener.accept().await {
            Ok((stream, at)) => Ok((stream, PeerAddr(at))),
            Err(error) => {
                // The library waits a moment and tries again.
                let is_limit = error.raw_os_error().is_some_and(|it| TOO_MANY_OPEN_FILES.contains(&it));
                if is_limit && !self.has_said.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        %error,
                        "the limit on open files is reached, so that people wait for others to leave: raise it (systemd: \
                         LimitNOFILE)"
                    );
                }
                Err(error)
            }
        }
    }

    fn get_local_addr(&self) -> io::Result<PeerAddr> {
        self.listener.local_addr().map(PeerAddr)
    }
}

impl Listener {
    pub(super) fn new(listener: std::net::TcpListener) -> io::Result<Self> {
        Ok(Listener { listener: TcpListener::from_std(listener)?, has_said: AtomicBool::new(false) })
    }
}

pub(super) fn bind(at: SocketAddr) -> Result<std::net::TcpListener, StartupError> {
    let (address, port) = (at.ip(), at.port());
    let first = open(at);
    let bound = match (&first, address) {
        // A machine without IPv6: every address is then every IPv4 address.
        (Err(error), IpAddr::V6(Ipv6Addr::UNSPECIFIED)) if error.raw_os_error() == Some(AFNOSUPPORT) => {
            open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))
        }
        _ => first,
    };
    bound.map_err(|error| {
        StartupError::System(match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("port {port} is in use by another program: end it, or choose another with --port")
            }
            io::ErrorKind::PermissionDenied => format!(
                "port {port} may not be opened by this user: ports below 1024 need root or the capability \
                 CAP_NET_BIND_SERVICE; or choose another with --port"
            ),
            io::ErrorKind::AddrNotAvailable => {
                format!(
                    "{address} is no address of this machine: choose one of its own with --address, or \"::\" for all"
                )
            }
            _ => format!("cannot listen on {at}: {error}"),
        })
    })
}

fn open(at: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = if at.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)?.into_std()
}

//! UDP at the addresses at which people reach this machine.
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use futures_util::future::select_all;
use tokio::time::sleep;

/// The longest datagram that a browser sends is far shorter.
pub(super) const BUFFER_BYTES: usize = 4_096;

/// Datagrams of one socket before others have their turn.
pub(super) const BATCH: usize = 64;

/// So that an error that stays does not keep a core busy.
const AFTER_ERROR: Duration = Duration::from_millis(5);

/// Sockets of one port.
pub struct Ports {
    ports: Vec<Port>,
}

struct Port {
    /// As people know it.
    address: SocketAddr,
    socket: tokio::net::UdpSocket,
}

impl Ports {
    /// Takes the port at each of these addresses; 0 for any that is free. An address that is no own one of this machine is
    /// somebody's who passes on what comes there: for these it is taken at all addresses of their family.
    ///
    /// # Errors
    /// It cannot be had. Needs a Tokio runtime.
    pub fn bind(addresses: &[IpAddr], port: u16) -> io::Result<Self> {
        let mut ports: Vec<Port> = Vec::new();
        for &ip in addresses {
            // One of each family stands for all that others pass on.
            let has_any = ports.iter().any(|it| it.socket.local_addr().is_ok_and(|at| at.ip() == any(ip)));
            let socket = match UdpSocket::bind((ip, port)) {
                Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable && !has_any => {
                    UdpSocket::bind((any(ip), port))?
                }
                Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => continue,
                bound => bound?,
            };
            crate::turn::widen(&socket);
            socket.set_nonblocking(true)?;
            let address = SocketAddr::new(ip, socket.local_addr()?.port());
            ports.push(Port { address, socket: tokio::net::UdpSocket::from_std(socket)? });
        }
        Ok(Ports { ports })
    }

    /// Where people reach them.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.ports.iter().map(|it| it.address)
    }

    /// Hands over what comes, from where and to where. Never done but when a socket fails.
    pub(super) async fn receive(&self, on_datagram: impl Fn(SocketAddr, SocketAddr, &[u8]) + Sync) -> io::Result<()> {
        if self.ports.is_empty() {
            std::future::pending::<()>().await;
        }
        let all = self.ports.iter().map(|it| Box::pin(it.receive(&on_datagram)));
        select_all(all).await.0
    }

    /// What the system does not take at once is dropped.
    pub(super) fn send(&self, source: SocketAddr, destination: SocketAddr, bytes: &[u8]) {
        if let Some(port) = self.ports.iter().find(|it| it.address == source) {
            let _ = port.socket.try_send_to(bytes, destination);
        }
    }
}

impl Port {
    async fn receive(&self, on_datagram: &(impl Fn(SocketAddr, SocketAddr, &[u8]) + Sync)) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            self.socket.readable().await?;
            for _ in 0..BATCH {
                match self.socket.try_recv_from(&mut buffer) {
                    Ok((n, from)) => on_datagram(from, self.address, buffer.get(..n).unwrap_or_default()),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // ICMP says that somebody is gone, or the system is short of memory: nothing that ends the socket.
                    Err(_) => {
                        sleep(AFTER_ERROR).await;
                        break;
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

fn any(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

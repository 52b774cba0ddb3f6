//! Real relay sockets, for peers that use other TURN servers: one for each allocation, on a port of a range.
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU16, Ordering},
    },
};

use tokio::{net::UdpSocket, task::AbortHandle, time::sleep};

use super::{TurnServer, udp};

/// The longest datagram that is taken from a peer.
const DATAGRAM_BYTES: usize = 64 * 1024;

/// Opens real relay sockets.
pub struct RealSockets {
    ports: RangeInclusive<u16>,
    /// As clients are told them: where the server is behind NAT its own are others.
    addresses: Vec<IpAddr>,
    next: AtomicU16,
    open: Arc<Open>,
}

type Open = Mutex<HashMap<SocketAddr, Arc<UdpSocket>>>;

/// A socket that is open until this is dropped.
pub(super) struct OpenSocket {
    address: SocketAddr,
    task: AbortHandle,
    open: Arc<Open>,
}

impl OpenSocket {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.task.abort();
        lock(&self.open).remove(&self.address);
    }
}

impl RealSockets {
    /// On these ports, known at these addresses, one of a family at most.
    pub fn new(ports: RangeInclusive<u16>, addresses: Vec<IpAddr>) -> Self {
        RealSockets { next: AtomicU16::new(0), ports, addresses, open: Arc::default() }
    }

    pub(super) fn open(&self, is_ipv6: bool, server: &Weak<TurnServer>) -> io::Result<OpenSocket> {
        let address =
            self.addresses.iter().find(|it| it.is_ipv6() == is_ipv6).ok_or(io::ErrorKind::AddrNotAvailable)?;
        let here = if is_ipv6 { IpAddr::from(Ipv6Addr::UNSPECIFIED) } else { Ipv4Addr::UNSPECIFIED.into() };
        let n_ports = self.ports.len();
        for _ in 0..n_ports {
            let at = usize::from(self.next.fetch_add(1, Ordering::Relaxed)) % n_ports;
            let Some(port) = self.ports.clone().nth(at) else { continue };
            let public = SocketAddr::new(*address, port);
            if lock(&self.open).contains_key(&public) {
                continue;
            }
            let Ok(socket) = udp::bind_one_family(SocketAddr::new(here, port)) else { continue };
            let socket = Arc::new(UdpSocket::from_std(socket)?);
            lock(&self.open).insert(public, socket.clone());
            let task = tokio::spawn(listen(socket, public, server.clone())).abort_handle();
            return Ok(OpenSocket { address: public, task, open: self.open.clone() });
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// What the system does not take at once is dropped.
    pub(super) fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let socket = lock(&self.open).get(&from).cloned();
        if let Some(socket) = socket {
            let _ = socket.try_send_to(bytes, to);
        }
    }
}

/// Hands what comes to the relay, as long as there is one.
async fn listen(socket: Arc<UdpSocket>, relayed: SocketAddr, server: Weak<TurnServer>) {
    let (mut buffer, mut out) = (vec![0; DATAGRAM_BYTES], Vec::new());
    loop {
        let Ok((n, from)) = socket.recv_from(&mut buffer).await else {
            // ICMP says that a peer is gone: nothing that ends the socket.
            sleep(udp::AFTER_ERROR).await;
            continue;
        };
        let Some(server) = server.upgrade() else { return };
        let data = buffer.get(..n).unwrap_or_default();
        let outcome = server.relay.receive_from_network(server.now(), relayed, from, data, &mut out);
        server.count(outcome.refusal);
        if let Some(target) = outcome.target {
            server.send(target, &out);
        }
    }
}

fn lock(open: &Open) -> MutexGuard<'_, HashMap<SocketAddr, Arc<UdpSocket>>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

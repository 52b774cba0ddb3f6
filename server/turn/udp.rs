//! The UDP socket: datagrams in batches, and answers from the address that was asked.
use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
    time::Duration,
};

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::{io::Interest, time::sleep};

use super::TurnServer;
use crate::relay::FiveTuple;

/// Buffers of one batch. Datagrams of one client may come as one of up to 64 KiB (UDP_GRO).
const BATCH: usize = 8;
const BUFFER_BYTES: usize = 64 * 1024;

/// What the system may keep of what comes in and goes out, as far as it lets us: a moment in which this thread does not run
/// is not to cost every call a packet.
const SYSTEM_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// So that an error that stays does not keep a core busy.
pub(super) const AFTER_ERROR: Duration = Duration::from_millis(5);

pub(super) struct UdpEndpoint {
    socket: tokio::net::UdpSocket,
    state: UdpSocketState,
    address: IpAddr,
    is_only_v6: bool,
}

/// Takes the UDP port for the addresses at which a listener has TCP.
pub(super) fn bind_beside(tcp: &TcpListener) -> io::Result<UdpSocket> {
    let at = tcp.local_addr()?;
    bind(at, at.is_ipv6() && SockRef::from(tcp).only_v6()?)
}

fn bind(at: SocketAddr, is_only_v6: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    if at.is_ipv6() {
        socket.set_only_v6(is_only_v6)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    Ok(socket.into())
}

/// Asks for [`SYSTEM_BUFFER_BYTES`]. Refused on some systems, and then it is what they have.
pub(crate) fn widen(socket: &UdpSocket) {
    let socket = SockRef::from(socket);
    let _ = socket.set_recv_buffer_size(SYSTEM_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SYSTEM_BUFFER_BYTES);
}

/// Of this family alone, and with the system's own buffers: there are many of these.
pub(super) fn bind_one_family(at: SocketAddr) -> io::Result<UdpSocket> {
    bind(at, true)
}

impl UdpEndpoint {
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        let address = socket.local_addr()?.ip();
        let is_only_v6 = address.is_ipv6() && SockRef::from(&socket).only_v6()?;
        let state = UdpSocketState::new((&socket).into())?;
        Ok(UdpEndpoint { socket: tokio::net::UdpSocket::from_std(socket)?, state, address, is_only_v6 })
    }

    /// Whether it is by this socket that the client has come.
    pub(super) fn serves(&self, client: &FiveTuple) -> bool {
        serves(self.address, self.is_only_v6, client)
    }

    /// Hands what comes to the relay, and sends what it wants sent.
    pub(super) async fn serve(&self, server: &TurnServer) -> io::Result<()> {
        let mut memory = vec![0; BATCH * BUFFER_BYTES];
        let mut out = Vec::new();
        loop {
            let mut metas = [RecvMeta::default(); BATCH];
            let received = {
                let mut buffers = memory.chunks_mut(BUFFER_BYTES).map(IoSliceMut::new);
                let mut slices: [IoSliceMut<'_>; BATCH] =
                    std::array::from_fn(|_| buffers.next().unwrap_or_else(|| IoSliceMut::new(&mut [])));
                let receive = || self.state.recv((&self.socket).into(), &mut slices, &mut metas);
                self.socket.async_io(Interest::READABLE, receive).await
            };
            let Ok(n) = received else {
                // ICMP says that a client is gone, or the system is short of memory: nothing that ends the socket.
                sleep(AFTER_ERROR).await;
                continue;
            };
            let now = server.now();
            for (meta, buffer) in metas.iter().zip(memory.chunks(BUFFER_BYTES)).take(n) {
                let client = FiveTuple {
                    stream: None,
                    server: meta.dst_ip.map(|it| it.to_canonical()),
                    client: SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port()),
                };
                let datagrams = buffer.get(..meta.len).unwrap_or_default();
                for datagram in datagrams.chunks(meta.stride.max(1)) {
                    let outcome = server.relay.receive(now, client, datagram, &mut out);
                    server.count(outcome.refusal);
                    if let Some(target) = outcome.target {
                        server.send(target, &out);
                    }
                }
            }
        }
    }

    /// What the system does not take at once is dropped.
    pub(super) fn send(&self, client: &FiveTuple, bytes: &[u8]) {
        let destination = SocketAddr::new(self.in_family(client.client.ip()), client.client.port());
        let src_ip = client.server.map(|it| self.in_family(it));
        let transmit = Transmit { destination, ecn: None, contents: bytes, segment_size: None, src_ip };
        let _ = self.socket.try_io(Interest::WRITABLE, || self.state.try_send((&self.socket).into(), &transmit));
    }

    /// A socket of both families knows IPv4 addresses in their IPv6 form.
    fn in_family(&self, ip: IpAddr) -> IpAddr {
        match ip {
            IpAddr::V4(ip) if self.address.is_ipv6() => ip.to_ipv6_mapped().into(),
            ip => ip,
        }
    }
}

/// Whether a client has come by a socket that is bound to this address.
fn serves(bound: IpAddr, is_only_v6: bool, client: &FiveTuple) -> bool {
    let is_ipv4 = client.client.is_ipv4();
    if bound.is_unspecified() {
        return if bound.is_ipv4() { is_ipv4 } else { !(is_only_v6 && is_ipv4) };
    }
    // Some systems do not say to which of their addresses a datagram was sent.
    let bound = bound.to_canonical();
    client.server.map_or(bound.is_ipv4() == is_ipv4, |it| it == bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_by_the_socket_that_was_asked() {
        for (bound, is_only_v6, server, client, is_it) in [
            ("::", false, "192.0.2.1", "198.51.100.7:1", true),
            ("::", false, "2001:db8::1", "[2001:db8::7]:1", true),
            ("::", true, "192.0.2.1", "198.51.100.7:1", false),
            ("::", true, "2001:db8::1", "[2001:db8::7]:1", true),
            ("0.0.0.0", false, "192.0.2.1", "198.51.100.7:1", true),
            ("0.0.0.0", false, "2001:db8::1", "[2001:db8::7]:1", false),
            ("192.0.2.1", false, "192.0.2.1", "198.51.100.7:1", true),
            ("::ffff:192.0.2.1", false, "192.0.2.1", "198.51.100.7:1", true),
            ("192.0.2.2", false, "192.0.2.1", "198.51.100.7:1", false),
            ("192.0.2.1", false, "", "198.51.100.7:1", true),
            ("192.0.2.1", false, "", "[2001:db8::7]:1", false),
        ] {
            let client = FiveTuple { stream: None, server: server.parse().ok(), client: client.parse().unwrap() };
            assert_eq!(serves(bound.parse().unwrap(), is_only_v6, &client), is_it, "{bound} {client:?}");
        }
    }
}

//! The UDP socket: datagrams in batches, and answers from the address that was asked.
use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr, UdpSocket},
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
    is_ipv6: bool,
}

/// Takes a UDP port.
pub(super) fn bind(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    if at.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    Ok(socket.into())
}

/// Asks for [`SYSTEM_BUFFER_BYTES`]. Refused on some systems, and then it is what they have.
pub(super) fn widen(socket: &UdpSocket) {
    let socket = SockRef::from(socket);
    let _ = socket.set_recv_buffer_size(SYSTEM_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SYSTEM_BUFFER_BYTES);
}

/// As [`bind`], of this family alone, and with the system's own buffers: there are many of these.
pub(super) fn bind_one_family(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    Ok(socket.into())
}

impl UdpEndpoint {
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        let is_ipv6 = socket.local_addr()?.is_ipv6();
        let state = UdpSocketState::new((&socket).into())?;
        Ok(UdpEndpoint { socket: tokio::net::UdpSocket::from_std(socket)?, state, is_ipv6 })
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
            IpAddr::V4(ip) if self.is_ipv6 => ip.to_ipv6_mapped().into(),
            ip => ip,
        }
    }
}

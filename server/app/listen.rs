//! Addresses and ports, and how they are taken.
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use socket2::{Domain, Protocol, Socket, Type};

use super::{PassedSockets, StartupError};

/// Connections that the kernel may hold until we take them.
const BACKLOG: i32 = 4096;

/// `EAFNOSUPPORT` on Linux.
const AFNOSUPPORT: i32 = 97;

/// By what the operator chooses where to listen.
pub(super) struct Chosen {
    pub(super) address: &'static str,
    pub(super) port: &'static str,
}

/// The listeners that were passed to us for this address, or a new one.
///
/// # Errors
/// The system does not let us.
pub(super) fn bind(
    at: SocketAddr,
    chosen: &Chosen,
    passed: &mut PassedSockets,
) -> Result<Vec<std::net::TcpListener>, StartupError> {
    let listeners = passed.take_tcp(at);
    if !listeners.is_empty() {
        return Ok(listeners);
    }
    let (address, port) = (at.ip(), at.port());
    let first = open(at);
    let bound = match (&first, address) {
        // A machine without IPv6: every address is then every IPv4 address.
        (Err(error), IpAddr::V6(Ipv6Addr::UNSPECIFIED)) if lacks_ipv6(error) => {
            open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))
        }
        _ => first,
    };
    bound.map(|it| vec![it]).map_err(|error| {
        StartupError::System(match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("port {port} is in use by another program: end it, or choose another with {}", chosen.port)
            }
            io::ErrorKind::PermissionDenied => format!(
                "port {port} may not be opened by this user: ports below 1024 need root or the capability \
                 CAP_NET_BIND_SERVICE; or choose another with {}",
                chosen.port
            ),
            io::ErrorKind::AddrNotAvailable => no_address(at, chosen),
            _ => format!("cannot listen on {at}: {error}"),
        })
    })
}

/// That this address is another machine's, or nobody's.
pub(super) fn no_address(at: SocketAddr, chosen: &Chosen) -> String {
    format!("{} is no address of this machine: choose one of its own with {}", at.ip(), chosen.address)
}

/// Is it that this machine has no IPv6?
pub(super) fn lacks_ipv6(error: &io::Error) -> bool {
    error.raw_os_error() == Some(AFNOSUPPORT)
}

/// The addresses by which this machine reaches the internet, if it does. Nothing is sent.
pub(super) fn own_addresses() -> Vec<IpAddr> {
    let ways: [(IpAddr, &str); 2] =
        [(Ipv4Addr::UNSPECIFIED.into(), "192.0.2.1:9"), (Ipv6Addr::UNSPECIFIED.into(), "[2001:db8::1]:9")];
    let address = |(here, there): (IpAddr, &str)| {
        let socket = UdpSocket::bind(SocketAddr::new(here, 0)).ok()?;
        socket.connect(there).ok()?;
        socket.local_addr().ok().map(|it| it.ip())
    };
    ways.into_iter().filter_map(address).collect()
}

pub(super) fn open(at: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    if at.is_ipv6() {
        // Some systems are set up so that "::" is IPv6 alone (ipv6(7), /proc/sys/net/ipv6/bindv6only).
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use socket2::SockRef;

    use super::*;

    #[test]
    fn every_address_is_of_both_families() {
        let at = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
        let chosen = Chosen { address: "--address", port: "--port" };
        let listener = bind(at, &chosen, &mut PassedSockets::default()).unwrap().remove(0);
        let at = listener.local_addr().unwrap();
        if at.is_ipv6() {
            assert!(!SockRef::from(&listener).only_v6().unwrap());
        }
        TcpStream::connect((Ipv4Addr::LOCALHOST, at.port())).unwrap();
    }
}

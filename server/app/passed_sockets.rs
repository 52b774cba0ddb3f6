//! Sockets that the service manager opened before this process began, and hands to one process after the other, so that
//! nobody is refused while the server is started again: socket activation, sd_listen_fds(3).
//!
//! **Invariant:** settings say where the server listens. A socket is used where they say the same, and one that is left over is
//! told of: connections to it would wait for ever.
use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
};

use listenfd::ListenFd;

use super::StartupError;

/// Those that nobody has taken yet.
#[derive(Debug, Default)]
pub struct PassedSockets {
    tcp: Vec<TcpListener>,
    udp: Vec<UdpSocket>,
}

impl PassedSockets {
    /// What was passed to this process, which is then forgotten by its environment: to be called once, before there are other
    /// threads.
    ///
    /// # Errors
    /// A socket is neither for TCP nor for UDP.
    pub fn from_environment() -> Result<Self, StartupError> {
        let mut passed = ListenFd::from_env();
        let mut sockets = PassedSockets::default();
        for number in 0..passed.len() {
            let taken = sockets.take_from(&mut passed, number);
            taken.map_err(|error| {
                StartupError::System(format!(
                    "socket {number} of those that the service manager passed cannot be used: {error}"
                ))
            })?;
        }
        Ok(sockets)
    }

    fn take_from(&mut self, passed: &mut ListenFd, number: usize) -> io::Result<()> {
        if let Ok(Some(listener)) = passed.take_tcp_listener(number) {
            listener.set_nonblocking(true)?;
            self.tcp.push(listener);
        } else if let Some(socket) = passed.take_udp_socket(number)? {
            socket.set_nonblocking(true)?;
            self.udp.push(socket);
        }
        Ok(())
    }

    /// The listeners for this address: one of each family, or of each address of the machine, where the socket unit has them
    /// apart. In the order in which they were passed.
    pub(super) fn take_tcp(&mut self, at: SocketAddr) -> Vec<TcpListener> {
        self.tcp.extract_if(.., |it| it.local_addr().is_ok_and(|bound| serves(bound, at))).collect()
    }

    /// The sockets for this address, as [`PassedSockets::take_tcp`].
    pub(super) fn take_udp(&mut self, at: SocketAddr) -> Vec<UdpSocket> {
        self.udp.extract_if(.., |it| it.local_addr().is_ok_and(|bound| serves(bound, at))).collect()
    }

    /// Closes those that no setting is for. A sentence for each.
    pub(super) fn left_over(self) -> Vec<String> {
        let tcp = self.tcp.iter().map(|it| ("TCP", it.local_addr()));
        let sockets = tcp.chain(self.udp.iter().map(|it| ("UDP", it.local_addr())));
        let sentence = |(protocol, at): (&str, io::Result<SocketAddr>)| {
            at.ok().map(|at| {
                format!(
                    "the service manager has opened {at} ({protocol}), and no setting has the server listen there, so that \
                     whoever connects to it waits in vain: put the same address and port into the socket unit and the settings"
                )
            })
        };
        sockets.filter_map(sentence).collect()
    }
}

/// Whether a socket that is bound there is what a setting wants. Where that wants every address, the socket unit may narrow it.
fn serves(bound: SocketAddr, wanted: SocketAddr) -> bool {
    let is_there = wanted.ip().is_unspecified() || bound.ip().to_canonical() == wanted.ip().to_canonical();
    bound.port() == wanted.port() && is_there
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_serves_its_own_address_and_whoever_wants_all() {
        for (bound, wanted, serves_it) in [
            ("[::]:443", "[::]:443", true),
            ("0.0.0.0:443", "[::]:443", true),
            ("127.0.0.1:443", "[::]:443", true),
            ("[::ffff:127.0.0.1]:443", "127.0.0.1:443", true),
            // What is to be of this machine alone is not opened to all.
            ("[::]:443", "127.0.0.1:443", false),
            ("127.0.0.1:443", "127.0.0.2:443", false),
            ("[::]:443", "[::]:8443", false),
        ] {
            assert_eq!(serves(bound.parse().unwrap(), wanted.parse().unwrap()), serves_it, "{bound} {wanted}");
        }
    }

    #[test]
    fn all_sockets_of_a_port_are_taken_together() {
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = one.local_addr().unwrap().port();
        let others = ["127.0.0.2", "127.0.0.3"].map(|it| TcpListener::bind((it, port)).unwrap());
        let udp = ["127.0.0.1", "127.0.0.2"].map(|it| UdpSocket::bind((it, port)).unwrap());
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        let [two, three] = others;
        let mut passed = PassedSockets { tcp: vec![one, elsewhere, two, three], udp: udp.into() };
        let addresses = |passed: &mut PassedSockets, at: &str| {
            let at = SocketAddr::new(at.parse().unwrap(), port);
            passed.take_tcp(at).iter().map(|it| it.local_addr().unwrap().ip().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(addresses(&mut passed, "127.0.0.2"), ["127.0.0.2"], "a setting of one address has that alone");
        assert_eq!(addresses(&mut passed, "::"), ["127.0.0.1", "127.0.0.3"]);
        assert_eq!(passed.take_udp(SocketAddr::new("0.0.0.0".parse().unwrap(), port)).len(), 2);
        assert_eq!(passed.left_over().len(), 1);
    }

    #[test]
    fn each_socket_is_taken_once_and_what_is_left_over_is_told_of() {
        let [one, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let [at, left] = [&one, &other].map(|it| it.local_addr().unwrap());
        let udp_at = udp.local_addr().unwrap();
        let mut passed = PassedSockets { tcp: vec![one, other], udp: vec![udp] };
        assert!(passed.take_udp(at).is_empty() && passed.take_tcp(udp_at).is_empty(), "TCP is not UDP");
        assert_eq!(passed.take_tcp(at)[0].local_addr().unwrap(), at);
        assert!(passed.take_tcp(at).is_empty());
        let sentences = passed.left_over();
        let names =
            |at: SocketAddr, protocol: &str| sentences.iter().any(|it| it.contains(&format!("{at} ({protocol})")));
        assert_eq!((sentences.len(), names(left, "TCP"), names(udp_at, "UDP")), (2, true, true), "{sentences:?}");
    }
}

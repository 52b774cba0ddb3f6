//! Carries the STUN and TURN server: its sockets and streams, its clock, and what it has to know of sessions.
//!
//! **Invariant:** nothing waits for a client that does not read: what a socket or a queue does not take at once is dropped,
//! as any router would.
mod host;
mod link;
mod local;
mod members;
mod sockets;
mod streams;
mod udp;

use std::{
    io, mem,
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use futures_util::future::try_join_all;
use secrecy::SecretString;
use tokio::time::sleep;

use crate::{
    accounting::{Ledger, Reason},
    ice::OwnRelay,
    relay::{Credentials, FixedLogin, Limits, Networks, Now, Refusal, Relay, Stats, Target},
    sessions::Sessions,
};
use host::SessionsHost;
use link::Link;
pub use local::LocalReceiver;
pub use sockets::RealSockets;
use streams::Streams;
use udp::UdpEndpoint;
pub(crate) use udp::widen;

/// What clients see as REALM.
const REALM: &str = "p2pchat";

/// Between two looks at what is over, at most: an allocation lasts ten minutes at least, so that one which was made in the
/// meantime does not end before the next look.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What a server is made of.
pub struct Settings {
    /// Bounds of allocations.
    pub limits: Limits,
    /// For pages that cannot ask for credentials.
    pub fixed: Option<FixedLogin>,
    /// Real relay sockets, and where they may send.
    pub real: Option<(RealSockets, Networks)>,
    /// What clients are told.
    pub told: Told,
}

/// What clients are told of the server.
pub struct Told {
    /// In place of what fits how they came.
    pub urls: Vec<String>,
    /// In place of the name by which they came.
    pub host: Option<String>,
    /// How long credentials are valid, in seconds.
    pub credential_ttl_s: u64,
}

/// A STUN and TURN server. It serves streams that it is given, and UDP where it has a socket.
pub struct TurnServer {
    relay: Relay<SessionsHost>,
    ledger: Ledger,
    started: Instant,
    udp: OnceLock<Vec<UdpEndpoint>>,
    streams: Streams,
    told: Arc<ArcSwap<OwnRelay>>,
    /// Where TLS is spoken, if it is.
    https_port: OnceLock<u16>,
}

/// UDP and TCP on one port: a socket of each, or one for each family or address where they are apart.
pub struct Port {
    udp: Vec<UdpSocket>,
    tcp: Vec<TcpListener>,
}

impl Port {
    /// Takes a port for both, 0 for any that is free. `udp`: sockets that are bound there already.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn bind(
        at: SocketAddr,
        mut listen: impl FnMut(SocketAddr) -> io::Result<Vec<TcpListener>>,
        mut udp: Vec<UdpSocket>,
    ) -> io::Result<Self> {
        // One that is free for TCP may be taken for UDP.
        let n_tries = if at.port() == 0 { 16 } else { 1 };
        let mut bound = Err(io::ErrorKind::AddrInUse.into());
        for _ in 0..n_tries {
            bound = listen(at).and_then(|tcp| {
                let udp = match mem::take(&mut udp) {
                    passed if passed.is_empty() => tcp.iter().map(udp::bind_beside).collect::<Result<_, _>>()?,
                    passed => passed,
                };
                udp.iter().for_each(udp::widen);
                Ok(Port { udp, tcp })
            });
            if bound.is_ok() {
                break;
            }
        }
        bound
    }

    /// Its number.
    ///
    /// # Errors
    /// The system does not say.
    pub fn number(&self) -> io::Result<u16> {
        self.udp.first().map_or_else(|| Err(io::ErrorKind::NotFound.into()), |it| Ok(it.local_addr()?.port()))
    }
}

impl TurnServer {
    /// A server for these sessions, which tell clients of it from now on. `port` is where UDP and TCP are spoken, if they are.
    ///
    /// # Errors
    /// The system has no random numbers. Needs a Tokio runtime.
    pub fn new(settings: Settings, sessions: &Sessions, port: Option<u16>) -> io::Result<Arc<Self>> {
        let Settings { limits, fixed, real, told: Told { urls, host, credential_ttl_s } } = settings;
        let (sockets, networks) = real.unzip();
        let secret = SecretString::from(hex(&random::<32>()?));
        let credentials =
            Credentials { realm: REALM.to_owned(), secret: secret.clone(), fixed, nonce_key: random::<32>()? };
        let relay = crate::relay::Settings { credentials, limits, networks, seed: u64::from_be_bytes(random()?) };
        let own = OwnRelay { urls, host, port, secret, credential_ttl_s };
        let told = Arc::new(ArcSwap::from_pointee(own));
        let server = Arc::new_cyclic(|server| TurnServer {
            relay: Relay::new(relay, SessionsHost::new(sessions.clone(), sockets, server.clone())),
            ledger: sessions.ledger().clone(),
            started: Instant::now(),
            udp: OnceLock::new(),
            streams: Streams::default(),
            told: told.clone(),
            https_port: OnceLock::new(),
        });
        sessions.attach_relay(Arc::new(Link { server: Arc::downgrade(&server), own: told }));
        Ok(server)
    }

    /// Serves UDP at these sockets, if there are any, and ends what is over. Never done but when a socket fails.
    ///
    /// # Errors
    /// A socket fails.
    pub async fn run(&self, sockets: Vec<UdpSocket>) -> io::Result<()> {
        let timing = async {
            loop {
                let now = self.now();
                self.relay.on_timer(now);
                let next =
                    self.relay.next_deadline_s().map(|it| Duration::from_secs((it - now.clock_s.min(it)).into()));
                sleep(next.map_or(LOOK_EVERY, |it| it.clamp(Duration::from_secs(1), LOOK_EVERY))).await;
            }
        };
        let endpoints = sockets.into_iter().map(UdpEndpoint::new).collect::<io::Result<Vec<_>>>()?;
        let endpoints = self.udp.get_or_init(|| endpoints);
        let serving = try_join_all(endpoints.iter().map(|it| it.serve(self)));
        tokio::select! {
            () = timing => Ok(()),
            failed = serving, if !endpoints.is_empty() => failed.map(|_| ()),
        }
    }

    /// What clients that ask from now on are told.
    pub fn tell(&self, told: Told) {
        let Told { urls, host, credential_ttl_s } = told;
        let OwnRelay { port, secret, .. } = (**self.told.load()).clone();
        self.told.store(Arc::new(OwnRelay { urls, host, port, secret, credential_ttl_s }));
    }

    /// Where it is reached by TLS, for people who come to other nodes.
    pub fn set_https_port(&self, port: u16) {
        self.https_port.get_or_init(|| port);
    }

    /// How much there is.
    pub fn stats(&self) -> Stats {
        self.relay.stats()
    }

    fn now(&self) -> Now {
        let unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
        Now { clock_s: u32::try_from(self.started.elapsed().as_secs()).unwrap_or(u32::MAX), unix_s }
    }

    /// Sends what the relay wants sent.
    fn send(&self, target: Target, bytes: &[u8]) {
        match target {
            Target::Client(client) => match client.stream {
                Some(stream) => {
                    if self.streams.queue(stream, bytes, &self.ledger).is_err() {
                        self.ledger.count(Reason::RelayQueueFull);
                    }
                }
                None => {
                    if let Some(udp) = self.udp.get().into_iter().flatten().find(|it| it.serves(&client)) {
                        udp.send(&client, bytes);
                    }
                }
            },
            Target::Network { from, to } => self.relay.host().send_from(from, to, bytes),
            Target::Local { from, to } => self.hand_over(from, to, bytes),
        }
    }

    fn count(&self, refusal: Option<Refusal>) {
        if let Some(refusal) = refusal {
            self.ledger.count(reason(refusal));
        }
    }
}

impl Port {
    /// The sockets for [`TurnServer::run`], and the listeners for an acceptor.
    pub fn split(self) -> (Vec<UdpSocket>, Vec<TcpListener>) {
        (self.udp, self.tcp)
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

/// What a refusal is called in the accounts.
fn reason(refusal: Refusal) -> Reason {
    match refusal {
        Refusal::Malformed => Reason::RelayMalformed,
        Refusal::BadRequest => Reason::RelayBadRequest,
        Refusal::StrangerRate => Reason::RelayStrangerRate,
        Refusal::StaleNonce => Reason::RelayStaleNonce,
        Refusal::WrongCredentials => Reason::RelayWrongCredentials,
        Refusal::ExpiredCredentials => Reason::RelayExpiredCredentials,
        Refusal::NotInRoom => Reason::RelayNotInRoom,
        Refusal::PeerQuota => Reason::RelayPeerQuota,
        Refusal::AddressQuota => Reason::RelayAddressQuota,
        Refusal::TotalQuota => Reason::RelayQuota,
        Refusal::NoCapacity => Reason::RelayNoCapacity,
        Refusal::Mismatch => Reason::RelayMismatch,
        Refusal::NoPermission => Reason::RelayNoPermission,
        Refusal::DeniedAddress => Reason::RelayDeniedAddress,
        Refusal::NoPeer => Reason::RelayNoPeer,
        Refusal::NoCommonRoom => Reason::RelayNoCommonRoom,
        Refusal::ByteRate => Reason::RelayByteRate,
    }
}

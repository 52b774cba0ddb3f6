//! Which addresses real relay sockets may send to and hear.
//!
//! **Invariant:** an address is judged by what it leads to, however it is written: IPv4 inside IPv6 (mapped, compatible,
//! NAT64, 6to4, Teredo, ISATAP) is judged as both.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Never reached, whatever is allowed: they name this machine, or nobody in particular.
const NEVER: &[&str] = &["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "ff00::/8"];

/// Reached where an operator allows it: networks that no address of the internet is in (RFC 6890 and its registries).
const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
];

/// A text that is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network")]
pub struct NetworkError(pub String);

/// Where real relay sockets may send.
#[derive(Clone, Debug)]
pub struct Networks {
    never: Vec<IpNet>,
    denied: Vec<IpNet>,
    allowed: Vec<IpNet>,
    private: Vec<IpNet>,
    own: Vec<IpAddr>,
}

impl Networks {
    /// `denied` is never reached, `allowed` is although it is private, and `own` are this machine's addresses.
    ///
    /// # Errors
    /// A text is neither an address nor a network.
    pub fn new(
        denied: &[impl AsRef<str>],
        allowed: &[impl AsRef<str>],
        own: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Self, NetworkError> {
        Ok(Networks {
            never: parse(NEVER)?,
            denied: parse(denied)?,
            allowed: parse(allowed)?,
            private: parse(PRIVATE)?,
            own: own.into_iter().map(|it| it.to_canonical()).collect(),
        })
    }

    /// May a relay socket have anything to do with this address?
    pub fn allows(&self, ip: IpAddr) -> bool {
        let is_in = |networks: &[IpNet], ip: &IpAddr| networks.iter().any(|it| it.contains(ip));
        let meanings = meanings(ip);
        let is_fine = |ip: &IpAddr| {
            let is_taboo = is_in(&self.never, ip) || is_in(&self.denied, ip) || self.own.contains(ip);
            !is_taboo && (is_in(&self.allowed, ip) || !is_in(&self.private, ip))
        };
        meanings.iter().all(is_fine)
    }
}

fn parse(texts: &[impl AsRef<str>]) -> Result<Vec<IpNet>, NetworkError> {
    let network = |text: &str| {
        let address = || text.parse::<IpAddr>().ok().map(|it| IpNet::from(it.to_canonical()));
        text.parse().ok().or_else(address).ok_or_else(|| NetworkError(text.to_owned()))
    };
    texts.iter().map(|it| network(it.as_ref())).collect()
}

/// The addresses that one leads to: itself, and an IPv4 address inside it.
fn meanings(ip: IpAddr) -> Vec<IpAddr> {
    let IpAddr::V6(v6) = ip else { return vec![ip] };
    let segments = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    let [.., s6, s7] = segments;
    if let Some(mapped) = v6.to_ipv4_mapped() {
        // This is no more than another way to write it.
        return vec![mapped.into()];
    }
    let inside = match segments {
        // IPv4-compatible, which `::` and `::1` are not.
        [0, 0, 0, 0, 0, 0, ..] if v6 != Ipv6Addr::UNSPECIFIED && v6 != Ipv6Addr::LOCALHOST => Some(v4(s6, s7)),
        // IPv4-translated (RFC 2765).
        [0, 0, 0, 0, 0xFFFF, 0, ..] => Some(v4(s6, s7)),
        // NAT64 with the well-known prefix (RFC 6052).
        [0x64, 0xFF9B, 0, 0, 0, 0, ..] => Some(v4(s6, s7)),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => Some(v4(high, low)),
        // Teredo: the client, inverted (RFC 4380).
        [0x2001, 0, ..] => Some(v4(!s6, !s7)),
        // ISATAP (RFC 5214).
        [_, _, _, _, 0 | 0x200, 0x5EFE, ..] => Some(v4(s6, s7)),
        _ => None,
    };
    [ip].into_iter().chain(inside.map(IpAddr::from)).collect()
}

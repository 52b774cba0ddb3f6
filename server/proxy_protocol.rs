//! The PROXY protocol, versions 1 and 2: the header that a proxy puts before a connection to say whose it is
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>). Bytes in, an address out, without a socket or a clock.
//!
//! **Invariant:** it never asks for a byte beyond the header, so that TLS or HTTP finds its own first byte untouched.
//!
//! Ours, because no library keeps to that: they want a buffer that may hold more. One address is all that is wanted.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// How many bytes of a header are looked at: those of the longest line of version 1 (section 2.1).
pub const BYTES_MAX: usize = 107;

/// A header for a connection that the proxy makes on its own account, as for health checks: version 2, `LOCAL`.
pub const LOCAL: [u8; FIXED_BYTES] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// Every header has as many bytes at least: `PROXY UNKNOWN` with the line's end. Version 2 has one more.
const BYTES_MIN: usize = 15;

const V1_BEGIN: &[u8] = b"PROXY ";
const V2_BEGIN: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// What version 2 begins with, up to the length of the rest (section 2.2).
const FIXED_BYTES: usize = 16;

/// What is known of a header after some of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes more belong to it at least.
    Needs(usize),
    /// All is known that it says.
    Known {
        /// Whose connection it is. `None`: the proxy's own, or nobody says.
        client: Option<SocketAddr>,
        /// So many bytes follow that are the header's, and say nothing that is wanted here.
        n_ignored: usize,
    },
}

/// It is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no header of the PROXY protocol")]
pub struct Malformed;

/// What the first bytes of a connection say, [`BYTES_MAX`] of them at most.
///
/// # Errors
/// They begin no header.
pub fn read(bytes: &[u8]) -> Result<Progress, Malformed> {
    if bytes.len() < BYTES_MIN {
        return Ok(Progress::Needs(BYTES_MIN - bytes.len()));
    }
    if bytes.starts_with(V2_BEGIN) {
        read_v2(bytes)
    } else if bytes.starts_with(V1_BEGIN) {
        read_v1(bytes)
    } else {
        Err(Malformed)
    }
}

fn read_v1(bytes: &[u8]) -> Result<Progress, Malformed> {
    let Some(end) = bytes.iter().position(|it| *it == b'\r') else {
        // The line's end, and of each part that has not begun, a space and one sign.
        let n_missing = match bytes.strip_prefix(V1_BEGIN) {
            Some(rest) if rest.starts_with(b"TCP") => {
                5_usize.saturating_sub(bytes.iter().filter(|it| **it == b' ').count())
            }
            _ => 0,
        };
        return needs(bytes, 2 + 2 * n_missing);
    };
    match bytes.get(end + 1..) {
        Some([]) => return needs(bytes, 1),
        Some(b"\n") => {}
        _ => return Err(Malformed),
    }
    let line = bytes.get(V1_BEGIN.len()..end).and_then(|it| str::from_utf8(it).ok()).ok_or(Malformed)?;
    let (family, rest) = line.split_once(' ').unwrap_or((line, ""));
    let client = match family {
        "TCP4" => Some(tcp::<Ipv4Addr>(rest)?),
        "TCP6" => Some(tcp::<Ipv6Addr>(rest)?),
        // Whatever follows in the line is to be ignored.
        "UNKNOWN" => None,
        _ => return Err(Malformed),
    };
    Ok(Progress::Known { client, n_ignored: 0 })
}

fn needs(bytes: &[u8], n: usize) -> Result<Progress, Malformed> {
    if bytes.len() + n > BYTES_MAX { Err(Malformed) } else { Ok(Progress::Needs(n)) }
}

/// The first of two addresses with their two ports.
fn tcp<A: FromStr + Into<IpAddr>>(text: &str) -> Result<SocketAddr, Malformed> {
    let port = |it: &str| it.bytes().all(|it| it.is_ascii_digit()).then(|| it.parse::<u16>().ok()).flatten();
    let mut parts = text.split(' ');
    let mut next = || parts.next().ok_or(Malformed);
    let (from, to, from_port, to_port) = (next()?, next()?, next()?, next()?);
    let (Ok(from), Ok(_)) = (from.parse::<A>(), to.parse::<A>()) else { return Err(Malformed) };
    match (port(from_port), port(to_port), parts.next()) {
        (Some(port), Some(_), None) => Ok(SocketAddr::new(from.into(), port)),
        _ => Err(Malformed),
    }
}

fn read_v2(bytes: &[u8]) -> Result<Progress, Malformed> {
    let [version_and_command, family_and_transport, high, low] = *part::<4>(bytes, V2_BEGIN.len()).unwrap_or(&[0; 4]);
    if bytes.len() < FIXED_BYTES {
        return Ok(Progress::Needs(FIXED_BYTES - bytes.len()));
    }
    let n_following = usize::from(u16::from_be_bytes([high, low]));
    let is_local = match version_and_command {
        0x20 => true,
        0x21 => false,
        _ => return Err(Malformed),
    };
    let (family, transport) = (family_and_transport >> 4, family_and_transport & 0x0f);
    if family > 3 || transport > 2 {
        return Err(Malformed);
    }
    // Of other than TCP over IP, and of a connection of the proxy's own, the addresses of the connection itself count.
    let n_address = match family_and_transport {
        _ if is_local => 0,
        0x11 => 12,
        0x21 => 36,
        _ => 0,
    };
    if n_following < n_address {
        return Err(Malformed);
    }
    let n_missing = (FIXED_BYTES + n_address).saturating_sub(bytes.len());
    if n_missing > 0 {
        return Ok(Progress::Needs(n_missing));
    }
    let client = match n_address {
        12 => address::<4>(bytes, 8),
        36 => address::<16>(bytes, 32),
        _ => None,
    };
    Ok(Progress::Known { client, n_ignored: n_following - n_address })
}

/// The first address behind the fixed part, and the port that begins `port_at` bytes after it.
fn address<const N: usize>(bytes: &[u8], port_at: usize) -> Option<SocketAddr>
where
    IpAddr: From<[u8; N]>,
{
    let address = IpAddr::from(*part::<N>(bytes, FIXED_BYTES)?);
    Some(SocketAddr::new(address, u16::from_be_bytes(*part::<2>(bytes, FIXED_BYTES + port_at)?)))
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    bytes.get(at..)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const V1: &str = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
    const LONGEST: &str = "PROXY TCP6 ffff:f00f:ffff:ffff:ffff:ffff:ffff:ffff ffff:f00f:ffff:ffff:ffff:ffff:ffff:ffff \
                           65535 65535\r\n";

    /// What a reader that takes no more than it is told to makes of this, and what it leaves.
    fn taken(bytes: &[u8]) -> Result<(Option<SocketAddr>, &[u8]), Malformed> {
        let mut n = 0;
        loop {
            match read(&bytes[..n])? {
                Progress::Needs(more) => n = (n + more <= bytes.len()).then_some(n + more).ok_or(Malformed)?,
                Progress::Known { client, n_ignored } => return Ok((client, &bytes[n + n_ignored..])),
            }
            assert!(n <= BYTES_MAX);
        }
    }

    fn v2(command: u8, family: u8, following: &[u8]) -> Vec<u8> {
        let n = u16::try_from(following.len()).unwrap().to_be_bytes();
        [V2_BEGIN, &[0x20 | command, family], &n, following].concat()
    }

    fn at(text: &str) -> Option<SocketAddr> {
        Some(text.parse().unwrap())
    }

    /// Followed by what is not the header's, and must be left.
    fn says(header: &[u8], client: Option<SocketAddr>) {
        let followed = [header, b"GET / HTTP/1.1\r\n"].concat();
        let rest = &followed[header.len()..];
        assert_eq!(taken(&followed), Ok((client, rest)), "{:?}", String::from_utf8_lossy(header));
        assert_eq!(taken(&header[..header.len() - 1]), Err(Malformed), "cut off");
    }

    #[test]
    fn a_line_of_version_1_names_the_client() {
        says(V1.as_bytes(), at("192.0.2.7:56324"));
        says(b"PROXY TCP4 1.1.1.1 1.1.1.1 0 0\r\n", at("1.1.1.1:0"));
        says(b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n", at("[2001:db8::7]:4711"));
        says(LONGEST.as_bytes(), at("[ffff:f00f:ffff:ffff:ffff:ffff:ffff:ffff]:65535"));
        says(b"PROXY UNKNOWN\r\n", None);
        let unknown = LONGEST.replace("TCP6", "UNKNOWN");
        assert_eq!(unknown.len(), BYTES_MAX);
        says(unknown.as_bytes(), None);
    }

    #[test]
    fn version_2_names_the_client_and_its_extensions_are_passed_over() {
        let four = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb];
        says(&v2(1, 0x11, &four), at("192.0.2.7:56324"));
        let six = [&Ipv6Addr::from_str("2001:db8::7").unwrap().octets()[..], &[0; 16], &[0x12, 0x67, 1, 187]].concat();
        says(&v2(1, 0x21, &six), at("[2001:db8::7]:4711"));
        let extended = [&four[..], &[0x04, 0, 1, 0], &[0xee; 60_000]].concat();
        assert_eq!(taken(&[v2(1, 0x11, &extended), b"!".to_vec()].concat()), Ok((at("192.0.2.7:56324"), &b"!"[..])));
    }

    #[test]
    fn a_connection_of_the_proxys_own_or_of_no_address_names_nobody() {
        assert_eq!(taken(&LOCAL), Ok((None, &b""[..])));
        let addresses = [7; 12];
        for header in [
            v2(0, 0x00, b""),
            // The addresses of a health check are to be ignored.
            v2(0, 0x11, &addresses),
            v2(0, 0x11, b""),
            v2(1, 0x00, b""),
            v2(1, 0x00, b"more"),
            // Over UDP, and by a socket of this machine.
            v2(1, 0x12, &addresses),
            v2(1, 0x31, &[0; 216]),
        ] {
            assert_eq!(taken(&[header, b"!".to_vec()].concat()), Ok((None, &b"!"[..])));
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for text in [
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "PROXY\r\n          ",
            "PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n",
            "PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n  ",
            "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n",
            "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n\n\n",
            "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\r\n",
            "PROXY TCP4 1.1.1.1 1.1.1.1 1 65536\r\n",
            "PROXY TCP4 1.1.1.1 1.1.1.1 +1 1\r\n",
            "PROXY TCP4 1.1.1.1 1.1.1.1 -1 1\r\n",
            "PROXY TCP4 1.1.1.1  1.1.1.1 1 1\r\n",
            "PROXY TCP4 1.1.1.256 1.1.1.1 1 1\r\n",
            "PROXY TCP4 ::1 ::1 1 1\r\n         ",
            "PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n",
            "PROXY TCP6 ::1 1.1.1.1 1 1\r\n",
            "proxy tcp4 1.1.1.1 1.1.1.1 1 1\r\n",
            "PROXY UNKNOWNS 1.1.1.1 1.1.1.1 1 1\r\n",
            "PROXY TCP4 \u{661}.1.1.1 1.1.1.1 1 1\r\n",
        ] {
            assert_eq!(taken(text.as_bytes()), Err(Malformed), "{text}");
        }
        let endless = format!("PROXY UNKNOWN {}", "x".repeat(200));
        assert_eq!(taken(endless.as_bytes()), Err(Malformed));
        for header in [
            v2(2, 0x11, &[0; 12]),
            v2(1, 0x11, &[0; 11]),
            v2(1, 0x21, &[0; 35]),
            v2(1, 0x41, &[0; 36]),
            v2(1, 0x13, &[0; 36]),
            [V2_BEGIN, b"\x11\x11\0\x0c", &[0; 12]].concat(),
            [b"\r\n\r\n\0\r\nQUIT\r", &b"\x21\x11\0\x0c"[..], &[0; 12]].concat(),
        ] {
            assert_eq!(taken(&header), Err(Malformed), "{header:?}");
        }
    }

    fn client() -> impl Strategy<Value = SocketAddr> {
        any::<(IpAddr, u16)>().prop_map(SocketAddr::from)
    }

    proptest! {
        #[test]
        fn every_client_is_read_as_it_was_written_and_nothing_behind_it(
            client in client(), to_port: u16, following: Vec<u8>, extensions in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let (family, own) = if client.is_ipv4() { ("TCP4", "198.51.100.1") } else { ("TCP6", "2001:db8::1") };
            let one = format!("PROXY {family} {} {own} {} {to_port}\r\n", client.ip(), client.port());
            let octets = match client.ip() {
                IpAddr::V4(it) => [it.octets(), it.octets()].concat(),
                IpAddr::V6(it) => [it.octets(), it.octets()].concat(),
            };
            let ports = [client.port().to_be_bytes(), to_port.to_be_bytes()].concat();
            let family = if client.is_ipv4() { 0x11 } else { 0x21 };
            let two = v2(1, family, &[octets, ports, extensions].concat());
            for header in [one.as_bytes(), &two] {
                let followed = [header, &following].concat();
                prop_assert_eq!(taken(&followed), Ok((Some(client), &following[..])));
            }
        }
    }
}

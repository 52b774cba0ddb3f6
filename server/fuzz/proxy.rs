//! What must hold of the PROXY protocol for any input: run by the fuzzer, and over random input by the tests.
use p2pchat_server::proxy_protocol::{BYTES_MAX, Malformed, Progress, read};

/// Whoever reads as many bytes as are asked for, and no more, comes to what is said at the first byte at which it is known, and so
/// takes nothing that is not the header's.
pub(crate) fn takes_no_more_than_the_header(bytes: &[u8]) {
    let asked = as_asked(bytes);
    let looked_at = bytes.len().min(BYTES_MAX);
    let first = (0..=looked_at).find_map(|n| match read(&bytes[..n]) {
        Ok(Progress::Known { client, n_ignored }) => Some((n, client, n_ignored)),
        Ok(Progress::Needs(_)) | Err(Malformed) => None,
    });
    assert_eq!(asked.is_some(), first.is_some(), "{bytes:?}");
    assert_eq!(asked, first, "{bytes:?}");
    if let Some((n, client, n_ignored)) = first {
        let is_v2 = bytes.starts_with(b"\r\n");
        assert!(is_v2 || n_ignored == 0 && bytes[..n].ends_with(b"\r\n"));
        let announced = if is_v2 { usize::from(u16::from_be_bytes([bytes[14], bytes[15]])) + 16 } else { n };
        assert_eq!(n + n_ignored, announced, "it ends where it says that it ends");
        assert!(client.is_none() || n > 16);
    }
}

/// How many bytes a reader takes that goes by what it is told, with what it learns.
fn as_asked(bytes: &[u8]) -> Option<(usize, Option<std::net::SocketAddr>, usize)> {
    let mut n = 0;
    loop {
        match read(bytes.get(..n)?).ok()? {
            Progress::Needs(0) => panic!("it asks for nothing after {n} bytes"),
            Progress::Needs(more) => n += more,
            Progress::Known { client, n_ignored } => return Some((n, client, n_ignored)),
        }
        assert!(n <= BYTES_MAX, "it asks for {n} bytes");
    }
}

//! Whose a request of ICE is.

/// Our part of the user name in a request of ICE (RFC 8445, section 7.2.2): what stands before the colon.
pub(super) fn user_of(datagram: &[u8]) -> Option<&str> {
    const REQUEST: [u8; 2] = [0, 1];
    const USERNAME: u16 = 6;
    const HEAD_BYTES: usize = 20;
    let mut rest = datagram.strip_prefix(&REQUEST).and_then(|_| datagram.get(HEAD_BYTES..))?;
    while let [kind_a, kind_b, length_a, length_b, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*length_a, *length_b]));
        let value = tail.get(..length)?;
        if u16::from_be_bytes([*kind_a, *kind_b]) == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        rest = tail.get(length.next_multiple_of(4)..)?;
    }
    None
}

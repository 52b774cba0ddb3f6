//! Where websocket frames begin and end in a stream of bytes (RFC 6455, section 5.2), without decoding them: what has to be
//! known to charge for a frame before a library allocates anything for it.
//!
//! **Invariants:** no socket, no clock, no allocation. The result is the same however the bytes are cut into pieces. Nothing
//! is checked but the length of things; what breaks the rules is for the library to refuse.

/// So many bytes at the start of a message are kept, unmasked.
pub(super) const HEAD_BYTES: usize = 16;

/// Two bytes, eight of length, four of mask.
const HEADER_BYTES_MAX: usize = 14;

/// What a frame is. One that continues a message is of that message's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    Text,
    Binary,
    Close,
    Ping,
    Pong,
    /// An opcode without a meaning.
    Reserved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameEvent {
    /// A header is complete. So many bytes its message has with this frame's payload, or its payload if it is a control frame.
    Begin { n_message: u64 },
    /// The payload is complete.
    End(Frame),
}

/// A whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    /// Its message is complete with it.
    pub(super) is_last: bool,
    /// Bytes of its header and its payload.
    pub(super) n_bytes: u64,
    /// Bytes of its message so far.
    pub(super) n_message: u64,
    head: [u8; HEAD_BYTES],
}

/// One direction of one connection.
#[derive(Debug)]
pub(super) struct FrameMeter {
    header: [u8; HEADER_BYTES_MAX],
    n_header: u8,
    /// Of the payload under way, once the header is complete: its length, and what of it has passed.
    n_payload: u64,
    n_passed: u64,
    /// Of the data message under way.
    message: FrameKind,
    n_message: u64,
    head: [u8; HEAD_BYTES],
}

impl Frame {
    /// The first bytes of its message, [`HEAD_BYTES`] at most. Empty for a control frame.
    pub(super) fn head(&self) -> &[u8] {
        let n_bytes = usize::try_from(self.n_message).unwrap_or(HEAD_BYTES).min(HEAD_BYTES);
        if self.kind.is_data() { &self.head[..n_bytes] } else { &[] }
    }
}

impl FrameKind {
    /// Text or binary, and not a control frame.
    pub(super) fn is_data(self) -> bool {
        matches!(self, FrameKind::Text | FrameKind::Binary)
    }
}

impl Default for FrameMeter {
    fn default() -> Self {
        FrameMeter {
            header: [0; HEADER_BYTES_MAX],
            n_header: 0,
            n_payload: 0,
            n_passed: 0,
            message: FrameKind::Reserved,
            n_message: 0,
            head: [0; HEAD_BYTES],
        }
    }
}

impl FrameMeter {
    /// The next event in `bytes`, which are passed over as far as it takes. `None`: they are used up.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Option<FrameEvent> {
        if !self.has_header() {
            return self.read_header(bytes);
        }
        let n_here = bytes.len().min(usize::try_from(self.n_payload - self.n_passed).unwrap_or(usize::MAX));
        let (here, rest) = bytes.split_at(n_here);
        *bytes = rest;
        let kind = self.kind();
        if kind.is_data() {
            self.keep_head(here);
            self.n_message = self.n_message.saturating_add(n_here as u64);
        }
        self.n_passed += n_here as u64;
        if self.n_passed < self.n_payload {
            return None;
        }
        let is_last = self.header[0] & 0x80 != 0;
        let n_bytes = self.n_payload.saturating_add(u64::from(self.n_header));
        let frame = Frame { kind, is_last, n_bytes, n_message: self.n_message, head: self.head };
        self.n_header = 0;
        if kind.is_data() && is_last {
            (self.message, self.n_message) = (FrameKind::Reserved, 0);
        }
        Some(FrameEvent::End(frame))
    }

    /// Bytes of the message under way, those of complete fragments included.
    pub(super) fn n_unfinished(&self) -> u64 {
        self.n_message
    }

    fn read_header(&mut self, bytes: &mut &[u8]) -> Option<FrameEvent> {
        while !self.has_header() {
            let (first, rest) = bytes.split_first()?;
            *bytes = rest;
            self.header[usize::from(self.n_header)] = *first;
            self.n_header += 1;
        }
        (self.n_payload, self.n_passed) = (self.payload_length(), 0);
        match self.header[0] & 0x0f {
            1 => (self.message, self.n_message) = (FrameKind::Text, 0),
            2 => (self.message, self.n_message) = (FrameKind::Binary, 0),
            _ => (),
        }
        let n_before = if self.kind().is_data() { self.n_message } else { 0 };
        Some(FrameEvent::Begin { n_message: n_before.saturating_add(self.n_payload) })
    }

    fn has_header(&self) -> bool {
        let length = match self.header[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        self.n_header >= 2 && self.n_header == 2 + length + if self.is_masked() { 4 } else { 0 }
    }

    fn payload_length(&self) -> u64 {
        match self.header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => self.header[2..10].iter().fold(0, |n, byte| n << 8 | u64::from(*byte)),
            short => u64::from(short),
        }
    }

    fn is_masked(&self) -> bool {
        self.header[1] & 0x80 != 0
    }

    fn kind(&self) -> FrameKind {
        match self.header[0] & 0x0f {
            0..=2 => self.message,
            8 => FrameKind::Close,
            9 => FrameKind::Ping,
            10 => FrameKind::Pong,
            _ => FrameKind::Reserved,
        }
    }

    fn keep_head(&mut self, here: &[u8]) {
        let at = usize::try_from(self.n_message).unwrap_or(HEAD_BYTES).min(HEAD_BYTES);
        let mask: &[u8] = if self.is_masked() { &self.header[..usize::from(self.n_header)] } else { &[0] };
        let mask = &mask[mask.len().saturating_sub(4)..];
        let from = (self.n_passed % 4) as usize;
        let mask = mask.iter().cycle().skip(from);
        for ((to, byte), mask) in self.head[at..].iter_mut().zip(here).zip(mask) {
            *to = byte ^ mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// A frame as its sender writes it.
    fn frame(opcode: u8, is_last: bool, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
        let (first, masked) = (opcode | if is_last { 0x80 } else { 0 }, if mask.is_some() { 0x80 } else { 0 });
        let mut bytes = match payload.len() {
            short @ 0..126 => vec![first, masked | u8::try_from(short).unwrap()],
            middle @ 126..65_536 => {
                [&[first, masked | 126][..], &u16::try_from(middle).unwrap().to_be_bytes()].concat()
            }
            long => [&[first, masked | 127][..], &(long as u64).to_be_bytes()].concat(),
        };
        bytes.extend(mask.unwrap_or_default().iter().take(if mask.is_some() { 4 } else { 0 }));
        let key = mask.unwrap_or_default();
        bytes.extend(payload.iter().enumerate().map(|(n, byte)| byte ^ key[n % 4]));
        bytes
    }

    fn events(meter: &mut FrameMeter, mut bytes: &[u8]) -> Vec<FrameEvent> {
        std::iter::from_fn(|| meter.next(&mut bytes)).collect()
    }

    fn ends(events: &[FrameEvent]) -> Vec<(FrameKind, bool, u64, Vec<u8>)> {
        let end = |it: &FrameEvent| match it {
            FrameEvent::End(it) => Some((it.kind, it.is_last, it.n_message, it.head().to_vec())),
            FrameEvent::Begin { .. } => None,
        };
        events.iter().filter_map(end).collect()
    }

    #[test]
    fn frames_of_each_length_are_told_apart() {
        for n in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let payload = vec![b'x'; n];
            for mask in [None, Some([1, 2, 3, 4])] {
                let bytes = [frame(1, true, mask, &payload), frame(9, true, mask, b"p")].concat();
                let heard = events(&mut FrameMeter::default(), &bytes);
                assert_eq!(heard[0], FrameEvent::Begin { n_message: n as u64 });
                let FrameEvent::End(first) = heard[1] else { panic!("{heard:?}") };
                assert_eq!(first.n_bytes as usize, frame(1, true, mask, &payload).len());
                assert_eq!(ends(&heard)[0], (FrameKind::Text, true, n as u64, payload[..n.min(HEAD_BYTES)].to_vec()));
                assert_eq!((heard.len(), ends(&heard)[1].0), (4, FrameKind::Ping));
            }
        }
    }

    #[test]
    fn the_parts_of_a_message_are_one_message_whatever_comes_between() {
        let key = Some([9, 8, 7, 6]);
        let bytes = [
            frame(1, false, key, b"4"),
            frame(10, true, key, b"zz"),
            frame(0, false, key, b""),
            frame(0, true, key, b"2[\"A\"]"),
            frame(2, true, key, b"bin"),
        ]
        .concat();
        let mut meter = FrameMeter::default();
        let mut n_unfinished_max = 0;
        for byte in &bytes {
            events(&mut meter, &[*byte]);
            n_unfinished_max = n_unfinished_max.max(meter.n_unfinished());
        }
        assert_eq!(n_unfinished_max, 6);
        assert_eq!(meter.n_unfinished(), 0);
        let heard = events(&mut FrameMeter::default(), &bytes);
        let n_begun = |it: &FrameEvent| if let FrameEvent::Begin { n_message } = it { Some(*n_message) } else { None };
        assert_eq!(heard.iter().filter_map(n_begun).collect::<Vec<_>>(), [1, 2, 1, 7, 3]);
        let heard = ends(&heard);
        let text = |is_last, n, head: &[u8]| (FrameKind::Text, is_last, n, head.to_vec());
        assert_eq!(heard[0], text(false, 1, b"4"));
        assert_eq!(heard[1].0, FrameKind::Pong);
        assert_eq!(heard[2..4], [text(false, 1, b"4"), text(true, 7, b"42[\"A\"]")]);
        assert_eq!(heard[4], (FrameKind::Binary, true, 3, b"bin".to_vec()));
    }

    #[test]
    fn a_length_beyond_everything_is_only_a_number() {
        let mut meter = FrameMeter::default();
        let header = [0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(events(&mut meter, &header), [FrameEvent::Begin { n_message: u64::MAX }]);
        assert_eq!(events(&mut meter, b"more"), []);
        assert_eq!(meter.n_unfinished(), 4);
    }

    fn any_frame() -> impl Strategy<Value = (u8, bool, Option<[u8; 4]>, Vec<u8>)> {
        (0u8..16, any::<bool>(), any::<Option<[u8; 4]>>(), vec(any::<u8>(), 0..300))
    }

    proptest! {
        #[test]
        fn whole_frames_are_found_however_they_are_cut(
            frames in vec(any_frame(), 0..6), cuts in vec(any::<prop::sample::Index>(), 0..6)
        ) {
            let bytes: Vec<u8> = frames.iter().flat_map(|it| frame(it.0, it.1, it.2, &it.3)).collect();
            let whole = events(&mut FrameMeter::default(), &bytes);
            let begun: Vec<_> = whole.iter().filter(|it| matches!(it, FrameEvent::Begin { .. })).collect();
            prop_assert_eq!((begun.len(), ends(&whole).len()), (frames.len(), frames.len()));
            let n_bytes: u64 = whole.iter().map(|it| if let FrameEvent::End(it) = it { it.n_bytes } else { 0 }).sum();
            prop_assert_eq!(n_bytes, bytes.len() as u64);
            let mut at: Vec<_> = cuts.iter().map(|it| it.index(bytes.len() + 1)).collect();
            at.sort_unstable();
            let (mut meter, mut parts, mut from) = (FrameMeter::default(), Vec::new(), 0);
            for to in at.into_iter().chain([bytes.len()]) {
                parts.extend(events(&mut meter, &bytes[from..to]));
                from = to;
            }
            prop_assert_eq!(parts, whole);
        }

        #[test]
        fn no_bytes_whatever_do_harm(bytes in vec(any::<u8>(), 0..400)) {
            let n_events = events(&mut FrameMeter::default(), &bytes).len();
            prop_assert!(n_events <= bytes.len());
        }
    }
}

//! What can be seen of a picture without decoding it: where one begins that needs no other.

use str0m::rtp::{Vp8Descriptor, Vp8Patch};

use super::rewriting::Numbers;

/// Which codec a packet is of, as far as that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Sound,
    Vp8,
    H264,
}

/// What a packet's payload says.
#[derive(Debug)]
pub(super) struct Payload {
    descriptor: Option<Vp8Descriptor>,
    /// The first packet of a picture that needs no other.
    pub(super) begins_key_frame: bool,
    /// How high the picture is, in pixels, where that can be seen.
    pub(super) height: Option<u16>,
}

impl Payload {
    pub(super) fn new(form: Form, bytes: &[u8]) -> Self {
        match form {
            Form::Sound => Self { descriptor: None, begins_key_frame: false, height: None },
            Form::Vp8 => {
                let descriptor = Vp8Descriptor::parse(bytes).ok();
                let begins_key_frame = descriptor.as_ref().is_some_and(|it| it.starts_keyframe(bytes));
                let height = if begins_key_frame { vp8_height(bytes) } else { None };
                Self { descriptor, begins_key_frame, height }
            }
            Form::H264 => Self { descriptor: None, begins_key_frame: begins_h264(bytes), height: None },
        }
    }

    /// The numbers in it.
    pub(super) fn numbers(&self) -> (Option<u16>, Option<u8>) {
        let Some(descriptor) = &self.descriptor else { return (None, None) };
        (descriptor.picture_id(), descriptor.tl0_pic_idx())
    }

    /// What puts other numbers in their place, where it has some.
    pub(super) fn patch(&self, before: Numbers, after: Numbers) -> Option<Vp8Patch> {
        let same = (before.picture, before.base_picture) == (after.picture, after.base_picture);
        let descriptor = self.descriptor.as_ref().filter(|_| !same)?;
        let mut patch = descriptor.patch();
        if let Some(picture) = after.picture {
            patch = patch.picture_id(picture);
        }
        if let Some(picture) = after.base_picture {
            patch = patch.tl0_pic_idx(picture);
        }
        patch.build().ok()
    }
}

/// What a key frame says of its height (RFC 7741, section 4.2, and RFC 6386, section 9.1).
fn vp8_height(bytes: &[u8]) -> Option<u16> {
    const START: [u8; 3] = [0x9d, 0x01, 0x2a];
    const TAG_BYTES: usize = 3;
    let has = |byte: u8, bit: u8| usize::from(byte & bit != 0);
    let mut at = 1;
    if bytes.first()? & 0x80 != 0 {
        let parts = *bytes.get(at)?;
        at += 1;
        if parts & 0x80 != 0 {
            at += 1 + has(*bytes.get(at)?, 0x80);
        }
        at += has(parts, 0x40) + has(parts, 0x30);
    }
    match bytes.get(at + TAG_BYTES..)? {
        [a, b, c, _, _, low, high, ..] if [*a, *b, *c] == START => {
            Some(u16::from_le_bytes([*low, *high]) & 0x3fff).filter(|it| *it > 0)
        }
        _ => None,
    }
}

/// A sequence parameter set, or a slice of such a picture, alone or as the first of several or in parts (RFC 6184, section
/// 5).
fn begins_h264(bytes: &[u8]) -> bool {
    const IDR: u8 = 5;
    const PARAMETERS: u8 = 7;
    const SEVERAL: u8 = 24;
    const PART: u8 = 28;
    let begins = |byte: Option<&u8>| byte.is_some_and(|it| matches!(it & 0x1f, IDR | PARAMETERS));
    match bytes.first().map(|it| it & 0x1f) {
        Some(SEVERAL) => begins(bytes.get(3)),
        Some(PART) => bytes.get(1).is_some_and(|it| it & 0x80 != 0) && begins(bytes.get(1)),
        _ => begins(bytes.first()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_frames_are_seen_and_others_are_not() {
        // VP8: the start of a picture whose first bit of its own is zero (RFC 7741, section 4.3).
        assert!(Payload::new(Form::Vp8, &[0x10, 0x00, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0]).begins_key_frame);
        assert!(!Payload::new(Form::Vp8, &[0x10, 0x01, 0, 0]).begins_key_frame);
        assert!(!Payload::new(Form::Vp8, &[]).begins_key_frame);
        let picture = [0x90, 0xe0, 0x81, 0x02, 7, 0, 0x10, 0, 0, 0x9d, 1, 0x2a, 0, 5, 0xd0, 2];
        assert_eq!(Payload::new(Form::Vp8, &picture).height, Some(720));
        assert_eq!(Payload::new(Form::Vp8, &picture[..12]).height, None);
        let h264 = |bytes: &[u8]| Payload::new(Form::H264, bytes).begins_key_frame;
        assert!(h264(&[0x67, 1]) && h264(&[0x78, 0, 1, 0x67]) && h264(&[0x7c, 0x85]));
        assert!(!h264(&[0x41]) && !h264(&[0x7c, 0x05]) && !h264(&[0x78]) && !h264(&[]));
    }
}

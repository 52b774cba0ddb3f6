//! ChannelBind, ChannelData, and messages in a stream.
use proptest::prelude::*;

use super::{Extra, World, channel_data, data_of};
use crate::{Class, Encoder, Frame, Method, Refusal, Target, attribute, frame};

#[test]
fn a_channel_carries_data_both_ways_and_keeps_the_permission() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    assert_eq!(ann.bind(&mut world, 0x4000, b).code, 0);
    bob.permit(&mut world, &[a]);
    let (target, bytes) = ann.send_by_channel(&mut world, 0x4000, b"x").unwrap();
    assert_eq!((target, data_of(&bytes)), (Target::Client(bob.five_tuple), (a, b"x".to_vec())));
    // One end may have a channel and the other none.
    let (target, bytes) = bob.send(&mut world, a, b"yz").unwrap();
    assert_eq!((target, bytes), (Target::Client(ann.five_tuple), channel_data(0x4000, b"yz")));
    assert_eq!(bob.bind(&mut world, 0x7FFF, a).code, 0);
    let (_, bytes) = ann.send_by_channel(&mut world, 0x4000, b"").unwrap();
    assert_eq!(bytes, channel_data(0x7FFF, b""));
    assert!(world.refusals.is_empty());
}

#[test]
fn a_channel_lasts_ten_minutes_and_its_permission_five() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.bind(&mut world, 0x4000, b);
    bob.permit(&mut world, &[a]);
    world.pass(299);
    bob.permit(&mut world, &[a]);
    ann.refresh(&mut world, None);
    bob.refresh(&mut world, None);
    assert!(bob.send(&mut world, a, b"x").is_some());
    world.pass(1);
    // The permission that the channel brought is over; the channel itself is not.
    assert!(bob.send(&mut world, a, b"x").is_none());
    world.pass(298);
    bob.permit(&mut world, &[a]);
    assert!(ann.send_by_channel(&mut world, 0x4000, b"x").is_some());
    world.pass(2);
    assert!(ann.send_by_channel(&mut world, 0x4000, b"x").is_none());
    assert_eq!(ann.bind(&mut world, 0x4000, b).code, 0);
    assert!(ann.send_by_channel(&mut world, 0x4000, b"x").is_some());
}

#[test]
fn a_channel_has_one_peer_and_a_peer_one_channel() {
    let mut world = World::new();
    let ((mut ann, _), (_, b), (_, c)) =
        (world.member("ann", 1, 1), world.member("bob", 1, 2), world.member("cat", 1, 3));
    assert_eq!(ann.bind(&mut world, 0x4000, b).code, 0);
    assert_eq!(ann.bind(&mut world, 0x4000, b).code, 0);
    assert_eq!((ann.bind(&mut world, 0x4000, c).code, ann.bind(&mut world, 0x4001, b).code), (400, 400));
    assert_eq!(ann.bind(&mut world, 0x4001, c).code, 0);
    for _ in 0..2 {
        world.pass(300);
        ann.refresh(&mut world, None);
    }
    // Both are over, so that they may be bound the other way round.
    assert_eq!((ann.bind(&mut world, 0x4000, c).code, ann.bind(&mut world, 0x4001, b).code), (0, 0));
}

#[test]
fn numbers_out_of_range_and_half_requests_are_refused() {
    let mut world = World::new();
    let ((mut ann, _), (_, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    for channel in [0, 1, 0x3FFF, 0x8000, 0xFFFF] {
        assert_eq!(ann.bind(&mut world, channel, b).code, 400, "{channel:x}");
    }
    let number = 0x4000_0000u32.to_be_bytes();
    let halves: [(Extra<'_>, &[_]); 4] = [
        (&[], &[b]),
        (&[(attribute::CHANNEL_NUMBER, &number)], &[]),
        (&[(attribute::CHANNEL_NUMBER, &number[..2])], &[b]),
        (&[(attribute::CHANNEL_NUMBER, &number), (attribute::XOR_PEER_ADDRESS, &[0, 1, 2])], &[]),
    ];
    for (extra, peers) in halves {
        let request = ann.signed(Method::ChannelBind, extra, peers);
        assert_eq!(world.ask(&ann, &request).code, 400);
    }
    let request = ann.signed(Method::CreatePermission, &[], &[]);
    assert_eq!(world.ask(&ann, &request).code, 400);
    let request =
        ann.signed(Method::CreatePermission, &[(attribute::XOR_PEER_ADDRESS, &[0, 3, 0, 0, 0, 0, 0, 0])], &[b]);
    assert_eq!(world.ask(&ann, &request).code, 400);
}

#[test]
fn channel_data_says_how_long_it_is() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.bind(&mut world, 0x4000, b);
    bob.bind(&mut world, 0x4000, a);
    let whole = channel_data(0x4000, b"hello");
    for length in 1..whole.len() {
        assert!(world.put(ann.five_tuple, &whole[..length]).is_none(), "{length}");
    }
    assert_eq!(world.refusals, vec![Refusal::Malformed; whole.len() - 1]);
    let (_, bytes) = world.put(ann.five_tuple, &[&whole[..], b"more"].concat()).unwrap();
    assert_eq!(bytes, whole);
    assert!(ann.send_by_channel(&mut world, 0x4001, b"x").is_none());
}

#[test]
fn a_stream_is_cut_into_messages() {
    let stun = [&[0, 1, 0, 4][..], &[0; 20]].concat();
    assert_eq!(frame(&stun), Ok(Frame::Whole { length: 24, next: 24 }));
    assert_eq!(frame(&channel_data(0x4000, b"12345")), Ok(Frame::Needs(12)));
    let padded = [&channel_data(0x4000, b"12345")[..], &[0; 3], b"next"].concat();
    assert_eq!(frame(&padded), Ok(Frame::Whole { length: 9, next: 12 }));
    assert_eq!((frame(b""), frame(&[0x40, 0, 0])), (Ok(Frame::Needs(4)), Ok(Frame::Needs(4))));
    for other in [&b"GET / HTTP/1.1"[..], &[0x80, 0, 0, 0], &[0x16, 3, 1, 2], &[0, 1, 0, 3]] {
        assert_eq!(frame(other).is_err(), other[0] >> 6 > 1 || other[3] % 4 != 0 && other[0] >> 6 == 0, "{other:?}");
    }
}

proptest! {
    /// However a stream is cut into reads, the same messages come out.
    #[test]
    fn a_stream_gives_what_was_put_in(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..20)) {
        let mut stream = Vec::new();
        for (n, data) in messages.iter().enumerate() {
            if n % 2 == 0 {
                stream.extend(channel_data(0x4000, data));
            } else {
                let mut message = Vec::new();
                let encoder = Encoder::new(&mut message, Class::Indication, Method::Send, [0; 12]);
                encoder.attribute(attribute::DATA, data).finish(false);
                stream.extend(message);
            }
            stream.resize(stream.len().next_multiple_of(4), 0);
        }
        let (mut at, mut n_messages, mut n_there) = (0, 0, 0);
        while at < stream.len() {
            match frame(&stream[at..n_there]).unwrap() {
                Frame::Needs(needed) => {
                    prop_assert!(needed > n_there - at && at + needed <= stream.len());
                    n_there += 1;
                }
                Frame::Whole { length, next } => {
                    prop_assert!(length <= next && next - length < 4);
                    n_messages += 1;
                    at += next;
                }
            }
        }
        prop_assert_eq!(n_messages, messages.len());
    }
}

//! Whatever is sent, nothing breaks, nobody is reached who may not be, and strangers leave nothing behind.
use proptest::prelude::*;

use super::{Client, UDP_TRANSPORT, World, channel_data, udp};
use crate::{Class, Encoder, Message, Method, Target, attribute};

/// A message with attributes that need not fit it.
fn odd_message() -> impl Strategy<Value = Vec<u8>> {
    let classes = prop::sample::select(vec![Class::Request, Class::Indication, Class::Success, Class::Error]);
    use Method::*;
    let methods = prop::sample::select(vec![Binding, Allocate, Refresh, Send, Data, CreatePermission, ChannelBind]);
    let kinds = prop_oneof![
        prop::sample::select(vec![
            0x06, 0x08, 0x0C, 0x0D, 0x12, 0x13, 0x14, 0x15, 0x17, 0x18, 0x19, 0x20, 0x22, 0x8028
        ]),
        any::<u16>(),
    ];
    let values = prop_oneof![prop::collection::vec(any::<u8>(), 0..40), Just(vec![0, 1, 0, 0, 192, 0, 2, 1])];
    (classes, methods, prop::collection::vec((kinds, values), 0..6), any::<bool>()).prop_map(
        |(class, method, attributes, has_fingerprint)| {
            let mut out = Vec::new();
            let message = Encoder::new(&mut out, class, method, [5; 12]);
            let message = attributes.iter().fold(message, |message, (kind, value)| message.attribute(*kind, value));
            message.finish(has_fingerprint);
            out
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_from_a_stranger_are_borne(datagram in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut world = World::new();
        let answer = world.put(udp(1), &datagram);
        prop_assert!(answer.is_none_or(|it| it.0 == Target::Client(udp(1))));
        prop_assert_eq!(world.relay.stats().n_allocations, 0);
    }

    #[test]
    fn odd_messages_from_a_stranger_are_borne(message in odd_message(), cut in 0usize..64, flip in any::<(u16, u8)>()) {
        let mut world = World::new();
        let mut broken = message.clone();
        broken.truncate(message.len().saturating_sub(cut));
        if let Some(length) = broken.len().checked_sub(1).filter(|it| *it > 0) {
            broken[usize::from(flip.0) % length] ^= flip.1;
        }
        for bytes in [message, broken] {
            if let Some((target, answer)) = world.put(udp(1), &bytes) {
                prop_assert_eq!(target, Target::Client(udp(1)));
                prop_assert!(answer.len() <= bytes.len() + 80 && Message::decode(&answer).is_ok());
            }
        }
        prop_assert_eq!(world.relay.stats().n_allocations, 0);
    }

    /// Somebody with good credentials says anything at all: others of another room hear nothing.
    #[test]
    fn odd_messages_from_a_peer_reach_nobody_elsewhere(
        messages in prop::collection::vec((odd_message(), any::<bool>()), 1..20),
        ports in prop::collection::vec(any::<u16>(), 4),
    ) {
        let mut world = World::new();
        let (mut eve, e) = world.member("eve", 2, 1);
        let (mut ann, a) = world.member("ann", 1, 2);
        ann.permit(&mut world, &[e]);
        eve.permit(&mut world, &[a]);
        let mut all: Vec<_> = messages.into_iter().map(|it| it.0).collect();
        all.extend(ports.iter().map(|port| channel_data(0x4000 + port % 0x1000, b"x")));
        all.push(eve.signed(Method::Allocate, &[UDP_TRANSPORT], &[a]));
        all.push(eve.signed(Method::ChannelBind, &[(attribute::CHANNEL_NUMBER, &[0x40, 0, 0, 0])], &[a]));
        all.push(channel_data(0x4000, b"x"));
        for bytes in all {
            if let Some((target, _)) = world.put(eve.five_tuple, &bytes) {
                prop_assert_eq!(target, Target::Client(eve.five_tuple));
            }
        }
        prop_assert!(world.relay.stats().n_allocations <= 2);
    }
}

#[test]
fn attributes_after_the_checksum_do_not_count() {
    let mut world = World::new();
    world.enter("ann", 1);
    let mut ann = Client::new("ann", 1);
    ann.introduce(&mut world);
    // Somebody on the way adds a LIFETIME of an hour behind MESSAGE-INTEGRITY.
    let mut request = ann.signed(Method::Allocate, &[UDP_TRANSPORT], &[]);
    request.truncate(request.len() - 8);
    request.extend([0, 0x0D, 0, 4, 0, 0, 0x0E, 0x10]);
    let reply = world.ask(&ann, &request);
    assert_eq!((reply.code, reply.number(attribute::LIFETIME)), (0, 600));
}

#[test]
fn half_credentials_are_a_bad_request_and_tell_nothing() {
    let mut world = World::new();
    let ann = Client::new("ann", 1);
    for left_out in [attribute::USERNAME, attribute::REALM, attribute::NONCE] {
        let mut out = Vec::new();
        let mut request = Encoder::new(&mut out, Class::Request, Method::Allocate, [1; 12]);
        for (kind, value) in [(attribute::USERNAME, &b"u"[..]), (attribute::REALM, b"test"), (attribute::NONCE, b"n")] {
            if kind != left_out {
                request = request.attribute(kind, value);
            }
        }
        request.sign(&ann.key).finish(false);
        let reply = world.ask(&ann, &out);
        assert_eq!((reply.code, reply.message().get(attribute::NONCE)), (400, None));
    }
}

#[test]
fn what_no_client_says_is_not_answered() {
    let mut world = World::new();
    let (ann, _) = world.member("ann", 1, 1);
    for (class, method) in [
        (Class::Success, Method::Allocate),
        (Class::Error, Method::Binding),
        (Class::Indication, Method::Data),
        (Class::Request, Method::Send),
        (Class::Request, Method::Data),
        (Class::Indication, Method::Allocate),
        (Class::Indication, Method::Binding),
    ] {
        let mut out = Vec::new();
        Encoder::new(&mut out, class, method, [1; 12]).finish(false);
        assert!(world.put(ann.five_tuple, &out).is_none(), "{class:?} {method:?}");
    }
    let mut unknown_method = Vec::new();
    Encoder::new(&mut unknown_method, Class::Request, Method::Binding, [1; 12]).finish(false);
    unknown_method[1] = 0x0A;
    assert!(world.put(ann.five_tuple, &unknown_method).is_none());
}

//! Packets byte for byte, as MQTT 3.1.1 and 5 write them.
use std::time::Duration;

use proptest::{collection::vec, prelude::*};

use super::packets::{MqttEvent, Packets};

/// A packet: its first byte, then its length and the rest.
fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    [&[first, u8::try_from(rest.len()).unwrap()], rest].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[0, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn connect(level: u8, client: &str) -> Vec<u8> {
    let no_properties: &[u8] = if level == 5 { &[0] } else { &[] };
    packet(0x10, &[b"\0\x04MQTT", &[level, 2, 0, 60][..], no_properties, &text(client)].concat())
}

fn publish(flags: u8, id: &[u8], topic: &str, payload: &str) -> Vec<u8> {
    packet(0x30 | flags, &[&text(topic)[..], id, payload.as_bytes()].concat())
}

fn events(packets: &mut Packets, mut bytes: &[u8]) -> Vec<MqttEvent> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        events.extend(packets.next(&mut bytes));
    }
    events
}

fn answers(packets: &mut Packets) -> Vec<u8> {
    packets.take_answers().concat()
}

fn hello(client: &str) -> MqttEvent {
    MqttEvent::Connect { client: client.into() }
}

/// A client that has come in.
fn inside(level: u8, bytes_max: usize) -> Packets {
    let mut packets = Packets::new(bytes_max);
    assert_eq!(events(&mut packets, &connect(level, "ann")), [hello("ann")]);
    packets.connack();
    packets.take_answers();
    packets
}

#[test]
fn packets_may_be_split_anywhere_and_joined() {
    let bytes = [connect(4, "ann"), publish(0, &[], "a/b", "hi"), packet(0xe0, &[])].concat();
    let heard =
        [hello("ann"), MqttEvent::Publish { topic: "a/b".into(), payload: b"hi".into() }, MqttEvent::Disconnect];
    for split in 0..bytes.len() {
        let mut packets = Packets::new(100);
        let mut parts = events(&mut packets, &bytes[..split]);
        parts.extend(events(&mut packets, &bytes[split..]));
        assert_eq!(parts, heard, "split at {split}");
    }
}

#[test]
fn each_version_is_answered_in_its_own_form() {
    for (level, connack, suback, unsuback, message) in [
        (4, &[0x20, 2, 0, 0][..], &[0x90, 4, 0, 7, 0, 0x80][..], &[0xb0, 2, 0, 8][..], &[0x30, 5, 0, 1, b'a'][..]),
        (5, &[0x20, 3, 0, 0, 0], &[0x90, 5, 0, 7, 0, 0, 0x87], &[0xb0, 4, 0, 8, 0, 0], &[0x30, 6, 0, 1, b'a', 0]),
    ] {
        let mut packets = Packets::new(1_000_000);
        events(&mut packets, &connect(level, "ann"));
        packets.connack();
        // To 5 the limits are told as well.
        let answer = answers(&mut packets);
        assert_eq!((answer[0], &answer[2..4]), (connack[0], &connack[2..4]));
        let subscribe =
            if level == 5 { &[0, 7, 0, 0, 1, b'a', 0, 0, 1, b'#', 0][..] } else { b"\0\x07\0\x01a\0\0\x01#\0" };
        let filters = vec!["a".to_owned(), "#".to_owned()];
        assert_eq!(events(&mut packets, &packet(0x82, subscribe)), [MqttEvent::Subscribe { id: 7, filters }]);
        packets.suback(7, [true, false].into_iter());
        assert_eq!(answers(&mut packets), suback);
        let unsubscribe = if level == 5 { &[0, 8, 0, 0, 1, b'a'][..] } else { b"\0\x08\0\x01a" };
        let filters = vec!["a".to_owned()];
        assert_eq!(events(&mut packets, &packet(0xa2, unsubscribe)), [MqttEvent::Unsubscribe { id: 8, filters }]);
        packets.unsuback(8, [true].into_iter());
        assert_eq!(answers(&mut packets), unsuback);
        packets.publish("a", "hi");
        assert_eq!(answers(&mut packets), [message, b"hi"].concat());
    }
}

#[test]
fn a_refused_client_hears_why() {
    for (level, connack) in [(4, &[0x20, 2, 0, 2][..]), (5, &[0x20, 3, 0, 0x85, 0])] {
        let mut packets = Packets::new(1_000_000);
        events(&mut packets, &connect(level, "a/b"));
        packets.connack_refused();
        let rejection = answers(&mut packets);
        assert_eq!((rejection[0], &rejection[2..4]), (connack[0], &connack[2..4]));
    }
}

#[test]
fn other_versions_are_refused_in_a_form_that_all_know() {
    let older = packet(0x10, b"\0\x06MQIsdp\x03\x02\0\x3c\0\x03ann");
    for connect in [connect(6, "ann"), connect(3, "ann"), older] {
        let mut packets = Packets::new(1_000);
        assert_eq!(events(&mut packets, &connect), [MqttEvent::ProtocolError]);
        assert_eq!(answers(&mut packets), [0x20, 2, 0, 1]);
    }
}

#[test]
fn what_may_not_stand_there_is_faulty() {
    let ping = packet(0xc0, &[]);
    assert_eq!(events(&mut Packets::new(100), &ping)[0], MqttEvent::ProtocolError, "before CONNECT");
    for level in [4, 5] {
        assert_eq!(
            events(&mut inside(level, 1_000), &connect(level, "ann"))[0],
            MqttEvent::ProtocolError,
            "a second CONNECT"
        );
        for of_a_server in [[0x20, 2, 0, 0], [0x90, 2, 0, 1]] {
            assert_eq!(events(&mut inside(level, 1_000), &of_a_server)[0], MqttEvent::ProtocolError);
        }
        assert_eq!(events(&mut inside(level, 1_000), &[0xff; 8])[0], MqttEvent::ProtocolError);
        assert_eq!(
            events(&mut inside(level, 1_000), &publish(6, &[0, 1], "a", "no such quality"))[0],
            MqttEvent::ProtocolError
        );
    }
}

#[test]
fn a_long_packet_is_refused_by_its_length_alone() {
    assert_eq!(events(&mut inside(4, 1_000), &[0x30, 0xff, 0xff, 0xff, 0x7f]), [MqttEvent::ProtocolError]);
    let (longest, longer) = ("x".repeat(100 - 5), "x".repeat(100 - 4));
    let heard = |payload: &str| {
        let mut packets = Packets::new(100);
        events(&mut packets, &connect(4, "ann"));
        packets.connack();
        events(&mut packets, &publish(0, &[], "a", payload))
    };
    assert_eq!(heard(&longest), [MqttEvent::Publish { topic: "a".into(), payload: longest.into_bytes() }]);
    assert_eq!(heard(&longer)[0], MqttEvent::ProtocolError);
}

#[test]
fn messages_are_acknowledged_by_their_quality_and_heard_once() {
    for level in [4, 5] {
        let mut packets = inside(level, 1_000);
        let (id, no_properties): (_, &[u8]) = ([0, 1], if level == 5 { &[0] } else { &[] });
        let id = [&id, no_properties].concat();
        assert_eq!(events(&mut packets, &publish(2, &id, "a", "one")).len(), 1);
        assert_eq!(answers(&mut packets), [0x40, 2, 0, 1]);
        assert_eq!(events(&mut packets, &publish(4, &id, "a", "two")).len(), 1);
        assert_eq!(events(&mut packets, &publish(12, &id, "a", "two")), []);
        assert_eq!(answers(&mut packets), [0x50, 2, 0, 1, 0x50, 2, 0, 1]);
        assert_eq!(events(&mut packets, &packet(0x62, &[0, 1])), []);
        assert_eq!(answers(&mut packets), [0x70, 2, 0, 1]);
    }
}

#[test]
fn topics_and_filters_are_bounded() {
    let topic = |n: usize| "x".repeat(n);
    let long_text = |n: usize| [&u16::try_from(n).unwrap().to_be_bytes(), topic(n).as_bytes()].concat();
    let long_packet = |first: u8, rest: &[u8]| {
        let n = rest.len();
        [&[first, u8::try_from(n % 128).unwrap() | 128, u8::try_from(n / 128).unwrap()], rest].concat()
    };
    for (n, is_allowed) in [(1_024, true), (1_025, false)] {
        let mut packets = inside(4, 10_000);
        let heard = events(&mut packets, &long_packet(0x30, &long_text(n)));
        assert_eq!(heard[0] != MqttEvent::ProtocolError, is_allowed);
        for (first, after) in [(0x82, &[0][..]), (0xa2, &[])] {
            let heard =
                events(&mut inside(4, 10_000), &long_packet(first, &[&[0, 1], &long_text(n)[..], after].concat()));
            assert_eq!(heard[0] != MqttEvent::ProtocolError, is_allowed);
        }
    }
    for (n, is_allowed) in [(64, true), (65, false)] {
        let subscribe = [&[0, 1], &b"\0\x01a\0".repeat(n)[..]].concat();
        let unsubscribe = [&[0, 1], &b"\0\x01a".repeat(n)[..]].concat();
        for (first, rest) in [(0x82, subscribe), (0xa2, unsubscribe)] {
            let heard = events(&mut inside(4, 10_000), &long_packet(first, &rest));
            assert_eq!(heard[0] != MqttEvent::ProtocolError, is_allowed);
        }
    }
}

#[test]
fn a_packet_that_is_not_complete_is_counted_until_it_is() {
    let mut packets = inside(4, 1_000);
    let whole = publish(0, &[], "a", "hello");
    for (n, byte) in whole.iter().enumerate() {
        assert_eq!(packets.n_unfinished(), n as u64);
        events(&mut packets, &[*byte]);
    }
    assert_eq!(packets.n_unfinished(), 0);
}

#[test]
fn messages_in_flight_are_bounded() {
    let mut packets = inside(4, 1_000);
    let messages: Vec<_> = (0..65).map(|n| events(&mut packets, &publish(4, &[1, n], "a", ""))).collect();
    assert!(messages[..64].iter().all(|it| it.len() == 1));
    assert_eq!(messages[64], [MqttEvent::ProtocolError]);
}

#[test]
fn a_ping_is_answered_and_silence_has_its_measure() {
    let mut packets = inside(4, 1_000);
    assert_eq!(packets.keep_alive(), Some(Some(Duration::from_secs(90))));
    assert_eq!(packets.keep_alive(), None, "nothing new");
    assert_eq!(events(&mut packets, &packet(0xc0, &[])), []);
    assert_eq!(answers(&mut packets), [0xd0, 0]);
    assert_eq!(packets.keep_alive(), Some(Some(Duration::from_secs(90))));
    let mut promises_nothing = Packets::new(100);
    events(&mut promises_nothing, &packet(0x10, b"\0\x04MQTT\x04\x02\0\0\0\x03ann"));
    assert_eq!(promises_nothing.keep_alive(), Some(None));
}

proptest! {
    #[test]
    fn no_bytes_whatever_do_harm(mut bytes in vec(any::<u8>(), 0..200), level in 0u8..7, first in 0usize..40) {
        let mut packets = Packets::new(1_000);
        if level > 3 {
            events(&mut packets, &connect(level.min(5), "ann"));
            packets.connack();
        }
        // A plausible beginning, so that more than the first byte is looked at.
        if let (Some(kind), true) = (0x10u8.checked_mul(u8::try_from(first).unwrap()), bytes.len() > 2) {
            bytes[0] = kind | if [0x60, 0x80, 0xa0].contains(&kind) { 2 } else { 0 };
            bytes[1] = u8::try_from(bytes.len() - 2).unwrap() & 0x7f;
        }
        events(&mut packets, &bytes);
    }
}

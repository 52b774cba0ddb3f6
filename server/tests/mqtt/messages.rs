//! What goes from one to the other, and what nobody else hears.
use super::{server, signal};
use crate::harness::mqtt::{Mqtt, connect, packet, publish};

#[tokio::test]
async fn two_find_each_other_by_their_names() {
    let server = server().await;
    let (mut ann, mut bob) = (Mqtt::named(server.address, "ann").await, Mqtt::named(server.address, "bob").await);
    ann.publish("bob/incoming", &signal("offer", "ann")).await;
    assert_eq!(bob.hear_payload().await, signal("offer", "ann"));
    ann.publish("bob/incoming", &signal("candidate", "ann")).await;
    bob.publish("ann/incoming", &signal("answer", "bob")).await;
    bob.publish("ann/incoming", &signal("candidate", "bob")).await;
    assert_eq!(ann.hear_payload().await, signal("answer", "bob"));
    assert_eq!(
        (ann.hear_payload().await, bob.hear_payload().await),
        (signal("candidate", "bob"), signal("candidate", "ann"))
    );
}

#[tokio::test]
async fn the_sender_is_who_has_connected_and_not_who_it_says() {
    let server = server().await;
    let (mut ann, mut bob) = (Mqtt::named(server.address, "ann").await, Mqtt::named(server.address, "bob").await);
    ann.publish("bob/incoming", &signal("offer", "cat")).await;
    assert_eq!(bob.hear_payload().await, signal("offer", "ann"));
}

#[tokio::test]
async fn no_topic_is_granted_but_the_own() {
    let server = server().await;
    let (mut ann, mut bob) = (Mqtt::named(server.address, "ann").await, Mqtt::named(server.address, "bob").await);
    let mut eve = Mqtt::named(server.address, "eve").await;
    eve.subscribe(&["#", "bob/incoming", "+/incoming", "eve/incoming", "$SYS/#", "system/register", "eve/+"]).await;
    assert_eq!(eve.receive().await, r#"["SUBACK",[128,128,128,0,128,128,128]]"#);
    ann.publish("bob/incoming", &signal("offer", "ann")).await;
    bob.hear_payload().await;
    ann.publish("news", r#"{"type":"x","from":"ann"}"#).await;
    assert_eq!([ann.fence().await, bob.fence().await, eve.fence().await].concat(), [""; 0]);
}

#[tokio::test]
async fn who_does_not_subscribe_hears_nothing_and_so_does_who_gives_it_up() {
    let server = server().await;
    let mut ann = Mqtt::named(server.address, "ann").await;
    let mut bob = Mqtt::named(server.address, "bob").await;
    bob.unsubscribe(&["news", "bob/incoming"]).await;
    assert_eq!(bob.receive().await, r#"["UNSUBACK",2]"#);
    ann.publish("bob/incoming", &signal("offer", "ann")).await;
    ann.fence().await;
    assert_eq!(bob.fence().await, [""; 0]);
    bob.subscribe(&["bob/incoming"]).await;
    bob.receive().await;
    ann.publish("bob/incoming", &signal("offer", "ann")).await;
    assert_eq!(bob.hear_payload().await, signal("offer", "ann"));
}

#[tokio::test]
async fn messages_of_every_quality_arrive_once_and_nothing_is_retained() {
    let server = server().await;
    let (mut ann, mut bob) = (Mqtt::named(server.address, "ann").await, Mqtt::named(server.address, "bob").await);
    let text = r#"{"type":"x","from":"ann"}"#;
    ann.send(&publish(2, Some(7), "bob/incoming", text.as_bytes())).await;
    assert_eq!(ann.receive().await, r#"["PUBACK",7]"#);
    for again in [4, 12] {
        ann.send(&publish(again, Some(8), "bob/incoming", text.as_bytes())).await;
        assert_eq!(ann.receive().await, r#"["PUBREC",8]"#);
    }
    ann.send(&packet(0x62, &[0, 8])).await;
    assert_eq!(ann.receive().await, r#"["PUBCOMP",8]"#);
    ann.send(&publish(1, None, "bob/incoming", text.as_bytes())).await;
    ann.fence().await;
    assert_eq!(bob.fence().await.len(), 3);
    drop(bob);
    server.comes_to_peers(1).await;
    let mut bob = Mqtt::named(server.address, "bob").await;
    assert_eq!(bob.fence().await, [""; 0]);
}

#[tokio::test]
async fn packets_may_be_split_and_joined_across_messages() {
    let server = server().await;
    let mut ann = Mqtt::open(server.address).await;
    let bytes = [connect(4, "ann", 60), packet(0x82, b"\0\x01\0\x0cann/incoming\0"), packet(0xc0, &[])].concat();
    for byte in &bytes[..bytes.len() - 10] {
        ann.send(&[*byte]).await;
    }
    ann.send(&bytes[bytes.len() - 10..]).await;
    for expected in [r#"["CONNACK",0]"#, r#"["SUBACK",[0]]"#, r#"["PINGRESP"]"#] {
        assert_eq!(ann.receive().await, expected);
    }
}

#[tokio::test]
async fn order_is_kept() {
    let server = server().await;
    let (mut ann, mut bob) = (Mqtt::named(server.address, "ann").await, Mqtt::named(server.address, "bob").await);
    let message = |n: usize| format!(r#"{{"type":"x","from":"ann","n":{n}}}"#);
    for n in 0..2_000 {
        ann.publish("bob/incoming", &message(n)).await;
    }
    for n in 0..2_000 {
        assert_eq!(bob.hear_payload().await, message(n));
    }
}

#[tokio::test]
async fn mqtt_5_is_served_too() {
    let server = server().await;
    let mut ann = Mqtt::open(server.address).await;
    ann.send(&connect(5, "ann", 60)).await;
    assert_eq!(ann.receive().await, r#"["CONNACK",0]"#);
    // One byte for no properties.
    ann.send(&packet(0x82, b"\0\x01\0\0\x0cann/incoming\0")).await;
    assert_eq!(ann.receive().await, r#"["SUBACK",[0,0]]"#);
    ann.send(&packet(0x30, b"\0\x0fsystem/register\0{\"username\":\"ann\"}")).await;
    assert!(
        ann.receive().await.starts_with("[\"PUBLISH\",\"ann/incoming\",\"\\u0000{\\\"type\\\":\\\"register-ack\\\"")
    );
}

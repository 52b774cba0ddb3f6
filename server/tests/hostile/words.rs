//! Events that end the original's process, and their kin.
use super::Scene;
use crate::harness::{By, EVERY_WAY, Peer, peer::Packet};

/// The sender is served on: it hears just this, and then the answer to a fence.
async fn hears(peer: &mut Peer, packet: &str, expected: &[&str]) {
    peer.send(packet).await;
    let heard: Vec<_> = peer.fence().await.into_iter().map(|it| it.text).collect();
    assert_eq!(heard, expected, "{}", &packet[..packet.len().min(200)]);
}

#[tokio::test]
async fn requests_without_a_body_or_a_mark_are_ignored() {
    for by in EVERY_WAY {
        let mut scene = Scene::begin(by).await;
        for has_id in [true, false] {
            let mut peer = if has_id { scene.attacker(by).await } else { scene.server.peer(by).await };
            for name in ["GET-ID", "CREATE-ROOM", "JOIN-ROOM", "UPDATE-ROOM"] {
                for body in ["", ",null", r#","text""#, ",{}", r#",{"requestId":null}"#, ",7", ",[]", ",true"] {
                    hears(&mut peer, &format!(r#"42["{name}"{body}]"#), &[]).await;
                    // With an acknowledgement asked for.
                    hears(&mut peer, &format!(r#"420["{name}"{body}]"#), &[]).await;
                }
                let nested = format!(r#"{}"1"{}"#, "[".repeat(20_000), "]".repeat(20_000));
                hears(&mut peer, &format!(r#"42["{name}",{{"requestId":{nested}}}]"#), &[]).await;
                hears(&mut peer, &format!(r#"42["{name}",{nested}]"#), &[]).await;
            }
            peer.leave().await;
            scene.stands("requests without a mark").await;
        }
    }
}

#[tokio::test]
async fn a_host_that_updates_without_name_or_password_is_refused() {
    for by in EVERY_WAY {
        let mut scene = Scene::begin(by).await;
        let mut host = scene.attacker(by).await;
        let room = host.create(1).await;
        for fields in [
            r#""name":null,"password":"p""#,
            r#""password":"p""#,
            r#""name":"n","password":null"#,
            r#""name":"n""#,
            "\"x\":1",
        ] {
            let update = format!(r#"42["UPDATE-ROOM",{{"requestId":"u","room":"{room}","maxUsers":3,{fields}}}]"#);
            hears(&mut host, &update, &[r#"["TYPEERROR",{"type":4,"requestID":"u"}]"#]).await;
        }
        host.leave().await;
        scene.stands("updates without name or password").await;
    }
}

#[tokio::test]
async fn reserved_and_odd_event_names_are_ignored() {
    for by in EVERY_WAY {
        let mut scene = Scene::begin(by).await;
        let mut mate = scene.room_mate(by).await;
        for name in [
            r#""error""#,
            r#""disconnect""#,
            r#""disconnecting""#,
            r#""connect""#,
            r#""connect_error""#,
            r#""connection""#,
            r#""newListener""#,
            r#""removeListener""#,
            r#""__proto__""#,
            r#""""#,
        ] {
            for rest in ["", r#","x""#, r#",{"requestId":"1"}"#] {
                hears(&mut mate, &format!("42[{name}{rest}]"), &[]).await;
                hears(&mut mate, &format!("423[{name}{rest}]"), &[]).await;
            }
        }
        let id = mate.id.clone();
        mate.leave().await;
        scene.hear_of_the_end_of(&id).await;
        scene.stands("odd event names").await;
    }
}

/// The library under ours ends their sender's connection, which is as good: no client sends them.
#[tokio::test]
async fn event_names_that_are_no_plain_text_end_at_most_their_sender() {
    for by in [By::Websocket, By::Polling] {
        let mut scene = Scene::begin(by).await;
        for name in ["{}", r#"{"toString":1}"#, "[]", "null", "7", "true", r#""\ud800""#, r#""\u0047ET-ID""#] {
            for rest in ["", r#","x""#, r#",{"requestId":"1"}"#] {
                let mut peer = scene.attacker(by).await;
                let _ = peer.send_all(&[Packet::Text(format!("42[{name}{rest}]"))]).await;
                let (Ok(heard) | Err(heard)) = peer.try_fence().await;
                assert_eq!(heard, [], "{name}{rest}");
                peer.leave().await;
            }
        }
        scene.stands("odd event names").await;
    }
}

#[tokio::test]
async fn deep_signals_are_dropped_and_their_sender_stays() {
    for by in EVERY_WAY {
        let mut scene = Scene::begin(by).await;
        let mut mate = scene.room_mate(by).await;
        let to = scene.one.id.clone();
        for (levels, passes) in [(200, true), (3_900, true), (20_000, false), (400_000, false)] {
            for [open, close] in [["[", "]"], [r#"{"a":"#, "}"]] {
                let nested = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
                let levels = if open == "[" { levels } else { levels.min(100_000) };
                mate.emit(&crate::harness::peer::signal_text(&to, &scene.room, &nested(levels))).await;
                mate.hears_nothing().await;
                if passes {
                    assert!(scene.one.receive().await.contains(&nested(levels)));
                }
                scene.one.hears_nothing().await;
            }
        }
        let id = mate.id.clone();
        mate.leave().await;
        scene.hear_of_the_end_of(&id).await;
        scene.stands("deep signals").await;
    }
}

#[tokio::test]
async fn a_placeholder_that_points_nowhere_reaches_nobody() {
    for by in EVERY_WAY {
        let mut scene = Scene::begin(by).await;
        let mut mate = scene.room_mate(by).await;
        let to = scene.one.id.clone();
        for signal in [
            r#"{"_placeholder":true,"num":1}"#,
            r#"{"_placeholder":true,"num":-1}"#,
            r#"{"_placeholder":true,"num":1e99}"#,
            r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":"0"}]"#,
            r#"{"_placeholder":{"_placeholder":true,"num":0},"num":0}"#,
        ] {
            let text = crate::harness::peer::signal_text(&to, &scene.room, signal);
            mate.emit_binary(&text, &[b"one".to_vec()]).await;
            mate.hears_nothing().await;
            scene.one.hears_nothing().await;
        }
        // A text with no attachment at all is looked at by nobody, and passes as it is.
        mate.emit(&crate::harness::peer::signal_text(&to, &scene.room, r#"{"_placeholder":true,"num":7}"#)).await;
        assert!(scene.one.receive().await.contains(r#"{"_placeholder":true,"num":7}"#));
        let fits = crate::harness::peer::signal_text(&to, &scene.room, r#"{"_placeholder":true,"num":0}"#);
        mate.emit_binary(&fits, &[b"one".to_vec()]).await;
        assert_eq!(scene.one.event().await.unwrap().attachments, [b"one"]);
        let id = mate.id.clone();
        mate.leave().await;
        scene.hear_of_the_end_of(&id).await;
        scene.stands("placeholders").await;
    }
}

#[tokio::test]
async fn a_thousand_odd_events_at_once_are_ignored() {
    for by in [By::Websocket, By::Polling] {
        let mut scene = Scene::begin(by).await;
        let mut peer = scene.attacker(by).await;
        let odd = [r#"42["error","x"]"#, r#"42["GET-ID"]"#, r#"42["SIGNAL",null]"#, r#"42["CREATE-ROOM",{}]"#];
        let packets: Vec<_> = odd.iter().cycle().take(1_000).map(|it| Packet::Text((*it).to_owned())).collect();
        peer.send_all(&packets).await.unwrap();
        peer.hears_nothing().await;
        peer.leave().await;
        scene.stands("a thousand odd events").await;
    }
}

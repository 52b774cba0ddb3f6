//! Transceivers and what is negotiated about them, by their texts.
use super::description::tests::HEAD;
use super::*;

fn track(stream: &str, kind: Kind) -> Track {
    Track { stream: stream.to_owned(), kind }
}

fn transport() -> Transport {
    Transport {
        ufrag: "host".to_owned(),
        password: "0123456789012345678901".to_owned(),
        fingerprint: "sha-256 AA:BB".to_owned(),
        setup: "actpass".to_owned(),
    }
}

fn offer(transceivers: &mut Transceivers) -> String {
    transceivers.write_offer(&Ours { transport: &transport(), candidates: &[], layers: false })
}

/// An answer with a direction and a stream for each transceiver, by its mid.
fn answer(transceivers: &mut Transceivers, sections: &[(Kind, &str, &str, &str)]) {
    let mut text = HEAD.to_owned();
    for (kind, mid, direction, stream) in sections {
        let kind = if *kind == Kind::Audio { "audio" } else { "video" };
        text.push_str(&format!("m={kind} 9 X 1\r\na=mid:{mid}\r\na={direction}\r\na=msid:{stream} t\r\n"));
    }
    transceivers.answer(&parse(&text).expect("an answer"));
}

#[test]
fn a_stream_flows_once_its_transceiver_is_answered_and_nothing_else_comes_there() {
    let mut transceivers = Transceivers::new(1);
    transceivers.wish(&[track("a", Kind::Audio)]);
    assert!(transceivers.need_offer());
    let text = offer(&mut transceivers);
    assert!(text.contains("a=mid:1\r\na=sendrecv") && text.contains("a=msid:a t1"));
    assert!(transceivers.iter().all(|it| it.carries().is_none()));
    answer(&mut transceivers, &[(Kind::Audio, "1", "sendrecv", "mine")]);
    assert!(!transceivers.need_offer());
    let transceiver = transceivers.get("1").expect("the transceiver");
    assert_eq!(
        (transceiver.carries(), transceiver.comes()),
        (Some(&track("a", Kind::Audio)), Some(track("mine", Kind::Audio)))
    );

    // One stream ends as another begins: the transceiver rests once, so that the page notices.
    transceivers.wish(&[track("b", Kind::Audio)]);
    let text = offer(&mut transceivers);
    assert!(text.contains("a=mid:1\r\na=recvonly") && text.contains("a=mid:2\r\na=sendrecv"));
    answer(&mut transceivers, &[(Kind::Audio, "1", "sendonly", "mine"), (Kind::Audio, "2", "recvonly", "-")]);
    transceivers.wish(&[track("b", Kind::Audio), track("c", Kind::Audio)]);
    let text = offer(&mut transceivers);
    assert!(text.contains("a=mid:1\r\na=recvonly") && text.contains("a=mid:3\r\na=sendrecv"));
    assert_eq!(transceivers.iter().count(), 3);
}

#[test]
fn an_answer_to_what_has_changed_since_is_none_to_the_change() {
    let mut transceivers = Transceivers::new(1);
    transceivers.wish(&[track("a", Kind::Video)]);
    offer(&mut transceivers);
    transceivers.wish(&[]);
    transceivers.wish(&[track("b", Kind::Video)]);
    answer(&mut transceivers, &[(Kind::Video, "1", "recvonly", "-")]);
    assert!(transceivers.iter().all(|it| it.carries().is_none()) && transceivers.need_offer());
    // What was shown on the first transceiver has its end said before anything else comes there.
    let text = offer(&mut transceivers);
    assert!(text.contains("m=video 0 ") && text.contains("a=msid:b t2"));
}

#[test]
fn an_original_page_sees_one_stream_on_a_line_and_then_the_line_ends() {
    let mut transceivers = Transceivers::new(1);
    transceivers.wish(&[track("a", Kind::Video)]);
    offer(&mut transceivers);
    answer(&mut transceivers, &[(Kind::Video, "1", "recvonly", "-")]);
    transceivers.wish(&[track("b", Kind::Video)]);
    let text = offer(&mut transceivers);
    assert!(text.contains("m=video 0") && text.contains("a=group:BUNDLE 0 2\r\n"));
    answer(&mut transceivers, &[(Kind::Video, "1", "inactive", "-"), (Kind::Video, "2", "recvonly", "-")]);
    transceivers.wish(&[track("b", Kind::Video), track("c", Kind::Video)]);
    let text = offer(&mut transceivers);
    assert!(!text.contains("m=video 0") && text.contains("a=mid:3"));
    assert_eq!(transceivers.iter().count(), 2);
}

#[test]
fn a_transceiver_that_the_guest_does_not_take_is_tried_elsewhere_but_not_for_ever() {
    let mut transceivers = Transceivers::new(1);
    for _ in 0..40 {
        transceivers.wish(&[track("a", Kind::Audio)]);
        offer(&mut transceivers);
        let mids: Vec<_> = transceivers.iter().map(|it| it.mid.clone()).collect();
        let sections: Vec<_> = mids.iter().map(|mid| (Kind::Audio, mid.as_str(), "inactive", "-")).collect();
        answer(&mut transceivers, &sections);
    }
    assert!(transceivers.iter().count() <= 10 && transceivers.iter().all(|it| it.comes().is_none()));
}

#[test]
fn streams_whose_ids_would_break_a_description_are_not_shown() {
    let mut transceivers = Transceivers::new(1);
    transceivers.wish(&[track("a\r\na=evil", Kind::Audio), track("", Kind::Audio)]);
    assert!(!transceivers.need_offer() && !offer(&mut transceivers).contains("evil"));
}

#[test]
fn requests_are_met_within_bounds() {
    let mut transceivers = Transceivers::new(1);
    transceivers.make_room();
    transceivers.make_room();
    assert_eq!(transceivers.iter().count(), 2);
    (0..1_000).for_each(|_| transceivers.request(Kind::Audio));
    assert_eq!(transceivers.iter().count(), 66);
    let ssrcs: std::collections::HashSet<_> = transceivers.iter().flat_map(|it| [it.ssrc, it.resend_ssrc]).collect();
    assert_eq!(ssrcs.len(), 132);
}

#[test]
fn a_guest_s_offer_is_answered_with_what_it_has_added() {
    let mut transceivers = Transceivers::new(1);
    transceivers.wish(&[track("a", Kind::Audio)]);
    offer(&mut transceivers);
    answer(&mut transceivers, &[(Kind::Audio, "1", "recvonly", "-")]);
    // A second transceiver is under way when the guest's offer comes across.
    transceivers.wish(&[track("a", Kind::Audio), track("b", Kind::Video)]);
    offer(&mut transceivers);
    let theirs = format!(
        "{HEAD}m=audio 9 X 111\r\na=mid:1\r\na=sendrecv\r\na=msid:mine t\r\na=rtpmap:111 opus/48000/2\r\n\
         m=video 9 X 96\r\na=mid:7\r\na=sendonly\r\na=msid:mine u\r\na=rtpmap:96 VP8/90000\r\n\
         m=video 9 X 120\r\na=mid:8\r\na=sendonly\r\na=rtpmap:120 VP8/90000\r\n"
    );
    let theirs = parse(&theirs).expect("an offer");
    assert!(transceivers.offer(&theirs));
    let ours = Ours { transport: &transport(), candidates: &[], layers: false };
    let text = transceivers.write_answer(&ours, &theirs);
    assert!(text.contains("a=group:BUNDLE 0 1 7\r\n") && text.contains("m=video 0 X 120"), "{text}");
    assert!(text.contains("a=mid:1\r\na=sendrecv") && text.contains("a=mid:7\r\na=recvonly"));
    assert_eq!(transceivers.get("7").and_then(Transceiver::comes), Some(track("mine", Kind::Video)));
    // What our own offer was for comes again.
    transceivers.wish(&[track("a", Kind::Audio), track("b", Kind::Video)]);
    assert!(transceivers.need_offer() && offer(&mut transceivers).contains("a=msid:b"));
    // One with other sections than ours is none.
    let strange = parse(&format!("{HEAD}m=audio 9 X 111\r\na=mid:9\r\n")).expect("an offer");
    assert!(!transceivers.offer(&strange));
}

#[test]
fn sizes_of_a_picture_are_in_every_description_of_a_transceiver_that_has_them() {
    let mut transceivers = Transceivers::new(1);
    transceivers.request(Kind::Video);
    let layered = transport();
    let ours = Ours { transport: &layered, candidates: &[], layers: true };
    let text = transceivers.write_offer(&ours);
    assert!(text.contains("a=rid:h recv\r\na=rid:m recv\r\na=rid:l recv\r\na=simulcast:recv h;m;l\r\n"), "{text}");
    let section = "m=video 9 X 96\r\na=mid:1\r\na=sendonly\r\na=msid:mine t\r\na=rtpmap:96 VP8/90000\r\n\
        a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n";
    let sizes = "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l;q\r\n";
    let said = |sizes: &str| parse(&format!("{HEAD}{section}{sizes}")).expect("a description");
    transceivers.answer(&said(sizes));
    assert_eq!(transceivers.get("1").expect("the transceiver").layers, ["h", "l"]);
    assert!(transceivers.write_offer(&ours).contains("a=simulcast:recv h;m;l\r\n"));
    // The guest looks for another way through the network: its offer and our answer say them too.
    assert!(transceivers.offer(&said(sizes)));
    let answer = transceivers.write_answer(&ours, &said(sizes));
    assert!(answer.contains("a=rid:h recv\r\na=rid:l recv\r\na=simulcast:recv h;l\r\n"), "{answer}");
    assert!(answer.contains("a=extmap:10 ") && !answer.contains("a=extmap:11 "));
    assert!(transceivers.offer(&said("")));
    assert!(!transceivers.write_answer(&ours, &said("")).contains("simulcast"));
}

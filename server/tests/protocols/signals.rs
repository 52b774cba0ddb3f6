//! What peers say to each other by way of the server.
use super::{MESH, STAR, Stage};

const NOTHING: [String; 0] = [];

fn body(fields: &str) -> String {
    format!(r#"["SIGNAL",{{"target":"<B>","room":"<1>",{fields}}}]"#)
}

fn nested(levels: usize) -> String {
    body(&format!(r#""signal":{}7{}"#, "[".repeat(levels), "]".repeat(levels)))
}

#[test]
fn a_signal_reaches_its_target_alone_with_its_source() {
    for create in [MESH, STAR] {
        let mut stage = Stage::room(create, &["A", "B", "C"]);
        for (from, to) in [("A", "B"), ("B", "A"), ("B", "C"), ("C", "B")] {
            let signal = format!(r#"["SIGNAL",{{"target":"<{to}>","room":"<1>","signal":{{"sdp":"x"}}}}]"#);
            let expected = format!(
                r#"{to} <- ["SIGNAL",{{"target":"<{to}>","room":"<1>","signal":{{"sdp":"x"}},"source":"<{from}>"}}]"#
            );
            assert_eq!(stage.send(from, &signal), [expected]);
        }
    }
}

#[test]
fn a_source_is_set_where_the_last_one_stands_and_no_other_is_left() {
    let mut stage = Stage::room(MESH, &["A", "B", "C"]);
    for source in [r#""<C>""#, r#""<A>""#, "null", "7", r#"{"source":"<C>"}"#, r#"["}"]"#, r#""\"}\\""#] {
        let first = format!(r#"["SIGNAL",{{"source":{source},"target":"<B>","room":"<1>","signal":1}}]"#);
        let expected = r#"B <- ["SIGNAL",{"source":"<A>","target":"<B>","room":"<1>","signal":1}]"#;
        assert_eq!(stage.send("A", &first), [expected], "{source}");
        let doubled = body(&format!(r#""source":{source},"signal":1,"sour\u0063e" : {source} "#));
        let expected = r#"B <- ["SIGNAL",{"target":"<B>","room":"<1>","source":0,"signal":1,"sour\u0063e" : "<A>" }]"#;
        assert_eq!(stage.send("A", &doubled), [expected], "{source}");
    }
}

#[test]
fn everything_else_passes_as_it_was_sent() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    for fields in [
        r#""signal":7"#,
        r#""signal":0"#,
        r#""signal":false"#,
        r#""signal":"""#,
        r#""signal":[]"#,
        r#""signal":{}"#,
        r#""signal":"null""#,
        r#""signal":{"type":"x","nested":{"deep":[1,null,"é😀"]}},"extra":1,"more":{"a":[]}"#,
        r#""signal":[1.0,12345678901234567890,1e400,-0,1E2,0.1e-6,-1e-999]"#,
        r#""signal":"\ud800 \udfff\ud800 \u0000\u2028\/\b""#,
        r#""signal" : { "10" :1, "2":2 ,"a":1,"a":2,"__proto__":{"x":1},"" : [ ] }  "#,
        r#""signal":{"source":"<A>","target":"x","room":"y","signal":null}"#,
        r#""signal":{"_placeholder":true,"num":0}"#,
        r##""signal":"a\"]}{[""##,
    ] {
        let expected = format!(r#"B <- ["SIGNAL",{{"target":"<B>","room":"<1>",{fields},"source":"<A>"}}]"#);
        assert_eq!(stage.send("A", &body(fields)), [expected]);
    }
}

#[test]
fn more_arguments_are_dropped() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    let two = r#"["SIGNAL",{"target":"<B>","room":"<1>","signal":1},"second",{"signal":2}]"#;
    let expected = r#"B <- ["SIGNAL",{"target":"<B>","room":"<1>","signal":1,"source":"<A>"}]"#;
    assert_eq!(stage.send("A", two), [expected]);
}

#[test]
fn the_last_of_doubled_fields_decides() {
    let mut stage = Stage::room(MESH, &["A", "B", "C"]);
    let to_b = r#"["SIGNAL",{"target":"<C>","room":"no","signal":null,"signal":1,"room":"<1>","target":"<B>"}]"#;
    let heard = stage.send("A", to_b);
    assert!(heard.len() == 1 && heard[0].starts_with("B <- "), "{heard:?}");
    for last in [r#""signal":null"#, r#""room":"no""#, r#""room":7"#, r#""target":"<A>""#, r#""t\u0061rget":"no""#] {
        assert_eq!(stage.send("A", &body(&format!(r#""signal":1,{last}"#))), NOTHING, "{last}");
    }
}

#[test]
fn a_signal_to_nobody_of_nothing_or_from_outside_is_dropped() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    stage.arrive(&["X"]);
    for (from, to, room) in [
        ("A", "<A>", "<1>"),
        ("A", "<X>", "<1>"),
        ("X", "<B>", "<1>"),
        ("X", "<X>", "<1>"),
        ("A", "<B>", "00000000-0000-4000-8000-000000000000"),
        ("A", "<B>", ""),
        ("A", "", "<1>"),
        ("A", "nobody", "<1>"),
    ] {
        let signal = format!(r#"["SIGNAL",{{"target":"{to}","room":"{room}","signal":1}}]"#);
        assert_eq!(stage.send(from, &signal), NOTHING, "{from}: {signal}");
    }
    for fields in [r#""x":1"#, r#""signal":null"#, r#""signal": null "#, r#""Signal":1"#] {
        assert_eq!(stage.send("A", &body(fields)), NOTHING, "{fields}");
    }
    for signal in [
        r#"["SIGNAL",null]"#,
        r#"["SIGNAL","str"]"#,
        r#"["SIGNAL",5]"#,
        r#"["SIGNAL"]"#,
        r#"["SIGNAL",[]]"#,
        r#"["SIGNAL",{}]"#,
        r#"["SIGNAL",{"target":"<B>","signal":1}]"#,
        r#"["SIGNAL",{"room":"<1>","signal":1}]"#,
        r#"["SIGNAL",{"target":["<B>"],"room":"<1>","signal":1}]"#,
        r#"["SIGNAL",{"target":"<B>","room":{},"signal":1}]"#,
    ] {
        assert_eq!(stage.send("A", signal), NOTHING, "{signal}");
    }
    assert_eq!(stage.send("A", &body(r#""signal":1"#)).len(), 1);
}

#[test]
fn two_rooms_are_two_rooms() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    stage.arrive(&["C"]);
    stage.send("C", MESH);
    stage.send("A", r#"["JOIN-ROOM",{"requestId":"j","room":"<2>","password":"pw"}]"#);
    let say = |to: &str, room: u8| format!(r#"["SIGNAL",{{"target":"<{to}>","room":"<{room}>","signal":1}}]"#);
    assert_eq!((stage.send("A", &say("B", 1)).len(), stage.send("A", &say("C", 2)).len()), (1, 1));
    assert_eq!((stage.send("A", &say("B", 2)), stage.send("A", &say("C", 1))), (vec![], vec![]));
    assert_eq!((stage.send("B", &say("C", 1)), stage.send("C", &say("B", 2))), (vec![], vec![]));
}

#[test]
fn two_hundred_levels_pass_twenty_thousand_do_not_and_the_sender_stays() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    for (levels, passes) in [(200, true), (3_900, true), (4_100, false), (20_000, false)] {
        assert_eq!(stage.send("A", &nested(levels)).len(), usize::from(passes), "{levels} levels");
    }
    assert_eq!(stage.send("A", &nested(1)).len(), 1);
}

#[test]
fn attachments_travel_with_their_text() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    let placed = r#""signal":{"data":{"_placeholder":true,"num":1},"more":[{"_placeholder":true,"num":0}]}"#;
    let expected = format!(
        r#"B <- ["SIGNAL",{{"target":"<B>","room":"<1>",{placed},"source":"<A>"}}] +b"\x01\x02\x03\xff" +b"abc""#
    );
    assert_eq!(stage.say_with("A", &body(placed), &[&[1, 2, 3, 255], b"abc"]), [expected]);
    for astray in [r#"{"_placeholder":true,"num":2}"#, r#"{"_placeholder":true,"num":"0"}"#, r#"{"_placeholder":7}"#] {
        let signal = body(&format!(r#""signal":[{{"_placeholder":true,"num":0}},{astray}]"#));
        assert_eq!(stage.say_with("A", &signal, &[b"a", b"b"]), NOTHING, "{astray} would end B's connection");
    }
}

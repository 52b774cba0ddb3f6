//! What is answered with nothing, and does nothing.
use super::{JOIN, MESH, STAR, Stage};

const NOTHING: [String; 0] = [];

/// The four that are answered, with everything that they need but the mark.
const ASKED: [(&str, &str); 4] = [
    ("GET-ID", ""),
    ("CREATE-ROOM", r#","maxUsers":5,"name":"n","password":"pw","type":0"#),
    ("JOIN-ROOM", r#","room":"<1>","password":"pw""#),
    ("UPDATE-ROOM", r#","room":"<1>","maxUsers":3,"name":"x","password":"x""#),
];

/// A's star, and B with an id, and X without.
fn stage() -> Stage {
    let mut stage = Stage::room(STAR, &["A"]);
    stage.arrive(&["B"]);
    stage.connect("X");
    stage
}

#[test]
fn a_request_without_a_usable_mark_is_ignored_and_not_done() {
    let ids = [r#""""#, r#""0123456789a""#, r#""😀😀😀😀😀x""#, r#""\ud83d\ude00😀😀😀😀a""#];
    for id in ids.into_iter().chain(["null", "7", "true", "[]", r#"["7"]"#, "{}", r#"[[[[["7"]]]]]"#]) {
        for (name, rest) in ASKED {
            let mut stage = stage();
            for who in ["A", "B", "X"] {
                let request = format!(r#"["{name}",{{"requestId":{id}{rest}}}]"#);
                assert_eq!(stage.send(who, &request), NOTHING, "{request}");
                let last = format!(r#"["{name}",{{"requestId":"ok"{rest},"requestId":{id}}}]"#);
                assert_eq!(stage.send(who, &last), NOTHING, "{last}");
            }
            assert_eq!(stage.n_rooms(), 1);
            assert_eq!(stage.send("B", JOIN).len(), 2, "B had not joined, and A's room has its old password");
            assert_eq!(stage.send("X", r#"["GET-ID",{"requestId":"1"}]"#).len(), 1, "X had no id");
        }
    }
}

#[test]
fn a_mark_has_up_to_ten_units_and_comes_back_as_it_was() {
    for id in ["0", "0123456789", "😀😀😀😀😀", " ", "\u{e9}", "\u{2028}<script>"[..8].trim_end()] {
        let mut stage = Stage::empty();
        stage.connect("A");
        let heard = stage.send("A", &format!(r#"["GET-ID",{{"requestId":"{id}"}}]"#));
        assert_eq!(heard, [format!(r#"A <- ["GET-ID",{{"requestID":"{id}","userID":"<A>"}}]"#)]);
    }
    let mut stage = stage();
    assert_eq!(
        stage.send("B", r#"["JOIN-ROOM",{"requestId":"\"\\\u0000\u0061"}]"#),
        [r#"B <- ["TYPEERROR",{"type":3,"requestID":"\"\\\u0000a"}]"#]
    );
}

#[test]
fn a_request_without_an_object_is_ignored() {
    for (name, _) in ASKED {
        let mut stage = stage();
        for who in ["A", "B", "X"] {
            for body in ["", ",null", ",7", r#","text""#, ",true", ",[]", r#",[{"requestId":"1"}]"#, ",{}"] {
                let request = format!(r#"["{name}"{body}]"#);
                assert_eq!(stage.send(who, &request), NOTHING, "{request}");
            }
        }
        assert_eq!(stage.n_rooms(), 1);
    }
}

#[test]
fn unknown_names_are_ignored_reserved_ones_included_and_case_matters() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    stage.connect("X");
    let names = [
        r#""FOO""#,
        r#""get-id""#,
        r#""Get-Id""#,
        r#""GET-ID ""#,
        r#""""#,
        r#""TYPEERROR""#,
        r#""error""#,
        r#""disconnect""#,
        r#""disconnecting""#,
        r#""connect""#,
        r#""connect_error""#,
        r#""newListener""#,
        r#""removeListener""#,
        r#""message""#,
        r#""__proto__""#,
        r#""constructor""#,
        r#""\ud800""#,
        "7",
        "null",
        "true",
        "{}",
        r#"["GET-ID"]"#,
        r#"{"toString":"GET-ID"}"#,
    ];
    for name in names {
        for body in ["", r#",{"requestId":"0"}"#, r#","x""#, r#",["GET-ID",{"requestId":"0"}]"#] {
            for who in ["A", "X"] {
                assert_eq!(stage.send(who, &format!("[{name}{body}]")), NOTHING, "{name}{body}");
            }
        }
    }
    assert_eq!(stage.count(), (3, 1));
    assert_eq!(stage.send("A", r#"["DISCONNECTEDUSER","<1>"]"#).len(), 1, "A was still in");
    assert_eq!(stage.send("X", r#"["GET-ID",{"requestId":"1"}]"#).len(), 1, "X had no id");
}

#[test]
fn what_is_no_event_is_ignored() {
    let mut stage = Stage::empty();
    stage.connect("X");
    let odd = ["", " ", "{}", "[", "]", "[]", "null", "7", r#""GET-ID""#, r#"["GET-ID",]"#, r#"["GET-ID" {}]"#];
    let broken = [
        r#"["GET-ID",{"requestId":"1"}"#,
        r#"["GET-ID",{"requestId":"1"}]]"#,
        r#"["GET-ID",{"requestId":"1",}]"#,
        r#"["GET-ID",{requestId:"1"}]"#,
        r#"["GET-ID",{'requestId':'1'}]"#,
        r#"["GET-ID",{"requestId":"1}]"#,
        r#"["GET-ID",{"requestId":"\x"}]"#,
        r#"["GET-ID",{"requestId":"1"},NaN]"#,
        r#"{"0":"GET-ID","1":{"requestId":"1"}}"#,
    ];
    for text in odd.into_iter().chain(broken) {
        assert_eq!(stage.send("X", text), NOTHING, "{text}");
    }
    let deep = format!(r#"["GET-ID",{{"requestId":{}1{}}}]"#, "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(stage.send("X", &deep), NOTHING);
    let deep = format!(r#"["GET-ID",{{"requestId":"1"}},{}1{}]"#, "{\"a\":".repeat(20_000), "}".repeat(20_000));
    stage.send("X", &deep);
    assert!(stage.send("X", &deep.replace("GET-ID", "FOO")).is_empty());
}

#[test]
fn more_arguments_fields_and_blanks_change_nothing() {
    let mut stage = Stage::room(MESH, &["A"]);
    stage.connect("B");
    let padded =
        " [ \"GET-ID\" ,\n{ \"x\" : [ {} ] , \"requestId\" : \"\\u0031\" , \"userID\" : \"me\" } , 7 , [ ] ]\n";
    assert_eq!(stage.send("B", padded), [r#"B <- ["GET-ID",{"requestID":"1","userID":"<B>"}]"#]);
    let join = r#"["JOIN-ROOM",{"type":1,"room":"no","room":"<1>","from":{"userID":"<A>"},"password":"pw","requestId":"j"},{}]"#;
    assert_eq!(stage.send("B", join).len(), 2);
    assert_eq!(stage.send("B", r#"["DISCONNECTEDUSER","<1>",{"userID":"<A>"},7]"#).len(), 1);
    let binary = r#"["JOIN-ROOM",{"room":"<1>","password":"pw","requestId":"j","x":{"_placeholder":true,"num":0}}]"#;
    assert_eq!(stage.say_with("B", binary, &[b"\0"]).len(), 2);
}

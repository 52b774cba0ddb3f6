//! Getting an id, making a room, coming in.
use super::{JOIN, MESH, STAR, Stage, create, rejection};

const NOTHING: [String; 0] = [];

#[test]
fn an_id_is_given_once_and_opaque() {
    let mut stage = Stage::empty();
    stage.connect("A");
    assert_eq!(
        stage.send("A", r#"["GET-ID",{"requestId":"7f"}]"#),
        [r#"A <- ["GET-ID",{"requestID":"7f","userID":"<A>"}]"#]
    );
    assert_eq!(stage.send("A", r#"["GET-ID",{"requestId":"80"}]"#), NOTHING);
    stage.arrive(&["B"]);
    let [a, b] = [&stage.ids[0].1, &stage.ids[1].1];
    assert!(a != b && a.len() == 32 && a.bytes().all(|it| it.is_ascii_hexdigit()), "{a} {b}");
}

#[test]
fn a_new_room_is_answered_with_what_is_in_force() {
    for (create, kind) in [(MESH, 0), (STAR, 1)] {
        let mut stage = Stage::empty();
        stage.arrive(&["A"]);
        let expected = r#"{"roomID":"<1>","requestID":"c","name":"n","maxUsers":5,"curUsers":1,"password":"pw"}"#;
        assert_eq!(stage.send("A", create), [format!(r#"A <- ["CREATE-ROOM",{expected}]"#)], "type {kind}");
        let room = uuid::Uuid::parse_str(&stage.ids[1].1).unwrap();
        assert_eq!((room.get_version_num(), room.to_string()), (4, stage.ids[1].1.clone()));
    }
}

#[test]
fn a_room_is_cut_and_clamped() {
    let quoted = |text: &str| format!("\"{text}\"");
    let (long, emoji) = ("n".repeat(21), "😀".repeat(11));
    for (max_users, name, password, expected) in [
        ("21", "n", "pw", (20, "n", "pw")),
        ("20", "n", "pw", (20, "n", "pw")),
        ("1e400", "n", "pw", (20, "n", "pw")),
        ("12345678901234567890", "n", "pw", (20, "n", "pw")),
        ("0", "n", "pw", (0, "n", "pw")),
        ("-0", "n", "pw", (0, "n", "pw")),
        ("-3", "n", "pw", (0, "n", "pw")),
        ("-1e400", "n", "pw", (0, "n", "pw")),
        ("2.5", "n", "pw", (2, "n", "pw")),
        ("2.999", "n", "pw", (2, "n", "pw")),
        ("5.0", "", "", (5, "", "")),
        ("5", &long[..20], &"p".repeat(100), (5, &long[..20], &"p".repeat(100))),
        ("5", &long, &"p".repeat(101), (5, &long[..20], &"p".repeat(100))),
        // Twenty units are ten of these; half of one is not kept.
        ("5", &emoji, "pw", (5, &emoji[..40], "pw")),
        ("5", &format!("n{emoji}"), "pw", (5, &format!("n{}", &emoji[..36]), "pw")),
        ("5", "  n\\n\\t\\u0000 ", " pw ", (5, "  n\\n\\t\\u0000 ", " pw ")),
    ] {
        let mut stage = Stage::empty();
        stage.arrive(&["A", "B"]);
        let (n, cut_name, cut_password) = expected;
        let expected = format!(
            r#"{{"roomID":"<1>","requestID":"c","name":"{cut_name}","maxUsers":{n},"curUsers":1,"password":"{cut_password}"}}"#
        );
        let heard = stage.send("A", &create(max_users, &quoted(name), &quoted(password), "0"));
        assert_eq!(heard, [format!(r#"A <- ["CREATE-ROOM",{expected}]"#)]);
        let join = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"<1>","password":"{cut_password}"}}]"#);
        let heard = stage.send("B", &join);
        if n == 0 {
            assert_eq!(heard, rejection("B", 2, "j"), "a room for nobody holds its creator alone");
        } else {
            let summary = format!(r#"{{"requestID":"j","name":"{cut_name}","maxUsers":{n},"curUsers":2,"type":0}}"#);
            assert_eq!(heard[0], format!(r#"B <- ["JOIN-ROOM",{summary}]"#));
        }
    }
}

#[test]
fn a_room_of_wrong_types_is_error_4_and_is_not_made() {
    for (max_users, name, password, kind) in [
        ("", r#""n""#, r#""p""#, "0"),
        ("null", r#""n""#, r#""p""#, "0"),
        (r#""5""#, r#""n""#, r#""p""#, "0"),
        ("true", r#""n""#, r#""p""#, "0"),
        ("{}", r#""n""#, r#""p""#, "0"),
        ("5", "", r#""p""#, "0"),
        ("5", "7", r#""p""#, "0"),
        ("5", "null", r#""p""#, "0"),
        ("5", r#"["n"]"#, r#""p""#, "0"),
        ("5", r#""n""#, "", "0"),
        ("5", r#""n""#, "null", "0"),
        ("5", r#""n""#, "12", "0"),
        ("5", r#""n""#, r#""p""#, ""),
        ("5", r#""n""#, r#""p""#, "2"),
        ("5", r#""n""#, r#""p""#, "0.5"),
        ("5", r#""n""#, r#""p""#, "-1"),
        ("5", r#""n""#, r#""p""#, r#""0""#),
        ("5", r#""n""#, r#""p""#, "null"),
        ("5", r#""n""#, r#""p""#, "false"),
    ] {
        let mut stage = Stage::empty();
        stage.arrive(&["A"]);
        let request = create(max_users, name, password, kind);
        assert_eq!((stage.send("A", &request), stage.n_rooms()), (rejection("A", 4, "c").to_vec(), 0), "{request}");
    }
}

#[test]
fn without_an_id_nothing_is_made_and_no_room_is_found() {
    let mut stage = Stage::room(STAR, &["A", "B"]);
    stage.connect("X");
    assert_eq!(stage.send("X", MESH), rejection("X", 4, "c"));
    assert_eq!(stage.send("X", JOIN), rejection("X", 3, "j"));
    let update = r#"["UPDATE-ROOM",{"requestId":"u","room":"<1>","maxUsers":3,"name":"n","password":"p"}]"#;
    assert_eq!(stage.send("X", update), rejection("X", 3, "u"));
    assert_eq!(stage.send("X", r#"["SIGNAL",{"target":"<A>","room":"<1>","signal":1}]"#), NOTHING);
    assert_eq!(stage.send("X", r#"["DISCONNECTEDUSER","<1>"]"#), NOTHING);
    assert_eq!(stage.n_rooms(), 1);
}

#[test]
fn one_room_too_many_is_a_room_error() {
    let mut stage = Stage::empty();
    stage.arrive(&["A", "B"]);
    for n in 1..=100 {
        assert_eq!(stage.send("A", MESH).len(), 1);
        assert_eq!(stage.n_rooms(), n);
    }
    assert_eq!(stage.send("A", MESH), rejection("A", 4, "c"));
    stage.send("B", MESH);
    assert_eq!(stage.send("A", &JOIN.replace("<1>", "<101>")), rejection("A", 4, "j"));
    stage.send("A", r#"["DISCONNECTEDUSER","<1>"]"#);
    assert_eq!(stage.send("A", MESH).len(), 1);
}

#[test]
fn a_newcomer_to_a_mesh_is_answered_first_and_told_to_everyone() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    stage.arrive(&["C"]);
    assert_eq!(
        stage.send("C", JOIN),
        [
            r#"C <- ["JOIN-ROOM",{"requestID":"j","name":"n","maxUsers":5,"curUsers":3,"type":0}]"#,
            r#"A <- ["JOIN-ROOM",{"from":{"userID":"<C>","roomID":"<1>"}}]"#,
            r#"B <- ["JOIN-ROOM",{"from":{"userID":"<C>","roomID":"<1>"}}]"#,
        ]
    );
}

#[test]
fn a_newcomer_to_a_star_hears_who_hosts_it_and_the_host_alone_is_told() {
    let mut stage = Stage::room(STAR, &["A", "B"]);
    stage.arrive(&["C"]);
    assert_eq!(
        stage.send("C", JOIN),
        [
            r#"C <- ["JOIN-ROOM",{"requestID":"j","name":"n","maxUsers":5,"curUsers":3,"type":1,"spec":"<A>"}]"#,
            r#"A <- ["JOIN-ROOM",{"from":{"userID":"<C>","roomID":"<1>"}}]"#,
        ]
    );
}

#[test]
fn what_is_no_rooms_exact_id_is_error_3_before_all_else() {
    let mut stage = Stage::room(MESH, &["A"]);
    stage.arrive(&["B"]);
    let upper = stage.ids[1].1.to_uppercase();
    let padded = format!("{} ", stage.ids[1].1);
    let quoted = [upper, padded, String::new(), "00000000-0000-4000-8000-000000000000".to_owned()];
    let quoted = quoted.iter().map(|it| format!(r#","room":"{it}""#));
    let odd = ["", r#","room":null"#, r#","room":7"#, r#","room":["<1>"]"#, r#","room":{}"#, r#","room":true"#];
    for room in quoted.chain(odd.map(str::to_owned)) {
        for password in ["", r#","password":"pw""#, r#","password":7"#] {
            let request = format!(r#"["JOIN-ROOM",{{"requestId":"j"{room}{password}}}]"#);
            assert_eq!(stage.send("B", &request), rejection("B", 3, "j"), "{request}");
        }
    }
}

#[test]
fn what_is_not_the_very_password_is_error_1_even_when_the_room_is_full() {
    for max_users in ["5", "1"] {
        for (own, tried) in [
            ("pw", r#","password":"bad""#),
            ("pw", r#","password":"PW""#),
            ("pw", r#","password":"pw ""#),
            ("pw", r#","password":"""#),
            ("pw", r#","password":null"#),
            ("pw", r#","password":["pw"]"#),
            ("pw", ""),
            ("", ""),
            ("", r#","password":null"#),
            ("", r#","password":0"#),
            ("5", r#","password":5"#),
        ] {
            let mut stage = Stage::empty();
            stage.arrive(&["A", "B"]);
            stage.send("A", &create(max_users, r#""n""#, &format!("\"{own}\""), "0"));
            let request = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"<1>"{tried}}}]"#);
            assert_eq!(stage.send("B", &request), rejection("B", 1, "j"), "{own}: {request}");
        }
    }
}

#[test]
fn a_full_room_is_error_2_and_who_is_in_it_hears_nothing() {
    let mut stage = Stage::empty();
    stage.arrive(&["A", "B", "C"]);
    stage.send("A", &create("2", r#""n""#, r#""pw""#, "0"));
    assert_eq!(stage.send("B", JOIN).len(), 2);
    assert_eq!(stage.send("C", JOIN), rejection("C", 2, "j"));
    for password in ["pw", "bad"] {
        let again = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"<1>","password":"{password}"}}]"#);
        assert_eq!(stage.send("B", &again), NOTHING, "already in: neither full nor wrong");
    }
}

#[test]
fn a_password_is_any_text() {
    let mut stage = Stage::empty();
    stage.arrive(&["A", "B"]);
    stage.send("A", &create("5", r#""n""#, r#""\u00e9😀\"\\\n ""#, "0"));
    let heard =
        stage.send("B", r#"["JOIN-ROOM",{"password":"é\ud83d\ude00\u0022\\\u000a ","room":"<1>","requestId":"j"}]"#);
    assert_eq!(heard.len(), 2, "{heard:?}");
}

//! Updating a room, leaving it, and being lost.
use super::{JOIN, MESH, STAR, Stage, rejection};

const NOTHING: [String; 0] = [];
const UPDATE: &str = r#"["UPDATE-ROOM",{"requestId":"u","room":"<1>","maxUsers":3,"name":"new","password":"newpw"}]"#;
const LEAVE: &str = r#"["DISCONNECTEDUSER","<1>"]"#;

fn left(to: &str, who: &str) -> String {
    left_from(to, who, 1)
}

fn left_from(to: &str, who: &str, room: u8) -> String {
    format!(r#"{to} <- ["DISCONNECTEDUSER",{{"userID":"<{who}>","roomID":"<{room}>"}}]"#)
}

#[test]
fn a_stars_host_changes_it_and_is_told_alone() {
    let mut stage = Stage::room(STAR, &["A", "B"]);
    stage.arrive(&["C", "D"]);
    assert_eq!(
        stage.send("A", UPDATE),
        [r#"A <- ["UPDATE-ROOM",{"requestID":"u","password":"newpw","name":"new","maxUsers":3,"curUsers":2}]"#]
    );
    assert_eq!(stage.send("C", JOIN), rejection("C", 1, "j"));
    let join = r#"["JOIN-ROOM",{"requestId":"j2","room":"<1>","password":"newpw"}]"#;
    assert_eq!(
        stage.send("C", join)[0],
        r#"C <- ["JOIN-ROOM",{"requestID":"j2","name":"new","maxUsers":3,"curUsers":3,"type":1,"spec":"<A>"}]"#
    );
    assert_eq!(stage.send("D", join), rejection("D", 2, "j2"));
}

#[test]
fn an_update_is_cut_and_clamped_and_throws_nobody_out() {
    let mut stage = Stage::room(STAR, &["A", "B", "C"]);
    let (name, password) = ("n".repeat(30), "p".repeat(150));
    let long = UPDATE.replace("newpw", &password).replace("new", &name).replace('3', "99");
    let expected = format!(
        r#"A <- ["UPDATE-ROOM",{{"requestID":"u","password":"{}","name":"{}","maxUsers":20,"curUsers":3}}]"#,
        &password[..100],
        &name[..20]
    );
    assert_eq!(stage.send("A", &long), [expected]);
    for (asked, given) in [("1", 1), ("-7", 0), ("1.9", 1)] {
        let heard = stage.send("A", &UPDATE.replace('3', asked));
        assert!(heard.len() == 1 && heard[0].contains(&format!(r#""maxUsers":{given},"curUsers":3"#)), "{heard:?}");
    }
    let heard = stage.send("B", r#"["SIGNAL",{"target":"<C>","room":"<1>","signal":1}]"#);
    assert_eq!(heard.len(), 1, "they are still there");
}

#[test]
fn only_a_stars_host_may_and_an_unknown_room_comes_first() {
    let mut stage = Stage::room(STAR, &["A", "B"]);
    stage.arrive(&["X"]);
    for who in ["B", "X"] {
        assert_eq!(stage.send(who, UPDATE), rejection(who, 4, "u"));
    }
    for room in [r#","room":"nowhere""#, r#","room":null"#, r#","room":["<1>"]"#, ""] {
        let request = format!(r#"["UPDATE-ROOM",{{"requestId":"u"{room},"name":7}}]"#);
        assert_eq!(stage.send("A", &request), rejection("A", 3, "u"), "{request}");
    }
    let mut stage = Stage::room(MESH, &["A", "B"]);
    assert_eq!(stage.send("A", UPDATE), rejection("A", 4, "u"));
}

#[test]
fn an_update_of_wrong_types_is_error_4_and_changes_nothing() {
    let mut stage = Stage::room(STAR, &["A"]);
    for (right, wrong) in [
        (r#""maxUsers":3"#, r#""maxUsers":"7""#),
        (r#""maxUsers":3"#, r#""maxUsers":null"#),
        (r#""maxUsers":3,"#, ""),
        (r#""name":"new""#, r#""name":null"#),
        (r#""name":"new","#, ""),
        (r#""password":"newpw""#, r#""password":null"#),
        (r#""password":"newpw""#, r#""password":{}"#),
        (r#","password":"newpw""#, ""),
    ] {
        let request = UPDATE.replace(right, wrong);
        assert_eq!(stage.send("A", &request), rejection("A", 4, "u"), "{request}");
    }
    stage.arrive(&["B"]);
    assert!(stage.send("B", JOIN)[0].contains(r#""name":"n","maxUsers":5"#));
}

#[test]
fn a_leave_is_told_to_all_of_a_mesh_and_not_answered() {
    let mut stage = Stage::room(MESH, &["A", "B", "C"]);
    assert_eq!(stage.send("B", LEAVE), [left("A", "B"), left("C", "B")]);
    assert_eq!(stage.send("A", LEAVE), [left("C", "A")]);
    assert_eq!((stage.send("C", LEAVE), stage.n_rooms()), (vec![], 0));
    assert_eq!(stage.send("C", JOIN), rejection("C", 3, "j"));
}

#[test]
fn a_guests_leave_is_told_to_the_host_alone_and_the_hosts_to_all_and_itself() {
    let mut stage = Stage::room(STAR, &["A", "B", "C"]);
    assert_eq!(stage.send("B", LEAVE), [left("A", "B")]);
    assert_eq!(stage.send("B", JOIN).len(), 2);
    assert_eq!(stage.send("A", LEAVE), [left("A", "A"), left("C", "A"), left("B", "A")]);
    assert_eq!(stage.n_rooms(), 0);
    assert_eq!(stage.send("A", UPDATE), rejection("A", 3, "u"));
    assert_eq!(stage.send("B", JOIN), rejection("B", 3, "j"));
    assert_eq!(stage.send("B", r#"["SIGNAL",{"target":"<C>","room":"<1>","signal":1}]"#), NOTHING);
    assert_eq!(stage.send("C", LEAVE), NOTHING);
}

#[test]
fn only_a_member_can_leave() {
    let mut stage = Stage::room(MESH, &["A", "B"]);
    stage.arrive(&["X"]);
    stage.connect("Y");
    for who in ["X", "Y"] {
        assert_eq!(stage.send(who, LEAVE), NOTHING);
    }
    assert_eq!(stage.send("B", LEAVE), [left("A", "B")]);
    assert_eq!(stage.send("B", LEAVE), NOTHING);
    for body in [r#"{"roomID":"<1>"}"#, r#"{"room":"<1>"}"#, r#"["<1>"]"#, "null", "7", r#""nowhere""#, r#""""#] {
        assert_eq!(stage.send("A", &format!(r#"["DISCONNECTEDUSER",{body}]"#)), NOTHING, "{body}");
    }
    assert_eq!(stage.send("A", r#"["DISCONNECTEDUSER"]"#), NOTHING);
    assert_eq!(stage.n_rooms(), 1);
}

#[test]
fn who_left_is_out_and_can_come_back() {
    let mut stage = Stage::room(MESH, &["A", "B", "C"]);
    stage.send("B", LEAVE);
    for (from, to) in [("A", "B"), ("B", "A")] {
        let signal = format!(r#"["SIGNAL",{{"target":"<{to}>","room":"<1>","signal":1}}]"#);
        assert_eq!(stage.send(from, &signal), NOTHING);
    }
    assert_eq!(
        stage.send("B", JOIN),
        [
            r#"B <- ["JOIN-ROOM",{"requestID":"j","name":"n","maxUsers":5,"curUsers":3,"type":0}]"#,
            r#"A <- ["JOIN-ROOM",{"from":{"userID":"<B>","roomID":"<1>"}}]"#,
            r#"C <- ["JOIN-ROOM",{"from":{"userID":"<B>","roomID":"<1>"}}]"#,
        ]
    );
}

#[test]
fn leaving_and_then_being_lost_counts_once() {
    let mut stage = Stage::room(MESH, &["A", "B", "C"]);
    stage.send("B", LEAVE);
    assert_eq!(stage.drop_line("B"), NOTHING);
    stage.arrive(&["D"]);
    assert!(stage.send("D", JOIN)[0].contains(r#""curUsers":3"#));
}

#[test]
fn a_lost_peer_leaves_its_rooms_in_the_order_in_which_it_came_to_them() {
    let mut stage = Stage::empty();
    stage.arrive(&["A", "B"]);
    for (who, create) in [("A", MESH), ("A", STAR), ("B", MESH), ("B", STAR)] {
        stage.send(who, create);
    }
    let join = |room: u8| JOIN.replace("<1>", &format!("<{room}>"));
    for (who, room) in [("B", 1), ("B", 2), ("A", 4), ("A", 3)] {
        assert_eq!(stage.send(who, &join(room)).len(), 2);
    }
    assert_eq!(stage.drop_line("A"), [1, 2, 4, 3].map(|room| left_from("B", "A", room)));
    assert_eq!(stage.n_rooms(), 3, "the star is gone with its host");
    assert_eq!((stage.drop_line("B"), stage.count()), (vec![], (0, 0)));
}

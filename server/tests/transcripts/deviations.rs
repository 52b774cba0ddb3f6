//! What we do otherwise than the original, scenario by scenario, on purpose. Each entry is checked twice: ours must say
//! just this, and the original must have said something else.

/// A scenario in which ours says something else.
pub(super) struct Deviation {
    pub(super) id: &'static str,
    /// One sentence.
    pub(super) reason: &'static str,
    /// Who, after which step, and all that it then hears.
    pub(super) ours: &'static [(&'static str, usize, &'static [&'static str])],
}

const CREATED: &str = "a new room is answered with what is in force, and the original echoes what was asked";
const WRONG_TYPE: &str = "a maxUsers that is no number is error 4, and the original makes some number of it";
const LEFT_FOR_GOOD: &str = "leaving is complete, and in the original who left is still served and counted down again";
const NOT_A_MEMBER: &str = "only a member can leave, and in the original anyone counts any room down";

pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation {
        id: "create-max-21",
        reason: CREATED,
        ours: &[(
            "A",
            1,
            &[
                r#"["CREATE-ROOM",{"roomID":"<room:1>","requestID":"1","name":"n","maxUsers":20,"curUsers":1,"password":"pw"}]"#,
            ],
        )],
    },
    Deviation {
        id: "create-max-object",
        reason: WRONG_TYPE,
        ours: &[
            ("A", 1, &[r#"["TYPEERROR",{"type":4,"requestID":"1"}]"#]),
            ("B", 2, &[r#"["TYPEERROR",{"type":3,"requestID":"j"}]"#]),
            ("C", 3, &[r#"["TYPEERROR",{"type":3,"requestID":"j"}]"#]),
            ("D", 4, &[r#"["TYPEERROR",{"type":3,"requestID":"j"}]"#]),
        ],
    },
    Deviation {
        id: "create-name-len21",
        reason: CREATED,
        ours: &[(
            "A",
            1,
            &[
                r#"["CREATE-ROOM",{"roomID":"<room:1>","requestID":"1","name":"abcdefghijklmnopqrst","maxUsers":5,"curUsers":1,"password":"pw"}]"#,
            ],
        )],
    },
    Deviation {
        id: "create-name-emoji11",
        reason: CREATED,
        ours: &[(
            "A",
            1,
            &[
                r#"["CREATE-ROOM",{"roomID":"<room:1>","requestID":"1","name":"😀😀😀😀😀😀😀😀😀😀","maxUsers":5,"curUsers":1,"password":"pw"}]"#,
            ],
        )],
    },
    Deviation {
        id: "create-pwd-len101",
        reason: CREATED,
        ours: &[(
            "A",
            1,
            &[concat!(
                r#"["CREATE-ROOM",{"roomID":"<room:1>","requestID":"1","name":"n","maxUsers":5,"curUsers":1,"password":""#,
                "pppppppppppppppppppppppppppppppppppppppppppppppppp",
                "pppppppppppppppppppppppppppppppppppppppppppppppppp",
                r#""}]"#
            )],
        )],
    },
    Deviation { id: "signal-after-leave", reason: LEFT_FOR_GOOD, ours: &[("A", 4, &[]), ("B", 3, &[])] },
    Deviation {
        id: "signal-numbers",
        reason: "numbers pass as they were sent, and the original's parser rewrites them",
        ours: &[(
            "B",
            2,
            &[
                r#"["SIGNAL",{"target":"<sid:B>","room":"<room:1>","signal":{"type":"x","a":1.0,"b":12345678901234567890,"c":1e400,"d":-0,"e":1E2,"f":0.1e-6},"source":"<sid:A>"}]"#,
            ],
        )],
    },
    Deviation {
        id: "update-maxstr",
        reason: WRONG_TYPE,
        ours: &[("A", 2, &[r#"["TYPEERROR",{"type":4,"requestID":"u"}]"#])],
    },
    Deviation {
        id: "update-maxnull",
        reason: WRONG_TYPE,
        ours: &[("A", 2, &[r#"["TYPEERROR",{"type":4,"requestID":"u"}]"#])],
    },
    Deviation {
        id: "leave-nonmember",
        reason: NOT_A_MEMBER,
        ours: &[
            ("A", 2, &[]),
            ("B", 2, &[]),
            ("probe1", 3, &[r#"["JOIN-ROOM",{"requestID":"p","name":"room","maxUsers":5,"curUsers":3,"type":0}]"#]),
        ],
    },
    Deviation {
        id: "leave-nonmember-delete",
        reason: NOT_A_MEMBER,
        ours: &[
            ("A", 2, &[r#"["JOIN-ROOM",{"from":{"userID":"<sid:probe1>","roomID":"<room:1>"}}]"#]),
            ("probe1", 2, &[r#"["JOIN-ROOM",{"requestID":"p","name":"room","maxUsers":5,"curUsers":2,"type":0}]"#]),
        ],
    },
    Deviation {
        id: "leave-twice",
        reason: LEFT_FOR_GOOD,
        ours: &[
            ("A", 4, &[]),
            ("C", 4, &[]),
            ("probe1", 5, &[r#"["JOIN-ROOM",{"requestID":"p","name":"room","maxUsers":5,"curUsers":3,"type":0}]"#]),
        ],
    },
    Deviation {
        id: "leave-then-drop",
        reason: LEFT_FOR_GOOD,
        ours: &[
            ("A", 4, &[]),
            ("C", 4, &[]),
            ("probe1", 5, &[r#"["JOIN-ROOM",{"requestID":"p","name":"room","maxUsers":5,"curUsers":3,"type":0}]"#]),
        ],
    },
    Deviation {
        id: "leave-rejoin",
        reason: "who left can join again, and the original is silent to it",
        ours: &[
            ("A", 4, &[r#"["JOIN-ROOM",{"from":{"userID":"<sid:B>","roomID":"<room:1>"}}]"#]),
            ("B", 4, &[r#"["JOIN-ROOM",{"requestID":"again","name":"room","maxUsers":5,"curUsers":3,"type":0}]"#]),
            ("C", 4, &[r#"["JOIN-ROOM",{"from":{"userID":"<sid:B>","roomID":"<room:1>"}}]"#]),
        ],
    },
    Deviation {
        id: "ws-raw-disconnect-event",
        reason: "reserved names are ignored, and in the original this one runs the server's own handler",
        ours: &[
            ("A", 2, &[]),
            (
                "B",
                3,
                &[
                    r#"["CREATE-ROOM",{"roomID":"<room:2>","requestID":"1","name":"n","maxUsers":2,"curUsers":1,"password":""}]"#,
                ],
            ),
            ("B", 4, &[r#"["JOIN-ROOM",{"from":{"userID":"<sid:probe1>","roomID":"<room:1>"}}]"#]),
            ("probe1", 4, &[r#"["JOIN-ROOM",{"requestID":"p","name":"room","maxUsers":5,"curUsers":3,"type":0}]"#]),
        ],
    },
];

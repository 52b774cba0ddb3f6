//! Settings of listeners and presets, and the one sentence that an operator hears when one is wrong.
use std::path::PathBuf;

use p2pchat_server::{
    app::{App, settings},
    config::{self, Config, Flags},
};

fn read(preset: Option<&str>, environment: &[(&str, &str)]) -> Result<Config, String> {
    let flags = Flags { preset: preset.map(str::to_owned), ..Flags::default() };
    let environment = environment.iter().map(|it| (format!("P2PCHAT_HTTP__{}", it.0), it.1.to_owned()));
    let config = config::read(&flags, &[], environment).map(|it| it.0).map_err(|it| it.to_string())?;
    settings::check(&config).map(|()| config).map_err(|it| it.to_string())
}

/// Port, TLS, protocols and origins of every listener.
fn summary(config: &Config) -> Vec<String> {
    let names = |it: &settings::Listener| it.protocols.iter().map(|it| it.name()).collect::<Vec<_>>().join(",");
    let line = |it: &settings::Listener| format!("{} {} {} {}", it.at, it.tls, names(it), it.origins.join(","));
    settings::listeners(config).unwrap().iter().map(line).collect()
}

#[test]
fn without_settings_there_is_one_listener_and_it_speaks_p2pchat() {
    assert_eq!(summary(&read(None, &[]).unwrap()), ["[::]:8080 false p2pchat same-host"]);
}

#[test]
fn a_preset_sets_everything_and_whatever_is_set_beside_it_wins() {
    for (preset, expected) in [
        ("textchat", "[::]:3000 false textchat same"),
        ("videocall", "[::]:8080 false videocall same"),
        ("poc", "[::]:3001 false poc same,file://"),
        ("mqtt", "[::]:1883 false mqtt same,http://localhost:5173,http://localhost:4173"),
    ] {
        assert_eq!(summary(&read(Some(preset), &[]).unwrap()), [expected]);
        assert_eq!(summary(&read(None, &[("PRESET", preset)]).unwrap()), [expected]);
    }
    let beside = [("PORT", "9"), ("ORIGINS", r#"["*"]"#), ("PRESET", "textchat")];
    assert_eq!(summary(&read(None, &beside).unwrap()), ["[::]:9 false textchat *"]);
    assert_eq!(summary(&read(Some("poc"), &beside).unwrap()), ["[::]:9 false poc *"], "a flag wins over a variable");
}

#[test]
fn a_preset_may_stand_in_a_file_and_what_else_stands_there_wins_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    std::fs::write(&path, "[http]\npreset = \"poc\"\naddress = \"127.0.0.1\"\nport = 4\n").unwrap();
    let flags = Flags { config: Some(path), ..Flags::default() };
    let config = config::read(&flags, &[], []).unwrap().0;
    assert_eq!(summary(&config), ["127.0.0.1:4 false poc same,file://"]);
}

#[test]
fn further_listeners_are_as_their_preset_and_else_as_the_main_one() {
    let lines = r#"[
        { preset = "textchat" },
        { preset = "poc", address = "127.0.0.1", port = 4001, origins = ["file://"] },
        { port = 9000, protocols = ["poc", "videocall"] },
    ]"#;
    let config = read(None, &[("ADDRESS", "0.0.0.0"), ("LISTENERS", lines)]).unwrap();
    let expected = [
        "0.0.0.0:8080 false p2pchat same-host",
        "0.0.0.0:3000 false textchat same",
        "127.0.0.1:4001 false poc file://",
        "0.0.0.0:9000 false videocall,poc same",
    ];
    assert_eq!(summary(&config), expected);
}

#[test]
fn tls_is_as_on_the_main_listener_unless_it_is_said_or_its_page_knows_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    let lines = r#"[{ preset = "textchat" }, { preset = "poc" }, { preset = "videocall", port = 1, tls = false }]"#;
    let tls = "[tls]\nenabled = true\ncert_path = \"/c\"\nkey_path = \"/k\"\n";
    std::fs::write(&path, format!("{tls}[http]\nlisteners = {}\n", lines)).unwrap();
    let flags = Flags { config: Some(path), ..Flags::default() };
    let config = config::read(&flags, &[], []).unwrap().0;
    let tls: Vec<_> = config.listeners().iter().map(|it| it.tls).collect();
    assert_eq!(tls, [true, true, false, false]);
}

#[test]
fn what_is_printed_shows_what_presets_set_and_is_accepted_again() {
    let config = read(Some("textchat"), &[("LISTENERS", r#"[{ preset = "poc" }]"#)]).unwrap();
    let printed = config.to_toml();
    for part in ["preset = \"textchat\"", "port = 3000", "port = 3001", "origins = [\"same\", \"file://\"]"] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    std::fs::write(&path, &printed).unwrap();
    let again = config::read(&Flags { config: Some(path), ..Flags::default() }, &[], []).unwrap().0;
    assert_eq!((again.to_toml(), summary(&again)), (printed, summary(&config)));
}

#[test]
fn an_origin_that_no_browser_sends_is_refused() {
    let origin = "each must be \"*\", \"same\", \"same-host\", \"file://\", or a scheme and a host and no path, as \"https://chat.example.org\"";
    let ancestor = "each must be a scheme and a host and no path, as \"https://intranet.example.org\"";
    for (name, text, sentence) in [
        ("ORIGINS", r#"["chat.example.org"]"#, format!("http.origins holds \"chat.example.org\": {origin}")),
        ("ORIGINS", r#"["https://a/b"]"#, format!("http.origins holds \"https://a/b\": {origin}")),
        ("FRAME_ANCESTORS", r#"["same"]"#, format!("http.frame_ancestors holds \"same\": {ancestor}")),
        ("FRAME_ANCESTORS", r#"["https://a; x"]"#, format!("http.frame_ancestors holds \"https://a; x\": {ancestor}")),
        ("ORIGINS", r#"["https://a:0"]"#, format!("http.origins holds \"https://a:0\": {origin}")),
        ("ORIGINS", r#"["https://:::"]"#, format!("http.origins holds \"https://:::\": {origin}")),
        (
            "ORIGINS",
            r#"["https://a:443"]"#,
            "http.origins holds \"https://a:443\": browsers leave the usual port out, so write \"https://a\""
                .to_owned(),
        ),
        (
            "ORIGINS",
            "[]",
            "http.origins is empty, so that no page may connect: name at least one, as \"same\"".to_owned(),
        ),
    ] {
        assert_eq!(read(None, &[(name, text)]).unwrap_err(), sentence, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_name() {
    let known = r#""p2pchat", "textchat", "videocall", "poc" or "mqtt""#;
    let presets = r#""mqtt", "poc", "textchat" or "videocall""#;
    let origin = "each must be \"*\", \"same\", \"same-host\", \"file://\", or a scheme and a host and no path, as \"https://chat.example.org\"";
    for (name, text, sentence) in [
        ("PRESET", "pox", format!("http.preset names the preset \"pox\", which there is not: it must be {presets}")),
        ("PROTOCOLS", r#"["pox"]"#, format!("the main listener has the protocol \"pox\": each must be {known}")),
        ("PROTOCOLS", "[]", format!("the main listener has no protocols: name at least one, {known}")),
        (
            "LISTENERS",
            r#"[{ preset = "pox" }]"#,
            format!("an entry of http.listeners has the preset \"pox\", which there is not: it must be {presets}"),
        ),
        (
            "LISTENERS",
            r#"[{ protocols = ["poc"] }]"#,
            "an entry of http.listeners has neither a port nor a preset: give it one".to_owned(),
        ),
        (
            "LISTENERS",
            "[{ port = 1 }]",
            format!("the listener on port 1 has no protocols: name at least one, {known}"),
        ),
        (
            "LISTENERS",
            r#"[{ preset = "poc", origins = ["x"] }]"#,
            format!("origins of the listener on port 3001 holds \"x\": {origin}"),
        ),
        (
            "LISTENERS",
            r#"[{ preset = "poc", views = "/nowhere" }]"#,
            "views of the listener on port 3001 is /nowhere: there is no such folder, or this user may not look into it"
                .to_owned(),
        ),
        (
            "ADDRESS",
            "224.0.0.1",
            "the main listener has the address 224.0.0.1: no connection comes in there; \"::\" is every address of this \
             machine"
                .to_owned(),
        ),
        (
            "LISTENERS",
            r#"[{ protocols = ["poc"], port = 8080, address = "127.0.0.1" }]"#,
            "the listeners at [::]:8080 and 127.0.0.1:8080 take each other's place: give one of them another port".to_owned(),
        ),
        (
            "LISTENERS",
            r#"[{ preset = "videocall" }]"#,
            "two listeners have the address [::]:8080: give one of them another port".to_owned(),
        ),
        (
            "LISTENERS",
            r#"[{ preset = "textchat", tls = true }]"#,
            "a listener has tls = true, but tls.cert_path is empty: name the PEM file, or switch TLS off".to_owned(),
        ),
        (
            "LISTENERS",
            r#"[{ prot = 1 }]"#,
            "the variable P2PCHAT_HTTP__LISTENERS sets http.listeners[0] to something that does not fit: unknown field \
             `prot`, expected one of `preset`, `address`, `port`, `protocols`, `origins`, `views`, `tls`, \
             `proxy_protocol`"
                .to_owned(),
        ),
    ] {
        assert_eq!(read(None, &[(name, text)]).unwrap_err(), sentence, "{text}");
    }
}

#[test]
fn a_folder_of_pages_belongs_to_its_listener() {
    let folder = tempfile::tempdir().unwrap();
    let lines = format!(r#"[{{ preset = "poc", views = {:?} }}]"#, folder.path());
    let views: Vec<_> =
        read(None, &[("LISTENERS", &lines)]).unwrap().listeners().into_iter().map(|it| it.views).collect();
    assert_eq!(views, [None, Some(PathBuf::from(folder.path()))]);
}

#[test]
fn addresses_of_one_port_go_together_only_where_none_covers_the_other() {
    let with = |main: &str, other: &str| {
        let line = format!(r#"[{{ protocols = ["poc"], port = 8080, address = "{other}" }}]"#);
        read(None, &[("ADDRESS", main), ("LISTENERS", &line)])
    };
    assert!(with("127.0.0.1", "127.0.0.2").is_ok() && with("::1", "127.0.0.1").is_ok());
    for (main, other) in
        [("0.0.0.0", "::"), ("::", "::1"), ("127.0.0.1", "0.0.0.0"), ("127.0.0.1", "::ffff:127.0.0.1"), ("::", "::")]
    {
        assert!(with(main, other).is_err(), "{main} {other}");
    }
    let any = r#"[{ protocols = ["poc"], port = 0 }, { protocols = ["poc"], port = 0 }]"#;
    assert!(read(None, &[("PORT", "0"), ("LISTENERS", any)]).is_ok(), "the system finds a port for each");
}

/// Whatever passes the check can be started with: this one made the router panic.
#[tokio::test]
async fn one_path_for_two_things_on_one_listener_is_refused() {
    let path = |path: &str, protocols: &str| {
        let environment = [("P2PCHAT_SIGNALING__PATH", path), ("P2PCHAT_HTTP__PROTOCOLS", protocols)];
        let environment = environment.map(|it| (it.0.to_owned(), it.1.to_owned()));
        config::read(&Flags { port: Some(0), ..Flags::default() }, &[], environment).unwrap().0
    };
    let both = path("/socket.io/", r#"["p2pchat", "textchat"]"#);
    let sentence =
        "the main listener would have both textchat and p2pchat at /socket.io/: choose another signaling.path";
    assert_eq!(settings::check(&both).unwrap_err().to_string(), sentence);
    assert_eq!(App::bind(both).await.err().map(|it| it.to_string()), Some(sentence.to_owned()));
    let health = path("/health/", r#"["p2pchat"]"#);
    let sentence =
        "the main listener would have both p2pchat and the health page at /health/: choose another signaling.path";
    assert_eq!(settings::check(&health).unwrap_err().to_string(), sentence);
    for protocols in [r#"["p2pchat"]"#, r#"["textchat", "poc"]"#] {
        assert!(App::bind(path("/socket.io/", protocols)).await.is_ok(), "{protocols}");
    }
}

/// RFC 6797, section 8.3: what a browser learns at one port goes for every port of the host.
#[test]
fn https_is_insisted_on_only_where_no_other_listener_of_the_host_is_plain() {
    let insists = |listeners: &str| {
        let tls = [
            ("TLS__ENABLED", "true"),
            ("TLS__CERT_PATH", "/c"),
            ("TLS__KEY_PATH", "/k"),
            ("HTTP__LISTENERS", listeners),
        ];
        let environment = tls.map(|it| (format!("P2PCHAT_{}", it.0), it.1.to_owned()));
        let config = config::read(&Flags::default(), &[], environment).unwrap().0;
        settings::listeners(&config).unwrap().iter().map(|it| it.is_https_only).collect::<Vec<_>>()
    };
    assert_eq!(insists(r#"[{ preset = "textchat" }]"#), [true, true]);
    assert_eq!(insists(r#"[{ preset = "textchat" }, { preset = "poc" }]"#), [false, false, false]);
    assert_eq!(insists(r#"[{ preset = "poc", address = "127.0.0.1" }]"#), [true, false], "localhost is another host");
}

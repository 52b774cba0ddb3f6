//! Settings from every source over each other, and the one sentence that an operator hears when one is wrong.
mod limits;
mod refused;

use std::{fs, path::PathBuf};

use p2pchat_server::{
    app::{self, settings},
    config::{self, Config, DEFAULTS, Flags, LogFormat, usual_places},
};
use tempfile::TempDir;

/// A settings file, and the folder that it is in.
struct Folder {
    folder: TempDir,
    flags: Flags,
}

fn file(text: &str) -> Folder {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    fs::write(&path, text).unwrap();
    Folder { folder, flags: Flags { config: Some(path), ..Flags::default() } }
}

impl Folder {
    fn read(&self, environment: &[(&str, &str)]) -> Result<Config, String> {
        let environment = environment.iter().map(|it| (it.0.to_owned(), it.1.to_owned()));
        let read = config::read(&self.flags, &[], environment).map_err(|it| it.to_string());
        // The file's name differs from run to run.
        let path = self.flags.config.as_ref().map(|it| it.display().to_string()).unwrap_or_default();
        read.map(|it| it.0).map_err(|it| it.replace(&path, "FILE"))
    }
}

fn from_file(text: &str) -> Result<Config, String> {
    file(text).read(&[])
}

fn from_environment(environment: &[(&str, &str)]) -> Result<Config, String> {
    let environment = environment.iter().map(|it| (it.0.to_owned(), it.1.to_owned()));
    config::read(&Flags::default(), &[], environment).map(|it| it.0).map_err(|it| it.to_string())
}

#[test]
fn everything_works_without_settings() {
    let config = from_environment(&[]).unwrap();
    assert_eq!(
        (config.http.address.to_string(), config.http.port, config.listeners()[0].views.clone()),
        ("::".into(), 8080, None)
    );
    assert!(!config.tls.enabled && config.ice.servers.is_empty());
    assert_eq!((&*config.log.filter, config.log.format), ("info", LogFormat::Text));
    let wire = settings::transport_limits(&config);
    assert_eq!((&*config.signaling.path, wire.message_bytes_max), ("/api/signaling/", 1_000_000));
    assert_eq!((wire.ping_interval.as_secs(), wire.ping_timeout.as_secs()), (25, 20));
    let limits = settings::room_limits(&config);
    assert_eq!((limits.peers_max, limits.name_units_max, limits.password_units_max), (20, 20, 100));
}

#[test]
fn every_setting_stands_in_the_default_file_and_can_be_set_by_a_variable() {
    let printed = from_environment(&[]).unwrap().to_toml();
    let (mut section, mut n_settings) = ("", 0);
    for line in printed.lines() {
        match line.split_once(" = ") {
            None => section = line.trim_matches(['[', ']']),
            Some((name, text)) => {
                n_settings += 1;
                let in_defaults =
                    DEFAULTS.split(&format!("[{section}]\n")).nth(1).unwrap().split("\n[").next().unwrap();
                assert!(
                    in_defaults.contains(&format!("\n{name} = ")) || in_defaults.starts_with(name),
                    "{section}.{name}"
                );
                let variable = format!("P2PCHAT_{section}__{name}").to_uppercase().replace('.', "__");
                let config = from_environment(&[(&variable, text.trim_matches('"'))]).unwrap();
                assert_eq!(config.to_toml(), printed, "{variable}");
            }
        }
    }
    let n_defaults = DEFAULTS.lines().filter(|it| !it.starts_with('#') && it.contains(" = ")).count();
    assert_eq!((n_settings, n_settings > 15), (n_defaults, true));
}

#[test]
fn a_flag_wins_over_a_variable_a_variable_over_the_file_the_file_over_the_defaults() {
    let mut folder = file("[http]\nport = 2\nhostname = \"file\"\n[rooms]\npeers_max = 7\n");
    assert_eq!(folder.read(&[]).unwrap().http.port, 2);
    assert_eq!(folder.read(&[("PORT", "3")]).unwrap().http.port, 3, "the original's name");
    let both = [("P2PCHAT_HTTP__PORT", "4"), ("PORT", "3")];
    assert_eq!(folder.read(&both).unwrap().http.port, 4, "ours is meant where both stand");
    folder.flags.port = Some(5);
    folder.flags.address = Some("127.0.0.2".to_owned());
    folder.flags.views = Some(folder.folder.path().to_owned());
    let config = folder.read(&both).unwrap();
    assert_eq!((config.http.port, &*config.http.hostname, config.rooms.peers_max), (5, "file", 7));
    assert_eq!(
        (config.http.address.to_string(), config.listeners()[0].views.clone()),
        ("127.0.0.2".into(), folder.flags.views.clone())
    );
    assert_eq!(config.signaling.path, "/api/signaling/", "what is nowhere else is the default");
}

#[test]
fn the_originals_names_are_understood_in_a_file() {
    let theirs = "PORT = 81\nRUN_HTTPS = true\nHOSTNAME = \"chat.example.org\"\nSIGNALING_PATH = \"/x/\"\n\
                  [CERT]\nKEY_PATH = \"/k.pem\"\nCERT_PATH = \"/c.pem\"\n";
    let config = from_file(theirs).unwrap();
    assert_eq!((config.http.port, &*config.http.hostname), (81, "chat.example.org"));
    assert_eq!((config.tls.enabled, &*config.signaling.path), (true, "/x/"));
    assert_eq!((config.tls.key_path, config.tls.cert_path), (PathBuf::from("/k.pem"), PathBuf::from("/c.pem")));
    let both = from_file("PORT = 81\n[http]\nport = 82\n").unwrap();
    assert_eq!(both.http.port, 82, "ours is meant where both stand");
    assert!(from_file("[CERT]\n").is_ok(), "an empty table sets nothing");
}

#[test]
fn the_originals_names_are_understood_as_variables_but_for_the_one_that_shells_set() {
    let config = from_environment(&[
        ("PORT", "81"),
        ("RUN_HTTPS", "true"),
        ("HOSTNAME", "4f1c0a"),
        ("CERT_KEY_PATH", "/k.pem"),
        ("CERT_CERT_PATH", "/c.pem"),
        ("SIGNALING_PATH", "/x/"),
        ("PATH", "/usr/bin"),
    ])
    .unwrap();
    assert_eq!((config.http.port, &*config.http.hostname, &*config.signaling.path), (81, "", "/x/"));
    assert!(config.tls.enabled && config.tls.key_path.ends_with("k.pem") && config.tls.cert_path.ends_with("c.pem"));
}

#[test]
fn the_first_file_that_exists_is_read() {
    let folder = file("[http]\nport = 2\n").folder;
    let (missing, there) = (folder.path().join("b.toml"), folder.path().join("a.toml"));
    let (config, read) = config::read(&Flags::default(), &[missing.clone(), there.clone(), missing], []).unwrap();
    assert_eq!((config.http.port, read), (2, Some(there)));
    let places = |variables: &'static [(&str, &str)]| {
        let places = usual_places(|name| variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned()));
        places.iter().map(|it| it.display().to_string()).collect::<Vec<_>>()
    };
    let system = "/etc/p2pchat-server/config.toml";
    assert_eq!(places(&[]), ["config.toml", system]);
    assert_eq!(places(&[("HOME", "/h")]), ["config.toml", "/h/.config/p2pchat-server/config.toml", system]);
    assert_eq!(
        places(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]),
        ["config.toml", "/x/p2pchat-server/config.toml", system]
    );
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_name_and_place() {
    for (text, sentence) in [
        (
            "[http]\nprt = 1",
            "FILE sets http.prt, which is no setting (did you mean http.port?); --print-config shows all there are",
        ),
        (
            "[htpp]\nport = 1",
            "FILE sets htpp.port, which is no setting (did you mean http.port?); --print-config shows all there are",
        ),
        (
            "port = 1",
            "FILE sets port, which is no setting (did you mean http.port?); --print-config shows all there are",
        ),
        ("qqqq = 1", "FILE sets qqqq, which is no setting; --print-config shows all there are"),
        (
            "[CERT]\nKEY = \"x\"",
            "FILE sets CERT.KEY, which is no setting (did you mean tls.key_path?); --print-config shows all there are",
        ),
        ("[http]\nport = \"abc\"", r#"FILE sets http.port to string "abc", where an integer is expected"#),
        ("PORT = \"abc\"", r#"FILE sets http.port to string "abc", where an integer is expected"#),
        ("[http]\nport = 1.5", "FILE sets http.port to 1.5, where a whole number is expected"),
        ("[http]\nport = true", "FILE sets http.port to true, where a whole number is expected"),
        ("[http]\nport = []", "FILE sets http.port to a list, where a whole number is expected"),
        ("[http]\nhostname = 5", "FILE sets http.hostname to 5, where a text in quotes is expected"),
        ("[tls]\nenabled = 1", "FILE sets tls.enabled to 1, where true or false is expected"),
        ("[ice]\nservers = \"stun:x\"", "FILE sets ice.servers to a text, where a list in brackets is expected"),
        (
            "[http]\nport = 70000",
            "FILE sets http.port to 64-bit unsigned integer `70000`, where a whole number from 0 to 65535 is expected",
        ),
        (
            "[http]\naddress = \"localhost\"",
            "FILE sets http.address to something that does not fit: invalid IP address syntax",
        ),
        (
            "[log]\nformat = \"xml\"",
            r#"FILE sets log.format to something that does not fit: it is "xml", and "text" or "json" is expected"#,
        ),
        (
            "[ice]\nservers = [{ urls = [\"stun:x\"], user = \"u\" }]",
            "FILE sets ice.servers[0] to something that does not fit: unknown field `user`, expected one of `urls`, \
             `username`, `credential`, `shared_secret`",
        ),
    ] {
        assert_eq!(from_file(text).unwrap_err(), sentence, "{text}");
    }
    assert!(from_file("[http\nport = 1").unwrap_err().starts_with("FILE is not TOML: line 1: "));
    let unclosed = from_file("[ice]\nservers = [{ credential = \"SECRET\"").unwrap_err();
    assert!(unclosed.starts_with("FILE is not TOML: line 2: ") && !unclosed.contains("SECRET"), "{unclosed}");
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    let config = from_environment(&[
        ("PORT", ""),
        ("RUN_HTTPS", ""),
        ("P2PCHAT_HTTP__PORT", ""),
        ("P2PCHAT_HTTP__ADDRESS", ""),
        ("P2PCHAT_ICE__SERVERS", ""),
        ("P2PCHAT_LOG__FORMAT", ""),
        ("P2PCHAT_SERVICE_HOST", ""),
        // That of the build is none of ours.
        ("P2PCHAT_CLIENT_DIST", "/dist"),
    ]);
    assert_eq!(config.unwrap().to_toml(), from_environment(&[]).unwrap().to_toml());
    let config = file("[http]\nport = 2\n").read(&[("P2PCHAT_HTTP__PORT", ""), ("PORT", "3")]).unwrap();
    assert_eq!(config.http.port, 3);
    let places = usual_places(|name| ["XDG_CONFIG_HOME", "HOME"].contains(&name).then(String::new));
    assert_eq!(places, ["config.toml", "/etc/p2pchat-server/config.toml"].map(PathBuf::from));
}

#[test]
fn what_is_wrong_in_a_variable_or_a_flag_is_said_with_its_name() {
    for (name, text, sentence) in [
        (
            "P2PCHAT_HTTP__PRT",
            "1",
            "the variable P2PCHAT_HTTP__PRT sets http.prt, which is no setting (did you mean http.port?); \
             --print-config shows all there are",
        ),
        (
            "P2PCHAT_HTTP__PORT",
            "abc",
            r#"the variable P2PCHAT_HTTP__PORT sets http.port to string "abc", where an integer is expected"#,
        ),
        ("PORT", " ", r#"the variable PORT sets http.port to string " ", where an integer is expected"#),
        (
            "P2PCHAT_HTTP__ADDRESS",
            "x",
            "the variable P2PCHAT_HTTP__ADDRESS sets http.address to something that does not fit: invalid IP address syntax",
        ),
        (
            "RUN_HTTPS",
            "maybe",
            r#"the variable RUN_HTTPS sets tls.enabled to string "maybe", where a boolean is expected"#,
        ),
    ] {
        assert_eq!(from_environment(&[(name, text)]).unwrap_err(), sentence);
    }
    let read = |flags: Flags| config::read(&flags, &[], []).unwrap_err().to_string();
    assert_eq!(
        read(Flags { address: Some("x".into()), ..Flags::default() }),
        "--address sets http.address to something that does not fit: invalid IP address syntax"
    );
    assert_eq!(
        read(Flags { config: Some("/nowhere.toml".into()), ..Flags::default() }),
        "there is no settings file /nowhere.toml: check the path given with --config"
    );
}

#[tokio::test]
async fn a_missing_certificate_is_said_with_its_path_and_starts_nothing() {
    let config = from_file("[tls]\nenabled = true\ncert_path = \"/no/c.pem\"\nkey_path = \"/no/k.pem\"\n").unwrap();
    let fault = app::check(&config).await.unwrap_err();
    assert!(
        matches!(&fault, app::StartupError::Settings(it) if it.contains("/no/c.pem") && !it.contains('\n')),
        "{fault}"
    );
}

#[test]
fn what_is_printed_is_accepted_again_and_hides_secrets() {
    let servers = r#"[{ urls = ["stun:s"] }, { urls = ["turn:t"], username = "u", credential = "hush" },
        { urls = ["turn:t", "turns:t"], shared_secret = "hush" }]"#;
    let config = from_file(&format!("[ice]\nservers = {servers}\n[http]\nport = 9\n")).unwrap();
    let printed = config.to_toml();
    assert!(!printed.contains("hush") && printed.contains("(hidden)"), "{printed}");
    let again = from_file(&printed).unwrap();
    assert_eq!((again.to_toml(), again.http.port, again.ice.servers.len()), (printed, 9, 3));
}

//! Settings that fit their types and cannot be served with: each is refused with one sentence, or advised about.
use std::{fs, net::TcpListener};

use p2pchat_server::app::{self, App, settings};

use super::{from_environment, from_file};

#[test]
fn what_is_out_of_range_is_said_with_the_range() {
    for (text, sentence) in [
        (
            "[signaling]\nmessage_bytes_max = 2_000_000\nbytes_waiting_max = 1_999_999",
            "signaling.bytes_waiting_max is 1999999: it must be at least signaling.message_bytes_max, which is 2000000, or \
             the longest message reaches nobody",
        ),
        (
            "[http]\nviews = \"/nowhere\"",
            "http.views is /nowhere: there is no such folder, or this user may not look into it",
        ),
        (
            "[tls]\nenabled = true",
            "tls.enabled is true, but tls.cert_path is empty: name the PEM file, or switch TLS off",
        ),
        (
            "[tls]\nenabled = true\ncert_path = \"/c\"",
            "tls.enabled is true, but tls.key_path is empty: name the PEM file, or switch TLS off",
        ),
    ] {
        assert_eq!(from_file(text).unwrap_err(), sentence, "{text}");
    }
    for (path, sentence) in [
        ("chat", "http.base_path is \"chat\": it must begin and end with a slash"),
        ("/chat", "it must begin and end with a slash"),
        ("/a//b/", "it must begin and end with a slash"),
        ("/../", "\"..\" cannot be parts of it"),
    ] {
        let fault = from_file(&format!("[http]\nbase_path = \"{path}\"")).unwrap_err();
        assert!(fault.contains(sentence), "{fault}");
    }
    // A request below it would be taken for one to the web app itself.
    for path in ["/api/", "/api/signaling/", "/vendor/", "/assets/"] {
        let config = from_file(&format!("[http]\nbase_path = \"{path}\"")).unwrap();
        let fault = settings::check(&config).unwrap_err().to_string();
        assert!(fault.contains("the server has something of its own at"), "{fault}");
    }
    assert!(settings::check(&from_file("[http]\nbase_path = \"/chat/room/\"").unwrap()).is_ok());
    let nobody = "[http]\nproxy_protocol = true\ntrusted_proxies = []";
    let fault = from_file(nobody).unwrap_err();
    assert!(
        fault.starts_with("the main listener has proxy_protocol = true, and http.trusted_proxies is empty"),
        "{fault}"
    );
    let further =
        "[http]\ntrusted_proxies = []\nlisteners = [{ port = 1, protocols = [\"poc\"], proxy_protocol = true }]";
    assert!(from_file(further).unwrap_err().starts_with("the listener on port 1 has proxy_protocol"));
    // A line goes by itself, and else as the main listener.
    let lines = "{ port = 1, protocols = [\"poc\"], proxy_protocol = false }, { port = 2, protocols = [\"poc\"] }";
    let config = from_file(&format!("[http]\nproxy_protocol = true\nlisteners = [{lines}]")).unwrap();
    assert!(config.listeners().iter().map(|it| it.proxy_protocol).eq([true, false, true]));
    for path in ["", "/", "api/", "/api", "/a b/", "/a//b/", "/a?/", "/{a}/", "/é/"] {
        let fault = from_file(&format!("[signaling]\npath = \"{path}\"")).unwrap_err();
        assert!(
            fault.starts_with(&format!("signaling.path is {path:?}: it must begin and end with a slash")),
            "{fault}"
        );
    }
}

#[test]
fn metrics_are_never_open_to_strangers_without_a_token() {
    const TOKEN: &str = "0123456789abcdef";
    let read = |metrics: &str| from_file(&format!("[metrics]\n{metrics}"));
    for open in ["\"::\"", "\"0.0.0.0\"", "\"192.0.2.1\"", "\"2001:db8::1\"", "\"::ffff:192.0.2.1\""] {
        let fault = read(&format!("listen = true\naddress = {open}")).unwrap_err();
        assert!(fault.contains("where strangers could read the figures: set metrics.token"), "{fault}");
        assert!(read(&format!("listen = true\naddress = {open}\ntoken = \"{TOKEN}\"")).is_ok());
        assert!(read(&format!("address = {open}")).is_ok(), "it has no listener");
    }
    for private in
        ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "fd00::1"]
    {
        assert!(read(&format!("listen = true\naddress = \"{private}\"")).is_ok(), "{private}");
    }
    for weak in ["short", "0123456789abcde", "0123456789 abcdef", "0123456789abcdefé"] {
        let fault = read(&format!("token = \"{weak}\"")).unwrap_err();
        assert!(fault.starts_with("metrics.token must be 16 or more") && !fault.contains(weak), "{fault}");
    }
    let printed = read(&format!("token = \"{TOKEN}\"")).unwrap().to_toml();
    assert!(printed.contains("token = \"(hidden)\"") && !printed.contains(TOKEN), "{printed}");
    let misplaced = read("port = \"hush-hush-hush\"").unwrap_err();
    assert!(misplaced.contains("metrics.port") && !misplaced.contains("hush"), "{misplaced}");
    let taken = from_file("[http]\nport = 9464\n[metrics]\nlisten = true\n").unwrap_err();
    assert!(taken.starts_with("metrics.port is 9464, which the main listener has"), "{taken}");
    for address in ["224.0.0.1", "255.255.255.255", "fe80::1"] {
        let fault = read(&format!("listen = true\naddress = \"{address}\"")).unwrap_err();
        assert!(fault.ends_with("no connection comes in there"), "{fault}");
    }
}

#[test]
fn the_listener_for_nodes_has_an_address_of_its_own() {
    let read = |text: &str| from_file(text).map(|it| it.cluster.at());
    assert_eq!(read(""), Ok(None));
    for at in ["10.0.0.1:7946", "127.0.0.1:0", "[fd00::1]:7946"] {
        assert_eq!(read(&format!("[cluster]\nlisten = \"{at}\"")), Ok(Some(at.parse().unwrap())));
    }
    // The other nodes are told the address, so that one that stands for all of them is none.
    let for_all = ["[::]:7946", "0.0.0.0:7946"];
    let no_address = ["7946", "10.0.0.1", "node:7946", "224.0.0.1:7946", "[fe80::1]:7946", "10.0.0.1:99999"];
    for bad in no_address.iter().chain(&for_all) {
        let fault = read(&format!("[cluster]\nlisten = \"{bad}\"")).unwrap_err();
        assert!(fault.starts_with("cluster.listen is ") && fault.contains("as \"10.0.0.1:7946\""), "{fault}");
    }
    for (settings, other) in [
        ("[http]\nport = 7946\n", "the main listener"),
        ("[metrics]\nlisten = true\nport = 7946\n", "metrics.port"),
        ("[http]\nport = 443\n[tls]\nself_signed = true\nredirect_port = 7946\n", "tls.redirect_port"),
    ] {
        let fault = read(&format!("{settings}[cluster]\nlisten = \"127.0.0.1:7946\"")).unwrap_err();
        assert!(fault.starts_with(&format!("cluster.listen has port 7946, which {other} has at")), "{fault}");
    }
}

#[tokio::test]
async fn a_cluster_that_cannot_be_one_is_refused_by_the_check_and_at_the_start() {
    for (text, sentence) in [
        ("redis = [\"10.0.0.5:6379\"]", "cluster.redis[0] is no address of a store"),
        ("redis = [\"http://:hush@10.0.0.5\"]", "cluster.redis[0] is no address of a store"),
        ("redis = [\"redis://:hush@10.0.0.5:port\"]", "cluster.redis[0] is no address of a store"),
        ("redis = [\"redis://:hush@10.0.0.5/chat\"]", "cluster.redis[0] is no address of a store"),
        ("redis = [\"redis://0.0.0.0\"]", "cluster.redis[0] is no address of a store"),
        (
            "sentinel = \"chat\"\nredis = [\"redis://10.0.0.5:26379\", \"hush\"]",
            "cluster.redis[1] is no address of a store",
        ),
        (
            "sentinel = \"chat\"\nredis = [\"redis://10.0.0.5:26379\", \"redis://10.0.0.6:26379/3\"]",
            "cluster.redis[1] names a database, and sentinels have none",
        ),
        (
            "redis = [\"redis://10.0.0.5\"]\n[http]\nprotocols = [\"poc\"]",
            "cluster.redis is set, and no listener speaks p2pchat",
        ),
    ] {
        // At ports of its own, should it start after all.
        let free = "[http]\naddress = \"127.0.0.1\"\nport = 0\n[relay]\nenabled = false\n[state]\ndir = \"memory\"\n";
        let (cluster, http) = text.split_once("[http]\n").unwrap_or((text, ""));
        let text = free.replacen("[http]\n", &format!("[http]\n{http}\n"), 1);
        let config = from_file(&format!("{text}[cluster]\n{cluster}")).unwrap();
        let fault = settings::check(&config).unwrap_err();
        let words = fault.to_string();
        assert!(words.starts_with(sentence) && !words.contains("hush") && !words.contains('\n'), "{words}");
        assert_eq!(App::bind(config).await.err(), Some(fault));
    }
    for (text, sentence) in [
        ("sentinel = \"chat\"", "cluster.sentinel is \"chat\", and cluster.redis is empty"),
        ("redis = [\"redis://a\", \"redis://b\"]", "cluster.redis has several addresses: they are those of sentinels"),
        ("redis = [\"\"]", "cluster.redis has an empty address"),
        ("prefix = \"\"", "cluster.prefix is \"\""),
    ] {
        let fault = from_file(&format!("[cluster]\n{text}")).unwrap_err();
        assert!(fault.starts_with(sentence), "{fault}");
    }
    for good in [
        "redis = [\"redis://10.0.0.5\"]",
        "redis = [\"rediss://user:word@store.example:6380/3\"]",
        "redis = [\"redis://10.0.0.5:26379\", \"redis://10.0.0.6:26379\"]\nsentinel = \"chat\"",
    ] {
        assert_eq!(settings::check(&from_file(&format!("[cluster]\n{good}")).unwrap()), Ok(()), "{good}");
    }
}

#[tokio::test]
async fn the_check_knows_whether_the_address_for_nodes_is_one_of_this_machine() {
    let check = async |at: &str| app::check(&from_file(&format!("[cluster]\nlisten = \"{at}\"")).unwrap()).await;
    assert_eq!(check("127.0.0.1:7946").await, Ok(()));
    // A running server has the port.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(check(&taken.local_addr().unwrap().to_string()).await, Ok(()));
    let sentence = "192.0.2.1 is no address of this machine: choose one of its own with cluster.listen";
    assert_eq!(check("192.0.2.1:7946").await.unwrap_err().to_string(), sentence);
}

/// Past each bound something would panic, wrap around, or work for nobody.
#[test]
fn every_number_is_bounded_below_and_above() {
    for (name, least, most) in [
        ("signaling.message_bytes_max", 1_000, 100_000_000),
        ("signaling.frames_waiting_max", 16, 1_000_000),
        ("signaling.bytes_waiting_max", 1_000, 1_073_741_824),
        ("signaling.ping_interval_ms", 100, 3_600_000),
        ("signaling.ping_timeout_ms", 100, 3_600_000),
        ("signaling.quick_ping_interval_ms", 100, 3_600_000),
        ("signaling.quick_ping_timeout_ms", 100, 3_600_000),
        ("rooms.peers_max", 2, 1_000),
        ("rooms.open_peers_max", 2, 1_000),
        ("rooms.rooms_per_peer_max", 1, 10_000),
        ("rooms.name_units_max", 1, 1_000),
        ("rooms.password_units_max", 8, 1_000),
        ("ice.credential_ttl_s", 60, 2_592_000),
    ] {
        let (section, setting) = name.split_once('.').unwrap();
        // The two that belong together are set together.
        let other = match setting {
            "message_bytes_max" => "bytes_waiting_max = 1_073_741_824\n",
            "bytes_waiting_max" => "message_bytes_max = 1000\n",
            _ => "",
        };
        let set = |value: u64| from_file(&format!("[{section}]\n{other}{setting} = {value}\n"));
        assert!(set(least).is_ok() && set(most).is_ok(), "{name}");
        for value in [least - 1, most + 1, i64::MAX as u64] {
            let sentence = format!("{name} is {value}: it must be from {least} to {most}");
            assert_eq!(set(value).unwrap_err(), sentence);
        }
        let huge =
            from_environment(&[(&format!("P2PCHAT_{section}__{setting}").to_uppercase(), &u64::MAX.to_string())]);
        assert!(huge.is_err(), "{name}");
    }
}

#[test]
fn a_path_that_no_browser_asks_for_is_refused() {
    for path in ["/../", "/a/./", "/a/../b/"] {
        let fault = from_file(&format!("[signaling]\npath = \"{path}\"")).unwrap_err();
        assert_eq!(fault, format!("signaling.path is {path:?}: \".\" and \"..\" cannot be parts of it"));
    }
    let long = format!("/{}/", "a".repeat(199));
    let fault = from_file(&format!("[signaling]\npath = \"{long}\"")).unwrap_err();
    assert_eq!(fault, "signaling.path has 201 characters: 200 are the most");
}

#[test]
fn a_hostname_is_a_name_and_nothing_else() {
    for name in ["chat.example.org", "a", "192.0.2.1", "xn--bcher-kva.example"] {
        assert!(from_file(&format!("[http]\nhostname = {name:?}")).is_ok(), "{name}");
    }
    let long = format!("{}.example", "a".repeat(64));
    for name in ["https://a", "a:80", "a/b", "a..b", ".a", "a.", "-a", "a-.b", "ä", "a b", "[::1]", &*long] {
        let fault = from_file(&format!("[http]\nhostname = {name:?}")).unwrap_err();
        assert!(fault.starts_with(&format!("http.hostname is {name:?}: it must be a bare name")), "{fault}");
    }
}

/// Browsers throw at the first thing that they do not like, and then nobody connects to anybody.
#[test]
fn what_browsers_refuse_among_ice_servers_is_refused_by_its_place_and_not_repeated() {
    let login = "username = \"u\", credential = \"hush\"";
    for (server, sentence) in [
        ("".to_owned(), "has no urls: name at least one, as \"stun:stun.example.org\""),
        (
            "urls = [\"turn:u:hush@turn.example.org\"]".to_owned(),
            ".urls[0] holds a login: write it into username and credential, and the url as \"turn:turn.example.org:3478\"",
        ),
        (
            format!("urls = [\"turn:t\", \"turn:t:0\"], {login}"),
            ".urls[1] has a port that is none: it must be a number from 1 to 65535",
        ),
        (
            "urls = [\"turn:t\"]".to_owned(),
            "has a TURN url and no login, without which browsers refuse it: give a username and credential, or the \
             shared_secret of the TURN server",
        ),
        (
            "urls = [\"turn:t\"], username = \"u\"".to_owned(),
            "has half a login: username and credential go together, and neither is empty",
        ),
        (
            "urls = [\"turn:t\"], username = \"\", credential = \"hush\"".to_owned(),
            "has half a login: username and credential go together, and neither is empty",
        ),
        ("urls = [\"turn:t\"], shared_secret = \"\"".to_owned(), "has an empty shared_secret"),
        (
            format!("urls = [\"turn:t\"], {login}, shared_secret = \"hush\""),
            "has a shared_secret beside a username or credential: give one or the other",
        ),
        (
            format!("urls = [\"stun:t\"], {login}"),
            "has a login and STUN urls alone: STUN has none, so that browsers would not use it",
        ),
        (
            format!("urls = [\"turn:t\"], username = \"{}\", credential = \"hush\"", "u".repeat(509)),
            "has a username of more than 508 bytes: TURN takes no longer one",
        ),
    ] {
        let fault = from_file(&format!("[ice]\nservers = [{{ urls = [\"stun:s\"] }}, {{ {server} }}]")).unwrap_err();
        let blank = if sentence.starts_with('.') { "" } else { " " };
        assert_eq!(fault, format!("ice.servers[1]{blank}{sentence}"));
    }
    let many = ["\"stun:s\""; 33].join(", ");
    let fault = from_file(&format!("[ice]\nservers = [{{ urls = [{many}] }}]")).unwrap_err();
    assert!(fault.starts_with("ice.servers have 33 urls: browsers take 32 at most"), "{fault}");
    let mixed = format!("[ice]\nservers = [{{ urls = [\"stun:t\", \"turn:t?transport=tcp\"], {login} }}]");
    assert!(from_file(&mixed).is_ok());
}

#[test]
fn the_operator_is_advised_about_what_works_and_helps_nobody() {
    let advice = |text: &str| settings::advice(&from_file(text).unwrap(), 80);
    let has = |advice: &[String], words: &str| advice.iter().any(|it| it.contains(words) && !it.contains('\n'));
    assert_eq!(advice(""), [""; 0]);
    assert!(has(&advice("[relay]\nenabled = false"), "set a STUN and a TURN server"));
    assert_eq!(advice("[ice]\nservers = [{ urls = [\"stun:s\"] }]"), [""; 0]);
    assert_eq!(advice("[relay]\nenabled = false\n[http]\nprotocols = [\"poc\"]"), [""; 0], "nobody else is handed any");
    let five = ["\"stun:s\""; 5].join(", ");
    assert!(has(&advice(&format!("[ice]\nservers = [{{ urls = [{five}] }}]")), "5 urls"));
    let (store, listen) = ("redis = [\"redis://10.0.0.5\"]", "listen = \"10.0.0.1:7946\"");
    let cluster = |lines: &[&str]| advice(&format!("[cluster]\n{}", lines.join("\n")));
    assert_eq!(cluster(&[store, listen]), [""; 0]);
    assert!(has(&cluster(&[store]), "cluster.listen is empty"));
    assert!(has(&cluster(&[listen]), "cluster.listen is set, and cluster.redis is empty"));
    let views = tempfile::tempdir().unwrap();
    let foreign = format!("[http]\nprotocols = [\"poc\"]\nviews = {:?}", views.path());
    assert!(has(&advice(&foreign), "holds no index.html"));
    fs::write(views.path().join("index.html"), "").unwrap();
    assert_eq!(advice(&foreign), [""; 0]);
}

//! House rules that no compiler checks: who may import whom, how a file begins and how long it may grow, what things may
//! be called, and that every setting and every link is explained or leads somewhere.
mod borders;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use borders::{AT_HOME, FORBIDDEN, MAY_IMPORT};

const LINES_MAX: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below with one of these endings, by their path from the top.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let from_top = path.strip_prefix(root()).unwrap().to_owned();
        // What tools make is not ours.
        if ["target", "node_modules", "dist", "corpus"].iter().any(|it| path.ends_with(it)) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(from_top.to_str().unwrap(), endings));
        } else if from_top.extension().is_some_and(|it| endings.contains(&it.to_str().unwrap())) {
            found.push(from_top);
        }
    }
    found.sort();
    found
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path.as_ref())).unwrap()
}

/// A source of the product: its path below `server/`, and its code without comments and tests.
struct Source {
    path: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let asides = ["tests/", "bench/", "fuzz/", "host/bench/", "host/fuzzed.rs", "host/guests/"];
    let is_aside = |it: &str| asides.iter().any(|aside| it.starts_with(aside));
    let mut sources: Vec<_> = files("server", &["rs"])
        .into_iter()
        .map(|it| Source { path: it.strip_prefix("server").unwrap().display().to_string(), code: text(&it) })
        .filter(|it| !is_aside(&it.path))
        .collect();
    let test_files: BTreeSet<String> = sources.iter().flat_map(test_modules).collect();
    let is_test =
        |path: &str| test_files.iter().any(|it| path == format!("{it}.rs") || path.starts_with(&format!("{it}/")));
    sources.retain(|it| !is_test(&it.path));
    for source in &mut sources {
        let product = source.code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        source.code = product.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    }
    assert!(sources.len() > 20);
    sources
}

/// The files, or folders, of modules that exist in tests only, without an ending.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = source.path.rsplit_once('/').map_or("", |it| it.0);
    let names = source.code.split("#[cfg(test)]\n").skip(1).filter_map(|it| {
        it.strip_prefix("pub(crate) ").unwrap_or(it).strip_prefix("mod ").and_then(|it| it.split_once(';'))
    });
    names.filter(|it| !it.0.contains('{')).map(|it| format!("{folder}/{}", it.0)).collect()
}

impl Source {
    /// `rooms` of `rooms/mod.rs`, `sessions` of `sessions.rs`.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }

    /// The modules named after `crate::`.
    fn imports(&self) -> BTreeSet<String> {
        let word = |it: &str| it.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned();
        let mut imports = BTreeSet::new();
        for rest in self.code.split("crate::").skip(1) {
            let Some(list) = rest.strip_prefix('{') else {
                imports.insert(word(rest));
                continue;
            };
            let (mut depth, mut item) = (0, String::new());
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => drop(imports.insert(word(&std::mem::take(&mut item)))),
                    c => item.push(c),
                }
            }
            imports.insert(word(&item));
        }
        imports.remove("");
        imports
    }
}

#[test]
fn imports_point_inward() {
    let mut n_imports = 0;
    for source in sources() {
        let module = source.module();
        if root().join("server").join(module).join("Cargo.toml").exists() {
            continue;
        }
        let rule = MAY_IMPORT.iter().find(|it| it.0 == module);
        let (_, allowed) = rule.unwrap_or_else(|| panic!("{} has no rule here: whom may it import?", source.path));
        for import in source.imports().iter().filter(|it| *it != module) {
            assert!(allowed.contains(&&**import), "{} imports crate::{import}", source.path);
            n_imports += 1;
        }
    }
    assert!(n_imports > 20, "imports are found");
}

#[test]
fn every_folder_keeps_to_its_business() {
    for source in sources() {
        for (_, words, why) in FORBIDDEN.iter().filter(|it| it.0 == source.module()) {
            for word in *words {
                assert!(!source.code.contains(word), "{} says `{word}`: {why}", source.path);
            }
        }
        for (library, homes) in AT_HOME {
            let is_home = homes.iter().any(|home| source.path.starts_with(home));
            assert!(
                is_home || !source.code.contains(library),
                "{} names {library}, which is at home in {homes:?}",
                source.path
            );
        }
    }
}

#[test]
fn exceptions_are_expectations_and_nothing_unwraps() {
    for source in sources() {
        for word in [".unwrap()", "#[allow", "#![allow", "panic!(", "todo!(", "unreachable!("] {
            assert!(!source.code.contains(word), "{} says `{word}`", source.path);
        }
    }
}

#[test]
fn no_file_grows_beyond_reading() {
    let client = files("client-js/src", &["ts", "tsx", "css"]);
    for path in files("server", &["rs"]).into_iter().chain(client).chain([PathBuf::from("build.rs")]) {
        // A language is one file, however many words the page has.
        if path.starts_with("client-js/src/ui/texts") {
            continue;
        }
        let n_lines = text(&path).lines().count();
        assert!(n_lines <= LINES_MAX, "{} has {n_lines} lines, and {LINES_MAX} are the most", path.display());
    }
}

#[test]
fn every_file_says_first_what_it_owns() {
    for path in files("server", &["rs"]).into_iter().chain([PathBuf::from("build.rs")]) {
        let text = text(&path);
        let first = text.lines().find(|it| !it.starts_with("#![")).unwrap_or_default();
        let sentence = first.strip_prefix("//! ").unwrap_or_default();
        assert!(sentence.len() > 10, "{} does not open with `//!` and a sentence", path.display());
    }
}

#[test]
fn nothing_is_called_by_a_word_that_says_nothing() {
    let empty = ["Mgr", "Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Impl", "Info", "Misc"];
    let kinds = ["struct ", "enum ", "trait ", "type ", "class ", "interface "];
    let mut n_types = 0;
    for path in files("server", &["rs"]).into_iter().chain(files("client-js/src", &["ts", "tsx"])) {
        for line in text(&path).lines() {
            let line = line.trim_start();
            let line = ["pub ", "pub(crate) ", "pub(super) ", "export ", "abstract "]
                .iter()
                .fold(line, |it, word| it.strip_prefix(word).unwrap_or(it));
            let Some(rest) = kinds.iter().find_map(|it| line.strip_prefix(it)) else { continue };
            let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            n_types += 1;
            for word in words(name) {
                assert!(!empty.contains(&&*word), "{} calls a type {name}", path.display());
            }
        }
    }
    assert!(n_types > 100, "types are found");
    let named = files("server", &["rs"]).into_iter().chain(files("client-js/src", &["ts", "tsx"]));
    for path in named {
        let name = path.file_stem().unwrap().to_str().unwrap().to_lowercase();
        assert!(!empty.iter().any(|it| it.to_lowercase() == name), "{}", path.display());
    }
}

/// `IceServer` is `Ice` and `Server`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in name.chars() {
        if c.is_uppercase() || words.is_empty() {
            words.push(String::new());
        }
        words.last_mut().unwrap().push(c);
    }
    words
}

#[test]
fn every_setting_is_explained() {
    let defaults = text("default_config.toml");
    let lines: Vec<_> = defaults.lines().collect();
    let is_setting = |it: &&&str| !it.starts_with('#') && it.contains(" = ");
    for (at, line) in lines.iter().enumerate().filter(|it| is_setting(&it.1)) {
        // One comment may explain settings that stand together.
        let above = lines[..at].iter().rev().find(|it| !is_setting(it)).unwrap();
        assert!(above.starts_with("# "), "nothing explains {line:?}");
    }
    assert!(lines.iter().filter(is_setting).count() > 15);
}

/// What we take apart ourselves is the very thing that socketioxide and rustls bring: their types meet, their order of calls
/// is relied upon, and two versions of one would go by each other in silence.
#[test]
fn versions_that_belong_together_agree() {
    let lock = text("Cargo.lock");
    for name in
        ["socketioxide", "socketioxide-core", "engineioxide", "tokio-tungstenite", "tungstenite", "hyper", "http"]
    {
        assert_eq!(lock.matches(&format!("\nname = \"{name}\"\n")).count(), 1, "versions of {name}");
    }
    for name in ["rustls", "rustls-webpki", "rustls-pki-types", "tokio-rustls", "ring"] {
        assert_eq!(lock.matches(&format!("\nname = \"{name}\"\n")).count(), 1, "versions of {name}");
    }
    let after =
        |text: &str, start: &str| text.split(start).nth(1).unwrap().split(['"', '-']).next().unwrap().to_owned();
    let toolchain = after(&text("rust-toolchain.toml"), "channel = \"");
    assert_eq!(toolchain, after(&text("deploy/Containerfile"), "FROM rust:"));
    let oldest = after(&text("Cargo.toml"), "rust-version = \"");
    assert!(
        toolchain.starts_with(&format!("{oldest}.")),
        "the oldest compiler that is promised is the one that is tried"
    );
    // Without a version there, npm makes no list of what the web app is made of.
    let version = after(&text("Cargo.toml"), "\nversion = \"");
    for place in ["client-js/package.json", "client-js/package-lock.json"] {
        assert!(
            text(place).contains(&format!("\"name\": \"p2pchat-client\",\n  \"version\": \"{version}\"")),
            "{place}"
        );
    }
    assert!(text("README.md").contains(&format!("[Rust](https://rustup.rs) {oldest} or newer")));
}

#[test]
fn pages_name_no_place_outside_and_their_links_lead_somewhere() {
    let mut n_links = 0;
    for path in files("docs", &["md"]).into_iter().chain([PathBuf::from("README.md")]) {
        let text = text(&path);
        for outside in [concat!("../", "shared"), concat!("/wo", "rk/")] {
            assert!(!text.contains(outside), "{} names {outside}", path.display());
        }
        for link in text.split("](").skip(1).filter_map(|it| it.split([')', '#', ' ']).next()) {
            if link.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let target = root().join(&path).parent().unwrap().join(link).canonicalize();
            let is_inside = target.as_ref().is_ok_and(|it| it.starts_with(root().canonicalize().unwrap()));
            assert!(is_inside, "{} links to {link}, which is not there", path.display());
            n_links += 1;
        }
    }
    assert!(n_links > 3, "links are found");
}

#[test]
fn nothing_else_names_a_place_outside_and_no_test_sleeps() {
    let ours = ["server", "client-js/src", "client-js/test", "client-js/e2e"];
    let endings = ["rs", "ts", "tsx", "css", "toml", "json", "js", "sh"];
    let single =
        ["build.rs", "default_config.toml", "Cargo.toml", "check", "client-js/package.json"].map(PathBuf::from);
    for path in ours.iter().flat_map(|it| files(it, &endings)).chain(single) {
        let text = text(&path);
        for outside in [concat!("../", "shared"), concat!("/wo", "rk/")] {
            assert!(!text.contains(outside), "{} names {outside}", path.display());
        }
        let is_test = path.starts_with("server/tests");
        assert!(!is_test || !text.contains(concat!("sle", "ep(")), "{} sleeps", path.display());
    }
}

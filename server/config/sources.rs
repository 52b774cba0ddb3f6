//! Where settings come from, and what is said when one of them is wrong.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use config::{ConfigBuilder, ConfigError, File, FileFormat, Map, Source, Value, ValueKind, builder::DefaultState};

use super::{
    Config, DEFAULTS,
    listeners::{PRESETS, unknown_preset},
    original,
};

/// Of what a library says is wrong.
const SENTENCE_CHARS_MAX: usize = 300;

/// Before each of our variables: `P2PCHAT_HTTP__PORT`.
const PREFIX: &str = "P2PCHAT_";

/// Begins so too, and is for `build.rs`; whoever has built in this shell may start in it.
const BUILD_VARIABLE: &str = "P2PCHAT_CLIENT_DIST";

/// A port that is named must be had; without the one that is the default the server does.
const RELAY_PORT_VARIABLE: &str = "P2PCHAT_RELAY__PORT";

/// What is put in a wrong place there may be a secret, and is not repeated.
const SECRET_SECTIONS: [&str; 5] = ["access.", "ice.", "metrics.", "relay.", "tls.acme."];

/// Below it a name is no slip of another.
const LIKENESS_MIN: f64 = 0.75;

/// What the command line sets. `None`: not given.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--address`
    pub address: Option<String>,
    /// `--port`
    pub port: Option<u16>,
    /// `--views`
    pub views: Option<PathBuf>,
    /// `--preset`
    pub preset: Option<String>,
    /// `--acme`, as often as it is given.
    pub acme: Vec<String>,
    /// `--self-signed`
    pub self_signed: bool,
}

/// What is wrong with a setting, where, and what to do: one sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSetting(String);

/// Reads all sources over each other.
///
/// `places` are the files to look for when no `--config` is given; the first that exists is read. `environment` is what
/// [`std::env::vars`] gives; an empty variable counts as not set.
///
/// # Errors
/// A setting is unknown, of a wrong type or out of range, or a file cannot be read.
pub fn read(
    flags: &Flags,
    places: &[PathBuf],
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(Config, Option<PathBuf>), BadSetting> {
    let defaults = table(DEFAULTS, "default_config.toml")?;
    let file = flags.config.clone().or_else(|| places.iter().find(|it| it.exists()).cloned());
    // Compose files and unit files pass on what is not set as an empty text.
    let is_set = |it: &(String, String)| !it.1.is_empty() && it.0 != BUILD_VARIABLE;
    let environment: Vec<_> = environment.into_iter().filter(is_set).collect();
    let mut names_relay_port = environment.iter().any(|it| it.0 == RELAY_PORT_VARIABLE);
    if let Some(path) = &file {
        let settings = table(&text_of(path)?, &path.display().to_string())?;
        names_relay_port |= find(&settings, "relay.port").is_some();
    }
    let above = |mut builder: ConfigBuilder<DefaultState>| {
        if let Some(path) = &file {
            let origin = path.display().to_string();
            let settings = original::translate(table(&text_of(path)?, &origin)?);
            refuse_unknown(&settings, &defaults, &origin)?;
            refuse_other_kinds(&settings, &defaults, &origin)?;
            builder = builder.add_source(Ready(settings));
            tried(&builder, &origin)?;
        }
        tried(&apply_overrides(builder, flags, environment.clone(), &defaults)?, "a setting")
    };
    let from_defaults = || config::Config::builder().add_source(Ready(defaults.clone()));
    let mut config = above(from_defaults())?;
    // Any source may name the preset, or what a certificate is for, and all of them go over what follows from it: so they are
    // read again.
    let mut usual = Vec::new();
    if !config.tls.acme.names.is_empty() {
        usual.push(https_port());
    }
    if !config.http.preset.is_empty() {
        usual.push(preset(&config.http.preset)?);
    }
    if !usual.is_empty() {
        config = above(usual.into_iter().fold(from_defaults(), |builder, it| builder.add_source(Ready(it))))?;
    }
    config.tls.enabled |= config.tls.is_automatic();
    config.relay.is_port_set = names_relay_port;
    config.apply_presets().and_then(|()| config.check()).map_err(BadSetting)?;
    Ok((config, file))
}

/// The files that are looked for without `--config`, most particular first.
pub fn usual_places(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let set = |name: &str| variable(name).filter(|it| !it.is_empty());
    let own = set("XDG_CONFIG_HOME").map(PathBuf::from);
    let own = own.or_else(|| set("HOME").map(|it| Path::new(&it).join(".config")));
    let system = PathBuf::from("/etc");
    let folders = own.into_iter().chain([system]).map(|it| it.join("p2pchat-server"));
    [PathBuf::from("config.toml")].into_iter().chain(folders.map(|it| it.join("config.toml"))).collect()
}

/// The folder in which state is kept where none is set: what systemd made for the service (systemd.exec(5),
/// `StateDirectory=`), or the user's own (XDG Base Directory Specification). `None`: there is none.
pub fn state_folder(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|it| !it.is_empty());
    // Of several, separated by colons, the first.
    let own = set("STATE_DIRECTORY").and_then(|it| it.split(':').next().map(PathBuf::from));
    let data = set("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| set("HOME").map(|it| Path::new(&it).join(".local/share")));
    // A user without a home has "/" or "/nonexistent" there.
    let data = data.filter(|it| it.parent().is_some_and(Path::exists));
    own.or_else(|| data.map(|it| it.join("p2pchat-server"))).filter(|it| it.is_absolute())
}

/// Where certificate authorities look for what a certificate is for (RFC 8737, section 3).
fn https_port() -> Map<String, Value> {
    Map::from([("http".to_owned(), Map::from([("port".to_owned(), Value::from(443))]).into())])
}

/// What a preset sets, for the main listener.
fn preset(name: &str) -> Result<Map<String, Value>, BadSetting> {
    let unknown = || BadSetting(format!("http.preset names the {}", unknown_preset(name)));
    let preset = table(PRESETS, "presets.toml")?.remove(name).ok_or_else(unknown)?;
    let ValueKind::Table(mut http) = preset.kind else { return Err(unknown()) };
    let tls = http.remove("tls").map(|it| ("tls".to_owned(), Map::from([("enabled".to_owned(), it)]).into()));
    Ok(tls.into_iter().chain([("http".to_owned(), http.into())]).collect())
}

/// What goes over the files: the environment, then the flags.
fn apply_overrides(
    mut builder: ConfigBuilder<DefaultState>,
    flags: &Flags,
    environment: impl IntoIterator<Item = (String, String)>,
    defaults: &Map<String, Value>,
) -> Result<ConfigBuilder<DefaultState>, BadSetting> {
    let set = |builder: ConfigBuilder<DefaultState>, key: &str, value: ValueKind, origin: &str| {
        let value = Value::new(Some(&origin.to_owned()), value);
        let builder = builder.set_override(key, value).map_err(|it| BadSetting::of(it, origin))?;
        tried(&builder, origin).map(|_| builder)
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = environment.into_iter().partition(|it| it.0.starts_with(PREFIX));
    for (theirs_name, key) in original::environment() {
        if let Some((_, text)) = theirs.iter().find(|it| it.0 == theirs_name) {
            builder = set(builder, key, text.clone().into(), &format!("the variable {theirs_name}"))?;
        }
    }
    for (name, text) in ours {
        let key = name[PREFIX.len()..].to_lowercase().replace("__", ".");
        let origin = format!("the variable {name}");
        match find(defaults, &key).filter(|it| !matches!(it, ValueKind::Table(_))) {
            None => return Err(BadSetting(unknown(&key, &origin, defaults))),
            Some(ValueKind::Array(_)) => {
                // As it would stand in the file.
                let value = table(&format!("value = {text}"), &origin)?.remove("value");
                builder = set(builder, &key, value.unwrap_or_default().kind, &origin)?;
            }
            Some(_) => builder = set(builder, &key, text.into(), &origin)?,
        }
    }
    let path = |it: &PathBuf| it.display().to_string();
    for (key, flag, text) in [
        ("http.address", "--address", flags.address.clone()),
        ("http.port", "--port", flags.port.map(|it| it.to_string())),
        ("http.views", "--views", flags.views.as_ref().map(path)),
        ("http.preset", "--preset", flags.preset.clone()),
    ] {
        if let Some(text) = text {
            builder = set(builder, key, text.into(), flag)?;
        }
    }
    if !flags.acme.is_empty() {
        let names = flags.acme.iter().map(|it| Value::from(it.clone())).collect();
        builder = set(builder, "tls.acme.names", ValueKind::Array(names), "--acme")?;
    }
    if flags.self_signed {
        builder = set(builder, "tls.self_signed", true.into(), "--self-signed")?;
    }
    Ok(builder)
}

/// What the sources so far come to. What is wrong came with the last of them, `origin`.
fn tried(builder: &ConfigBuilder<DefaultState>, origin: &str) -> Result<Config, BadSetting> {
    builder.build_cloned().and_then(config::Config::try_deserialize).map_err(|it| BadSetting::of(it, origin))
}

fn text_of(path: &Path) -> Result<String, BadSetting> {
    fs::read_to_string(path).map_err(|error| {
        let path = path.display();
        BadSetting(match error.kind() {
            io::ErrorKind::NotFound => format!("there is no settings file {path}: check the path given with --config"),
            io::ErrorKind::PermissionDenied => format!("the settings file {path} may not be read by this user"),
            _ => format!("the settings file {path} cannot be read: {error}"),
        })
    })
}

/// A TOML text as a table, its values marked with where they stand.
fn table(text: &str, origin: &str) -> Result<Map<String, Value>, BadSetting> {
    // First without values: the parser's own sentence shows the line, which may hold a secret.
    if let Err(error) = toml::from_str::<toml::Table>(text) {
        let before = error.span().and_then(|it| text.get(..it.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        return Err(BadSetting(format!("{origin} is not TOML: line {line}: {}", short(error.message()))));
    }
    let parsed = File::from_str(text, FileFormat::Toml).collect();
    let mut table = parsed.map_err(|error| BadSetting(format!("{origin} is not TOML: {}", sentence(&error))))?;
    table.values_mut().for_each(|it| mark(it, origin));
    Ok(table)
}

fn mark(value: &mut Value, origin: &str) {
    match &mut value.kind {
        ValueKind::Table(inner) => inner.values_mut().for_each(|it| mark(it, origin)),
        kind => *value = Value::new(Some(&origin.to_owned()), kind.clone()),
    }
}

/// Every value by its name with dots, and what it is by default.
fn leaves<'a>(
    settings: &'a Map<String, Value>,
    defaults: &'a Map<String, Value>,
    within: &str,
) -> Vec<(String, &'a ValueKind, Option<&'a ValueKind>)> {
    let mut found = Vec::new();
    for (name, value) in settings {
        let (name, default) = (format!("{within}{name}"), defaults.get(name).map(|it| &it.kind));
        match (&value.kind, default) {
            (ValueKind::Table(inner), Some(ValueKind::Table(known))) => {
                found.extend(leaves(inner, known, &format!("{name}.")));
            }
            (ValueKind::Table(inner), None) if within.is_empty() && !inner.is_empty() => {
                found.extend(inner.keys().map(|it| (format!("{name}.{it}"), &value.kind, None)));
            }
            // Something else in the place of a section.
            (kind, Some(ValueKind::Table(_))) => found.push((name, kind, None)),
            (kind, default) => found.push((name, kind, default)),
        }
    }
    found
}

fn refuse_unknown(
    settings: &Map<String, Value>,
    defaults: &Map<String, Value>,
    origin: &str,
) -> Result<(), BadSetting> {
    let unknown_names = leaves(settings, defaults, "").into_iter().filter(|it| it.2.is_none()).map(|it| it.0);
    unknown_names.min().map_or(Ok(()), |name| Err(BadSetting(unknown(&name, origin, defaults))))
}

/// The library would make a port of 1.5 or of true. A number or a switch in quotes is taken, as in the environment.
fn refuse_other_kinds(
    settings: &Map<String, Value>,
    defaults: &Map<String, Value>,
    origin: &str,
) -> Result<(), BadSetting> {
    use ValueKind::{Array, Boolean, Float, I64, String, Table, U64};
    for (name, found, default) in leaves(settings, defaults, "") {
        let expected = match (default, found) {
            (Some(I64(_) | U64(_)), I64(_) | U64(_) | String(_)) | (Some(Boolean(_)), Boolean(_) | String(_)) => {
                continue;
            }
            (Some(String(_)), String(_)) | (Some(Array(_)), Array(_)) => continue,
            (Some(I64(_) | U64(_)), _) => "a whole number",
            (Some(Boolean(_)), _) => "true or false",
            (Some(Array(_)), _) => "a list in brackets",
            (Some(_) | None, _) => "a text in quotes",
        };
        let found = match found {
            Table(_) => "a table".to_owned(),
            Array(_) => "a list".to_owned(),
            String(_) if may_be_secret(&name) => "a text".to_owned(),
            String(text) => format!("{:?}", short(text)),
            kind @ (Boolean(_) | Float(_) | I64(_) | U64(_)) => kind.to_string(),
            _ => "something else".to_owned(),
        };
        return Err(BadSetting(format!("{origin} sets {name} to {found}, where {expected} is expected")));
    }
    Ok(())
}

/// Whether what is put there in the wrong place may be a secret.
fn may_be_secret(name: &str) -> bool {
    SECRET_SECTIONS.iter().any(|it| name.starts_with(it))
}

/// By its name with dots.
fn find<'a>(defaults: &'a Map<String, Value>, name: &str) -> Option<&'a ValueKind> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    match (&defaults.get(first)?.kind, rest) {
        (kind, None) => Some(kind),
        (ValueKind::Table(inner), Some(rest)) => find(inner, rest),
        _ => None,
    }
}

fn unknown(name: &str, origin: &str, defaults: &Map<String, Value>) -> String {
    let known = leaves(defaults, defaults, "").into_iter().map(|it| it.0);
    let last = |it: &str| it.rsplit('.').next().unwrap_or_default().to_lowercase();
    let alike = |it: &str| strsim::jaro_winkler(it, name).max(strsim::jaro_winkler(&last(it), &last(name)));
    let section = |it: &str| it.rsplit_once('.').map(|it| it.0.to_owned());
    let is_beside = |it: &String| section(it).is_some() && section(it) == section(name);
    // One in the same section before all others; of two that are as much alike, the shorter one; and of these the pages' own.
    let is_main = |it: &String| it.starts_with("http.");
    let nearer = |a: &String, b: &String| {
        is_beside(a)
            .cmp(&is_beside(b))
            .then(alike(a).total_cmp(&alike(b)))
            .then(b.len().cmp(&a.len()))
            .then(is_main(a).cmp(&is_main(b)))
    };
    let nearest = known.filter(|it| alike(it) > LIKENESS_MIN).max_by(nearer);
    let advice = nearest.map_or_else(String::new, |it| format!(" (did you mean {it}?)"));
    format!("{origin} sets {name}, which is no setting{advice}; --print-config shows all there are")
}

/// A table that is already there.
#[derive(Clone, Debug)]
struct Ready(Map<String, Value>);

impl Source for Ready {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }
    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

impl BadSetting {
    fn of(error: ConfigError, origin: &str) -> Self {
        BadSetting(match error {
            ConfigError::Type { expected, key: Some(key), .. } if may_be_secret(&key) => {
                format!("{origin} sets {key} to something else, where {} is expected", plain(expected))
            }
            ConfigError::Type { unexpected, expected, key: Some(key), .. } => {
                let found = short(&unexpected.to_string());
                format!("{origin} sets {key} to {found}, where {} is expected", plain(expected))
            }
            ConfigError::At { error, key: Some(key), .. } => {
                format!("{origin} sets {key} to something that does not fit: {}", sentence(&error))
            }
            other => format!("{origin} does not fit: {}", sentence(&other)),
        })
    }
}

/// An error in one line.
fn sentence(error: &ConfigError) -> String {
    short(&error.to_string())
}

/// In one line that a terminal can show.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SENTENCE_CHARS_MAX {
        line
    } else {
        line.chars().take(SENTENCE_CHARS_MAX).collect::<String>() + "…"
    }
}

/// What is expected, in words for people who set it.
fn plain(expected: &str) -> &str {
    match expected {
        "an unsigned 16 bit integer" => "a whole number from 0 to 65535",
        "an unsigned 64 bit or less integer" | "an unsigned 64 bit integer" => "a whole number, 0 or more",
        "sequence" | "a sequence" | "an array" => "a list in brackets",
        other => other,
    }
}

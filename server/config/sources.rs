//! Where settings come from, and what is said when one of them is wrong.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use config::{ConfigBuilder, ConfigError, File, FileFormat, Map, Source, Value, ValueKind, builder::DefaultState};

use super::{Config, DEFAULTS, original};

/// Before each of our variables: `P2PCHAT_HTTP__PORT`.
const PREFIX: &str = "P2PCHAT_";

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
}

/// What is wrong with a setting, where, and what to do: one sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSetting(String);

/// Reads all sources over each other.
///
/// `places` are the files to look for when no `--config` is given; the first that exists is read. `environment` is what
/// [`std::env::vars`] gives.
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
    let mut builder = config::Config::builder().add_source(Ready(defaults.clone()));
    if let Some(path) = &file {
        let settings = original::translate(table(&text_of(path)?, &path.display().to_string())?);
        refuse_unknown(&settings, &defaults, &path.display().to_string())?;
        builder = builder.add_source(Ready(settings));
    }
    let builder = over(builder, flags, environment, &defaults)?;
    let config: Config = builder.build().and_then(config::Config::try_deserialize).map_err(BadSetting::of)?;
    config.check().map_err(BadSetting)?;
    Ok((config, file))
}

/// The files that are looked for without `--config`, most particular first.
pub fn usual_places(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let own = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let own = own.or_else(|| variable("HOME").map(|it| Path::new(&it).join(".config")));
    let system = PathBuf::from("/etc");
    let folders = own.into_iter().chain([system]).map(|it| it.join("p2pchat-server"));
    [PathBuf::from("config.toml")].into_iter().chain(folders.map(|it| it.join("config.toml"))).collect()
}

/// What goes over the files: the environment, then the flags.
fn over(
    mut builder: ConfigBuilder<DefaultState>,
    flags: &Flags,
    environment: impl IntoIterator<Item = (String, String)>,
    defaults: &Map<String, Value>,
) -> Result<ConfigBuilder<DefaultState>, BadSetting> {
    let set = |builder: ConfigBuilder<DefaultState>, key: &str, value: Value| {
        builder.set_override(key, value).map_err(BadSetting::of)
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = environment.into_iter().partition(|it| it.0.starts_with(PREFIX));
    for (theirs_name, key) in original::environment() {
        if let Some((_, text)) = theirs.iter().find(|it| it.0 == theirs_name) {
            builder = set(builder, key, Value::new(Some(&format!("the variable {theirs_name}")), text.clone()))?;
        }
    }
    for (name, text) in ours {
        let key = name[PREFIX.len()..].to_lowercase().replace("__", ".");
        let origin = format!("the variable {name}");
        match key.split_once('.').and_then(|(section, rest)| find(defaults, section, rest)) {
            None => return Err(BadSetting(unknown(&key, &origin, defaults))),
            Some(ValueKind::Array(_)) => {
                // As it would stand in the file.
                let value = table(&format!("value = {text}"), &origin)?.remove("value");
                builder = set(builder, &key, value.unwrap_or_default())?;
            }
            Some(_) => builder = set(builder, &key, Value::new(Some(&origin), text))?,
        }
    }
    let path = |it: &PathBuf| it.display().to_string();
    for (key, flag, text) in [
        ("http.address", "--address", flags.address.clone()),
        ("http.port", "--port", flags.port.map(|it| it.to_string())),
        ("http.views", "--views", flags.views.as_ref().map(path)),
    ] {
        if let Some(text) = text {
            builder = set(builder, key, Value::new(Some(&flag.to_owned()), text))?;
        }
    }
    Ok(builder)
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

fn refuse_unknown(
    settings: &Map<String, Value>,
    defaults: &Map<String, Value>,
    origin: &str,
) -> Result<(), BadSetting> {
    for (section, value) in settings {
        let names: Vec<String> = match (&value.kind, defaults.contains_key(section)) {
            (ValueKind::Table(inner), true) => {
                let unknown = inner.keys().filter(|name| find(defaults, section, name).is_none());
                unknown.map(|name| format!("{section}.{name}")).collect()
            }
            (ValueKind::Table(inner), false) if !inner.is_empty() => {
                inner.keys().map(|name| format!("{section}.{name}")).collect()
            }
            _ => vec![section.clone()],
        };
        if let Some(name) = names.iter().min() {
            return Err(BadSetting(unknown(name, origin, defaults)));
        }
    }
    Ok(())
}

fn find<'a>(defaults: &'a Map<String, Value>, section: &str, name: &str) -> Option<&'a ValueKind> {
    match &defaults.get(section)?.kind {
        ValueKind::Table(inner) => inner.get(name).map(|it| &it.kind),
        _ => None,
    }
}

fn unknown(name: &str, origin: &str, defaults: &Map<String, Value>) -> String {
    let known = defaults.iter().flat_map(|(section, value)| match &value.kind {
        ValueKind::Table(inner) => inner.keys().map(|it| format!("{section}.{it}")).collect(),
        _ => Vec::new(),
    });
    let nearest = known.max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
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
    fn of(error: ConfigError) -> Self {
        match error {
            ConfigError::Type { origin: Some(origin), unexpected, expected, key: Some(key) } => {
                BadSetting(format!("{origin} sets {key} to {unexpected}, where {expected} is expected"))
            }
            ConfigError::At { error, origin: Some(origin), key: Some(key) } => {
                BadSetting(format!("{origin} sets {key} to something that does not fit: {}", sentence(&error)))
            }
            other => BadSetting(sentence(&other)),
        }
    }
}

/// An error in one line.
fn sentence(error: &ConfigError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

//! The original server's names for settings, understood as they are so that values can be copied over.
use config::{Map, Value, ValueKind};

/// Its name, with dots for tables, and ours.
const NAMES: &[(&str, &str)] = &[
    ("PORT", "http.port"),
    ("RUN_HTTPS", "tls.enabled"),
    ("HOSTNAME", "http.hostname"),
    ("CERT.KEY_PATH", "tls.key_path"),
    ("CERT.CERT_PATH", "tls.cert_path"),
    ("SIGNALING_PATH", "signaling.path"),
];

/// Its name for a setting, as an environment variable, and ours. Shells and containers set HOSTNAME themselves, so that
/// it is understood in files alone.
pub(super) fn environment() -> impl Iterator<Item = (String, &'static str)> {
    NAMES.iter().filter(|it| it.0 != "HOSTNAME").map(|(theirs, ours)| (theirs.replace('.', "_"), *ours))
}

/// Moves what has one of its names to ours.
pub(super) fn translate(mut settings: Map<String, Value>) -> Map<String, Value> {
    for (theirs, ours) in NAMES {
        let found = match theirs.split_once('.') {
            None => settings.remove(*theirs),
            Some((table, name)) => match settings.get_mut(table).map(|it| &mut it.kind) {
                Some(ValueKind::Table(inner)) => inner.remove(name),
                _ => None,
            },
        };
        if let (Some(value), Some((section, name))) = (found, ours.split_once('.')) {
            let section = settings.entry(section.to_owned()).or_insert_with(|| Map::<String, Value>::new().into());
            if let ValueKind::Table(inner) = &mut section.kind {
                // What stands there under its own name is meant.
                inner.entry(name.to_owned()).or_insert(value);
            }
        }
    }
    let is_empty = |it: &Value| matches!(&it.kind, ValueKind::Table(inner) if inner.is_empty());
    if settings.get("CERT").is_some_and(is_empty) {
        settings.remove("CERT");
    }
    settings
}

//! Which settings differ between two readings of them, secrets included, without a secret being shown.
use std::{
    collections::BTreeSet,
    hash::{BuildHasher as _, RandomState},
    sync::LazyLock,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serializer;
use toml::{Table, Value};

use super::Config;

/// Stands before a secret's mark, up to a closing bracket.
const HIDDEN: &str = "(hidden ";

/// Of this process alone, so that a mark says nothing to anybody else.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A secret as a mark that another secret has not, and by which nobody finds it.
pub(super) fn hidden<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    match secret.expose_secret() {
        "" => serializer.serialize_str(""),
        secret => serializer.serialize_str(&format!("{HIDDEN}{:016x})", KEY.hash_one(secret))),
    }
}

/// The text without the marks.
pub(super) fn without_marks(text: &str) -> String {
    let mut parts = text.split(HIDDEN);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("(hidden)");
        shown.push_str(part.split_once(')').map_or(part, |it| it.1));
    }
    shown
}

impl Config {
    /// The settings that are not the same in both, by their names with dots, in alphabetical order.
    pub fn differences(&self, other: &Config) -> Vec<String> {
        let (Ok(one), Ok(other)) = (Table::try_from(self), Table::try_from(other)) else { return Vec::new() };
        let mut found = Vec::new();
        compare(&one, &other, "", &mut found);
        found
    }
}

fn compare(one: &Table, other: &Table, within: &str, found: &mut Vec<String>) {
    let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    for name in names {
        match (one.get(name), other.get(name)) {
            (Some(Value::Table(one)), Some(Value::Table(other))) => {
                compare(one, other, &format!("{within}{name}."), found);
            }
            (one, other) if one == other => (),
            _ => found.push(format!("{within}{name}")),
        }
    }
}

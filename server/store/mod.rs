//! What outlives the process: rooms, who is in them, and by which tokens people come back. Records, each under a key and with
//! a version, so that a store that several processes share could refuse what one of them has not seen.
//!
//! **Invariants:** nothing here takes the sessions' lock for longer than it takes to copy what has changed; encoding and writing
//! happen elsewhere. A store that cannot be read or written is no reason not to serve.
mod file;
mod keeper;
pub(crate) mod records;

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use file::FileStore;
pub use keeper::Keeper;

/// A value under its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is about.
    pub key: String,
    /// How often it was set.
    pub version: u64,
    /// JSON.
    pub value: String,
}

/// Somebody else has set that key meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record was changed by somebody else; its version is {version}")]
pub struct Conflict {
    /// The version that there is; 0 if there is none.
    pub version: u64,
}

/// Where records are kept. Setting is quick; [`RoomStore::flush`] may take as long as the disk does.
pub trait RoomStore: Send + Sync {
    /// Every record, by its key.
    fn load(&self) -> Vec<Record>;

    /// Sets or, with `None`, removes the value of a key whose version is `expected`; 0: there is none. The new version.
    ///
    /// # Errors
    /// It has another version.
    fn compare_and_set(&self, key: &str, expected: u64, value: Option<String>) -> Result<u64, Conflict>;

    /// Returns when all that was set outlives the process, as far as this store can have it so.
    ///
    /// # Errors
    /// It cannot be written. It is tried again the next time.
    fn flush(&self) -> io::Result<()>;
}

/// Records in memory, which end with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Mutex<BTreeMap<String, (u64, String)>>,
}

impl MemoryStore {
    fn records(&self) -> MutexGuard<'_, BTreeMap<String, (u64, String)>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RoomStore for MemoryStore {
    fn load(&self) -> Vec<Record> {
        let record = |(key, (version, value)): (&String, &(u64, String))| Record {
            key: key.clone(),
            version: *version,
            value: value.clone(),
        };
        self.records().iter().map(record).collect()
    }

    fn compare_and_set(&self, key: &str, expected: u64, value: Option<String>) -> Result<u64, Conflict> {
        let mut records = self.records();
        let version = records.get(key).map_or(0, |it| it.0);
        if version != expected {
            return Err(Conflict { version });
        }
        match value {
            Some(value) => {
                records.insert(key.to_owned(), (version + 1, value));
                Ok(version + 1)
            }
            None => {
                records.remove(key);
                Ok(0)
            }
        }
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whoever_knows_the_version_changes_a_record() {
        let store = MemoryStore::default();
        assert_eq!(store.compare_and_set("a", 0, Some("1".to_owned())), Ok(1));
        assert_eq!(store.compare_and_set("a", 0, Some("2".to_owned())), Err(Conflict { version: 1 }));
        assert_eq!(store.compare_and_set("a", 1, Some("2".to_owned())), Ok(2));
        assert_eq!(store.load(), [Record { key: "a".to_owned(), version: 2, value: "2".to_owned() }]);
        assert_eq!(store.compare_and_set("a", 1, None), Err(Conflict { version: 2 }));
        assert_eq!((store.compare_and_set("a", 2, None), store.load()), (Ok(0), vec![]));
        assert_eq!(store.compare_and_set("a", 3, Some("1".to_owned())), Err(Conflict { version: 0 }));
    }
}

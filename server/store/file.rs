//! Records in one file of a state directory: a line of JSON each, between a first line that says what it is and a last one that
//! says how many there are.
//!
//! **Invariants:** the file is replaced as a whole, so that it is the old one or the new one whenever the process ends. One process uses a directory at a time. A file that is not ours, or
//! not whole, is set aside; the first of those that were are never overwritten.
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Conflict, MemoryStore, Record, RoomStore};
use crate::whole_file;

const NAME: &str = "state.jsonl";
const LOCK_NAME: &str = "lock";

/// Files that are set aside. More would be the same fault again and again.
const ASIDE_MAX: usize = 10;

#[derive(Serialize, Deserialize)]
struct Head {
    p2pchat_state: u32,
}

/// Of the file's own format. Values have theirs.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    key: String,
    version: u64,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
struct Tail {
    records: usize,
}

/// Records that outlive the process.
#[derive(Debug)]
pub struct FileStore {
    records: MemoryStore,
    folder: PathBuf,
    is_changed: AtomicBool,
    /// Locked as long as this process uses the folder.
    _lock: File,
}

impl FileStore {
    /// Takes a folder, which is made if it is not there. A sentence for the operator where a file in it was no use.
    ///
    /// # Errors
    /// The folder cannot be used: it cannot be written, or another process has it. The text says which.
    pub fn open(folder: &Path) -> Result<(Self, Option<String>), String> {
        let cannot = |error: &io::Error| format!("{} cannot be used to keep rooms in: {error}", folder.display());
        fs::create_dir_all(folder).map_err(|it| cannot(&it))?;
        let lock = whole_file::open(&folder.join(LOCK_NAME), false).map_err(|it| cannot(&it))?;
        if let Err(error) = lock.try_lock() {
            return Err(match error {
                fs::TryLockError::WouldBlock => {
                    format!("{} is used by another server: give each a state.dir of its own", folder.display())
                }
                fs::TryLockError::Error(error) => cannot(&error),
            });
        }
        let path = folder.join(NAME);
        let (records, sentence) = match fs::read_to_string(&path) {
            Ok(text) => match parse(&text) {
                Ok(records) => (records, None),
                Err(fault) => (BTreeMap::new(), Some(set_aside(&path, fault))),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (BTreeMap::new(), None),
            // Not a text, or it cannot be read.
            Err(error) => (BTreeMap::new(), Some(set_aside(&path, &error.to_string()))),
        };
        let records = MemoryStore { records: records.into() };
        // Shows at once whether the folder can be written; what is in the file is there already.
        whole_file::try_out(&path).map_err(|it| cannot(&it))?;
        let is_changed = AtomicBool::new(sentence.is_some());
        Ok((FileStore { records, folder: folder.to_owned(), is_changed, _lock: lock }, sentence))
    }

    fn write(&self) -> io::Result<()> {
        let mut text = json_line(&Head { p2pchat_state: FORMAT })?;
        {
            let records = self.records.records();
            for (key, (version, value)) in records.iter() {
                let value: &RawValue = serde_json::from_str(value)?;
                text.push_str(&json_line(&Line { key: key.clone(), version: *version, value })?);
            }
            text.push_str(&json_line(&Tail { records: records.len() })?);
        }
        // Rooms have passwords: nobody else reads this file.
        whole_file::replace(&self.folder.join(NAME), text.as_bytes())
    }
}

impl RoomStore for FileStore {
    fn load(&self) -> Vec<Record> {
        self.records.load()
    }

    fn compare_and_set(&self, key: &str, expected: u64, value: Option<String>) -> Result<u64, Conflict> {
        let version = self.records.compare_and_set(key, expected, value)?;
        self.is_changed.store(true, Ordering::Release);
        Ok(version)
    }

    fn flush(&self) -> io::Result<()> {
        if !self.is_changed.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        self.write().inspect_err(|_| self.is_changed.store(true, Ordering::Release))
    }
}

fn json_line(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}

/// What is wrong with it, if anything.
fn parse(text: &str) -> Result<BTreeMap<String, (u64, String)>, &'static str> {
    const FOREIGN: &str = "it is no file of this server";
    const TORN: &str = "it is not whole";
    let (head, rest) = text.split_once('\n').ok_or(FOREIGN)?;
    let head: Head = serde_json::from_str(head).map_err(|_| FOREIGN)?;
    if head.p2pchat_state != FORMAT {
        return Err("it is of another version of this server");
    }
    let lines: Vec<_> = rest.lines().collect();
    let (tail, lines) = lines.split_last().ok_or(TORN)?;
    let tail: Tail = serde_json::from_str(tail).map_err(|_| TORN)?;
    let mut records = BTreeMap::new();
    for line in lines {
        let Line { key, version, value } = serde_json::from_str(line).map_err(|_| TORN)?;
        records.insert(key, (version, value.get().to_owned()));
    }
    if records.len() == tail.records { Ok(records) } else { Err(TORN) }
}

fn set_aside(path: &Path, fault: &str) -> String {
    let name = |n: usize| path.with_extension(format!("aside-{n}"));
    let aside = (0..ASIDE_MAX).map(name).find(|it| !it.exists()).unwrap_or_else(|| name(ASIDE_MAX - 1));
    let (from, to) = (path.display(), aside.display());
    match fs::rename(path, &aside) {
        Ok(()) => format!("{from} was set aside as {to}, because {fault}: rooms begin anew"),
        Err(error) => format!("{from} is no use, because {fault}, and cannot be set aside ({error}): rooms begin anew"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn set(store: &FileStore, key: &str, value: &str) {
        let version = store.load().iter().find(|it| it.key == key).map_or(0, |it| it.version);
        store.compare_and_set(key, version, Some(value.to_owned())).unwrap();
    }

    #[test]
    fn what_was_flushed_is_there_again_and_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a/b");
        let (store, sentence) = FileStore::open(&folder).unwrap();
        assert_eq!(sentence, None);
        set(&store, "a", r#"{"x":1}"#);
        set(&store, "a", r#"{"x":2}"#);
        set(&store, "b", "[1]");
        store.flush().unwrap();
        set(&store, "c", "null");
        let mode = fs::metadata(folder.join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(store);
        let (store, sentence) = FileStore::open(&folder).unwrap();
        let record = |key: &str, version, value: &str| Record { key: key.into(), version, value: value.into() };
        assert_eq!(store.load(), [record("a", 2, r#"{"x":2}"#), record("b", 1, "[1]")]);
        assert_eq!(sentence, None);
    }

    #[test]
    fn a_file_that_is_no_use_is_set_aside_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let (store, _) = FileStore::open(folder.path()).unwrap();
        set(&store, "a", r#"{"x":1}"#);
        set(&store, "b", r#"{"x":1}"#);
        store.flush().unwrap();
        drop(store);
        let whole = fs::read(&path).unwrap();
        // Torn at each byte, and what others may have put there.
        let mut bad: Vec<_> = (0..whole.len() - 1).map(|n| whole[..n].to_vec()).collect();
        bad.extend([b"hello\n".to_vec(), vec![0xff; 9], b"{\"p2pchat_state\":9}\n{\"records\":0}\n".to_vec()]);
        for text in &bad {
            for entry in fs::read_dir(folder.path()).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
            fs::write(&path, text).unwrap();
            let (store, sentence) = FileStore::open(folder.path()).unwrap();
            assert!(sentence.is_some_and(|it| it.contains("set aside")) && store.load().is_empty());
            assert_eq!(&fs::read(folder.path().join("state.aside-0")).unwrap(), text);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_had_is_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let (_store, _) = FileStore::open(folder.path()).unwrap();
        assert!(FileStore::open(folder.path()).unwrap_err().contains("another server"));
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(FileStore::open(&file.join("below")).unwrap_err().contains("cannot be used"));
    }
}

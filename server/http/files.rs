//! What is kept and bounded over all `views` folders: packed files, and how many are open.
//!
//! **Invariants:** a file is packed once for each of its versions, off the tasks that carry signals, one file at a time.
//! What is kept is charged to the ledger and bounded. Nobody's answers hold more than a few files open.
use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};

use axum::body::{Body, Bytes, HttpBody};
use flate2::{Compression, read::GzEncoder};
use hyper::body::{Frame, SizeHint};
use quick_cache::{Weighter, sync::Cache};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::accounting::{Holding, Ledger};

/// What may be kept packed.
const KEPT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Longer ones are sent as they are: packing them takes a second and more.
const PACKED_FILE_MAX: u64 = 8 * 1024 * 1024;

/// What shorter ones save is less than what it costs to say that they are packed.
const PACKED_FILE_MIN: u64 = 1_024;

/// Files of all folders that are open at a time, and of one connection.
const OPEN_MAX: usize = 256;
const CONNECTION_OPEN_MAX: usize = 4;

/// One version of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Version {
    path: PathBuf,
    modified: Option<SystemTime>,
    inode: u64,
    n_bytes: u64,
}

/// Shared by all listeners.
pub(super) struct Files {
    ledger: Ledger,
    packed: Cache<Version, Packed, Weight>,
    packing: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

/// A file's packed bytes; none where packing does not make it shorter.
#[derive(Clone)]
pub(super) struct Packed {
    pub(super) bytes: Option<Bytes>,
    _held: Arc<Holding>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Version, Packed> for Weight {
    fn weight(&self, version: &Version, packed: &Packed) -> u64 {
        (version.path.as_os_str().len() + packed.bytes.as_ref().map_or(0, Bytes::len)) as u64
    }
}

impl Version {
    pub(super) fn of(path: &Path, metadata: &Metadata) -> Version {
        let (modified, inode) = (metadata.modified().ok(), metadata.ino());
        Version { path: path.to_owned(), modified, inode, n_bytes: metadata.len() }
    }

    /// Whether it is worth the time by its length.
    pub(super) fn can_be_packed(&self) -> bool {
        (PACKED_FILE_MIN..=PACKED_FILE_MAX).contains(&self.n_bytes)
    }

    fn pack(&self) -> io::Result<Vec<u8>> {
        let file = File::open(&self.path)?;
        let mut packed = Vec::new();
        GzEncoder::new(file.try_clone()?.take(PACKED_FILE_MAX), Compression::default()).read_to_end(&mut packed)?;
        // Written to in the meantime: what was read is of neither version.
        if Version::of(&self.path, &file.metadata()?) != *self {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(packed)
    }
}

impl Files {
    pub(super) fn new(ledger: Ledger) -> Arc<Files> {
        Files::keeping(KEPT_BYTES_MAX, ledger)
    }

    fn keeping(n_bytes_max: u64, ledger: Ledger) -> Arc<Files> {
        let (packing, open) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(OPEN_MAX)));
        Arc::new(Files { ledger, packed: Cache::with_weighter(32, n_bytes_max, Weight), packing, open })
    }

    /// The packed form of this version. `None`: it is to be sent as it is.
    pub(super) async fn packed(self: &Arc<Self>, version: Version) -> Option<Bytes> {
        let files = self.clone();
        // A task of its own: that whoever asked first has gone is no reason to begin again for the next.
        let packing =
            tokio::spawn(async move { files.packed.get_or_insert_async(&version, files.pack(version.clone())).await });
        packing.await.ok()?.ok()?.bytes
    }

    async fn pack(&self, version: Version) -> io::Result<Packed> {
        let turn = self.packing.clone().acquire_owned().await.map_err(io::Error::other)?;
        let n_bytes = version.n_bytes;
        let packed = spawn_blocking(move || {
            let packed = version.pack();
            drop(turn);
            packed
        });
        let packed = packed.await.map_err(io::Error::other)??;
        let bytes = Some(Bytes::from(packed)).filter(|it| (it.len() as u64) < n_bytes);
        let held = self.ledger.hold(bytes.as_ref().map_or(0, Bytes::len) as u64);
        let held = Arc::new(held.map_err(|reason| io::Error::other(reason.as_str()))?);
        Ok(Packed { bytes, _held: held })
    }

    /// Leave to open one more file, for a connection whose other files `own` counts. Waits for these, and not for those of
    /// others: `None`, too many are open.
    pub(super) async fn open(&self, own: Option<Arc<Semaphore>>) -> Option<Opened> {
        let own = match own {
            Some(own) => Some(own.acquire_owned().await.ok()?),
            None => None,
        };
        Some(Opened { _all: self.open.clone().try_acquire_owned().ok()?, _own: own })
    }

    /// What counts the open files of one connection.
    pub(super) fn of_connection() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(CONNECTION_OPEN_MAX))
    }
}

/// A file that is open, or about to be.
pub(super) struct Opened {
    _all: OwnedSemaphorePermit,
    _own: Option<OwnedSemaphorePermit>,
}

/// An answer that comes from an open file.
pub(super) struct OpenFile {
    pub(super) body: Body,
    pub(super) _opened: Opened,
}

impl HttpBody for OpenFile {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use futures_util::{FutureExt as _, future::join_all};

    use super::*;
    use crate::accounting::Limits;

    fn put(folder: &Path, name: &str, text: &str) -> Version {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        Version::of(&path, &path.metadata().unwrap())
    }

    /// Packs to about three quarters.
    fn noise(n_bytes: usize, seed: u64) -> String {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let letter = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'0' + (state % 64) as u8)
        };
        (0..n_bytes).map(letter).collect()
    }

    #[tokio::test]
    async fn a_version_of_a_file_is_packed_once_however_many_ask() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(Ledger::new(Limits::default()));
        let version = put(folder.path(), "a.js", &"let a = 1;\n".repeat(50_000));
        let packed = join_all((0..16).map(|_| files.packed(version.clone()))).await;
        let places: Vec<_> = packed.iter().map(|it| it.as_ref().unwrap().as_ptr()).collect();
        assert!(places.iter().all(|it| *it == places[0]));
        // One who goes before it is done leaves it to the next.
        let other = put(folder.path(), "b.js", &"let b = 1;\n".repeat(50_000));
        let mut first = Box::pin(files.packed(other.clone()));
        assert!(first.as_mut().now_or_never().is_none());
        drop(first);
        assert!(files.packed(other).await.is_some());
        let newer = put(folder.path(), "a.js", &"let a = 2;\n".repeat(50_001));
        assert_ne!(files.packed(newer).await, packed[0]);
        assert_eq!(files.packed(version).await, packed[0], "what was asked for before is still kept");
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_charged() {
        const MAX: u64 = 64 * 1024;
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::new(Limits::default());
        let files = Files::keeping(MAX, ledger.clone());
        for n in 0..60 {
            let version = put(folder.path(), &format!("{n}.js"), &noise(8_000, n));
            let n_bytes = files.packed(version).await.unwrap().len() as u64;
            assert!(ledger.balance().memory.held >= n_bytes.min(MAX / 2));
        }
        let held = ledger.balance().memory.held;
        assert!((MAX / 4..=MAX).contains(&held), "{held}");
        drop(files);
        assert_eq!(ledger.balance().memory.held, 0);
    }

    #[tokio::test]
    async fn what_packing_does_not_make_shorter_and_what_has_no_room_is_sent_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let version = put(folder.path(), "a.js", &"x".repeat(5_000));
        let full = Ledger::new(Limits { memory_bytes_max: 1, ..Limits::default() });
        let _held = full.hold(0);
        assert!(Files::new(full).packed(version).await.is_none());
        let gone = put(folder.path(), "b.js", &"x".repeat(5_000));
        fs::remove_file(folder.path().join("b.js")).unwrap();
        assert!(Files::new(Ledger::new(Limits::default())).packed(gone).await.is_none());
    }

    #[tokio::test]
    async fn files_open_are_bounded_for_each_connection_and_in_all() {
        let files = Files::new(Ledger::new(Limits::default()));
        let own = Files::of_connection();
        let mut opened = Vec::new();
        for _ in 0..CONNECTION_OPEN_MAX {
            opened.push(files.open(Some(own.clone())).await.unwrap());
        }
        let mut next = Box::pin(files.open(Some(own.clone())));
        assert!(next.as_mut().now_or_never().is_none(), "it waits for its own");
        opened.pop();
        assert!(next.await.is_some());
        let mut others = Vec::new();
        while let Some(other) = files.open(None).await {
            others.push(other);
        }
        assert_eq!(opened.len() + others.len(), OPEN_MAX);
        others.pop();
        assert!(files.open(None).await.is_some());
    }
}

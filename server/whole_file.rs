//! Files of the state folder, which are replaced as a whole and which nobody else reads.
//!
//! **Invariant:** whenever the process ends, a file is the old one or the new one: a temporary one is written, flushed to the
//! disk and renamed.
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Opens for writing. `is_empty`: without what was in it.
///
/// # Errors
/// The system does not let us.
pub(crate) fn open(path: &Path, is_empty: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(is_empty).mode(0o600).open(path)
}

/// Shows whether a file could be replaced, and changes nothing of it.
///
/// # Errors
/// Its folder cannot be written.
pub(crate) fn try_out(path: &Path) -> io::Result<()> {
    open(&temporary(path), true).map(drop)
}

/// Puts this in the place of the file.
///
/// # Errors
/// The system does not let us; the file is as it was.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = temporary(path);
    let mut file = open(&temporary, true)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    // The name is in the folder, which is flushed on its own.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        replace(&path, b"first").unwrap();
        try_out(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        replace(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(replace(&folder.path().join("none/a.json"), b"").is_err());
    }
}

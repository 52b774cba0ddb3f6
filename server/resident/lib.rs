//! Memory that is resident although nobody needs it: code and tables of the executable and its libraries that only the
//! start or a crowd has used. The kernel maps sixteen pages around each that is touched, so that this is most of what an
//! idle server takes.
#![cfg(target_os = "linux")]
use std::{fs, io, num::ParseIntError, ops::Range};

/// Takes all unchanged pages of files out of this process, such as code; whatever is used again is mapped again from the
/// file, which is still in the system's cache. For when there is little to do. Returns how many bytes were resident.
///
/// # Errors
/// The system does not tell what is mapped, or refuses.
pub fn give_back_files() -> io::Result<u64> {
    let table = fs::read_to_string("/proc/self/smaps")?;
    let mut n_bytes = 0;
    for mapping in unchanged_files(&table).map_err(io::Error::other)? {
        give_back(&mapping.addresses)?;
        n_bytes += mapping.resident;
    }
    Ok(n_bytes)
}

#[expect(unsafe_code, reason = "the system call is unsafe for what it could be given")]
fn give_back(addresses: &Range<usize>) -> io::Result<()> {
    let start = std::ptr::without_provenance_mut(addresses.start);
    // SAFETY: for a private mapping of a file, the pages come from the file again when they are next read (madvise(2)).
    // These are what they were in the file: none has been written, as `Anonymous` and `Swap` of proc_pid_smaps(5) count, and none
    // can be, since they are not writable. So nothing that reads or executes them sees a difference.
    unsafe { rustix::mm::madvise(start, addresses.len(), rustix::mm::Advice::LinuxDontNeed) }?;
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Mapping {
    addresses: Range<usize>,
    /// In bytes.
    resident: u64,
}

/// Of a table as in proc_pid_smaps(5): private mappings of files that cannot be written, and never were.
fn unchanged_files(table: &str) -> Result<Vec<Mapping>, ParseIntError> {
    let mut found = Vec::new();
    // What the lines that follow tell of.
    let mut current: Option<Mapping> = None;
    for line in table.lines() {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        let value = words.next().unwrap_or_default();
        match (first, current.as_mut()) {
            ("Rss:", Some(mapping)) => mapping.resident = value.parse::<u64>()? * 1024,
            ("Anonymous:" | "Swap:", Some(_)) if value != "0" => current = None,
            _ => {}
        }
        // A line that names a mapping: addresses, permissions, offset, device, inode and path.
        if let Some((start, end)) = first.split_once('-').filter(|_| !first.ends_with(':')) {
            found.extend(current.take());
            let is_file = words.nth(2).is_some_and(|inode| inode != "0");
            if is_file && !value.contains('w') && value.ends_with('p') {
                let addresses = usize::from_str_radix(start, 16)?..usize::from_str_radix(end, 16)?;
                current = Some(Mapping { addresses, resident: 0 });
            }
        }
    }
    found.extend(current);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(line: &str, resident: u32, anonymous: u32) -> String {
        format!("{line}\nSize: 64 kB\nRss: {resident} kB\nAnonymous: {anonymous} kB\nSwap: 0 kB\nVmFlags: rd ex mr\n")
    }

    #[test]
    fn only_what_is_in_a_file_as_it_is_in_memory_is_given_back() {
        let table = [
            entry("1000-3000 r--p 00000000 fe:00 17 /usr/bin/p2pchat server", 8, 0),
            entry("3000-7000 r-xp 00002000 fe:00 17 /usr/bin/p2pchat server", 12, 0),
            entry("7000-8000 r--p 00006000 fe:00 17 relocated", 4, 4),
            entry("f000-10000 r--p 00006000 fe:00 17 relocated, and swapped out", 0, 0).replace("Swap: 0", "Swap: 4"),
            entry("8000-9000 rw-p 00007000 fe:00 17 written later", 4, 0),
            entry("9000-a000 r--s 00000000 fe:00 18 shared", 4, 0),
            entry("a000-b000 r-xp 00000000 00:00 0 [vdso]", 4, 0),
            entry("b000-c000 ---p 00000000 00:00 0", 0, 0),
            entry("7f00c000-7f00e000 r-xp 00001000 fe:00 19 /lib/libc.so.6", 0, 0),
        ];
        let found = unchanged_files(&table.concat()).unwrap();
        let expected = [(0x1000..0x3000, 8192), (0x3000..0x7000, 12288), (0x7f00_c000..0x7f00_e000, 0)];
        assert_eq!(found, expected.map(|(addresses, resident)| Mapping { addresses, resident }));
    }

    #[test]
    fn a_table_that_is_none_is_an_error() {
        assert!(unchanged_files("wrong-1000 r-xp 0 fe:00 17 file").is_err());
        assert!(
            unchanged_files(&entry("1000-2000 r-xp 0 fe:00 17 file", 4, 0).replace("Rss: 4", "Rss: four")).is_err()
        );
        assert_eq!(unchanged_files("").unwrap(), []);
    }

    #[test]
    fn less_is_resident_afterwards_and_all_goes_on() {
        let resident = || {
            let table = fs::read_to_string("/proc/self/smaps").unwrap();
            unchanged_files(&table).unwrap().iter().map(|it| it.resident).sum::<u64>()
        };
        let before = resident();
        assert!(give_back_files().unwrap() > 0);
        let after = resident();
        assert!(after < before, "{before} bytes before, {after} after");
    }
}

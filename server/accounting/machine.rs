//! How much memory there is for this process: that of the machine, or what its control group leaves to it.
//!
//! A hardened unit hides most of /proc (`ProcSubset=pid`), so that the machine is asked by a system call.
use std::fs;

/// The least that can be set, and what is taken where the machine's memory is not known.
const TOTAL_MIN: u64 = 64 * 1024 * 1024;

/// Where control groups are: version 2, version 2 beside version 1, and version 1, which names a huge number for no bound.
const UNIFIED: [(&str, &str); 2] = [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/unified", "memory.max")];
const MEMORY_ALONE: [(&str, &str); 1] = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes")];

/// A quarter of the machine's memory, or of what its control group leaves to this process.
pub fn default_total() -> u64 {
    let text = |path: &str| fs::read_to_string(path).ok();
    let group = group_bytes(&text("/proc/self/cgroup").unwrap_or_default(), text);
    machine_bytes().into_iter().chain(group).min().map_or(TOTAL_MIN, |it| (it / 4).max(TOTAL_MIN))
}

#[cfg(target_os = "linux")]
fn machine_bytes() -> Option<u64> {
    let info = rustix::system::sysinfo();
    // The type of the first differs between processors (sysinfo(2)).
    let bytes = u128::from(info.totalram) * u128::from(info.mem_unit);
    u64::try_from(bytes).ok().filter(|it| *it > 0)
}

#[cfg(not(target_os = "linux"))]
fn machine_bytes() -> Option<u64> {
    None
}

/// The least of the bounds of a process's control group and of those above it. `groups` is what /proc/self/cgroup says
/// (cgroups(7)). In a container its own group is where the others' root is, whatever it is called outside.
fn group_bytes(groups: &str, read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let bounds = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let places: &[(&str, &str)] = match controllers {
            "" => &UNIFIED,
            _ if controllers.split(',').any(|it| it == "memory") => &MEMORY_ALONE,
            _ => return None,
        };
        let bounds = places.iter().flat_map(|(root, file)| {
            let above = path.match_indices('/').map(|(at, _)| &path[..at]).chain([path.trim_end_matches('/')]);
            above.map(move |group| format!("{root}{group}/{file}"))
        });
        bounds.filter_map(|it| read(&it)?.trim().parse::<u64>().ok()).min()
    });
    bounds.min()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_least_bound_of_all_groups_counts() {
        let files: HashMap<&str, &str> = [
            ("/sys/fs/cgroup/system.slice/memory.max", "8000\n"),
            ("/sys/fs/cgroup/system.slice/chat.service/memory.max", "max\n"),
            ("/sys/fs/cgroup/system.slice/small.service/memory.max", "5000\n"),
            ("/sys/fs/cgroup/unified/system.slice/chat.service/memory.max", "max\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "7000\n"),
        ]
        .into();
        let read = |path: &str| files.get(path).map(|it| (*it).to_owned());
        for (groups, expected) in [
            ("0::/system.slice/chat.service\n", Some(8_000)),
            ("0::/system.slice/small.service\n", Some(5_000)),
            ("0::/user.slice/user-0.slice\n", None),
            ("0::/\n", None),
            ("", None),
            ("4:memory:/box\n0::/system.slice/chat.service\n", Some(7_000)),
            ("4:cpu,memory:/box/inner\n3:cpuset:/\n", Some(7_000)),
            ("4:memory:/\n", Some(9_223_372_036_854_771_712)),
            ("4:cpu:/box\n", None),
            ("4:memory\nx\n", None),
        ] {
            assert_eq!(group_bytes(groups, read), expected, "{groups:?}");
        }
        // A container, whose own group is mounted as the root.
        let read = |path: &str| (path == "/sys/fs/cgroup/memory.max").then(|| "3000".to_owned());
        assert_eq!(group_bytes("0::/\n", read), Some(3_000));
        assert_eq!(group_bytes("0::/docker/1a2b\n", read), Some(3_000));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_call_says_what_proc_says_where_that_is_to_be_seen() {
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
        let total = meminfo.lines().find_map(|it| it.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")).unwrap();
        assert_eq!(machine_bytes().unwrap() / 1_024, total.trim().parse::<u64>().unwrap());
    }
}

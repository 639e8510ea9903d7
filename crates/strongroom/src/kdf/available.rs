//! How much memory a process may still take, so that a costly slot fails with numbers and not by being killed.

use std::fs;
use std::path::Path;

/// What the system and the control groups of this process have left, in KiB. `None` where that is not known.
pub(super) fn memory_kib() -> Option<u64> {
    [system_kib(), control_group_kib()].into_iter().flatten().min()
}

fn system_kib() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// The tightest control group (version 2) from ours up to the root.
fn control_group_kib() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    root.join(own).ancestors().take_while(|group| group.starts_with(root)).filter_map(left_kib).min()
}

fn left_kib(group: &Path) -> Option<u64> {
    let number = |name: &str| -> Option<u64> { fs::read_to_string(group.join(name)).ok()?.trim().parse().ok() };
    // "max" is no number, and so no limit.
    let most = number("memory.max")?;
    // What the group's page cache holds is given back when somebody needs it.
    let cache = fs::read_to_string(group.join("memory.stat"))
        .ok()
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("inactive_file ")?.trim().parse::<u64>().ok()));
    let used = number("memory.current")?.saturating_sub(cache.unwrap_or(0));
    Some(most.saturating_sub(used) / 1024)
}

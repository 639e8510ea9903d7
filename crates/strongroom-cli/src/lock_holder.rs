//! Who has the lock that a save waits for, where the system tells.
//!
//! The lock is on the vault's directory, and every process that can read a directory can lock it: the one that is in
//! the way may be none of ours. Linux lists locks with their processes; elsewhere there is nothing to say.

use std::fs;
use std::path::Path;

use crate::{output, private_file};

/// The processes that hold a lock on the directory of this vault, each as `process 4711 (strongroom)`.
pub fn of_directory_of(vault: &Path) -> Vec<String> {
    let (Some(directory), Ok(locks)) = (identity(private_file::directory(vault)), fs::read_to_string("/proc/locks"))
    else {
        return Vec::new();
    };
    let mut processes: Vec<u32> = locks.lines().filter_map(|line| holder(line, &directory)).collect();
    processes.sort_unstable();
    processes.dedup();
    processes.into_iter().map(named).collect()
}

/// The directory as a line of the list names it: device in hexadecimal, and number.
#[cfg(target_os = "linux")]
fn identity(directory: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let about = fs::metadata(directory).ok()?;
    let (major, minor) = (rustix::fs::major(about.dev()), rustix::fs::minor(about.dev()));
    Some(format!("{major:02x}:{minor:02x}:{}", about.ino()))
}

#[cfg(not(target_os = "linux"))]
fn identity(_directory: &Path) -> Option<String> {
    None
}

/// `1: FLOCK  ADVISORY  WRITE 4711 fe:00:10305920 0 EOF`. Who only waits has an arrow in the place of the kind.
fn holder(line: &str, directory: &str) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [_, "FLOCK", _, _, process, file, ..] if *file == directory => process.parse().ok().filter(|id| *id != 0),
        _ => None,
    }
}

/// A process gives itself its name, so that it is shown like any text from outside.
fn named(process: u32) -> String {
    match fs::read_to_string(format!("/proc/{process}/comm")) {
        Ok(name) => format!("process {process} ({})", output::printable(name.trim_end())),
        Err(_) => format!("process {process}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_lock_is_told_from_who_waits_for_it() {
        let directory = "fe:00:10305920";
        assert_eq!(holder("1: FLOCK  ADVISORY  WRITE 4711 fe:00:10305920 0 EOF", directory), Some(4711));
        assert_eq!(holder("1: FLOCK  ADVISORY  READ 4712 fe:00:10305920 0 EOF", directory), Some(4712));
        assert_eq!(holder("1: -> FLOCK  ADVISORY  WRITE 4713 fe:00:10305920 0 EOF", directory), None);
        assert_eq!(holder("2: FLOCK  ADVISORY  WRITE 4714 fe:00:10305921 0 EOF", directory), None);
        assert_eq!(holder("3: POSIX  ADVISORY  WRITE 4715 fe:00:10305920 0 EOF", directory), None);
        assert_eq!(holder("4: FLOCK  ADVISORY  WRITE 0 fe:00:10305920 0 EOF", directory), None);
        assert_eq!(holder("", directory), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn our_own_lock_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let lock = fs::File::open(directory.path()).unwrap();
        assert_eq!(of_directory_of(&directory.path().join("vault")), Vec::<String>::new());
        lock.lock().unwrap();
        // Some file systems give their files another device in this list than in their metadata.
        let holders = of_directory_of(&directory.path().join("vault"));
        assert!(holders.iter().all(|holder| holder.contains(&std::process::id().to_string())), "{holders:?}");
    }
}

//! Where the plaintext lies while an editor has it: a private directory in memory, wiped afterwards.
//!
//! Nothing is promised about what the editor itself keeps; [`super::editor`] asks the known ones not to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The name of the directory starts like this, so that `doctor` and the next `edit` find what a crash left.
pub const PREFIX: &str = "strongroom-edit-";

/// The name of the text in it.
pub const FILE: &str = "vault.toml";

/// Beside a text that could not be saved and that its owner was told of: the next `edit` leaves it alone.
const KEPT: &str = "kept";

/// How long a vault's text can be. More than any vault holds, with everything escaped.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// A private directory with one file. Wiped and removed when dropped.
pub struct Desk {
    directory: tempfile::TempDir,
    file: PathBuf,
    /// Whether it lies in memory.
    pub in_memory: bool,
    /// Whether it stays.
    kept: bool,
    /// Held so that a later `edit` can tell a crash from an editor that is still open.
    _lock: File,
}

impl Desk {
    /// Makes the directory (0700), in memory where there is a place for it.
    pub fn new() -> io::Result<Desk> {
        let places = memory_places();
        // Also where this text will not lie: the last one may have had to go elsewhere.
        for base in places.iter().chain([&std::env::temp_dir()]) {
            sweep(base);
        }
        for base in places {
            if let Ok(desk) = Desk::below(&base, true) {
                return Ok(desk);
            }
        }
        Desk::below(&std::env::temp_dir(), false)
    }

    fn below(base: &Path, in_memory: bool) -> io::Result<Desk> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let directory = builder.tempdir_in(base)?;
        let lock = private(&directory.path().join("lock"))?;
        lock.try_lock()?;
        let file = directory.path().join(FILE);
        Ok(Desk { directory, file, in_memory, kept: false, _lock: lock })
    }

    /// The file to edit.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Writes the text over what is there.
    pub fn write(&self, text: &str) -> io::Result<()> {
        let mut file = private(&self.file)?;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())?;
        file.flush()
    }

    /// What the editor left; an error when it is not UTF-8 or is gone.
    pub fn read(&self) -> io::Result<Zeroizing<String>> {
        let mut file = File::open(&self.file)?;
        let length = file.metadata()?.len();
        if length > MOST_BYTES {
            return Err(io::Error::other("the file is too large"));
        }
        // One byte more than needed: `read_to_end` probes for the end and would grow a full buffer.
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(64)));
        file.read_to_end(&mut bytes)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| io::Error::other("the file is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

impl Desk {
    /// Leaves everything where it is, and says in which directory.
    ///
    /// # Errors
    /// When it could not be marked as kept; then it is wiped and removed.
    pub fn keep(mut self) -> io::Result<PathBuf> {
        private(&self.directory.path().join(KEPT))?;
        self.kept = true;
        self.directory.disable_cleanup(true);
        Ok(self.directory.path().to_owned())
    }

    /// Wipes and removes it, and names what could not be removed.
    pub fn clear(self) -> Option<PathBuf> {
        let path = self.directory.path().to_owned();
        drop(self);
        path.exists().then_some(path)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // By its name first: a directory that cannot be listed must not keep the text.
        clear_file(&self.file);
        // Where the directory itself stays, `TempDir` tries once more.
        clear_directory(self.directory.path());
    }
}

/// Directories that live in memory, the more private one first.
fn memory_places() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let mut places: Vec<PathBuf> = runtime.into_iter().chain([PathBuf::from("/dev/shm")]).collect();
    places.retain(|place| place.is_absolute() && lives_in_memory(place));
    places
}

#[cfg(target_os = "linux")]
fn lives_in_memory(place: &Path) -> bool {
    // TMPFS_MAGIC and RAMFS_MAGIC of linux/magic.h.
    rustix::fs::statfs(place).is_ok_and(|about| matches!(about.f_type as u32, 0x0102_1994 | 0x8584_58f6))
}

#[cfg(not(target_os = "linux"))]
fn lives_in_memory(_: &Path) -> bool {
    false
}

/// Directories of this user that an interrupted `edit` left behind, or one that could not save.
pub fn stale_desks() -> Vec<PathBuf> {
    let mut places = memory_places();
    places.push(std::env::temp_dir());
    places.iter().flat_map(|place| stale_below(place)).collect()
}

fn stale_below(base: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(base) else { return Vec::new() };
    let ours = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
            && fs::symlink_metadata(path).is_ok_and(|about| about.is_dir() && owned_by_us(&about))
    };
    entries.flatten().map(|entry| entry.path()).filter(ours).filter(|path| is_abandoned(path)).collect()
}

/// Nobody holds its lock any more.
fn is_abandoned(directory: &Path) -> bool {
    match File::open(directory.join("lock")) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn sweep(base: &Path) {
    for directory in stale_below(base).into_iter().filter(|directory| !directory.join(KEPT).exists()) {
        clear_directory(&directory);
        // What cannot be removed is found by `doctor`.
        let _ = fs::remove_dir_all(&directory);
    }
}

/// Overwrites and removes every file in it, ours and the editor's swap and backup files beside it, and then itself.
///
/// Each step is tried although one before it failed: what cannot be overwritten can perhaps be removed.
fn clear_directory(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        match fs::symlink_metadata(&path) {
            Ok(about) if about.is_dir() => clear_directory(&path),
            _ => clear_file(&path),
        }
    }
    let _ = fs::remove_dir(directory);
}

fn clear_file(path: &Path) {
    if let Ok(about) = fs::symlink_metadata(path)
        && about.is_file()
    {
        // Memory and old disks forget what is overwritten; for the others removing is all there is.
        let _ = overwrite(path, about.len());
    }
    let _ = fs::remove_file(path);
}

fn overwrite(path: &Path, length: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let zeros = [0; 4096];
    let mut left = length;
    while left > 0 {
        let now = left.min(zeros.len() as u64);
        file.write_all(&zeros[..now as usize])?;
        left -= now;
    }
    file.sync_all()
}

/// Opens for writing, 0600 from its first byte.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(unix)]
fn owned_by_us(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    about.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn owned_by_us(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_and_what_was_there_was_overwritten() {
        let base = tempfile::tempdir().unwrap();
        let desk = Desk::below(base.path(), false).unwrap();
        desk.write("api_key = \"EXAMPLE\"\n").unwrap();
        fs::write(desk.directory.path().join(".vault.toml.swp"), "EXAMPLE").unwrap();
        // A second name for the file shows what became of its bytes.
        let second = base.path().join("second");
        fs::hard_link(desk.file(), &second).unwrap();
        drop(desk);
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 1);
        assert!(fs::read(&second).unwrap().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_shorter_text_leaves_nothing_of_the_longer_one() {
        let base = tempfile::tempdir().unwrap();
        let desk = Desk::below(base.path(), false).unwrap();
        desk.write("EXAMPLE EXAMPLE").unwrap();
        desk.write("short").unwrap();
        assert_eq!(desk.read().unwrap().as_str(), "short");
    }

    #[cfg(unix)]
    #[test]
    fn only_we_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().unwrap();
        let desk = Desk::below(base.path(), false).unwrap();
        desk.write("EXAMPLE").unwrap();
        assert_eq!(fs::metadata(desk.directory.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(desk.file()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_kept_is_found_and_not_swept() {
        let base = tempfile::tempdir().unwrap();
        let desk = Desk::below(base.path(), true).unwrap();
        desk.write("EXAMPLE").unwrap();
        let kept = desk.keep().unwrap();
        sweep(base.path());
        assert_eq!(fs::read_to_string(kept.join(FILE)).unwrap(), "EXAMPLE");
        assert_eq!(stale_below(base.path()), [kept]);
    }

    #[test]
    fn what_a_crash_left_is_swept_and_an_open_editor_is_not() {
        let base = tempfile::tempdir().unwrap();
        let crashed = base.path().join("strongroom-edit-crashed");
        fs::create_dir(&crashed).unwrap();
        fs::write(crashed.join("vault.toml"), "EXAMPLE").unwrap();
        let open = Desk::below(base.path(), false).unwrap();
        sweep(base.path());
        assert!(!crashed.exists());
        assert!(open.directory.path().exists());
    }
}

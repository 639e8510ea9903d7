//! Disks that are really full: the real binary on a small tmpfs, on an ext4 in a file, without inodes, and under a
//! limit of file sizes.
//!
//! Mounts are made in a mount namespace of the test's own, so that they are gone when it ends in any way; where the
//! machine does not allow that, the test is skipped.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom_tests::{Finished, Sandbox, have, skip, strongroom};

/// Set in the process that is in a namespace of its own.
const INSIDE: &str = "STRONGROOM_TEST_DISKS_INSIDE";

/// Runs a test again in a mount namespace of its own, or skips it. Tells whether this is inside.
fn in_own_namespace(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let options: &[&str] = if root { &["--mount"] } else { &["--mount", "--map-root-user"] };
    if !Command::new("unshare").args(options).arg("true").output().is_ok_and(|output| output.status.success()) {
        skip(test, "this machine allows no mount namespace");
        return false;
    }
    let again = Command::new("unshare")
        .args(options)
        .arg(std::env::current_exe().expect("the test's program"))
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        // Built out here, once.
        .env("STRONGROOM_BIN", strongroom())
        .output()
        .expect("the test again");
    let told = String::from_utf8_lossy(&again.stdout);
    // Not its count, which is part of ours.
    told.lines().filter(|line| !line.starts_with("test result:")).for_each(|line| println!("{line}"));
    eprint!("{}", String::from_utf8_lossy(&again.stderr));
    assert!(again.status.success() && told.contains("1 passed"), "{test} failed in its namespace");
    false
}

/// A mounted disk below a sandbox, with the sample vault on it.
struct Disk {
    sandbox: Sandbox,
    image: Option<PathBuf>,
}

impl Disk {
    const VAULT: &str = "disk/vault.strongroom";

    /// Nothing where it cannot be mounted.
    fn tmpfs(options: &str) -> Option<Disk> {
        let sandbox = Sandbox::with_vault();
        fs::create_dir(sandbox.path("disk")).expect("a directory");
        let mounted = run("mount", &["-t", "tmpfs", "-o", options, "none"], &sandbox.path("disk"));
        mounted.then(|| Disk { sandbox, image: None }.with_vault())
    }

    fn ext4(bytes: u64, options: &[&str]) -> Option<Disk> {
        let sandbox = Sandbox::with_vault();
        fs::create_dir(sandbox.path("disk")).expect("a directory");
        let image = sandbox.outside("image");
        File::create(&image).and_then(|file| file.set_len(bytes)).expect("an image");
        let disk = Disk { sandbox, image: Some(image.clone()) };
        (run("mkfs.ext4", &[&["-q", "-F"], options].concat(), &image) && disk.mount()).then(|| disk.with_vault())
    }

    fn mount(&self) -> bool {
        let image = self.image.as_ref().and_then(|image| image.to_str()).expect("an image in UTF-8");
        run("mount", &["-o", "loop", image], &self.sandbox.path("disk"))
    }

    /// Shuts the file system down as it is, without what is only in memory, and mounts it again: what it recovers from
    /// its journal is what a power cut leaves. A file that nobody synchronised goes first, to show that it is one.
    fn cut_power(&self) {
        let careless = self.sandbox.write("disk/careless", [1; 4096]);
        const SHUTDOWN: &str = "import fcntl, os, struct, sys\n\
            fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
        assert!(run("python3", &["-c", SHUTDOWN], &self.sandbox.path("disk")), "ext4 can be shut down");
        assert!(run("umount", &[], &self.sandbox.path("disk")) && self.mount(), "the disk is mounted again");
        assert!(fs::read(&careless).is_ok_and(|bytes| bytes != [1; 4096]) || !careless.exists(), "the power was cut");
        let _ = fs::remove_file(careless);
    }

    fn with_vault(self) -> Disk {
        self.sandbox.write(Disk::VAULT, self.sandbox.read("vault.strongroom"));
        self
    }

    /// Takes all space but so many bytes.
    fn fill_but(&self, spare: usize) {
        self.empty();
        let path = self.sandbox.path("disk/filler");
        let mut filler = File::create(&path).expect("a file");
        for size in [65536, 4096, 512] {
            while filler.write_all(&vec![1; size]).and_then(|()| filler.sync_data()).is_ok() {}
        }
        let length = filler.metadata().expect("a length").len();
        filler.set_len(length.saturating_sub(spare as u64)).and_then(|()| filler.sync_all()).expect("spare room");
    }

    /// Takes all inodes but so many.
    fn take_inodes_but(&self, spare: usize) {
        self.empty();
        let name = |number: usize| self.sandbox.path(&format!("disk/filler-{number}"));
        let taken = (0..).take_while(|number| File::create(name(*number)).is_ok()).count();
        assert!(taken > spare, "there were inodes to take");
        (0..spare).for_each(|number| fs::remove_file(name(number)).expect("one that was made"));
    }

    /// Gives all room back.
    fn empty(&self) {
        for name in self.names().into_iter().filter(|name| name.starts_with("filler")) {
            fs::remove_file(self.sandbox.path("disk").join(name)).expect("a file of ours");
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.sandbox.path("disk")).expect("the disk");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Else the sandbox would remove what is on it, and leave the directory.
        run("umount", &["--lazy"], &self.sandbox.path("disk"));
    }
}

fn run(program: &str, arguments: &[&str], path: &Path) -> bool {
    let output = Command::new(program).args(arguments).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}

/// Everything that writes, and the file that it makes, which is there whole or not at all.
const COMMANDS: [(&str, &str); 9] = [
    ("set binance/main --tag full --vault disk/vault.strongroom", ""),
    ("add kraken/new --from-json - --vault disk/vault.strongroom", ""),
    ("rm binance/main --yes --vault disk/vault.strongroom", ""),
    ("rekey --vault disk/vault.strongroom", ""),
    ("passwd --passphrase-file passphrase --new-passphrase-file new --kdf minimum --vault disk/vault.strongroom", ""),
    ("slot add --recovery --vault disk/vault.strongroom", ""),
    ("slot add --machine-key disk/other.key --vault disk/vault.strongroom", "other.key"),
    ("init --no-passphrase --machine-key disk/new.key --vault disk/new.strongroom", "new.strongroom"),
    ("export json --output disk/out.json --vault disk/vault.strongroom", "out.json"),
];

const RECORD: &str = r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE-S"}"#;

/// How many commands ran, and how many found no room.
#[derive(Default)]
struct Tally {
    runs: usize,
    full: usize,
}

/// Runs every command, each with the disk as `fill` leaves it.
fn try_all(disk: &Disk, tally: &mut Tally, fill: impl Fn()) {
    disk.sandbox.write("new", "EXAMPLE another long passphrase 2");
    for (command, makes) in COMMANDS {
        let before = disk.sandbox.read("vault.strongroom");
        disk.sandbox.write(Disk::VAULT, &before);
        // The pin of the version that the last command saved would refuse the one before it.
        let _ = fs::remove_dir_all(disk.sandbox.outside("home/state"));
        fill();
        assert!(run("sync", &["--file-system"], &disk.sandbox.path("disk")), "what comes before is on the disk");
        let unlocked = if command.contains("--passphrase-file") { Sandbox::bare } else { Sandbox::strongroom };
        let finished = unlocked(&disk.sandbox, command).stdin(RECORD).end();
        tally.runs += 1;
        check(disk, command, finished, &before, makes, tally);
        disk.empty();
        for name in disk.names().into_iter().filter(|name| name != "vault.strongroom" && name != "lost+found") {
            fs::remove_file(disk.sandbox.path("disk").join(name)).expect("a file that was made");
        }
    }
}

fn check(disk: &Disk, command: &str, finished: Finished, before: &[u8], makes: &str, tally: &mut Tally) {
    let saved = finished.succeeded();
    if !saved {
        finished.exits(3).says("no space left on device").says("hint: free some space");
        tally.full += 1;
    }
    let names = disk.names();
    assert!(!names.iter().any(|name| name.ends_with("strongroom-tmp")), "{command} left {names:?}");
    if disk.image.is_some() {
        disk.empty();
        disk.cut_power();
    }
    let now = disk.sandbox.read(Disk::VAULT);
    let changes = !command.starts_with("init") && !command.starts_with("export");
    assert_eq!(now != before, saved && changes, "the vault after {command}");
    if !makes.is_empty() {
        assert_eq!(names.iter().any(|name| name == makes), saved, "{makes} after {command}: {names:?}");
    }
    let vault = if saved && command.starts_with("init") { "disk/new.strongroom" } else { Disk::VAULT };
    let key = if saved && command.starts_with("init") { "disk/new.key" } else { "machine.key" };
    disk.sandbox.bare(&format!("verify --vault {vault} --key-file {key}")).end().ok();
}

#[test]
fn a_full_disk_in_memory_loses_nothing() {
    if !in_own_namespace("a_full_disk_in_memory_loses_nothing") {
        return;
    }
    let Some(disk) = Disk::tmpfs("size=64k") else {
        return skip("a_full_disk_in_memory_loses_nothing", "a tmpfs cannot be mounted here");
    };
    let mut tally = Tally::default();
    for spare in [0, 4096, 8192, 12288, 16384] {
        try_all(&disk, &mut tally, || disk.fill_but(spare));
    }
    println!("full tmpfs: {} commands, {} without room", tally.runs, tally.full);
    assert!(tally.runs == 45 && (15..45).contains(&tally.full), "some find room and some do not");
}

#[test]
fn a_disk_in_memory_without_inodes_loses_nothing() {
    if !in_own_namespace("a_disk_in_memory_without_inodes_loses_nothing") {
        return;
    }
    let Some(disk) = Disk::tmpfs("nr_inodes=12") else {
        return skip("a_disk_in_memory_without_inodes_loses_nothing", "a tmpfs cannot be mounted here");
    };
    let mut tally = Tally::default();
    for spare in 0..3 {
        try_all(&disk, &mut tally, || disk.take_inodes_but(spare));
    }
    println!("tmpfs without inodes: {} commands, {} without room", tally.runs, tally.full);
    assert!(tally.runs == 27 && (9..27).contains(&tally.full), "some find room and some do not");
}

#[test]
fn a_full_ext4_loses_nothing_and_what_was_saved_is_on_it() {
    if !in_own_namespace("a_full_ext4_loses_nothing_and_what_was_saved_is_on_it") {
        return;
    }
    if !have("python3", "--version") {
        return skip("a_full_ext4_loses_nothing_and_what_was_saved_is_on_it", "no python3 to cut the power with");
    }
    // Without reserved blocks: root could still take those.
    let Some(disk) = Disk::ext4(4 << 20, &["-m", "0", "-N", "64"]) else {
        return skip("a_full_ext4_loses_nothing_and_what_was_saved_is_on_it", "an image cannot be mounted here");
    };
    let mut tally = Tally::default();
    for spare in [0, 2048, 6144, 10240, 20480] {
        try_all(&disk, &mut tally, || disk.fill_but(spare));
    }
    for spare in 0..2 {
        try_all(&disk, &mut tally, || disk.take_inodes_but(spare));
    }
    println!("full ext4: {} commands, {} without room", tally.runs, tally.full);
    assert!(tally.runs == 63 && (18..63).contains(&tally.full), "some find room and some do not");
}

#[test]
fn a_limit_of_file_sizes_is_an_error_and_no_death() {
    if !have("prlimit", "--version") {
        return skip("a_limit_of_file_sizes_is_an_error_and_no_death", "there is no prlimit");
    }
    let sandbox = Sandbox::with_vault();
    fs::create_dir(sandbox.path("disk")).expect("a directory");
    let before = sandbox.read("vault.strongroom");
    sandbox.write(Disk::VAULT, &before);
    sandbox.write("new", "EXAMPLE another long passphrase 2");
    let program = strongroom();
    // Enough for messages, which go to files too; the vault has more than 4096 bytes.
    for limit in [1024, 4096] {
        for (command, _) in COMMANDS.iter().filter(|(command, _)| !command.starts_with("export")) {
            let limited = format!("--fsize={limit} {} {command}", program.display());
            let mut run = sandbox.program(Path::new("prlimit"), &limited).stdin(RECORD);
            if !command.contains("--passphrase-file") {
                run = run.env("STRONGROOM_KEY_FILE", sandbox.path("machine.key").to_str().expect("UTF-8"));
            }
            run.end().exits(3).says("file too large").says("hint: raise the limit");
            assert_eq!(sandbox.read(Disk::VAULT), before, "the vault after {command}");
            let names: Vec<PathBuf> =
                sandbox.tree().into_keys().filter(|path| path.starts_with(sandbox.path("disk"))).collect();
            assert!(
                names.iter().all(|path| path.ends_with("vault.strongroom") || path.ends_with("new.key")),
                "{names:?}"
            );
        }
    }
}

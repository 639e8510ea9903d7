//! What is left in a process's memory: its real image is taken from outside and searched for random secrets.
//!
//! The image is every readable mapping of `/proc/PID/mem`, so also what a core dump would leave out. Each search is
//! tried on a secret that must be there first: an image in which nothing can be found proves nothing.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use strongroom::record::field;
use strongroom::{Contents, KdfCost, MachineKey, NewSlot, NewVault, Record, Reference, Secret, generate_passphrase};

struct Holder {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Holder {
    fn start(vault: &Path, secret: &Path) -> Holder {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vault_holder"))
            .args([vault, secret])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Holder { child, input, output }
    }

    /// Waits until the process says that it is there, and takes its image.
    fn image_at(&mut self, step: &str) -> Vec<u8> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), step);
        let image = image(self.child.id());
        self.input.write_all(b"\n").unwrap();
        image
    }
}

/// Every readable byte of a process.
fn image(process: u32) -> Vec<u8> {
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut image = Vec::new();
    for line in fs::read_to_string(format!("/proc/{process}/maps")).unwrap().lines() {
        let mut words = line.split(' ');
        let (range, mode) = (words.next().unwrap(), words.next().unwrap());
        if !mode.starts_with('r') || line.ends_with("[vvar]") || line.contains("[vsyscall]") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let (start, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        let at = image.len();
        image.resize(at + usize::try_from(end - start).unwrap(), 0);
        if memory.read_exact_at(&mut image[at..], start).is_err() {
            image.truncate(at);
        }
    }
    image
}

fn found(image: &[u8], secret: &str) -> usize {
    memchr::memmem::find_iter(image, secret).count()
}

/// A random text that is nowhere else: made by the library's own generator.
fn random_text() -> String {
    generate_passphrase().unwrap().expose_secret().to_owned()
}

#[test]
fn a_dropped_vault_leaves_no_secret_in_the_image_of_its_process() {
    let directory = tempfile::tempdir().unwrap();
    let vault = directory.path().join("vault.strongroom");
    let (key, passphrase) = (MachineKey::generate().unwrap(), random_text());
    let secrets: Vec<String> = (0..40).map(|_| random_text()).collect();
    let mut contents = Contents::default();
    for (index, pair) in secrets.chunks(2).enumerate() {
        let name = if index == 0 { "main".to_owned() } else { format!("bot{index}") };
        let mut record = Record::new(&Reference::new("binance", &name), 0).unwrap();
        record.fields.set(field::API_KEY, Secret::copy_of(&pair[0]));
        record.fields.set(field::API_SECRET, Secret::copy_of(&pair[1]));
        contents.insert(record).unwrap();
    }
    let slots = vec![
        NewSlot::machine_key("bot", &key),
        NewSlot::passphrase("me", &Secret::copy_of(&passphrase), KdfCost::MINIMUM).unwrap(),
    ];
    let new = NewVault { contents, slots, author: String::new(), pins: None };
    new.prepare().unwrap().create(&vault).unwrap();

    let key_text = key.to_text();
    // The prefix is in every binary that knows it; the rest is this key's.
    let key_text = &key_text.expose_secret()["STRONGROOM-KEY-1-".len()..][..100];
    for (name, text) in [("machine", key.to_text().expose_secret()), ("typed", &passphrase)] {
        let file = directory.path().join(name);
        fs::write(&file, text).unwrap();
        let mut holder = Holder::start(&vault, &file);

        let open = holder.image_at("open");
        let visible = secrets.iter().filter(|secret| found(&open, secret) > 0).count();
        assert_eq!(visible, secrets.len(), "{name}: the search must find what is there");
        assert_eq!(found(&open, &passphrase) + found(&open, key_text), 0, "{name}: what opened it is not kept");

        let used = holder.image_at("used");
        assert!(found(&used, &secrets[1]) > 0);

        let dropped = holder.image_at("dropped");
        for (index, secret) in secrets.iter().chain([&passphrase]).enumerate() {
            assert_eq!(found(&dropped, secret), 0, "{name}: secret {index} is left");
        }
        assert_eq!(found(&dropped, key_text), 0, "{name}: the machine key is left");
        assert!(holder.child.wait().unwrap().success());
    }
}

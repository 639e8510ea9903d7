//! A vault with random secrets of every kind, and everything that must be searched for when it is used.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use strongroom::record::field;
use strongroom::{
    Contents, KdfCost, KeyFile, LockedVault, MachineKey, NewSlot, NewVault, Record, RecoveryCode, Reference, Secret,
    SlotKind, generate_passphrase,
};
use strongroom_tests::{Run, Sandbox, repository, skip};

use crate::needles::Needles;

/// The record that the tests use. Every other must stay out of sight.
pub const USED: &str = "binance/main";

pub struct Fixture {
    pub sandbox: Sandbox,
    pub passphrase: String,
    /// With the key file.
    pub second_passphrase: String,
    pub key_text: String,
    recovery_code: String,
    key_file: String,
    /// Every value and note by its name, such as `value binance/main/api_key`.
    pub values: Vec<(String, String)>,
    /// Copies of the vault's versions, for the keys of each.
    versions: Vec<PathBuf>,
    kept: usize,
    extra: Vec<(String, String)>,
}

/// Without the right to look into it there is no image: the command line forbids it to all but root.
pub fn may_look(test: &str) -> bool {
    let root = nix::unistd::Uid::effective().is_root();
    if !root {
        skip(test, "the command line lets nobody look into its memory, and this is not root");
    }
    root
}

/// A random text that is nowhere else: made by the library's own generator.
pub fn random_text() -> String {
    generate_passphrase().expect("randomness").expose_secret().to_owned()
}

/// A random text with everything in it that formats write in a form of their own.
pub fn hard_text() -> String {
    format!("{}'\"\\$/+= {}", random_text(), random_text())
}

impl Fixture {
    /// Twelve records, two other values, four ways in, and a data key that is not the first.
    pub fn new() -> Fixture {
        let sandbox = Sandbox::new();
        let mut values = Vec::new();
        let mut known = |name: String, text: String| {
            values.push((name, text.clone()));
            Secret::new(text)
        };
        let mut contents = Contents::default();
        for index in 0..12 {
            let exchange = ["binance", "okx", "kraken"][index % 3];
            let reference = match index {
                0 => Reference::new("binance", "main"),
                _ => Reference::new(exchange, &format!("bot{index}")),
            };
            let mut record = Record::new(&reference, 0).expect("randomness");
            for name in [field::API_KEY, field::API_SECRET] {
                let text = if index == 4 { hard_text() } else { random_text() };
                record.fields.set(name, known(format!("value {reference}/{name}"), text));
            }
            record.note = known(format!("note of {reference}"), random_text()).expose_secret().to_owned().into();
            let extension = known(format!("note of a newer version for {reference}"), random_text());
            record.extensions.push((9, extension.expose_secret().as_bytes().to_vec().into()));
            contents.insert(record).expect("a new name");
        }
        for name in ["DATABASE_URL", "TOKEN"] {
            contents.set_value(name, known(format!("value env/{name}"), random_text()), 0);
        }

        let key = MachineKey::generate().expect("randomness");
        let (code, key_file) =
            (RecoveryCode::generate().expect("randomness"), KeyFile::generate().expect("randomness"));
        let (passphrase, second_passphrase) = (random_text(), random_text());
        let new_passphrase = |label: &str, text: &str| {
            NewSlot::passphrase(label, &Secret::copy_of(text), KdfCost::MINIMUM).expect("a passphrase")
        };
        let slots = vec![
            NewSlot::machine_key("bot", &key),
            NewSlot::recovery_code("drawer", &code),
            new_passphrase("me", &passphrase),
            new_passphrase("both", &second_passphrase).with_key_file(&key_file),
        ];
        let new = NewVault { contents, slots, author: String::new(), pins: None };
        let path = sandbox.path("vault.strongroom");
        let mut vault = new.prepare().expect("a vault").create(&path).expect("a file");
        let text = |secret: Secret| secret.expose_secret().to_owned();
        let mut fixture = Fixture {
            sandbox,
            passphrase,
            second_passphrase,
            key_text: text(key.to_text()),
            recovery_code: text(code.to_text()),
            key_file: text(key_file.to_text()),
            values,
            versions: Vec::new(),
            kept: 0,
            extra: Vec::new(),
        };
        fixture.keep_version();
        vault.rekey().expect("a save");
        fixture.keep_version();
        fixture.sandbox.write("machine.key", &fixture.key_text);
        fixture.sandbox.write("passphrase", &fixture.passphrase);
        fixture.sandbox.write("second", &fixture.second_passphrase);
        fixture.sandbox.write("factor.key", &fixture.key_file);
        fixture.sandbox.write("recovery", &fixture.recovery_code);
        fixture
    }

    pub fn vault(&self) -> PathBuf {
        self.sandbox.path("vault.strongroom")
    }

    /// The keys of the vault as it is now will be searched for, beside those of the first and the last four.
    pub fn keep_version(&mut self) {
        self.kept += 1;
        let copy = self.sandbox.outside(&format!("version-{}", self.kept));
        std::fs::copy(self.vault(), &copy).expect("a copy");
        self.versions.push(copy);
        if self.versions.len() > 5 {
            self.versions.remove(1);
        }
    }

    /// One more secret that somebody types or pipes.
    pub fn also(&mut self, name: &str, text: &str) {
        self.extra.push((name.to_owned(), text.to_owned()));
    }

    /// A command that is not at a terminal and unlocks with the machine key.
    pub fn by_key(&self, words: &str) -> Run<'_> {
        self.sandbox.strongroom(words)
    }

    /// The value of this name.
    pub fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(known, _)| known.strip_prefix("value ") == Some(name));
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }

    /// The way in that the passphrase alone opens, so that Argon2 runs once.
    pub fn slot_of_passphrase(&self) -> String {
        let slots = LockedVault::read(self.vault()).expect("a vault").info().slots;
        let mut alone = slots.iter().filter(|slot| matches!(slot.kind, SlotKind::Passphrase { key_file: false, .. }));
        alone.next().expect("a passphrase").id.to_string()
    }

    /// Everything secret about this vault. With Python, also every key, as the second reader derives them.
    pub fn needles(&self, test: &str) -> Needles {
        let mut needles = Needles::default();
        for (name, text) in self.values.iter().chain(&self.extra) {
            needles.text(name, text);
        }
        needles.text("passphrase", &self.passphrase);
        needles.text("second passphrase", &self.second_passphrase);
        // As it is looked at to tell whether it is a recovery code.
        needles.text("passphrase", &self.passphrase.replace('-', "").to_uppercase());
        // The prefix is in every binary that knows it, and the ids behind the key are public: 51 characters are secret.
        needles.text("machine key text", &self.key_text["STRONGROOM-KEY-1-".len()..][..51]);
        needles.text("key file text", &self.key_file["STRONGROOM-FACTOR-1-".len()..]);
        needles.text("recovery code text", &self.recovery_code);
        needles.text("recovery code text", &self.recovery_code.to_lowercase());
        needles.text("recovery code text", &self.recovery_code.replace('-', ""));
        match self.keys() {
            Some(keys) => keys.iter().for_each(|(name, bytes)| needles.key(&format!("key {name}"), bytes)),
            None => skip(test, "the keys: no Python with the packages of tests/requirements.txt derives them"),
        }
        needles.build()
    }

    /// Every key that the versions of the vault lead to.
    fn keys(&self) -> Option<Vec<(String, Vec<u8>)>> {
        let python = std::env::var_os("STRONGROOM_TEST_PYTHON")?;
        let mut passphrases = vec![json!({"passphrase": self.passphrase})];
        passphrases.extend(
            self.extra.iter().filter(|(name, _)| name == "new passphrase").map(|(_, text)| json!({"passphrase": text})),
        );
        let mut jobs = Vec::new();
        for version in &self.versions {
            let mut secrets = vec![
                json!({"machine-key": self.key_text}),
                json!({"recovery-code": self.recovery_code}),
                json!({"passphrase": self.second_passphrase, "key-file": self.key_file}),
            ];
            secrets.extend(passphrases.iter().cloned());
            jobs.push(json!({"vault": version, "secrets": secrets}));
        }
        let mut child = Command::new(python)
            .arg(repository().join("tests/interop/keys_of.py"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python");
        let input = serde_json::to_vec(&jobs).expect("JSON");
        child.stdin.take().expect("a pipe").write_all(&input).expect("Python reads");
        let output = child.wait_with_output().expect("Python");
        assert!(output.status.success(), "the second reader opens the vault");
        let keys: std::collections::BTreeMap<String, String> =
            serde_json::from_slice(&output.stdout).expect("what it prints is JSON");
        let decode =
            |(name, hex): (String, String)| (name, data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("hex"));
        Some(keys.into_iter().map(decode).collect())
    }
}

/// A file in the sandbox, so that a path stands in a command.
pub fn shown(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

//! The commands that write, each in a world prepared for it, and what is right after it.

use strongroom_tests::{GRID_SECRET, NEW_PASSPHRASE, PASSPHRASE, Run, SAMPLE_JSON, Sandbox};

use crate::state::Key;

/// One row of the matrix.
pub struct Command {
    pub name: &'static str,
    /// Makes the world that every run starts in.
    pub prepare: fn(&Sandbox),
    /// The arguments, which may depend on that world.
    pub words: fn(&Sandbox) -> String,
    pub target: Target,
    /// What opens the vault before and after.
    pub keys: &'static [(Key, Opens)],
    /// Key files that it makes or changes.
    pub made: &'static [(&'static str, Kind)],
    /// What the same command says when it did its work the first time.
    pub again: Again,
}

/// What a command writes, beside pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// This vault.
    Vault(&'static str),
    /// This file, from the vault that is there.
    Output(&'static str),
    /// Only a pin.
    Pin,
}

impl Target {
    /// The vault that is opened or made.
    pub fn vault(self) -> &'static str {
        match self {
            Target::Vault(name) => name,
            Target::Output(_) | Target::Pin => "vault.strongroom",
        }
    }
}

/// Which versions a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    Both,
    Old,
    New,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    MachineKey,
    KeyFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// This exit code, and nothing changes.
    Exits(i32),
    /// It does it once more.
    Repeats,
}

/// What an `add`, a `set`, an `import`, an `edit` and a `rotate` bring in.
const NEW_SECRETS: [&str; 5] = [
    "EXAMPLE-NEW-SECRET-0101",
    "EXAMPLE-SET-SECRET-0102",
    "EXAMPLE-TAKEN-SECRET-0103",
    "EXAMPLE-EDITED-SECRET-0104",
    "EXAMPLE-ROTATED-SECRET-0105",
];

/// Everything that may stand in no file but those that had it before.
pub fn secrets(sandbox: &Sandbox) -> Vec<String> {
    let mut secrets: Vec<String> =
        strongroom_tests::SAMPLE_SECRETS.iter().chain(&NEW_SECRETS).map(|secret| (*secret).to_owned()).collect();
    secrets.extend(["machine.key", "second.key"].iter().filter_map(|name| {
        let text = std::fs::read_to_string(sandbox.path(name)).ok()?;
        Some(text.trim_end().to_owned())
    }));
    secrets
}

/// The sample, opened and changed once here, so that there is a pin.
fn sample(sandbox: &Sandbox) {
    sandbox.put_vault();
    rooms(sandbox);
    sandbox.write("new", NEW_PASSPHRASE);
    // One that the same key opens, further away: nothing may end up there.
    let own = sandbox.outside("home/data/strongroom");
    std::fs::create_dir_all(&own).expect("a directory");
    std::fs::copy(sandbox.path("vault.strongroom"), own.join("vault.strongroom")).expect("a copy");
    sandbox.run("set binance/main --tag first").ok();
}

/// The new values of a rotation lie ready.
fn to_rotate(sandbox: &Sandbox) {
    sample(sandbox);
    sandbox.write("new.json", format!(r#"{{"api_key":"EXAMPLE-NEW","api_secret":"{}"}}"#, NEW_SECRETS[4]));
}

/// A rotation has begun.
fn rotated(sandbox: &Sandbox) {
    to_rotate(sandbox);
    sandbox.run("rotate binance/grid --from-json new.json --retire 2030-01-01").ok();
}

fn rooms(sandbox: &Sandbox) {
    for room in ["run", "tmp"] {
        std::fs::create_dir(sandbox.outside("home").join(room)).expect("a directory");
    }
}

fn plaintext(sandbox: &Sandbox) {
    rooms(sandbox);
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.write("passphrase", PASSPHRASE);
}

/// A command in its world.
pub fn run<'a>(sandbox: &'a Sandbox, words: &str) -> Run<'a> {
    let inside = |name: &str| sandbox.outside("home").join(name).to_str().expect("UTF-8").to_owned();
    let editor = sandbox.path("editor");
    sandbox.bare(words).env("TMPDIR", &inside("tmp")).env("EDITOR", editor.to_str().expect("UTF-8"))
}

const VAULT: Target = Target::Vault("vault.strongroom");
const MACHINE: (Key, Opens) = (Key::Machine("machine.key"), Opens::Both);
const OLD_PASSPHRASE: (Key, Opens) = (Key::Passphrase(PASSPHRASE), Opens::Both);
/// What a record command starts from and leaves alone.
const EDIT: Command = Command {
    name: "",
    prepare: sample,
    words: |_| String::new(),
    target: VAULT,
    keys: &[MACHINE],
    made: &[],
    again: Again::Exits(0),
};

pub const COMMANDS: &[Command] = &[
    Command {
        name: "adopt",
        prepare: plaintext,
        words: |_| "adopt secrets.json --machine-key machine.key --passphrase-file passphrase --kdf minimum".into(),
        keys: &[
            (Key::Machine("machine.key"), Opens::New),
            (Key::Passphrase(PASSPHRASE), Opens::New),
            (Key::Shown("recovery code"), Opens::New),
        ],
        made: &[("machine.key", Kind::MachineKey)],
        ..EDIT
    },
    Command {
        name: "adopt into a vault",
        prepare: |sandbox| {
            sample(sandbox);
            sandbox.write("more.json", SAMPLE_JSON.replace("okx", "kraken"));
        },
        words: |_| "adopt more.json --machine-key machine.key".into(),
        ..EDIT
    },
    Command {
        name: "init",
        prepare: plaintext,
        words: |_| {
            let ways = "--machine-key keys/machine.key --passphrase-file passphrase --kdf minimum";
            format!("init --vault deep/er/vault.strongroom {ways}")
        },
        target: Target::Vault("deep/er/vault.strongroom"),
        keys: &[
            (Key::Machine("keys/machine.key"), Opens::New),
            (Key::Passphrase(PASSPHRASE), Opens::New),
            (Key::Shown("recovery code"), Opens::New),
        ],
        made: &[("keys/machine.key", Kind::MachineKey)],
        again: Again::Exits(3),
    },
    Command {
        name: "init with another's key",
        prepare: sample,
        words: |_| "init --vault second.strongroom --machine-key machine.key --no-passphrase --json".into(),
        target: Target::Vault("second.strongroom"),
        keys: &[(Key::Machine("machine.key"), Opens::New), (Key::Shown("recovery code"), Opens::New)],
        made: &[("machine.key", Kind::MachineKey)],
        again: Again::Exits(3),
    },
    Command {
        name: "adopt, made up, JSON",
        prepare: plaintext,
        words: |_| "adopt secrets.json --generate-passphrase --machine-key machine.key --kdf minimum --json".into(),
        keys: &[
            (Key::Machine("machine.key"), Opens::New),
            (Key::Shown("passphrase"), Opens::New),
            (Key::Shown("recovery code"), Opens::New),
        ],
        made: &[("machine.key", Kind::MachineKey)],
        ..EDIT
    },
    Command {
        name: "add",
        prepare: |sandbox| {
            sample(sandbox);
            sandbox.write("new.json", format!(r#"{{"api_key":"EXAMPLE-NEW","api_secret":"{}"}}"#, NEW_SECRETS[0]));
        },
        words: |_| "add kraken/main --from-json new.json --key-file machine.key".into(),
        keys: &[MACHINE, OLD_PASSPHRASE],
        ..EDIT
    },
    Command {
        name: "set",
        prepare: |sandbox| {
            sample(sandbox);
            sandbox.write("new.json", format!(r#"{{"api_secret":"{}"}}"#, NEW_SECRETS[1]));
        },
        words: |_| "set binance/main --from-json new.json --tag hot --key-file machine.key".into(),
        ..EDIT
    },
    Command {
        name: "rm",
        words: |_| "rm binance/grid --yes --key-file machine.key".into(),
        again: Again::Exits(6),
        ..EDIT
    },
    Command {
        name: "mv",
        words: |_| "mv binance/grid binance/moved --key-file machine.key".into(),
        again: Again::Exits(6),
        ..EDIT
    },
    Command {
        name: "edit",
        prepare: |sandbox| {
            sample(sandbox);
            let edited = NEW_SECRETS[3];
            let sed = format!(r#"sed 's/{GRID_SECRET}/{edited}/' "$1" >"$1.new" && cat "$1.new" >"$1" && rm "$1.new""#);
            sandbox.script("editor", &sed);
        },
        words: |_| "edit --key-file machine.key".into(),
        ..EDIT
    },
    Command {
        name: "rotate",
        prepare: to_rotate,
        words: |_| "rotate binance/grid --from-json new.json --retire 2030-01-01 --key-file machine.key".into(),
        again: Again::Exits(7),
        ..EDIT
    },
    Command {
        name: "rotate --finish",
        prepare: rotated,
        words: |_| "rotate binance/grid --finish --key-file machine.key".into(),
        again: Again::Exits(6),
        ..EDIT
    },
    Command {
        name: "rotate --rollback",
        prepare: rotated,
        words: |_| "rotate binance/grid --rollback --key-file machine.key".into(),
        again: Again::Exits(6),
        ..EDIT
    },
    Command {
        name: "import",
        prepare: |sandbox| {
            sample(sandbox);
            sandbox.write("more.env", format!("KRAKEN_API_KEY=EXAMPLE-TAKEN\nKRAKEN_API_SECRET={}\n", NEW_SECRETS[2]));
        },
        words: |_| "import more.env --key-file machine.key".into(),
        ..EDIT
    },
    Command {
        name: "import armor",
        prepare: |sandbox| {
            sample(sandbox);
            sandbox.run("export armor --output vault.txt").ok();
        },
        words: |_| "import armor vault.txt --vault restored/vault.strongroom".into(),
        target: Target::Vault("restored/vault.strongroom"),
        keys: &[(Key::Machine("machine.key"), Opens::New)],
        again: Again::Exits(3),
        ..EDIT
    },
    Command {
        name: "passwd",
        words: |_| "passwd --passphrase-file passphrase --new-passphrase-file new --kdf minimum".into(),
        keys: &[MACHINE, (Key::Passphrase(PASSPHRASE), Opens::Old), (Key::Passphrase(NEW_PASSPHRASE), Opens::New)],
        again: Again::Exits(4),
        ..EDIT
    },
    Command {
        name: "passwd, made up",
        words: |_| "passwd --passphrase-file passphrase --generate-passphrase --kdf minimum".into(),
        keys: &[MACHINE, (Key::Passphrase(PASSPHRASE), Opens::Old), (Key::Shown("passphrase"), Opens::New)],
        again: Again::Exits(4),
        ..EDIT
    },
    Command {
        name: "passwd, made up, JSON",
        words: |_| "passwd --passphrase-file passphrase --generate-passphrase --kdf minimum --json".into(),
        keys: &[MACHINE, (Key::Passphrase(PASSPHRASE), Opens::Old), (Key::Shown("passphrase"), Opens::New)],
        again: Again::Exits(4),
        ..EDIT
    },
    Command {
        name: "slot add, machine key",
        words: |_| "slot add --machine-key second.key --label second --key-file machine.key".into(),
        keys: &[MACHINE, (Key::Machine("second.key"), Opens::New)],
        made: &[("second.key", Kind::MachineKey)],
        again: Again::Exits(7),
        ..EDIT
    },
    Command {
        name: "slot add, recovery, JSON",
        words: |_| "slot add --recovery --label paper --key-file machine.key --json".into(),
        keys: &[MACHINE, (Key::Shown("recovery code"), Opens::New)],
        again: Again::Repeats,
        ..EDIT
    },
    Command {
        name: "slot add, passphrase",
        words: |_| {
            "slot add --new-passphrase-file new --new-factor-file factor.key --kdf minimum --key-file machine.key"
                .into()
        },
        keys: &[MACHINE, OLD_PASSPHRASE, (Key::Factor(NEW_PASSPHRASE, "factor.key"), Opens::New)],
        made: &[("factor.key", Kind::KeyFile)],
        again: Again::Exits(7),
        ..EDIT
    },
    Command {
        name: "slot remove",
        words: |sandbox| {
            let slots = sandbox.run("slot list --json").ok().json();
            let slots = slots["slots"].as_array().expect("slots").clone();
            let passphrase = slots.iter().find(|slot| slot["kind"] == "passphrase").expect("a passphrase");
            format!("slot remove {} --key-file machine.key", passphrase["id"].as_str().expect("an id"))
        },
        keys: &[MACHINE, (Key::Passphrase(PASSPHRASE), Opens::Old)],
        again: Again::Exits(6),
        ..EDIT
    },
    Command {
        name: "rekey",
        words: |_| "rekey --key-file machine.key".into(),
        keys: &[MACHINE, OLD_PASSPHRASE],
        again: Again::Repeats,
        ..EDIT
    },
    Command {
        name: "copy",
        words: |_| {
            "copy copy.strongroom --machine-key copy.key --new-passphrase-file new --kdf minimum --key-file machine.key"
                .into()
        },
        target: Target::Vault("copy.strongroom"),
        keys: &[
            (Key::Machine("copy.key"), Opens::New),
            (Key::Passphrase(NEW_PASSPHRASE), Opens::New),
            (Key::Shown("recovery code"), Opens::New),
        ],
        made: &[("copy.key", Kind::MachineKey)],
        again: Again::Exits(3),
        ..EDIT
    },
    Command {
        name: "export --output",
        words: |_| "export dotenv --output out.env --key-file machine.key".into(),
        target: Target::Output("out.env"),
        again: Again::Exits(3),
        ..EDIT
    },
    Command {
        name: "export --output --force",
        prepare: |sandbox| {
            sample(sandbox);
            sandbox.write("out.env", "EXAMPLE=of the last export\n");
        },
        words: |_| "export dotenv --output out.env --force --key-file machine.key".into(),
        target: Target::Output("out.env"),
        ..EDIT
    },
    Command {
        name: "get, never seen",
        prepare: |sandbox| {
            sandbox.put_vault();
            rooms(sandbox);
        },
        words: |_| "get binance/grid/api_secret --key-file machine.key".into(),
        target: Target::Pin,
        ..EDIT
    },
    Command {
        name: "get, newer",
        prepare: |sandbox| {
            sample(sandbox);
            let other = sandbox.outside("other-host");
            let set = sandbox.strongroom("set binance/main --tag elsewhere");
            set.env("XDG_STATE_HOME", other.to_str().expect("UTF-8")).end().ok();
        },
        words: |_| "get binance/grid/api_secret --key-file machine.key".into(),
        target: Target::Pin,
        ..EDIT
    },
];

//! What `--help` and the manual page say beyond the options: exit codes, environment, files, examples.
//!
//! The exit codes stand here for people and in `failure.rs` for the program.

use std::fmt::Write as _;

use strongroom::check::RULES;

use crate::output;

/// What a script may rely on.
pub const EXIT_CODES: [(&str, &str); 11] = [
    ("0", "done"),
    ("1", "something to look at, or a question answered with no"),
    ("2", "wrong usage"),
    ("3", "file trouble"),
    ("4", "could not unlock"),
    ("5", "not an intact vault, or not the expected one"),
    ("6", "no such record or field, or another value is there"),
    ("7", "refused for safety"),
    ("8", "locked by another process, or changed underneath"),
    ("70", "a bug"),
    ("125, 126, 127", "run: failed before the command, not executable, not found"),
];

/// Variables that are read, in the order in which they count.
pub const ENVIRONMENT: [(&str, &str); 9] = [
    ("STRONGROOM_VAULT", "the vault, as --vault"),
    ("STRONGROOM_KEY_FILE", "the file with the machine key, as --key-file"),
    ("STRONGROOM_PASSPHRASE_FILE", "the file with the passphrase, as --passphrase-file"),
    ("STRONGROOM_PASSPHRASE_COMMAND", "a command that prints the passphrase, as --passphrase-command"),
    ("STRONGROOM_FACTOR_FILE", "the key file beside a passphrase, as --factor-file"),
    ("CREDENTIALS_DIRECTORY", "set by systemd: strongroom.key or strongroom.passphrase in it"),
    ("STRONGROOM_KEY", "the machine key itself; others of this user can read it there"),
    ("STRONGROOM_PASSPHRASE", "the passphrase itself; others of this user can read it there"),
    ("NO_COLOR", "when set to anything, nothing is coloured"),
];

/// What is looked for and written.
pub const FILES: [(&str, &str); 3] = [
    ("vault.strongroom", "the vault, in the working directory or the nearest one above it"),
    ("$XDG_DATA_HOME/strongroom/vault.strongroom", "the vault when there is none"),
    ("$XDG_STATE_HOME/strongroom/pins/", "what was last seen of each vault here; no secrets"),
];

/// Examples, where a command is more than its options.
pub mod examples {
    /// Of the program.
    pub const STRONGROOM: &str = "Examples:
  strongroom adopt .env
  strongroom add okx/main --permission read,trade
  strongroom run okx/main -- python3 bot.py";
    /// Of `adopt`.
    pub const ADOPT: &str = "Examples:
  strongroom adopt .env
  strongroom adopt .env secrets.json --dry-run
  strongroom adopt secrets.json --machine-key ~/.config/strongroom/machine.key";
    /// Of `init`.
    pub const INIT: &str = "Examples:
  strongroom init
  strongroom init --vault team.strongroom --machine-key team.key --generate-passphrase";
    /// Of `add`.
    pub const ADD: &str = "Examples:
  strongroom add binance
  strongroom add okx/hedge@testnet --permission read,trade --ip 203.0.113.7
  strongroom add coinbase --file api_secret=key.pem
  strongroom add env/DATABASE_URL";
    /// Of `set`.
    pub const SET: &str = "Examples:
  strongroom set binance/main
  strongroom set okx/main uid
  strongroom set okx/main --permission read,trade --expires 2027-01-31
  strongroom set 'okx/*' binance/grid --ip 203.0.113.7 --tag desk
  strongroom set okx/main --variable api_secret=OKX_SECRET_KEY";
    /// Of `get`.
    pub const GET: &str = "Examples:
  strongroom get binance/main/api_key
  strongroom get env/DATABASE_URL";
    /// Of `import`.
    pub const IMPORT: &str = "Examples:
  strongroom import .env
  strongroom import aws secret.json --exchange okx --dry-run
  strongroom import freqtrade config-private.json
  strongroom import hummingbot conf --source-passphrase-file hb";
    /// Of `export`.
    pub const EXPORT: &str = "Examples:
  strongroom export dotenv binance/main > .env
  strongroom export ccxt okx/hedge --output okx.json
  strongroom export kubernetes --name bot > secret.yaml
  strongroom export systemd --output-dir /etc/bot/credentials
  strongroom export armor > vault.txt";
    /// Of `run`.
    pub const RUN: &str = "Examples:
  strongroom run -- python3 bot.py
  strongroom run --names freqtrade binance/main -- freqtrade trade
  strongroom run --names strongroom okx/main -- python3 bot.py
  strongroom run binance/main env/DATABASE_URL -- docker compose up";
    /// Of `rotate`.
    pub const ROTATE: &str = "Examples:
  strongroom rotate okx/main --overlap 3
  strongroom rotate okx/main --finish
  strongroom rotate --due";
    /// Of `check`.
    pub const CHECK: &str = "Examples:
  strongroom check
  strongroom check okx/main --strict
  strongroom check --no-input && python3 bot.py";
    /// Of `slot`.
    pub const SLOT: &str = "Examples:
  strongroom slot add --recovery
  strongroom slot add --machine-key server.key --label server
  strongroom slot remove 0123456789abcdef";
    /// Of `exchanges`.
    pub const EXCHANGES: &str = "Examples:
  strongroom exchanges
  strongroom exchanges okx";
}

/// Behind the options of `strongroom -h`.
pub fn short() -> String {
    format!("{}\n\n--help says more: environment, exit codes, files.", examples::STRONGROOM)
}

/// Behind the options of `strongroom --help`.
pub fn long() -> String {
    let mut text = examples::STRONGROOM.to_owned();
    for (heading, rows) in [("Environment", &ENVIRONMENT[..]), ("Exit codes", &EXIT_CODES[..]), ("Files", &FILES[..])] {
        let _ = write!(text, "\n\n{heading}:");
        for (name, meaning) in rows {
            // A name that is too long for its column has a line of its own.
            let gap = if name.len() > 30 { "\n                                " } else { "" };
            let _ = write!(text, "\n  {name:<30}{gap}{meaning}");
        }
    }
    text
}

/// What `strongroom.toml` beside the vault may say.
pub const POLICY: &str = "\
[rotation]      # how many days secrets may live, by what a key may do
read = 90
trade = 30
withdraw = 14
warn_days = 7   # this many days before, it is told

[expiry]
warn_days = 14  # this many days before a key stops working, it is told

[[allow]]       # no complaint about this; as often as is needed
record = \"kraken/treasury\"   # a REF, kraken/*, env/NAME, or with a field
code = \"withdraw-permission\"
reason = \"pays out to the cold wallet, and to no other address\"";

/// Behind the options of `strongroom check --help`.
pub fn check() -> String {
    let mut text = format!("{}\n\nCodes, each with the worst that it can be:", examples::CHECK);
    for rule in &RULES {
        let _ = write!(text, "\n  {:<24}  {:<7}  {}", rule.code, rule.worst.name(), output::wrapped(rule.meaning, 37));
    }
    text.push_str("\n\nstrongroom.toml beside the vault says what is allowed. It holds no secrets:\n");
    for line in POLICY.lines() {
        let _ = write!(text, "\n{}", format!("  {line}").trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;

    #[test]
    fn every_variable_and_exit_code_is_in_the_long_help() {
        let text = command().render_long_help().to_string();
        for (name, _) in ENVIRONMENT.iter().chain(&EXIT_CODES).chain(&FILES) {
            assert!(text.contains(name), "{name}");
        }
    }

    #[test]
    fn the_policy_in_the_help_of_check_is_one_and_every_code_is_there() {
        let policy = strongroom::Policy::from_toml(POLICY).unwrap();
        let defaults = strongroom::Policy::default();
        assert_eq!((policy.rotation, policy.expiry_warn_days), (defaults.rotation, defaults.expiry_warn_days));
        let text = check();
        assert!(RULES.iter().all(|rule| text.contains(rule.code)));
        assert!(text.lines().all(|line| line.chars().count() <= output::WIDTH), "{text}");
    }

    #[test]
    fn examples_parse() {
        use examples::*;
        for text in [STRONGROOM, ADOPT, INIT, ADD, SET, GET, IMPORT, EXPORT, RUN, ROTATE, CHECK, SLOT, EXCHANGES] {
            for line in text.lines().skip(1) {
                let words = line.split(['>', '&']).next().unwrap_or_default().split_whitespace();
                assert!(command().try_get_matches_from(words).is_ok(), "{line}");
            }
        }
    }
}

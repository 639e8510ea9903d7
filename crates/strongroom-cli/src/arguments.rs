//! Arguments that several commands take: the global options, and what a REF, a slot and the names of a closed list are.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use strongroom::{Expectation, Selection, SlotId};

use crate::failure::Failure;

// Options that every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The vault [default: STRONGROOM_VAULT, else the nearest vault.strongroom]
    #[arg(long, global = true, value_name = "PATH")]
    pub vault: Option<PathBuf>,
    /// Unlock with the machine key in this file
    #[arg(long, global = true, value_name = "PATH")]
    pub key_file: Option<PathBuf>,
    /// Read the passphrase (or recovery code) from this file; `-` is standard input
    #[arg(long, global = true, value_name = "PATH")]
    pub passphrase_file: Option<PathBuf>,
    /// Read the passphrase from this open descriptor
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<u32>,
    /// Read the passphrase from what this command prints (no shell; words may be quoted)
    #[arg(long, global = true, value_name = "CMD")]
    pub passphrase_command: Option<OsString>,
    /// The key file that a passphrase slot asks for beside the passphrase
    #[arg(long, global = true, value_name = "PATH")]
    pub factor_file: Option<PathBuf>,
    /// Try only this slot
    #[arg(long, global = true, value_name = "ID")]
    pub slot: Option<String>,
    /// Accept a vault that was refused as rolled back, forked or substituted, by the checksum that the refusal showed
    #[arg(long, global = true, value_name = "CHECKSUM")]
    pub accept: Option<String>,
    /// Refuse any vault but this one, at this revision or later
    #[arg(long, global = true, value_name = "VAULT_ID@REVISION:DATA_KEY_ID")]
    pub expect: Option<String>,
    /// How many seconds a change waits for the lock
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub lock_timeout: Duration,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Never prompt; fail instead
    #[arg(long, global = true)]
    pub no_input: bool,
}

/// The argument that is one of a closed list of the library, with what each is in the help.
pub fn one_of<T, const N: usize>(
    all: [T; N],
    name: fn(T) -> &'static str,
    about: fn(T) -> &'static str,
    from_name: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let names = all.map(|one| PossibleValue::new(name(one)).help(about(one)));
    PossibleValuesParser::new(names).try_map(move |name| from_name(&name).ok_or("no such name"))
}

/// A REF. Parsed here and not by clap, which would print what it could not read.
pub fn selection(text: &str) -> Result<Selection, Failure> {
    text.parse().map_err(|problem: strongroom::record::ReferenceError| {
        Failure::usage(format!("not a REF: {problem}"))
            .hint("REF is exchange/subaccount[@environment][/field] or env/NAME, for example binance/main")
    })
}

/// The id of a slot.
pub fn slot(text: &str) -> Result<SlotId, Failure> {
    text.parse().map_err(|_| Failure::usage("not a slot id: expected 16 hexadecimal digits").hint("strongroom info"))
}

/// `VAULT_ID@REVISION:DATA_KEY_ID`
pub fn expectation(text: &str) -> Result<Expectation, Failure> {
    text.parse().map_err(|problem: &'static str| Failure::usage(format!("--expect: {problem}")))
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "expected a number of seconds that is not negative")
}

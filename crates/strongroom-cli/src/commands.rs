//! One file per command. Each owns its arguments and its `run`; this file knows their names and says what each does.

pub mod add;
pub mod adopt;
pub mod check;
pub mod completions;
pub mod copy;
pub mod doctor;
pub mod edit;
pub mod exchanges;
pub mod export;
pub mod get;
pub mod import;
pub mod info;
pub mod init;
pub mod list;
pub mod man;
pub mod mv;
pub mod passwd;
mod record_input;
pub mod rekey;
pub mod rm;
pub mod rotate;
pub mod run;
pub mod set;
pub mod show;
pub mod slot;
pub mod verify;
mod ways_in;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::help;

/// What to do.
// Deferred: only the command that is called learns what it takes, which is most of the time that parsing costs.
// A doc comment on a struct of arguments would then replace the sentence here, so those have plain comments.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// From plaintext files to a vault in one step
    #[command(after_help = help::examples::ADOPT)]
    Adopt(adopt::Args),
    /// Make a new vault
    #[command(after_help = help::examples::INIT)]
    Init(init::Args),
    /// Add a record
    #[command(after_help = help::examples::ADD)]
    Add(add::Args),
    /// Change fields and metadata of a record, or metadata of several
    #[command(after_help = help::examples::SET)]
    Set(set::Args),
    /// Print one value
    #[command(after_help = help::examples::GET)]
    Get(get::Args),
    /// List what is in the vault, without secrets
    List(list::Args),
    /// Show one record, masked
    Show(show::Args),
    /// Remove records or values
    Rm(rm::Args),
    /// Rename a record
    Mv(mv::Args),
    /// Edit everything as TOML in $EDITOR
    Edit(edit::Args),
    /// Take in records from another format
    #[command(after_help = help::examples::IMPORT)]
    Import(import::Args),
    /// Write records in another format
    #[command(after_help = help::examples::EXPORT)]
    Export(export::Args),
    /// Become a command with credentials in its environment
    #[command(after_help = help::examples::RUN)]
    Run(run::Args),
    /// Replace the secrets of a record, and tell what is due
    #[command(after_help = help::examples::ROTATE)]
    Rotate(rotate::Args),
    /// Change the passphrase
    Passwd(passwd::Args),
    /// List, add and remove ways in
    #[command(after_help = help::examples::SLOT)]
    Slot(slot::Args),
    /// Make a new data key
    Rekey(rekey::Args),
    /// Copy the vault under an identity and data key of its own
    Copy(copy::Args),
    /// Show the header, without a secret
    Info(info::Args),
    /// Read, recompute and prove everything
    Verify(verify::Args),
    /// Say what is wrong with the credentials
    #[command(after_help = help::examples::CHECK, after_long_help = help::check())]
    Check(check::Args),
    /// Say what is wrong with this set-up
    Doctor(doctor::Args),
    /// Show what is known about exchanges and their keys
    #[command(after_help = help::examples::EXCHANGES)]
    Exchanges(exchanges::Args),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Print the manual page
    Man(man::Args),
}

/// Runs what was asked for. Completions and manual pages are made of the whole command line.
pub fn dispatch(context: &Context, command: Command, whole: fn() -> clap::Command) -> Result<Outcome, Failure> {
    match command {
        Command::Adopt(args) => adopt::run(context, args),
        Command::Init(args) => init::run(context, args),
        Command::Add(args) => add::run(context, args),
        Command::Set(args) => set::run(context, args),
        Command::Get(args) => get::run(context, args),
        Command::List(args) => list::run(context, args),
        Command::Show(args) => show::run(context, args),
        Command::Rm(args) => rm::run(context, args),
        Command::Mv(args) => mv::run(context, args),
        Command::Edit(args) => edit::run(context, args),
        Command::Import(args) => import::run(context, args),
        Command::Export(args) => export::run(context, args),
        Command::Rotate(args) => rotate::run(context, args),
        Command::Run(args) => run::run(context, args),
        Command::Passwd(args) => passwd::run(context, args),
        Command::Slot(args) => slot::run(context, args),
        Command::Rekey(args) => rekey::run(context, args),
        Command::Copy(args) => copy::run(context, args),
        Command::Info(args) => info::run(context, args),
        Command::Verify(args) => verify::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Check(args) => check::run(context, args),
        Command::Exchanges(args) => exchanges::run(context, args),
        Command::Completions(args) => completions::run(args, whole()),
        Command::Man(args) => man::run(args, whole()),
    }
}

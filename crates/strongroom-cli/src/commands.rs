//! One file per command. Each owns its arguments and its `run`; this file only knows their names.

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

use crate::Outcome;
use crate::cli::Command;
use crate::context::Context;
use crate::failure::Failure;

/// Runs what was asked for.
pub fn dispatch(context: &Context, command: Command) -> Result<Outcome, Failure> {
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
        Command::Completions(args) => completions::run(context, args),
        Command::Man(args) => man::run(context, args),
    }
}

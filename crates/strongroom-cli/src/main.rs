//! `strongroom`: keep exchange API keys in one encrypted file.
//!
//! The order matters: the process is hardened before anything could hold a secret, then arguments
//! are parsed, one command runs, and one place turns what came of it into an exit code.

#![forbid(unsafe_code)]

mod arguments;
mod cli;
mod collisions;
mod commands;
mod context;
mod create;
mod diagnosis;
mod due;
mod failure;
mod harden;
mod help;
mod lock_holder;
mod output;
mod patience;
mod plaintext;
mod private_file;
mod prompt;
mod select;
mod strength;
mod unlock;

use std::process::ExitCode;

use crate::context::Context;
use crate::failure::Outcome;

/// Parsers, prompts and lists leave copies of what they held in freed memory; here nothing freed is readable.
#[global_allocator]
static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;

fn main() -> ExitCode {
    let limits = harden::harden();
    harden::quiet_panics();
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(code) => return ExitCode::from(code),
    };
    let context = Context::new(cli.globals, limits);
    match strongroom::without_traces(|| commands::dispatch(&context, cli.command, cli::command)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Attention) => ExitCode::from(1),
        Err(failure) => {
            let failure = context.ended_by(failure);
            failure.print(context.json);
            ExitCode::from(failure.code)
        }
    }
}

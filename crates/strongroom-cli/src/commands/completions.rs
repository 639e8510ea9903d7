//! `strongroom completions`: generated from the command line itself.

use clap_complete::Shell;

use crate::failure::{Failure, Outcome};
use crate::output;

// What `completions` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose completions
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints them.
pub fn run(args: Args, mut command: clap::Command) -> Result<Outcome, Failure> {
    // Into memory first: the generator panics when a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "strongroom", &mut script);
    output::text(script)?;
    Ok(Outcome::Done)
}

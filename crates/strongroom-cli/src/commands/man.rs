//! `strongroom man`: generated from the command line itself.

use crate::context::Context;
use crate::failure::Failure;
use crate::{Outcome, cli, output};

// What `man` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The page of this command [default: strongroom itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints the page, for `strongroom man | man -l -`.
pub fn run(_context: &Context, args: Args) -> Result<Outcome, Failure> {
    // Building spreads the global options over all commands.
    let mut strongroom = cli::command();
    strongroom.build();
    let (page, title) = match &args.command {
        None => (strongroom, "strongroom".to_owned()),
        Some(name) => {
            let command = strongroom.find_subcommand(name).ok_or_else(|| Failure::usage("no such command"))?;
            (command.clone(), format!("strongroom-{}", command.get_name()))
        }
    };
    let source = concat!("strongroom ", env!("CARGO_PKG_VERSION"));
    let mut text = Vec::new();
    let rendered = clap_mangen::Man::new(page).title(title).source(source).render(&mut text);
    rendered.map_err(|error| Failure::output(&error))?;
    output::text(text)?;
    Ok(Outcome::Done)
}

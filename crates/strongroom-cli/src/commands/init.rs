//! `strongroom init`: a new, empty vault.

use strongroom::Contents;

use crate::Outcome;
use crate::context::Context;
use crate::create::{self, CreateArgs};
use crate::failure::Failure;

// What `init` takes. The new passphrase comes from the global passphrase options or the terminal.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    create: CreateArgs,
}

/// Makes the vault and says once what was made up for it.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let created = create::create(context, &context.new_vault_path(), &args.create, Contents::default())?;
    if context.json {
        created.secrets.print_json(&created.path, None)?;
        return Ok(Outcome::Done);
    }
    context.note(created.describe().trim_end());
    context.note("next: strongroom add binance, or strongroom import FILE");
    Ok(Outcome::Done)
}

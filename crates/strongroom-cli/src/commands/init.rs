//! `strongroom init`: a new, empty vault.

use strongroom::Contents;

use crate::context::Context;
use crate::create::{self, CreateArgs};
use crate::failure::{Failure, Outcome};
use crate::output;

// What `init` takes. The new passphrase comes from the global passphrase options or the terminal.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    create: CreateArgs,
}

/// Makes the vault and says once what was made up for it.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let created = create::create(context, &context.new_vault_path(), &args.create, Contents::default(), None)?;
    if context.json {
        if !created.answered {
            created.secrets.print_json(&created.path, None)?;
        }
        return Ok(Outcome::Done);
    }
    context.note(created.describe().trim_end());
    // A vault that only an option names is found by that option only.
    let option = match &context.globals.vault {
        Some(path) => format!(" --vault {}", output::shell_word(&path.display().to_string())),
        None => String::new(),
    };
    context.note(format!("next: strongroom add binance{option}, or strongroom import FILE{option}"));
    Ok(Outcome::Done)
}

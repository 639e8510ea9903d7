//! `strongroom rekey`: a new data key under the same ways in.

use strongroom::Vault;

use super::{info, ways_in};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output;

// What `rekey` takes.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Whoever got hold of the old data key alone, without one of the secrets, opens nothing from here on.
pub fn run(context: &Context, _args: Args) -> Result<Outcome, Failure> {
    let mut vault = context.open()?;
    context.save(&mut vault, Vault::rekey)?;
    let data_key_id = info::hex(&vault.info().data_key_id);
    if context.json {
        output::json(&info::open_document(&vault))?;
        return Ok(Outcome::Done);
    }
    context.note(format!(
        "made the data key {data_key_id} (revision {}); the ways in are the same, and copies or branches with the old \
         data key still open with them",
        vault.info().revision
    ));
    ways_in::say_survivors(context, &vault);
    Ok(Outcome::Done)
}

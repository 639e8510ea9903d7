//! `strongroom verify`: everything read, recomputed and proven.

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output;

// What `verify` takes.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Opening read and proved all of the file; this decodes every record too. The file is not read again: somebody else
/// may have saved another version by now, and what is told has to be of one.
pub fn run(context: &Context, _args: Args) -> Result<Outcome, Failure> {
    let vault = context.open()?;
    let info = vault.info();
    let (records, values, slots) = (vault.record_count(), vault.contents().values().count(), info.slots.len());
    if context.json {
        output::json(&serde_json::json!({
            "ok": true, "records": records, "values": values, "slots": slots, "revision": info.revision,
        }))?;
    } else {
        context.note(format!(
            "{} is intact: {}, {}, {} (revision {})",
            vault.path().display(),
            counted(records, "record", "records"),
            counted(values, "value", "values"),
            counted(slots, "way in", "ways in"),
            info.revision
        ));
    }
    Ok(Outcome::Done)
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

//! `strongroom rm`: records and values go away. What was saved before still has them.

use strongroom::{Contents, Error, Record, Saved, Selection};

use crate::context::Context;
use crate::failure::Failure;
use crate::{Outcome, output, prompt, select};

// What `rm` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// exchange/subaccount[@environment], exchange/* or env/NAME
    #[arg(value_name = "REF", required = true)]
    references: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// All of them, or none.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let asking = !args.yes;
    let mut vault = context.open()?;
    let contents = vault.contents();
    let selected = select::select(&contents, &args.references)?;
    let records: Vec<Record> = selected.records.iter().map(|record| record.duplicate()).collect();
    let values: Vec<String> = selected.values.iter().map(|(name, _)| (*name).to_owned()).collect();
    drop(contents);

    let value_names = values.iter().map(|name| Selection::Value(name.clone()).to_string());
    let names: Vec<String> = records.iter().map(|record| record.reference().to_string()).chain(value_names).collect();
    let shown = output::printable(&names.join(", "));
    if asking && !prompt::possible(context) {
        let words: Vec<String> = args.references.iter().map(|reference| output::shell_word(reference)).collect();
        return Err(Failure::usage("nobody can be asked whether to remove")
            .hint(format!("strongroom rm --yes {}", words.join(" "))));
    }
    if asking && !prompt::confirm(context, &format!("Remove {shown}?"))? {
        context.note("nothing was removed");
        return Ok(Outcome::Attention);
    }
    let remove = |contents: &mut Contents| {
        for record in &records {
            let removed = contents.remove(&record.reference())?;
            // Who was asked about one record did not agree to the removal of another.
            if asking && removed != *record {
                return Err(Error::Changed { what: record.reference().to_string() });
            }
        }
        for name in &values {
            if !contents.remove_value(name) {
                return Err(Error::NoSuchValue { name: name.clone() });
            }
        }
        Ok(())
    };
    let ((), saved) = context.save(&mut vault, |vault| vault.edit(remove))?;
    if context.json {
        output::json(&serde_json::json!({ "removed": names }))?;
    } else if let Saved::Revision(revision) = saved {
        context.note(format!("removed {shown} (revision {revision}); versions saved before still have it"));
    }
    Ok(Outcome::Done)
}

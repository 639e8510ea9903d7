//! `strongroom rm`: records and values go away. What was saved before still has them.

use strongroom::{Contents, Error, Record, Saved, Secret, Selection};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::{output, prompt, select};

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
    let values: Vec<(String, Secret)> =
        selected.values.iter().map(|(name, value)| ((*name).to_owned(), value.value.duplicate())).collect();
    drop(contents);

    let value_names = values.iter().map(|(name, _)| Selection::Value(name.clone()).to_string());
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
    // Who was asked about one record did not agree to the removal of another.
    let as_asked = |what: String, same: bool| if asking && !same { Err(Error::Changed { what }) } else { Ok(()) };
    let remove = |contents: &mut Contents| {
        for record in &records {
            let reference = record.reference();
            as_asked(reference.to_string(), contents.record(&reference) == Some(record))?;
            contents.remove(&reference)?;
        }
        for (name, value) in &values {
            let there = contents.value(name).map(|there| &there.value);
            as_asked(Selection::Value(name.clone()).to_string(), there == Some(value))?;
            if !contents.remove_value(name) {
                return Err(Error::NoSuchValue { name: name.clone() });
            }
        }
        Ok(())
    };
    let ((), saved) = context.edit(&mut vault, remove)?;
    if context.json {
        output::json(&serde_json::json!({ "removed": names }))?;
    } else if let Saved::Revision(revision) = saved {
        context.note(format!("removed {shown} (revision {revision}); versions saved before still have it"));
    }
    Ok(Outcome::Done)
}

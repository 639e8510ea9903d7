//! The one value of an `env/NAME`.

use strongroom::{Contents, Error, Selection};

use super::Args;
use crate::commands::add::read_value;
use crate::commands::record_input::{self, prompts};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{now, shell_word};

/// Replaces it by what is read or asked for.
pub fn set(context: &Context, args: &Args, name: &str) -> Result<Outcome, Failure> {
    let fields = !args.fields.is_empty() || !args.files.is_empty() || !args.unset.is_empty();
    if !args.metadata.is_empty() || !args.variables.is_empty() || fields {
        return Err(Failure::usage("an env/NAME value has no fields and no metadata"));
    }
    let shown = Selection::Value(name.to_owned()).to_string();
    let given = read_value(context, &shown, args.stdin, args.from_json.as_deref())?;
    let mut vault = context.open()?;
    let none = || Error::NoSuchValue { name: name.to_owned() };
    let hint = |error: Error| {
        let is_missing = matches!(error, Error::NoSuchValue { .. });
        let failure = Failure::from(error);
        if is_missing { failure.hint(format!("strongroom add {}", shell_word(&shown))) } else { failure }
    };
    let contents = vault.contents();
    let before = contents.value(name).ok_or_else(none).map_err(hint)?.value.duplicate();
    drop(contents);
    let prompted = given.is_none();
    let value = match given {
        Some(value) => value,
        None => prompts::value(context, &shown)?,
    };
    let changed = now();
    let apply = |contents: &mut Contents| {
        let there = contents.value(name).map(|there| &there.value);
        if prompted && there != Some(&before) {
            return Err(Error::Changed { what: shown.clone() });
        }
        there.ok_or_else(none)?;
        contents.set_value(name, value.duplicate(), changed);
        Ok(())
    };
    let ((), saved) = context.edit(&mut vault, apply).map_err(hint)?;
    record_input::report(context, "changed", &shown, saved)?;
    Ok(Outcome::Done)
}

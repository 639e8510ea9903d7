//! `strongroom get`: one value, raw, for scripts.
//!
//! This is on the way of every bot that starts, so it looks up one record and decodes nothing else.

use strongroom::record::field;
use strongroom::{Error, Record, Reference, Secret, Selection, Vault};
use zeroize::Zeroizing;

use crate::arguments;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::{output, select};

// What `get` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// exchange/subaccount[@environment]/field or env/NAME
    #[arg(value_name = "REF/field")]
    reference: String,
    /// The value as it was before the rotation that is not finished
    #[arg(long)]
    previous: bool,
}

/// Prints the value, with a line feed only on a terminal.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    match arguments::selection(&args.reference)? {
        Selection::Field(reference, name) => {
            let vault = context.open()?;
            let record = record(&vault, &reference)?;
            print(context, if args.previous { previous(&record, &name)? } else { record.field(&name)? })
        }
        Selection::Value(_) if args.previous => Err(Failure::usage("an env/NAME value is not rotated")),
        Selection::Value(name) => print(context, &context.open()?.value(&name)?),
        Selection::Record(reference) => Err(Failure::usage("get prints one value: name the field too")
            .hint(command_for_one_field(reference, args.previous))),
        Selection::Exchange(..) => Err(Failure::usage("get prints one value: name one record and its field")),
    }
}

/// A field of that record. `okx/api_key` is one of the account that usually needs no name, and no account of that name.
fn command_for_one_field(reference: Reference, previous: bool) -> String {
    let is_field = |name: &str| field::KNOWN.contains(&name) || field::PUBLIC.contains(&name);
    let (record, name) = match is_field(&reference.subaccount) {
        true => (Reference { subaccount: "main".to_owned(), ..reference.clone() }, reference.subaccount.as_str()),
        false => (reference.clone(), field::API_KEY),
    };
    let previous = if previous { " --previous" } else { "" };
    format!("strongroom get {}{previous}", output::shell_word(&format!("{record}/{name}")))
}

/// By name at once, and only when that fails by the aliases of the exchange.
fn record(vault: &Vault, reference: &Reference) -> Result<Record, Failure> {
    match vault.record(reference) {
        Err(Error::NoSuchRecord { .. }) => Ok(select::find_record(&vault.contents(), reference)?.duplicate()),
        found => Ok(found?),
    }
}

/// What a rotation left as it was is the value of before, too.
fn previous<'a>(record: &'a Record, name: &str) -> Result<&'a Secret, Failure> {
    let none = || Error::NoRotation { reference: record.reference().to_string() };
    let previous = record.previous.as_ref().ok_or_else(none)?;
    Ok(previous.fields.get(name).map_or_else(|| record.field(name), Ok)?)
}

fn print(context: &Context, value: &Secret) -> Result<Outcome, Failure> {
    let text = value.expose_secret();
    if context.stdout_is_terminal() {
        let mut line = Zeroizing::new(Vec::with_capacity(text.len() + 1));
        line.extend_from_slice(text.as_bytes());
        line.push(b'\n');
        output::secret(&line)?;
    } else {
        output::secret(text.as_bytes())?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_its_record_is_meant_of_main() {
        let command = |name: &str, previous| command_for_one_field(name.parse().unwrap(), previous);
        assert_eq!(command("okx/api_key", false), "strongroom get okx/main/api_key");
        assert_eq!(command("okx/api_passphrase@demo", true), "strongroom get okx/main@demo/api_passphrase --previous");
        assert_eq!(command("okx/grid", true), "strongroom get okx/grid/api_key --previous");
        assert_eq!(command("okx", false), "strongroom get okx/main/api_key");
    }
}

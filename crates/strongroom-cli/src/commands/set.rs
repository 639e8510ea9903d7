//! `strongroom set`: other values and metadata for what is there.
//!
//! What is asked for is here, and what it is about: one record is changed in [`record`], several at once in
//! [`several`], one `env/NAME` in [`value`].

mod record;
mod several;
mod value;

use std::path::PathBuf;

use strongroom::Selection;

use super::record_input::MetadataFlags;
use super::record_input::prompts::FileFlags;
use super::record_input::variables::VariableFlags;
use crate::arguments;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::unlock::streams;

// What `set` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// exchange/subaccount[@environment][/field], exchange/* or env/NAME
    #[arg(value_name = "REF")]
    reference: String,
    /// Fields to ask for [default: those that the exchange needs, when nothing else is to be set]; or, with a `/`, more
    /// REFs, of which all get the same permissions, addresses, dates, tags and note
    #[arg(value_name = "FIELD|REF")]
    fields: Vec<String>,
    /// Read one JSON object with the record's field names, or {"value": ...}, from FILE (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    from_json: Option<PathBuf>,
    /// Read the one FIELD, or the env/NAME value, from standard input; one final line feed is dropped
    #[arg(long, conflicts_with = "from_json")]
    stdin: bool,
    /// Remove this field (may be repeated)
    #[arg(long, value_name = "FIELD")]
    unset: Vec<String>,
    #[command(flatten)]
    files: FileFlags,
    #[command(flatten)]
    metadata: MetadataFlags,
    #[command(flatten)]
    variables: VariableFlags,
}

/// Changes what is named and leaves the rest.
pub fn run(context: &Context, mut args: Args) -> Result<Outcome, Failure> {
    streams::refuse_two_readers(context, streams::of(args.stdin, args.from_json.as_deref()), None)?;
    let (more, fields) = std::mem::take(&mut args.fields).into_iter().partition(|word| is_reference(word));
    args.fields = fields;
    match arguments::selection(&args.reference)? {
        first if !more.is_empty() => several::set(context, args, first, &more),
        first @ Selection::Exchange(..) => several::set(context, args, first, &more),
        _ if args.from_json.is_some() && !args.fields.is_empty() => {
            Err(Failure::usage("a FIELD is asked for, and --from-json gives all of them"))
        }
        Selection::Record(reference) => record::set(context, args, &reference),
        Selection::Field(reference, field) => {
            args.fields.insert(0, field);
            record::set(context, args, &reference)
        }
        Selection::Value(name) => value::set(context, &args, &name),
    }
}

/// Whether a word behind the first is another REF. No field has a `/` in its name, and `api_secret=a/b` is neither.
fn is_reference(word: &str) -> bool {
    word.split_once('/').is_some_and(|(exchange, _)| !exchange.contains('='))
}

//! Import and export: one file per format.
//!
//! Reading goes from a text to [`Imported`], which is in no vault yet, and from there into the
//! contents by [`merge_into`]. Writing goes from records to a [`Secret`] with the whole text. Nothing
//! here opens a file, reads the environment or knows what a vault is.
//!
//! # Security
//! Texts are read where they are: values are unescaped straight into wiped memory, and writers
//! measure before they fill, so that no buffer grows and leaves a copy behind. What is not wiped:
//! names (exchanges, subaccounts, fields, variables), and notes, which are no secrets.

mod aws;
mod ccxt;
mod detect;
mod document;
mod dotenv;
mod dotenv_targets;
mod form;
mod freqtrade;
pub mod hummingbot;
mod json;
mod kinds;
mod kubernetes;
mod list;
mod meant;
mod merge;
mod missing;
mod names;
mod nautilus;
mod pem;
mod render;
#[cfg(test)]
mod round_trips;
mod spelling;
mod strongroom;
mod systemd;
mod tolerant;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use crate::memory::without_traces;
use crate::record::{Contents, Record, Timestamp, Value};
use crate::secret::Secret;
use crate::{ImportError, Result};

#[cfg(any(test, fuzzing))]
pub(crate) use ccxt::read_back;
pub use detect::{detect, recognise};
pub use kinds::guess_kind;
pub use list::{DotenvTarget, ExportFormat, ImportFormat, VariableNames};
pub use meant::{field_meant, field_resembled};
pub use merge::{ImportReport, LeftFilled, NamedFields, Removed, Renamed};
pub use pem::canonical_pem;
pub(crate) use variables::records_of_pairs;
pub use variables::{Collision, Place, Variable, WayOut, collisions, free_name, own_name, variable_name};

/// What an import needs to know beside the text.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions<'a> {
    /// Whose secrets these are, when the text does not say: needed by [`ImportFormat::Aws`], and
    /// for bare names such as `API_KEY` in [`ImportFormat::Dotenv`].
    pub exchange: Option<&'a str>,
    /// When the records are made.
    pub now: Timestamp,
}

/// What was read. Nothing is in a vault yet.
#[derive(Debug)]
pub struct Imported {
    /// Credentials, each of another name.
    pub records: Vec<Record>,
    /// The other secrets, by name: `env/NAME`.
    pub values: Vec<(String, Secret)>,
    /// What the user should know.
    pub notices: Vec<Notice>,
    /// What the text said beside the secrets.
    pub(crate) metadata: Metadata,
}

/// Whether a text carries more than secrets.
#[derive(Debug)]
pub(crate) enum Metadata {
    /// Only fields and values: everything else stays as it is in the vault.
    FieldsOnly,
    /// Records are whole, and values have times: (created, changed) by name.
    Whole { value_times: BTreeMap<String, (Timestamp, Option<Timestamp>)> },
}

impl Imported {
    /// Nothing yet, of a text that carries only fields.
    pub(crate) fn new() -> Imported {
        Imported { records: vec![], values: vec![], notices: vec![], metadata: Metadata::FieldsOnly }
    }

    /// The notices that matter to whoever imports this into these contents: a field that the text does not have is
    /// not missing where the record that is there has it.
    pub fn notices_beside(&self, contents: &Contents) -> Vec<&Notice> {
        let there = self.records.iter().filter_map(|record| {
            contents.known_as(&record.reference())?.fields.get(missing::field(record)?)?;
            missing::notice(record)
        });
        let there: Vec<Notice> = there.collect();
        let settled = self.settled_notices(contents);
        let is_news = |notice: &&Notice| !there.contains(notice) && !settled.contains(&notice.text);
        self.notices.iter().filter(is_news).collect()
    }

    /// The texts of notices that guess at what these contents know: whose a variable is.
    fn settled_notices(&self, contents: &Contents) -> BTreeSet<String> {
        let renamed = merge::renamed_in(contents, &self.records);
        let owners = merge::Owners::of(contents.records().iter());
        let names = self.values.iter().map(|(name, _)| name.as_str()).filter(|name| owners.at(name).is_some());
        let mut settled = variables::doubts::settled(&renamed, &names.collect::<Vec<_>>(), &self.records);
        for record in self.records.iter().filter(|record| renamed.contains(&record.reference())) {
            settled.extend(names_said(record));
            settled.extend(missing::notice(record).map(|notice| notice.text));
        }
        settled
    }

    /// The texts of notices that only say by which variable a program knows a field: `OKX_SECRET_KEY is the api_secret
    /// of okx/main`. Programs go on finding it there, so that there is nothing to be done.
    pub fn name_notices(&self) -> BTreeSet<String> {
        self.records.iter().flat_map(names_said).collect()
    }

    /// Gives the names in this text to the fields of these contents that no earlier text named, and remembers which it
    /// names itself. Only for contents that no program reads from by now, such as those of a vault that is being made
    /// of several texts: [`merge_into`] leaves the names of what is there alone.
    pub fn name_in(&self, contents: &mut Contents, named: &mut NamedFields) {
        merge::name_in(contents, self, named);
    }
}

/// What is said of the variables of a record that came as some.
fn names_said(record: &Record) -> Vec<String> {
    let account = record.reference();
    let said = |(field, name): (&String, &String)| variables::name_notice(name, field, &account);
    record.variables.iter().map(said).collect()
}

/// Something to tell the user: a duplicate key, a value kept in an unexpected way. Line numbers
/// and names, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Line, from 1, where there is one.
    pub line: Option<usize>,
    /// What there is to know.
    pub text: String,
}

/// Reads a text in this format.
///
/// # Errors
/// [`ImportError`] says at which line and field, never what stood there. It is all or nothing: one
/// line that cannot be taken fails the whole import. [`ImportFormat::Armor`] is not records and
/// always an error here.
pub fn read(format: ImportFormat, text: &Secret, options: &ImportOptions<'_>) -> Result<Imported> {
    without_traces(|| read_records(format, text, options))
}

fn read_records(format: ImportFormat, text: &Secret, options: &ImportOptions<'_>) -> Result<Imported> {
    let mut imported = match format {
        ImportFormat::Dotenv => dotenv::read(text, options)?,
        ImportFormat::Json => json::read(text, options)?,
        ImportFormat::Aws => aws::read(text, options)?,
        ImportFormat::Ccxt => ccxt::read(text, options)?,
        ImportFormat::Freqtrade => freqtrade::read(text, options)?,
        ImportFormat::Strongroom => strongroom::read(text, options)?,
        ImportFormat::Armor => {
            let problem = "armoured text is a whole vault, not records to read".into();
            return Err(ImportError { line: None, field: None, problem }.into());
        }
        ImportFormat::Hummingbot => {
            let problem = "a connector's file of hummingbot is encrypted with hummingbot's password".into();
            return Err(ImportError { line: None, field: None, problem }.into());
        }
    };
    names::check(&imported)?;
    // What we wrote ourselves was noticed when it came in.
    if format != ImportFormat::Strongroom {
        imported.notices.extend(form::notice(&imported.records));
        imported.notices.extend(spelling::unknown_exchanges(&imported.records));
    }
    Ok(imported)
}

/// Puts what was read into the contents, all or nothing.
///
/// What is there with the same contents is skipped. A text that carries only fields (all formats
/// but [`ImportFormat::Strongroom`]) is compared only in the fields it carries. On `replace` a
/// record keeps its id and when it was made; one replaced by a text with only fields keeps all its
/// metadata and its other fields, and where a secret is another one it counts as rotated `now`; when the old key
/// expires and when it was last seen working is forgotten with it.
///
/// Variables are compared by their names: one that a program gets as a field of a record is that field, whether a text
/// has it alone or with the others, first or last. What is empty in a text with only fields replaces nothing, and what
/// is empty in the contents may be replaced by anything.
///
/// # Errors
/// [`crate::Error::Differs`] lists what is there with other contents, unless `replace`;
/// [`crate::Error::RotationUnfinished`] on `replace` of a secret in the overlap of a rotation, of which the newest key
/// would be lost. Nothing has changed then.
pub fn merge_into(contents: &mut Contents, imported: Imported, replace: bool, now: Timestamp) -> Result<ImportReport> {
    merge::merge_into(contents, imported, replace, now)
}

/// What an export needs to know beside the records.
#[derive(Debug, Clone, Copy)]
pub struct ExportOptions<'a> {
    /// Who reads environment variables, in the formats that are some.
    pub target: DotenvTarget,
    /// What a Secret of Kubernetes is called, and in which namespace: needed by [`ExportFormat::Kubernetes`].
    pub kubernetes: Option<(&'a str, Option<&'a str>)>,
    /// [`ExportFormat::Ccxt`]: the object of the only record itself, and not by name.
    pub bare: bool,
}

/// What was written.
#[derive(Debug)]
pub struct Exported {
    /// The whole text.
    pub text: Secret,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// Writes these records and values in this format. What has no place in it is left out with a notice.
///
/// # Errors
/// [`crate::ExportError`] says for which records and fields, never what stands there: what the format's reader
/// would refuse, or take for something else, is not written. [`ExportFormat::Armor`] is not made of records, and
/// [`ExportFormat::Systemd`] is several files, see [`credentials`]: both are always an error here.
pub fn write(
    format: ExportFormat,
    records: &[&Record],
    values: &[(&str, &Value)],
    options: &ExportOptions<'_>,
) -> Result<Exported> {
    let mut notices = Vec::new();
    let lines = |names, notices: &mut Vec<Notice>| {
        dotenv_targets::write(&variables::of(names, records, values, notices)?, options.target)
    };
    let text = match format {
        ExportFormat::Dotenv => write_dotenv(records, values, options.target)?,
        ExportFormat::Json => write_json(records)?,
        ExportFormat::Aws => write_aws(records)?,
        ExportFormat::Ccxt => ccxt::write(records, options.bare, &mut notices)?,
        ExportFormat::Freqtrade => freqtrade::write(records, values, &mut notices)?,
        ExportFormat::FreqtradeEnv => lines(VariableNames::Freqtrade, &mut notices)?,
        ExportFormat::Nautilus => lines(VariableNames::Nautilus, &mut notices)?,
        ExportFormat::Strongroom => write_strongroom(records, values)?,
        ExportFormat::Kubernetes => {
            let (name, namespace) = options.kubernetes.unwrap_or_default();
            write_kubernetes(records, values, name, namespace)?
        }
        ExportFormat::Systemd => {
            let problem = "systemd takes a file for each value, not one text";
            return Err(crate::ExportError::at("the credentials", problem).into());
        }
        ExportFormat::Armor => {
            let problem = "armoured text is a whole vault, not records to write";
            return Err(crate::ExportError::at("the vault", problem).into());
        }
    };
    if !format.takes_values() && !values.is_empty() {
        let text = format!("{} values under env/ have no place in this format and are left out", values.len());
        notices.push(Notice { line: None, text });
    }
    Ok(Exported { text, notices })
}

/// Environment variables of these records and values, as `run` and [`write_dotenv`] name them.
///
/// `{EXCHANGE}_{FIELD}` for `main`, `{EXCHANGE}_{SUBACCOUNT}_{FIELD}` for others, `_TESTNET` or
/// `_DEMO` after the exchange in other environments, a named value as itself. Upper case; what is
/// not a letter, digit or underscore of ASCII becomes an underscore. So names lose something on the
/// way (`a-b` reads back as `a_b`), values never do.
///
/// # Errors
/// [`crate::ExportError`] when two would get the same name, naming both; [`collisions`] says what to do.
pub fn variables<'a>(records: &[&'a Record], values: &[(&'a str, &'a Value)]) -> Result<Vec<Variable<'a>>> {
    variables_as(VariableNames::Own, records, values, &mut Vec::new())
}

/// The same, by the names that some program reads. What it has no name for is left out with a notice.
///
/// # Errors
/// As [`variables`]; and when that program has no names for a record, or takes fewer records.
pub fn variables_as<'a>(
    names: VariableNames,
    records: &[&'a Record],
    values: &[(&'a str, &'a Value)],
    notices: &mut Vec<Notice>,
) -> Result<Vec<Variable<'a>>> {
    Ok(variables::of(names, records, values, notices)?)
}

/// A `.env` that this reader takes byte for byte.
///
/// # Errors
/// [`crate::ExportError`] when names collide, and when the reader cannot be given a name or a value
/// as it is. It says which record and field, never the value.
pub fn write_dotenv(records: &[&Record], values: &[(&str, &Value)], target: DotenvTarget) -> Result<Secret> {
    let variables = variables::of(VariableNames::Own, records, values, &mut Vec::new())?;
    Ok(dotenv_targets::write(&variables, target)?)
}

/// The `exchange_secrets` document that financepype's `LocalExchangeSecrets` reads.
///
/// Fields other than key, secret and passphrase are written too; that reader ignores them.
///
/// # Errors
/// [`crate::ExportError`] when the records are of more than one environment, and for a record
/// without `api_key` or `api_secret`, because one such would spoil the whole file for its reader.
pub fn write_json(records: &[&Record]) -> Result<Secret> {
    Ok(json::write(records)?)
}

/// The secret that financepype's `AWSExchangeSecrets` reads: one exchange, one environment.
///
/// `main` stands both at the top and in `SUBACCOUNTS`, because that reader ignores the top.
///
/// # Errors
/// As [`write_json`]; and for records of more than one exchange, for none, and when the text is
/// longer than AWS Secrets Manager takes.
pub fn write_aws(records: &[&Record]) -> Result<Secret> {
    Ok(aws::write(records)?)
}

/// All of these records with their metadata, and these named values. Never slots or keys.
///
/// # Errors
/// None at present.
pub fn write_strongroom(records: &[&Record], values: &[(&str, &Value)]) -> Result<Secret> {
    Ok(strongroom::write(records, values))
}

/// A Secret of Kubernetes with these variables, to be applied with `kubectl`.
///
/// # Errors
/// [`crate::ExportError`] as [`variables`], and for names and sizes that Kubernetes refuses.
pub fn write_kubernetes(
    records: &[&Record],
    values: &[(&str, &Value)],
    name: &str,
    namespace: Option<&str>,
) -> Result<Secret> {
    Ok(kubernetes::write(&variables::of(VariableNames::Own, records, values, &mut Vec::new())?, name, namespace)?)
}

/// The same variables as [`variables`], each to be a file that systemd's `LoadCredential=` hands to a service.
///
/// # Errors
/// [`crate::ExportError`] as [`variables`], and for names and sizes that systemd refuses.
pub fn credentials<'a>(records: &[&'a Record], values: &[(&'a str, &'a Value)]) -> Result<Vec<(String, &'a Secret)>> {
    Ok(systemd::credentials(variables::of(VariableNames::Own, records, values, &mut Vec::new())?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armoured_text_is_not_read_as_records() {
        let options = ImportOptions { exchange: None, now: 0 };
        assert!(read(ImportFormat::Armor, &Secret::copy_of("-----BEGIN STRONGROOM VAULT-----"), &options).is_err());
        assert!(read(ImportFormat::Hummingbot, &Secret::copy_of("connector: okx"), &options).is_err());
    }
}

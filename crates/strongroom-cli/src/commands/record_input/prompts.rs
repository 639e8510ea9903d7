//! Which fields to ask for, one value that belongs to no exchange, and fields that come from files.

use std::path::Path;

use strongroom::{Record, Secret, registry};

use super::conversation::Answers;
use super::{field_name, pasted};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{printable, shell_word};
use crate::prompt;
use crate::unlock::source;

/// The fields to ask for when a record of this exchange is made.
pub fn wanted(exchange: &str) -> &'static [&'static str] {
    registry::exchange(exchange).map_or(registry::DEFAULT_FIELDS, registry::Exchange::asks)
}

/// What a new record lacks of what its exchange asks for.
pub fn lacking(exchange: &str, fields: &Answers) -> Vec<&'static str> {
    let has = |name: &str| fields.iter().any(|(given, _)| given == name);
    match registry::exchange(exchange) {
        Some(known) => known.lacks_of(has),
        None => registry::DEFAULT_FIELDS.iter().copied().filter(|name| !has(name)).collect(),
    }
}

/// What is asked for besides when a record is made, because some programs take it.
pub fn beside(exchange: &str) -> &'static [&'static str] {
    registry::exchange(exchange).map_or(&[], |known| known.also_asked)
}

/// The fields to ask for when a record that is there gets new values: those that it needs, then others that it has.
pub fn wanted_of(record: &Record) -> Vec<String> {
    let needed = wanted(&record.exchange).iter().copied();
    let others = record.fields.names().filter(|name| !wanted(&record.exchange).contains(name));
    needed.chain(others).map(str::to_owned).collect()
}

/// Asks for one value; a pasted PEM key is read to its last line and keeps its line feeds.
///
/// # Errors
/// Exit code 2 when nobody can be asked.
pub fn value(context: &Context, what: &str) -> Result<Secret, Failure> {
    let what = printable(what);
    if !prompt::possible(context) {
        return Err(Failure::usage(format!("nobody can be asked for {what}"))
            .hint("--from-json FILE reads values from a file, --from-json - from standard input"));
    }
    let typed = prompt::secret_lines(context, &format!("{what}: "), pasted::goes_on)?;
    let text = typed.expose_secret();
    if pasted::is_unfinished(text) {
        return Err(Failure::usage(format!("{what}: the pasted key has no END line; nothing was changed")));
    }
    Ok(pasted::pem(text).unwrap_or(typed))
}

// Fields that come from files.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct FileFlags {
    /// Take this field from a file, such as a private key in PEM (may be repeated)
    #[arg(long = "file", value_name = "FIELD=PATH", conflicts_with = "from_json")]
    files: Vec<String>,
}

impl FileFlags {
    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What to do where one of them names a field otherwise than it is called here.
    pub fn put_right(&self, name: &str, meant: &str) -> String {
        let paths = self.files.iter().filter_map(|file| file.strip_prefix(name)?.strip_prefix('='));
        let path = paths.map(shell_word).next().unwrap_or_else(|| "PATH".into());
        format!("repeat the command with --file {meant}={path}")
    }

    /// Reads all of them. A private key in PEM becomes canonical, and of anything else one line end is dropped.
    ///
    /// # Errors
    /// 2 for what is no `FIELD=PATH`, 3 for what cannot be read.
    pub fn read(&self) -> Result<Answers, Failure> {
        let mut answers = Answers::with_capacity(self.files.len());
        for file in &self.files {
            let (name, path) = file.split_once('=').unwrap_or((file, ""));
            let name = field_name(name)?;
            if path.is_empty() || path == "-" {
                return Err(Failure::usage("--file takes FIELD=PATH").hint("such as --file api_secret=key.pem"));
            }
            if answers.iter().any(|(taken, _)| *taken == name) {
                return Err(Failure::usage(format!("--file names {name} twice")));
            }
            let text = source::text_file(Path::new(path))?;
            let value = pasted::pem(text.expose_secret()).unwrap_or_else(|| source::one_line(&text));
            answers.push((name, value));
        }
        Ok(answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Reference;

    #[test]
    fn each_exchange_is_asked_for_what_it_needs() {
        assert_eq!(wanted("OKX"), ["api_key", "api_secret", "api_passphrase"]);
        assert_eq!(wanted("dydx"), ["private_key", "wallet_address"]);
        assert_eq!(wanted("somewhere-new"), registry::DEFAULT_FIELDS);
    }

    #[test]
    fn a_record_that_is_there_is_asked_for_what_it_needs_and_what_it_has() {
        let mut record = Record::new(&Reference::new("okx", "main"), 0).unwrap();
        record.fields.set("api_key", Secret::copy_of("EXAMPLE"));
        record.fields.set("token", Secret::copy_of("EXAMPLE"));
        assert_eq!(wanted_of(&record), ["api_key", "api_secret", "api_passphrase", "token"]);
    }
}
